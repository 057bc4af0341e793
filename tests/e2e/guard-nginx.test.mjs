// nginx guarded by the shipped snippets: who gets a guarded byte, what back ends are told, what a refusal says.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { connect } from 'node:http2';
import { join } from 'node:path';
import { build, source, startStack } from '../support/harness.mjs';
import { tokenOf } from '../support/client.mjs';
import { program } from '../support/servers.mjs';
import { freePort, start, temporaryFolder, until } from '../support/stack.mjs';

const snippet = (name) => join(source, 'conf/nginx', name);
const SECRET = 'what only a signed-in person reads';
const digest = (bytes) => createHash('sha256').update(bytes).digest('hex');

// A proxied application: says which headers came, and what the body was.
function startApplication() {
  const server = createServer((request, answer) => {
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      const kind = new URL(request.url, 'http://x').searchParams.get('cache');
      answer.writeHead(Number(request.headers['x-wanted-status'] ?? 200), { 'Content-Type': 'application/json', ...(kind && { 'Cache-Control': kind }) });
      answer.end(JSON.stringify({ secret: SECRET, method: request.method, headers: request.headers, body: digest(Buffer.concat(chunks)) }));
    });
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve(server));
  });
}

const php = `<?php
header('Content-Type: application/json');
echo json_encode(['server' => $_SERVER, 'cookies' => $_COOKIE, 'body' => hash('sha256', file_get_contents('php://input'))]);
`;

const guarded = `include ${snippet('guarded.conf')};`;
const site = (folder, port) => `
    root @DIR@/www;
    include ${snippet('guard-server.conf')};
    location ^~ /private/ { ${guarded} }
    location ^~ /admin/ { ${guarded} }
    location ^~ /strong/ { ${guarded} }
    location ^~ /guests/ { ${guarded} }
    location ^~ /open/ { ${guarded} }
    location ^~ /read/ { ${guarded} }
    location ^~ /app/ {
      ${guarded}
      location ~ \\.php$ {
        try_files $uri =404;
        include ${snippet('guarded-fastcgi.conf')};
        fastcgi_pass unix:${folder}/php.sock;
      }
    }
    location ^~ /proxied/ {
      ${guarded}
      include ${snippet('guarded-proxy.conf')};
      proxy_pass http://127.0.0.1:${port};
    }
    location ^~ /proxied/open/ {
      ${guarded}
      include ${snippet('guarded-proxy.conf')};
      proxy_pass http://127.0.0.1:${port};
    }`;

let stack, folder, application, phpServer, handle;
before(async () => {
  folder = temporaryFolder();
  application = await startApplication();
  const socket = join(folder.dir, 'php.sock');
  phpServer = start(program('php-cgi'), ['-b', socket], { env: { PATH: process.env.PATH, PHP_FCGI_CHILDREN: '0' } });
  await until(() => existsSync(socket), 'php-cgi listens');
  stack = await startStack({
    server: 'nginx',
    global: `include ${snippet('guard.conf')};`,
    extra: site(folder.dir, application.address().port),
    settings: {
      guard: { ticket: 'library' },
      'protect "/private/"': { require: 'user' },
      'protect "/admin/"': { require: 'role:admin, max-age:5m' },
      'protect "/strong/"': { require: 'aal2' },
      'protect "/guests/"': { require: 'guest' },
      'protect "/open/"': { require: 'public' },
      'protect "/proxied/open/"': { require: 'public' },
      'protect "/read/"': { require: 'user', methods: 'GET' },
    },
  });
  for (const name of ['private', 'admin', 'strong', 'guests', 'open', 'read', 'app']) {
    mkdirSync(join(stack.dir, 'www', name), { recursive: true });
    writeFileSync(join(stack.dir, 'www', name, 'index.html'), name === 'open' ? 'for everybody\n' : `${SECRET}: ${name}\n`);
  }
  writeFileSync(join(stack.dir, 'www/app/facts.php'), php);
  writeFileSync(join(stack.dir, 'www/private/facts.php'), php);
  spawnSync('chmod', ['-R', 'a+rX', join(stack.dir, 'www')]);
  chmodSync(folder.dir, 0o755);
  ({ session_handle: handle } = await stack.signIn(stack.users.alice));
});
after(async () => {
  await stack?.stop();
  await phpServer?.stop();
  application?.closeAllConnections?.();
  application?.close();
  folder?.remove();
});

