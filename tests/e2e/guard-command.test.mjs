// gatepost guard explain|check: what the rules say, and the proof from outside that the web server asks.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { createServer as tlsServer, request as tlsRequest } from 'node:https';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { programs, source, startStack } from '../support/harness.mjs';
import { start } from '../support/stack.mjs';

const settings = {
  'protect "/private/"': { require: 'user' },
  'protect "/admin/"': { require: 'role:admin, max-age:5m' },
  'protect "/either/"': { require: 'role:admin | user:bob, network:192.0.2.0/24' },
  'protect "/tenant/"': { require: 'tenant:acme, role:editor' },
  'protect "/open/"': { require: 'public' },
  'protect "/reading/"': { require: 'user', methods: 'GET' },
  'protect "/strong/"': { require: 'aal2' },
  'protect "/near/"': { require: 'network:127.0.0.0/8 | user' },
};
const folders = ['private', 'admin', 'either', 'open', 'reading', 'strong', 'near', 'alias', 'local', 'tenant', 'granted'];

const lighttpd = `
server.modules += ( "mod_alias" )
var.gatepost_guard = "@GUARD_SOCKET@"
include "${source}/conf/lighttpd/guard.conf"
index-file.names = ( "index.html" )
$HTTP["url"] =~ "^/(private|admin|either|open|reading|strong|near|tenant)(/|$)" { include "${source}/conf/lighttpd/guarded.conf" }
alias.url = ( "/files/" => "@DIR@/www/private/" )
# Its default: only files that exist are guarded.
$HTTP["url"] =~ "^/local(/|$)" {
  fastcgi.server += ( "/" => (( "socket" => var.gatepost_guard, "mode" => "authorizer" )) )
}
# Guarded by GET only, and without what keeps caches from keeping it.
$HTTP["url"] =~ "^/alias(/|$)" {
  $HTTP["request-method"] == "GET" {
    fastcgi.server += ( "/" => (( "socket" => var.gatepost_guard, "mode" => "authorizer", "check-local" => "disable" )) )
  }
}`;

// The traps of Require: each lets a stranger in, and none calls the authorizer.
const guarded = (path) => `<Location "${path}">\n  Include "${source}/conf/apache/guarded.conf"\n</Location>`;
const apache = `
<Directory "@DIR@/www">
  DirectoryIndex index.html
  Require all granted
</Directory>
${['/private', '/admin', '/either', '/open', '/reading', '/strong', '/near', '/tenant'].map(guarded).join('\n')}
Alias /files @DIR@/www/private
# No Require of its own: the inherited one is true for everybody.
<Location "/local">
  AuthType None
  AuthnzFcgiCheckAuthnProvider Gatepost Authoritative On RequireBasicAuth Off UserExpr "%{reqenv:REMOTE_USER}" DefaultUser "-"
</Location>
# One that is true for everybody beside the one that asks.
<Location "/alias">
  AuthType None
  AuthnzFcgiCheckAuthnProvider Gatepost Authoritative On RequireBasicAuth Off UserExpr "%{reqenv:REMOTE_USER}" DefaultUser "-"
  Require valid-user
  Require expr "true"
</Location>
<Location "/granted">
  AuthType None
  AuthnzFcgiCheckAuthnProvider Gatepost Authoritative On RequireBasicAuth Off UserExpr "%{reqenv:REMOTE_USER}" DefaultUser "-"
  Require valid-user
  Require all granted
</Location>`;
const apacheGlobal = `
LoadModule authnz_fcgi_module /usr/lib/apache2/modules/mod_authnz_fcgi.so
LoadModule authz_user_module /usr/lib/apache2/modules/mod_authz_user.so
LoadModule setenvif_module /usr/lib/apache2/modules/mod_setenvif.so
Define GATEPOST_GUARD fcgi://127.0.0.1:@GUARD_PORT@/
Include ${source}/conf/apache/guard.conf
`;

const stacks = {};
before(async () => {
  for (const [name, extra, global] of [['lighttpd', lighttpd, ''], ['apache-proxy', apache, apacheGlobal]]) {
    const stack = await startStack({ server: name, guard: true, settings, extra, global });
    stacks[name] = stack;
    for (const folder of folders) {
      mkdirSync(join(stack.dir, 'www', folder), { recursive: true, mode: 0o755 });
      writeFileSync(join(stack.dir, 'www', folder, 'index.html'), `what is in ${folder}\n`, { mode: 0o644 });
    }
  }
});
after(async () => {
  for (const stack of Object.values(stacks)) await stack.stop();
});

