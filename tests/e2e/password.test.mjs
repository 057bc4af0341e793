// CONTRACT §6: changing the password by page and API, what a new one must be, and who must change it.
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
const code = (answer, status, word) => {
  assert.equal(answer.status, status, answer.body);
  assert.equal(answer.json.code, word);
};
let count = 0;
const phrase = () => `a quiet mill by the river ${++count}`;
// Somebody new, so that the tests do not hang on each other.
function person() {
  const identifier = `walker${++count}`;
  const password = phrase();
  stack.must(['user', 'add', '--username', identifier, '--email', `${identifier}@example.org`, '--password-stdin'], { input: password });
  return { identifier, password };
}
const put = (handle, current_password, new_password) =>
  stack.withHandle(handle, 'PUT', '/password', { json: { current_password, new_password } });

test('SE-05, SE-18, PW-14: rotated, all others out at once, the new password holds', async () => {
  const walker = person();
  const first = await stack.signIn(walker);
  const other = await stack.signIn(walker);
  const browser = stack.visitor();
  await browser.signIn(walker);
  stack.sql(`UPDATE session SET auth_time = auth_time - ${16 * 60e6}`);
  const wanted = phrase();
  const answer = await put(first.session_handle, walker.password, wanted);
  assert.equal(answer.status, 200, answer.body);
  assert.notEqual(answer.json.session_handle, first.session_handle);
  assert.equal(answer.json.session.id, first.session.id);
  assert.equal(answer.json.session.expires_at, first.session.expires_at);
  assert.ok(Date.now() - Date.parse(answer.json.session.auth_time) < 60e3);
  const again = await put(first.session_handle, walker.password, wanted);
  assert.equal(again.status, 200, again.body);
  assert.equal(again.json.session_handle, answer.json.session_handle, 'the same request, the same answer');
  code(await stack.withHandle(other.session_handle, 'GET', '/session'), 401, 'unauthenticated');
  assert.equal((await browser.get('/account')).status, 303);
  assert.equal((await stack.withHandle(answer.json.session_handle, 'GET', '/session')).status, 200);
  const old = await stack.withHandle(first.session_handle, 'GET', '/session');
  code(old, 401, 'unauthenticated');
  assert.equal(old.json.rotated, true);
  await assert.rejects(stack.signIn(walker), /invalid_credentials/);
  await stack.signIn({ ...walker, password: wanted });
  assert.equal(stack.count("audit_event WHERE event = 'authn_password_change' AND session_id IS NOT NULL"), 1);
});

test('wrong current password: 401 and nothing is different; members are named', async () => {
  const walker = person();
  const { session_handle: handle } = await stack.signIn(walker);
  code(await put(handle, 'the wrong password', phrase()), 401, 'invalid_credentials');
  for (const json of [{ new_password: phrase() }, { current_password: 'x' }, { current_password: 'x', new_password: 'y', again: 'y' }]) {
    code(await stack.withHandle(handle, 'PUT', '/password', { json }), 400, 'invalid_request');
  }
  code(await stack.client.request('PUT', `${api}/password`, { json: { current_password: 'x', new_password: 'y' } }), 401, 'unauthenticated');
  await stack.signIn(walker);
});

test('PW-01, PW-02, PW-04, PW-07, PW-08: what a new one must be; the reason is said, the value is not', async () => {
  const walker = person();
  const { session_handle: handle } = await stack.signIn(walker);
  for (const [wanted, reason] of [
    ['kvoxqzmuhtrwlp', /too short.*15/], ['x'.repeat(1025), /too long/], ['passwordpassword', /easy to guess.*common/],
    ['Summer2024Summer2024!', /easy to guess.*common/], [`${walker.identifier}-${walker.identifier}-!`, /easy to guess.*your name/],
    [walker.password, /that you have now/],
  ]) {
    const answer = await put(handle, walker.password, wanted);
    code(answer, 400, 'invalid_request');
    assert.equal(answer.json.fields[0].name, 'new_password');
    assert.match(answer.json.fields[0].reason, reason);
    assert.ok(!answer.body.includes(wanted));
    assert.ok(!stack.workerOutput().includes(wanted));
  }
  code(await put(handle, walker.password, 'abcdefgh\u0000 ijklmnop qrst'), 400, 'invalid_request');
  let last = { handle, password: walker.password };
  for (const wanted of ['kvoxqzmuhtrwlpa', 'Zażółć gęślą jaźń', '🐴🔋📎✅🌊🍋🚲🎹🦉🌵🧭🪁🥐🪐🛶']) {
    const answer = await put(last.handle, last.password, wanted);
    assert.equal(answer.status, 200, answer.body);
    last = { handle: answer.json.session_handle, password: wanted };
  }
  await stack.signIn({ ...walker, password: last.password.normalize('NFD') });
});

test('the command and the set-up page follow the same rules', () => {
  const { identifier } = person();
  const refused = stack.ctl(['user', 'passwd', identifier, '--password-stdin'], { input: 'password2024password2024' });
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /easy to guess/);
  assert.ok(!refused.stderr.includes('password2024'));
  const own = stack.ctl(['user', 'add', '--username', 'hildegard', '--password-stdin'], { input: 'hildegard-hildegard!' });
  assert.equal(own.code, 1);
  assert.match(own.stderr, /your name/);
  assert.equal(stack.ctl(['user', 'passwd', identifier, '--password-stdin'], { input: phrase() }).code, 0);
});

