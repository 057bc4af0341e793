// CONTRACT §1, §4: a guest's session by handle and by cookie; what it reaches; what signing in makes of it.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { startStack } from '../support/harness.mjs';
import { Visitor, setCookies } from '../support/client.mjs';

let stack;
before(async () => {
  stack = await startStack({ settings: { throttle: { guests: 20 } } });
});
after(() => stack?.stop());

const api = '/auth/api/v1';
const COOKIE = '__Host-gatepost';
const call = (handle, method, path, options) => stack.withHandle(handle, method, path, options);
// Every test has an address of its own: the limit is one of addresses.
let address = 1;
const begin = (json, options = {}) => stack.client.post(`${api}/sessions/guest`, { json, from: `127.0.1.${address}`, ...options });

async function guest() {
  const answer = await begin({ transport: 'handle' });
  assert.equal(answer.status, 201, answer.body);
  return answer.json;
}

const signIn = (user, headers = {}, more = {}) =>
  stack.client.post(`${api}/sessions`, { json: { ...stack.users[user], transport: 'handle', ...more }, headers });

function isProblem(answer, status, code) {
  assert.equal(answer.status, status, answer.body);
  assert.equal(answer.json.code, code);
}

test('by handle: 201, class guest, nobody; it sees itself and can end', async () => {
  const { session, user, session_handle: handle } = await guest();
  assert.match(handle, /^gps_[A-Za-z0-9_-]{43}$/);
  assert.equal(session.class, 'guest');
  assert.equal(session.auth_time, null);
  assert.deepEqual(session.amr, []);
  assert.equal(user, null);
  assert.equal(Date.parse(session.idle_expires_at) - Date.parse(session.created_at), 3600e3);
  const seen = await call(handle, 'GET', '/session');
  assert.equal(seen.status, 200);
  assert.equal(seen.json.session.id, session.id);
  assert.equal(seen.json.user, null);
  const ends = Date.parse(seen.json.session.idle_expires_at) - Date.parse(seen.json.session.created_at);
  assert.ok(ends >= 24 * 3600e3, 'its first use gives it a day');
  assert.equal((await call(handle, 'DELETE', '/session')).status, 204);
  isProblem(await call(handle, 'GET', '/session'), 401, 'unauthenticated');
});

test('AZ-01: what needs a person answers a guest with 401', async () => {
  const { session_handle: handle } = await guest();
  for (const [method, path, json] of [
    ['GET', '/user'], ['GET', '/sessions'], ['DELETE', '/sessions?scope=all'], ['DELETE', '/sessions/hXUMx1LHHyMFPq7Jqb0JxA'],
    ['POST', '/session/reauth', { method: 'password', password: 'a password' }],
    ['PUT', '/password', { current_password: 'a password', new_password: 'another password' }],
  ]) isProblem(await call(handle, method, path, { json }), 401, 'unauthenticated');
});

test('bad input: no transport, a wrong one, a wrong client, an unknown member, text', async () => {
  isProblem(await begin({}), 400, 'invalid_request');
  isProblem(await begin({ transport: 'token' }), 400, 'invalid_request');
  isProblem(await begin({ transport: 'handle', client: 'nobody' }), 400, 'invalid_request');
  isProblem(await begin({ transport: 'handle', identifier: 'alice' }), 400, 'invalid_request');
  isProblem(await begin(undefined, { body: 'transport=handle', headers: { 'Content-Type': 'text/plain' } }), 415, 'unsupported_media_type');
  isProblem(await begin({ transport: 'cookie' }, { headers: { 'Sec-Fetch-Site': 'cross-site' } }), 403, 'csrf_failed');
});

test('who has a session already gets 409, a dead value none the less a guest', async () => {
  const { session_handle: handle } = await guest();
  isProblem(await begin({ transport: 'handle' }, { headers: { 'X-Session-Id': handle } }), 409, 'conflict');
  await call(handle, 'DELETE', '/session');
  assert.equal((await begin({ transport: 'handle' }, { headers: { 'X-Session-Id': handle } })).status, 201);
});

test('twenty an hour a source, then 429 with Retry-After; another source may', async () => {
  address += 1;
  for (let i = 0; i < 20; i++) await guest();
  const answer = await begin({ transport: 'handle' });
  isProblem(answer, 429, 'too_many_attempts');
  assert.ok(Number(answer.headers['retry-after']) > 3500);
  address += 1;
  await guest();
  stack.must(['throttle', 'list']);
});

test('CS-05: no page and no GET begins a session', async () => {
  const before = stack.sql('SELECT COUNT(*) FROM session');
  const visitor = new Visitor(stack.client);
  for (const path of ['/login', '/', '/account', '/logout', '/api/v1/sessions/guest']) await visitor.get(path);
  assert.deepEqual(stack.sql('SELECT COUNT(*) FROM session'), before);
  assert.equal(visitor.jar.cookies.has(COOKIE), false);
});

