// CONTRACT §1, §4, RFC 9470: step-up by password on every carrier, by page and by API; holds; rotation.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { startStack } from '../support/harness.mjs';
import { Jar, setCookies, tokenOf } from '../support/client.mjs';

let stack;
before(async () => {
  stack = await startStack();
});
after(() => stack?.stop());

const api = '/auth/api/v1';
const QUARTER = 16 * 60_000_000;
const idSql = (id) => `UNHEX('${Buffer.from(id, 'base64url').toString('hex')}')`;
const change = (id, set) => stack.sql(`UPDATE session SET ${set} WHERE id = ${idSql(id)}`);
const code = (answer, status, word) => {
  assert.equal(answer.status, status, answer.body);
  assert.equal(answer.json.code, word);
};
const stepUp = (handle, password, more = {}) =>
  stack.withHandle(handle, 'POST', '/session/reauth', { json: { method: 'password', password, ...more } });

test('SE-05, MF-16: stale, step up, go on; the old value is dead and says so', async () => {
  const { alice } = stack.users;
  const first = await stack.signIn(alice);
  const other = await stack.signIn(alice);
  change(first.session.id, `auth_time = auth_time - ${QUARTER}, created_at = created_at - ${QUARTER}`);
  const refused = await stack.withHandle(first.session_handle, 'DELETE', `/sessions/${other.session.id}`);
  code(refused, 401, 'reauthentication_required');
  assert.match(refused.headers['www-authenticate'], /^Bearer .*error="insufficient_user_authentication", max_age=900, acr_values="aal1"$/);
  assert.deepEqual(refused.json.methods, ['password']);

  const answer = await stepUp(first.session_handle, alice.password);
  assert.equal(answer.status, 200, answer.body);
  const { session, user, session_handle: handle } = answer.json;
  assert.match(handle, /^gps_[A-Za-z0-9_-]{43}$/);
  assert.notEqual(handle, first.session_handle);
  assert.equal(session.id, first.session.id);
  assert.equal(session.expires_at, first.session.expires_at, 'only a new sign-in moves it');
  assert.ok(Date.now() - Date.parse(session.auth_time) < 60e3);
  assert.deepEqual(user, first.user);
  assert.equal(answer.headers['set-cookie'], undefined);
  assert.equal(Number(stack.sql(`SELECT epoch FROM session WHERE id = ${idSql(session.id)}`)[0].epoch), 2);

  const old = await stack.withHandle(first.session_handle, 'GET', '/session');
  code(old, 401, 'unauthenticated');
  assert.equal(old.json.rotated, true);
  assert.equal((await stack.withHandle(handle, 'DELETE', `/sessions/${other.session.id}`)).status, 204, 'and now it goes on');
  const [event] = stack.sql("SELECT detail, outcome FROM audit_event WHERE event = 'authn_reauth_success'");
  assert.deepEqual({ ...event }, { detail: 'pwd, step-up', outcome: 'ok' });
});

test('SE-05: the same request within 30 s is answered alike; anything else with the old value is 401', async () => {
  const { bob } = stack.users;
  const { session_handle: handle } = await stack.signIn(bob);
  const one = await stepUp(handle, bob.password);
  const two = await stepUp(handle, bob.password);
  assert.equal(two.status, 200, two.body);
  assert.equal(two.json.session_handle, one.json.session_handle);
  const wrong = await stepUp(handle, 'who holds only the old value');
  code(wrong, 401, 'unauthenticated');
  assert.equal(wrong.json.rotated, true);
  assert.equal((await stack.withHandle(one.json.session_handle, 'GET', '/session')).status, 200, 'now it is used');
  const late = await stepUp(handle, bob.password);
  code(late, 401, 'unauthenticated');
  assert.equal(late.json.rotated, true);
});

test('several at once with one value: one rotation, one answer', async () => {
  const { bob } = stack.users;
  const { session, session_handle: handle } = await stack.signIn(bob);
  const answers = await Promise.all(Array.from({ length: 4 }, () => stepUp(handle, bob.password)));
  for (const answer of answers) assert.equal(answer.status, 200, answer.body);
  assert.equal(new Set(answers.map(({ json }) => json.session_handle)).size, 1);
  assert.equal(Number(stack.sql(`SELECT epoch FROM session WHERE id = ${idSql(session.id)}`)[0].epoch), 2);
});

