// docs/examples/clients/curl/gatepost: a session by handle that outlives kills, lost answers and other processes.
import { test, before, after, beforeEach } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { source, startStack } from '../support/harness.mjs';
import { startNetwork } from '../support/network.mjs';
import { code, formerCode } from '../support/oathtool.mjs';
import { start } from '../support/stack.mjs';

const program = join(source, 'docs/examples/clients/curl/gatepost');
const [DONE, REFUSED, USAGE, SIGN_IN, PENDING, STEP_UP, WAIT, NO_ANSWER] = Array.from({ length: 8 }, (_, code) => code);

let stack;
let network;
let file;
let device = 0;
before(async () => {
  stack = await startStack();
  network = await startNetwork(stack);
});
after(async () => {
  await network?.stop();
  await stack?.stop();
});
// Each test is a device of its own.
beforeEach(() => {
  file = join(stack.dir, `state-${++device}`);
  network.seen.length = 0;
});

const environment = () => ({ PATH: process.env.PATH, HOME: stack.dir, GATEPOST_URL: network.base, GATEPOST_CA: stack.caFile, GATEPOST_STATE: file });
const state = () => JSON.parse(readFileSync(file, 'utf8'));
const handle = () => state().session_handle;
const live = async (value) => (await stack.withHandle(value, 'GET', '/session')).status === 200;

function launch(args, input = '', more = {}) {
  const run = start('sh', [program, ...args], { env: { ...environment(), ...more }, stdio: ['pipe', 'pipe', 'pipe'], group: true });
  const texts = { out: '', err: '' };
  run.child.stdout.on('data', (chunk) => { texts.out += chunk; });
  run.child.stderr.on('data', (chunk) => { texts.err += chunk; });
  run.child.stdin.on('error', () => {}).end(input);
  return { ...run, texts, kill: () => process.kill(-run.pid, 'SIGKILL') };
}

async function gatepost(code, args, input, more) {
  const run = launch(args, input, more);
  const end = await run.exited;
  assert.equal(end.code, code, `${args.join(' ')}: ${run.output()}`);
  const { out, err } = run.texts;
  return { out, err, json: out === '' ? undefined : JSON.parse(out) };
}

const signIn = (code = DONE, who = stack.users.alice) => gatepost(code, ['sign-in', who.identifier], `${who.password}\n`);
const stepUp = (code = DONE) => gatepost(code, ['step-up', 'password'], `${stack.users.alice.password}\n`);

test('sign in, who am I, sign out: the handle is in its file alone, which nobody else can read', async () => {
  const signedIn = await signIn();
  assert.equal(signedIn.json.user.username, 'alice');
  assert.match(handle(), /^gps_/);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  const who = await gatepost(DONE, ['whoami']);
  assert.equal(who.json.session.id, signedIn.json.session.id);
  assert.deepEqual((await gatepost(DONE, ['state'])).json.flows, []);
  const old = handle();
  for (const { out, err } of [signedIn, who]) assert.ok(!`${out}${err}`.includes(old));
  await gatepost(DONE, ['logout']);
  assert.equal(await live(old), false);
  assert.equal(handle(), '');
  await gatepost(SIGN_IN, ['whoami']);
  assert.deepEqual(readdirSync(stack.dir).filter((name) => name.startsWith(`state-${device}.`)), []);
});

test('a password of odd characters arrives as it is; a wrong one is said, and nothing is kept', async () => {
  const odd = `\\n"'$(x) \`%s\` {"a":1}\u00fc\u{1f600}\\`;
  stack.must(['user', 'add', '--username', 'odd', '--email', 'odd@example.org', '--password-stdin'], { input: odd });
  await signIn(DONE, { identifier: 'odd', password: odd });
  await gatepost(DONE, ['logout']);
  const { err } = await signIn(REFUSED, { identifier: 'odd', password: `${odd}.` });
  assert.match(err, /invalid_credentials/);
  assert.equal(handle(), '');
});

test('nothing secret is an argument or in the environment of any program that it starts', async () => {
  await signIn();
  const value = handle();
  const { password } = stack.users.alice;
  const held = network.next('POST /session/reauth', 'hold');
  const run = launch(['step-up', 'password'], `${password}\n`);
  await held;
  let curls = 0;
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const group = Number(readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /, '').split(' ')[2]);
      if (group !== run.pid) continue;
      const told = ['cmdline', 'environ'].map((name) => readFileSync(`/proc/${pid}/${name}`, 'utf8')).join('');
      if (/^curl\0/.test(told)) curls++;
      assert.ok(!told.includes(value) && !told.includes(password), pid);
    } catch (error) {
      if (error.code !== 'ENOENT' && error.code !== 'ESRCH') throw error;
    }
  }
  assert.equal(curls, 1);
  run.kill();
  await run.exited;
});

