// What happened to one's account, by page and API: one's own, in plain words, without what is internal.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { startStack } from '../support/harness.mjs';

let stack;
before(async () => {
  stack = await startStack();
});
after(() => stack?.stop());

const api = '/auth/api/v1';
const activity = (handle, query = '') => stack.withHandle(handle, 'GET', `/activity${query}`);
const events = async (handle, query) => (await activity(handle, query)).json.activity;
const own = async (person) => (await stack.signIn(person)).session_handle;
const admin = () => stack.sql("SELECT HEX(id) AS id FROM user WHERE username = 'admin'")[0].id;

test('sign-ins and failed ones, from where and by which device', async () => {
  stack.sql('DELETE FROM audit_event');
  const wrong = await stack.client.post(`${api}/sessions`, { json: { ...stack.users.alice, password: 'not the one', transport: 'handle' } });
  assert.equal(wrong.status, 401);
  const { session_handle: handle, session } = await stack.signIn(stack.users.alice, { device_name: 'Telephone' });
  const list = await events(handle);
  assert.deepEqual(list.map(({ event }) => event).sort(), ['authn_login_fail', 'authn_login_success', 'session_created']);
  const done = list.find(({ event }) => event === 'authn_login_success');
  assert.deepEqual({ ...done, at: '' }, { at: '', event: 'authn_login_success', outcome: 'ok', by: 'person', source: '127.0.0.1', session_id: session.id, live: true, current: true, detail: 'pwd' });
  assert.match(done.at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  const failed = list.find(({ event }) => event === 'authn_login_fail');
  assert.deepEqual({ ...failed, at: '' }, { at: '', event: 'authn_login_fail', outcome: 'refused', by: 'person', source: '127.0.0.1', session_id: null, live: false, current: false });
});

test('AZ-02: nobody else\'s, by no parameter; a stranger and a guest see none', async () => {
  const alice = await own(stack.users.alice);
  const bob = await own(stack.users.bob);
  const ids = new Set((await events(alice)).map(({ session_id }) => session_id));
  for (const { session_id } of await events(bob)) assert.ok(session_id === null || !ids.has(session_id));
  for (const query of ['?user=alice', '?user_id=x', '?limit=10&user=alice']) assert.equal((await activity(bob, query)).status, 400, query);
  assert.equal((await stack.client.get(`${api}/activity`)).status, 401);
  const guest = await stack.client.post(`${api}/sessions/guest`, { json: { transport: 'handle' } });
  assert.equal((await activity(guest.json.session_handle)).status, 401);
  assert.equal((await stack.visitor().get('/account/activity')).status, 303);
});

test('what an administrator did: that, but not who, from where or why', async () => {
  const handle = await own(stack.users.alice);
  const boss = await own(stack.users.admin);
  const { json: { users } } = await stack.withHandle(boss, 'GET', '/admin/users?q=alice');
  const reason = 'she has asked for it at the desk';
  const held = await stack.withHandle(boss, 'POST', `/admin/users/${users[0].id}/hold`, { json: { reason } });
  assert.ok(held.status < 300, held.body);
  const again = await own(stack.users.alice);
  const answer = await activity(again);
  const event = answer.json.activity.find(({ event: name }) => name === 'sessions_held');
  assert.deepEqual({ ...event, at: '' }, { at: '', event: 'sessions_held', outcome: 'ok', by: 'administrator', source: null, session_id: null, live: false, current: false });
  assert.ok(!answer.body.includes(reason));
  assert.ok(!answer.body.includes(Buffer.from(admin(), 'hex').toString('base64url')));
  const visitor = stack.visitor();
  await visitor.signIn(stack.users.alice);
  const page = await visitor.get('/account/activity');
  assert.match(page.body, /by an administrator/);
  assert.ok(!page.body.includes(reason));
  assert.equal((await activity(handle)).status, 401, 'on hold');
});

test('page by page, each once; the limit and the cursor are checked', async () => {
  const handle = await own(stack.users.bob);
  stack.sql(`INSERT INTO audit_event (at, id, event, outcome, user_id) SELECT 1700000000000000 + seq DIV 3, UNHEX(MD5(seq)), 'session_renewed', 'ok', (SELECT id FROM user WHERE username = 'bob') FROM seq_1_to_230`);
  const seen = [];
  let cursor = '';
  do {
    const { status, json } = await activity(handle, `?limit=100${cursor}`);
    assert.equal(status, 200);
    assert.ok(json.activity.length <= 100);
    seen.push(...json.activity);
    cursor = json.next_cursor ? `&cursor=${json.next_cursor}` : undefined;
  } while (cursor);
  assert.equal(seen.length, stack.count("audit_event WHERE user_id = (SELECT id FROM user WHERE username = 'bob')"));
  assert.deepEqual(seen.map(({ at }) => at), seen.map(({ at }) => at).sort().reverse());
  for (const query of ['?limit=0', '?limit=101', '?limit=x', '?cursor=x', `?cursor=${'A'.repeat(33)}`]) {
    const answer = await activity(handle, query);
    assert.equal(answer.status, 400, query);
    assert.equal(answer.json.code, 'invalid_request');
  }
  const visitor = stack.visitor();
  await visitor.signIn(stack.users.bob);
  let path = '/account/activity';
  let shown = 0;
  while (path) {
    const { status, body } = await visitor.get(path);
    assert.equal(status, 200);
    shown += body.match(/<time /g).length;
    path = /href="[^"]*\/auth(\/account\/activity\?cursor=[\w-]+)"/.exec(body)?.[1];
  }
  assert.equal(shown, stack.count("audit_event WHERE user_id = (SELECT id FROM user WHERE username = 'bob')"));
  assert.equal((await visitor.get('/account/activity?cursor=none')).status, 400);
});

