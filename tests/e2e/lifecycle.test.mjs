// CONTRACT §1: classes, ends, rotation and its repeat, devices, the limit, last_seen, one statement a check.
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
const MINUTE = 60_000_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const check = (handle) => stack.withHandle(handle, 'GET', '/session');
const row = (id) => stack.sql(`SELECT * FROM session WHERE id = ${idSql(id)}`)[0];
const idSql = (id) => `UNHEX('${Buffer.from(id, 'base64url').toString('hex')}')`;
const change = (id, set) => stack.sql(`UPDATE session SET ${set} WHERE id = ${idSql(id)}`);
const code = (answer, status, word) => {
  assert.equal(answer.status, status, answer.body);
  assert.equal(answer.json.code, word);
};

test('SE-11, SE-12: idle and absolute ends by class', async () => {
  const spans = { native: [14 * DAY, 30 * DAY], browser: [30 * MINUTE, 12 * HOUR], remembered: [14 * DAY, 30 * DAY] };
  const started = {
    native: await stack.signIn(stack.users.alice),
    browser: (await stack.client.post(`${api}/sessions`, { json: { ...stack.users.alice, transport: 'cookie' } })).json,
    remembered: (await stack.client.post(`${api}/sessions`, { json: { ...stack.users.alice, transport: 'cookie', remember: true } })).json,
  };
  for (const [name, { session }] of Object.entries(started)) {
    const { created_at: at, idle_end: idle, expires_at: absolute } = row(session.id);
    assert.equal(Number(idle) - Number(at), spans[name][0], name);
    assert.equal(Number(absolute) - Number(at), spans[name][1], name);
  }
});

test('users with an elevated role: 15 minutes and 12 hours, live', async () => {
  const { session, session_handle: handle } = await stack.signIn(stack.users.admin);
  const created = Date.parse(session.created_at);
  assert.equal(Date.parse(session.idle_expires_at) - created, 15 * 60e3);
  assert.equal(Date.parse(session.expires_at) - created, 12 * 3600e3);
  change(session.id, `last_seen = last_seen - ${15 * MINUTE}`);
  code(await check(handle), 401, 'session_expired');
});

test('an idle session is over, however good its absolute end; a used one goes on', async () => {
  const one = await stack.signIn(stack.users.alice);
  change(one.session.id, `idle_end = ${Date.now() * 1000 - 1}`);
  code(await check(one.session_handle), 401, 'session_expired');
  const two = await stack.signIn(stack.users.alice);
  change(two.session.id, `expires_at = ${Date.now() * 1000 - 1}`);
  code(await check(two.session_handle), 401, 'session_expired');
  const three = await stack.signIn(stack.users.alice);
  change(three.session.id, `last_seen = last_seen - ${2 * MINUTE}, idle_end = idle_end - ${2 * MINUTE}`);
  const was = row(three.session.id);
  assert.equal((await check(three.session_handle)).status, 200);
  const is = row(three.session.id);
  assert.ok(Number(is.last_seen) > Number(was.last_seen));
  assert.ok(Number(is.idle_end) > Number(was.idle_end));
  assert.equal(is.expires_at, was.expires_at, 'only a sign-in moves the absolute end');
});

test('idle_end never passes expires_at', async () => {
  const { session, session_handle: handle } = await stack.signIn(stack.users.alice);
  change(session.id, `expires_at = last_seen + ${HOUR}, last_seen = last_seen - ${2 * MINUTE}`);
  await check(handle);
  const { idle_end: idle, expires_at: end } = row(session.id);
  assert.equal(idle, end);
});

test('a check is exactly one statement and no write within the minute', async () => {
  const { session, session_handle: handle } = await stack.signIn(stack.users.alice);
  const cookie = new Jar();
  cookie.take(await stack.client.post(`${api}/sessions`, { json: { ...stack.users.alice, transport: 'cookie' } }));
  await Promise.all(Array.from({ length: 32 }, () => check(handle)));
  const seen = row(session.id).last_seen;
  const ran = await stack.statements(async () => {
    for (let i = 0; i < 20; i++) assert.equal((await check(handle)).status, 200);
    for (let i = 0; i < 20; i++) assert.equal((await stack.client.get(`${api}/session`, { headers: { Cookie: cookie.header() } })).status, 200);
  });
  assert.equal(ran.length, 40, ran.slice(0, 3).join('\n'));
  assert.equal(row(session.id).last_seen, seen);
});

test('SE-04: a dump of the database has no usable credential', async () => {
  const { session_handle: handle } = await stack.signIn(stack.users.bob);
  const raw = Buffer.from(handle.slice(4), 'base64url').toString('hex').toUpperCase();
  const dump = JSON.stringify(stack.sql('SELECT HEX(hash) AS h, HEX(id) AS i, HEX(IFNULL(device_id, 0)) AS d FROM session'));
  assert.ok(!dump.includes(raw) && !dump.includes(handle));
});

