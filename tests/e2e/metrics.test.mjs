// GET /auth/metrics: right over several workers and plain CGI, open to nobody who is not named, and never in the way.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, rmdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { programs, startStack } from '../support/harness.mjs';
import { readMetrics } from '../support/prometheus.mjs';
import { basic, makeService } from '../support/services.mjs';
import { freeze, until } from '../support/stack.mjs';

const WATCHER = '127.0.0.9';
const STRANGER = '127.0.0.10';
const throttle = { free_failures: 100, source_short: 1000000, source_long: 1000000 };
const metrics = { allow: '192.0.2.0/24 127.0.0.9' };
const path = '/auth/metrics';

let stack;
let shared;
before(async () => {
  stack = await startStack({ users: ['alice', 'bob'], settings: { throttle, metrics } });
  shared = await startStack({ users: ['alice'], sharing: 3, settings: { throttle, metrics } });
});
after(async () => {
  await stack?.stop();
  await shared?.stop();
});

async function scrape(of = stack) {
  const answer = await of.client.get(path, { from: WATCHER });
  assert.equal(answer.status, 200, answer.body);
  return readMetrics(answer.body);
}
const requests = (read, route, status, method = 'GET') => read.value('gatepost_http_requests_total', { method, route, status: String(status) }) ?? 0;
const event = (read, name) => read.sum('gatepost_events_total', { event: name });
const reload = async (from, to) => {
  const text = readFileSync(stack.config.file, 'utf8');
  writeFileSync(stack.config.file, text.replace(from, to));
  const before = stack.workerLog().filter((line) => line.event === 'reloaded').length;
  process.kill(stack.worker.pid, 'SIGHUP');
  await until(() => stack.workerLog().filter((line) => line.event === 'reloaded').length > before, 'it is read again');
  return () => reload(to, from);
};

test('the text is what Prometheus reads, with its type, and nothing keeps it', async () => {
  const answer = await stack.client.get(path, { from: WATCHER, headers: { Accept: 'application/openmetrics-text;version=1.0.0;q=0.6,text/plain;version=0.0.4;q=0.5,*/*;q=0.1' } });
  assert.equal(answer.status, 200);
  assert.equal(answer.headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8');
  assert.equal(answer.headers['cache-control'], 'no-store');
  assert.equal(answer.headers['set-cookie'], undefined);
  const read = readMetrics(answer.body);
  assert.equal(read.value('gatepost_processes'), 1);
  assert.equal(read.value('gatepost_metrics_shared'), 1);
  const start = read.value('gatepost_process_newest_start_timestamp_seconds');
  assert.ok(start > 1.7e9 && start === read.value('gatepost_process_oldest_start_timestamp_seconds'));
  for (const queue of ['hash', 'request', 'guard']) {
    for (const name of ['gatepost_queue_waiting', 'gatepost_queue_running', 'gatepost_queue_refused_total']) assert.notEqual(read.value(name, { queue }), undefined, `${name} ${queue}`);
  }
  for (const bucket of ['account', 'device', 'source', 'guest', 'service']) assert.notEqual(read.value('gatepost_throttled_total', { bucket }), undefined, bucket);
  assert.ok(read.value('gatepost_database_connections_opened_total', { account: 'web' }) > 0);
  assert.equal(read.value('gatepost_database_errors_total', { account: 'web', error: 'failed' }), 0);
  const head = await stack.client.request('HEAD', path, { from: WATCHER });
  assert.equal(head.status, 200);
  assert.equal(head.body, '');
});

test('IN-27: nobody sees it but listed networks, and by default nobody at all', async () => {
  for (const from of [STRANGER, '127.0.0.1']) {
    const refused = await stack.client.get(path, { from });
    assert.equal(refused.status, 403, from);
    assert.equal(refused.json.code, 'forbidden');
    assert.doesNotMatch(refused.body, /gatepost_/);
  }
  // No header makes somebody another one, and no session, not even an administrator's.
  const spoofed = { 'X-Forwarded-For': WATCHER, Forwarded: `for=${WATCHER}`, 'X-Real-IP': WATCHER, 'Client-IP': WATCHER };
  assert.equal((await stack.client.get(path, { from: STRANGER, headers: spoofed })).status, 403);
  const { session_handle: handle } = await stack.signIn(stack.users.alice);
  assert.equal((await stack.client.get(path, { from: STRANGER, headers: { 'X-Session-Id': handle } })).status, 403);
  for (const method of ['POST', 'PUT', 'DELETE']) assert.equal((await stack.client.request(method, path, { from: WATCHER })).status, 405);
  const back = await reload('allow = 192.0.2.0/24 127.0.0.9', 'allow =');
  try {
    for (const from of [WATCHER, '127.0.0.1']) assert.equal((await stack.client.get(path, { from })).status, 403);
  } finally {
    await back();
  }
  assert.equal((await stack.client.get(path, { from: WATCHER })).status, 200);
});

test('a service with the scope sees it from anywhere; another one, and a wrong secret, do not', async () => {
  const watch = makeService(stack, 'watch', 'metrics');
  const other = makeService(stack, 'books', 'introspect');
  const ask = (headers) => stack.client.get(path, { from: STRANGER, headers });
  const seen = await ask(watch.headers);
  assert.equal(seen.status, 200);
  readMetrics(seen.body);
  const without = await ask(other.headers);
  assert.equal(without.status, 403);
  assert.equal(without.json.code, 'forbidden');
  for (const headers of [{ Authorization: basic('watch', 'gpk_x') }, { Authorization: basic('nobody', watch.secret) }, { Authorization: 'Basic !' }]) {
    const wrong = await ask(headers);
    assert.equal(wrong.status, 401, JSON.stringify(headers));
    assert.match(wrong.headers['www-authenticate'], /^Basic /);
    assert.doesNotMatch(wrong.body, /gatepost_/);
  }
  assert.equal((await ask({ Authorization: 'Bearer x' })).status, 403);
  stack.must(['service', 'disable', 'watch']);
  assert.equal((await ask(watch.headers)).status, 401);
});

// A request of plain CGI with the configuration of a stack.
function cgi(of, uri, more = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(programs.worker, [], {
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { PATH: process.env.PATH, GATEPOST_CONFIG: of.config.file, GATEWAY_INTERFACE: 'CGI/1.1', SERVER_PROTOCOL: 'HTTP/1.1', SERVER_NAME: 'localhost',
        REMOTE_ADDR: WATCHER, HTTPS: 'on', HTTP_HOST: `localhost:${of.port}`, REQUEST_METHOD: 'GET', REQUEST_URI: uri, ...more },
    });
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (chunk) => { text += chunk; });
    child.once('error', reject).once('close', (code) => {
      const [head, ...body] = text.split('\r\n\r\n');
      resolve({ code, status: Number(/^Status: (\d+)/.exec(head)?.[1]), body: body.join('\r\n\r\n') });
    });
  });
}

