// gatepost doctor about the guard: what listens on its sockets, what the web server asks it, and whom the rules name.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { END, STDOUT, record } from '../support/fastcgi.mjs';
import { programs, source, startStack } from '../support/harness.mjs';
import { start, until } from '../support/stack.mjs';

let stack;
before(async () => {
  stack = await startStack({
    guard: true,
    settings: {
      guard: { ticket: 'backend' },
      'protect "/private/"': { require: 'user' },
      'protect "/admin dir/"': { require: 'role:admin' },
      'protect "/open/"': { require: 'public' },
      'client shop': { services: 'backend' },
    },
    extra: `
var.gatepost_guard = "@GUARD_SOCKET@"
include "${source}/conf/lighttpd/guard.conf"
index-file.names = ( "index.html" )
$HTTP["url"] =~ "^/(private|admin dir|open)(/|$)" { include "${source}/conf/lighttpd/guarded.conf" }
# Its default: only files that exist are guarded.
$HTTP["url"] =~ "^/local(/|$)" {
  fastcgi.server += ( "/" => (( "socket" => var.gatepost_guard, "mode" => "authorizer" )) )
}`,
  });
  for (const folder of ['private', 'admin dir', 'open', 'local', 'forgotten']) {
    mkdirSync(join(stack.dir, 'www', folder), { recursive: true, mode: 0o755 });
    writeFileSync(join(stack.dir, 'www', folder, 'index.html'), 'here\n', { mode: 0o644 });
  }
  stack.must(['service', 'add', 'backend', '--scope', 'introspect', '--secret-file', join(stack.dir, 'backend.secret')]);
});
after(() => stack?.stop());

const noMigrate = { GATEPOST_DATABASE_MIGRATE_PASSWORD_FILE: '/nonexistent' };
const rank = { ok: 0, warn: 1, fail: 2 };

async function doctor(args = ['--offline'], { config = stack.config.file, env = noMigrate } = {}) {
  const child = start(programs.ctl, ['--config', config, 'doctor', '--json', ...args], { env: { ...process.env, GATEPOST_CONFIG: '', ...env } });
  let stdout = '', stderr = '';
  child.child.stdout.on('data', (chunk) => { stdout += chunk; });
  child.child.stderr.on('data', (chunk) => { stderr += chunk; });
  const { code } = await child.exited;
  const { checks } = stdout ? JSON.parse(stdout) : { checks: [] };
  const all = (name) => checks.filter((check) => check.name === name);
  return { code, stdout, stderr, checks, all, of: (name) => all(name).sort((a, b) => rank[b.result] - rank[a.result])[0] };
}

const online = () => ['--ca', stack.caFile, '--no-drill'];

function expect(run, name, result, detail, advice = /./) {
  const check = run.of(name);
  assert.ok(check, `${name} is there: ${run.stderr}${run.stdout}`);
  assert.equal(check.result, result, `${name}: ${check.detail}`);
  assert.match(check.detail, detail);
  assert.match(check.advice, advice);
  assert.equal(run.code, run.checks.some((each) => each.result === 'fail') ? 1 : 0);
}

function configWith(edit, name = 'other.conf') {
  const file = join(stack.dir, name);
  const text = readFileSync(stack.config.file, 'utf8');
  const other = edit(text);
  assert.notEqual(other, text);
  writeFileSync(file, other, { mode: 0o600 });
  return file;
}
const adding = (sections) => configWith((text) => `${text}\n${sections}\n`);

test('a healthy guard: its sockets refuse strangers, the web server asks it, and whom the rules name exists', async () => {
  const run = await doctor(online());
  assert.deepEqual(run.checks.filter(({ result, name }) => result === 'fail' && !['plain-http'].includes(name)), []);
  assert.deepEqual(run.all('guarded').map(({ detail }) => detail),
    ['/private: refused to strangers, however it is asked for', '/admin%20dir: refused to strangers, however it is asked for']);
  assert.deepEqual(run.all('authorizer').map(({ result, detail }) => `${result} ${/: (.*)/.exec(detail)[1]}`), Array(2).fill('ok a stranger is refused (401)'));
  expect(run, 'authorizer-owner', 'ok', /listens; note that any user of this host who takes the port/, /^$/);
  assert.equal(run.all('guard-credential').length, 1);
  expect(run, 'guard-credential', 'ok', /guarded\.lua/, /^$/);
  expect(run, 'rules', 'ok', /whom the 3 sections \[protect\] name exists/, /^$/);
  expect(run, 'services', 'ok', /exists/, /^$/);
  expect(run, 'signing-keys', 'ok', /in use, and the key file opens each/, /^$/);
  expect(run, 'account-guard', 'ok', /rights that it needs/, /^$/);
  expect(run, 'socket', 'ok', /./, /^$/);
});

