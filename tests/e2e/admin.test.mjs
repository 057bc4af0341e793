// Administration by API and pages (CONTRACT §7): who may, what they see, what they do, and to whom they may not.
import { test, before, after, beforeEach } from 'node:test';
import assert from 'node:assert/strict';
import { startStack } from '../support/harness.mjs';
import { Jar, tokenOf } from '../support/client.mjs';

let stack;
let ids;
let admin;
before(async () => {
  stack = await startStack();
  stack.must(['role', 'add', 'editor']);
  stack.must(['permission', 'add', 'editor', 'posts:edit']);
  stack.must(['role', 'add', 'owner', '--elevated']);
  stack.must(['role', 'add', 'ns:desk.a_b-c']);
  stack.must(['tenant', 'add', 'acme', '--title', 'Acme Ltd']);
  stack.must(['member', 'add', 'bob', '--tenant', 'acme']);
  ids = Object.fromEntries(stack.sql('SELECT username, TO_BASE64(id) AS id FROM user')
    .map(({ username, id }) => [username, Buffer.from(id, 'base64').toString('base64url')]));
});
after(() => stack?.stop());
beforeEach(async () => {
  stack.sql(`DELETE FROM session; DELETE FROM audit_event; DELETE FROM throttle; DELETE FROM user WHERE created_at < 100; UPDATE user SET state = 1;
    UPDATE user SET grants = 'elevated perm:users:manage role:admin' WHERE username = 'admin'; UPDATE user SET grants = '' WHERE username <> 'admin'; UPDATE membership SET grants = '';
    DELETE FROM user_role; INSERT INTO user_role SELECT u.id, UNHEX(REPEAT('00', 16)), r.id, 1 FROM user u JOIN role r ON r.name = 'admin' WHERE u.username = 'admin'`);
  admin = (await stack.signIn(stack.users.admin)).session_handle;
});

const call = (method, path, options) => stack.withHandle(admin, method, `/admin/users${path}`, options);
const good = async (method, path, options, status = 200) => {
  const answer = await call(method, path, options);
  assert.equal(answer.status, status, answer.body);
  return answer.json;
};
const code = (answer, status, word, detail) => {
  assert.equal(answer.status, status, answer.body);
  assert.equal(answer.json.code, word);
  if (detail) assert.match(answer.json.detail, detail);
};
const check = (handle) => stack.withHandle(handle, 'GET', '/session');
const events = (event, actor, subject) => stack.count(`audit_event e LEFT JOIN user a ON a.id = e.actor_id LEFT JOIN user s ON s.id = e.user_id
  WHERE e.event = '${event}' AND a.username = '${actor}' AND s.username = '${subject}'`);
const give = (name, role = 'admin') => stack.must(['role', 'grant', name, role]);

// Every call of the API, so that what holds of all of them is asked of all of them.
const calls = (id) => [
  ['GET', ''], ['GET', `/${id}`], ['POST', `/${id}/lock`], ['POST', `/${id}/unlock`], ['POST', `/${id}/hold`], ['GET', `/${id}/roles`],
  ['PUT', `/${id}/roles/editor`], ['DELETE', `/${id}/roles/editor`], ['GET', `/${id}/sessions`], ['DELETE', `/${id}/sessions`],
  ['DELETE', `/${id}/sessions/AAAAAAAAAAAAAAAAAAAAAA`], ['POST', `/${id}/reset-factors`], ['DELETE', `/${id}/reset-factors`],
];