test('PW-18, PW-16: calibrate suggests what this machine does in the time, never below the floor', () => {
  const low = JSON.parse(stack.must(['password', 'calibrate', '--target', '1', '--json']).stdout);
  assert.equal(low.memory, 19456);
  assert.equal(low.passes, 2);
  assert.ok(low.microseconds > 0 && low.hash_slots >= 1 && low.hashes_per_second >= 0);
  assert.match(stack.must(['password', 'calibrate', '--target', '1']).stdout, /^\[password\]\nmemory = 19456\npasses = 2\n/);
  for (const target of ['0', '-1', 'x', '5001']) assert.equal(stack.ctl(['password', 'calibrate', '--target', target]).code, 2, target);
});

test('PW-12: who must change it reaches that, GET /session and logout, and is let in by it', async () => {
  const walker = person();
  stack.sql(`UPDATE password SET must_change = 1 WHERE user_id = (SELECT id FROM user WHERE username = '${walker.identifier}')`);
  const { session, session_handle: handle } = await stack.signIn(walker);
  assert.equal(session.state, 'password_change_required');
  assert.equal((await stack.withHandle(handle, 'GET', '/session')).status, 200);
  code(await stack.withHandle(handle, 'GET', '/sessions'), 403, 'forbidden');
  code(await stack.withHandle(handle, 'GET', '/user'), 403, 'forbidden');
  const answer = await put(handle, walker.password, phrase());
  assert.equal(answer.status, 200, answer.body);
  assert.equal(answer.json.session.state, 'active');
  assert.equal((await stack.withHandle(answer.json.session_handle, 'GET', '/sessions')).status, 200);
});

test('pages: who must change it is led there from everywhere, may leave, and goes on where it was going', async () => {
  const walker = person();
  stack.sql(`UPDATE password SET must_change = 1 WHERE user_id = (SELECT id FROM user WHERE username = '${walker.identifier}')`);
  const visitor = stack.visitor();
  const answer = await visitor.signIn(walker, { return_to: '/auth/account/sessions' });
  assert.equal(answer.headers.location, `${stack.base}/account/password?return_to=%2Fauth%2Faccount%2Fsessions`);
  for (const path of ['/account', '/account/sessions', '/login']) {
    const led = await visitor.get(path);
    assert.equal(led.status, 303, path);
    assert.match(led.headers.location, /\/auth\/account\/password/);
  }
  assert.equal((await visitor.get('/login?switch=yes')).status, 200);
  assert.equal((await visitor.get('/logout')).status, 200);
  const form = await visitor.get('/account/password?return_to=/auth/account/sessions');
  assert.match(form.body, /Choose a new password/);
  const done = await visitor.post('/account/password', {
    csrf_token: tokenOf(form), current_password: walker.password, new_password: phrase(), return_to: '/auth/account/sessions',
  });
  assert.equal(done.headers.location, `${stack.base}/account/sessions`, done.body);
  assert.equal((await visitor.get('/account/sessions')).status, 200);
});

test('the page: wrong, refused, then done; the other browser is out at its next click', async () => {
  const walker = person();
  const [visitor, other] = [stack.visitor(), stack.visitor()];
  for (const one of [visitor, other]) await one.signIn(walker);
  const form = await visitor.get('/account/password');
  assert.equal(form.status, 200);
  assert.match(form.body, /At least 15 characters/);
  assert.match(form.body, /autocomplete="current-password"[^]*autocomplete="new-password"/, 'PW-15');
  const wanted = phrase();
  const csrf_token = tokenOf(form);
  const send = (more) => visitor.post('/account/password', { csrf_token, current_password: walker.password, new_password: wanted, ...more });
  const wrong = await send({ current_password: 'the wrong password' });
  assert.equal(wrong.status, 401);
  assert.match(wrong.body, /not your current password/);
  const common = await send({ new_password: 'passwordpassword' });
  assert.equal(common.status, 400);
  assert.match(common.body, /easy to guess/);
  assert.match(common.body, /guessed quickly/, 'and a hint');
  assert.ok(!common.body.includes('passwordpassword') && !common.body.includes(walker.password));
  const stale = await send({ csrf_token: 'AAAA' });
  assert.equal(stale.status, 403);
  const was = visitor.jar.header();
  const done = await send({});
  assert.equal(done.status, 303, done.body);
  assert.equal(done.headers.location, `${stack.base}/account/password?done=yes`);
  assert.match((await visitor.get('/account/password?done=yes')).body, /Your password is changed/);
  assert.equal((await other.get('/account')).status, 303);
  const dead = await stack.client.get('/auth/account', { headers: { Cookie: was } });
  assert.equal(dead.status, 303);
  assert.equal((await stack.visitor().signIn({ ...walker, password: wanted })).status, 303);
});

test('by cookie over the API: a new Set-Cookie', async () => {
  const walker = person();
  const jar = new Jar();
  const signedIn = await stack.client.post(`${api}/sessions`, { json: { ...walker, transport: 'cookie' } });
  jar.take(signedIn);
  const json = { current_password: walker.password, new_password: phrase() };
  code(await stack.client.request('PUT', `${api}/password`, { json, headers: { Cookie: jar.header() } }), 403, 'csrf_failed');
  const headers = { Cookie: jar.header(), 'X-CSRF-Token': signedIn.json.session.csrf_token };
  const answer = await stack.client.request('PUT', `${api}/password`, { json, headers });
  assert.equal(answer.status, 200, answer.body);
  assert.ok(setCookies(answer).some(({ name }) => name === '__Host-gatepost'));
  assert.equal(answer.json.session_handle, undefined);
});
