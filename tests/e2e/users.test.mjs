// gatepost user lock|unlock|hold|compromised|role: what they print, and what holds at the next request.
import { test, before, after, beforeEach } from 'node:test';
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { programs, startStack } from '../support/harness.mjs';
import { tokenOf } from '../support/client.mjs';

let stack;
before(async () => {
  stack = await startStack();
});
after(() => stack?.stop());
beforeEach(() => {
  stack.sql('DELETE FROM session; UPDATE user SET state = 1; UPDATE password SET must_change = 0');
});

const api = '/auth/api/v1';
const json = (args) => JSON.parse(stack.must([...args, '--json']).stdout);
const check = (handle) => stack.withHandle(handle, 'GET', '/session');
const code = (answer, status, word) => {
  assert.equal(answer.status, status, answer.body);
  assert.equal(answer.json.code, word);
};
const refused = (args, pattern) => {
  const run = stack.ctl(args);
  assert.equal(run.code, 1, run.stdout + run.stderr);
  assert.match(run.stderr, pattern);
  assert.equal(run.stderr.trim().split('\n').length, 1, 'one line');
  assert.equal(run.stdout, '');
};
const events = (name) => stack.count(`audit_event WHERE event = '${name}'`);

// One person on both carriers.
async function signedIn(person) {
  const visitor = stack.visitor();
  await visitor.signIn(person);
  const { session_handle: handle, session } = await stack.signIn(person);
  assert.equal((await visitor.get('/account')).status, 200);
  return { visitor, handle, session };
}

test('SE-17: locked in the middle of a session: every carrier ends at the next request, and nobody gets in', async () => {
  const { visitor, handle } = await signedIn(stack.users.alice);
  const done = json(['user', 'lock', 'alice', '--reason', 'left the company']);
  assert.deepEqual([done.changed, done.sessions, done.user.state], [true, 2, 'locked']);
  code(await check(handle), 401, 'unauthenticated');
  assert.equal((await visitor.get('/account')).status, 303);
  const wrong = await stack.client.post(`${api}/sessions`, { json: { identifier: 'alice', password: 'not the right one', transport: 'handle' } });
  const right = await stack.client.post(`${api}/sessions`, { json: { ...stack.users.alice, transport: 'handle' } });
  code(right, 401, 'invalid_credentials');
  assert.equal(right.json.detail, wrong.json.detail, 'locked is not told apart from wrong');
  assert.equal(json(['user', 'lock', 'alice']).changed, false);
  assert.match(stack.must(['user', 'lock', 'alice']).stdout, /^alice: locked already/);
  assert.match(stack.must(['user', 'unlock', 'alice']).stdout, /^alice: unlocked$/m);
  assert.equal(json(['user', 'unlock', 'alice']).changed, false);
  await stack.signIn(stack.users.alice);
  assert.equal(stack.count("audit_event WHERE event = 'authn_login_lock' AND detail = 'sessions 2: left the company'"), 1);
});

test('hold: the next request asks for a new sign-in, on every carrier, and a sign-in lifts it', async () => {
  const { visitor, handle } = await signedIn(stack.users.alice);
  const done = json(['user', 'hold', 'alice']);
  assert.deepEqual([done.changed, done.sessions], [true, 2]);
  code(await check(handle), 401, 'reauthentication_required');
  const page = await visitor.get('/account');
  assert.equal(page.status, 303);
  assert.match(page.headers.location, /\/auth\/reauth\?return_to=/);
  assert.equal(json(['user', 'hold', 'alice']).changed, false);
  const form = await visitor.get('/login?switch=yes');
  await visitor.post('/login', { csrf_token: tokenOf(form), ...stack.users.alice });
  assert.equal((await visitor.get('/account')).status, 200);
  const again = await stack.client.post(`${api}/sessions`, { json: { ...stack.users.alice, transport: 'handle' }, headers: { 'X-Session-Id': handle } });
  assert.equal(again.status, 201, again.body);
  assert.equal((await check(again.json.session_handle)).status, 200);
});

test('hold --session holds that one', async () => {
  const one = await stack.signIn(stack.users.alice);
  const other = await stack.signIn(stack.users.alice);
  assert.equal(json(['user', 'hold', '--session', one.session.id]).changed, true);
  assert.match(stack.must(['user', 'hold', '--session', one.session.id]).stdout, /already/);
  code(await check(one.session_handle), 401, 'reauthentication_required');
  assert.equal((await check(other.session_handle)).status, 200);
  refused(['user', 'hold', '--session', 'nonsense'], /no session/);
  refused(['user', 'hold', '--session', 'AAAAAAAAAAAAAAAAAAAAAA'], /no session/);
  assert.equal(stack.ctl(['user', 'hold']).code, 2);
  assert.equal(stack.ctl(['user', 'hold', 'alice', '--session', one.session.id]).code, 2);
});

