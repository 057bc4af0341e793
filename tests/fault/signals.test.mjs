// SIGTERM and SIGHUP under load: each request gets one whole answer, none is lost.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { startStack } from '../support/harness.mjs';
import { until } from '../support/stack.mjs';

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
    // 503 by us while it drains, then by the web server, which finds nobody: never half an answer, never a torn request (500).
    assert.deepEqual(Object.keys(answers).filter((what) => !['200', '503', 'web server 503'].includes(what)), [], JSON.stringify(answers));
    stack.startWorker();
    await stack.ready();
    assert.equal((await stack.withHandle(handle, 'GET', '/session')).status, 200);
  });
}
