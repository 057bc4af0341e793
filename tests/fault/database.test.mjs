// ST-07, IN-25: a database that is full, read-only, slow, locked or has no connection left: 503 or true answers, never a
// grant, and served again without a restart.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { createConnection } from 'node:net';
import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { build, startStack } from '../support/harness.mjs';
import { freeze, until } from '../support/stack.mjs';

let stack;
before(async () => {
  stack = await startStack({
    // All tables in one file that cannot grow: a disk that is full. What undoes is apart, so that room can be made. Short waits, so that a slow server is met by them.
    mariadb: { args: ['--innodb-file-per-table=0', '--innodb-undo-tablespaces=2', '--innodb-data-file-path=ibdata1:12M:autoextend:max:48M'] },
    settings: { database: { read_timeout: 2, write_timeout: 2, connect_timeout: 2 }, throttle: { free_failures: 100 } },
  });
});
after(() => stack?.stop());

// Rows of sessions, without a sign-in for each; false: there is no room for so many.
function mint(name, count) {
  const run = spawnSync(join(build, 'tests/mint'), [stack.config.file, name, String(count)], { encoding: 'utf8', maxBuffer: 1 << 24 });
  if (run.status !== 0) assert.match(run.stderr, /refused/);
  return run.status === 0;
}

const check = async (handle) => (await stack.withHandle(handle, 'GET', '/session')).status;
const trySignIn = () => stack.client.post('/auth/api/v1/sessions', { json: { ...stack.users.bob, transport: 'handle' } });
const serves = (handle) => until(async () => (await check(handle)) === 200 && (await trySignIn()).status === 201, 'it serves again');

// A refusal says when to come again, and that nothing was done.
function refused(answer) {
  assert.equal(answer.status, 503, answer.body);
  assert.ok(Number(answer.headers['retry-after']) > 0);
  assert.equal(answer.json.code, 'unavailable');
}

// Sessions that a refused sign-in left behind: none.
async function leavesNothing(act) {
  const before = stack.count('session');
  await act();
  assert.equal(stack.count('session'), before);
}

test('the disk is full: who is signed in goes on, a sign-in is refused and leaves nothing', { timeout: 120000 }, async () => {
  const { session_handle: handle } = await stack.signIn(stack.users.alice);
  stack.sql("CREATE TABLE filler (id BIGINT AUTO_INCREMENT PRIMARY KEY, text CHAR(250) CHARACTER SET latin1 NOT NULL DEFAULT 'x') ENGINE=InnoDB");
  for (let rows = 4096; rows >= 1;) {
    try {
      stack.sql(`INSERT INTO filler (text) SELECT 'x' FROM seq_1_to_${rows}`);
    } catch (error) {
      assert.match(error.message, /full/);
      rows >>= 2;
    }
  }
  // And what room its tables had left of their own.
  for (let rows = 1000; rows >= 1;) if (!mint('bob', rows)) rows >>= 1;
  assert.equal(await check(handle), 200);
  // A check that has to note "last seen" is not refused because that cannot be written.
  let refusals = 0;
  for (let i = 0; i < 40 && refusals < 3; i++) {
    const before = stack.count('session');
    const answer = await trySignIn();
    // A page may have room for one more; and a sign-in ends what is over fifty.
    if (answer.status === 201) continue;
    refused(answer);
    assert.equal(stack.count('session'), before);
    refusals++;
  }
  assert.ok(refusals > 0, 'a full disk refuses a sign-in');
  assert.equal(await check(handle), 200);
  stack.sql('DROP TABLE filler');
  await serves(handle);
});

test('read-only: checks are true, whatever writes is 503 and changes nothing', async () => {
  const { session_handle: handle, session } = await stack.signIn(stack.users.alice);
  stack.sql('SET GLOBAL read_only = ON');
  try {
    assert.equal(await check(handle), 200);
    // Over a minute old: to be touched, and cannot be.
    refused(await stack.withHandle(handle, 'DELETE', '/session'));
    refused(await stack.withHandle(handle, 'DELETE', `/sessions/${session.id}`));
    await leavesNothing(async () => refused(await trySignIn()));
    assert.equal(await check(handle), 200, 'a sign-out that was refused did not happen');
    assert.equal((await stack.client.get('/auth/api/v1/session', { headers: { 'X-Session-Id': `gps_${'A'.repeat(43)}` } })).status, 401);
  } finally {
    stack.sql('SET GLOBAL read_only = OFF');
  }
  await serves(handle);
  assert.equal((await stack.withHandle(handle, 'DELETE', '/session')).status, 204);
  assert.equal(await check(handle), 401);
});

test('frozen: every answer comes within the time limits, as 503; served again when it thaws', { timeout: 120000 }, async () => {
  const { session_handle: handle } = await stack.signIn(stack.users.alice);
  await freeze(stack.mariadb.pid);
  try {
    const answers = await Promise.all([...Array.from({ length: 12 }, () => stack.withHandle(handle, 'GET', '/session')),
      trySignIn(), stack.client.get('/auth/account', { headers: { Cookie: `__Host-gatepost=${'A'.repeat(43)}` } })]);
    for (const answer of answers) assert.equal(answer.status, 503);
    assert.equal((await stack.client.get('/auth/health')).status, 200);
  } finally {
    process.kill(stack.mariadb.pid, 'SIGCONT');
  }
  await serves(handle);
});

// The statements of somebody else's maintenance, held open in a client of its own until stdin ends.
function hold(statement) {
  const child = spawn('mariadb', ['--no-defaults', '-uroot', `--socket=${stack.mariadb.socket}`, '--unbuffered', '-N', stack.database.name], { stdio: ['pipe', 'pipe', 'inherit'] });
  const held = new Promise((resolve) => child.stdout.once('data', resolve));
  child.stdin.write(`${statement}; SELECT 1;\n`);
  return { held, release: () => new Promise((resolve) => child.on('exit', resolve).stdin.end()) };
}

test('tables locked by somebody else: refused within the limits, true again after', { timeout: 120000 }, async () => {
  const { session_handle: handle } = await stack.signIn(stack.users.alice);
  const lock = hold('LOCK TABLES session WRITE, rotation WRITE');
  await lock.held;
  try {
    assert.equal(await check(handle), 503);
    refused(await trySignIn());
  } finally {
    await lock.release();
  }
  await serves(handle);
});

test('no connection left: refused, and the workers connect again by themselves', { timeout: 120000 }, async () => {
  const { session_handle: handle } = await stack.signIn(stack.users.alice);
  const most = Number(stack.sql("SHOW VARIABLES LIKE 'max_connections'")[0].Value);
  stack.sql("SET GLOBAL max_connections = 10");
  const held = [];
  try {
    // The workers' connections are thrown out, and others take their places.
    for (const { id } of stack.sql("SELECT id FROM information_schema.processlist WHERE user LIKE 'gatepost%'")) stack.sql(`KILL ${id}`);
    for (let i = 0; i < 10; i++) {
      held.push(createConnection(stack.mariadb.socket));
      held.at(-1).on('error', () => {});
    }
    let refusals = 0;
    for (let i = 0; i < 20; i++) {
      const status = await check(handle);
      assert.ok(status === 200 || status === 503, String(status));
      refusals += status === 503;
    }
    const answer = await trySignIn();
    if (answer.status !== 201) refused(answer);
    assert.ok(refusals > 0 || answer.status === 503, 'somebody was refused');
  } finally {
    for (const socket of held) socket.destroy();
    await until(() => {
      stack.sql(`SET GLOBAL max_connections = ${most}`);
      return true;
    }, 'the limit is back');
  }
  await serves(handle);
});