test('AZ-01: nobody, a guest, a person, an administrator of a tenant: 401 or 403, on every call and page, fresh or not', async () => {
  const all = calls(ids.bob);
  const state = () => JSON.stringify(stack.sql('SELECT username, state, grants FROM user ORDER BY id'));
  const was = state();
  const { session_handle: guest } = (await stack.client.post('/auth/api/v1/sessions/guest', { json: { transport: 'handle' } })).json;
  const { session_handle: alice } = await stack.signIn(stack.users.alice);
  stack.must(['role', 'grant', 'bob', 'admin', '--tenant', 'acme']);
  const { session_handle: bob, session } = await stack.signIn(stack.users.bob);
  const inTenant = await check(bob);
  assert.deepEqual(inTenant.json.user.permissions, ['users:manage'], 'he has it in his tenant');
  for (const [method, path] of all) {
    code(await stack.client.request(method, `/auth/api/v1/admin/users${path}`), 401, 'unauthenticated');
    code(await stack.withHandle(guest, method, `/admin/users${path}`), 401, 'unauthenticated');
    code(await stack.withHandle(alice, method, `/admin/users${path}`), 403, 'forbidden');
    code(await stack.withHandle(bob, method, `/admin/users${path}`), 403, 'forbidden');
  }
  stack.sql("UPDATE session SET auth_time = auth_time - 3600e6 WHERE user_id IN (SELECT id FROM user WHERE username = 'alice')");
  for (const [method, path] of all) code(await stack.withHandle(alice, method, `/admin/users${path}`), 403, 'forbidden');
  const visitor = stack.visitor();
  for (const path of ['/admin/users', '/admin/overview']) assert.equal((await visitor.get(path)).status, 303);
  await visitor.signIn(stack.users.bob);
  for (const path of ['/admin/users', '/admin/overview', `/admin/users/${ids.alice}`]) assert.equal((await visitor.get(path)).status, 403);
  assert.doesNotMatch((await visitor.get('/account')).body, /admin\/(?:users|overview)/);
  const csrf_token = await visitor.token('/account/sessions');
  assert.equal((await visitor.post(`/admin/users/${ids.alice}`, { csrf_token, act: 'lock' })).status, 403);
  assert.equal(state(), was);
  assert.ok(session);
  assert.ok(stack.workerLog().some(({ event, detail }) => event === 'authz_fail' && detail === '/api/v1/admin/users/{id}/lock'));
});

test('not fresh: 401 with the challenge of RFC 9470 on every call, and after a step-up it goes on', async () => {
  stack.sql('UPDATE session SET auth_time = auth_time - 3600e6');
  for (const [method, path] of calls(ids.bob)) {
    const answer = await call(method, path);
    code(answer, 401, 'reauthentication_required');
    assert.match(answer.headers['www-authenticate'], /error="insufficient_user_authentication", max_age=900/);
    assert.deepEqual(answer.json.methods, ['password']);
  }
  assert.equal(stack.count('user WHERE state = 1'), 3);
  const again = await stack.withHandle(admin, 'POST', '/session/reauth', { json: { method: 'password', password: stack.users.admin.password } });
  admin = again.json.session_handle;
  await good('GET', '');
});

test('by cookie: the form token is asked for where something changes', async () => {
  const jar = new Jar();
  const { json: mine } = jar.take(await stack.client.post('/auth/api/v1/sessions', { json: { ...stack.users.admin, transport: 'cookie' } }));
  const place = `/auth/api/v1/admin/users/${ids.bob}/lock`;
  code(await stack.client.post(place, { headers: { Cookie: jar.header() } }), 403, 'csrf_failed');
  assert.equal((await stack.client.get(`/auth/api/v1/admin/users/${ids.bob}`, { headers: { Cookie: jar.header() } })).json.user.state, 'active');
  const headers = { Cookie: jar.header(), 'X-CSRF-Token': mine.session.csrf_token };
  code(await stack.client.post(place, { headers: { ...headers, Origin: 'https://evil.test' } }), 403, 'csrf_failed');
  assert.equal((await stack.client.post(place, { headers })).json.user.state, 'locked');
});

