/*
 * Three nodes of a Galera cluster, a worker on each of two: what one has acknowledged holds on the other at once, and
 * what may happen once happens on one of them (over machines).
 */
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { password } from '../support/harness.mjs';
import { tokenOf } from '../support/client.mjs';
import { branch, startCluster } from '../support/cluster.mjs';
import { createDatabase } from '../support/with-mariadb.mjs';
import { until } from '../support/stack.mjs';

const settings = (more = {}) => ({
  database: { consistent: 'on', read_timeout: 3, ...more },
  session: { most: 1000 },
  throttle: { free_failures: 100, source_short: 100000, source_long: 100000 },
});
const opened = [];
let cluster;
let a;
let b;
let loose; // on node b, without waiting
const alice = { identifier: 'alice', password: password() };

const open = (options) => {
  const one = branch({ cluster, ...options });
  opened.push(one);
  return one;
};
// Each of n numbers, so many at a time.
async function lanes(n, width, act) {
  let next = 0;
  await Promise.all(Array.from({ length: width }, async () => {
    while (next < n) await act(next++);
  }));
}

// What the workers logged as gone wrong.
const faults = () => opened.filter(({ worker }) => worker).flatMap((one) => one.log().split('\n'))
  .filter((line) => /"level":"error"|"level":"warn".*"db_/.test(line)).slice(-10).join('\n');

before(async () => {
  cluster = await startCluster();
  a = open({ node: cluster.nodes.a, name: 'worker-a', settings: settings() });
  a.must(['migrate']);
  a.must(['setup', '--json']);
  b = open({ node: cluster.nodes.b, name: 'worker-b', keys: a.keys, settings: settings() });
  loose = open({ node: cluster.nodes.b, name: 'worker-loose', keys: a.keys, settings: settings({ consistent: 'off' }) });
  a.must(['user', 'add', '--username', 'alice', '--password-stdin'], { input: alice.password });
  await Promise.all([a.start(), b.start(), loose.start()]);
});
after(async () => {
  try {
    await Promise.all(opened.map((one) => one.stop()));
  } finally {
    await cluster?.stop();
  }
});

test('gatepost migrate on two nodes at once: one migrates, the other finds it done', async () => {
  for (let round = 0; round < 3; round++) {
    const database = await createDatabase(cluster.nodes.a, `migrate${round}`);
    const runners = ['a', 'b'].map((name) => open({ node: cluster.nodes[name], name: `migrate-${round}-${name}`, database, settings: settings() }));
    const ends = await Promise.all(runners.map((one) => one.run(['migrate', '--json'])));
    for (const { code, output } of ends) assert.equal(code, 0, output);
    const reports = ends.map(({ output }) => JSON.parse(output)).sort((one, other) => one.applied - other.applied);
    assert.equal(reports[0].applied, 0);
    assert.equal(reports[1].applied, reports[1].to);
    assert.equal(reports[0].from, reports[1].to);
  }
});

test('a sign-in on one node is good on the other at once, in both directions', async () => {
  for (let round = 0; round < 50; round++) {
    const [here, there] = round % 2 ? [a, b] : [b, a];
    const { handle } = await here.signIn(alice);
    assert.equal(await there.check(handle), 200);
  }
});

// Sessions that people signed in for, put back as often as they are ended: the hash of a password is not what is tried here.
async function pool(n) {
  const made = [];
  await lanes(n, 4, async () => made.push(await a.signIn(alice)));
  const ids = made.map(({ id }) => `0x${Buffer.from(id, 'base64url').toString('hex')}`).join(',');
  const sql = (text) => cluster.nodes.a.sql(text, { database: cluster.database.name });
  sql(`CREATE TABLE IF NOT EXISTS kept_session LIKE session; DELETE FROM kept_session; INSERT INTO kept_session SELECT * FROM session WHERE id IN (${ids})`);
  return { sessions: made, putBack: () => sql('INSERT IGNORE INTO session SELECT * FROM kept_session') };
}

test('revoked on one node, refused on the other at once: 2000 of 2000', async (t) => {
  const { sessions, putBack } = await pool(100);
  const keeper = await a.signIn(alice);
  let refused = 0;
  const begin = Date.now();
  for (let round = 0; round < 20; round++) {
    putBack();
    await lanes(sessions.length, 4, async (i) => assert.equal(await b.check(sessions[i].handle), 200));
    await lanes(sessions.length, 4, async (i) => {
      const { handle, id } = sessions[i];
      const answer = i % 2 ? await a.api('DELETE', '/session', { handle }) : await a.api('DELETE', `/sessions/${id}`, { handle: keeper.handle });
      assert.equal(answer.status, 204, answer.body);
      assert.equal(await b.check(handle), 401);
      refused += 1;
    });
  }
  assert.equal(refused, 2000);
  t.diagnostic(`${refused} of 2000 refused, ${Date.now() - begin} ms`);
});

test('without consistent = on the other node may still grant; with it it waits, or says that it cannot tell', async (t) => {
  const { sessions } = await pool(40);
  let stale = 0;
  for (const { handle } of sessions.slice(1)) {
    assert.equal((await a.api('DELETE', '/session', { handle })).status, 204);
    stale += await loose.check(handle) === 200;
  }
  t.diagnostic(`consistent = off: ${stale} of ${sessions.length - 1} still granted`);

  // Certain where it would only be likely: the node applies nothing for a while.
  const [{ handle }] = sessions;
  const resume = await cluster.nodes.b.pause();
  try {
    assert.equal((await a.api('DELETE', '/session', { handle })).status, 204);
    assert.equal(await loose.check(handle), 200);
    assert.equal(await b.check(handle), 503);
  } finally {
    await resume();
  }
  await until(async () => await b.check(handle) === 401, 'the node has caught up');
  assert.equal(await loose.check(handle), 401);
});

test('a value is rotated on two nodes at once: one winner, 300 times', async (t) => {
  let current = alice.password;
  let { handle } = await a.signIn(alice);
  const wins = { 'step-up': 0, change: 0 };
  for (let round = 0; round < 300; round++) {
    const next = password();
    const [here, there] = round % 2 ? [a, b] : [b, a];
    // Who comes after the change shows the old password, and that counts against the account: not what is tried here.
    if (round % 25 === 24) cluster.nodes.a.sql('DELETE FROM throttle', { database: cluster.database.name });
    // A change takes two hashes more or less at the time of one: so that either may come first.
    const [up, change] = await Promise.all([
      delay((round % 10) * 6).then(() => here.api('POST', '/session/reauth', { handle, json: { method: 'password', password: current } })),
      there.api('PUT', '/password', { handle, json: { current_password: current, new_password: next } }),
    ]);
    const winners = [up, change].filter(({ status }) => status === 200);
    assert.equal(winners.length, 1, `${round}: ${up.status} ${up.body} ${change.status} ${change.body} ${faults()}`);
    for (const { status } of [up, change]) assert.ok([200, 401].includes(status), `${round}: ${status} ${faults()}`);
    assert.equal(await here.check(handle), 401);
    ({ session_handle: handle } = winners[0].json);
    if (change.status === 200) current = next;
    wins[change.status === 200 ? 'change' : 'step-up'] += 1;
    assert.equal(await there.check(handle), 200);
  }
  alice.password = current;
  t.diagnostic(`won by step-up ${wins['step-up']}, by password change ${wins.change}`);
});

test('the same request on two nodes at once: the same answer, or a refusal', async () => {
  let { handle } = await a.signIn(alice);
  for (let round = 0; round < 30; round++) {
    const json = { method: 'password', password: alice.password };
    const answers = await Promise.all([a, b].map((one) => one.api('POST', '/session/reauth', { handle, json })));
    const given = new Set(answers.filter(({ status }) => status === 200).map((answer) => answer.json.session_handle));
    assert.equal(given.size, 1, answers.map(({ status, body }) => `${status} ${body}`).join());
    [handle] = given;
    assert.equal(await b.check(handle), 200);
  }
});

/*
 * A sign-in has compared the password and waits within its transaction, while the other node takes the ground away. Then
 * it must not succeed, or what it made must not count.
 */
const groundTaken = {
  'the password is changed': async () => {
    const { handle } = await a.signIn(alice);
    const next = password();
    const answer = await a.api('PUT', '/password', { handle, json: { current_password: alice.password, new_password: next } });
    assert.equal(answer.status, 200, answer.body);
    return () => {
      alice.password = next;
    };
  },
  'the account is locked': async () => {
    a.must(['user', 'lock', 'alice']);
    return () => a.must(['user', 'unlock', 'alice']);
  },
  'the password is declared compromised': async () => {
    a.must(['user', 'compromised', 'alice']);
    return () => {
      alice.password = password();
      a.must(['user', 'passwd', 'alice', '--password-stdin'], { input: alice.password });
    };
  },
};
for (const [what, act] of Object.entries(groundTaken)) {
  test(`a sign-in on one node while on the other ${what}`, async () => {
    const device = { device_id: randomBytes(16).toString('base64url'), device_name: 'phone' };
    await b.signIn(alice, device);
    const release = await cluster.nodes.b.hold(`USE ${cluster.database.name}; BEGIN; SELECT COUNT(*) FROM device FOR UPDATE`);
    const waiting = b.api('POST', '/sessions', { json: { ...alice, transport: 'handle', ...device } });
    try {
      await until(() => Number(cluster.nodes.b.status('Innodb_row_lock_current_waits')) > 0, 'the sign-in waits');
      const giveBack = await act();
      await release();
      const answer = await waiting;
      await giveBack();
      if (answer.status === 201) {
        assert.equal(answer.json.session.state, 'password_change_required', answer.body);
        return;
      }
      assert.equal(answer.status, 401, answer.body);
    } finally {
      await release();
    }
  });
}

test('a setup code makes one administrator, whichever node it is typed at', async () => {
  const database = await createDatabase(cluster.nodes.a, 'setup');
  const desks = ['a', 'b'].map((name) => open({ node: cluster.nodes[name], name: `setup-${name}`, keys: a.keys, database, settings: settings() }));
  desks[0].must(['migrate']);
  await Promise.all(desks.map((desk) => desk.start()));
  const sql = (text) => cluster.nodes.a.sql(text, { database: 'setup' });
  for (let round = 0; round < 15; round++) {
    const { code } = JSON.parse(desks[0].must(['setup', '--json']));
    const typed = await Promise.all(desks.map(async (desk, i) => {
      const page = await desk.ask('GET', '/setup');
      return { desk, headers: { Cookie: page.cookies.join('; '), 'Sec-Fetch-Site': 'same-origin' }, form: {
        csrf_token: tokenOf(page), code, username: `first${i}`, email: '', display_name: '', new_password: password(),
      } };
    }));
    const answers = await Promise.all(typed.map(({ desk, headers, form }) => desk.ask('POST', '/setup', { headers, form })));
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 400], `${round}: ${faults()} ${answers.map(({ status, body }) => `${status} ${body}`).join('\n')}`);
    assert.equal(sql('SELECT COUNT(*) AS n FROM user')[0].n, '1');
    assert.equal(sql('SELECT COUNT(*) AS n FROM setup_code')[0].n, '0');
    sql('DELETE FROM user; DELETE FROM user_role; DELETE FROM password');
  }
});