// A foreign process on the port of the authorizer: what it answers to every request, or null for nothing.
async function foreign(answer, act) {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => (answer === null ? socket.destroy() : socket.end(answer)));
  });
  await new Promise((resolve, reject) => server.once('error', reject).listen(stack.guardPort, '127.0.0.1', resolve));
  try {
    await act();
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}
const end = record(END, Buffer.alloc(8));
const says = (text) => Buffer.concat([record(STDOUT, Buffer.from(text)), record(STDOUT), end]);

test('a foreign process on the port while the worker is down: whatever would be a grant is found', async () => {
  await stack.worker.stop();
  try {
    for (const grant of [says('Status: 200\r\n\r\n'), end, says('X-Nothing: here\r\n\r\n'), says('Location: /auth/login\r\n\r\n'), says('Status: 204 No Content\n\n')]) {
      await foreign(grant, async () =>
        expect(await doctor(), 'authorizer', 'fail', new RegExp(`^127\\.0\\.0\\.1:${stack.guardPort}: LETS STRANGERS IN: .*granted \\(20[04]\\)`), /find out what listens there/));
    }
    for (const [answer, detail] of [
      [says('Status: 401\r\nWWW-Authenticate: Basic realm="x"\r\n\r\n'), /refuses \(401\), but not as Gatepost does/],
      [says('Status: 302\r\nLocation: https://evil.example/\r\n\r\n'), /refuses \(302\), but not as Gatepost does/],
      [Buffer.from('HTTP/1.1 200 OK\r\n\r\n'), /no answer to an authorizer's request/],
      [record(STDOUT, Buffer.from('Status: 200\r\n\r\n')), /no answer to an authorizer's request/],
      [null, /no answer to an authorizer's request/],
    ]) await foreign(answer, async () => expect(await doctor(), 'authorizer', 'fail', detail));
    // Nobody there: nothing to ask, and the socket's check says so.
    const run = await doctor();
    assert.ok(run.all('socket').some(({ result, detail }) => result === 'fail' && detail === `127.0.0.1:${stack.guardPort}: nobody answers`), run.stdout);
    assert.equal(run.of('authorizer'), undefined);
  } finally {
    stack.startWorker();
    await stack.ready();
  }
});

test('a process of another user on the port is named', async () => {
  const root = process.getuid() === 0;
  await stack.worker.stop();
  const program = `require('node:net').createServer((socket) => { socket.on('error', () => {}); socket.destroy(); }).listen(${stack.guardPort}, () => console.log('ready'))`;
  const other = start(process.execPath, ['-e', program], { cwd: '/', ...(root && { uid: 65534, gid: 65534 }) });
  try {
    await until(() => other.output().includes('ready'), 'it listens');
    // Without root there is no other user to be: run_dir is somebody else's instead.
    const config = root ? stack.config.file : configWith((text) => text.replace(/^run_dir = .*$/m, 'run_dir = /usr'));
    expect(await doctor(['--offline'], { config }), 'authorizer-owner', 'fail', /listens, who is not the worker's user/, /stop that process/);
  } finally {
    await other.stop();
    stack.startWorker();
    await stack.ready();
  }
});

test('a worker with other rules than the file has lets in whom they let in', async () => {
  const config = adding('[protect "/"]\nrequire = user');
  expect(await doctor(['--offline'], { config }), 'authorizer', 'ok', /refused/, /^$/);
  const open = configWith((text) => text.replace('[protect "/private/"]\nrequire = user', '[protect "/"]\nrequire = public\n[protect "/private/"]\nrequire = public')
    .replace('require = role:admin', 'require = public'));
  expect(await doctor(['--offline'], { config: open }), 'authorizer', 'ok', /not asked: .* leaves nothing/, /^$/);
  const closed = configWith((text) => text.replace('[protect "/open/"]\nrequire = public', '[protect "/"]\nrequire = public\n[protect "/private/x"]\nrequire = public\n[protect "/open/"]\nrequire = user')
    .replace('[protect "/private/"]\nrequire = user', '[protect "/private/"]\nrequire = public').replace('require = role:admin', 'require = public'));
  expect(await doctor(['--offline'], { config: closed }), 'authorizer', 'fail', /LETS STRANGERS IN/, /reload it/);
});

test('a section that the web server does not ask for, and one that it asks for where files are', async () => {
  const forgotten = await doctor(online(), { config: adding('[protect "/forgotten/"]\nrequire = user') });
  expect(forgotten, 'guarded', 'fail', /^\/forgotten\/?: NOT GUARDED: it is served without a session \(200\)/, /\$HTTP\["url"\]/);
  const local = await doctor(online(), { config: adding('[protect "/local/"]\nrequire = user') });
  expect(local, 'guarded', 'fail', /^\/local\/: NOT GUARDED where no file is: .*nobody was asked/, /check-local/);
  const nothing = await doctor(online(), { config: adding('[protect "/nothing/"]\nrequire = user') });
  expect(nothing, 'guarded', 'fail', /^\/nothing: NOT GUARDED: it is answered 404 without a session/);
  const half = await doctor(online(), { config: adding('[protect "/half/"]\nrequire = public\nmethods = GET\n[protect "/half"]\nrequire = user\nmethods = POST') });
  assert.ok(half.all('guarded').every(({ detail, result }) => result === 'ok' && !detail.startsWith('/half')));
});

test('misspelled names in rules: a warning each, with the line', async () => {
  stack.must(['tenant', 'add', 'acme']);
  const config = adding(`[protect "/one/"]
require = role:admn, role:admin
[protect "/two/"]
require = permission:users:mange | permission:users:manage
[protect "/three/"]
require = tenant:acme
[protect "/four/"]
require = tenant:Acme | tenant
[protect "/five/"]
require = user:alice | user:ALICE@example.org | user:alicia`);
  const run = await doctor(['--offline'], { config });
  const line = (what) => readFileSync(config, 'utf8').split('\n').indexOf(`[protect "/${what}/"]`) + 1;
  assert.deepEqual(run.all('rules').map(({ result, detail }) => `${result} ${detail}`), [['one', 'role:admn'], ['two', 'permission:users:mange'],
    ['four', 'tenant:Acme'], ['five', 'user:alicia']].map(([section, term]) => `warn ${config}:${line(section)}: ${term}: there is no such one`));
  assert.equal(run.code, 0, run.stdout);
});

test('services that do not exist: of tickets, and of a client', async () => {
  const guard = await doctor(['--offline'], { config: configWith((text) => text.replace('ticket = backend', 'ticket = backed')) });
  expect(guard, 'services', 'warn', /^\[guard\] ticket: there is no service backed$/, /service add/);
  const section = await doctor(['--offline'], { config: adding('[protect "/one/"]\nrequire = user\nticket = other') });
  expect(section, 'services', 'warn', /other\.conf:\d+: ticket: there is no service other$/);
  const client = await doctor(['--offline'], { config: configWith((text) => text.replace('services = backend', 'services = backend bakend')) });
  expect(client, 'services', 'warn', /^\[client shop\] services: there is no service bakend$/);
});

test('a signing key that does not open is a failure', async () => {
  const [{ n }] = stack.sql('SELECT COUNT(*) AS n FROM signing_key');
  assert.ok(Number(n) > 0);
  const [{ sealed, kid }] = stack.sql("SELECT HEX(seed) AS sealed, HEX(kid) AS kid FROM signing_key WHERE state = 2");
  stack.sql(`UPDATE signing_key SET seed = REPEAT('x', LENGTH(seed)) WHERE kid = UNHEX('${kid}')`);
  expect(await doctor(), 'signing-keys', 'fail', /./, /key rotate --now/);
  stack.sql(`UPDATE signing_key SET seed = UNHEX('${sealed}') WHERE kid = UNHEX('${kid}')`);
  expect(await doctor(), 'signing-keys', 'ok', /opens each/, /^$/);
});

test('where there is an authorizer its database account must connect; where there is none it may be out of reach', async () => {
  const noGuard = { ...noMigrate, GATEPOST_DATABASE_GUARD_PASSWORD_FILE: '/nonexistent' };
  expect(await doctor(['--offline'], { env: noGuard }), 'account-guard', 'fail', /cannot be read: .*guard/, /migrate/);
  const without = configWith((text) => text.replace(/\[listen guard[^\]]*\][^[]*/g, ''));
  const run = await doctor(['--offline'], { env: noGuard, config: without });
  expect(run, 'account-guard', 'ok', /not looked at/, /^$/);
  assert.equal(run.of('authorizer'), undefined);
  assert.equal(run.of('guard-credential'), undefined);
});