test('the list: oldest first, page by page; search by the beginning of user name or address', async () => {
  for (let i = 0; i < 5; i++) stack.sql(`INSERT INTO user (id, username, email, display_name, created_at, updated_at) VALUES (RANDOM_BYTES(16), 'zed${i}', 'pat${i}@example.org', 'Zed ${i}', ${i + 1}, 1)`);
  stack.sql("INSERT INTO user (id, username, email, display_name, created_at, updated_at) VALUES (RANDOM_BYTES(16), NULL, 'zed9@example.org', 'Only an address', 9, 1)");
  const names = async (query) => {
    const seen = [];
    for (let cursor = ''; cursor !== null;) {
      const page = await good('GET', `?${query}${cursor && `&cursor=${cursor}`}`);
      assert.ok(page.users.length <= 2);
      seen.push(...page.users.map(({ username, email }) => username ?? email));
      cursor = page.next_cursor;
    }
    return seen;
  };
  assert.deepEqual(await names('limit=2'), ['zed0', 'zed1', 'zed2', 'zed3', 'zed4', 'zed9@example.org', 'alice', 'bob', 'admin']);
  assert.deepEqual(await names('limit=2&q=zed'), ['zed0', 'zed1', 'zed2', 'zed3', 'zed4', 'zed9@example.org']);
  assert.deepEqual(await names('limit=2&q=ZED4'), ['zed4']);
  assert.deepEqual(await names('limit=2&q=pat'), ['zed0', 'zed1', 'zed2', 'zed3', 'zed4']);
  assert.deepEqual(await names('limit=2&q=zed9%40'), ['zed9@example.org']);
  for (const nobody of ['q=nobody', 'q=%25', 'q=_', 'q=%C3%A4']) assert.deepEqual(await names(`limit=2&${nobody}`), []);
  assert.equal((await names('limit=2&q=')).length, 9);
  for (const query of ['limit=0', 'limit=101', 'limit=x', 'cursor=!', 'cursor=AAAA', 'q=z&cursor=!!', `q=${'x'.repeat(255)}`, 'page=2', 'q=a&q=b']) {
    code(await call('GET', `?${query}`), 400, 'invalid_request');
  }
});

test('AZ-02: a user as administrators see one has no secret; unknown ids are 404, whatever is asked', async () => {
  const { user } = await good('GET', `/${ids.bob}`);
  assert.deepEqual(Object.keys(user).sort(), ['created_at', 'display_name', 'email', 'factors', 'factors_reset_at', 'id', 'password_change_required', 'password_refused', 'permissions', 'roles', 'state', 'username']);
  assert.deepEqual([user.username, user.email, user.state, user.roles], ['bob', 'bob@example.org', 'active', []]);
  const [{ hash }] = stack.mariadb.sql("SELECT hash FROM password LIMIT 1", { database: stack.database.name });
  assert.ok(hash.startsWith('$argon2id$'));
  for (const path of ['', `/${ids.bob}`, `/${ids.bob}/roles`, `/${ids.bob}/sessions`]) assert.doesNotMatch((await call('GET', path)).body, /argon2|"hash"|grants/);
  for (const id of ['AAAAAAAAAAAAAAAAAAAAAA', 'nobody', 'bob', 'AAAAAAAAAAAAAAAAAAAAAB']) {
    for (const [method, path] of calls(id)) if (path !== '') code(await call(method, path), 404, 'not_found');
  }
  code(await call('PUT', `/${ids.bob}/roles/nobody`), 404, 'not_found');
  code(await call('DELETE', `/${ids.bob}/roles/nobody`), 404, 'not_found');
  code(await call('PUT', `/${ids.bob}/roles/editor?tenant=nowhere`), 404, 'not_found');
});

test('PW-22: there is no way to read or set a password', async () => {
  for (const [method, path] of [['PUT', '/password'], ['POST', '/password'], ['PATCH', '']]) {
    const answer = await call(method, `/${ids.bob}${path}`, { json: { new_password: 'a kettle sings behind the mill' } });
    assert.ok([404, 405].includes(answer.status), `${method} ${path} ${answer.status}`);
  }
  code(await call('POST', `/${ids.bob}/lock`, { json: { password: 'x' } }), 400, 'invalid_request');
});