// One run: {code, stdout, stderr, json}.
async function guard(stack, args, { json = true, env = {} } = {}) {
  const child = start(programs.ctl, ['--config', stack.config.file, 'guard', ...args, ...(json ? ['--json'] : [])],
    { env: { ...process.env, GATEPOST_CONFIG: '', ...env } });
  let stdout = '', stderr = '';
  child.child.stdout.on('data', (chunk) => { stdout += chunk; });
  child.child.stderr.on('data', (chunk) => { stderr += chunk; });
  const { code } = await child.exited;
  return { code, stdout, stderr, json: json && stdout ? JSON.parse(stdout) : undefined };
}


const lines = (text) => text.trimEnd().split('\n');

test('explain: a stranger needs no database, and is told the section, its terms and where a browser is sent', async () => {
  const { lighttpd: stack } = stacks;
  const nobody = { GATEPOST_DATABASE_SOCKET: '/nonexistent/s' };
  const { code, json, stderr } = await guard(stack, ['explain', '/private/x?y=1'], { env: nobody });
  assert.equal(code, 0, stderr);
  assert.equal(json.verdict, 'sign_in');
  assert.equal(json.status, 401);
  assert.equal(json.served, false);
  assert.equal(json.location, `${stack.base}/login?return_to=%2Fprivate%2Fx%3Fy%3D1`);
  const line = readFileSync(stack.config.file, 'utf8').split('\n').indexOf('[protect "/private/"]') + 1;
  assert.deepEqual(json.section, { file: stack.config.file, line, path: '/private', require: 'user', methods: null });
  assert.deepEqual(json.terms, [{ term: 'user', group: 1, met: false }]);
  const text = lines((await guard(stack, ['explain', `${stack.origin}/private/`], { json: false })).stdout);
  assert.deepEqual(text, [`GET ${stack.origin}/private/ by a stranger`, `${stack.config.file}:${line}: [protect "/private"] require = user`,
    '  no   user', `refused (has to sign in): a browser is sent to ${stack.base}/login?return_to=%2Fprivate%2F, a program gets 401`]);
  const user = await guard(stack, ['explain', '/private/', '--user', 'alice'], { env: nobody });
  assert.equal(user.code, 3);
});

test('explain: every verdict', async () => {
  const { lighttpd: stack } = stacks;
  stack.must(['tenant', 'add', 'acme']);
  stack.must(['role', 'add', 'editor']);
  stack.must(['member', 'add', 'alice', '--tenant', 'acme', '--role', 'editor']);
  stack.must(['tenant', 'add', 'other']);
  const cases = [
    [['/private/', '--user', 'alice'], 'served', 200],
    [['/open/x'], 'served', 200],
    [['/nowhere'], 'sign_in', 401],
    [['/nowhere', '--user', 'bob'], 'served', 200],
    [['/auth/login'], 'own', 200],
    [['/auth/nothing'], 'sign_in', 401],
    [['https://other.example/private/'], 'other_host', 403],
    [[stack.origin], 'sign_in', 401],
    [['//private/'], 'not_canonical', 400],
    [['/private/%2e%2e/open/'], 'not_canonical', 400],
    [['/open/a%2fb'], 'not_canonical', 400],
    [['/open/a;b'], 'not_canonical', 400],
    [['/private/x', '--user', 'alice', '--method', 'POST'], 'served', 200],
    [['/reading/x', '--user', 'alice'], 'served', 200],
    [['/reading/x', '--user', 'alice', '--method', 'HEAD'], 'served', 200],
    [['/reading/x', '--user', 'alice', '--method', 'POST'], 'forbidden', 403],
    [['/strong/', '--user', 'alice'], 'step_up', 401],
    [['/strong/', '--user', 'alice', '--aal2'], 'served', 200],
    [['/admin/', '--user', 'admin'], 'served', 200],
    [['/admin/', '--user', 'admin', '--signed-in', '5m'], 'served', 200],
    [['/admin/', '--user', 'admin', '--signed-in', '301s'], 'step_up', 401],
    [['/admin/', '--user', 'alice'], 'forbidden', 403],
    [['/either/', '--user', 'bob'], 'forbidden', 403],
    [['/either/', '--user', 'bob', '--ip', '192.0.2.9'], 'served', 200],
    [['/either/', '--user', 'alice', '--ip', '192.0.2.9'], 'forbidden', 403],
    [['/tenant/', '--user', 'alice'], 'served', 200],
    [['/tenant/', '--user', 'alice', '--tenant', 'other'], 'forbidden', 403],
    [['/near/', '--ip', '127.0.0.1'], 'served', 200],
    [['/near/'], 'sign_in', 401],
  ];
  for (const [args, verdict, status] of cases) {
    const { code, json, stderr } = await guard(stack, ['explain', ...args]);
    assert.equal(code, 0, `${args}: ${stderr}`);
    assert.equal(json.verdict, verdict, args.join(' '));
    assert.equal(json.status, status, args.join(' '));
    assert.equal(json.served, status === 200, args.join(' '));
  }
  assert.match((await guard(stack, ['explain', '/open/a%2fb'])).json.explanation, /before any rule is read: it has an escaped slash/);
  assert.match((await guard(stack, ['explain', '/reading/', '--method', 'POST'])).json.explanation, /no section of this path names the method/);
  const either = (await guard(stack, ['explain', '/either/', '--user', 'bob'], { json: false })).stdout;
  assert.match(either, /  no   role:admin\n  yes  or user:bob\n  no   network:192\.0\.2\.0\/24 \(--ip says from where\)\n/);
});

