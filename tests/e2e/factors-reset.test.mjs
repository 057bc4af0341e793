// MF-17: an administrator takes second factors away, by command, API and page: later, told of, and stopped by who objects.
import { test, before, after, beforeEach } from 'node:test';
import assert from 'node:assert/strict';
import { Authenticator } from '../support/authenticator.mjs';
import { startStack } from '../support/harness.mjs';
import { tokenOf } from '../support/client.mjs';
import { lastMail, mailsTo, pathOf } from '../support/outbox.mjs';
import { until } from '../support/stack.mjs';

const DAY = 86400e6;
const email = 'alice@example.org';
let stack;
let ids;
before(async () => {
  stack = await startStack();
  ids = Object.fromEntries(stack.sql('SELECT username, TO_BASE64(id) AS id FROM user')
    .map(({ username, id }) => [username, Buffer.from(id, 'base64').toString('base64url')]));
});
after(() => stack?.stop());

// Somebody who is signed in, and has an authenticator app and a passkey.
let alice;
let admin;
beforeEach(async () => {
  stack.sql('UPDATE password SET refused = 0; DELETE FROM session; DELETE FROM device; DELETE FROM throttle; DELETE FROM audit_event; DELETE FROM totp; DELETE FROM passkey; UPDATE user SET factors = 0, factors_end = NULL, created_at = 1');
  alice = (await stack.signIn(stack.users.alice, { device_id: 'a telephone' })).session_handle;
  admin = (await stack.signIn(stack.users.admin)).session_handle;
  stack.sql(`INSERT INTO totp (user_id, root, secret, last_step, confirmed_at) SELECT id, 1, REPEAT('s', 60), 1, 1 FROM user WHERE username = 'alice';
    INSERT INTO passkey (id, user_id, credential_id, algorithm, public_key, sign_count, eligible, backed_up, verified, aaguid, transports, name, created_at)
    SELECT id, id, 'a credential', -7, REPEAT('k', 64), 0, 0, 0, 1, REPEAT('g', 16), '', 'Key', 1 FROM user WHERE username = 'alice';
    UPDATE user SET factors = 3 WHERE username = 'alice';
    UPDATE device SET key_kind = 1, public_key = REPEAT('p', 65), key_set_at = 1, trusted_until = 1 << 60;
    DELETE FROM outbox`);
});

const place = () => `/admin/users/${ids.alice}`;
const call = (method, options) => stack.withHandle(admin, method, `${place()}/reset-factors`, options);
const user = async () => (await stack.withHandle(admin, 'GET', place())).json.user;
const shown = (name) => JSON.parse(stack.must(['user', 'show', name, '--json']).stdout);
const events = (event) => stack.count(`audit_event WHERE event = '${event}'`);
const kinds = () => mailsTo(stack, email).map(({ kind }) => kind);
const left = () => stack.count('totp') + stack.count('passkey');
const pass = (time) => stack.sql(`UPDATE user SET factors_end = factors_end - ${time}`);

test('MF-17, MF-19: asked for by command: nothing changes before its time, then factors, sessions, trust and keys end', async () => {
  const before = Date.now();
  const said = stack.must(['user', 'reset-factors', 'alice', '--reason', 'lost her telephone']).stdout;
  assert.match(said, /^alice: second factors end 2\S+Z; sessions ended: 0$/m);
  const at = Date.parse(shown('alice').factors_reset_at);
  assert.ok(Math.abs(at - before - 3 * DAY / 1000) < 60000, shown('alice').factors_reset_at);
  assert.deepEqual(shown('alice').factors, ['totp', 'passkey']);
  assert.match(stack.must(['user', 'show', 'alice']).stdout, /\tsecond factors end 2/);
  assert.deepEqual(kinds(), ['factors-reset']);
  const { values } = lastMail(stack, email);
  assert.equal(Date.parse(values.due_at), at);
  assert.equal(events('factors_reset_asked'), 1);
  assert.match(stack.sql("SELECT detail FROM audit_event WHERE event = 'factors_reset_asked'")[0].detail, /^for 2\S+Z: lost her telephone$/);
  // Again: the time stays, nobody is told twice.
  assert.match(stack.must(['user', 'reset-factors', 'alice']).stdout, /^alice: was asked for before: second factors end 2/);
  assert.deepEqual(kinds(), ['factors-reset']);
  assert.equal(Date.parse(shown('alice').factors_reset_at), at);
  pass(2.9 * DAY);
  assert.match(stack.must(['purge']).stdout, / 0 resets of second factors done$/m);
  assert.equal(left(), 2);
  assert.equal((await stack.withHandle(alice, 'GET', '/session')).status, 200);

  pass(0.2 * DAY);
  assert.equal(JSON.parse(stack.must(['purge', '--json']).stdout).factor_resets, 1);
  assert.equal(left(), 0);
  assert.equal((await stack.withHandle(alice, 'GET', '/session')).status, 401);
  assert.equal(stack.count('device WHERE public_key IS NOT NULL OR trusted_until IS NOT NULL'), 0);
  assert.deepEqual([shown('alice').factors, shown('alice').factors_reset_at], [[], null]);
  assert.deepEqual(kinds().sort(), ['factor-removed', 'factors-reset']);
  assert.equal(events('factors_reset'), 1);
  assert.equal((await stack.signIn(stack.users.alice)).session.state, 'active', 'the password alone, until another factor is there');
  const refused = stack.ctl(['user', 'reset-factors', 'alice']);
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /has no second factor/);
});