test('SE-17: lock, unlock, hold: at the next request, recorded with actor and subject', async () => {
  const { session_handle: bob } = await stack.signIn(stack.users.bob);
  const held = await good('POST', `/${ids.bob}/hold`, { json: { reason: 'a strange place' } });
  assert.deepEqual([held.changed, held.sessions, held.user.state], [true, 1, 'active']);
  code(await check(bob), 401, 'reauthentication_required');
  assert.deepEqual((await good('POST', `/${ids.bob}/hold`)).changed, false);
  const locked = await good('POST', `/${ids.bob}/lock`, { json: {} });
  assert.deepEqual([locked.changed, locked.sessions, locked.user.state], [true, 1, 'locked']);
  code(await check(bob), 401, 'unauthenticated');
  assert.equal((await good('POST', `/${ids.bob}/lock`)).changed, false);
  assert.deepEqual((await good('POST', `/${ids.bob}/unlock`)).user.state, 'active');
  await stack.signIn(stack.users.bob);
  for (const event of ['sessions_held', 'authn_login_lock', 'authn_login_unlock']) assert.equal(events(event, 'admin', 'bob'), 1, event);
  assert.equal(stack.count("audit_event WHERE detail LIKE '%a strange place'"), 1);
  const line = stack.workerLog().find(({ event }) => event === 'authn_login_lock');
  assert.deepEqual([line.actor, line.user], [ids.admin, ids.bob]);
  code(await call('POST', `/${ids.bob}/lock`, { json: { reason: 'two\nlines' } }), 400, 'invalid_request');
  code(await call('POST', `/${ids.bob}/lock`, { json: { reason: 'x'.repeat(201) } }), 400, 'invalid_request');
  stack.sql("UPDATE user SET state = 3 WHERE username = 'bob'");
  code(await call('POST', `/${ids.bob}/lock`), 409, 'conflict', /closed/);
});

test('AZ-04: roles, everywhere and in a tenant, live at the next request', async () => {
  const { session_handle: bob } = await stack.signIn(stack.users.bob);
  const mine = async () => (await check(bob)).json.user.roles;
  const given = await good('PUT', `/${ids.bob}/roles/editor`);
  assert.deepEqual([given.changed, given.user.roles, given.user.permissions], [true, ['editor'], ['posts:edit']]);
  assert.deepEqual(await mine(), ['editor']);
  assert.equal((await good('PUT', `/${ids.bob}/roles/editor`)).changed, false);
  assert.equal((await good('PUT', `/${ids.bob}/roles/ns%3Adesk.a_b-c?tenant=acme`)).changed, true);
  assert.deepEqual(await mine(), ['editor', 'ns:desk.a_b-c']);
  const [{ tenant }] = (await good('GET', `/${ids.bob}/roles?limit=1&cursor=${(await good('GET', `/${ids.bob}/roles?limit=1`)).next_cursor}`)).roles;
  assert.equal(tenant.name, 'acme');
  const list = await good('GET', `/${ids.bob}/roles`);
  assert.deepEqual(list.roles, [{ name: 'editor', elevated: false, tenant: null }, { name: 'ns:desk.a_b-c', elevated: false, tenant }]);
  assert.equal(list.next_cursor, null);
  assert.equal((await good('DELETE', `/${ids.bob}/roles/ns:desk.a_b-c?tenant=${tenant.id}`)).changed, true);
  assert.deepEqual((await good('DELETE', `/${ids.bob}/roles/editor`)).user.roles, []);
  assert.equal((await good('DELETE', `/${ids.bob}/roles/editor`)).changed, false);
  assert.deepEqual(await mine(), []);
  assert.equal(events('authz_change', 'admin', 'bob'), 4);
  code(await call('PUT', `/${ids.alice}/roles/editor?tenant=acme`), 409, 'conflict', /no member/);
  code(await call('GET', `/${ids.bob}/roles?cursor=AAAA`), 400, 'invalid_request');
});

test('AZ-05: no self-promotion, nothing above the own, nobody locks or demotes themselves', async () => {
  for (const [method, path] of [['PUT', '/roles/editor'], ['PUT', '/roles/owner'], ['DELETE', '/roles/admin'], ['POST', '/lock']]) {
    code(await call(method, `/${ids.admin}${path}`), 403, 'forbidden', /own account/);
  }
  stack.must(['member', 'add', 'admin', '--tenant', 'acme']);
  code(await call('PUT', `/${ids.admin}/roles/editor?tenant=acme`), 403, 'forbidden', /own account/);
  stack.must(['member', 'remove', 'admin', '--tenant', 'acme']);
  // Elevated, and not among what an administrator has.
  code(await call('PUT', `/${ids.bob}/roles/owner`), 403, 'forbidden', /above your own/);
  code(await call('PUT', `/${ids.bob}/roles/owner?tenant=acme`), 403, 'forbidden', /above your own/);
  give('admin', 'owner');
  admin = (await stack.signIn(stack.users.admin)).session_handle;
  assert.deepEqual((await good('PUT', `/${ids.bob}/roles/owner`)).user.roles, ['owner']);
  assert.deepEqual((await good('PUT', `/${ids.bob}/roles/admin`)).user.roles, ['admin', 'owner']);
  assert.deepEqual((await good('GET', `/${ids.admin}`)).user.roles, ['admin', 'owner']);
  assert.equal(events('authz_fail', 'admin', 'admin') + events('authz_fail', 'admin', 'bob'), 7);
});