test('counts are exact over three workers and plain CGI, with many clients at once', async () => {
  const before = await scrape(shared);
  const { session_handle: handle } = await shared.signIn(shared.users.alice);
  const clients = 8;
  const rounds = 40;
  const one = async (client) => {
    for (let i = 0; i < rounds; i++) {
      assert.equal((await shared.withHandle(handle, 'GET', '/session')).status, 200);
      assert.equal((await shared.client.get('/auth/api/v1/session')).status, 401);
      assert.equal((await shared.client.get(`/auth/no-such-${client}-${i}`)).status, 404);
      assert.equal((await shared.client.get('/auth/login')).status, 200);
    }
    const wrong = { identifier: `nobody${client}`, password: 'wrong', transport: 'handle' };
    assert.equal((await shared.client.post('/auth/api/v1/sessions', { json: wrong })).status, 401);
    const byCgi = [await cgi(shared, '/auth/login'), await cgi(shared, `/auth/no-such-cgi-${client}`)];
    assert.deepEqual(byCgi.map(({ code, status }) => [code, status]), [[0, 200], [0, 404]]);
  };
  await Promise.all(Array.from({ length: clients }, (_, i) => one(i)));
  const n = clients * rounds;
  const expected = [
    ['GET', '/api/v1/session', 200, n], ['GET', '/api/v1/session', 401, n], ['GET', '/login', 200, n + clients],
    ['-', '(unknown)', 404, n + clients], ['POST', '/api/v1/sessions', 401, clients], ['POST', '/api/v1/sessions', 201, 1],
  ];
  let after;
  // The last ones are counted when they have been answered.
  await until(async () => {
    after = await scrape(shared);
    return expected.every(([method, route, status, count]) => requests(after, route, status, method) - requests(before, route, status, method) >= count);
  }, 'everything is counted');
  for (const [method, route, status, count] of expected) {
    assert.equal(requests(after, route, status, method) - requests(before, route, status, method), count, `${method} ${route} ${status}`);
  }
  // The histogram has every request, and so has each of its routes.
  for (const [method, route] of expected) {
    const name = 'gatepost_http_request_duration_seconds_count';
    assert.equal(after.value(name, { method, route }), after.sum('gatepost_http_requests_total', { method, route }), `${method} ${route}`);
  }
  assert.equal(event(after, 'authn_login_success') - event(before, 'authn_login_success'), 1);
  assert.equal(event(after, 'authn_login_fail') - event(before, 'authn_login_fail'), clients);
  assert.equal(after.value('gatepost_events_total', { event: 'authn_login_fail', outcome: 'refused' }), event(after, 'authn_login_fail'));
  assert.equal(after.value('gatepost_processes'), 3);
  // Plain CGI tells the same, and is no process that stays.
  const told = await cgi(shared, path);
  assert.equal(told.status, 200);
  const byCgi = readMetrics(told.body);
  assert.equal(requests(byCgi, '/login', 200), requests(after, '/login', 200));
  assert.equal(byCgi.value('gatepost_processes'), 3);
});

