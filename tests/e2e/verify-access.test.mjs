// GET /auth/verify-access: a decision is 200, 401 or 403, about what the web server says and no visitor.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { join } from 'node:path';
import { build, source, startStack } from '../support/harness.mjs';
import { ask, begin, dial, params, record, PARAMS, STDIN } from '../support/fastcgi.mjs';
import { flaws, follow, operations } from '../support/openapi.mjs';
import { freePort, freeze, temporaryFolder, until } from '../support/stack.mjs';
import { makeService } from '../support/services.mjs';

const PATH = '/auth/verify-access';
const SECRET = 'what only a signed-in person reads';
const nobody = `gps_${'A'.repeat(43)}`;

let stack, folder, port, host, web, forwarded, service;
const sessions = {};
before(async () => {
  folder = temporaryFolder();
  forwarded = join(folder.dir, 'forwarded.sock');
  port = await freePort();
  stack = await startStack({
    // What the proxy asks, at an address of its own.
    extra: `$SERVER["socket"] == "127.0.0.1:${port}" {
  ssl.engine = "enable"
  ssl.pemfile = "@DIR@/server.pem"
  fastcgi.server = ( "${PATH}" => (( "socket" => "${forwarded}", "check-local" => "disable" )) )
  $HTTP["url"] == "${PATH}" { fastcgi.server = ( "/" => (( "socket" => "${forwarded}", "check-local" => "disable" )) ) }
}`,
    settings: {
      'listen forwarded': { address: forwarded, forwarded: 'yes' },
      // Nobody who waits for somebody else's page waits as long as this.
      database: { read_timeout: 300, write_timeout: 300 },
      guard: { ticket: 'library' },
      'protect "/admin/"': { require: 'role:admin, max-age:5m' },
      'protect "/strong/"': { require: 'aal2' },
      'protect "/guests/"': { require: 'guest' },
      'protect "/open/"': { require: 'public' },
      'protect "/home/"': { require: 'network:10.0.0.0/8' },
      'protect "/form/"': { require: 'public', methods: 'GET' },
      'protect "/form"': { require: 'user', methods: 'POST' },
    },
  });
  service = makeService(stack, 'library');
  ({ host } = new URL(stack.origin));
  web = stack.config.sections['listen web'].address;
  for (const name of ['alice', 'admin']) sessions[name] = await stack.signIn(stack.users[name]);
  sessions.old = await stack.signIn(stack.users.admin);
  stack.sql(`UPDATE session SET auth_time = auth_time - 600000000 WHERE id = FROM_BASE64('${standard(sessions.old.session.id)}')`);
  sessions.pending = await stack.signIn(stack.users.bob);
  stack.sql(`UPDATE session SET state = 2 WHERE id = FROM_BASE64('${standard(sessions.pending.session.id)}')`);
  sessions.expired = await stack.signIn(stack.users.bob);
  stack.sql(`UPDATE session SET expires_at = UNIX_TIMESTAMP() * 1000000 - 1000000 WHERE id = FROM_BASE64('${standard(sessions.expired.session.id)}')`);
  sessions.guest = (await stack.client.post(`${stack.base}/api/v1/sessions/guest`, { json: { transport: 'handle' } })).json;
  sessions.token = await stack.signIn(stack.users.alice, { transport: 'token' });
});
after(async () => {
  await stack?.stop();
  folder?.remove();
});

const standard = (id) => `${id.replaceAll('-', '+').replaceAll('_', '/')}==`;
const handleOf = (name) => sessions[name].session_handle;

// The question as a web server puts it; null: it does not say that.
const verify = (uri, { method = 'GET', asking = 'GET', socket = web, server = {}, headers = {}, ...more } = {}) => ask(socket, asking, PATH, {
  headers: { Host: host, ...headers },
  server: { ...(uri !== null && { GATEPOST_URI: uri }), ...(method !== null && { GATEPOST_METHOD: method }), ...server }, ...more,
});