test('AZ-05: the last administrator stays; of two who turn on each other at once one wins', async () => {
  give('bob');
  for (let round = 0; round < 8; round++) {
    stack.sql("UPDATE user SET state = 1; DELETE FROM session");
    give('bob');
    give('admin');
    const [{ session_handle: one }, { session_handle: two }] = [await stack.signIn(stack.users.admin), await stack.signIn(stack.users.bob)];
    const act = (id) => (round % 2 ? ['POST', `/admin/users/${id}/lock`] : ['DELETE', `/admin/users/${id}/roles/admin`]);
    const answers = await Promise.all([stack.withHandle(one, ...act(ids.bob)), stack.withHandle(two, ...act(ids.admin))]);
    const statuses = answers.map(({ status }) => status).sort();
    assert.equal(statuses[0], 200, JSON.stringify(answers.map(({ body }) => body)));
    assert.ok([401, 403, 409].includes(statuses[1]), String(statuses));
    assert.equal(stack.count("user WHERE state = 1 AND grants LIKE '%perm:users:manage%'"), 1);
  }
});

test('SE-19: the sessions of a user: seen without secrets, ended one by one and all at once', async () => {
  const first = await stack.signIn(stack.users.bob, { device_name: 'Pixel 9' });
  const second = await stack.signIn(stack.users.bob);
  const list = await good('GET', `/${ids.bob}/sessions`);
  assert.deepEqual(list.sessions.map(({ id }) => id).sort(), [first.session.id, second.session.id].sort());
  assert.ok(list.sessions.every((one) => one.csrf_token === undefined && one.current === false));
  const page = await good('GET', `/${ids.bob}/sessions?limit=1`);
  assert.equal((await good('GET', `/${ids.bob}/sessions?limit=1&cursor=${page.next_cursor}`)).sessions.length, 1);
  code(await call('DELETE', `/${ids.alice}/sessions/${first.session.id}`), 404, 'not_found');
  assert.equal((await call('DELETE', `/${ids.bob}/sessions/${first.session.id}`)).status, 204);
  code(await check(first.session_handle), 401, 'unauthenticated');
  code(await call('DELETE', `/${ids.bob}/sessions/${first.session.id}`), 404, 'not_found');
  await stack.signIn(stack.users.bob);
  assert.deepEqual(await good('DELETE', `/${ids.bob}/sessions`), { revoked: 2 });
  code(await check(second.session_handle), 401, 'unauthenticated');
  assert.deepEqual(await good('DELETE', `/${ids.bob}/sessions`), { revoked: 0 });
  assert.ok(events('session_ended', 'admin', 'bob') + events('sessions_ended', 'admin', 'bob') >= 2);
  // Ends of an elevated person's sessions are the short ones, as that person sees them.
  give('bob');
  const { session, session_handle: short } = await stack.signIn(stack.users.bob);
  const [seen] = (await good('GET', `/${ids.bob}/sessions`)).sessions;
  assert.deepEqual([seen.id, seen.idle_expires_at, seen.expires_at], [session.id, session.idle_expires_at, session.expires_at]);
  assert.equal((await check(short)).status, 200);
});

// A page as an administrator with a browser.
async function administrator() {
  const visitor = stack.visitor();
  await visitor.signIn(stack.users.admin);
  return visitor;
}

