// CONTRACT §1, §4: an app signs in by handle, sees, ends; the same by cookie; revocation holds at once.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { startStack } from '../support/harness.mjs';
import { Jar, setCookies } from '../support/client.mjs';

let stack;
before(async () => {
  stack = await startStack();
});
after(() => stack?.stop());

const api = '/auth/api/v1';
const call = (handle, method, path, options) => stack.withHandle(handle, method, path, options);
const isId = (text) => assert.match(text, /^[A-Za-z0-9_-]{22}$/);
const isTime = (text) => assert.match(text, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);

function isProblem(answer, status, code) {
  assert.equal(answer.status, status, answer.body);
  assert.match(answer.headers['content-type'], /^application\/problem\+json/);
  assert.equal(answer.json.code, code);
  assert.equal(answer.json.status, status);
  assert.ok(answer.json.title && answer.json.detail);
  assert.match(answer.json.type, new RegExp(`^${stack.origin}/auth/`));
  if (status === 401) assert.match(answer.headers['www-authenticate'], /^Bearer /);
}

function isSession(session, { cls, carrierCookie = false, current = true }) {
  isId(session.id);
  assert.equal(session.class, cls);
  assert.equal(session.state, 'active');
  assert.deepEqual(session.methods, []);
  assert.equal(session.aal, 'aal1');
  assert.deepEqual(session.amr, ['pwd']);
  for (const name of ['auth_time', 'created_at', 'last_seen_at', 'idle_expires_at', 'expires_at']) isTime(session[name]);
  assert.equal(session.ip, '127.0.0.1');
  assert.equal(session.current, current);
  assert.equal('csrf_token' in session, carrierCookie);
}

test('signing in by handle answers 201 with session, user and handle', async () => {
  const answer = await stack.client.post(`${api}/sessions`, {
    json: { ...stack.users.alice, transport: 'handle', device_name: 'Pixel 9', device_id: 'phone-1' },
    headers: { 'User-Agent': 'Example/1.0 (Android)' },
  });
  assert.equal(answer.status, 201, answer.body);
  assert.match(answer.headers['content-type'], /^application\/json/);
  assert.equal(answer.headers['set-cookie'], undefined);
  assert.match(answer.json.session_handle, /^gps_[A-Za-z0-9_-]{43}$/);
  isSession(answer.json.session, { cls: 'native' });
  assert.equal(answer.json.session.client, 'app');
  assert.equal(answer.json.session.device_name, 'Pixel 9');
  assert.equal(answer.json.session.user_agent, 'Example/1.0 (Android)');
  const { user } = answer.json;
  isId(user.id);
  assert.deepEqual({ ...user, id: 0 }, {
    id: 0, username: 'alice', email: 'alice@example.org', display_name: 'alice Example', roles: [], permissions: [], tenant: null,
  });
});

test('an address signs in as well as a user name, whatever its case', async () => {
  for (const identifier of ['alice@example.org', 'Alice@Example.ORG', 'ALICE']) {
    const { user } = await stack.signIn({ ...stack.users.alice, identifier });
    assert.equal(user.username, 'alice');
  }
});

test('X-Session-Id and Bearer carry the same handle', async () => {
  const { session_handle: handle, session } = await stack.signIn(stack.users.bob);
  const one = await call(handle, 'GET', '/session');
  const two = await stack.client.get(`${api}/session`, { headers: { Authorization: `Bearer ${handle}` } });
  assert.equal(one.status, 200);
  assert.equal(one.json.session.id, session.id);
  assert.deepEqual(one.json, two.json);
  const user = await call(handle, 'GET', '/user');
  assert.equal(user.status, 200);
  assert.deepEqual(user.json.user ?? user.json, one.json.user);
});

test('roles and permissions are looked up live', async () => {
  const { user } = await stack.signIn(stack.users.admin);
  assert.deepEqual(user.roles, ['admin']);
  assert.deepEqual(user.permissions, ['users:manage']);
});

