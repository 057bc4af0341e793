// The front desk: the same answers as without one, fewer statements, and nobody who is slow holds others up.
import test, { after } from 'node:test';
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { Agent, request as httpsRequest } from 'node:https';
import { join } from 'node:path';
import { build, startStack } from '../support/harness.mjs';
import { Jar } from '../support/client.mjs';
import { freeze, until } from '../support/stack.mjs';
import { begin, dial, params, record, request, PARAMS } from '../support/fastcgi.mjs';

const stacks = {
  on: await startStack({ settings: { server: { desk: 'yes' } }, extra: 'server.max-keep-alive-requests = 1000000\n' }),
  off: await startStack({ settings: { server: { desk: 'no' } }, extra: 'server.max-keep-alive-requests = 1000000\n' }),
};
after(() => Promise.all(Object.values(stacks).map((stack) => stack.stop())));
const both = Object.entries(stacks);

// [{id, handle}] of a user; made in the database, without hashing a password for each.
function mint(stack, name, count) {
  const run = spawnSync(join(build, 'tests/mint'), [stack.config.file, name, String(count)], { encoding: 'utf8', maxBuffer: 1 << 24 });
  assert.equal(run.status, 0, run.stderr);
  return run.stdout.trim().split('\n').map((line) => line.split(' ')).map(([id, handle]) => ({ id, handle }));
}

// Kept connections to the web server, as many as work at once: the worker is to be busy, not TLS.
function caller(stack) {
  const agent = new Agent({ keepAlive: true, maxSockets: 64, ca: stack.client.ca });
  const url = new URL(stack.origin);
  const call = (method, path, headers) => new Promise((resolve, reject) => {
    const sent = httpsRequest({ host: url.hostname, port: url.port, servername: url.hostname, method, path: `/auth/api/v1${path}`, headers, agent }, (answer) => {
      answer.resume();
      answer.on('end', () => resolve(answer.statusCode));
      answer.on('error', reject);
    });
    sent.on('error', reject);
    sent.end();
  });
  return { call, close: () => agent.destroy() };
}

async function inParallel(list, workers, act) {
  let next = 0;
  await Promise.all(Array.from({ length: workers }, async () => {
    while (next < list.length) await act(list[next++]);
  }));
}

const bearer = (token) => ({ Authorization: `Bearer ${token}` });

// Sessions that tokens carry, and whose: [{headers, id, name}].
async function tokenSessions(stack, person, count) {
  const list = [];
  await inParallel(Array.from({ length: count }), 4, async () => {
    const answer = await stack.client.post('/auth/api/v1/sessions', { json: { ...person, transport: 'token' }, headers: { 'User-Agent': 'Example/1.0' } });
    assert.equal(answer.status, 201, answer.body);
    const { access_token: token, session, user } = answer.json;
    list.push({ token, headers: bearer(token), id: session.id, name: user.username });
  });
  return list;
}

// The same by cookie.
async function cookieSession(stack, person) {
  const jar = new Jar();
  const answer = jar.take(await stack.client.post('/auth/api/v1/sessions', { json: { ...person, transport: 'cookie' } }));
  assert.equal(answer.status, 201, answer.body);
  return { headers: { Cookie: jar.header() }, id: answer.json.session.id, name: answer.json.user.username };
}

const socketOf = (stack) => stack.config.sections['listen web'].address;
const executed = (stack) => Number(stack.sql("SHOW GLOBAL STATUS LIKE 'Com_stmt_execute'")[0].Value);