test('SE-05: signing in again rotates the value; the old one is dead at once and says so', async () => {
  const first = await stack.signIn(stack.users.bob);
  const answer = await stack.client.post(`${api}/sessions`, {
    json: { ...stack.users.bob, transport: 'handle' }, headers: { 'X-Session-Id': first.session_handle },
  });
  assert.equal(answer.status, 201, answer.body);
  assert.notEqual(answer.json.session_handle, first.session_handle);
  assert.equal(answer.json.session.id, first.session.id, 'the same row');
  assert.equal((await check(answer.json.session_handle)).status, 200);
  const old = await check(first.session_handle);
  code(old, 401, 'unauthenticated');
  assert.equal(old.json.rotated, true);
  assert.equal(Number(row(first.session.id).epoch), 2);
});

test('the same request repeated within 30 s, the new value unused, gets the same answer', async () => {
  const again = (handle, json) => stack.client.post(`${api}/sessions`, { json, headers: { 'X-Session-Id': handle } });
  const body = { ...stack.users.bob, transport: 'handle', device_name: 'lost answer' };
  const first = await stack.signIn(stack.users.bob);
  const one = await again(first.session_handle, body);
  const two = await again(first.session_handle, body);
  assert.equal(two.status, 201);
  assert.equal(two.json.session_handle, one.json.session_handle);
  assert.equal(two.json.session.id, one.json.session.id);
  const other = await again(first.session_handle, { ...body, device_name: 'something else' });
  assert.notEqual(other.json?.session_handle, one.json.session_handle, 'another request is not a repetition');
  const wrong = await again(first.session_handle, { ...body, password: 'who holds only the old value' });
  code(wrong, 401, 'invalid_credentials');
  assert.equal((await check(one.json.session_handle)).status, 200, 'now it is used');
  const late = await again(first.session_handle, body);
  assert.notEqual(late.json?.session_handle, one.json.session_handle);
});

test('two at once with one value: one row, the same answer, or a clear one', async () => {
  const body = { ...stack.users.alice, transport: 'handle' };
  const first = await stack.signIn(stack.users.alice);
  const answers = await Promise.all(Array.from({ length: 6 }, () =>
    stack.client.post(`${api}/sessions`, { json: body, headers: { 'X-Session-Id': first.session_handle } })));
  const handles = new Set();
  for (const answer of answers) {
    assert.ok([201, 409, 503].includes(answer.status), answer.body);
    if (answer.status === 201 && answer.json.session.id === first.session.id) handles.add(answer.json.session_handle);
  }
  assert.equal(handles.size, 1);
  assert.equal(stack.count(`session WHERE id = ${idSql(first.session.id)}`), 1);
  code(await check(first.session_handle), 401, 'unauthenticated');
});

test('by the form: a repeated POST of a lost answer ends signed in with the same cookie', async () => {
  const visitor = stack.visitor();
  await visitor.signIn(stack.users.alice);
  const page = await visitor.get('/login?switch=1');
  const headers = visitor.headers({ 'Sec-Fetch-Site': 'same-origin' });
  const form = { csrf_token: tokenOf(page), ...stack.users.alice };
  const value = (answer) => setCookies(answer).find(({ name }) => name === '__Host-gatepost')?.value;
  const one = await stack.client.post('/auth/login', { form, headers });
  const two = await stack.client.post('/auth/login', { form, headers });
  assert.equal(one.status, 303);
  assert.equal(two.status, 303);
  assert.equal(value(one), value(two));
});

test('a new sign-in with the same device_id ends that device\'s former session', async () => {
  const more = { device_id: 'my-phone', device_name: 'Phone' };
  const one = await stack.signIn(stack.users.bob, more);
  const two = await stack.signIn(stack.users.bob, more);
  const other = await stack.signIn(stack.users.alice, more);
  code(await check(one.session_handle), 401, 'unauthenticated');
  assert.equal((await check(two.session_handle)).status, 200);
  assert.equal((await check(other.session_handle)).status, 200, 'another person\'s is another device');
});

test('SE-21: at most 50 sessions a user: the longest idle ends', async () => {
  stack.sql('DELETE FROM session');
  const first = await stack.signIn(stack.users.bob);
  const idle = await stack.signIn(stack.users.bob);
  change(idle.session.id, `last_seen = last_seen - ${HOUR}`);
  stack.sql(`INSERT INTO session (hash, id, epoch, carrier, class, state, value_used, user_id, client, created_at, last_seen, idle_end, expires_at, ip)
    SELECT UNHEX(SHA2(CONCAT('x', seq), 256)), UNHEX(MD5(CONCAT('x', seq))), 1, 2, 4, 1, 1, s.user_id, 'app', s.created_at, s.last_seen, s.idle_end, s.expires_at, '::1'
    FROM session s JOIN (WITH RECURSIVE n AS (SELECT 1 AS seq UNION ALL SELECT seq + 1 FROM n WHERE seq < 48) SELECT seq FROM n) k
    WHERE s.id = ${idSql(first.session.id)}`);
  assert.equal(stack.count('session'), 50);
  await stack.signIn(stack.users.bob);
  assert.equal(stack.count('session'), 50);
  code(await check(idle.session_handle), 401, 'unauthenticated');
  assert.equal((await check(first.session_handle)).status, 200);
});