test('TH-09: unknown, wrong, locked and disabled are alike, byte for byte but for the request id', async () => {
  stack.must(['user', 'add', '--username', 'locked', '--password-stdin'], { input: 'a long enough password' });
  stack.must(['user', 'add', '--username', 'closed', '--password-stdin'], { input: 'a long enough password' });
  stack.sql("UPDATE user SET state = 2 WHERE username = 'locked'");
  stack.sql("UPDATE user SET state = 3 WHERE username = 'closed'");
  const answers = [];
  for (const [identifier, password] of [['nobody', 'a long enough password'], ['alice', 'not the right password'],
    ['locked', 'a long enough password'], ['closed', 'a long enough password'], ['no such@name!', 'x']]) {
    const answer = await stack.client.post(`${api}/sessions`, { json: { identifier, password, transport: 'handle' } });
    isProblem(answer, 401, 'invalid_credentials');
    const headers = { ...answer.headers };
    delete headers['x-request-id'];
    delete headers.date;
    answers.push(JSON.stringify([headers, answer.body]));
  }
  assert.equal(new Set(answers).size, 1);
});

test('lists sessions, ends one: that device gets 401 at its next request (SE-16, SE-19)', async () => {
  const one = await stack.signIn(stack.users.alice, { device_name: 'one' });
  const two = await stack.signIn(stack.users.alice, { device_name: 'two' });
  const list = await call(one.session_handle, 'GET', '/sessions');
  assert.equal(list.status, 200);
  assert.equal(list.json.next_cursor, null);
  const names = list.json.sessions.map((session) => session.device_name);
  assert.ok(names.includes('one') && names.includes('two'));
  assert.equal(list.json.sessions.filter((session) => session.current).length, 1);
  assert.equal(list.json.sessions.find((session) => session.current).id, one.session.id);
  assert.ok(!JSON.stringify(list.json).includes('gps_'), 'no credential in a list');

  const ended = await call(one.session_handle, 'DELETE', `/sessions/${two.session.id}`);
  assert.equal(ended.status, 204);
  isProblem(await call(two.session_handle, 'GET', '/session'), 401, 'unauthenticated');
  assert.equal((await call(one.session_handle, 'GET', '/session')).status, 200);
  isProblem(await call(one.session_handle, 'DELETE', `/sessions/${two.session.id}`), 404, 'not_found');
});

test('AZ-02: another person\'s session is 404 and stays', async () => {
  const alice = await stack.signIn(stack.users.alice);
  const bob = await stack.signIn(stack.users.bob);
  isProblem(await call(bob.session_handle, 'DELETE', `/sessions/${alice.session.id}`), 404, 'not_found');
  isProblem(await call(bob.session_handle, 'DELETE', '/sessions/AAAAAAAAAAAAAAAAAAAAAA'), 404, 'not_found');
  isProblem(await call(bob.session_handle, 'DELETE', '/sessions/not-an-id'), 404, 'not_found');
  assert.equal((await call(alice.session_handle, 'GET', '/session')).status, 200);
});

test('scope=others and scope=all', async () => {
  stack.sql('DELETE FROM session');
  const [a, b, c] = [await stack.signIn(stack.users.bob), await stack.signIn(stack.users.bob), await stack.signIn(stack.users.bob)];
  const others = await call(a.session_handle, 'DELETE', '/sessions?scope=others');
  assert.equal(others.status, 200);
  assert.deepEqual(others.json, { revoked: 2 });
  for (const ended of [b, c]) isProblem(await call(ended.session_handle, 'GET', '/session'), 401, 'unauthenticated');
  for (const path of ['/sessions', '/sessions?scope=mine', '/sessions?scope=']) {
    isProblem(await call(a.session_handle, 'DELETE', path), 400, 'invalid_request');
  }
  const all = await call(a.session_handle, 'DELETE', '/sessions?scope=all');
  assert.deepEqual(all.json, { revoked: 1 });
  isProblem(await call(a.session_handle, 'GET', '/session'), 401, 'unauthenticated');
});