for (const [desk, stack] of both) {
  // SE-17: whichever way it ends, the very next check refuses. Half by the session itself, half by another one.
  test(`desk ${desk}: 10,000 revocations, each followed at once by a check: none is stale`, { timeout: 400000 }, async () => {
    // In this order: a sign-in ends what is over fifty.
    const { session_handle: other } = await stack.signIn(stack.users.bob);
    const sessions = mint(stack, 'bob', 10000);
    const { call, close } = caller(stack);
    let stale = 0, refused = 0;
    await inParallel(sessions, 16, async ({ id, handle }) => {
      const mine = { 'X-Session-Id': handle };
      assert.equal(await call('GET', '/session', mine), 200);
      const ended = id.charCodeAt(0) % 2 ? await call('DELETE', '/session', mine) : await call('DELETE', `/sessions/${id}`, { 'X-Session-Id': other });
      assert.equal(ended, 204);
      const after = await call('GET', '/session', mine);
      stale += after === 200;
      refused += after === 401;
    });
    close();
    assert.deepEqual({ stale, refused }, { stale: 0, refused: 10000 });
  });

  test(`desk ${desk}: each of many at once gets the answer to its own credential`, async () => {
    const sessions = [...mint(stack, 'alice', 200).map((s) => ({ ...s, name: 'alice' })), ...mint(stack, 'bob', 200).map((s) => ({ ...s, name: 'bob' }))];
    await inParallel(sessions.sort((a, b) => (a.id < b.id ? -1 : 1)), 32, async ({ id, handle, name }) => {
      const answer = await stack.withHandle(handle, 'GET', '/session');
      assert.equal(answer.status, 200);
      assert.equal(answer.json.session.id, id);
      assert.equal(answer.json.user.username, name);
      assert.match(answer.headers['x-request-id'], /^[\w-]{22}$/);
    });
    const ids = stack.workerLog().filter(({ event }) => event === 'request').map(({ id }) => id);
    assert.equal(new Set(ids).size, ids.length, 'request ids are unique');
  });

  test(`desk ${desk}: tokens, handles and cookies in one flood, forged tokens among them: each gets its own answer`, { timeout: 120000 }, async () => {
    const { alice, bob } = stack.users;
    const tokens = [...await tokenSessions(stack, alice, 8), ...await tokenSessions(stack, bob, 8)];
    const cookies = await Promise.all([alice, bob, alice, bob].map((person) => cookieSession(stack, person)));
    const handles = ['alice', 'bob'].flatMap((name) => mint(stack, name, 20).map(({ id, handle }) => ({ headers: { 'X-Session-Id': handle }, id, name })));
    const forged = tokens.map(({ token }, i) => {
      const [header, payload, signature] = token.split('.');
      const other = tokens[(i + 1) % tokens.length].token.split('.');
      return { headers: bearer(i % 2 ? `${header}.${payload}.${other[2]}` : `${header}.${other[1]}.${signature}`) };
    });
    const all = [...tokens, ...handles, ...cookies, ...forged];
    const asked = Array.from({ length: 12 * all.length }, (_, i) => all[(i * 37) % all.length]);
    assert.equal(new Set(asked).size, all.length, 'each comes');
    await inParallel(asked, 32, async ({ headers, id, name }) => {
      const answer = await stack.client.get('/auth/api/v1/session', { headers });
      assert.equal(answer.status, id ? 200 : 401, answer.body);
      if (!id) return;
      assert.equal(answer.json.session.id, id);
      assert.equal(answer.json.user.username, name);
    });
  });

  // SE-17 for tokens: a text that is known, whose signature is right and whose time is not over, is worth what the row says.
  test(`desk ${desk}: a token whose session has ended is refused at the very next check, amid others that are not`, { timeout: 120000 }, async () => {
    const [stays, ...ends] = await tokenSessions(stack, stack.users.bob, 25);
    const status = async (headers) => (await stack.client.get('/auth/api/v1/session', { headers })).status;
    let going = true, kept = 0, lost = 0;
    const load = inParallel(Array.from({ length: 8 }), 8, async () => {
      while (going) {
        if (await status(stays.headers) === 200) kept++;
        else lost++;
      }
    });
    try {
      await inParallel(ends, 4, async ({ headers, id }) => {
        for (let i = 0; i < 3; i++) assert.equal(await status(headers), 200);
        const by = id.charCodeAt(0) % 2 ? ['/auth/api/v1/session', headers] : [`/auth/api/v1/sessions/${id}`, stays.headers];
        assert.equal((await stack.client.request('DELETE', by[0], { headers: by[1] })).status, 204);
        assert.equal(await status(headers), 401);
      });
    } finally {
      going = false;
      await load;
    }
    assert.equal(lost, 0);
    assert.ok(kept > 0);
  });

  // Half a header, half the parameters, half a body: held or sent away, never in anybody's way. libfcgi itself
  // would wait for ever, so without a desk threads are lost to it and the socket's mode is the guard (docs/operations.md).
  if (desk === 'on') test('desk on: a hundred half requests hold nobody up, and are sent away', async () => {
    const whole = request(stack.origin, '/auth/api/v1/session');
    const cuts = [0, 1, 7, 8, 12, 16, 20, 60, whole.length - 17, whole.length - 9];
    const halves = [];
    for (let i = 0; i < 100; i++) {
      const connection = await dial(socketOf(stack));
      const cut = cuts[i % cuts.length];
      if (cut) connection.send(whole.subarray(0, cut));
      halves.push({ connection, ended: connection.answer() });
    }
    const { session_handle: handle } = await stack.signIn(stack.users.alice);
    for (let i = 0; i < 50; i++) assert.equal((await stack.withHandle(handle, 'GET', '/session')).status, 200);
    assert.equal((await stack.client.get('/auth/login')).status, 200);
    // None is answered: nobody asked a whole question. The parameters that were whole up to stdin's end are 401.
    for (const { ended } of halves) assert.equal(await ended, null);
    // What comes in pieces is served all the same.
    const slow = await dial(socketOf(stack));
    const bytes = request(stack.origin, '/auth/api/v1/session', { headers: { 'X-Session-Id': handle } });
    for (const octet of bytes) {
      slow.send(Buffer.from([octet]));
      await new Promise(setImmediate);
    }
    assert.equal((await slow.answer()).status, 200);
  });

  test(`desk ${desk}: kept connections, long parameters, stdin that comes late, garbage`, async () => {
    const { session_handle: handle } = await stack.signIn(stack.users.alice);
    const headers = { 'X-Session-Id': handle };
    const kept = await dial(socketOf(stack));
    for (let i = 0; i < 3; i++) {
      kept.send(request(stack.origin, '/auth/api/v1/session', { headers, keep: true }));
      assert.equal((await kept.answer()).status, 200);
    }
    kept.close();

    const long = await dial(socketOf(stack));
    long.send(request(stack.origin, '/auth/api/v1/session', { headers: { ...headers, 'X-Padding': 'x'.repeat(20000) } }));
    assert.equal((await long.answer()).status, 200);

    const late = await dial(socketOf(stack));
    const whole = request(stack.origin, '/auth/api/v1/session', { headers });
    late.send(whole.subarray(0, whole.length - 8));
    for (let i = 0; i < 20; i++) assert.equal((await stack.withHandle(handle, 'GET', '/session')).status, 200);
    late.send(whole.subarray(whole.length - 8));
    assert.equal((await late.answer()).status, 200);

    for (const garbage of ['GET / HTTP/1.1\r\n\r\n', Buffer.concat([begin(), record(PARAMS, Buffer.from([0x7f, 0x7f, 65])), record(PARAMS), record(5)])]) {
      const broken = await dial(socketOf(stack));
      broken.send(garbage);
      assert.equal(await broken.answer(), null);
    }
    // No authorizer lives here: a complete refusal, never an empty end, which lighttpd takes for a grant.
    const authorizer = await dial(socketOf(stack));
    authorizer.send(Buffer.concat([begin({ role: 2 }), record(PARAMS, params({ REQUEST_METHOD: 'GET', REQUEST_URI: '/' })), record(PARAMS)]));
    const refusal = await authorizer.answer();
    assert.equal(refusal.status, 503);
    assert.doesNotMatch(refusal.text, /Variable-/);
  });
}

