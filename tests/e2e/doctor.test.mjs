// gatepost doctor: a healthy server is all ok; each fault, made for real, is named by the check whose business it is.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { chmodSync, chownSync, copyFileSync, cpSync, mkdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer as httpServer } from 'node:http';
import { createServer as tlsServer, request as tlsRequest } from 'node:https';
import { join } from 'node:path';
import { programs, source, startStack } from '../support/harness.mjs';
import { freePort, start, until } from '../support/stack.mjs';

let stack;
let httpPort;
before(async () => {
  httpPort = await freePort();
  stack = await startStack({
    settings: { mail: { transport: 'sendmail', from: 'accounts@example.org' } },
    extra: `
server.modules += ( "mod_redirect" )
$SERVER["socket"] == "127.0.0.1:${httpPort}" { ssl.engine = "disable" }
$HTTP["scheme"] == "http" { url.redirect = ( "" => "https://localhost\${url.path}" ) }`,
  });
});
after(() => stack?.stop());

const root = process.getuid() === 0;
const noMigrate = { GATEPOST_DATABASE_MIGRATE_PASSWORD_FILE: '/nonexistent' };

// One run: {code, checks, stdout, stderr, of(name) (the worst check of that name)}.
async function doctor(args = [], { env = noMigrate, config = stack.config.file, json = true, whileRunning } = {}) {
  const child = start(programs.ctl, ['--config', config, 'doctor', ...(json ? ['--json'] : []), ...args],
    { env: { ...process.env, GATEPOST_CONFIG: '', ...env } });
  let stderr = '';
  child.child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  let stdout = '';
  child.child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  await whileRunning?.(child);
  const { code, signal } = await child.exited;
  const result = json && stdout ? JSON.parse(stdout) : { checks: [] };
  const rank = { ok: 0, warn: 1, fail: 2 };
  return {
    code, signal, stdout, stderr, ...result,
    of: (name) => result.checks.filter((check) => check.name === name).sort((a, b) => rank[b.result] - rank[a.result])[0],
    bad: () => result.checks.filter(({ result: how }) => how !== 'ok').map(({ name, result: how, detail }) => `${how} ${name} ${detail}`),
  };
}

const offline = (options) => doctor(['--offline'], options);
const online = () => ['--ca', stack.caFile, '--http-port', String(httpPort)];

function expect(run, name, result, detail, advice = /./) {
  const check = run.of(name);
  assert.ok(check, `${name} is there: ${run.stderr}${run.stdout}`);
  assert.equal(check.result, result, `${name}: ${check.detail}`);
  assert.match(check.detail, detail);
  assert.match(check.advice, advice);
  assert.equal(run.code, run.checks.some((each) => each.result === 'fail') ? 1 : 0);
  assert.equal(run.ok, run.code === 0);
}

// A copy of the configuration with other lines.
function configWith(edit, name = 'other.conf') {
  const file = join(stack.dir, name);
  writeFileSync(file, edit(readFileSync(stack.config.file, 'utf8')), { mode: 0o600 });
  return file;
}

async function withMode(path, mode, act) {
  const was = statSync(path).mode & 0o7777;
  chmodSync(path, mode);
  try {
    await act();
  } finally {
    chmodSync(path, was);
  }
}

const rows = () => ['user', 'password', 'session', 'device', 'rotation', 'user_role', 'membership'].map((table) => stack.count(table));

test('a healthy server: every line ok, exit 0, and the drill leaves nothing behind', async () => {
  const was = rows();
  const run = await doctor(online());
  // Where everything is one user, the web server's user can of course read the worker's files.
  assert.deepEqual(run.bad().filter((line) => root || !line.startsWith('warn secret-readers')), []);
  assert.equal(run.code, 0, run.stderr);
  assert.equal(run.ok, true);
  assert.equal(run.stderr, '');
  assert.deepEqual(rows(), was);
  const names = run.checks.map(({ name }) => name);
  for (const name of ['config', 'key-file', 'run-dir', 'templates', 'openapi', 'blocklist', 'folders', 'secret-readers', 'migrate-password', 'socket', 'database',
    'clock', 'schema', 'grants', 'factors', 'purge', 'restore', 'account-migrate', 'account-web', 'account-hash', 'account-guard', 'certificate', 'health', 'hsts',
    'headers', 'host', 'plain-http', 'x-session-id', 'authorization', 'look-alike', 'no-store', 'cookie', 'cookie-arrives', 'revocation']) {
    assert.ok(names.includes(name), name);
  }
  assert.match(run.of('socket').detail, new RegExp(`process ${stack.worker.pid} of `));
  assert.match(run.of('revocation').detail, /by 3 of 3 ways/);
  for (const { result, advice } of run.checks) assert.equal(advice === '', result === 'ok');
  assert.ok(!/gps_|__Host-gatepost=/.test(run.stdout), 'no credential is printed');
  for (const role of ['web', 'hash', 'guard', 'migrate']) assert.ok(!run.stdout.includes(stack.database.accounts[role].password));
});