test('by cookie: a new Set-Cookie, a new token; the token is asked for', async () => {
  const { alice } = stack.users;
  const jar = new Jar();
  const signedIn = await stack.client.post(`${api}/sessions`, { json: { ...alice, transport: 'cookie' } });
  jar.take(signedIn);
  const send = (headers) => stack.client.post(`${api}/session/reauth`, {
    json: { method: 'password', password: alice.password }, headers: { Cookie: jar.header(), ...headers },
  });
  code(await send({}), 403, 'csrf_failed');
  const token = { 'X-CSRF-Token': signedIn.json.session.csrf_token };
  code(await send({ ...token, Origin: 'https://evil.test' }), 403, 'csrf_failed');
  const before = jar.header();
  const answer = await send(token);
  assert.equal(answer.status, 200, answer.body);
  assert.equal(answer.json.session_handle, undefined);
  assert.ok(answer.json.session.csrf_token);
  const again = await send(token);
  const value = (from) => setCookies(from).find(({ name }) => name === '__Host-gatepost').value;
  assert.equal(value(again), value(answer), 'repeated with the old cookie: the same new one');
  jar.take(answer);
  assert.notEqual(jar.header(), before);
  const check = await stack.client.get(`${api}/session`, { headers: { Cookie: jar.header() } });
  assert.equal(check.status, 200);
});

test('who has only a cookie that was rotated away can sign in: it has no token to show', async () => {
  const { bob } = stack.users;
  const jar = new Jar();
  const signIn = () => stack.client.post(`${api}/sessions`, { headers: { Cookie: jar.header() }, json: { identifier: bob.identifier, password: bob.password, transport: 'cookie' } });
  const { json } = jar.take(await signIn());
  const lost = await stack.client.post(`${api}/session/reauth`, { headers: { Cookie: jar.header(), 'X-CSRF-Token': json.session.csrf_token }, json: { method: 'password', password: bob.password } });
  assert.equal(lost.status, 200, lost.body);
  const read = await stack.client.get(`${api}/session`, { headers: { Cookie: jar.header() } });
  code(read, 401, 'unauthenticated');
  assert.equal(read.json.rotated, true);
  code(await stack.client.post(`${api}/session/reauth`, { headers: { Cookie: jar.header() }, json: { method: 'password', password: bob.password } }), 403, 'csrf_failed');
  const foreign = await stack.client.post(`${api}/sessions`, { headers: { Cookie: jar.header(), Origin: 'https://evil.test' }, json: { identifier: bob.identifier, password: bob.password, transport: 'cookie' } });
  code(foreign, 403, 'csrf_failed');
  const anew = jar.take(await signIn());
  assert.equal(anew.status, 201, anew.body);
  assert.equal((await stack.client.get(`${api}/session`, { headers: { Cookie: jar.header() } })).status, 200);
});

test('wrong password: 401, the session stays; other methods and members are named', async () => {
  const { session_handle: handle } = await stack.signIn(stack.users.alice);
  const wrong = await stepUp(handle, 'the wrong password');
  code(wrong, 401, 'invalid_credentials');
  assert.match(wrong.headers['www-authenticate'], /^Bearer/);
  assert.equal((await stack.withHandle(handle, 'GET', '/session')).status, 200);
  for (const [json, name] of [
    [{ method: 'totp', password: 'x' }, 'password'], [{ method: 'passkey' }, 'passkey'], [{ method: 'sms' }, 'method'], [{ password: 'x' }, 'method'],
    [{ method: 'device_key', device_id: 'x', challenge: 'eA' }, 'signature'], [{ method: 'device_key', device_id: 'x', challenge: 'eA', signature: '!' }, 'signature'], [{ method: 'device_key', device_id: 'x', challenge: '!', signature: 'eA' }, 'challenge'],
    [{ method: 'password' }, 'password'], [{ method: 'password', password: 'x', code: '1' }, 'code'],
  ]) {
    const answer = await stack.withHandle(handle, 'POST', '/session/reauth', { json });
    code(answer, 400, 'invalid_request');
    assert.deepEqual(answer.json.fields.map((field) => field.name), [name]);
  }
  code(await stack.client.post(`${api}/session/reauth`, { json: { method: 'password', password: 'x' } }), 401, 'unauthenticated');
});