const get = (path, headers = {}, options = {}) => stack.client.get(path, { headers, ...options });
const navigation = { 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'document', Accept: 'text/html' };
const refusal = (answer, status, code) => {
  assert.equal(answer.status, status, answer.body);
  assert.ok(!answer.body.includes(SECRET));
  assert.equal(answer.headers['content-type'], 'application/problem+json; charset=utf-8');
  assert.equal(answer.json.code, code);
  assert.equal(answer.json.status, status);
  assert.match(answer.headers['cache-control'], /no-store/);
  assert.equal(answer.rawHeaders.filter((name) => /^www-authenticate$/i.test(name)).length, status === 401 ? 1 : 0);
};
// [name, value, …] of Cache-Control lines as one set of directives.
const cacheControl = (answer) => new Set(answer.headers['cache-control'].split(/,\s*/));
const served = (answer) => {
  assert.equal(answer.status, 200, answer.body);
  assert.ok(answer.body.includes(SECRET));
  for (const word of ['private', 'no-cache']) assert.ok(cacheControl(answer).has(word));
};
// A browser that has signed in by the page: its jar.
async function signedIn(person) {
  const visitor = stack.visitor();
  assert.equal((await visitor.signIn(person)).status, 303);
  return visitor;
}
const cookieOf = (visitor) => visitor.headers({});

test('a stranger: programs 401 as a problem with a challenge, navigations to the sign-in and back', async () => {
  for (const path of ['/private/', '/private/index.html', '/private/none', '/app/facts.php', '/app/none.php', '/proxied/', '/admin/', '/guests/']) {
    refusal(await get(path), 401, 'unauthenticated');
    const sent = await get(`${path}?q=1&r=%2F`, navigation);
    assert.equal(sent.status, 303);
    assert.equal(sent.headers.location, `${stack.base}/login?return_to=${encodeURIComponent(`${path}?q=1&r=%2F`)}`);
    assert.ok(!sent.body.includes(SECRET));
  }
  // A form is not sent again by going somewhere: its page says so, and leads to the sign-in.
  const page = await stack.client.post('/private/', { headers: navigation, form: { a: '1' } });
  assert.equal(page.status, 401);
  assert.match(page.headers['content-type'], /^text\/html/);
  for (const method of ['HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PROPFIND']) {
    const answer = await stack.client.request(method, '/private/');
    assert.equal(answer.status, 401, method);
    assert.ok(!answer.body.includes(SECRET));
  }
  assert.equal((await get('/open/')).body, 'for everybody\n');
  assert.equal((await get('/.gatepost-verify')).status, 404);
});

test('what a picture or a stylesheet says it accepts is no reason for a failure', async () => {
  for (const Accept of ['text/css', 'image/webp', 'text/plain;q=0.1', 'application/xml']) {
    refusal(await get('/private/', { Accept }), 401, 'unauthenticated');
    served(await get('/private/', { Accept, 'X-Session-Id': handle }));
  }
});

