// gatepost flow list|show|end|fact|step: whose flow, what a service may write, what is refused and what is recorded.
import { test, before, after, beforeEach } from 'node:test';
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { programs, startStack } from '../support/harness.mjs';

let stack;
before(async () => {
  stack = await startStack({
    settings: {
      throttle: { guests: 1000 },
      'flow fund-wallet': {
        steps: 'start > kyc > otp > done', client_may: 'start > kyc',
        'counter.otp': '5, reset 15m', 'counter.resend': '3, cooldown 30s, reset 1h', scope: 'user', expires: '24h',
      },
      'flow checkout': { steps: 'cart > paid', client_may: 'cart > cart', scope: 'session' },
    },
  });
});
after(() => stack?.stop());
beforeEach(() => stack.sql('DELETE FROM flow; DELETE FROM flow_counter; DELETE FROM session; DELETE FROM audit_event'));

const api = '/auth/api/v1';
const json = (args, options) => JSON.parse(stack.must([...args, '--json'], options).stdout);
const call = (handle, method, path, options) => stack.withHandle(handle, method, path, options);
const fact = (who, facts) => stack.ctl(['flow', 'fact', ...who, '--facts-stdin', '--json'], { input: typeof facts === 'string' ? facts : JSON.stringify(facts) });
const events = () => stack.sql("SELECT detail, user_id IS NULL AS nobody, session_id IS NULL AS everywhere FROM audit_event WHERE event = 'flow_served' ORDER BY at").map(({ detail }) => detail);

function refused(args, exit, pattern, options) {
  const run = stack.ctl(args, options);
  assert.equal(run.code, exit, `${args.join(' ')}: ${run.stdout}${run.stderr}`);
  assert.match(run.stderr, pattern);
  assert.equal(run.stdout, '');
}

async function start(handle, kind = 'fund-wallet', body = {}) {
  const answer = await call(handle, 'POST', `/flows/${kind}`, { json: body });
  assert.equal(answer.status, 201, answer.body);
  return answer.json;
}
const read = async (handle, kind = 'fund-wallet') => (await call(handle, 'GET', `/flows/${kind}`)).json;
async function guest() {
  const answer = await stack.client.post(`${api}/sessions/guest`, { json: { transport: 'handle' } });
  assert.equal(answer.status, 201, answer.body);
  return answer.json;
}

test('what the command shows is what the client sees, in every member', async () => {
  const { session_handle: handle } = await stack.signIn(stack.users.alice);
  await start(handle, 'fund-wallet', { return_to: '/wallet', data: { amount: '50', note: 'für "x" & </script>' } });
  await start(handle, 'free-kind');
  assert.equal((await call(handle, 'POST', '/flows/fund-wallet/attempts', { json: { counter: 'resend' } })).status, 200);
  for (const who of ['alice', 'alice@example.org']) assert.deepEqual(json(['flow', 'show', who, 'fund-wallet']), await read(handle), who);
  assert.deepEqual(json(['flow', 'show', 'alice', 'free-kind']), await read(handle, 'free-kind'));
  const { flows } = (await call(handle, 'GET', '/session/state')).json;
  assert.deepEqual(json(['flow', 'list', 'alice']), { flows, offered: null });
  assert.deepEqual(json(['flow', 'list', 'bob']), { flows: [], offered: null });
  const text = stack.must(['flow', 'show', 'alice', 'fund-wallet']).stdout;
  assert.match(text, /^fund-wallet\tstart\tversion 1\texpires \S+Z\nreturn to\t\/wallet\ndata\t\{"amount":"50","note":.*\}\nfacts\t\{\}\ncounter otp\tleft 5\ncounter resend\tleft 2\tnext \S+Z\n$/);
  assert.match(stack.must(['flow', 'list', 'alice']).stdout, /^free-kind\tstart\tversion 1\texpires \S+Z\tnot declared\nfund-wallet\t.*\n$/);
  assert.deepEqual(events(), [], 'looking is no event');
});

