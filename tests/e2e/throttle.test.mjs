// Throttling of sign-in: pages and API alike, names of somebody and nobody alike, floods, the command.
import { test, before, beforeEach, after } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { configText, startStack } from '../support/harness.mjs';

const api = '/auth/api/v1';
const wrong = 'not the right password';

let stack;
before(async () => {
  stack = await startStack();
});
beforeEach(() => stack.must(['throttle', 'clear', '--all']));
after(() => stack?.stop());

const guess = (identifier, password = wrong, more = {}) =>
  stack.client.post(`${api}/sessions`, { json: { identifier, password, transport: 'handle' }, ...more });

async function trip(identifier) {
  for (let i = 0; i < 5; i++) assert.equal((await guess(identifier)).status, 401);
}

// Both say how long to wait, and at most as long as the rule asks for.
function waits(answer, most) {
  assert.equal(answer.status, 429);
  const seconds = Number(answer.headers['retry-after']);
  assert.ok(Number.isInteger(seconds) && seconds >= 1 && seconds <= most, answer.headers['retry-after']);
}

// What differs from one answer to the next of the same kind.
function shape(answer, identifier) {
  const headers = { ...answer.headers };
  for (const name of ['x-request-id', 'date', 'retry-after', 'content-length']) delete headers[name];
  headers['set-cookie'] = (headers['set-cookie'] ?? []).map((line) => line.replace(/=[^;]*/, ''));
  const body = answer.body.replaceAll(identifier, 'WHO').replace(/again in \d+ seconds?/g, 'again in N seconds')
    .replace(/value="[A-Za-z0-9_.-]{40,}"/g, 'TOKEN').replace(/[A-Za-z0-9_-]{22}/g, 'ID');
  return JSON.stringify([answer.status, headers, body]);
}

test('TH-14, TH-09, TH-02: the API answers 429 with Retry-After, alike for somebody and nobody, also to a right password', async () => {
  const shapes = new Set();
  for (const identifier of ['alice', 'nobody', 'nobody@example.org']) {
    await trip(identifier);
    const password = stack.users[identifier]?.password ?? wrong;
    for (const tried of [wrong, password]) {
      const answer = await guess(identifier, tried);
      waits(answer, 30);
      assert.equal(answer.json.code, 'too_many_attempts');
      assert.match(answer.headers['content-type'], /^application\/problem\+json/);
      assert.match(answer.json.detail, /Please try again in \d+ seconds?\.$/);
      shapes.add(shape(answer, identifier));
    }
  }
  assert.equal(shapes.size, 1);
});

test('TH-17, TH-14, TH-08: the page shares the counters: 429 with the form and how long to wait; a new visitor has no fresh attempts', async () => {
  const shapes = new Set();
  for (const identifier of ['alice', 'nemo1']) {
    await trip(identifier);
    const password = stack.users[identifier]?.password ?? wrong;
    const answer = await stack.visitor().signIn({ identifier, password });
    waits(answer, 30);
    assert.match(answer.headers['content-type'], /^text\/html/);
    assert.match(answer.body, /There were too many attempts\. Please try again in \d+ seconds?\./);
    assert.match(answer.body, /<form method="post"/);
    assert.ok(answer.body.includes(`value="${identifier}"`) && !answer.body.includes(password));
    assert.ok(!(answer.headers['set-cookie'] ?? []).some((line) => line.startsWith('__Host-gatepost=')));
    shapes.add(shape(answer, identifier));
  }
  assert.equal(shapes.size, 1);
});

test('TH-02: running sessions go on; what the page counted the API knows', async () => {
  const { session_handle: handle } = await stack.signIn(stack.users.bob);
  for (let i = 0; i < 5; i++) assert.equal((await stack.visitor().signIn({ identifier: 'bob', password: wrong })).status, 401);
  waits(await guess('bob', stack.users.bob.password), 30);
  assert.equal((await stack.withHandle(handle, 'GET', '/session')).status, 200);
});

test('one password on many accounts trips the source (TH-03); another source does not wait', async () => {
  for (let i = 0; i < 50; i++) assert.equal((await guess(`somebody${i}`)).status, 401);
  waits(await guess('alice', stack.users.alice.password), 600);
  assert.equal((await guess('alice', stack.users.alice.password, { from: '127.0.9.9' })).status, 201);
});

// The lane may be full: then nothing was counted and the guess is made again.
async function insist(identifier) {
  for (;;) {
    const answer = await guess(identifier);
    if (answer.status !== 503) return answer.status;
  }
}

const counters = () => Object.fromEntries(JSON.parse(stack.must(['throttle', 'list', '--json']).stdout).counters.map((counter) => [counter.kind, counter]));