test('for a person: one line a check', async () => {
  const run = await doctor(['--offline'], { json: false });
  assert.equal(run.code, 0);
  for (const line of run.stdout.trimEnd().split('\n')) assert.match(line, /^(ok  |warn)  [a-z-]+  \S/);
  await withMode(stack.config.sections.server.key_file, 0o644, async () => {
    const bad = await doctor(['--offline'], { json: false });
    assert.equal(bad.code, 1);
    assert.match(bad.stdout, /^fail  key-file  .*others can reach it.*; .*gatepost setup/m);
  });
});

test('the command line and what cannot be examined at all', async () => {
  for (const args of [['--offline', '--ca', 'x'], ['--offline', '--no-drill'], ['--insecure'], ['--ca'],
    ['--http-port', 'http'], ['--http-port', '65536'], ['--resolve', 'localhost'], ['--resolve', 'localhost:https:127.0.0.1']]) {
    const run = await doctor(args);
    assert.equal(run.code, 2, args.join(' '));
    assert.equal(run.stdout, '');
  }
  const broken = await offline({ config: configWith((text) => `${text}[session]\nfresh = never\n`) });
  assert.equal(broken.code, 3);
  assert.match(broken.stderr, /other\.conf:\d+: /);
  await withMode(join(stack.dir, 'web.password'), 0o644, async () => {
    const run = await offline();
    assert.equal(run.code, 3);
    assert.match(run.stderr, /web\.password: others can reach it/);
  });
});

test('the migrate password within the worker\'s reach is a warning; then migrations and that account are looked at too', async () => {
  const run = await offline({ env: {} });
  expect(run, 'migrate-password', 'warn', /migrate\.password can be read by /, /drop every table/);
  expect(run, 'schema', 'ok', /version \d+, applied as the files are/, /^$/);
  expect(run, 'account-migrate', 'ok', /rights that it needs/, /^$/);
});

test('config, key file, run_dir: modes and age', async () => {
  const { key_file: key, run_dir: runDir } = stack.config.sections.server;
  await withMode(stack.config.file, 0o664, async () => expect(await offline(), 'config', 'warn', /mode 0664/, /chmod go-w/));
  await withMode(key, 0o604, async () => expect(await offline(), 'key-file', 'fail', /others can reach it/));
  const { atime, mtime } = statSync(key);
  utimesSync(key, atime, new Date(Date.now() - 400 * 86400 * 1000));
  expect(await offline(), 'key-file', 'warn', /1 root key in use, changed (399|400) days ago/, /key rotate-root/);
  utimesSync(key, atime, mtime);
  const without = configWith((text) => text.replace(/^key_file = .*$/m, 'key_file = /nonexistent/keys'));
  expect(await offline({ config: without }), 'key-file', 'fail', /\/nonexistent\/keys/);
  await withMode(runDir, 0o770, async () => expect(await offline(), 'run-dir', 'warn', /its group/, /chmod g-w/));
  await withMode(runDir, 0o777, async () => expect(await offline(), 'run-dir', 'fail', /everybody/, /chmod o-w/));
  const nowhere = configWith((text) => text.replace(/^run_dir = .*$/m, 'run_dir = /nonexistent'));
  expect(await offline({ config: nowhere }), 'run-dir', 'fail', /not a directory/);
});

test('a blocklist that is not there', async () => {
  const config = configWith((text) => text.replace(/^blocklist = .*$/m, 'blocklist = /nonexistent/blocklist.txt'));
  expect(await offline({ config }), 'blocklist', 'fail', /nonexistent/, /install the file again/);
});