test('pages: list, search, one user, each act, without a script', async () => {
  const visitor = await administrator();
  assert.match((await visitor.get('/account')).body, /href="\/auth\/admin\/users"/);
  const list = await visitor.get('/admin/users');
  assert.equal(list.status, 200);
  for (const name of ['alice', 'bob', 'admin']) assert.ok(list.body.includes(`/auth/admin/users/${ids[name]}`), name);
  assert.match((await visitor.get('/admin/users?q=ali')).body, /alice@example\.org/);
  assert.doesNotMatch((await visitor.get('/admin/users?q=ali')).body, /bob@example\.org/);
  assert.match((await visitor.get('/admin/users?q=%3Cb%3E')).body, /value="&lt;b&gt;"[^]*Nobody’s name begins so/);
  assert.equal((await visitor.get('/admin/users?cursor=nonsense!')).status, 400);
  assert.equal((await visitor.get('/admin/users/AAAAAAAAAAAAAAAAAAAAAA')).status, 404);
  const place = `/admin/users/${ids.bob}`;
  const act = async (form) => {
    const csrf_token = tokenOf(await visitor.get(place));
    const answer = await visitor.post(place, { csrf_token, ...form });
    if (answer.status !== 303) return answer;
    return visitor.get(answer.headers.location.slice(stack.base.length));
  };
  const { session_handle: bob, session } = await stack.signIn(stack.users.bob);
  assert.match((await act({ act: 'hold' })).body, /role="status">All sessions ask for the password/);
  code(await check(bob), 401, 'reauthentication_required');
  assert.match((await act({ act: 'end', session: session.id })).body, /That device is signed out/);
  assert.match((await act({ act: 'end-all' })).body, /It was so already/);
  assert.match((await act({ act: 'give', role: 'editor', tenant: '' })).body, /The role is given/);
  assert.match((await act({ act: 'give', role: 'editor', tenant: 'acme' })).body, /Acme Ltd/);
  assert.match((await act({ act: 'take', role: 'editor', tenant: 'acme' })).body, /The role is taken away/);
  assert.match((await act({ act: 'lock', reason: 'by the page' })).body, /The account is locked/);
  assert.match((await act({ act: 'lock' })).body, /It was so already/);
  assert.match((await act({ act: 'unlock' })).body, /The account is unlocked/);
  assert.equal(stack.count("audit_event WHERE detail LIKE '%by the page'"), 1);
  for (const [form, status, text] of [
    [{ act: 'give', role: 'owner' }, 403, /This role is above your own/], [{ act: 'give', role: 'nobody' }, 404, /does not exist/],
    [{ act: 'lock', reason: 'a\nb' }, 400, /reason must be/], [{ act: 'promote' }, 400, /./],
  ]) {
    const answer = await act(form);
    assert.equal(answer.status, status, answer.body);
    assert.match(answer.body, text);
  }
});

test('pages: a stale form does nothing, a stale sign-in leads to step-up and back, one\'s own account has no lock', async () => {
  const visitor = await administrator();
  const place = `/admin/users/${ids.bob}`;
  const stale = await visitor.post(place, { csrf_token: 'x'.repeat(43), act: 'lock' });
  assert.equal(stale.status, 403);
  assert.match(stale.body, /open too long/);
  const csrf_token = tokenOf(await visitor.get(place));
  assert.equal((await visitor.post(place, { csrf_token, act: 'lock' }, { 'Sec-Fetch-Site': 'cross-site' })).status, 403);
  const own = await visitor.get(`/admin/users/${ids.admin}`);
  assert.doesNotMatch(own.body, /value="lock"|value="give"|value="take"/);
  const forced = await visitor.post(`/admin/users/${ids.admin}`, { csrf_token: tokenOf(own), act: 'lock' });
  assert.equal(forced.status, 403);
  assert.match(forced.body, /own account/);
  stack.sql('UPDATE session SET auth_time = auth_time - 3600e6');
  const sent = await visitor.get(`${place}?done=lock`);
  assert.equal(sent.status, 303);
  assert.equal(sent.headers.location, `${stack.base}/reauth?return_to=${encodeURIComponent(`/auth${place}?done=lock`)}`);
  const late = await visitor.post(place, { csrf_token, act: 'lock' });
  assert.equal(late.status, 401);
  assert.match(late.body, /reauth\?return_to=/);
  assert.equal(stack.count('user WHERE state = 1'), 3);
});