test('logging out ends the session; doing it twice is 401', async () => {
  const { session_handle: handle } = await stack.signIn(stack.users.alice);
  const out = await call(handle, 'DELETE', '/session');
  assert.equal(out.status, 204);
  assert.equal(out.body, '');
  isProblem(await call(handle, 'GET', '/session'), 401, 'unauthenticated');
  isProblem(await call(handle, 'DELETE', '/session'), 401, 'unauthenticated');
});

test('lists are paged by cursor', async () => {
  stack.sql('DELETE FROM session');
  let mine;
  for (let i = 0; i < 7; i++) mine = await stack.signIn(stack.users.bob, { device_name: `d${i}` });
  const seen = [];
  let path = '/sessions?limit=3';
  for (let page = 0; path && page < 5; page++) {
    const { json, status } = await call(mine.session_handle, 'GET', path);
    assert.equal(status, 200);
    assert.ok(json.sessions.length <= 3);
    seen.push(...json.sessions.map((session) => session.device_name));
    path = json.next_cursor && `/sessions?limit=3&cursor=${encodeURIComponent(json.next_cursor)}`;
  }
  assert.deepEqual(seen, ['d6', 'd5', 'd4', 'd3', 'd2', 'd1', 'd0']);
  for (const query of ['limit=0', 'limit=101', 'limit=x', 'limit=-1', 'cursor=!', 'cursor=AAAA', 'limit=1&limit=2']) {
    isProblem(await call(mine.session_handle, 'GET', `/sessions?${query}`), 400, 'invalid_request');
  }
});

test('by cookie: HttpOnly, Secure, Lax, __Host-, no Domain; the value stands nowhere else (CO-01..04, CO-06)', async () => {
  const answer = await stack.client.post(`${api}/sessions`, { json: { ...stack.users.alice, transport: 'cookie' } });
  assert.equal(answer.status, 201, answer.body);
  const cookies = setCookies(answer);
  const session = cookies.find(({ name }) => name === '__Host-gatepost');
  assert.match(session.value, /^[A-Za-z0-9_-]{43}$/);
  for (const cookie of cookies) {
    assert.equal(cookie.attributes.get('path'), '/');
    assert.ok(cookie.attributes.get('secure') && cookie.attributes.get('httponly'));
    assert.equal(cookie.attributes.get('samesite'), 'Lax');
    assert.ok(!cookie.attributes.has('domain') && !cookie.attributes.has('expires'));
    assert.ok(cookie.line.length < 4096);
  }
  assert.equal(new Set(cookies.map(({ name }) => name)).size, cookies.length);
  assert.ok(!session.attributes.has('max-age'));
  assert.ok(!answer.body.includes(session.value));
  assert.equal(answer.json.session_handle, undefined);
  isSession(answer.json.session, { cls: 'browser', carrierCookie: true });
  const device = cookies.find(({ name }) => name === '__Host-gatepost-device');
  assert.equal(device.attributes.get('max-age'), '34560000');

  const remembered = await stack.client.post(`${api}/sessions`, { json: { ...stack.users.alice, transport: 'cookie', remember: true } });
  isSession(remembered.json.session, { cls: 'remembered', carrierCookie: true });
  const age = Number(setCookies(remembered).find(({ name }) => name === '__Host-gatepost').attributes.get('max-age'));
  assert.ok(age > 29 * 86400 && age <= 30 * 86400, String(age));
});