test('a held session asks for a step-up, which lifts it', async () => {
  const { alice } = stack.users;
  const { session, session_handle: handle } = await stack.signIn(alice);
  change(session.id, 'held = 1');
  code(await stack.withHandle(handle, 'GET', '/session'), 401, 'reauthentication_required');
  code(await stepUp(handle, 'not the right one at all'), 401, 'invalid_credentials');
  code(await stack.withHandle(handle, 'GET', '/session'), 401, 'reauthentication_required');
  const answer = await stepUp(handle, alice.password);
  assert.equal(answer.status, 200, answer.body);
  assert.equal((await stack.withHandle(answer.json.session_handle, 'GET', '/session')).status, 200);
});

test('a session that waits for something else cannot step up', async () => {
  const { alice } = stack.users;
  const { session, session_handle: handle } = await stack.signIn(alice);
  change(session.id, 'state = 2');
  code(await stepUp(handle, alice.password), 403, 'second_factor_required');
  change(session.id, 'state = 4');
  code(await stepUp(handle, alice.password), 403, 'forbidden');
});

test('pages: a held session is led to the form; wrong, then right, then where one was', async () => {
  const visitor = stack.visitor();
  await visitor.signIn(stack.users.alice);
  stack.sql('UPDATE session SET held = 1');
  const led = await visitor.get('/account/sessions?x=1');
  assert.equal(led.status, 303);
  assert.equal(led.headers.location, `${stack.base}/reauth?return_to=%2Fauth%2Faccount%2Fsessions%3Fx%3D1`);
  const form = await visitor.get('/reauth?return_to=/auth/account/sessions');
  assert.equal(form.status, 200);
  assert.match(form.body, /alice Example/);
  assert.match(form.body, /autocomplete="current-password"/, 'PW-15');
  const fields = { csrf_token: tokenOf(form), return_to: '/auth/account/sessions' };
  const wrong = await visitor.post('/reauth', { ...fields, password: 'the wrong password' });
  assert.equal(wrong.status, 401);
  assert.match(wrong.body, /That did not work/);
  assert.match(wrong.body, /name="return_to" value="\/auth\/account\/sessions"/);
  const foreign = await visitor.post('/reauth', { ...fields, password: stack.users.alice.password }, { 'Sec-Fetch-Site': 'cross-site' });
  assert.equal(foreign.status, 403);
  const stale = await visitor.post('/reauth', { ...fields, csrf_token: 'AAAA', password: stack.users.alice.password });
  assert.equal(stale.status, 403);
  assert.match(stale.body, /open too long/);
  const was = visitor.jar.header();
  const right = await visitor.post('/reauth', { ...fields, password: stack.users.alice.password });
  assert.equal(right.status, 303, right.body);
  assert.equal(right.headers.location, `${stack.origin}/auth/account/sessions`);
  assert.notEqual(visitor.jar.header(), was);
  assert.equal((await visitor.get('/account/sessions')).status, 200);
  const dead = await stack.client.get('/auth/account', { headers: { Cookie: was } });
  assert.equal(dead.status, 303);
  assert.match(dead.headers.location, /\/auth\/login/);
});

test('pages: the button pressed twice is one step-up; return_to is a local path or nothing (IN-20)', async () => {
  const visitor = stack.visitor();
  await visitor.signIn(stack.users.bob);
  const fields = { csrf_token: await visitor.token('/reauth'), password: stack.users.bob.password, return_to: '//evil.test/' };
  const headers = { Cookie: visitor.jar.header(), 'Sec-Fetch-Site': 'same-origin' };
  const answers = [];
  for (let i = 0; i < 2; i++) answers.push(await stack.client.post('/auth/reauth', { form: fields, headers }));
  const values = answers.map((answer) => setCookies(answer).find(({ name }) => name === '__Host-gatepost').value);
  assert.equal(values[0], values[1]);
  for (const answer of answers) assert.equal(answer.headers.location, `${stack.base}/account`);
  const other = await stack.client.post('/auth/reauth', { form: { ...fields, password: 'another request' }, headers });
  assert.equal(other.status, 401);
  assert.match(other.body, /not done/);
});

test('a visitor without a session is led to sign in', async () => {
  const answer = await stack.visitor().get('/reauth');
  assert.equal(answer.status, 303);
  assert.match(answer.headers.location, /\/auth\/login/);
});
