// SIGTERM and SIGHUP under load: each request gets one whole answer, none is lost.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { dial, request } from '../support/fastcgi.mjs';
import { startStack } from '../support/harness.mjs';
import { freePort, until } from '../support/stack.mjs';

// Requests of so many clients until stop(): what they were answered.
function load(stack, handle, clients) {
  const answers = {};
  let going = true;
  const all = Promise.all(Array.from({ length: clients }, async (_, i) => {
    while (going) {
      let what;
      try {
        const answer = i % 4 === 0 ? await stack.client.get('/auth/login') : await stack.withHandle(handle, 'GET', '/session', { byServer: [500, 502, 503] });
        what = answer.headers['x-request-id'] ? answer.status : `web server ${answer.status}`;
      } catch (error) {
        what = error.code ?? error.message;
      }
      answers[what] = (answers[what] ?? 0) + 1;
    }
  }));
  return {
    answers,
    count: () => Object.values(answers).reduce((sum, n) => sum + n, 0),
    async stop() {
      going = false;
      await all;
      return answers;
    },
  };
}

const more = (running, n) => {
  const from = running.count();
  return until(() => running.count() >= from + n, 'the load goes on', 400);
};

test('of two workers on one socket one is ended: nobody notices', { timeout: 120000 }, async (t) => {
  const stack = await startStack({ sharing: 2 });
  t.after(() => stack.stop());
  const { session_handle: handle } = await stack.signIn(stack.users.alice);
  const running = load(stack, handle, 12);
  await more(running, 200);
  const [first] = stack.workers;
  const end = await first.stop('SIGTERM');
  assert.deepEqual({ code: end.code, signal: end.signal }, { code: 0, signal: null });
  await more(running, 200);
  assert.deepEqual(Object.keys(await running.stop()), ['200']);
});

for (const desk of ['yes', 'no']) {
  test(`desk = ${desk}: SIGHUP many times under load, none lost; SIGTERM: whole answers until the end, which is clean`, { timeout: 120000 }, async (t) => {
    const stack = await startStack({ settings: { server: { desk } } });
    t.after(() => stack.stop());
    const { session_handle: handle } = await stack.signIn(stack.users.alice);
    const running = load(stack, handle, 12);
    for (let i = 1; i <= 5; i++) {
      process.kill(stack.worker.pid, 'SIGHUP');
      await until(() => stack.workerLog().filter(({ event }) => event === 'reloaded').length >= i, 'it has reloaded');
      await more(running, 50);
    }
    assert.deepEqual(Object.keys(running.answers), ['200']);
    const end = await stack.worker.stop('SIGTERM');
    assert.deepEqual({ code: end.code, signal: end.signal }, { code: 0, signal: null });
    await more(running, 20);
    const answers = await running.stop();
    // 503 by us while it drains, then by the web server: the only worker is gone, and nothing of ours is there to answer. But
    // its 500 says that a request was begun and torn, which is our fault.
    assert.deepEqual(Object.keys(answers).filter((what) => !['200', '503', 'web server 503'].includes(what)), [], JSON.stringify(answers));
    stack.startWorker();
    await stack.ready();
    assert.equal((await stack.withHandle(handle, 'GET', '/session')).status, 200);
  });
}

const threadsOf = (pid) => readdirSync(`/proc/${pid}/task`).length;

// Wherever a thread itself takes connections. Behind a web server parameters come in one piece, and nearly never meet the signal.
const THREADS = 4;
const port = await freePort();
const doors = {
  'a unix socket': { options: { settings: { server: { desk: 'no' }, 'listen web': { threads: THREADS } } }, status: 503 },
  'a TCP port': {
    options: { settings: { server: { desk: 'no' }, 'listen tcp': { address: `127.0.0.1:${port}`, threads: THREADS } } },
    at: { host: '127.0.0.1', port },
    status: 503,
  },
  // Others may serve what waits there, but what was taken is ours to answer.
  'descriptor 0': { options: { sharing: 1, settings: { server: { threads: THREADS } } }, status: 200 },
};
for (const [door, { options, at, status }] of Object.entries(doors)) {
  test(`${door}: SIGTERM while parameters are on their way: the rest is waited for, and answered whole`, { timeout: 60000 }, async (t) => {
    const stack = await startStack(options);
    t.after(() => stack.stop());
    const address = at ?? join(stack.dir, 'run/gatepost.sock');
    const bytes = request(stack.origin, '/auth/health');
    const slow = await dial(address);
    t.after(() => slow.close());
    slow.send(bytes.subarray(0, 60));
    const answer = slow.answer();
    // Connections are taken in their order: once a later one is answered, a thread has this one.
    const later = await dial(address);
    later.send(bytes);
    assert.equal((await later.answer()).status, 200);
    later.close();
    const before = threadsOf(stack.worker.pid);
    const ended = stack.worker.stop('SIGTERM');
    // All its neighbours have been woken and are gone: so it was woken too, as often as they.
    await until(() => threadsOf(stack.worker.pid) <= before - (THREADS - 1), 'the other threads have ended');
    slow.send(bytes.subarray(60));
    assert.equal((await answer)?.status, status);
    const { code, signal } = await ended;
    assert.deepEqual({ code, signal }, { code: 0, signal: null });
  });
}