// Every answer is as described, too.
const { operation } = operations().find(({ name }) => name === 'GET /verify-access');
function decided(answer, status, code, location) {
  assert.equal(answer.status, status, answer.body);
  assert.equal(answer.headers['cache-control'], 'no-store');
  assert.equal(answer.headers['set-cookie'], undefined);
  assert.equal(answer.headers['x-gatepost-location'], location);
  if (status === 200) return assert.equal(answer.body, '');
  assert.equal(answer.json.status, status);
  assert.equal(answer.json.code, code);
  assert.equal(answer.headers['www-authenticate'] !== undefined, status === 401);
  assert.equal(answer.headers['x-gatepost-user-id'], undefined);
  return assert.deepEqual(flaws(follow(operation.responses[status]).content['application/problem+json'].schema, answer.json), []);
}
const login = (place) => `${stack.base}/login?return_to=${encodeURIComponent(place)}`;

test('decisions: each rule and standing, with the place to send a person to', async () => {
  const rows = [
    // who, asked, status, code, location
    ['nobody', '/private/?a=1&b=%2f', 401, 'unauthenticated', login('/private/?a=1&b=%2f')],
    ['alice', '/private/', 200],
    ['alice', '/', 200],
    ['nobody', '/open/', 200],
    ['expired', '/private/', 401, 'session_expired', login('/private/')],
    ['pending', '/private/', 403, 'second_factor_required', `${stack.base}/second-factor?return_to=%2Fprivate%2F`],
    ['pending', '/open/', 200],
    ['guest', '/guests/', 200],
    ['guest', '/private/', 401, 'unauthenticated', login('/private/')],
    ['alice', '/admin/', 403, 'forbidden'],
    ['admin', '/admin/', 200],
    ['old', '/admin/', 401, 'reauthentication_required', `${stack.base}/reauth?return_to=%2Fadmin%2F`],
    ['alice', '/strong/x', 401, 'reauthentication_required', `${stack.base}/reauth?return_to=%2Fstrong%2Fx`],
    ['alice', '/home/', 403, 'forbidden'],
    // Gatepost's own pages have rules of their own.
    ['nobody', '/auth/login', 200],
  ];
  for (const [who, uri, status, code, location] of rows) {
    const handle = who === 'nobody' ? undefined : handleOf(who);
    const answer = await verify(uri, { handle });
    decided(answer, status, code, location);
    if (location) assert.ok(location.startsWith(`${stack.origin}/auth/`));
  }
  decided(await verify('/home/', { handle: handleOf('alice'), server: { REMOTE_ADDR: '10.1.2.3' } }), 200);
  for (const headers of [{ Authorization: `Bearer ${handleOf('alice')}` }, { Authorization: `Bearer ${sessions.token.access_token}` }]) {
    decided(await verify('/private/', { headers }), 200);
  }
  for (const headers of [{ Authorization: `Bearer ${nobody}` }, { Authorization: 'Bearer x' }, { Authorization: 'Bearer a.b.c' }, { Authorization: 'Basic YTpi' }, { Cookie: '__Host-gatepost=x' }, { 'X-Session-Id': '' }]) {
    decided(await verify('/private/', { headers }), 401, 'unauthenticated', login('/private/'));
  }
});

test('methods: of the question asked about; one that is not said is no question', async () => {
  for (const method of ['GET', 'HEAD']) decided(await verify('/form/', { method }), 200);
  decided(await verify('/form/', { method: 'POST' }), 401, 'unauthenticated', login('/form/'));
  decided(await verify('/form/', { method: 'POST', handle: handleOf('alice') }), 200);
  for (const method of ['PUT', 'DELETE', 'OPTIONS', 'PROPFIND', 'post', 'get', '']) decided(await verify('/form/', { method, handle: handleOf('alice') }), 403, 'forbidden');
  const silent = await verify('/form/', { method: null });
  decided(silent, 403, 'forbidden');
  assert.match(silent.json.detail, /GATEPOST_METHOD/);
});