test('a description of the API that is not there', async () => {
  const config = configWith((text) => text.replace(/^openapi = .*$/m, 'openapi = /nonexistent/openapi.yaml'));
  expect(await offline({ config }), 'openapi', 'fail', /nonexistent/, /install the file again/);
});

test('templates and folders that others may write', async () => {
  const templates = join(stack.dir, 'templates');
  cpSync(join(source, 'templates'), templates, { recursive: true });
  const config = configWith((text) => text.replace(/^template_dir = .*$/m, `template_dir = ${templates}`));
  expect(await offline({ config }), 'templates', 'ok', /loads/, /^$/);
  await withMode(join(templates, 'login.html'), 0o666, async () => expect(await offline({ config }), 'templates', 'fail', /login\.html/));
  await withMode(templates, 0o777, async () => expect(await offline({ config }), 'folders', 'fail', /templates, on the way to .*templates/, /chmod o-w/));
  const inner = join(stack.dir, 'open/inner');
  mkdirSync(inner, { recursive: true, mode: 0o755 });
  copyFileSync(stack.config.sections.server.key_file, join(inner, 'keys'));
  const keyed = configWith((text) => text.replace(/^key_file = .*$/m, `key_file = ${join(inner, 'keys')}`));
  chmodSync(join(inner, 'keys'), 0o600);
  await withMode(join(stack.dir, 'open'), 0o777, async () => expect(await offline({ config: keyed }), 'folders', 'fail', /open, on the way to .*keys/));
  await withMode(join(stack.dir, 'open'), 0o1777, async () => expect(await offline({ config: keyed }), 'folders', 'ok', /nobody else/, /^$/));
});

test('keys within reach of the web server\'s or PHP\'s user', async () => {
  if (!root) {
    // lighttpd runs as the user who owns the files: the one user that all of this is.
    expect(await offline(), 'secret-readers', 'warn', /can read .*keys/, /user of its own/);
    return;
  }
  const key = stack.config.sections.server.key_file;
  const group = Number(readFileSync('/etc/group', 'utf8').match(/^www-data:[^:]*:(\d+):/m)[1]);
  chownSync(key, 0, group);
  await withMode(key, 0o640, async () => {
    expect(await offline(), 'secret-readers', 'ok', /no user of a web server/, /^$/);
    await withMode(stack.dir, 0o711, async () => expect(await offline(), 'secret-readers', 'fail', /www-data can read .*keys/, /user of its own/));
  });
  chownSync(key, 0, 0);
});

