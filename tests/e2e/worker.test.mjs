// The worker: starting, refusing to start, reloading, shutting down, losing its database, hashing under load.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { configText, programs, source, startStack } from '../support/harness.mjs';
import { until } from '../support/stack.mjs';

let stack;
before(async () => {
  // Floods of wrong passwords from one source are what hashing under load is about; their names differ.
  stack = await startStack({ settings: { throttle: { free_failures: 100, source_short: 1000000, source_long: 1000000 } } });
});
after(() => stack?.stop());

const api = '/auth/api/v1';
const check = (handle) => stack.withHandle(handle, 'GET', '/session');

// Starts a worker that must refuse: the one line it says.
function refusal(file) {
  const run = spawnSync(programs.worker, ['--config', file], { encoding: 'utf8', timeout: 20000, stdio: ['ignore', 'pipe', 'pipe'] });
  assert.notEqual(run.status, 0, 'it refuses to start');
  assert.equal(run.signal, null);
  const lines = run.stderr.split('\n').filter(Boolean);
  assert.equal(lines.length, 1, run.stderr);
  return lines[0];
}

function variant(name, sections) {
  const file = join(stack.dir, `${name}.conf`);
  writeFileSync(file, typeof sections === 'string' ? sections : configText(sections), { mode: 0o600 });
  return file;
}

const base = () => structuredClone(stack.config.sections);

test('refuses to start, in one line with file and line number', () => {
  const text = configText(base());
  const lineOf = (body, part) => body.split('\n').findIndex((line) => line.includes(part)) + 1;
  const cases = [
    ['unknown', text.replace('base_path', 'bose_path'), 'bose_path'],
    ['type', `${text}[session]\nmost = many\n`, 'most = many'],
    ['range', text.replace('[password]\n', '[password]\nmemory = 1024\n'), 'memory = 1024'],
    ['span', `${text}[session]\nfresh = soon\n`, 'fresh = soon'],
    ['bool', `${text}[session]\ncookie_strict = maybe\n`, 'cookie_strict = maybe'],
    ['section', `${text}[sesion]\nfresh = 5m\n`, '[sesion]'],
    ['twice', `${text}[session]\nfresh = 5m\nfresh = 6m\n`, 'fresh = 6m'],
    ['http', text.replace('https://', 'http://'), 'origin = '],
    ['garbage', `${text}what is this\n`, 'what is this'],
  ];
  for (const [name, body, part] of cases) {
    const file = variant(name, body);
    const line = refusal(file);
    assert.ok(line.includes(`${file}:${lineOf(body, part)}:`), `${name}: ${line}`);
  }
});

test('refuses key and password files that others can read (ST-05)', () => {
  const keys = join(stack.dir, 'open-keys');
  copyFileSync(stack.config.sections.server.key_file, keys);
  chmodSync(keys, 0o644);
  const sections = base();
  sections.server.key_file = keys;
  assert.match(refusal(variant('keys', sections)), /open-keys/);
  const password = join(stack.dir, 'open.password');
  writeFileSync(password, 'x');
  chmodSync(password, 0o644);
  const other = base();
  other.database.web_password_file = password;
  assert.match(refusal(variant('password', other)), /open\.password/);
  const none = base();
  none.server.key_file = join(stack.dir, 'no-such-file');
  assert.match(refusal(variant('nokeys', none)), /no-such-file/);
});

test('PW-08: refuses to start without its blocklist, by name; so do the commands that set passwords', () => {
  const sections = base();
  sections.password.blocklist = join(stack.dir, 'no-such-list.txt');
  const file = variant('blocklist', sections);
  assert.match(refusal(file), /no-such-list\.txt: cannot be opened \(password\.blocklist\)/);
  for (const words of [['user', 'add', '--username', 'nobody', '--password-stdin'], ['config', 'check']]) {
    const run = spawnSync(programs.ctl, ['--config', file, ...words], { encoding: 'utf8', input: 'a quiet mill by the river' });
    assert.equal(run.status, 3, words.join(' '));
    assert.match(run.stderr, /no-such-list\.txt/);
  }
});