const carriers = {
  handle: async (stack) => ({ 'X-Session-Id': (await stack.signIn(stack.users.alice)).session_handle }),
  'access token': async (stack) => (await tokenSessions(stack, stack.users.alice, 1))[0].headers,
};

for (const [carrier, made] of Object.entries(carriers)) {
  test(`desk on: many at once by ${carrier} share statements; without it each check is exactly one`, { timeout: 120000 }, async () => {
    for (const [desk, stack] of both) {
      const headers = await made(stack);
      const { call, close } = caller(stack);
      assert.equal(await call('GET', '/session', headers), 200);
      const before = executed(stack);
      const many = 3000;
      await inParallel(Array.from({ length: many }), 48, async () => assert.equal(await call('GET', '/session', headers), 200));
      const sent = executed(stack) - before;
      close();
      if (desk === 'off') assert.ok(sent >= many && sent <= many + 20, `${sent} statements for ${many} checks`);
      else assert.ok(sent < many, `${sent} statements for ${many} checks`);
    }
  });
}

test('desk on: a database that does not answer costs the desk half a second, then the threads ask; 200 when it is back', { timeout: 120000 }, async () => {
  const stack = stacks.on;
  const { session_handle: handle } = await stack.signIn(stack.users.alice);
  assert.equal((await stack.withHandle(handle, 'GET', '/session')).status, 200);
  try {
    await freeze(stack.mariadb.pid);
    const checks = Array.from({ length: 8 }, () => stack.withHandle(handle, 'GET', '/session'));
    // What needs no database is answered meanwhile, though threads and desk have all been asked for sessions.
    await until(async () => (await stack.client.get('/auth/health')).status === 200, 'health is answered');
    for (const check of checks) assert.equal((await check).status, 503);
  } finally {
    process.kill(stack.mariadb.pid, 'SIGCONT');
  }
  await until(async () => (await stack.withHandle(handle, 'GET', '/session')).status === 200, 'checks are answered again');
});