test('sockets: open to others, no socket, nobody there, TCP, none of our own', async () => {
  const address = stack.config.sections['listen web'].address;
  await withMode(address, 0o666, async () => expect(await offline(), 'socket', 'fail', /open to others \(mode 0666\)/, /0660/));
  const listening = (at) => configWith((text) => text.replace(/^address = .*$/m, `address = ${at}`));
  expect(await offline({ config: listening(join(stack.dir, 'none')) }), 'socket', 'fail', /none: No such file/, /start the worker/);
  expect(await offline({ config: listening(stack.config.file) }), 'socket', 'fail', /is not a socket/);
  expect(await offline({ config: listening(`127.0.0.1:${stack.port}`) }), 'socket', 'warn', /somebody answers/, /unix socket/);
  expect(await offline({ config: listening(`127.0.0.1:${await freePort()}`) }), 'socket', 'fail', /nobody answers/);
  const none = configWith((text) => text.replace(/\[listen web\][^[]*/, ''));
  expect(await offline({ config: none }), 'socket', 'ok', /none of our own/, /^$/);
});

test('a worker that was killed: its socket answers nobody, health fails, what is overdue piles up', async () => {
  await stack.worker.stop('SIGKILL');
  stack.sql("INSERT INTO rotation (old_hash, session_id, epoch, proof_hash, nonce, repeat_until, purge_at) VALUES (REPEAT('a', 32), REPEAT('b', 16), 1, REPEAT('c', 32), REPEAT('d', 16), 1, 1)");
  stack.sql("INSERT INTO throttle (key_hash, bucket, short_start, short_count, long_start, long_count, failures, before_at, last_at, purge_at) VALUES (REPEAT('a', 32), 1, 1, 1, 1, 1, 1, 1, 1, 1)");
  const run = await doctor(online());
  expect(run, 'socket', 'fail', /nobody answers: Connection refused/, /start the worker/);
  expect(run, 'health', 'fail', /answers 50[0-9], not 200/, /worker does not answer/);
  expect(run, 'purge', 'warn', /0 sessions, 1 rotations, 1 throttle rows/, /is a worker running/);
  stack.sql("DELETE FROM throttle; DELETE FROM rotation WHERE purge_at = 1");
  stack.startWorker();
  await stack.ready();
});

test('sessions that nobody purged are counted', async () => {
  await stack.worker.stop();
  stack.sql(`INSERT INTO session (hash, id, epoch, carrier, class, state, value_used, client, created_at, last_seen, idle_end, expires_at, ip)
    VALUES (REPEAT('x', 32), REPEAT('y', 16), 1, 2, 4, 1, 1, 'app', 1, 1, 1, 1, '')`);
  expect(await offline(), 'purge', 'warn', /: 1 sessions/, /gatepost purge/);
  stack.must(['purge']);
  expect(await offline(), 'purge', 'ok', /nothing is overdue/, /^$/);
  stack.startWorker();
  await stack.ready();
});

test('a database that is gone is named; the other checks go on', async () => {
  const gone = configWith((text) => text.replace(/^socket = .*$/m, 'socket = /nonexistent/s'));
  const run = await doctor(online(), { config: gone });
  expect(run, 'database', 'fail', /account web: .*connect/i, /\[database\]/);
  expect(run, 'key-file', 'ok', /1 root key/, /^$/);
  expect(run, 'drill', 'fail', /needs the database/, /^$/);
  assert.equal(run.of('account-web'), undefined);
  const stranger = configWith((text) => text.replace(/^web_user = .*$/m, 'web_user = nobody_we_know'));
  expect(await offline({ config: stranger }), 'database', 'fail', /account web: Access denied/);
});

// Rights: made and taken by the server's administrator, given back by "gatepost migrate".
const account = (role) => `'${stack.database.accounts[role].user}'@'localhost'`;

async function withRights(change, undo, act) {
  stack.sql(change);
  try {
    await act();
  } finally {
    if (undo) stack.sql(undo);
    stack.must(['migrate']);
  }
}

test('ST-03: too few rights, by account, table and column', async () => {
  await withRights(`REVOKE UPDATE ON session FROM ${account('web')}`, '', async () =>
    expect(await offline(), 'account-web', 'fail', /^lacks UPDATE on session$/, /gatepost migrate/));
  await withRights(`REVOKE SELECT (hash) ON password FROM ${account('hash')}`, '', async () =>
    expect(await offline(), 'account-hash', 'fail', /^lacks SELECT \(hash\) on password$/));
  await withRights(`REVOKE UPDATE (idle_end) ON session FROM ${account('guard')}; REVOKE SELECT (email) ON user FROM ${account('guard')}`, '', async () =>
    expect(await offline(), 'account-guard', 'fail', /^lacks UPDATE \(idle_end\) on session; lacks SELECT \(email\) on user$/));
  await withRights(`REVOKE SELECT (version) ON schema_migration FROM ${account('hash')}`, '', async () =>
    expect(await offline(), 'account-hash', 'fail', /cannot be read: .*account hash/));
  await withRights(`REVOKE ALTER ON gatepost.* FROM ${account('migrate')}`, `GRANT ALTER ON gatepost.* TO ${account('migrate')}`, async () =>
    expect(await offline({ env: {} }), 'account-migrate', 'fail', /^lacks ALTER on \*$/));
  expect(await offline(), 'account-web', 'ok', /no other/, /^$/);
});

test('ST-03: too many rights: a warning, and a failure where a hash or the schema is within reach', async () => {
  const given = (what, role, result, detail) => withRights(`GRANT ${what} TO ${account(role)}`, `REVOKE ${what} FROM ${account(role)}`, async () =>
    expect(await offline({ env: {} }), `account-${role}`, result, detail, /REVOKE/));
  await given('SELECT (hash) ON password', 'web', 'fail', /^has too much: SELECT \(hash\) on password$/);
  await given('SELECT (hash) ON password', 'guard', 'fail', /^has too much: SELECT \(hash\) on password$/);
  await given('CREATE ON gatepost.*', 'web', 'fail', /^has too much: CREATE on \*$/);
  await given('TRIGGER ON session', 'hash', 'fail', /^has too much: TRIGGER on session$/);
  await given('FILE ON *.*', 'hash', 'fail', /^has too much: FILE on \*\.\*$/);
  await given('UPDATE (detail) ON audit_event', 'web', 'warn', /^has too much: UPDATE \(detail\) on audit_event$/);
  await given('SELECT (default_tenant) ON user', 'guard', 'warn', /^has too much: SELECT \(default_tenant\) on user$/);
  await given('SELECT ON mysql.help_topic', 'hash', 'warn', /^has too much: SELECT on mysql\.help_topic$/);
  await given('SELECT ON mysql.help_topic', 'migrate', 'warn', /^has too much: SELECT on mysql\.help_topic$/);
  await withRights(`GRANT DELETE ON tenant TO ${account('web')} WITH GRANT OPTION`, `REVOKE GRANT OPTION ON tenant FROM ${account('web')}`, async () =>
    expect(await offline(), 'account-web', 'fail', /may pass on DELETE on tenant/));
  await withRights(`CREATE ROLE helper; GRANT helper TO ${account('hash')}`, 'DROP ROLE helper', async () =>
    expect(await offline(), 'account-hash', 'fail', /^has too much: ROLE helper on \*\.\*$/));
  expect(await offline(), 'account-hash', 'ok', /no other/, /^$/);
});

test('grants columns that somebody wrote by hand are named by user', async () => {
  const id = (name) => JSON.parse(stack.must(['user', 'show', name, '--json']).stdout).id;
  stack.sql("UPDATE user SET grants = 'role:admin' WHERE username = 'bob'");
  const run = await offline();
  expect(run, 'grants', 'fail', new RegExp(`of user ${id('bob')}$`), /role/);
  stack.sql("UPDATE user SET grants = '' WHERE username IN ('bob', 'admin')");
  expect(await offline(), 'grants', 'fail', new RegExp(`of user ${id('admin')}$`));
  stack.sql("UPDATE user SET grants = 'elevated perm:users:manage role:admin' WHERE username = 'admin'");
  stack.sql("INSERT INTO membership (user_id, tenant_id, grants, created_at) SELECT id, REPEAT('t', 16), 'role:admin', 1 FROM user WHERE username = 'alice'");
  expect(await offline(), 'grants', 'fail', new RegExp(`of user ${id('alice')}$`));
  stack.sql('DELETE FROM membership');
  expect(await offline(), 'grants', 'ok', /all users/, /^$/);
});

test('second factors that somebody wrote by hand are named by user', async () => {
  const id = (name) => JSON.parse(stack.must(['user', 'show', name, '--json']).stdout).id;
  expect(await offline(), 'factors', 'ok', /all users/, /^$/);
  // Whose column says nothing signs in with a password alone.
  stack.sql("INSERT INTO totp (user_id, root, secret, last_step, confirmed_at) SELECT id, 1, REPEAT('s', 60), 1, 1 FROM user WHERE username = 'bob'");
  expect(await offline(), 'factors', 'fail', new RegExp(`of user ${id('bob')}$`), /second factor/);
  stack.sql("UPDATE user SET factors = 1 WHERE username IN ('bob', 'alice')");
  expect(await offline(), 'factors', 'fail', new RegExp(`of user ${id('alice')}$`));
  stack.sql('UPDATE user SET factors = 0; DELETE FROM totp');
  expect(await offline(), 'factors', 'ok', /all users/, /^$/);
});

test('migrations: changed after they were applied, not applied yet', async () => {
  const [{ sum }] = stack.sql('SELECT HEX(sha256) AS sum FROM schema_migration WHERE version = 1');
  stack.sql("UPDATE schema_migration SET sha256 = REPEAT('x', 32) WHERE version = 1");
  expect(await offline({ env: {} }), 'schema', 'fail', /001_\w+\.sql was changed after it was applied/, /put back/);
  stack.sql(`UPDATE schema_migration SET sha256 = UNHEX('${sum}') WHERE version = 1`);
  const dir = join(stack.dir, 'sql');
  cpSync(join(source, 'sql'), dir, { recursive: true });
  writeFileSync(join(dir, '999_more.sql'), 'SELECT 1');
  const newest = Number(stack.sql('SELECT MAX(version) AS n FROM schema_migration')[0].n);
  copyFileSync(join(dir, '999_more.sql'), join(dir, `${String(newest + 1).padStart(3, '0')}_more.sql`));
  rmSync(join(dir, '999_more.sql'));
  const config = configWith((text) => text.replace(/^sql_dir = .*$/m, `sql_dir = ${dir}`));
  expect(await offline({ env: {}, config }), 'schema', 'warn', new RegExp(`version ${newest}, but there are migrations up to ${newest + 1}`), /gatepost migrate/);
});

/*
 * Something between doctor and web server, at another address of the same port: asks(request headers) may change
 * what is passed on, answers(answer {status, headers: [[name, value], …], path}) what comes back.
 */
async function between({ asks = () => {}, answers = () => {} }, act) {
  const pem = readFileSync(join(stack.dir, 'server.pem'));
  const ca = readFileSync(stack.caFile);
  const server = tlsServer({ key: pem, cert: pem }, (request, answer) => {
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', async () => {
      const headers = { ...request.headers };
      if ((await asks(headers, request)) === 'cut') {
        request.socket.destroy();
        return;
      }
      const onward = tlsRequest({ host: '127.0.0.1', servername: 'localhost', port: stack.port, method: request.method, path: request.url, headers, ca }, (back) => {
        const parts = [];
        back.on('data', (chunk) => parts.push(chunk));
        back.on('end', () => {
          const list = [];
          for (let i = 0; i < back.rawHeaders.length; i += 2) list.push([back.rawHeaders[i], back.rawHeaders[i + 1]]);
          const out = { status: back.statusCode, headers: list, body: Buffer.concat(parts), request };
          answers(out);
          answer.writeHead(out.status, out.headers.filter(([name]) => !/^(transfer-encoding|connection)$/i.test(name)).flat());
          answer.end(out.body);
        });
      });
      onward.on('error', () => answer.destroy());
      onward.end(Buffer.concat(chunks));
    });
  });
  await new Promise((resolve, reject) => server.once('error', reject).listen(stack.port, '127.0.0.2', resolve));
  try {
    await act([...online(), '--resolve', `localhost:${stack.port}:127.0.0.2`]);
  } finally {
    server.closeAllConnections?.();
    await new Promise((resolve) => server.close(resolve));
  }
}