test('refuses an unreadable or unsafe template, with file and line', () => {
  const dir = join(stack.dir, 'templates');
  cpSync(join(source, 'templates'), dir, { recursive: true });
  const sections = base();
  sections.server.template_dir = dir;
  const file = join(dir, 'error.html');
  const good = readFileSync(file, 'utf8');
  for (const bad of ['<p onclick="{{x}}">', '<script>{{x}}</script>', '<p>{{{x}}}</p>', '<p class={{x}}>', '{{#a}}', '{{>nothing}}', '<p style="{{x}}">', '<a href="/x/{{y}}">z</a>']) {
    writeFileSync(file, `${good}\n${bad}\n`);
    const line = refusal(variant('template', sections));
    assert.match(line, /error\.html:\d+: /, `${bad}: ${line}`);
  }
  writeFileSync(file, good);
  chmodSync(file, 0o666);
  assert.match(refusal(variant('template', sections)), /error\.html/);
  sections.server.template_dir = join(stack.dir, 'no-templates');
  assert.match(refusal(variant('template', sections)), /no-templates/);
});

test('refuses to start without the description of the API, or with another file or an unsafe one in its place', () => {
  const sections = base();
  sections.server.openapi = join(stack.dir, 'no-such.yaml');
  assert.match(refusal(variant('openapi', sections)), /no-such\.yaml: cannot be opened/);
  const run = spawnSync(programs.ctl, ['--config', variant('openapi', sections), 'config', 'check'], { encoding: 'utf8' });
  assert.equal(run.status, 3);
  assert.match(run.stderr, /no-such\.yaml: cannot be opened/);
  sections.server.openapi = join(source, 'conf/gatepost.conf');
  assert.match(refusal(variant('openapi', sections)), /gatepost\.conf: is not an OpenAPI 3 description \(server\.openapi\)/);
  const file = join(stack.dir, 'openapi.yaml');
  copyFileSync(join(source, 'docs/openapi.yaml'), file);
  chmodSync(file, 0o666);
  sections.server.openapi = file;
  assert.match(refusal(variant('openapi', sections)), /openapi\.yaml: can be written by everybody/);
});

test('refuses a wrong schema version, by name', () => {
  stack.sql('UPDATE schema_migration SET version = 700 WHERE version = 2');
  const sections = base();
  sections['listen web'].address = join(stack.dir, 'run/second.sock');
  try {
    assert.match(refusal(variant('schema', sections)), /schema is version 700/);
  } finally {
    stack.sql('UPDATE schema_migration SET version = 2 WHERE version = 700');
  }
});