test('by cookie: CSRF as for any session; pages lead a guest to sign-in, and sign-in promotes', async () => {
  const visitor = new Visitor(stack.client);
  const begun = visitor.jar.take(await begin({ transport: 'cookie' }, { headers: { 'Sec-Fetch-Site': 'same-origin' } }));
  assert.equal(begun.status, 201, begun.body);
  assert.equal('session_handle' in begun.json, false);
  const [cookie] = setCookies(begun).filter(({ name }) => name === COOKIE);
  assert.equal(cookie.attributes.has('max-age'), false);
  const old = visitor.jar.cookies.get(COOKIE);
  isProblem(await stack.client.request('DELETE', `${api}/session`, { headers: visitor.headers({ 'Sec-Fetch-Site': 'same-origin' }) }), 403, 'csrf_failed');
  const account = await visitor.get('/account/sessions');
  assert.equal(account.status, 303);
  assert.match(account.headers.location, /\/auth\/login\?return_to=%2Fauth%2Faccount%2Fsessions$/);
  const page = await visitor.get('/login');
  assert.doesNotMatch(page.body, /Sign in as somebody else|has ended/);
  const done = await visitor.signIn(stack.users.alice, { return_to: '/auth/account/sessions' });
  assert.equal(done.status, 303, done.body);
  assert.match(done.headers.location, /\/auth\/account\/sessions$/);
  assert.notEqual(visitor.jar.cookies.get(COOKIE), old);
  const now = await stack.client.get(`${api}/session`, { headers: visitor.headers() });
  assert.equal(now.json.session.id, begun.json.session.id);
  assert.equal(now.json.user.username, 'alice');
  assert.equal(now.json.session.class, 'browser');
});

test('by handle: the same id, a new value; the old one is told that it was rotated', async () => {
  const { session, session_handle: handle } = await guest();
  const answer = await signIn('bob', { 'X-Session-Id': handle });
  assert.equal(answer.status, 201, answer.body);
  assert.equal(answer.json.session.id, session.id);
  assert.equal(answer.json.session.class, 'native');
  assert.equal(answer.json.user.username, 'bob');
  const dead = await call(handle, 'GET', '/session');
  isProblem(dead, 401, 'unauthenticated');
  assert.equal(dead.json.rotated, true);
  const again = await signIn('bob', { 'X-Session-Id': handle });
  assert.equal(again.json.session_handle, answer.json.session_handle, 'the lost answer');
});

test('a wrong password leaves the guest what it was', async () => {
  const { session, session_handle: handle } = await guest();
  isProblem(await signIn('bob', { 'X-Session-Id': handle }, { password: 'not the right one' }), 401, 'invalid_credentials');
  const seen = await call(handle, 'GET', '/session');
  assert.equal(seen.json.session.id, session.id);
  assert.equal(seen.json.user, null);
});

// SE-05: session fixation. The attacker began the session and knows its value; the victim signs in with it.
test('SE-05: who planted the guest sees nobody, and then nothing, during and after the sign-in', async () => {
  const { session_handle: planted } = await guest();
  let over = false;
  const seen = [];
  const poll = async () => {
    while (!over) seen.push(await call(planted, 'GET', '/session'));
  };
  const attackers = [poll(), poll()];
  const victim = await signIn('alice', { 'X-Session-Id': planted });
  assert.equal(victim.status, 201, victim.body);
  for (let i = 0; i < 5; i++) seen.push(await call(planted, 'GET', '/session'));
  over = true;
  await Promise.all(attackers);
  assert.ok(seen.some(({ status }) => status === 401));
  for (const { status, json } of seen) {
    assert.ok(status === 200 || status === 401);
    if (status === 200) assert.equal(json.user, null);
    assert.doesNotMatch(JSON.stringify(json), /alice/);
  }
  // Nor does signing in with it, as the attacker, reach what the victim has now.
  const attacker = await signIn('bob', { 'X-Session-Id': planted });
  assert.equal(attacker.status, 201);
  assert.notEqual(attacker.json.session.id, victim.json.session.id);
  const unharmed = await call(victim.json.session_handle, 'GET', '/session');
  assert.equal(unharmed.json.user.username, 'alice');
});

test('two sign-ins race for one guest: one has it, the other a session of its own', async () => {
  const { session, session_handle: handle } = await guest();
  const answers = await Promise.all(['alice', 'bob'].map((user) => signIn(user, { 'X-Session-Id': handle })));
  for (const answer of answers) assert.equal(answer.status, 201, answer.body);
  assert.equal(answers.filter(({ json }) => json.session.id === session.id).length, 1);
  for (const { json } of answers) {
    const now = await call(json.session_handle, 'GET', '/session');
    assert.equal(now.json.user.username, json.user.username);
  }
});