test('PW-12, PW-22: compromised: all sessions end, and the next one is good for a new password only', async () => {
  const { visitor, handle } = await signedIn(stack.users.alice);
  const done = json(['user', 'compromised', 'alice']);
  assert.deepEqual([done.changed, done.sessions, done.user.must_change_password], [true, 2, true]);
  code(await check(handle), 401, 'unauthenticated');
  assert.equal((await visitor.get('/account')).status, 303);
  const next = await stack.signIn(stack.users.alice);
  assert.equal(next.session.state, 'password_change_required');
  code(await stack.withHandle(next.session_handle, 'GET', '/sessions'), 403, 'forbidden');
  assert.ok(stack.workerLog().some(({ event, detail, session }) =>
    event === 'sequence_fail' && /sessions$/.test(detail) && session === next.session.id), 'LG-01');
  stack.must(['user', 'passwd', 'alice', '--password-stdin'], { input: stack.users.alice.password });
  assert.equal((await stack.signIn(stack.users.alice)).session.state, 'active');
});

test('AZ-04: a role given or taken is live at the next request, on every carrier, with the value kept', async () => {
  const { visitor, handle, session } = await signedIn(stack.users.bob);
  stack.sql(`UPDATE session SET aal = 2, aal2_end = ${Date.now() * 1000 + 3_600_000_000}`);
  assert.equal(json(['user', 'role', 'bob', '--add', 'admin']).changed, true);
  assert.equal(json(['user', 'role', 'bob', '--add', 'admin']).changed, false);
  const now = await check(handle);
  assert.deepEqual(now.json.user.roles, ['admin']);
  assert.deepEqual(now.json.user.permissions, ['users:manage']);
  assert.equal(now.json.session.aal, 'aal1', 'an elevated role takes aal2 away');
  code(await stack.withHandle(handle, 'DELETE', `/sessions/${session.id}`), 401, 'reauthentication_required');
  assert.equal((await visitor.get('/account')).status, 200);
  assert.equal(json(['user', 'role', 'bob', '--remove', 'admin']).changed, true);
  assert.equal(json(['user', 'role', 'bob', '--remove', 'admin']).changed, false);
  const then = await check(handle);
  assert.deepEqual([then.json.user.roles, then.json.user.permissions], [[], []]);
  refused(['user', 'role', 'bob', '--add', 'nobody'], /no such role/);
  assert.equal(stack.ctl(['user', 'role', 'bob']).code, 2);
  assert.equal(stack.ctl(['user', 'role', 'bob', '--add', 'admin', '--remove', 'admin']).code, 2);
});

test('AZ-05, MF-17: the last active administrator is neither locked nor loses the role', async () => {
  const { session_handle: handle } = await stack.signIn(stack.users.admin);
  const was = events('authz_fail');
  refused(['user', 'lock', 'admin'], /last active administrator/);
  refused(['user', 'role', 'admin', '--remove', 'admin'], /last active administrator/);
  assert.deepEqual((await check(handle)).json.user.roles, ['admin']);
  assert.equal(events('authz_fail'), was + 2);
});

test('AZ-05: two administrators lock each other at the same time: exactly one is locked', async () => {
  stack.must(['user', 'role', 'bob', '--add', 'admin']);
  const lock = (name) => new Promise((resolve, reject) => {
    const child = spawn(programs.ctl, ['--config', stack.config.file, 'user', 'lock', name], { env: { ...process.env, GATEPOST_CONFIG: '' } });
    child.once('error', reject).once('close', resolve);
  });
  for (let round = 0; round < 5; round++) {
    stack.sql('UPDATE user SET state = 1');
    const codes = await Promise.all([lock('bob'), lock('admin')]);
    assert.deepEqual(codes.sort(), [0, 1]);
    assert.equal(stack.count("user WHERE state = 1 AND grants LIKE '%role:admin%'"), 1);
  }
  stack.sql('UPDATE user SET state = 1');
  stack.must(['user', 'role', 'bob', '--remove', 'admin']);
});

test('who and why: unknown users, missing operands, reasons with controls', () => {
  for (const verb of ['lock', 'unlock', 'compromised', 'hold']) refused(['user', verb, 'nobody'], /no such user/);
  for (const verb of ['lock', 'unlock', 'compromised']) assert.equal(stack.ctl(['user', verb]).code, 2);
  refused(['user', 'lock', 'alice', '--reason', 'a\nb'], /reason/);
  refused(['user', 'lock', 'alice', '--reason', 'x'.repeat(201)], /reason/);
  assert.equal(stack.count('user WHERE state <> 1'), 0);
});