test('unknown addresses, methods and odd values are one label each', async () => {
  const odd = ['/auth/%22%7D%201', '/auth/a%0Ab', `/auth/${'x'.repeat(500)}`, '/auth/api/v1/flows/%F0%9F%92%A9', '/auth/api/v1/flows/kind-1', '/auth/assets/nothing.css'];
  const before = await scrape();
  for (const uri of odd) await stack.client.get(uri);
  await stack.client.request('PROPFIND', '/auth/login', { byServer: [405, 501] });
  let read;
  await until(async () => {
    read = await scrape();
    return requests(read, '(unknown)', 404, '-') > requests(before, '(unknown)', 404, '-');
  }, 'they are counted');
  const routes = new Set([...read.samples].map(({ labels }) => labels.route).filter(Boolean));
  for (const route of routes) assert.match(route, /^(?:|\/[\w./{}-]*|\(unknown\)|\(authorizer\))$/);
  for (const { labels } of read.samples) {
    if (labels.method) assert.match(labels.method, /^(?:GET|POST|PUT|PATCH|DELETE|-)$/);
    if (labels.status) assert.match(labels.status, /^(?:\d{3}|other)$/);
  }
  assert.ok(read.samples.length < 4000, 'there is an end to it');
});

test('LG-02: nothing of anybody is in it', async () => {
  const canary = `canary${randomBytes(6).toString('hex')}`;
  const secret = randomBytes(18).toString('base64url');
  stack.must(['user', 'add', '--username', canary, '--email', `${canary}@example.org`, '--display-name', canary, '--password-stdin'], { input: secret });
  const { session, session_handle: handle, user } = await stack.signIn({ identifier: canary, password: secret }, { device_name: canary });
  await stack.signIn({ identifier: canary, password: `${secret}x` }).catch(() => {});
  await stack.withHandle(handle, 'POST', `/flows/${canary}`, { json: { data: { canary } } });
  await stack.client.get(`/auth/${canary}?${canary}`, { headers: { 'User-Agent': canary, Referer: canary, 'X-Session-Id': handle } });
  const service = makeService(stack, canary, 'metrics');
  const text = (await stack.client.get(path, { from: STRANGER, headers: service.headers })).body;
  for (const value of [canary, secret, handle, session.id, user.id, service.secret, '127.0.0.', 'example.org', stack.dir]) {
    assert.ok(!text.includes(value), `${value} is not in it`);
  }
});

test('rows, mails and the age of the key: from the database, looked at now and then', async () => {
  stack.sql(`INSERT INTO outbox (id, kind, payload, state, due_at, created_at) VALUES
    (RANDOM_BYTES(16), 'x', '', 1, 1, 1), (RANDOM_BYTES(16), 'x', '', 2, 1, 1), (RANDOM_BYTES(16), 'x', '', 4, 1, 1), (RANDOM_BYTES(16), 'x', '', 3, 1, 1)`);
  // One worker has looked already, half a minute ago at most: another one has not.
  await stack.worker.stop();
  for (const name of readdirSync(join(stack.dir, 'run'))) if (name.startsWith('metrics-')) rmSync(join(stack.dir, 'run', name));
  stack.startWorker();
  await stack.ready();
  let looked = 0;
  const said = await stack.statements(async () => {
    for (let i = 0; i < 5; i++) looked = await scrape();
  });
  assert.equal(said.filter((text) => /information_schema/i.test(text)).length, 1, 'five scrapes, one look');
  assert.ok(!said.some((text) => /COUNT\(\*\)/.test(text) && !/LIMIT/.test(text)), 'no table is counted as a whole');
  assert.equal(looked.value('gatepost_mails', { state: 'waiting' }), 2);
  assert.equal(looked.value('gatepost_mails', { state: 'dead' }), 1);
  const tables = stack.sql("SELECT TABLE_NAME AS name FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME <> 'schema_migration'").map(({ name }) => name);
  assert.deepEqual(looked.families.get('gatepost_table_rows').samples.map(({ labels }) => labels.table).sort(), tables.sort());
  const age = looked.value('gatepost_signing_key_age_seconds');
  assert.ok(age >= 0 && age < 600, `${age}`);
  const at = looked.value('gatepost_database_read_timestamp_seconds');
  assert.ok(Math.abs(Date.now() / 1000 - at) < 60);
  stack.sql('DELETE FROM outbox');
});