test('desk on: a reload changes what the next request meets; no request is lost', async () => {
  const stack = stacks.on;
  const { session_handle: handle } = await stack.signIn(stack.users.alice);
  let going = true, failed = 0, done = 0;
  const load = Promise.all(Array.from({ length: 8 }, async () => {
    while (going) {
      failed += (await stack.withHandle(handle, 'GET', '/session')).status !== 200;
      done++;
    }
  }));
  for (let i = 0; i < 5; i++) {
    const before = stack.workerLog().filter(({ event }) => event === 'reloaded').length;
    process.kill(stack.worker.pid, 'SIGHUP');
    await until(() => stack.workerLog().filter(({ event }) => event === 'reloaded').length > before, 'it has reloaded');
  }
  going = false;
  await load;
  assert.equal(failed, 0);
  assert.ok(done > 0);
});

test('desk on: SIGTERM while kept connections hold all threads and another waits unread: a clean end within the time', { timeout: 60000 }, async (t) => {
  const stack = await startStack({ settings: { 'listen web': { threads: 2 } } });
  t.after(() => stack.stop());
  const bytes = request(stack.origin, '/auth/health', { keep: true });
  const kept = [];
  for (let i = 0; i < 2; i++) {
    kept.push(await dial(socketOf(stack)));
    kept[i].send(bytes);
    assert.equal((await kept[i].answer()).status, 200);
  }
  const waiting = await dial(socketOf(stack));
  waiting.send(bytes);
  const answer = waiting.answer();
  // The desk has taken it: a check by the desk itself comes after it.
  const check = await dial(socketOf(stack));
  check.send(request(stack.origin, '/auth/api/v1/session'));
  assert.equal((await check.answer()).status, 401);
  const end = await stack.worker.stop('SIGTERM');
  assert.deepEqual({ code: end.code, signal: end.signal }, { code: 0, signal: null });
  assert.equal(await answer, null);
  stack.startWorker();
  await stack.ready();
});