// What explain says is what the guard does: the same question to both.
test('explain says what the web server then answers', async () => {
  const { lighttpd: stack } = stacks;
  const { session_handle: handle } = await stack.signIn(stack.users.alice);
  for (const path of ['/private/', '/admin/', '/strong/', '/reading/', '/either/', '/tenant/', '/open/']) {
    for (const user of [undefined, 'alice']) {
      const { json } = await guard(stack, ['explain', path, '--ip', '127.0.0.1', ...(user ? ['--user', user] : [])]);
      const answer = await stack.client.get(path, { headers: { Accept: 'application/json', ...(user && { 'X-Session-Id': handle }) } });
      assert.equal(answer.status, json.status, `${path} by ${user ?? 'a stranger'}`);
      const page = await stack.client.get(path, { headers: { Accept: 'text/html', 'Sec-Fetch-Mode': 'navigate' } });
      if (!user) assert.equal(page.headers.location ?? null, json.location, path);
    }
  }
});

test('explain: somebody locked, or who has to choose a new password', async () => {
  const { lighttpd: stack } = stacks;
  stack.must(['user', 'lock', 'bob']);
  const locked = await guard(stack, ['explain', '/private/', '--user', 'bob'], { json: false });
  assert.match(locked.stdout, /bob, who is locked: no session of theirs counts\n/);
  assert.match(locked.stdout, /refused \(has to sign in\)/);
  stack.must(['user', 'unlock', 'bob']);
  stack.must(['user', 'compromised', 'bob']);
  const pending = await guard(stack, ['explain', '/private/', '--user', 'bob']);
  assert.equal(pending.json.verdict, 'complete');
  assert.equal(pending.json.location, `${stack.base}/account/password?return_to=%2Fprivate%2F`);
});

test('the command line', async () => {
  const { lighttpd: stack } = stacks;
  for (const args of [['explain'], ['check'], ['explain', '/a', '/b'], ['explain', '/a', '--aal2'], ['explain', '/a', '--tenant', 'acme'],
    ['explain', '/a', '--method', 'get'], ['explain', '/a', '--ip', '10.0.0.0/8'], ['explain', '/a', '--user', 'alice', '--signed-in', 'yesterday'],
    ['check', '/a', '--method', 'GET'], ['explain', '/a', '--ca', 'x']]) {
    const run = await guard(stack, args);
    assert.equal(run.code, 2, `${args}: ${run.stdout}`);
    assert.equal(run.stdout, '');
  }
  assert.equal((await guard(stack, ['explain', '/a', '--user', 'nobody'])).code, 1);
  assert.equal((await guard(stack, ['explain', '/a', '--user', 'alice', '--tenant', 'nowhere'])).code, 1);
});