test('facts are merged, steps are made where no client may, each with one event that tells no fact', async () => {
  const { session_handle: handle } = await stack.signIn(stack.users.alice);
  const begun = await start(handle);
  assert.deepEqual(JSON.parse(fact(['alice', 'fund-wallet'], { kyc: 'passed', by: { name: 'Zebra', secret: 7 } }).stdout).facts, { kyc: 'passed', by: { name: 'Zebra', secret: 7 } });
  assert.equal(fact(['alice', 'fund-wallet'], '{"by":{"secret":null},"level":2}\n').code, 0);
  const seen = await read(handle);
  assert.deepEqual(seen.facts, { kyc: 'passed', by: { name: 'Zebra' }, level: 2 });
  assert.equal(seen.version, begun.version + 2);
  assert.equal(json(['flow', 'step', 'alice', 'fund-wallet', 'otp']).step, 'otp');
  assert.equal(json(['flow', 'step', 'alice', 'fund-wallet', 'start']).step, 'start', 'back, too');
  assert.deepEqual((await read(handle)).facts, seen.facts, 'a step leaves facts as they are');
  assert.deepEqual(events(), ['fund-wallet: start, facts', 'fund-wallet: start, facts', 'fund-wallet: start > otp', 'fund-wallet: otp > start']);
  assert.equal(stack.count("audit_event WHERE detail LIKE '%Zebra%' OR detail LIKE '%passed%'"), 0);
  assert.equal(stack.count("audit_event e JOIN user u ON u.id = e.user_id WHERE e.event = 'flow_served' AND u.username = 'alice'"), 4);
  const listed = json(['audit', 'list', '--event', 'flow_served']).events;
  assert.deepEqual([listed.length, listed[0].username, listed[0].outcome], [4, 'alice', 'ok']);
});

test('a client that read before a service wrote is told', async () => {
  const { session_handle: handle } = await stack.signIn(stack.users.alice);
  await start(handle);
  const { headers } = await call(handle, 'GET', '/flows/fund-wallet');
  assert.equal(fact(['alice', 'fund-wallet'], { kyc: 'refused' }).code, 0);
  const late = await call(handle, 'POST', '/flows/fund-wallet/step', { json: { to: 'kyc' }, headers: { 'If-Match': headers.etag } });
  assert.equal(late.status, 412, late.body);
  assert.deepEqual(late.json.current.facts, { kyc: 'refused' });
});

test('a guest\'s flow, and one of a session, by the session\'s id', async () => {
  const { session, session_handle: handle } = await guest();
  await start(handle);
  const who = ['--session', session.id];
  assert.equal(JSON.parse(fact([...who, 'fund-wallet'], { seen: true }).stdout).facts.seen, true);
  assert.equal(json(['flow', 'step', ...who, 'fund-wallet', 'kyc']).step, 'kyc');
  assert.deepEqual(json(['flow', 'show', 'fund-wallet', ...who]), await read(handle));
  assert.deepEqual(json(['flow', 'list', ...who]).flows, [await read(handle)]);
  assert.deepEqual(events(), ['fund-wallet: start, facts', 'fund-wallet: start > kyc']);
  assert.equal(stack.count("audit_event WHERE event = 'flow_served' AND user_id IS NULL AND session_id IS NOT NULL"), 2);

  const bob = await stack.signIn(stack.users.bob);
  await start(bob.session_handle, 'checkout');
  refused(['flow', 'show', 'bob', 'checkout'], 1, /belong to sessions, say --session ID: checkout/);
  assert.match(stack.must(['flow', 'step', 'checkout', 'paid', '--session', bob.session.id]).stdout, /^checkout\tpaid\t.*\tof the session\n/);
  assert.equal((await read(bob.session_handle, 'checkout')).step, 'paid');
  await start(bob.session_handle);
  assert.deepEqual(json(['flow', 'list', '--session', bob.session.id]).flows.map(({ kind }) => kind), ['fund-wallet', 'checkout'], 'the person\'s and the session\'s');
  assert.deepEqual(json(['flow', 'list', 'bob']).flows.map(({ kind }) => kind), ['fund-wallet']);
});

test('what a guest left is shown as offered, and stays offered whatever a service writes', async () => {
  const first = await stack.signIn(stack.users.alice);
  await start(first.session_handle, 'fund-wallet', { data: { whose: 'alice' } });
  const { session, session_handle: handle } = await guest();
  await start(handle, 'fund-wallet', { data: { whose: 'guest' } });
  const promoted = await stack.client.post(`${api}/sessions`, { json: { ...stack.users.alice, transport: 'handle' }, headers: { 'X-Session-Id': handle } });
  assert.equal(promoted.json.session.id, session.id);
  assert.equal(fact(['alice', 'fund-wallet'], { kyc: 'passed' }).code, 0);
  const { flows, offered } = json(['flow', 'list', '--session', session.id]);
  assert.deepEqual([flows.map(({ data, facts }) => [data.whose, facts.kyc]), offered.data, offered.facts, offered.from], [[['alice', 'passed']], { whose: 'guest' }, {}, 'guest']);
  assert.deepEqual(offered, (await call(promoted.json.session_handle, 'GET', '/session/state')).json.next.flow);
  assert.match(stack.must(['flow', 'list', '--session', session.id]).stdout, /\noffered:\tfund-wallet\t.*\tfrom a guest\n$/);
  assert.equal(json(['flow', 'list', 'alice']).offered, null, 'it is that session\'s');
});