const dropping = (name) => ({ asks: (headers) => void delete headers[name] });
const mangling = (name, change) => ({
  answers: (answer) => {
    answer.headers = answer.headers.flatMap(([key, value]) => {
      if (key.toLowerCase() !== name) return [[key, value]];
      const other = change(value);
      return other === null ? [] : [[key, other]];
    });
  },
});

test('nothing in between changes anything: all ok by --resolve too', async () => {
  await between({}, async (args) => assert.deepEqual((await doctor(args)).checks.filter(({ result }) => result === 'fail'), []));
});

test('certificates: an unknown authority, a file that is none, another host', async () => {
  expect(await doctor([]), 'certificate', 'fail', /certificate|CA/i, /--ca FILE/);
  expect(await doctor(['--ca', stack.config.file]), 'certificate', 'fail', /./);
  const other = configWith((text) => text.replace(/^origin = .*$/m, `origin = https://other.example:${stack.port}`));
  const run = await doctor(['--ca', stack.caFile, '--resolve', `other.example:${stack.port}:127.0.0.1`], { config: other });
  expect(run, 'certificate', 'fail', /other\.example/);
  assert.equal(run.of('health'), undefined, 'nothing is sent to whom it may not concern');
});

test('nobody there, a path that leads elsewhere', async () => {
  expect(await doctor([...online(), '--resolve', `localhost:${stack.port}:127.0.0.9`]), 'health', 'fail', /connect/i, /--resolve/);
  const elsewhere = configWith((text) => text.replace(/^base_path = .*$/m, 'base_path = /elsewhere'));
  expect(await doctor(online(), { config: elsewhere }), 'health', 'fail', /elsewhere\/health\?ready answers 404/, /does not lead to it/);
});