test('cookie, handle and Bearer let in alike; a browser comes back to where it was', async () => {
  served(await get('/private/', { 'X-Session-Id': handle }));
  served(await get('/private/', { Authorization: `Bearer ${handle}` }));
  served(await get('/private/', { Authorization: `bearer ${handle}` }));
  const { access_token: token } = await stack.signIn(stack.users.alice, { transport: 'token' });
  served(await get('/private/', { Authorization: `Bearer ${token}` }));

  const visitor = stack.visitor();
  const sent = await get('/private/index.html?a=b', navigation);
  const login = sent.headers.location.slice(stack.base.length);
  const form = await visitor.get(login);
  const { identifier, password } = stack.users.bob;
  const back = await visitor.post('/login', { csrf_token: tokenOf(form), identifier, password, return_to: '/private/index.html?a=b' });
  assert.equal(back.headers.location, `${stack.origin}/private/index.html?a=b`);
  served(await get('/private/index.html?a=b', cookieOf(visitor)));
  const both = await get('/private/', { ...cookieOf(visitor), 'X-Session-Id': handle });
  refusal(both, 400, 'ambiguous_credentials');
  for (const wrong of ['gps_short', `gps_${'A'.repeat(43)}`, 'a.b.c']) refusal(await get('/private/', { Authorization: `Bearer ${wrong}` }), 401, 'unauthenticated');
  // A site's own Basic is none of Gatepost's.
  refusal(await get('/private/', { Authorization: `Basic ${Buffer.from('alice:x').toString('base64')}` }), 401, 'unauthenticated');
});

test('headers that are too much, or twice: refused, and not a failure', async () => {
  refusal(await get('/private/', { Cookie: `a=${'x'.repeat(9000)}` }), 400, 'invalid_request');
  const { host } = new URL(stack.origin);
  const twice = await stack.client.raw(`GET /private/ HTTP/1.1\r\nHost: ${host}\r\nX-Session-Id: ${handle}\r\nX-Session-Id: ${handle}\r\nConnection: close\r\n\r\n`);
  assert.match(twice, /^HTTP\/1\.1 400 /);
  assert.ok(!twice.includes(SECRET));
});

test('roles: whoever has not the right one gets 403, a person a page; step-up by age and by factor', async () => {
  refusal(await get('/admin/', { 'X-Session-Id': handle }), 403, 'forbidden');
  const alice = await signedIn(stack.users.alice);
  const page = await get('/admin/', { ...cookieOf(alice), ...navigation });
  assert.equal(page.status, 403);
  assert.match(page.headers['content-type'], /^text\/html/);
  const { session_handle: admin, session } = await stack.signIn(stack.users.admin);
  served(await get('/admin/', { 'X-Session-Id': admin }));
  const visitor = await signedIn(stack.users.admin);
  served(await get('/admin/', cookieOf(visitor)));
  stack.sql("UPDATE session SET auth_time = auth_time - 600000000 WHERE user_id = (SELECT id FROM user WHERE username = 'admin')");
  assert.ok(session);
  const old = await get('/admin/', { 'X-Session-Id': admin });
  refusal(old, 401, 'reauthentication_required');
  assert.match(old.headers['www-authenticate'], /error="insufficient_user_authentication", max_age=300/);
  const sent = await get('/admin/', { ...cookieOf(visitor), ...navigation });
  assert.equal(sent.status, 303);
  assert.equal(sent.headers.location, `${stack.base}/reauth?return_to=%2Fadmin%2F`);
  const weak = await get('/strong/', { 'X-Session-Id': handle });
  refusal(weak, 401, 'reauthentication_required');
  assert.match(weak.headers['www-authenticate'], /acr_values="aal2"/);
  const { json: { session_handle: guest } } = await stack.client.post(`${stack.base}/api/v1/sessions/guest`, { json: { transport: 'handle' } });
  served(await get('/guests/', { 'X-Session-Id': guest }));
  refusal(await get('/private/', { 'X-Session-Id': guest }), 401, 'unauthenticated');
  served(await get('/read/', { 'X-Session-Id': handle }));
  refusal(await stack.client.post('/read/', { headers: { 'X-Session-Id': handle }, form: { a: '1' } }), 403, 'forbidden');
});