test('two administrators are locked on two nodes at once: one remains', async () => {
  for (const name of ['root1', 'root2']) a.must(['user', 'add', '--username', name, '--role', 'admin', '--password-stdin'], { input: password() });
  for (let round = 0; round < 15; round++) {
    const ends = await Promise.all([a.run(['user', 'lock', 'root1']), b.run(['user', 'lock', 'root2'])]);
    assert.deepEqual(ends.map(({ code }) => code).sort(), [0, 1], ends.map(({ output }) => output).join());
    a.must(['user', 'unlock', ends[0].code === 0 ? 'root1' : 'root2']);
  }
});

test('a role is given on one node while it gets a permission on the other: who has it has both', async () => {
  a.must(['role', 'add', 'editor']);
  const grants = () => cluster.nodes.c.sql("SELECT grants AS g FROM user WHERE username = 'alice'", { database: 'gatepost' })[0].g;
  for (let round = 0; round < 15; round++) {
    const ends = await Promise.all([a.run(['role', 'grant', 'alice', 'editor']), b.run(['permission', 'add', 'editor', `posts:${round}`])]);
    assert.deepEqual(ends.map(({ code }) => code), [0, 0], ends.map(({ output }) => output).join());
    await until(() => grants().includes(`perm:posts:${round} `), `alice has posts:${round}: ${grants()}`);
    assert.match(grants(), /role:editor$/);
    a.must(['role', 'revoke', 'alice', 'editor']);
  }
});