test('whatever is wrong with it, it is 401 or 403: a web server takes all else for its own failure', async () => {
  const handle = handleOf('alice');
  const paths = ['', '*', 'private/', '//private/', '/private//x', '/private/./x', '/private/../x', '/open/../private/', '/open/%2e%2e/private/', '/private%2fx', '/private%5cx', '/private\\x',
    '/private/%00', '/private/;x', '/open/..;/private/', '/private/%zz', '/private/%', '/private/%c0%ae', '/private/\u0001', '/private/%0a', 'https:', `/${'x'.repeat(9000)}`];
  for (const uri of paths) {
    for (const who of [undefined, handle]) decided(await verify(uri, { handle: who }), 403, 'forbidden');
  }
  decided(await verify(null, { handle }), 403, 'forbidden');
  const both = await verify('/private/', { handle, headers: { Authorization: `Bearer ${handle}` } });
  decided(both, 403, 'forbidden');
  assert.match(both.json.detail, /more than one credential/);
  decided(await verify('/private/', { handle, headers: { Cookie: `a=${'x'.repeat(9000)}` } }), 403, 'forbidden');
  decided(await verify('/private/', { handle, server: { HTTPS: '' } }), 403, 'forbidden');
  decided(await verify('/private/', { handle, server: { CONTENT_LENGTH: 'x' } }), 403, 'forbidden');
  const other = await verify('/private/', { handle, headers: { Host: 'other.example' } });
  decided(other, 403, 'forbidden');
  assert.match(other.json.detail, /origin in section \[server\]/);
  // None of it is a reason to refuse.
  for (const Accept of ['text/css', 'image/webp', 'text/html;q=0', '']) decided(await verify('/private/', { handle, headers: { Accept } }), 200);
  decided(await verify('/private/', { handle, server: { CONTENT_LENGTH: '900000', CONTENT_TYPE: 'text/plain' } }), 200);
  decided(await verify('/private/', { handle, headers: { 'Sec-Fetch-Mode': 'navigate', Origin: 'https://evil.test', 'Sec-Fetch-Site': 'cross-site' } }), 200);
});

test('asked by another method it never says 2xx: to some that is a grant', async () => {
  for (const asking of ['OPTIONS', 'POST', 'PUT', 'DELETE', 'PATCH', 'PROPFIND']) {
    for (const uri of ['/private/', '/open/']) {
      const answer = await verify(uri, { asking, handle: handleOf('alice'), headers: { Origin: stack.origin, 'Access-Control-Request-Method': 'GET' } });
      assert.equal(answer.status, 405, asking);
      assert.match(answer.headers.allow, /\bGET\b/);
    }
  }
  assert.equal((await verify('/private/', { asking: 'HEAD', handle: handleOf('alice') })).status, 200);
  assert.equal((await verify('/private/', { asking: 'HEAD' })).status, 401);
});

test('facts: all eight, empty where there is nothing to say, so that nothing of a visitor\'s stays', async () => {
  const names = ['remote-user', 'user-id', 'email', 'roles', 'tenant', 'session-id', 'aal', 'ticket'].map((name) => `x-gatepost-${name}`);
  const of = (answer) => names.map((name) => answer.headers[name]);
  const admin = await verify('/admin/', { handle: handleOf('admin'), headers: { 'X-Gatepost-Email': 'root', 'X-Gatepost-Aal': 'aal2' } });
  const { session, user } = sessions.admin;
  const [, , , , , , , ticket] = of(admin);
  assert.deepEqual(of(admin), ['admin', user.id, 'admin@example.org', 'admin', '', session.id, 'aal1', ticket]);
  const { json } = await service.introspect(ticket);
  assert.equal(json.active, false, 'no client lists this service yet');
  const guest = await verify('/guests/', { handle: handleOf('guest') });
  assert.deepEqual(of(guest).slice(0, 5), ['', '', '', '', '']);
  assert.equal(guest.headers['x-gatepost-session-id'], sessions.guest.session.id);
  assert.deepEqual(of(await verify('/open/', { handle: handleOf('admin') })), Array(8).fill(''));
  assert.ok(!JSON.stringify(admin.headers).includes(handleOf('admin')));
});