const forged = {
  'Remote-User': 'root', 'X-Remote-User': 'root', 'X-Gatepost-Remote-User': 'root', 'X-Gatepost-User-Id': 'root', 'X-Gatepost-Email': 'root@example.org',
  'X-Gatepost-Roles': 'admin', 'X-Gatepost-Tenant': 'root', 'X-Gatepost-Session-Id': 'root', 'X-Gatepost-Aal': 'aal2', 'X-Gatepost-Ticket': 'root', Proxy: 'root',
  X_Gatepost_Email: 'root', 'X-Gatepost_Roles': 'root', 'Gatepost-Uri': '/open/', GATEPOST_URI: '/open/', 'X-Forwarded-Uri': '/open/', 'X-Original-Url': '/open/',
  'Gatepost-Denied': '1', 'Gatepost-Method': 'GET',
};
const facts = ['REMOTE_USER', 'GATEPOST_USER_ID', 'GATEPOST_EMAIL', 'GATEPOST_ROLES', 'GATEPOST_TENANT', 'GATEPOST_SESSION_ID', 'GATEPOST_AAL', 'GATEPOST_TICKET'];
const userId = (name) => stack.sql(`SELECT LOWER(HEX(id)) AS id FROM user WHERE username = '${name}'`)[0].id;
const hexOf = (id) => Buffer.from(id, 'base64url').toString('hex');

test('a FastCGI application gets facts in place of the credential, whatever a visitor claims', async () => {
  const { session_handle: admin, session } = await stack.signIn(stack.users.admin);
  const { json: { server } } = await get('/app/facts.php?x=1', { ...forged, 'X-Session-Id': admin, Cookie: 'theme=dark' });
  assert.equal(server.REMOTE_USER, 'admin');
  assert.equal(hexOf(server.GATEPOST_USER_ID), userId('admin'));
  assert.equal(server.GATEPOST_EMAIL, 'admin@example.org');
  assert.equal(server.GATEPOST_ROLES, 'admin');
  assert.equal(server.GATEPOST_SESSION_ID, session.id);
  assert.equal(server.GATEPOST_AAL, 'aal1');
  assert.ok(server.GATEPOST_TICKET.length > 40);
  assert.equal(server.GATEPOST_TENANT, undefined);
  assert.equal(server.QUERY_STRING, 'x=1');
  assert.equal(server.HTTP_COOKIE, 'theme=dark');
  const values = JSON.stringify(server);
  assert.ok(!values.includes(admin), 'the credential is nowhere');
  assert.ok(!/"root|root@/.test(values.replaceAll(/"(DOCUMENT_ROOT|CONTEXT_DOCUMENT_ROOT|USER|HOME)":"[^"]*"/g, '')), values);
  assert.ok(!Object.keys(server).some((name) => /GATEPOST/.test(name) && !facts.includes(name) && name !== 'GATEPOST_VERDICT' && !/^HTTP_GATEPOST_(URI|METHOD|DENIED)$/.test(name)), values);
});

test('stripping: the three cookies of ours, X-Session-Id and a Bearer go, all else stays as it came', async () => {
  const visitor = await signedIn(stack.users.alice);
  const own = visitor.jar.cookies.get('__Host-gatepost');
  const spellings = [
    [`__Host-gatepost=${own}`, undefined],
    [`a=1; __Host-gatepost=${own}; b=2`, 'a=1; b=2'],
    [`__Host-gatepost-device=x; __Host-gatepost-pre=y; __Host-gatepost=${own}; b=2`, 'b=2'],
    [`a=1;__Host-gatepost=${own};b=2;__Host-gatepost-pre=z`, 'a=1;b=2'],
    [`a=__Host-gatepost; __Host-gatepost=${own}; __Host-gatepostx=1`, 'a=__Host-gatepost; __Host-gatepostx=1'],
    [`x__Host-gatepost=1; __Host-gatepost=${own}`, 'x__Host-gatepost=1'],
    [`__Host-gatepost=${own}; __Host-gatepost-pre=1; __Host-gatepost-pre=2; __Host-gatepost-pre=3; a=1`, undefined],
  ];
  for (const [Cookie, left] of spellings) {
    const { json: { server } } = await get('/app/facts.php', { Cookie });
    assert.equal(server.HTTP_COOKIE, left, Cookie);
    assert.equal(server.REMOTE_USER, 'alice');
    const { json: { headers } } = await get('/proxied/', { Cookie });
    assert.equal(headers.cookie, left, Cookie);
    assert.equal(headers['x-gatepost-remote-user'], 'alice');
  }
  for (const Authorization of [`Bearer ${handle}`, `bearer ${handle}`, `BEARER  ${handle}`]) {
    const answer = await get('/app/facts.php', { Authorization });
    if (answer.status === 200) assert.equal(answer.json.server.HTTP_AUTHORIZATION, undefined);
    const { json: { headers } } = await get('/proxied/open/', { Authorization });
    assert.equal(headers.authorization, undefined);
  }
  const basic = `Basic ${Buffer.from('root:x').toString('base64')}`;
  const { json: { server } } = await get('/app/facts.php', { Authorization: basic, 'X-Session-Id': handle });
  assert.equal(server.HTTP_AUTHORIZATION, basic);
  assert.equal(server.REMOTE_USER, 'alice', 'who signs in to the application itself is nobody to Gatepost');
});