test('killed before the answer to a sign-in is there: the next one leaves nothing behind', async () => {
  const bob = stack.users.bob;
  const held = network.next('POST /sessions', 'hold');
  const run = launch(['sign-in', 'bob'], `${bob.password}\n`);
  const { json } = await held;
  run.kill();
  await run.exited;
  assert.equal(handle(), '');
  assert.equal(await live(json.session_handle), true, 'the server has signed in');
  await gatepost(SIGN_IN, ['state']);
  await signIn(DONE, bob);
  assert.equal(await live(json.session_handle), false, 'the same device: its former session has ended');
  const { json: list } = await gatepost(DONE, ['request', 'GET', '/sessions']);
  assert.equal(list.sessions.length, 1);
});

test('killed after it: goes on', async () => {
  const held = network.next('GET /session/state', 'hold');
  const { json } = await signIn();
  const run = launch(['state']);
  await held;
  run.kill();
  await run.exited;
  assert.equal((await gatepost(DONE, ['state'])).json.session.id, json.session.id);
});

test('killed before the answer to a step-up is there: the old handle is dead, which it says; sign in again', async () => {
  await signIn();
  const old = handle();
  const held = network.next('POST /session/reauth', 'hold');
  const run = launch(['step-up', 'password'], `${stack.users.alice.password}\n`);
  await held;
  run.kill();
  await run.exited;
  assert.equal(handle(), old);
  const { err } = await gatepost(SIGN_IN, ['state']);
  assert.match(err, /"rotated": ?true/);
  await signIn();
  await gatepost(DONE, ['whoami']);
});

test('a lost answer to a step-up: the same request again gets the same new handle, which is kept', async () => {
  const { json } = await signIn();
  const old = handle();
  const lost = network.next('POST /session/reauth', 'lose');
  await stepUp();
  assert.notEqual(handle(), old);
  assert.equal(handle(), (await lost).json.session_handle);
  const [first, second] = network.seen.filter(({ line }) => line === 'POST /session/reauth 200');
  assert.equal(first.body, second.body);
  assert.equal((await gatepost(DONE, ['whoami'])).json.session.id, json.session.id);
  assert.equal(await live(old), false);
});

test('a lost answer to a sign-in: one session is left; a second lost answer is said', async () => {
  network.next('POST /sessions', 'lose');
  await signIn();
  assert.deepEqual(network.lines(), ['POST /sessions 201', 'POST /sessions 201']);
  assert.equal(await live(network.seen[0].json.session_handle), false, 'nobody has it');
  await gatepost(DONE, ['whoami']);
  network.next('GET /session', 'lose');
  network.next('GET /session', 'lose');
  await gatepost(NO_ANSWER, ['whoami']);
  assert.deepEqual(network.pending(), []);
  await gatepost(DONE, ['whoami']);
});

test('replaced by another process at the same moment: the newer value is found in the file', async () => {
  await signIn();
  const old = state();
  network.next('GET /session', 'pass', { meanwhile: () => stepUp() });
  await gatepost(DONE, ['whoami']);
  assert.ok(network.lines().includes('GET /session 401'), 'it asked with the old one');
  assert.equal(network.lines().at(-1), 'GET /session 200');
  // And where there is none, it is signed out.
  writeFileSync(file, JSON.stringify(old));
  await gatepost(SIGN_IN, ['whoami']);
});

test('a sign-out from elsewhere holds at the next request; signing out again is no mistake', async () => {
  const { json } = await signIn();
  const other = await stack.signIn(stack.users.alice);
  assert.equal((await stack.withHandle(other.session_handle, 'DELETE', `/sessions/${json.session.id}`)).status, 204);
  const { err } = await gatepost(SIGN_IN, ['whoami']);
  assert.match(err, /unauthenticated/);
  await gatepost(DONE, ['logout']);
  assert.equal(handle(), '');
});

test('too old for what is asked: step up, and the same again', async () => {
  const { json } = await signIn();
  stack.must(['user', 'hold', '--session', json.session.id]);
  const { err } = await gatepost(STEP_UP, ['whoami']);
  assert.match(err, /reauthentication_required/);
  await stepUp();
  await gatepost(DONE, ['whoami']);
});