test('a cookie session needs X-CSRF-Token to change anything (CS-06)', async () => {
  const jar = new Jar();
  const signedIn = jar.take(await stack.client.post(`${api}/sessions`, { json: { ...stack.users.bob, transport: 'cookie' } }));
  const headers = { Cookie: jar.header() };
  const token = signedIn.json.session.csrf_token;
  const read = await stack.client.get(`${api}/session`, { headers });
  assert.equal(read.status, 200);
  assert.notEqual(read.json.session.csrf_token, token, 'masked anew each time');
  const del = (extra) => stack.client.request('DELETE', `${api}/session`, { headers: { ...headers, ...extra } });
  isProblem(await del({}), 403, 'csrf_failed');
  isProblem(await del({ 'X-CSRF-Token': 'x'.repeat(token.length) }), 403, 'csrf_failed');
  const foreign = (await stack.client.post(`${api}/sessions`, { json: { ...stack.users.alice, transport: 'cookie' } })).json.session.csrf_token;
  isProblem(await del({ 'X-CSRF-Token': foreign }), 403, 'csrf_failed');
  for (const extra of [{ 'Sec-Fetch-Site': 'cross-site' }, { 'Sec-Fetch-Site': 'none' }, { 'Sec-Fetch-Site': 'same-site' },
    { Origin: 'https://evil.test' }, { Origin: 'null' }, { Referer: 'https://evil.test/' }, { Referer: `${stack.origin}.evil.test/` }]) {
    isProblem(await del({ 'X-CSRF-Token': token, ...extra }), 403, 'csrf_failed');
  }
  assert.equal((await stack.client.get(`${api}/session`, { headers })).status, 200, 'nothing was changed');
  const out = await del({ 'X-CSRF-Token': token, 'Sec-Fetch-Site': 'same-origin' });
  assert.equal(out.status, 204);
  const cleared = setCookies(out).find(({ name }) => name === '__Host-gatepost');
  assert.equal(cleared.attributes.get('max-age'), '0');
  assert.ok(cleared.attributes.get('secure') && cleared.attributes.get('httponly') && cleared.attributes.get('path') === '/');
  assert.match(out.headers['clear-site-data'], /"cache"/);
  isProblem(await stack.client.get(`${api}/session`, { headers }), 401, 'unauthenticated');
});

test('JSON without credential: no token, but a foreign page may not (CS-04)', async () => {
  const attempt = (headers) => stack.client.post(`${api}/sessions`, { json: { ...stack.users.alice, transport: 'handle' }, headers });
  isProblem(await attempt({ Origin: 'https://evil.test' }), 403, 'csrf_failed');
  isProblem(await attempt({ 'Sec-Fetch-Site': 'cross-site', Origin: stack.origin }), 403, 'csrf_failed');
  assert.equal((await attempt({ 'Sec-Fetch-Site': 'same-origin', Origin: 'https://evil.test' })).status, 201, 'the first present decides');
  assert.equal((await attempt({ Origin: stack.origin })).status, 201);
});

test('HEAD is GET without a body; OPTIONS answers Allow (CS-10)', async () => {
  const { session_handle: handle } = await stack.signIn(stack.users.alice);
  const get = await call(handle, 'GET', '/session');
  const head = await call(handle, 'HEAD', '/session');
  assert.equal(head.status, 200);
  assert.equal(head.body, '');
  assert.equal(head.headers['content-type'], get.headers['content-type']);
  const options = await stack.client.request('OPTIONS', `${api}/session`);
  assert.equal(options.status, 204);
  for (const method of ['GET', 'HEAD', 'DELETE', 'OPTIONS']) assert.match(options.headers.allow, new RegExp(`\\b${method}\\b`));
  for (const [method, path] of [['PUT', '/session'], ['PATCH', '/sessions'], ['POST', '/user'], ['TRACE', '/session']]) {
    const answer = await stack.client.request(method, api + path, { headers: { 'X-HTTP-Method-Override': 'GET' } });
    assert.equal(answer.status, 405, `${method} ${path}`);
    if (method !== 'TRACE') assert.ok(answer.headers.allow);
  }
});

test('health is live without a database, ready with one', async () => {
  const live = await stack.client.get('/auth/health');
  assert.equal(live.status, 200);
  assert.equal((await stack.client.get('/auth/health?ready')).status, 200);
});