test('a proxied application gets facts in place of the credential; at a public place none, forged or not', async () => {
  const { session_handle: admin, session } = await stack.signIn(stack.users.admin);
  const { json: { headers } } = await get('/proxied/', { ...forged, 'X-Session-Id': admin });
  assert.equal(headers['x-gatepost-remote-user'], 'admin');
  assert.equal(hexOf(headers['x-gatepost-user-id']), userId('admin'));
  assert.equal(headers['x-gatepost-email'], 'admin@example.org');
  assert.equal(headers['x-gatepost-roles'], 'admin');
  assert.equal(headers['x-gatepost-session-id'], session.id);
  assert.equal(headers['x-gatepost-aal'], 'aal1');
  assert.ok(headers['x-gatepost-ticket'].length > 40);
  assert.equal(headers['x-gatepost-tenant'], undefined);
  assert.equal(headers['x-session-id'], undefined);
  assert.equal(headers.host, 'localhost');
  for (const sent of [{}, { 'X-Session-Id': admin }]) {
    const { json } = await get('/proxied/open/', { ...forged, ...sent });
    assert.deepEqual(Object.keys(json.headers).filter((name) => /gatepost-(?!uri|method|denied)|remote[-_]user|proxy|x-session-id/.test(name)), []);
    assert.ok(!JSON.stringify(json.headers).includes('root'));
  }
  const strangers = await get('/proxied/', forged);
  refusal(strangers, 401, 'unauthenticated');
});

// In chunks, with no length said before.
function chunked(path, mine, body) {
  const head = `POST ${path} HTTP/1.1\r\nHost: ${new URL(stack.origin).host}\r\nX-Session-Id: ${mine}\r\nContent-Type: application/octet-stream\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n`;
  const parts = [Buffer.from(head)];
  for (let at = 0; at < body.length; at += 40000) {
    const part = body.subarray(at, at + 40000);
    parts.push(Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from('\r\n'));
  }
  return stack.client.raw(Buffer.concat([...parts, Buffer.from('0\r\n\r\n')]));
}

test('a body that is granted arrives intact, whatever its framing; one that is not never does', async () => {
  const body = randomBytes(700000);
  const nobody = `gps_${'A'.repeat(43)}`;
  const type = { 'Content-Type': 'application/octet-stream' };
  for (const path of ['/proxied/', '/app/facts.php']) {
    const answer = await stack.client.post(path, { headers: { ...type, 'X-Session-Id': handle }, body });
    assert.equal(answer.status, 200, answer.body);
    assert.equal(answer.json.body, digest(body));
    refusal(await stack.client.post(path, { headers: { ...type, 'X-Session-Id': nobody }, body }), 401, 'unauthenticated');
    assert.ok((await chunked(path, handle, body)).includes(`"body":"${digest(body)}"`));
    assert.match(await chunked(path, nobody, body), /^HTTP\/1\.1 401 /);
  }
});

