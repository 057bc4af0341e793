// A wall clock that steps: back it lengthens nothing and opens nothing, forward it ends what is over.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { mkdtempSync, openSync, rmSync, writeSync, closeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build, startStack } from '../support/harness.mjs';

const MINUTE = 60n * 1000000n, HOUR = 60n * MINUTE, DAY = 24n * HOUR;
const folder = mkdtempSync(join(tmpdir(), 'gp-clock-'));
const clock = openSync(join(folder, 'clock'), 'w+', 0o600);

// How far the worker's wall clock is from ours, in microseconds. The worker has the file mapped.
function step(by) {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(by);
  writeSync(clock, bytes, 0, 8, 0);
}

let stack;
before(async () => {
  step(0n);
  process.env.GATEPOST_TEST_CLOCK = join(folder, 'clock');
  stack = await startStack({ worker: join(build, 'tests/gatepost.shifted.fcgi') });
});
after(async () => {
  await stack?.stop();
  closeSync(clock);
  rmSync(folder, { recursive: true });
});

const api = '/auth/api/v1';
const ends = (id) => stack.sql(`SELECT idle_end, expires_at, last_seen FROM session WHERE id = FROM_BASE64('${id.replaceAll('-', '+').replaceAll('_', '/')}==')`)
  .map((row) => Object.values(row).map(BigInt))[0];
const check = (handle) => stack.withHandle(handle, 'GET', '/session');

test('a step back lengthens no session and makes nothing fresh', async () => {
  step(0n);
  const { session_handle: handle, session } = await stack.signIn(stack.users.alice);
  const before = ends(session.id);
  for (const back of [2n * MINUTE, 3n * HOUR, 40n * DAY, 4000n * DAY]) {
    step(-back);
    assert.equal((await check(handle)).status, 200);
    const [idle, absolute] = ends(session.id);
    assert.ok(idle <= before[0] && absolute <= before[1], `${back}: an end has moved on`);
  }
  // A sign-in that lies in the future proves nothing now.
  step(-3n * HOUR);
  const answer = await stack.withHandle(handle, 'DELETE', '/sessions?scope=others');
  assert.equal(answer.status, 401);
  assert.equal(answer.json.code, 'reauthentication_required');
  step(0n);
  assert.equal((await stack.withHandle(handle, 'DELETE', '/sessions?scope=others')).status, 200);
});

test('a step forward ends what is over by then, on every carrier; and so it stays at the next check', async () => {
  step(0n);
  const { session_handle: handle } = await stack.signIn(stack.users.bob);
  const signedIn = await stack.client.post(`${api}/sessions`, { json: { ...stack.users.bob, transport: 'cookie' } });
  const cookie = signedIn.headers['set-cookie'].find((line) => line.startsWith('__Host-gatepost=')).split(';')[0];
  const byCookie = () => stack.client.get(`${api}/session`, { headers: { Cookie: cookie } });
  step(29n * MINUTE);
  assert.equal((await byCookie()).status, 200);
  step(29n * MINUTE + 31n * MINUTE);
  for (let i = 0; i < 2; i++) {
    const answer = await byCookie();
    assert.equal(answer.status, 401);
    assert.equal(answer.json.code, 'session_expired');
  }
  assert.equal((await check(handle)).status, 200);
  step(15n * DAY);
  assert.equal((await check(handle)).json.code, 'session_expired');
  assert.equal((await stack.client.get('/auth/health?ready')).status, 200);
});

test('waits after wrong passwords survive a step back: it gives one guess at most, which counts', async () => {
  step(0n);
  const guess = () => stack.client.post(`${api}/sessions`, { json: { identifier: 'admin', password: 'not the password of anybody', transport: 'handle' } });
  const failures = () => Math.max(...stack.sql('SELECT failures FROM throttle WHERE bucket = 1').map(({ failures: n }) => Number(n)));
  for (let i = 0; i < 6; i++) await guess();
  assert.equal((await guess()).status, 429);
  let counted = failures();
  for (const back of [MINUTE, 2n * HOUR, 20n * HOUR]) {
    step(-back);
    // The attempt before lies ahead: one goes on and puts the time right, or nobody would know when the wait ends.
    const first = await guess();
    assert.ok(first.status === 401 || first.status === 429, String(first.status));
    counted += first.status === 401 ? 1 : 0;
    const answer = await guess();
    assert.equal(answer.status, 429, `${back}`);
    assert.ok(Number(answer.headers['retry-after']) > 0);
    assert.equal(failures(), counted);
  }
  step(4n * HOUR);
  assert.equal((await guess()).status, 401);
  step(0n);
});
