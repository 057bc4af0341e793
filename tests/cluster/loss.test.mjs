/*
 * A node of a Galera cluster is killed, or cut off, while its worker and the others serve: nobody is let in who was shut
 * out, what was acknowledged holds, what was answered with "nothing was done" was not done, and no worker is restarted.
 */
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { password } from '../support/harness.mjs';
import { branch, startCluster } from '../support/cluster.mjs';
import { until } from '../support/stack.mjs';

const settings = {
  database: { consistent: 'on', connect_timeout: 2, read_timeout: 4, write_timeout: 4 },
  session: { most: 1000 },
  throttle: { free_failures: 100, source_short: 100000, source_long: 100000 },
};
const alice = { identifier: 'alice', password: password() };
let cluster;
let branches;

before(async () => {
  cluster = await startCluster();
  const open = (name, keys) => branch({ cluster, node: cluster.nodes[name], name: `worker-${name}`, keys, settings });
  const first = open('a');
  first.must(['migrate']);
  first.must(['setup', '--json']);
  first.must(['user', 'add', '--username', 'alice', '--password-stdin'], { input: alice.password });
  branches = { a: first, b: open('b', first.keys), c: open('c', first.keys) };
  await Promise.all(Object.values(branches).map((one) => one.start()));
});
after(async () => {
  try {
    await Promise.all(Object.values(branches ?? {}).map((one) => one.stop()));
  } finally {
    await cluster?.stop();
  }
});

// What is known of a session: it lives, it was revoked and acknowledged, or nobody can know.
async function people(n) {
  const sessions = [];
  for (let i = 0; i < n; i++) sessions.push({ ...await branches.a.signIn(alice), is: 'alive', pending: 0 });
  return sessions;
}

/*
 * While act runs: checks and revocations of these sessions at all branches, each answer held against what is known. An
 * answer may only be judged by what was known before it was asked for. act gets served(name, status), which waits until
 * a branch answers like that.
 */
async function underLoad(t, sessions, act) {
  const seen = new Map();
  const wrong = [];
  let going = true;
  let spent = 0;
  const count = (name, what) => seen.set(`${name} ${what}`, (seen.get(`${name} ${what}`) ?? 0) + 1);
  const judge = (name, known, status, now) => {
    if (![200, 401, 503].includes(status)) wrong.push(`${name}: ${status}`);
    if (status === 200 && known === 'revoked') wrong.push(`${name} let in a revoked session`);
    if (status === 401 && known === 'alive' && now === 'alive') wrong.push(`${name} refused a live session`);
    count(name, status);
  };
  async function check(name, session) {
    const known = session.is;
    const { status } = await branches[name].api('GET', '/session', { handle: session.handle });
    judge(name, known, status, session.is);
  }
  async function revoke(name, session) {
    session.is = 'unsure';
    const answer = await branches[name].api('DELETE', '/session', { handle: session.handle });
    count(name, `revoke ${answer.status}`);
    if (answer.status === 204) session.is = 'revoked';
    else if (answer.status !== 503) wrong.push(`${name}: a revocation answered ${answer.status} ${answer.body}`);
    else if (/nothing was done/.test(answer.body)) session.is = 'alive';
    else assert.match(answer.body, /uncertain/);
  }
  const names = Object.keys(branches);
  const lane = async (offset) => {
    for (let i = offset; going; i++) {
      const name = names[i % names.length];
      const alive = sessions.filter(({ is }) => is === 'alive');
      // Some are left for the time after.
      if (i % 7 === 0 && alive.length > sessions.length / 4) {
        spent += 1;
        const session = alive[i % alive.length];
        await revoke(name, session);
        if (session.is === 'revoked') await check(names[(i + 1) % names.length], session);
      } else {
        await check(name, sessions[(i * 31) % sessions.length]);
      }
    }
  };
  const lanes = Array.from({ length: 6 }, (_, i) => lane(i));
  const served = (name, what = 200) => {
    const seenOf = () => seen.get(`${name} ${what}`) ?? 0;
    const before = seenOf();
    return until(() => seenOf() >= before + 20, `${name} answers ${what}`, 40);
  };
  try {
    for (const name of names) await served(name);
    await act(served);
  } finally {
    going = false;
    await Promise.all(lanes);
  }
  assert.deepEqual(wrong, []);
  assert.ok(spent > 10);
  t.diagnostic([...seen].map(([what, n]) => `${what}: ${n}`).sort().join(', '));
}

// All branches agree about all sessions, and with what was answered.
async function agree(sessions) {
  for (const session of sessions) {
    const statuses = [];
    for (const one of Object.values(branches)) statuses.push(await one.check(session.handle));
    assert.equal(new Set(statuses).size, 1, `${session.is}: ${statuses}`);
    const allowed = { alive: [200], revoked: [401], unsure: [200, 401] }[session.is];
    assert.ok(allowed.includes(statuses[0]), `${session.is}: ${statuses}`);
  }
}

test('a node is killed under load: the others serve, and it comes back to its worker', async (t) => {
  const sessions = await people(160);
  await underLoad(t, sessions, async (served) => {
    const begin = Date.now();
    await cluster.nodes.b.kill('SIGKILL');
    await served('b', 503);
    for (const name of ['a', 'c']) await served(name);
    t.diagnostic(`the others serve again ${Date.now() - begin} ms after the kill`);
    await cluster.nodes.b.restart();
    await served('b');
  });
  await cluster.together(3);
  await agree(sessions);
  assert.equal((await branches.b.signIn(alice)).handle.length, 47);
});

test('a node is cut off under load: it answers 503 and nothing else, and catches up', async (t) => {
  const sessions = await people(160);
  await underLoad(t, sessions, async (served) => {
    cluster.nodes.b.isolate(true);
    try {
      await served('b', 503);
      for (const name of ['a', 'c']) await served(name);
      await until(() => cluster.nodes.b.status('wsrep_cluster_status') === 'non-Primary', 'the node knows that it is alone');
      for (const { handle } of sessions.slice(0, 20)) assert.equal(await branches.b.check(handle), 503);
      assert.equal((await branches.b.ask('GET', '/health?ready')).status, 503);
      assert.equal((await branches.b.ask('GET', '/health')).status, 200);
      const signIn = await branches.b.api('POST', '/sessions', { json: { ...alice, transport: 'handle' } });
      assert.equal(signIn.status, 503, signIn.body);
    } finally {
      cluster.nodes.b.isolate(false);
    }
    await served('b');
  });
  await cluster.together(3);
  await agree(sessions);
});

test('without a quorum everything is 503; with it again, everything is as it was', async () => {
  const [kept, revoked] = await people(2);
  assert.equal((await branches.c.api('DELETE', '/session', { handle: revoked.handle })).status, 204);
  await Promise.all([cluster.nodes.b, cluster.nodes.c].map((node) => node.kill('SIGKILL')));
  await until(() => cluster.nodes.a.status('wsrep_cluster_status') === 'non-Primary', 'the last node has no quorum', 40);
  for (const one of Object.values(branches)) {
    assert.equal(await one.check(kept.handle), 503);
    assert.equal(await one.check(revoked.handle), 503);
  }
  assert.equal((await branches.a.api('DELETE', '/session', { handle: kept.handle })).status, 503);
  await Promise.all([cluster.nodes.b.restart(), cluster.nodes.c.restart()]);
  await cluster.together(3);
  for (const one of Object.values(branches)) {
    await until(async () => await one.check(kept.handle) === 200, 'the kept session is good');
    assert.equal(await one.check(revoked.handle), 401);
  }
});