test('over HTTP/2, where a body comes beside the question: the same', async () => {
  const session = connect(stack.origin, { ca: stack.client.ca });
  const body = randomBytes(300000);
  const post = (path, headers) => new Promise((resolve, reject) => {
    const stream = session.request({ ':method': 'POST', ':path': path, 'content-type': 'application/octet-stream', ...headers });
    const chunks = [];
    let status;
    stream.on('response', (head) => {
      status = head[':status'];
    });
    stream.on('data', (chunk) => chunks.push(chunk));
    stream.on('end', () => resolve({ status, body: Buffer.concat(chunks).toString() }));
    stream.on('error', reject);
    stream.end(body);
  });
  try {
    for (const path of ['/proxied/', '/app/facts.php']) {
      const mine = await post(path, { 'x-session-id': handle, cookie: ['a=1', '__Host-gatepost-pre=x'] });
      assert.equal(mine.status, 200, mine.body);
      assert.ok(mine.body.includes(`"body":"${digest(body)}"`) && !mine.body.includes('gatepost-pre'));
      const strangers = await post(path, {});
      assert.equal(strangers.status, 401);
      assert.ok(!strangers.body.includes(digest(body)));
    }
  } finally {
    session.close();
  }
});

test('what an application itself refuses stays its own answer; what it says of caching is only made stricter', async () => {
  for (const status of [401, 403, 404, 503]) {
    const answer = await get('/proxied/', { 'X-Session-Id': handle, 'X-Wanted-Status': String(status) });
    assert.equal(answer.status, status);
    assert.equal(answer.json.secret, SECRET);
  }
  const kinds = { 'no-store': ['no-store', 'private', 'no-cache'], 'public, max-age=600': ['public', 'max-age=600', 'private', 'no-cache'] };
  for (const [kind, words] of Object.entries(kinds)) {
    const answer = await get(`/proxied/?cache=${encodeURIComponent(kind)}`, { 'X-Session-Id': handle });
    assert.deepEqual(cacheControl(answer), new Set(words));
  }
  // nginx itself does not list this folder: said by Gatepost, whose rules would let in.
  mkdirSync(join(stack.dir, 'www/private/empty'), { recursive: true });
  refusal(await get('/private/empty/', { 'X-Session-Id': handle }), 403, 'forbidden');
});

const spellings = [
  '/private/', '/private/index.html', '//private/index.html', '/private//index.html', '///private/index.html', '/./private/index.html', '/private/./index.html',
  '/private/x/../index.html', '/open/../private/index.html', '/open/..%2fprivate/index.html', '/open/%2e%2e/private/index.html', '/open/%2e%2e%2fprivate/index.html',
  '/open/.%2e/private/index.html', '/open/x/../../private/index.html', '/%70rivate/index.html', '/%2570rivate/index.html', '/private%2findex.html', '/private%2Findex.html',
  '/%2fprivate/index.html', '/private/%2e/index.html', '/private/index%2ehtml', '/private;x/index.html', '/private/;x/index.html', '/private/index.html;x', '/private/index.html%3bx',
  '/private/index.html%00', '/private/index.html%00.css', '/open/..;/private/index.html', '/open/%2e%2e;/private/index.html', '/private\\index.html', '\\private\\index.html',
  '/open/..%5cprivate/index.html', '/open/..\\private\\index.html', '/PRIVATE/index.html', '/Private/index.html', '/private/index.html/', '/private/index.html/.', '/private/index.html/x.css',
  '/private/?x=/open/', '/private/index.html?/open/', '/open/?/../private/index.html', '/private/%c0%ae/index.html', '/open/%c0%ae%c0%ae/private/index.html', '/private/%ff', '/private/index.html%20',
  '/private/index.html%0a', '/private/index.html%0d%0aX:1', '/private/index.html#x', '/open/#/../../private/index.html', '/private/index.html%23', '/private/%u002e/index.html', '/private/index.html~',
  'http://localhost/private/index.html', 'https://localhost/open/../private/index.html', 'http://other.example/private/index.html', 'http://localhost//private/index.html', '/private/\u00ff/index.html',
  '*', 'private/index.html', './private/index.html', '../private/index.html', '', '/.gatepost-verify', '/.gatepost-verify/../private/index.html', '/auth/../private/index.html',
  '/auth/assets/../../private/index.html', '/auth/verify-access/../../private/index.html', '/private/facts.php', '/private/facts.php/x', '/app/../private/facts.php', '/app/facts.php/x', '/app/x.php/../facts.php',
];
const canonical = new Set(['/private/', '/private/index.html', '/%70rivate/index.html', '/private/index%2ehtml', '/private/?x=/open/', '/private/index.html?/open/', 'http://localhost/private/index.html',
  // Whoever says both names is asked by Host, as nginx passes it on, and harms nobody.
  'http://other.example/private/index.html']);