test('no CGIPassAuth: a web server that keeps Authorization for itself is named, with the directive', async () => {
  await between(dropping('authorization'), async (args) =>
    expect(await doctor(args), 'authorization', 'fail', /by Authorization is answered 401/, /CGIPassAuth On.*FcgidPassHeader Authorization/));
  await between(dropping('x-session-id'), async (args) => {
    const run = await doctor(args);
    expect(run, 'x-session-id', 'fail', /by X-Session-Id is answered 401/, /FcgidPassHeader X-Session-Id/);
    expect(run, 'authorization', 'ok', /arrives/, /^$/);
    expect(run, 'revocation', 'ok', /by 2 of 3 ways/, /^$/);
  });
  await between(dropping('cookie'), async (args) => expect(await doctor(args), 'cookie-arrives', 'fail', /by Cookie is answered 401/));
});

test('a lighttpd without the shipped snippet: Authorization taken away, underscores pose', async () => {
  const file = join(stack.dir, 'bare.conf');
  writeFileSync(file, `
server.document-root = "${join(stack.dir, 'www')}"
server.bind = "127.0.0.3"
server.port = ${stack.port}
server.modules = ( "mod_openssl", "mod_setenv", "mod_fastcgi" )
ssl.engine = "enable"
ssl.pemfile = "${join(stack.dir, 'server.pem')}"
setenv.set-request-header = ( "Authorization" => "" )
fastcgi.server = ( "/auth" => (( "socket" => "${stack.config.sections['listen web'].address}", "check-local" => "disable" )) )
`);
  const bare = start('lighttpd', ['-D', '-f', file], { env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` } });
  const args = [...online(), '--resolve', `localhost:${stack.port}:127.0.0.3`];
  try {
    let run;
    await until(async () => {
      run = await doctor([...args, '--no-drill']);
      return run.of('health')?.result === 'ok';
    }, `lighttpd answers: ${bare.output()}`);
    run = await doctor(args);
    expect(run, 'authorization', 'fail', /answered 401/, /CGIPassAuth On/);
    expect(run, 'look-alike', 'fail', /X_Session_Id is taken for X-Session-Id/, /snippet/);
    expect(run, 'x-session-id', 'ok', /arrives/, /^$/);
  } finally {
    await bare.stop();
  }
});

test('CO-01, CO-02, CO-03: every attribute of the session cookie that is lost on the way is named', async () => {
  const ours = (change) => mangling('set-cookie', (value) => (value.startsWith('__Host-gatepost=') ? change(value) : value));
  for (const [change, flaw] of [
    [(value) => value.replace('; Secure', ''), /Secure is missing/],
    [(value) => value.replace('; HttpOnly', ''), /HttpOnly is missing/],
    [(value) => value.replace('SameSite=Lax', 'SameSite=None'), /SameSite is not Lax/],
    [(value) => value.replace('Path=/', 'Path=/auth'), /Path is not \//],
    [(value) => `${value}; Domain=localhost`, /it has a Domain/],
    [(value) => value.replace('__Host-', ''), /lost __Host-/],
    [() => null, /no session cookie arrives/],
  ]) {
    await between(ours(change), async (args) => expect(await doctor(args), 'cookie', 'fail', flaw, /Set-Cookie/));
  }
});

test('HSTS and the headers of every answer: lost, changed, twice', async () => {
  await between(mangling('strict-transport-security', () => null), async (args) =>
    expect(await doctor([...args, '--no-drill']), 'hsts', 'fail', /arrives as ""/, /web server/));
  await between(mangling('strict-transport-security', () => 'max-age=60'), async (args) =>
    expect(await doctor([...args, '--no-drill']), 'hsts', 'warn', /arrives as "max-age=60", configured are 31536000/));
  await between(mangling('content-security-policy', () => "default-src 'self'"), async (args) =>
    expect(await doctor([...args, '--no-drill']), 'headers', 'fail', /: Content-Security-Policy$/, /leave them to Gatepost/));
  await between(mangling('x-frame-options', () => null), async (args) =>
    expect(await doctor([...args, '--no-drill']), 'headers', 'fail', /X-Frame-Options/));
  await between({ answers: (answer) => void answer.headers.push(['Referrer-Policy', 'origin']) }, async (args) =>
    expect(await doctor([...args, '--no-drill']), 'headers', 'warn', /there twice: Referrer-Policy/));
  await between({ answers: (answer) => void (answer.status = answer.request.url.endsWith('/login') ? 500 : answer.status) }, async (args) =>
    expect(await doctor([...args, '--no-drill']), 'headers', 'fail', /login does not answer 200: 500/));
  await between({
    answers: (answer) => {
      if (answer.request.url.endsWith('/session')) answer.headers = answer.headers.filter(([name]) => !/^cache-control$/i.test(name));
    },
  }, async (args) => expect(await doctor(args), 'no-store', 'fail', /lacks Cache-Control: no-store/));
  const off = configWith((text) => text.replace('[server]', '[server]\nhsts = 0'));
  expect(await doctor([...online(), '--no-drill'], { config: off }), 'hsts', 'ok', /switched off/, /^$/);
});

test('a web server that hides a foreign Host', async () => {
  await between({ asks: (headers) => void (headers.host = `localhost:${stack.port}`) }, async (args) =>
    expect(await doctor([...args, '--no-drill']), 'host', 'fail', /foreign Host reaches Gatepost/, /HTTP_HOST/));
});

test('plain http: redirected, not there, refused without a redirect, served', async () => {
  const with_ = (port) => ['--ca', stack.caFile, '--http-port', String(port), '--no-drill'];
  expect(await doctor(with_(await freePort())), 'plain-http', 'warn', /does not answer/, /--http-port/);
  const answering = async (status, act) => {
    const server = httpServer((_, answer) => answer.writeHead(status).end());
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    await act(server.address().port);
    await new Promise((resolve) => server.close(resolve));
  };
  await answering(403, async (port) => expect(await doctor(with_(port)), 'plain-http', 'warn', /refused \(403\), but not redirected/));
  await answering(200, async (port) => expect(await doctor(with_(port)), 'plain-http', 'fail', /without TLS \(200, 200\)/, /HTTPS=on/));
});

test('answers from a cache outlive a revocation: the drill finds it', async () => {
  const kept = new Map();
  await between({
    answers: (answer) => {
      const key = answer.request.headers['x-session-id'];
      if (!key || !answer.request.url.endsWith('/session')) return;
      if (answer.status === 200) kept.set(key, answer.body);
      else if (kept.has(key)) Object.assign(answer, { status: 200, body: kept.get(key), headers: [] });
    },
  }, async (args) => expect(await doctor(args), 'revocation', 'fail', /that was ended is still answered 200/, /cache/));
});

test('a sign-in that fails, and no session to try', async () => {
  await between({ answers: (answer) => void (answer.status = answer.request.method === 'POST' ? 429 : answer.status), asks: (headers) => void delete headers.cookie }, async (args) => {
    const run = await doctor(args);
    expect(run, 'sign-in', 'fail', /by handle answers 429, not 201|by cookie answers 429, not 201/, /too many attempts/);
  });
  await between({ asks: (headers, request) => void (request.method === 'POST' && (headers['content-type'] = 'text/plain')) }, async (args) => {
    const was = rows();
    expect(await doctor(args), 'revocation', 'fail', /no session was let in/);
    assert.deepEqual(rows(), was);
  });
});

test('the temporary user goes, also when the line is cut in the middle or somebody ends the doctor', async () => {
  const was = rows();
  await between({ asks: (headers, request) => (request.url.endsWith('/session') && headers.host.startsWith('localhost') && headers.authorization ? 'cut' : undefined) }, async (args) => {
    const run = await doctor(args);
    assert.equal(run.code, 1);
    expect(run, 'authorization', 'fail', /answered 0/);
  });
  assert.deepEqual(rows(), was);
  let reached;
  let release;
  const inDrill = new Promise((resolve) => {
    reached = resolve;
  });
  const goOn = new Promise((resolve) => {
    release = resolve;
  });
  await between({
    asks: async (headers) => {
      if (!headers.authorization) return;
      reached();
      await goOn;
    },
  }, async (args) => {
    const run = await doctor(args, {
      async whileRunning({ child }) {
        await inDrill;
        assert.equal(stack.count('user'), was[0] + 1);
        child.kill('SIGTERM');
        release();
      },
    });
    assert.equal(run.signal, 'SIGTERM');
  });
  assert.deepEqual(rows(), was);
});

test('--no-drill makes nobody; without a password nobody is made either', async () => {
  const events = () => Number(stack.sql("SELECT COUNT(*) AS n FROM audit_event WHERE event = 'user_created'")[0].n);
  const was = events();
  const run = await doctor([...online(), '--no-drill']);
  assert.equal(run.code, 0, run.stdout);
  assert.equal(run.of('revocation'), undefined);
  assert.equal(events(), was);
  await withRights(`REVOKE INSERT ON user FROM ${account('web')}`, '', async () =>
    expect(await doctor(online()), 'drill', 'fail', /no temporary user could be made/, /account-web/));
});