test('stopped by command: nothing happens when its time comes', async () => {
  assert.match(stack.must(['user', 'reset-factors', 'alice', '--stop']).stdout, /^alice: no reset to stop$/m);
  stack.must(['user', 'reset-factors', 'alice']);
  const { changed, user: now } = JSON.parse(stack.must(['user', 'reset-factors', 'alice', '--stop', '--json']).stdout);
  assert.deepEqual([changed, now.factors_reset_at, now.factors], [true, null, ['totp', 'passkey']]);
  assert.equal(events('factors_reset_stopped'), 1);
  pass(4 * DAY);
  stack.must(['purge']);
  assert.equal(left(), 2);
  assert.equal(stack.ctl(['user', 'reset-factors', 'nobody']).code, 1);
  assert.equal(stack.ctl(['user', 'reset-factors']).code, 2);
  assert.equal(stack.ctl(['user', 'reset-factors', 'alice', '--reason', 'a\nb']).code, 1);
});

test('signing in with a passkey alone stops it: it is not lost', async () => {
  stack.sql("DELETE FROM totp; DELETE FROM passkey; UPDATE user SET factors = 0 WHERE username = 'alice'");
  const authenticator = new Authenticator(stack.origin);
  const { json: creation } = await stack.withHandle(alice, 'POST', '/passkeys/options');
  const made = await stack.withHandle(alice, 'POST', '/passkeys', { json: { passkey: authenticator.create(creation) } });
  assert.equal(made.status, 201, made.body);
  stack.must(['user', 'reset-factors', 'alice']);
  const { json: options } = await stack.client.post(`${stack.base}/api/v1/sessions/passkey/options`);
  const passkey = authenticator.get(options, { userHandle: creation.user.id });
  const signed = await stack.client.post(`${stack.base}/api/v1/sessions`, { json: { passkey, transport: 'handle' } });
  assert.equal(signed.status, 201, signed.body);
  assert.equal(shown('alice').factors_reset_at, null);
  assert.equal(events('factors_reset_stopped'), 1);
});

test('MF-17: by API: accepted, shown, stopped; recorded with who did it; refused to others and to oneself', async () => {
  const asked = await call('POST', { json: { reason: 'at the desk' } });
  assert.equal(asked.status, 202, asked.body);
  assert.equal(asked.json.changed, true);
  assert.ok(Date.parse(asked.json.user.factors_reset_at) > Date.now());
  assert.deepEqual(asked.json.user.factors, ['totp', 'passkey']);
  assert.deepEqual(await user(), asked.json.user);
  assert.equal((await call('POST')).json.changed, false);
  const [row] = stack.sql("SELECT a.username AS actor, e.detail FROM audit_event e JOIN user a ON a.id = e.actor_id WHERE e.event = 'factors_reset_asked'");
  assert.equal(row.actor, 'admin');
  assert.match(row.detail, /: at the desk$/);
  const stopped = await call('DELETE');
  assert.equal(stopped.status, 200, stopped.body);
  assert.deepEqual([stopped.json.changed, stopped.json.user.factors_reset_at], [true, null]);
  assert.equal((await call('DELETE')).json.changed, false);

  assert.equal((await stack.withHandle(admin, 'POST', `/admin/users/${ids.bob}/reset-factors`)).status, 409);
  assert.equal((await call('POST', { json: { reason: 'x'.repeat(201) } })).status, 400);
  for (const method of ['POST', 'DELETE']) {
    assert.equal((await stack.withHandle(admin, method, '/admin/users/AAAAAAAAAAAAAAAAAAAAAA/reset-factors')).status, 404);
    assert.equal((await stack.withHandle((await stack.signIn(stack.users.bob)).session_handle, method, `${place()}/reset-factors`)).status, 403);
    assert.equal((await stack.client.request(method, `/auth/api/v1${place()}/reset-factors`)).status, 401);
  }
  // Whoever has an administrator's session cannot get rid of that administrator's factors.
  const own = await stack.withHandle(admin, 'POST', `/admin/users/${ids.admin}/reset-factors`);
  assert.equal(own.status, 403, own.body);
  assert.equal(stack.count("user WHERE factors_end IS NOT NULL"), 0);
});