async function ask(line, { host = new URL(stack.origin).host, headers = '' } = {}) {
  return stack.client.raw(Buffer.from(`${line}\r\nHost: ${host}\r\n${headers}Connection: close\r\n\r\n`, 'latin1'));
}

test('no spelling of a guarded path is served to a stranger; signed in, only the canonical ones are', async () => {
  for (const spelling of spellings) {
    for (const method of ['GET', 'HEAD', 'POST', 'OPTIONS']) {
      const answer = await ask(`${method} ${spelling} HTTP/1.1`, { headers: method === 'POST' ? 'Content-Length: 0\r\n' : '' });
      assert.ok(!answer.includes(SECRET) && !answer.includes('REMOTE_ADDR'), `${method} ${spelling}: ${answer}`);
    }
    const mine = await ask(`GET ${spelling} HTTP/1.1`, { headers: `X-Session-Id: ${handle}\r\n` });
    assert.equal(mine.includes(SECRET), canonical.has(spelling), `${spelling}: ${mine.slice(0, 300)}`);
    assert.doesNotMatch(mine, /^HTTP\/1\.1 5/, spelling);
  }
  const flawed = await ask('GET /private//index.html HTTP/1.1', { headers: `X-Session-Id: ${handle}\r\n` });
  assert.match(flawed, /^HTTP\/1\.1 400 [^]*"code":"invalid_request"/);
  const other = await ask('GET /private/ HTTP/1.1', { host: 'other.example', headers: `X-Session-Id: ${handle}\r\n` });
  assert.match(other, /^HTTP\/1\.1 403 [^]*origin in section \[server\]/);
});

test('what is revoked is refused at the next request, each of 300', async () => {
  const run = spawnSync(join(build, 'tests/mint'), [stack.config.file, 'bob', '300'], { encoding: 'utf8', maxBuffer: 1 << 24 });
  assert.equal(run.status, 0, run.stderr);
  const handles = run.stdout.trim().split('\n').map((line) => line.split(' ')[1]);
  assert.equal(handles.length, 300);
  const one = async (mine) => {
    const first = await get('/private/', { 'X-Session-Id': mine });
    const end = await stack.withHandle(mine, 'DELETE', '/session');
    const second = await get('/private/', { 'X-Session-Id': mine });
    return [first.status, end.status, second.status, second.body.includes(SECRET)].join(' ');
  };
  const seen = [];
  for (let at = 0; at < handles.length; at += 10) seen.push(...await Promise.all(handles.slice(at, at + 10).map(one)));
  assert.deepEqual(seen, Array(300).fill('200 204 401 false'));
});