test('no header becomes the question, at an address that is not told to believe one', async () => {
  const forged = {
    'Gatepost-Uri': '/open/', GATEPOST_URI: '/open/', 'Gatepost-Method': 'GET', GATEPOST_METHOD: 'GET', 'X-Forwarded-Uri': '/open/', 'X-Forwarded-Method': 'GET', 'X-Forwarded-Host': host,
    'X-Original-Uri': '/open/', 'X-Original-Url': '/open/', 'X-Rewrite-Url': '/open/', 'Gatepost-Denied': '1', GATEPOST_DENIED: '1',
  };
  for (const headers of [...Object.entries(forged).map(([name, value]) => ({ [name]: value })), forged]) {
    for (const who of [{}, { 'X-Session-Id': handleOf('alice') }]) {
      const answer = await stack.client.get(PATH, { headers: { ...headers, ...who } });
      assert.equal(answer.status, 403, JSON.stringify(headers));
      assert.match(answer.json.detail, /GATEPOST_URI/);
      assert.ok(!('x-gatepost-user-id' in answer.headers));
    }
  }
  // Nor does one come before the web server's.
  decided(await verify('/private/', { headers: forged }), 401, 'unauthenticated', login('/private/'));
  // Nor is what was refused asked about by any visitor.
  assert.equal((await stack.client.get('/auth/denied', { headers: { ...forged, 'X-Session-Id': handleOf('alice') } })).status, 404);
});

test('an address that is told to: X-Forwarded-Uri, -Method and -Host, and each of them', async () => {
  const asking = (headers, more = {}) => verify(null, { method: null, socket: forwarded, headers, ...more });
  const all = { 'X-Forwarded-Uri': '/private/?a=1', 'X-Forwarded-Method': 'GET', 'X-Forwarded-Host': host };
  decided(await asking(all), 401, 'unauthenticated', login('/private/?a=1'));
  decided(await asking(all, { handle: handleOf('alice') }), 200);
  decided(await asking({ ...all, Host: '127.0.0.1:9' }, { handle: handleOf('alice') }), 200);
  decided(await asking({ ...all, 'X-Forwarded-Host': 'other.example' }, { handle: handleOf('alice') }), 403, 'forbidden');
  const { 'X-Forwarded-Host': _, ...noHost } = all;
  decided(await asking(noHost, { handle: handleOf('alice') }), 200);
  decided(await asking({ ...noHost, Host: 'other.example' }, { handle: handleOf('alice') }), 403, 'forbidden');
  const { 'X-Forwarded-Uri': __, ...noUri } = all;
  decided(await asking(noUri, { handle: handleOf('alice') }), 403, 'forbidden');
  const { 'X-Forwarded-Method': ___, ...noMethod } = all;
  decided(await asking(noMethod, { handle: handleOf('alice') }), 403, 'forbidden');
  decided(await asking({ ...all, 'X-Forwarded-Method': 'POST', 'X-Forwarded-Uri': '/form/' }), 401, 'unauthenticated', login('/form/'));
  decided(await asking({ ...all, 'X-Forwarded-Uri': '/open/../private/' }, { handle: handleOf('alice') }), 403, 'forbidden');
  // What the web server itself says comes first.
  decided(await verify('/private/', { socket: forwarded, headers: { ...all, 'X-Forwarded-Uri': '/open/' } }), 401, 'unauthenticated', login('/private/'));
});