test('TH-04: of 50 parallel wrong guesses exactly five are judged', async () => {
  const statuses = await Promise.all(Array.from({ length: 50 }, () => insist('alice')));
  assert.equal(statuses.filter((status) => status === 401).length, 5);
  assert.equal(statuses.filter((status) => status === 429).length, 45);
  assert.equal(counters().account.failures, 5);
  assert.equal(counters().source.short_count, 5);
});

test('TH-04, TH-01: 50 parallel wrong guesses count as exactly 50, and a name has no more than that', async () => {
  const { file } = stack.config;
  const was = readFileSync(file, 'utf8');
  await stack.worker.stop();
  writeFileSync(file, was + configText({ throttle: { free_failures: 100 } }));
  stack.startWorker();
  await stack.ready();
  const statuses = await Promise.all(Array.from({ length: 50 }, () => insist('alice')));
  assert.deepEqual(new Set(statuses), new Set([401]));
  assert.equal(counters().account.failures, 50);
  assert.equal(counters().source.short_count, 50);
  const answer = await guess('alice', stack.users.alice.password, { from: '127.0.9.9' });
  waits(answer, 24 * 60 * 60);
  assert.match(answer.json.detail, /24 hours/);
  await stack.worker.stop();
  writeFileSync(file, was);
  stack.startWorker();
  await stack.ready();
});

test('TH-01: a flood from 1,000 sources is refused while the true user signs in throughout', async () => {
  const owner = stack.visitor();
  assert.equal((await owner.signIn(stack.users.alice)).status, 303);
  assert.ok(owner.jar.cookies.has('__Host-gatepost-device'));
  const statuses = {};
  let next = 0;
  const attacker = async () => {
    while (next < 1000) {
      const n = next++;
      const { status } = await guess('alice', wrong, { from: `127.1.${n >> 8}.${n & 255}` });
      statuses[status] = (statuses[status] ?? 0) + 1;
    }
  };
  let flooding = true;
  const flood = Promise.all(Array.from({ length: 16 }, attacker)).finally(() => {
    flooding = false;
  });
  let signIns = 0;
  while (flooding) {
    // Signed out, so that only the device cookie speaks for her.
    owner.jar.cookies.delete('__Host-gatepost');
    assert.equal((await owner.signIn(stack.users.alice)).status, 303, `sign-in ${signIns}`);
    signIns++;
  }
  await flood;
  assert.ok(signIns >= 3, `${signIns} sign-ins during the flood`);
  assert.deepEqual(Object.keys(statuses).sort(), ['401', '429'], JSON.stringify(statuses));
  assert.equal(statuses[401] + statuses[429], 1000);
  assert.ok(statuses[401] < 8, `${statuses[401]} guesses were judged`);
  assert.equal(Number(stack.sql('SELECT COUNT(DISTINCT source) AS n FROM audit_event WHERE source LIKE "127.1.%"')[0].n), statuses[401]);
  // What an unknown device gets, right password or not.
  waits(await guess('alice', stack.users.alice.password, { from: '127.2.0.1' }), 60 * 60);
});

test('throttle list and clear', async () => {
  await trip('alice');
  const list = (...args) => JSON.parse(stack.must(['throttle', 'list', '--json', ...args]).stdout).counters;
  assert.equal(list().length, 2);
  assert.equal(list('--all').length, 2);
  const [account] = list('--user', 'alice@example.org');
  assert.deepEqual([account.kind, account.failures, account.refuses], ['account', 5, true]);
  assert.ok(Date.parse(account.until) > Date.parse(account.last_at));
  const [source] = list('--source', '127.0.0.1');
  assert.deepEqual([source.kind, source.short_count, source.long_count, source.refuses], ['source', 5, 5, false]);
  assert.deepEqual(list('--source', '192.0.2.1'), []);
  const text = stack.must(['throttle', 'list']).stdout;
  assert.match(text, /^account\t[0-9a-f]{16}\t5 in a row\tlast .*\trefused until /m);
  assert.match(text, /^source\t[0-9a-f]{16}\t5 in 10 minutes, 5 in a day\tlast /m);
  assert.ok(!text.includes('alice'));

  waits(await guess('alice', stack.users.alice.password), 30);
  assert.match(stack.must(['throttle', 'clear', '--user', 'alice']).stdout, /^1 counter cleared$/m);
  assert.equal((await guess('alice', stack.users.alice.password)).status, 201);
  assert.equal(JSON.parse(stack.must(['throttle', 'clear', '--source', '127.0.0.1', '--json']).stdout).cleared, 1);
  assert.deepEqual(list(), []);

  for (const args of [['clear'], ['clear', '--user', 'a', '--all'], ['list', '--user', 'a', '--source', '127.0.0.1'], ['list', 'alice']]) {
    assert.equal(stack.ctl(['throttle', ...args]).code, 2, args.join(' '));
  }
  for (const verb of ['list', 'clear']) {
    const run = stack.ctl(['throttle', verb, '--source', 'nowhere']);
    assert.equal(run.code, 1);
    assert.match(run.stderr, /address/);
  }
});