test('SIGHUP reloads without dropping a request; new-but-wrong keeps the old, with the reason', async () => {
  const { session_handle: handle } = await stack.signIn(stack.users.alice);
  const file = stack.config.file;
  const good = readFileSync(file, 'utf8');
  let going = true;
  const statuses = new Map();
  const load = Array.from({ length: 4 }, async () => {
    while (going) {
      const { status } = await check(handle);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
  });
  const title = async () => (await stack.client.get('/auth/login')).body;
  for (let i = 0; i < 5; i++) {
    writeFileSync(file, good.replace('[server]', `[server]\nname = House number ${i}`));
    process.kill(stack.worker.pid, 'SIGHUP');
    await until(async () => (await title()).includes(`House number ${i}`), 'the new name shows');
  }
  writeFileSync(file, good.replace('[server]', '[server]\nname = Broken\nnonsense = 1'));
  process.kill(stack.worker.pid, 'SIGHUP');
  await until(() => /nonsense/.test(stack.workerOutput()), 'the reason is logged');
  assert.ok((await title()).includes('House number 4'), 'the old stays');
  writeFileSync(file, good);
  process.kill(stack.worker.pid, 'SIGHUP');
  await until(async () => !(await title()).includes('House number'), 'the right one is taken again');
  going = false;
  await Promise.all(load);
  assert.deepEqual([...statuses.keys()], [200], 'no request was dropped');
});

test('the database gone: 503 and Retry-After, never a grant; back: served again without a restart (IN-25)', async () => {
  const { session_handle: handle } = await stack.signIn(stack.users.alice);
  const visitor = stack.visitor();
  await visitor.signIn(stack.users.bob);
  const pid = stack.worker.pid;
  await stack.mariadb.kill('SIGKILL');
  for (const answer of [await check(handle), await stack.client.get('/auth/health?ready')]) {
    assert.equal(answer.status, 503, answer.body);
    assert.equal(answer.json.code, 'unavailable');
    assert.ok(Number(answer.headers['retry-after']) > 0);
  }
  const page = await visitor.get('/account');
  assert.equal(page.status, 503);
  assert.match(page.headers['content-type'], /^text\/html/);
  const signIn = await stack.client.post(`${api}/sessions`, { json: { ...stack.users.alice, transport: 'handle' } });
  assert.equal(signIn.status, 503);
  assert.equal((await stack.client.get('/auth/health')).status, 200, 'live is not ready');
  await stack.mariadb.restart();
  await until(async () => (await check(handle)).status === 200, 'served again');
  assert.equal((await visitor.get('/account')).status, 200);
  assert.equal((await stack.signIn(stack.users.alice)).user.username, 'alice');
  assert.equal(stack.worker.pid, pid);
});

test('five people signing in at once never see 503; a flood of wrong passwords refuses no check (PW-21)', async () => {
  const five = await Promise.all(Array.from({ length: 5 }, () =>
    stack.client.post(`${api}/sessions`, { json: { ...stack.users.alice, transport: 'handle' } })));
  assert.deepEqual(five.map(({ status }) => status), [201, 201, 201, 201, 201]);
  const handle = five[0].json.session_handle;
  let floods = 0;
  let names = 0;
  let going = true;
  const flood = Array.from({ length: 16 }, async () => {
    while (going) {
      const { status } = await stack.client.post(`${api}/sessions`, { json: { identifier: `nobody${names++}`, password: 'wrong wrong wrong', transport: 'handle' } });
      assert.ok([401, 503].includes(status), String(status));
      floods++;
    }
  });
  for (let i = 0; i < 200; i++) assert.equal((await check(handle)).status, 200);
  await until(() => floods > 20, 'the flood flows');
  going = false;
  await Promise.all(flood);
});

test('beyond the lane\'s bound the answer is 503 with Retry-After, and it recovers', async () => {
  const answers = await Promise.all(Array.from({ length: 150 }, (_, i) => {
    const visitor = stack.client;
    return visitor.request('POST', `${api}/sessions`, { json: { identifier: `nothing${i}`, password: 'wrong wrong wrong', transport: 'handle' }, headers: { Connection: 'close' } });
  }));
  for (const answer of answers) {
    assert.ok([401, 503].includes(answer.status), String(answer.status));
    if (answer.status === 503) {
      assert.equal(answer.json.code, 'unavailable');
      assert.ok(Number(answer.headers['retry-after']) > 0);
    }
  }
  assert.ok(answers.some(({ status }) => status === 401));
  assert.equal((await stack.signIn(stack.users.alice)).user.username, 'alice');
});

test('SIGTERM: what runs is finished, what waits is answered, the end comes within 5 s, exit 0', async () => {
  const { session_handle: handle } = await stack.signIn(stack.users.alice);
  const running = Array.from({ length: 6 }, () =>
    stack.client.post(`${api}/sessions`, { json: { ...stack.users.bob, transport: 'handle' }, byServer: [503] }).then(({ status }) => status));
  await until(() => stack.workerLog().length > 0, 'requests arrive');
  const began = process.hrtime.bigint();
  const ended = stack.worker.stop('SIGTERM');
  const statuses = await Promise.all(running);
  const { code, signal } = await ended;
  const seconds = Number(process.hrtime.bigint() - began) / 1e9;
  assert.deepEqual([code, signal], [0, null], stack.workerOutput().slice(-2000));
  assert.ok(seconds < 5, `${seconds} s`);
  for (const status of statuses) assert.ok([201, 503].includes(status), String(status));
  const gone = await stack.withHandle(handle, 'GET', '/session', { byServer: [503] });
  assert.equal(gone.status, 503, 'lighttpd says so while no worker is there');
  stack.startWorker();
  await until(async () => (await check(handle)).status === 200, 'nobody was signed out');
});

test('a left-over socket file is no obstacle; a second worker on a live one is refused', async () => {
  const { session_handle: handle } = await stack.signIn(stack.users.alice);
  await stack.worker.stop('SIGKILL');
  stack.startWorker();
  await until(async () => (await check(handle)).status === 200, 'it started over the left-over file');
  assert.match(refusal(stack.config.file), /gatepost\.sock/);
  assert.equal((await check(handle)).status, 200);
});

test('plain CGI: one request by environment and stdin; argv is ignored (IN-09)', async () => {
  const { session_handle: handle } = await stack.signIn(stack.users.alice);
  const cgi = (env, { input = '', args = [] } = {}) => {
    const run = spawnSync(programs.worker, args, {
      input, encoding: 'utf8',
      env: { PATH: process.env.PATH, GATEPOST_CONFIG: stack.config.file, GATEWAY_INTERFACE: 'CGI/1.1', SERVER_PROTOCOL: 'HTTP/1.1', SERVER_NAME: 'localhost',
        REMOTE_ADDR: '127.0.0.1', HTTPS: 'on', HTTP_HOST: `localhost:${stack.port}`, ...env },
    });
    assert.equal(run.status, 0, run.stderr);
    const [head, ...body] = run.stdout.split('\r\n\r\n');
    return { head, body: body.join('\r\n\r\n'), status: Number(/^Status: (\d+)/.exec(head)?.[1]) };
  };
  const page = cgi({ REQUEST_METHOD: 'GET', REQUEST_URI: '/auth/login' });
  assert.equal(page.status, 200);
  assert.match(page.body, /<form/);
  const session = cgi({ REQUEST_METHOD: 'GET', REQUEST_URI: `${api}/session`, HTTP_X_SESSION_ID: handle });
  assert.equal(session.status, 200, session.body);
  assert.equal(JSON.parse(session.body).user.username, 'alice');
  const input = JSON.stringify({ ...stack.users.bob, transport: 'handle' });
  const signedIn = cgi({ REQUEST_METHOD: 'POST', REQUEST_URI: `${api}/sessions`, CONTENT_TYPE: 'application/json', CONTENT_LENGTH: String(input.length) }, { input });
  assert.equal(signedIn.status, 201, signedIn.body);
  assert.equal((await check(JSON.parse(signedIn.body).session_handle)).status, 200);
  const short = cgi({ REQUEST_METHOD: 'POST', REQUEST_URI: `${api}/sessions`, CONTENT_TYPE: 'application/json', CONTENT_LENGTH: String(input.length + 5) }, { input });
  assert.equal(short.status, 400);
  for (const args of [['-h'], ['--config', '/etc/passwd'], ['--version']]) {
    assert.equal(cgi({ REQUEST_METHOD: 'GET', REQUEST_URI: '/auth/login', QUERY_STRING: args.join('+') }, { args }).status, 200);
  }
  const proxied = cgi({ REQUEST_METHOD: 'GET', REQUEST_URI: '/auth/login', HTTP_PROXY: 'http://127.0.0.1:9' });
  assert.equal(proxied.status, 200);
});

test('plain http is refused, not redirected', () => {
  const run = spawnSync(programs.worker, [], {
    input: '', encoding: 'utf8',
    env: { GATEPOST_CONFIG: stack.config.file, GATEWAY_INTERFACE: 'CGI/1.1', REQUEST_METHOD: 'GET', REQUEST_URI: '/auth/login', REMOTE_ADDR: '127.0.0.1', HTTP_HOST: `localhost:${stack.port}`, REQUEST_SCHEME: 'http' },
  });
  assert.match(run.stdout, /^Status: 421 /);
  assert.doesNotMatch(run.stdout, /Set-Cookie/);
});

test('IN-15: the socket is 0660', () => {
  const mode = spawnSync('stat', ['-c', '%a', join(stack.dir, 'run/gatepost.sock')], { encoding: 'utf8' }).stdout.trim();
  assert.equal(mode, '660');
});

test('started by the web server: the socket is descriptor 0', async () => {
  const spawned = await startStack({ server: 'lighttpd-spawned' });
  try {
    const { session_handle: handle } = await spawned.signIn(spawned.users.alice);
    assert.equal((await spawned.withHandle(handle, 'GET', '/session')).status, 200);
    assert.equal((await spawned.visitor().signIn(spawned.users.bob)).status, 303);
  } finally {
    await spawned.stop();
  }
});