test('as many statements for a hundred events as for one', async () => {
  const handle = await own(stack.users.bob);
  await activity(handle);
  const one = await stack.statements(() => activity(handle, '?limit=1'));
  const many = await stack.statements(() => activity(handle, '?limit=100'));
  assert.deepEqual(many, one);
  assert.ok(one.length <= 4, one.join('\n'));
});

test('it changes nothing, and an old sign-in is good enough', async () => {
  const handle = await own(stack.users.alice);
  stack.sql(`UPDATE session SET auth_time = auth_time - ${3600e6}`);
  const was = stack.count('audit_event');
  assert.equal((await activity(handle)).status, 200);
  assert.equal(stack.count('audit_event'), was);
  const posted = await stack.withHandle(handle, 'POST', '/activity', { json: {} });
  assert.equal(posted.status, 405);
});

test('naughty names of devices and what is recorded are inert on the page', async () => {
  const naughty = ['<script>alert(1)</script>', '"><img src=x onerror=alert(1)>', '{{csrf_token}}', "' OR 1=1 --", '\u202Egnp.exe', '&lt;b&gt;'];
  const visitor = stack.visitor();
  await visitor.signIn(stack.users.alice);
  for (const device_name of naughty) {
    const { session_handle: handle } = await stack.signIn(stack.users.alice, { device_name });
    assert.equal((await activity(handle)).status, 200);
  }
  stack.sql("INSERT INTO audit_event (at, id, event, outcome, user_id, source, detail) SELECT 1 + UNIX_TIMESTAMP() * 1000000, RANDOM_BYTES(16), 'authz_<b>', 'ok', id, '<i>', '<u>' FROM user WHERE username = 'alice'");
  const page = await visitor.get('/account/activity');
  assert.equal(page.status, 200);
  for (const text of ['<script>alert', '<img src=x', '<b>', '<i>', '<u>']) assert.ok(!page.body.includes(text), text);
  assert.match(page.body, /Something else happened/);
  assert.match(page.body, /&lt;script&gt;alert/);
});

test('in the language that the browser asks for', async () => {
  const visitor = stack.visitor();
  await visitor.signIn(stack.users.alice);
  const page = await visitor.get('/account/activity?ui_locales=pl');
  assert.equal(page.status, 200);
  assert.match(page.body, /<html lang="pl"/);
  assert.match(page.body, /Zalogowanie/);
  assert.ok(!/activity\./.test(page.body), 'every text was there');
});