const check = (stack, ...args) => guard(stack, ['check', '--ca', stack.caFile, ...args]);
const rank = { ok: 0, warn: 1, fail: 2 };
const worst = (run, name) => run.json.checks.filter((each) => each.name === name).sort((a, b) => rank[b.result] - rank[a.result])[0];

function expect(run, name, result, detail, advice = /./) {
  const found = worst(run, name);
  assert.ok(found, `${name}: ${run.stdout}${run.stderr}`);
  assert.equal(found.result, result, found.detail);
  assert.match(found.detail, detail);
  assert.match(found.advice, advice);
  assert.equal(run.code, run.json.checks.some((each) => each.result === 'fail') ? 1 : 0);
}

for (const name of ['lighttpd', 'apache-proxy']) {
  test(`${name}: what is guarded passes every check, and the session that was made is gone`, async () => {
    const stack = stacks[name];
    const was = stack.count('session');
    const run = await check(stack, '/private/', `${stack.origin}/private/index.html`, '--user', 'alice');
    assert.equal(run.code, 0, run.stdout);
    assert.equal(run.stderr, '');
    const names = ['stranger', 'browser', 'methods', 'names', 'spellings', 'served', 'cache', 'revocation'];
    assert.deepEqual(run.json.checks.map((each) => `${each.result} ${each.name}`), [...names, ...names].map((each) => `ok ${each}`));
    assert.ok(!/gps_/.test(run.stdout));
    assert.equal(stack.count('session'), was);
    const events = JSON.parse(stack.must(['audit', 'list', '--user', 'alice', '--event', 'session_tried', '--json']).stdout).events;
    assert.equal(events.length, 2);
    assert.equal(events[0].detail, 'gatepost guard check');
    const ended = stack.sql("SELECT HEX(session_id) AS id FROM audit_event WHERE event = 'session_ended'").map(({ id }) => id);
    for (const { id } of stack.sql("SELECT HEX(session_id) AS id FROM audit_event WHERE event = 'session_tried'")) assert.ok(ended.includes(id));
    assert.equal((await check(stack, '/admin', '/tenant', '/reading/')).code, 0, 'without a slash, and without a user');
  });

  test(`${name}: what the rules refuse is said with the rule; what a session cannot step up to is no failure`, async () => {
    const stack = stacks[name];
    expect(await check(stack, '/admin/', '--user', 'alice'), 'served', 'fail', /refused \(403\).*gatepost\.conf:\d+: \[protect "\/admin"\].*may not/, /guard explain/);
    expect(await check(stack, '/admin/', '--user', 'admin'), 'served', 'warn', /refused \(401\) until it is confirmed.*max-age:5m/, /cannot step up/);
    expect(await check(stack, '/strong/', '--user', 'alice'), 'served', 'warn', /until it is confirmed.*aal2/);
    expect(await check(stack, '/open/'), 'address', 'warn', /is public by .*gatepost\.conf:\d+$/);
    expect(await check(stack, '/auth/login'), 'address', 'warn', /Gatepost's own/);
    expect(await check(stack, '/near/'), 'stranger', 'warn', /its network: may allow here/, /from outside/);
    expect(await check(stack, '//private/'), 'address', 'fail', /not canonical: it has two slashes/);
    expect(await check(stack, 'https://other.example/'), 'address', 'fail', /no address of origin/);
  });

  test(`${name}: an alias that nobody guards`, async () => {
    const stack = stacks[name];
    const run = await check(stack, '/files/', '--user', 'alice');
    expect(run, 'stranger', 'fail', /NOT GUARDED: it is served without a session \(200\)/, name === 'lighttpd' ? /\$HTTP\["url"\]/ : /Require all granted/);
    assert.equal(run.json.checks.length, 1, 'what a session does proves nothing then, and none is made');
  });
}

test('lighttpd: check-local as it comes, and a guard for GET only', async () => {
  const { lighttpd: stack } = stacks;
  const run = await check(stack, '/local/');
  expect(run, 'stranger', 'ok', /refused \(401\)/, /^$/);
  expect(run, 'names', 'fail', /gatepost-check-[0-9a-f]{12}.* answered 404 .*nobody was asked/, /"check-local" => "disable"/);
  expect(await check(stack, '/local/missing'), 'stranger', 'fail', /answered 404 without a session, so nobody was asked/, /check-local/);
  const half = await check(stack, '/alias/', '--user', 'alice');
  expect(half, 'stranger', 'ok', /refused/, /^$/);
  expect(half, 'methods', 'fail', /NOT GUARDED against (HEAD|OPTIONS), which is answered 200/, /condition on the method/);
  expect(half, 'cache', 'fail', /neither private nor no-store/, /guarded\.conf/);
});

test('Apache: every trap of Require is found, with what to do', async () => {
  const stack = stacks['apache-proxy'];
  for (const path of ['/local/', '/alias/', '/granted/']) {
    const run = await check(stack, path);
    expect(run, 'stranger', 'fail', /NOT GUARDED: it is served without a session \(200\)/, /a second Require|Require all granted/);
  }
});

test('a worker that is gone refuses, but is no guard that answers; a web server that is gone is no refusal', async () => {
  for (const stack of Object.values(stacks)) {
    await stack.worker.stop();
    const run = await check(stack, '/private/');
    expect(run, 'stranger', 'fail', /is refused \(50[03]\), but not by Gatepost/, /is the worker running/);
    stack.startWorker();
    await stack.ready();
  }
  const run = await guard(stacks.lighttpd, ['check', '/private/', '--ca', stacks.lighttpd.caFile, '--resolve', `localhost:${stacks.lighttpd.port}:127.0.0.9`]);
  expect(run, 'stranger', 'fail', /no answer: /, /--resolve/);
});

test('somebody who cannot sign in gets no session', async () => {
  const { lighttpd: stack } = stacks;
  const was = stack.count('session');
  stack.must(['user', 'lock', 'bob']);
  expect(await check(stack, '/private/', '--user', 'bob'), 'served', 'fail', /cannot sign in: locked/);
  stack.must(['user', 'unlock', 'bob']);
  assert.equal(stack.count('session'), was);
});

// Between command and web server, at another address of the same port: seen(request, path) may do something first.
async function between(stack, seen, act) {
  const pem = readFileSync(join(stack.dir, 'server.pem'));
  const server = tlsServer({ key: pem, cert: pem }, (request, answer) => {
    request.resume().on('end', async () => {
      await seen(request);
      const onward = tlsRequest({ host: '127.0.0.1', servername: 'localhost', port: stack.port, method: request.method, path: request.url,
        headers: request.headers, ca: readFileSync(stack.caFile) }, (back) => {
        answer.writeHead(back.statusCode, Object.entries(back.headers).filter(([name]) => !/^(transfer-encoding|connection)$/.test(name)).flat());
        back.pipe(answer);
      });
      onward.on('error', () => answer.destroy()).end();
    });
  });
  await new Promise((resolve, reject) => server.once('error', reject).listen(stack.port, '127.0.0.2', resolve));
  try {
    await act(['--resolve', `localhost:${stack.port}:127.0.0.2`]);
  } finally {
    server.closeAllConnections?.();
    await new Promise((resolve) => server.close(resolve));
  }
}

test('a signal in the middle leaves no session behind; killed, it is over in a minute', async () => {
  const { lighttpd: stack } = stacks;
  const rows = () => stack.sql("SELECT (expires_at - created_at) / 1000000 AS life FROM session WHERE device_name = 'gatepost guard check'")
    .map(({ life }) => Number(life));
  for (const [signal, left] of [['SIGTERM', []], ['SIGINT', []], ['SIGKILL', [60]]]) {
    let child, there;
    const seen = (request) => {
      if (!request.headers['x-session-id'] || there) return;
      there = rows();
      child.child.kill(signal);
    };
    await between(stack, seen, async (args) => {
      child = start(programs.ctl, ['--config', stack.config.file, 'guard', 'check', '/private/', '--user', 'alice', '--ca', stack.caFile, ...args],
        { env: { ...process.env, GATEPOST_CONFIG: '' } });
      assert.equal((await child.exited).signal, signal);
    });
    assert.deepEqual(there, [60]);
    assert.deepEqual(rows(), left);
  }
});