test('end: it is over, and its counters are not', async () => {
  const { session_handle: handle } = await stack.signIn(stack.users.alice);
  await start(handle);
  for (let i = 0; i < 5; i++) assert.equal((await call(handle, 'POST', '/flows/fund-wallet/attempts', { json: { counter: 'otp' } })).status, 200);
  assert.equal(json(['flow', 'end', 'alice', 'fund-wallet']).counters.otp.left, 0);
  assert.equal((await call(handle, 'GET', '/flows/fund-wallet')).status, 404);
  assert.equal((await start(handle)).counters.otp.left, 0);
  assert.deepEqual(events(), ['fund-wallet: start, ended']);
  assert.equal(stack.ctl(['flow', 'end', 'alice', 'fund-wallet']).code, 0);
  refused(['flow', 'end', 'alice', 'fund-wallet'], 1, /no such flow: fund-wallet/);
});

test('refused, and nothing changed: people, sessions, kinds, steps, facts, time', async () => {
  const { session, session_handle: handle } = await stack.signIn(stack.users.alice);
  await start(handle);
  const was = await read(handle);
  refused(['flow', 'show', 'nobody', 'fund-wallet'], 1, /no such user: nobody/);
  refused(['flow', 'show', 'bob', 'fund-wallet'], 1, /no such flow: fund-wallet/);
  refused(['flow', 'show', 'alice', 'Not A Kind'], 1, /no such kind of flows: Not A Kind/);
  refused(['flow', 'end', 'alice', '../x'], 1, /no such kind/);
  for (const id of ['short', 'AAAAAAAAAAAAAAAAAAAAAA', '']) refused(['flow', 'list', '--session', id], 1, /no session with this id/);
  refused(['flow', 'step', 'alice', 'fund-wallet', 'mars'], 1, /not a step of this kind; they are: start, kyc, otp, done/);
  for (const [input, pattern] of [
    ['', /JSON object/], ['[]', /JSON object/], ['{"a":1,"a":2}', /no member twice/], ['{"a":', /JSON object/], ['null', /JSON object/],
    [`${'{"a":'.repeat(40)}1${'}'.repeat(40)}`, /JSON object/], [JSON.stringify({ a: 'x'.repeat(16400) }), /16384 bytes/],
    [JSON.stringify({ a: 'x'.repeat(70000) }), /more than 65536 bytes/], [Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), /JSON object/],
  ]) refused(['flow', 'fact', 'alice', 'fund-wallet', '--facts-stdin'], 1, pattern, { input });
  for (const [args, pattern] of [
    [['list'], /whose\?/], [['show'], /whose\?/], [['show', 'alice'], /which kind\?/], [['step', 'alice', 'fund-wallet'], /to which step\?/],
    [['fact', 'alice', 'fund-wallet'], /--facts-stdin/], [['list', 'alice', '--session', session.id], /give one of/],
    [['show', 'alice', 'fund-wallet', '--session', session.id], /give one of/], [['show', 'alice', 'fund-wallet', 'x'], /unexpected x/],
    [['step', 'a', 'b', 'c', 'd'], /unexpected d/], [['show', 'alice', 'fund-wallet', '--facts-stdin'], /does not belong/],
  ]) refused(['flow', ...args], 2, pattern, { input: '{}' });
  assert.deepEqual(await read(handle), was);

  stack.sql('UPDATE flow SET expires_at = UNIX_TIMESTAMP() * 1000000 - 1000000');
  refused(['flow', 'show', 'alice', 'fund-wallet'], 1, /has expired/);
  refused(['flow', 'step', 'alice', 'fund-wallet', 'done'], 1, /has expired/);
  assert.deepEqual(json(['flow', 'list', 'alice']).flows, []);
  stack.sql('UPDATE flow SET expires_at = 9000000000000000');
  stack.must(['user', 'lock', 'alice']);
  try {
    refused(['flow', 'step', 'alice', 'fund-wallet', 'done'], 1, /not active; nothing was done/);
  } finally {
    stack.must(['user', 'unlock', 'alice']);
  }
  const { session: theirs } = await guest();
  stack.sql('UPDATE session SET idle_end = 1 WHERE user_id IS NULL');
  refused(['flow', 'list', '--session', theirs.id], 1, /no session with this id/);
  assert.deepEqual(events(), []);
});

test('many services at once: every fact is there, and every version was counted', async () => {
  const { session_handle: handle } = await stack.signIn(stack.users.alice);
  await start(handle);
  await Promise.all(Array.from({ length: 8 }, (_, i) => new Promise((resolve, reject) => {
    const child = spawn(programs.ctl, ['--config', stack.config.file, 'flow', 'fact', 'alice', 'fund-wallet', '--facts-stdin'], { stdio: ['pipe', 'ignore', 'inherit'] });
    child.on('error', reject).on('exit', (code) => (code === 0 ? resolve() : reject(new Error(`exit ${code}`))));
    child.stdin.end(JSON.stringify({ [`service${i}`]: i }));
  })));
  const { facts, version } = await read(handle);
  assert.deepEqual([Object.keys(facts).length, version], [8, 9]);
});