test('a killed worker leaves its counts and no gauge; a queue that is full is counted', async () => {
  // No hash goes on while the database answers nobody.
  await freeze(stack.mariadb.pid);
  const answers = [];
  try {
    const before = await scrape();
    for (let i = 0; i < 90; i++) {
      answers.push(stack.client.post('/auth/api/v1/sessions', { json: { identifier: `n${i}`, password: 'x', transport: 'handle' }, byServer: [500, 502, 503] }).catch((error) => error));
    }
    let read;
    await until(async () => {
      read = await scrape();
      return read.value('gatepost_queue_refused_total', { queue: 'hash' }) > 0 && read.value('gatepost_queue_waiting', { queue: 'hash' }) > 0;
    }, 'the lane is full');
    assert.ok(read.value('gatepost_queue_running', { queue: 'hash' }) >= 1);
    assert.ok(read.value('gatepost_queue_waiting', { queue: 'hash' }) <= 64);
    await until(async () => {
      read = await scrape();
      return requests(read, '/api/v1/sessions', 503, 'POST') - requests(before, '/api/v1/sessions', 503, 'POST') >= read.value('gatepost_queue_refused_total', { queue: 'hash' });
    }, 'who found no place was told so');
    stack.worker.child.kill('SIGKILL');
    await stack.worker.exited;
    await Promise.all(answers);
    const kept = read;
    process.kill(stack.mariadb.pid, 'SIGCONT');
    stack.startWorker();
    await stack.ready();
    const now = await scrape();
    for (const queue of ['hash', 'request', 'guard']) assert.equal(now.value('gatepost_queue_waiting', { queue }), 0, queue);
    assert.equal(now.value('gatepost_queue_running', { queue: 'hash' }), 0);
    assert.equal(now.value('gatepost_processes'), 1);
    assert.ok(now.value('gatepost_process_oldest_start_timestamp_seconds') > kept.value('gatepost_process_newest_start_timestamp_seconds'));
    for (const name of ['gatepost_http_requests_total', 'gatepost_events_total', 'gatepost_queue_refused_total']) {
      assert.ok(now.sum(name) >= kept.sum(name), `${name} goes on`);
    }
  } finally {
    process.kill(stack.mariadb.pid, 'SIGCONT');
    await Promise.all(answers);
  }
});

test('one of three workers is killed: two live, and all counts stay', async () => {
  const before = await scrape(shared);
  assert.equal(before.value('gatepost_processes'), 3);
  shared.workers[0].child.kill('SIGKILL');
  await shared.workers[0].exited;
  const after = await scrape(shared);
  assert.equal(after.value('gatepost_processes'), 2);
  assert.ok(after.sum('gatepost_http_requests_total') >= before.sum('gatepost_http_requests_total'));
});

test('the database is gone: a listed network is told so, without waiting long', async () => {
  const before = await scrape();
  await stack.mariadb.kill('SIGKILL');
  try {
    const asked = stack.withHandle(`gps_${'A'.repeat(43)}`, 'GET', '/tenants');
    assert.equal((await asked).status, 503);
    const errors = (read) => read.sum('gatepost_database_errors_total');
    await until(async () => errors(await scrape()) > errors(before), 'errors are counted');
  } finally {
    await stack.mariadb.restart();
  }
});

test('a file that cannot be had: every request is answered, and the worker counts for itself', async () => {
  const run = join(stack.dir, 'run');
  const [name] = readdirSync(run).filter((file) => file.startsWith('metrics-'));
  const file = join(run, name);
  assert.equal(statSync(file).mode & 0o7777, 0o600);
  const spoil = [
    ['a directory', () => mkdirSync(file), () => rmdirSync(file)],
    ['of another size', () => writeFileSync(file, 'x', { mode: 0o600 }), () => rmSync(file)],
    ['of something else', () => writeFileSync(file, Buffer.alloc(statOf.size, 1), { mode: 0o600 }), () => rmSync(file)],
  ];
  const statOf = statSync(file);
  for (const [what, make, unmake] of spoil) {
    await stack.worker.stop();
    rmSync(file, { force: true });
    make();
    stack.startWorker();
    await stack.ready();
    const { session_handle: handle } = await stack.signIn(stack.users.bob);
    assert.equal((await stack.withHandle(handle, 'GET', '/session')).status, 200, what);
    assert.equal((await cgi(stack, '/auth/login')).status, 200, what);
    const read = await scrape();
    assert.equal(read.value('gatepost_metrics_shared'), 0, what);
    assert.equal(read.value('gatepost_processes'), 1, what);
    assert.equal(requests(read, '/api/v1/sessions', 201, 'POST'), 1, `${what}: its own`);
    assert.ok(stack.workerLog().some((line) => line.event === 'metrics_alone'), `${what} is in the log`);
    unmake();
  }
  await stack.worker.stop();
  stack.startWorker();
  await stack.ready();
  assert.equal((await scrape()).value('gatepost_metrics_shared'), 1);
});