test('MF-17: by page: what there is and what waits is shown, and each button does what it says', async () => {
  const visitor = stack.visitor();
  await visitor.signIn(stack.users.admin);
  const act = async (form) => {
    const csrf_token = tokenOf(await visitor.get(place()));
    const answer = await visitor.post(place(), { csrf_token, ...form });
    return answer.status === 303 ? visitor.get(answer.headers.location.slice(stack.base.length)) : answer;
  };
  const page = await visitor.get(place());
  assert.match(page.body, /Authenticator app<\/span>.*Passkeys<\/span>/);
  assert.match(page.body, /value="reset-factors"/);
  assert.doesNotMatch(page.body, /value="keep-factors"|Recovery codes/);
  const asked = await act({ act: 'reset-factors', reason: 'by the page' });
  assert.match(asked.body, /role="status">The second steps are going to be removed/);
  assert.match(asked.body, /badge-danger">removed on /);
  assert.match(asked.body, /value="keep-factors"/);
  assert.doesNotMatch(asked.body, /value="reset-factors"/);
  assert.equal(stack.count("audit_event WHERE event = 'factors_reset_asked' AND detail LIKE '%: by the page'"), 1);
  const kept = await act({ act: 'keep-factors' });
  assert.match(kept.body, /role="status">The second steps stay\./);
  assert.doesNotMatch(kept.body, /removed on|value="keep-factors"/);
  const none = await visitor.get(`/admin/users/${ids.bob}`);
  assert.doesNotMatch(none.body, /value="(?:reset|keep)-factors"/);
  const csrf_token = tokenOf(none);
  const refused = await visitor.post(`/admin/users/${ids.bob}`, { csrf_token, act: 'reset-factors' });
  assert.equal(refused.status, 409);
  assert.match(refused.body, /no second step/);
  const own = await visitor.get(`/admin/users/${ids.admin}`);
  assert.equal((await visitor.post(`/admin/users/${ids.admin}`, { csrf_token: tokenOf(own), act: 'reset-factors' })).status, 403);
});

test('MF-17, MF-19: who says of the mail that it was not them stops it, and everybody is out', async () => {
  stack.must(['user', 'reset-factors', 'alice']);
  const visitor = stack.visitor();
  const first = await visitor.get(pathOf(stack, lastMail(stack, email, 'factors-reset')));
  assert.equal(first.status, 303);
  const page = await visitor.get(first.headers.location.slice(stack.base.length));
  assert.notEqual(shown('alice').factors_reset_at, null, 'opening it does nothing');
  const ticket = new URL(first.headers.location).searchParams.get('ticket');
  assert.equal((await visitor.post('/not-me', { csrf_token: tokenOf(page), ticket })).status, 200);
  assert.equal(shown('alice').factors_reset_at, null);
  assert.equal(events('factors_reset_stopped'), 1);
  pass(4 * DAY);
  stack.must(['purge']);
  assert.equal(left(), 2);
  assert.equal((await stack.withHandle(alice, 'GET', '/session')).status, 401);
});

test('MF-14: a new password by mail, or by the operator, takes no second factor away', async () => {
  const api = '/auth/api/v1';
  const address = 'bob@example.org';
  stack.sql("UPDATE totp SET user_id = (SELECT id FROM user WHERE username = 'bob'); UPDATE user SET factors = 1, email_proven_at = 1 WHERE username = 'bob'");
  assert.equal((await stack.client.post(`${api}/password/recover`, { json: { email: address } })).status, 202);
  const fresh = { ...stack.users.bob, password: 'a lantern on the far shore' };
  const reset = await stack.client.post(`${api}/password/reset`, { json: { email: address, code: lastMail(stack, address, 'recover').values.code, new_password: fresh.password } });
  assert.equal(reset.status, 204, reset.body);
  assert.equal((await stack.signIn(fresh)).session.state, 'second_factor_required');
  assert.deepEqual(shown('bob').factors, ['totp']);
  stack.must(['user', 'passwd', 'bob', '--password-stdin'], { input: stack.users.bob.password });
  assert.equal((await stack.signIn(stack.users.bob)).session.state, 'second_factor_required');
});

test('a worker does it by itself when its time has come', async () => {
  stack.must(['user', 'reset-factors', 'alice']);
  pass(4 * DAY);
  await until(() => left() === 0, 'the housekeeper has reset the factors', 90);
  assert.deepEqual(kinds().sort(), ['factor-removed', 'factors-reset']);
});