test('a caching proxy in front never gives a guarded byte to a stranger, however eager', async () => {
  const port = await freePort();
  const dir = join(folder.dir, 'cache');
  mkdirSync(dir, { recursive: true });
  const file = join(folder.dir, 'cache.conf');
  const places = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((kind) => `${kind}_temp_path ${join(folder.dir, `c-${kind}`)};`);
  writeFileSync(file, `
daemon off;
pid ${join(folder.dir, 'cache.pid')};
error_log ${join(folder.dir, 'cache.log')};
${process.getuid() === 0 ? 'user root;' : ''}
events {}
http {
  access_log off;
  ${places.join('\n  ')}
  proxy_cache_path ${dir} keys_zone=all:1m;
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass ${stack.origin};
      proxy_set_header Host ${new URL(stack.origin).host};
      proxy_ssl_verify off;
      proxy_cache all;
      proxy_cache_key $request_uri;
      proxy_cache_valid any 10m;
      add_header X-Cache $upstream_cache_status always;
    }
  }
}
`);
  const cache = start(program('nginx'), ['-e', join(folder.dir, 'cache.log'), '-c', file], { group: true });
  const ask2 = async (path, headers = {}) => {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, { headers, redirect: 'manual' });
    return { status: answer.status, cache: answer.headers.get('x-cache'), body: await answer.text() };
  };
  try {
    await until(async () => (await ask2('/open/')).status === 200, 'the cache serves');
    // Any other site's page it keeps: the cache is one.
    assert.equal((await ask2('/auth/assets/gatepost.css')).status, 200);
    assert.equal((await ask2('/auth/assets/gatepost.css')).cache, 'HIT');
    for (const path of ['/private/', '/private/index.html', '/proxied/?cache=public,%20max-age=600', '/app/facts.php']) {
      for (let round = 0; round < 2; round++) {
        const mine = await ask2(path, { 'X-Session-Id': handle });
        assert.equal(mine.status, 200);
        const strangers = await ask2(path);
        assert.equal(strangers.status, 401, path);
        assert.ok(!strangers.body.includes(SECRET) && !strangers.body.includes('alice'));
        assert.notEqual(strangers.cache, 'HIT');
      }
    }
  } finally {
    await cache.stop();
  }
});

test('database gone, worker frozen out or gone: 500, never a byte; then all is well again', async () => {
  const failing = async (path, headers) => {
    const answer = await get(path, headers, { byServer: [500, 502, 504] });
    assert.equal(answer.status, 500, `${path}: ${answer.body}`);
    assert.ok(!answer.body.includes(SECRET));
  };
  await stack.mariadb.kill('SIGKILL');
  for (const path of ['/private/', '/app/facts.php', '/proxied/']) await failing(path, { 'X-Session-Id': handle });
  // Whom nobody asks the database about is answered all the same.
  refusal(await get('/private/'), 401, 'unauthenticated');
  assert.equal((await get('/open/')).status, 200);
  await stack.mariadb.restart();
  await until(async () => (await get('/private/', { 'X-Session-Id': handle }, { byServer: [500] })).status === 200, 'it is served again');

  const { code } = await stack.worker.stop();
  assert.equal(code, 0);
  for (const path of ['/private/', '/app/facts.php', '/proxied/', '/open/']) for (const headers of [{}, { 'X-Session-Id': handle }, navigation]) await failing(path, headers);
  stack.startWorker();
  await stack.ready();
  served(await get('/private/', { 'X-Session-Id': handle }));

  // Killed while it is asked: with its last breath it lets nobody in.
  const load = Array.from({ length: 40 }, () => get('/private/', {}, { byServer: [500, 502, 504] }));
  process.kill(stack.worker.pid, 'SIGKILL');
  for (const answer of await Promise.all(load)) assert.ok([401, 500, 502].includes(answer.status) && !answer.body.includes(SECRET), String(answer.status));
  await stack.worker.exited;
  stack.startWorker();
  await stack.ready();
});

test('the snippets check clean', () => {
  const [command, ...args] = stack.site.check;
  const run = spawnSync(command, args, { encoding: 'utf8' });
  assert.equal(run.status, 0, run.stderr);
  assert.doesNotMatch(run.stderr, /warn|emerg/);
});