// Forward authentication as Traefik and Caddy do it, in front of an application that knows nothing of Gatepost.
function startProxy() {
  const application = createServer((request, answer) => {
    answer.setHeader('Content-Type', 'application/json');
    answer.end(JSON.stringify({ secret: SECRET, headers: request.headers }));
  });
  const hop = new Set(['connection', 'content-length', 'transfer-encoding', 'host']);
  const without = (headers) => Object.fromEntries(Object.entries(headers).filter(([name]) => !hop.has(name)));
  const end = (answer, status, headers, body) => {
    answer.writeHead(status, headers);
    answer.end(body);
  };
  const proxy = createServer((request, answer) => {
    const sent = without(request.headers);
    const question = httpsRequest({
      host: 'localhost', port, path: PATH, ca: stack.client.ca,
      headers: { ...sent, 'X-Forwarded-Uri': request.url, 'X-Forwarded-Method': request.method, 'X-Forwarded-Host': request.headers.host },
    }, (decision) => {
      const chunks = [];
      decision.on('data', (chunk) => chunks.push(chunk));
      decision.on('end', () => {
        if (decision.statusCode < 200 || decision.statusCode > 299) {
          const place = decision.headers['x-gatepost-location'];
          const leads = place && request.headers['sec-fetch-mode'] === 'navigate';
          end(answer, leads ? 303 : decision.statusCode, leads ? { Location: place } : { 'Content-Type': decision.headers['content-type'] ?? 'text/plain' }, leads ? '' : Buffer.concat(chunks));
          return;
        }
        const facts = Object.fromEntries(Object.entries(decision.headers).filter(([name]) => name.startsWith('x-gatepost-')));
        const kept = Object.fromEntries(Object.entries(sent).filter(([name]) => !name.startsWith('x-gatepost-') && name !== 'x-session-id'));
        httpRequest({ port: application.address().port, host: '127.0.0.1', path: request.url, method: request.method, headers: { ...kept, ...facts } }, (given) => {
          answer.writeHead(given.statusCode, without(given.headers));
          given.pipe(answer);
        }).end();
      });
    });
    question.on('error', () => end(answer, 502, {}, 'no answer'));
    question.end();
  });
  const listen = (server) => new Promise((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const close = (server) => {
    server.closeAllConnections?.();
    server.close();
  };
  return Promise.all([listen(application), listen(proxy)]).then(() => ({
    get: (path, headers = {}) => new Promise((resolve, reject) => {
      httpRequest({ host: '127.0.0.1', port: proxy.address().port, path, headers: { Host: host, Connection: 'close', ...headers } }, (answer) => {
        const chunks = [];
        answer.on('data', (chunk) => chunks.push(chunk));
        answer.on('end', () => resolve({ status: answer.statusCode, headers: answer.headers, body: Buffer.concat(chunks).toString() }));
      }).on('error', reject).end();
    }),
    close: () => [application, proxy].forEach(close),
  }));
}

test('a proxy with forward authentication guards an application by it', async () => {
  const proxy = await startProxy();
  try {
    const stranger = await proxy.get('/private/', { 'X-Forwarded-Uri': '/open/', 'X-Gatepost-Remote-User': 'root' });
    assert.equal(stranger.status, 401);
    assert.equal(JSON.parse(stranger.body).code, 'unauthenticated');
    const sent = await proxy.get('/private/?x=1', { 'Sec-Fetch-Mode': 'navigate' });
    assert.equal(sent.status, 303);
    assert.equal(sent.headers.location, login('/private/?x=1'));
    const mine = await proxy.get('/private/', { 'X-Session-Id': handleOf('alice'), 'X-Gatepost-Roles': 'admin', 'X-Gatepost-Remote-User': 'root' });
    assert.equal(mine.status, 200, mine.body);
    const { headers, secret } = JSON.parse(mine.body);
    assert.equal(secret, SECRET);
    assert.equal(headers['x-gatepost-remote-user'], 'alice');
    assert.equal(headers['x-gatepost-roles'] ?? '', '');
    assert.equal(headers['x-session-id'], undefined);
    for (const path of ['/open/../private/', '/private//x', '/private%2fx', '/private/;x']) {
      const refused = await proxy.get(path, { 'X-Session-Id': handleOf('alice') });
      assert.equal(refused.status, 403, `${path}: ${refused.body}`);
      assert.ok(!refused.body.includes(SECRET));
    }
    const other = await proxy.get('/private/', { 'X-Session-Id': handleOf('alice'), Host: 'other.example' });
    assert.equal(other.status, 403);
    assert.equal((await proxy.get('/open/')).status, 200);
  } finally {
    proxy.close();
  }
});

test('one statement a decision, none for what is public or has no credential; below one where many ask at once', async () => {
  const count = async (act) => (await stack.statements(act)).length;
  const handle = handleOf('alice');
  assert.equal(await count(() => verify('/private/', { handle })), 1);
  assert.equal(await count(() => verify('/admin/', { handle })), 1, 'a refusal, too');
  assert.equal(await count(() => verify('/private/', { handle: nobody })), 1);
  assert.equal(await count(() => verify('/private/')), 0);
  assert.equal(await count(() => verify('/open/', { handle })), 0);
  assert.equal(await count(() => verify('/open/../private/', { handle })), 0);

  const run = spawnSync(join(build, 'tests/mint'), [stack.config.file, 'bob', '120'], { encoding: 'utf8', maxBuffer: 1 << 24 });
  assert.equal(run.status, 0, run.stderr);
  const handles = run.stdout.trim().split('\n').map((line) => line.split(' ')[1]);
  let answers;
  const ran = await count(async () => {
    // All wait before any is answered: how many come together is not left to the machine.
    await freeze(stack.worker.pid);
    const links = await Promise.all(handles.map(async (mine) => {
      const link = await dial(web);
      link.send(Buffer.concat([begin(), record(PARAMS, params({
        REQUEST_METHOD: 'GET', REQUEST_URI: PATH, QUERY_STRING: '', HTTPS: 'on', REMOTE_ADDR: '127.0.0.1', HTTP_HOST: host, HTTP_X_SESSION_ID: mine,
        GATEPOST_URI: '/private/', GATEPOST_METHOD: 'GET',
      })), record(PARAMS), record(STDIN)]));
      return link;
    }));
    process.kill(stack.worker.pid, 'SIGCONT');
    answers = await Promise.all(links.map((link) => link.answer()));
    for (const link of links) link.close();
  });
  assert.deepEqual(answers.map((answer) => answer.status), Array(120).fill(200));
  assert.ok(answers.every(({ text }) => /^X-Gatepost-Remote-User: bob\r$/m.test(text)));
  assert.ok(ran >= 1 && ran <= 60, `${ran} statements for 120 decisions`);
});

test('a database that does not answer: 503 soon, whatever it is told to wait; a session that was seen long ago is no exception', async () => {
  const run = spawnSync(join(build, 'tests/mint'), [stack.config.file, 'bob', '20'], { encoding: 'utf8' });
  const handles = run.stdout.trim().split('\n').map((line) => line.split(' ')[1]);
  stack.sql('UPDATE session SET last_seen = last_seen - 120000000');
  await freeze(stack.mariadb.pid);
  try {
    const answers = await Promise.all(handles.map((handle) => verify('/private/', { handle, seconds: 100 })));
    assert.deepEqual(answers.map(({ status }) => status), Array(20).fill(503));
    decided(await verify('/private/'), 401, 'unauthenticated', login('/private/'));
  } finally {
    process.kill(stack.mariadb.pid, 'SIGCONT');
  }
  await until(async () => (await verify('/private/', { handle: handles[0] })).status === 200, 'it decides again');
});

test('a fault is 503, and never a decision', async () => {
  await stack.mariadb.kill('SIGKILL');
  try {
    for (const uri of ['/private/', '/admin/', '/guests/']) {
      const answer = await verify(uri, { handle: handleOf('alice') });
      assert.equal(answer.status, 503, answer.body);
      assert.equal(answer.json.code, 'unavailable');
      assert.ok(Number(answer.headers['retry-after']) >= 1);
      assert.ok(!Object.keys(answer.headers).some((name) => name.startsWith('x-gatepost-')));
    }
    decided(await verify('/private/'), 401, 'unauthenticated', login('/private/'));
    decided(await verify('/open/'), 200);
  } finally {
    await stack.mariadb.restart();
  }
});

test('the examples of the shipped configuration are taken as they stand', () => {
  const shipped = readFileSync(join(source, 'conf/gatepost.conf'), 'utf8');
  const from = shipped.indexOf('[guard]');
  const shown = shipped.slice(from, shipped.indexOf('; Pages of other origins', from)).replaceAll(/^;(\[|require =|methods =|ticket =)/gm, '$1');
  assert.equal([...shown.matchAll(/^\[protect "/gm)].length, 4);
  const file = join(folder.dir, 'shown.conf');
  writeFileSync(file, readFileSync(stack.config.file, 'utf8').replace(/\[guard\][^]*$/, '') + shown, { mode: 0o600 });
  const run = spawnSync(join(build, 'src/gatepost'), ['--config', file, 'config', 'check'], { encoding: 'utf8' });
  assert.equal(run.status, 0, run.stderr);
});