test('requests of one\'s own: bodies, entity tags, refusals', async () => {
  await signIn();
  const begun = await gatepost(DONE, ['request', 'POST', '/flows/note'], '{"data": {"text": "\\"\\\\ \\u0001 \u00fc"}}');
  assert.equal(begun.json.data.text, '"\\ \u0001 \u00fc');
  const [, tag] = /^ETag: (.*)$/m.exec((await gatepost(DONE, ['request', 'GET', '/flows/note'])).err);
  const patched = await gatepost(DONE, ['request', 'PATCH', '/flows/note', tag], '{"data": {"text": "b"}}');
  assert.equal(patched.json.data.text, 'b');
  assert.match((await gatepost(REFUSED, ['request', 'PATCH', '/flows/note', tag], '{"data": {}}')).err, /version_mismatch/);
  await gatepost(DONE, ['request', 'DELETE', '/flows/note']);
  assert.match((await gatepost(REFUSED, ['request', 'GET', '/flows/note'])).err, /not_found/);
  await gatepost(USAGE, ['request', 'POST', '/flows/note'], '{');
  assert.match((await gatepost(USAGE, [])).err, /sign-in NAME/);
});

test('waits as it is told: once at 503, and not at all at 429', async () => {
  await signIn();
  const busy = { status: 503, headers: { 'Retry-After': '1', 'Content-Type': 'application/problem+json' }, body: '{"code":"unavailable"}' };
  network.next('GET /session', 'refuse', busy);
  await gatepost(DONE, ['whoami']);
  network.next('GET /session', 'refuse', busy);
  network.next('GET /session', 'refuse', busy);
  await gatepost(WAIT, ['whoami']);
  network.next('POST /sessions', 'refuse', { status: 429, headers: { 'Retry-After': '77', 'Content-Type': 'application/problem+json' }, body: '{"code":"too_many_attempts"}' });
  assert.match((await signIn(WAIT)).err, /wait 77 seconds/);
});

test('a pinned key: the server\'s own or the spare one, and no other', async () => {
  await signIn();
  const pin = (name) => JSON.parse(stack.must(['pin', join(stack.dir, name), '--json']).stdout).pins[0].pin_sha256;
  const [own, other] = ['server.crt', 'ca.pem'].map((name) => `sha256//${pin(name)}`);
  await gatepost(DONE, ['whoami'], '', { GATEPOST_PIN: `${other};${own}` });
  assert.match((await gatepost(NO_ANSWER, ['whoami'], '', { GATEPOST_PIN: other })).err, /pinned/);
});

test('second factors: by code, by recovery code, a wrong one; the key of the device steps up, and is out with the device', async () => {
  const { bob } = stack.users;
  await signIn(DONE, bob);
  const { secret } = (await gatepost(DONE, ['request', 'POST', '/totp'])).json;
  const { json } = await gatepost(DONE, ['request', 'POST', '/totp/confirm'], JSON.stringify({ code: await formerCode(secret) }));
  assert.equal(json.recovery_codes.length, 10);
  await gatepost(DONE, ['logout']);

  assert.equal((await signIn(PENDING, bob)).json.session.state, 'second_factor_required');
  assert.match((await gatepost(PENDING, ['request', 'GET', '/sessions'])).err, /second_factor_required/);
  assert.match((await gatepost(REFUSED, ['second-factor', 'totp'], '000000\n')).err, /invalid_credentials/);
  const pending = handle();
  assert.equal((await gatepost(DONE, ['second-factor', 'totp'], `${code(secret)}\n`)).json.session.aal, 'aal2');
  assert.notEqual(handle(), pending);
  await gatepost(DONE, ['enrol-key']);
  assert.equal(statSync(`${file}.key`).mode & 0o777, 0o600);
  await gatepost(DONE, ['logout']);

  await signIn(PENDING, bob);
  const { session } = (await gatepost(DONE, ['second-factor', 'recovery_code'], `${json.recovery_codes[0]}\n`)).json;
  const id = Buffer.from(session.id, 'base64url').toString('hex');
  stack.sql(`UPDATE session SET auth_time = auth_time - 960000000, created_at = created_at - 960000000 WHERE id = UNHEX('${id}')`);
  const old = handle();
  await gatepost(DONE, ['request', 'DELETE', '/sessions?scope=others']);
  assert.notEqual(handle(), old, 'stepped up by itself');
  assert.equal((await gatepost(DONE, ['whoami'])).json.session.id, session.id);

  const { devices } = (await gatepost(DONE, ['request', 'GET', '/devices'])).json;
  await gatepost(DONE, ['request', 'DELETE', `/devices/${devices.find(({ current }) => current).id}`]);
  await gatepost(SIGN_IN, ['whoami']);
});