test('AZ-04, SE-17: role and lock are live at the next request', async () => {
  const { session_handle: handle, user } = await stack.signIn(stack.users.alice);
  stack.sql("UPDATE user SET grants = 'perm:reports:read role:staff' WHERE username = 'alice'");
  const now = await check(handle);
  assert.deepEqual([now.json.user.roles, now.json.user.permissions], [['staff'], ['reports:read']]);
  stack.sql("UPDATE user SET grants = '' WHERE username = 'alice'");
  assert.deepEqual((await check(handle)).json.user.roles, []);
  stack.sql("UPDATE user SET state = 2 WHERE username = 'alice'");
  code(await check(handle), 401, 'unauthenticated');
  stack.sql("UPDATE user SET state = 1 WHERE username = 'alice'");
  assert.equal((await check(handle)).json.user.id, user.id);
});

test('a stale sign-in may read, and must sign in again to end others', async () => {
  const { session, session_handle: handle } = await stack.signIn(stack.users.alice);
  const other = await stack.signIn(stack.users.alice);
  change(session.id, `auth_time = auth_time - ${16 * MINUTE}`);
  assert.equal((await stack.withHandle(handle, 'GET', '/sessions')).status, 200);
  const refused = await stack.withHandle(handle, 'DELETE', `/sessions/${other.session.id}`);
  code(refused, 401, 'reauthentication_required');
  assert.match(refused.headers['www-authenticate'], /error="insufficient_user_authentication"/);
  assert.match(refused.headers['www-authenticate'], /max_age=900/);
  assert.deepEqual(refused.json.methods, ['password']);
  assert.equal((await check(other.session_handle)).status, 200);
  assert.equal((await stack.withHandle(handle, 'DELETE', '/session')).status, 204, 'logging out always works');
});

test('a page that needs a fresh sign-in leads to the form, and then on', async () => {
  const visitor = stack.visitor();
  await visitor.signIn(stack.users.alice);
  const csrf_token = await visitor.token('/account/sessions');
  stack.sql(`UPDATE session SET auth_time = auth_time - ${16 * MINUTE}`);
  const refused = await visitor.post('/account/sessions', { csrf_token, scope: 'others' });
  assert.equal(refused.status, 401);
  const [, link] = /href="(\/auth\/reauth\?return_to=[^"]*)"/.exec(refused.body);
  assert.equal(link, '/auth/reauth?return_to=%2Fauth%2Faccount%2Fsessions');
  const form = await visitor.get('/reauth?return_to=/auth/account/sessions');
  const again = await visitor.post('/reauth', { csrf_token: tokenOf(form), password: stack.users.alice.password, return_to: '/auth/account/sessions' });
  assert.equal(again.headers.location, `${stack.origin}/auth/account/sessions`);
  const done = await visitor.post('/account/sessions', { csrf_token: await visitor.token('/account/sessions'), scope: 'others' });
  assert.equal(done.status, 303);
});

test('aal2 ends by itself and the session goes on as aal1', async () => {
  const { session, session_handle: handle } = await stack.signIn(stack.users.alice);
  change(session.id, `aal = 2, amr = 'pwd otp', aal2_end = ${Date.now() * 1000 + HOUR}`);
  assert.equal((await check(handle)).json.session.aal, 'aal2');
  change(session.id, `aal2_end = ${Date.now() * 1000 - 1}`);
  const over = await check(handle);
  assert.equal(over.status, 200);
  assert.equal(over.json.session.aal, 'aal1');
});

test('sessions that are over leave the list, and the database with gatepost purge (ST-08)', async () => {
  stack.sql('DELETE FROM session');
  const live = await stack.signIn(stack.users.bob);
  const over = await stack.signIn(stack.users.bob);
  change(over.session.id, `idle_end = ${Date.now() * 1000 - 2 * 24 * HOUR}`);
  const list = await stack.withHandle(live.session_handle, 'GET', '/sessions');
  assert.deepEqual(list.json.sessions.map(({ id }) => id), [live.session.id]);
  stack.must(['purge']);
  assert.equal(stack.count('session'), 1);
  code(await check(over.session_handle), 401, 'unauthenticated');
});

test('two root keys: values made under the older one still work', async () => {
  const { session_handle: handle } = await stack.signIn(stack.users.bob);
  const { readFileSync, writeFileSync } = await import('node:fs');
  const { randomBytes } = await import('node:crypto');
  const file = stack.config.sections.server.key_file;
  const was = readFileSync(file, 'utf8');
  writeFileSync(file, `${was.trimEnd()}\n2 ${randomBytes(32).toString('base64url')}\n`);
  await stack.worker.stop();
  stack.startWorker();
  await stack.ready();
  assert.equal((await check(handle)).status, 200);
  const fresh = await stack.signIn(stack.users.bob);
  assert.equal((await check(fresh.session_handle)).status, 200);
  await stack.worker.stop();
  writeFileSync(file, was);
  stack.startWorker();
  await stack.ready();
  assert.equal((await check(handle)).status, 200);
  code(await check(fresh.session_handle), 401, 'unauthenticated');
});
