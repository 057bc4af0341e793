// The profile, and closing an account, by page and API: SE-17, TK-09, IN-05.
import { test, before, after, beforeEach } from 'node:test';
import assert from 'node:assert/strict';
import { startStack } from '../support/harness.mjs';
import { tokenOf } from '../support/client.mjs';
import { lastMail, mailsTo } from '../support/outbox.mjs';
import { makeService } from '../support/services.mjs';
import { code as appCode } from '../support/oathtool.mjs';

let stack;
before(async () => {
  stack = await startStack({ settings: {
    account: { registration: 'on' }, 'client app': { services: 'shop' },
    throttle: { source_short: 10000, source_long: 100000, free_failures: 50, source_mails: 10000, source_mails_day: 100000 },
  } });
});
after(() => stack?.stop());
beforeEach(() => stack.sql('DELETE FROM throttle'));

let count = 0;
const code = (answer, status, word) => {
  assert.equal(answer.status, status, answer.body);
  assert.equal(answer.json.code, word);
};
const has = (page, text) => assert.ok(page.body.includes(text), `${text}\n${page.body}`);
function person(more = []) {
  const identifier = `person${++count}`;
  const password = `a lantern on the far shore ${count}`;
  const email = `${identifier}@example.org`;
  stack.must(['user', 'add', '--username', identifier, '--email', email, '--display-name', `Person ${count}`, ...more, '--password-stdin'], { input: password });
  return { identifier, password, email };
}
const patch = (handle, json) => stack.withHandle(handle, 'PATCH', '/user', { json });
const stale = () => stack.sql(`UPDATE session SET auth_time = auth_time - ${16 * 60e6}`);

test('PATCH /user: name and language hold at the next request, everywhere', async () => {
  const who = person();
  const { session_handle: handle, user } = await stack.signIn(who);
  const visitor = stack.visitor();
  await visitor.signIn(who);
  const before = await stack.withHandle(handle, 'GET', '/user');
  assert.equal(before.json.language, null);
  stale();
  const changed = await patch(handle, { display_name: ' Ærøskøbing "<b>Ω</b>" ', language: 'pl' });
  assert.equal(changed.status, 200, changed.body);
  assert.deepEqual(changed.json.user, { ...user, display_name: 'Ærøskøbing "<b>Ω</b>"' });
  assert.equal(changed.json.language, 'pl');
  assert.equal((await stack.withHandle(handle, 'GET', '/session')).json.user.display_name, 'Ærøskøbing "<b>Ω</b>"');
  const page = await visitor.get('/account', { 'Accept-Language': 'en' });
  has(page, 'Ærøskøbing &quot;&lt;b&gt;Ω&lt;/b&gt;&quot;');
  has(page, '<html lang="pl"');
  const none = await patch(handle, { language: null });
  assert.equal(none.json.language, null);
  assert.equal(none.json.user.display_name, 'Ærøskøbing "<b>Ω</b>"', 'what is absent stays');
  has(await visitor.get('/account', { 'Accept-Language': 'en' }), '<html lang="en"');
  assert.equal((await patch(handle, {})).status, 200);
});

test('IN-05: nothing else of the account can be written', async () => {
  const who = person();
  const { session_handle: handle, user } = await stack.signIn(who);
  for (const json of [{ role: 'admin' }, { roles: ['admin'] }, { email: 'x@example.org' }, { email_verified: true }, { id: user.id }, { state: 1 }, { permissions: ['users:manage'] }, { display_name: 'x', is_admin: true }]) {
    code(await patch(handle, json), 400, 'invalid_request');
  }
  for (const json of [{ display_name: 7 }, { display_name: ['x'] }, { language: false }, []]) {
    code(await patch(handle, json), 400, 'invalid_request');
  }
  for (const display_name of ['', '  ', 'a\r\nBcc: b', '\u202eevil', 'x'.repeat(101)]) {
    const answer = await patch(handle, { display_name });
    code(answer, 400, 'invalid_request');
    assert.equal(answer.json.fields[0].name, 'display_name');
  }
  code(await patch(handle, { display_name: 'a\u0000b' }), 400, 'invalid_request');
  for (const language of ['', 'xx', 'klingon', '../pl']) code(await patch(handle, { language }), 400, 'invalid_request');
  assert.deepEqual((await stack.withHandle(handle, 'GET', '/user')).json, { user, language: null });
});

test('IN-29: another user name is fresh, unique, and no look-alike', async () => {
  const who = person();
  const other = person();
  const { session_handle: handle } = await stack.signIn(who);
  code(await patch(handle, { username: other.identifier.toUpperCase(), display_name: 'Never' }), 409, 'conflict');
  code(await patch(handle, { username: 'pers\u043en1' }), 400, 'invalid_request');
  code(await patch(handle, { username: 'x@example.org' }), 400, 'invalid_request');
  assert.notEqual((await stack.withHandle(handle, 'GET', '/user')).json.user.display_name, 'Never');
  const name = `renamed.${count}`;
  const changed = await patch(handle, { username: name.toUpperCase() });
  assert.equal(changed.status, 200, changed.body);
  assert.equal(changed.json.user.username, name);
  await stack.signIn({ ...who, identifier: name });
  await assert.rejects(stack.signIn(who), /invalid_credentials/);
  stale();
  code(await patch(handle, { username: `again.${count}` }), 401, 'reauthentication_required');
});

test('MF-15: of who has a second factor neither name nor address is changed by the session and the password', async () => {
  const who = person();
  const { session_handle: first } = await stack.signIn(who);
  const { json: { secret } } = await stack.withHandle(first, 'POST', '/totp');
  const { json: { recovery_codes: [one] } } = await stack.withHandle(first, 'POST', '/totp/confirm', { json: { code: appCode(secret) } });
  // Set up in this session, and shown in none.
  const stepUp = (handle, json) => stack.withHandle(handle, 'POST', '/session/reauth', { json });
  const { json: { session_handle: weak } } = await stepUp(first, { method: 'password', password: who.password });
  const asked = { username: [() => patch(weak, { username: `taken.${count}` }), 900], email: [() => stack.withHandle(weak, 'PUT', '/email', { json: { email: 'thief@example.org' } }), 300] };
  for (const [what, [act, age]] of Object.entries(asked)) {
    const refused = await act();
    code(refused, 401, 'reauthentication_required');
    assert.deepEqual(refused.json.methods, ['totp', 'recovery_code'], what);
    assert.ok(refused.headers['www-authenticate'].endsWith(`max_age=${age}, acr_values="aal2"`), refused.headers['www-authenticate']);
  }
  assert.equal((await patch(weak, { display_name: 'Still Me' })).status, 200, 'a display name is nothing to take an account with');

  const { json: { session_handle: strong } } = await stepUp(weak, { method: 'recovery_code', code: one });
  // Six minutes: within fresh, and too long ago for an address.
  stack.sql(`UPDATE session SET auth_time = auth_time - ${6 * 60e6}, aal2_end = aal2_end - ${6 * 60e6} WHERE user_id = (SELECT id FROM user WHERE username = '${who.identifier}')`);
  code(await stack.withHandle(strong, 'PUT', '/email', { json: { email: `next-${who.email}` } }), 401, 'reauthentication_required');
  assert.equal((await patch(strong, { username: `mine.${count}` })).status, 200);
});

test('the account page: name and language by a form', async () => {
  const who = person();
  const visitor = stack.visitor();
  await visitor.signIn(who);
  const page = await visitor.get('/account');
  const bad = await visitor.post('/account', { csrf_token: tokenOf(page), display_name: '\u200b', language: '' });
  assert.equal(bad.status, 400);
  const done = await visitor.post('/account', { csrf_token: tokenOf(page), display_name: 'Zoë', language: 'pl' });
  assert.equal(done.status, 303, done.body);
  const polish = await visitor.get('/account?done=yes');
  has(polish, 'Zmiany zostały zapisane.');
  has(polish, 'value="Zoë"');
  has(polish, '<option value="pl" lang="pl" selected>Polski</option>');
  assert.equal((await visitor.post('/account', { csrf_token: tokenOf(polish), display_name: 'x', language: 'xx' })).status, 400);
  assert.equal((await visitor.post('/account', { csrf_token: 'y'.repeat(43), display_name: 'x', language: '' })).status, 403);
  assert.equal(stack.sql(`SELECT display_name FROM user WHERE username = '${who.identifier}'`)[0].display_name, 'Zoë');
});

test('SE-17: DELETE /user ends everything at the next request; nobody signs in, and the answer is as for nobody', async () => {
  const who = person();
  const shop = makeService(stack, 'shop');
  const { session_handle: handle } = await stack.signIn(who, { client: 'app' });
  const other = await stack.signIn(who, { client: 'app' });
  const visitor = stack.visitor();
  await visitor.signIn(who);
  const active = async () => (await shop.introspect(other.session_handle)).json.active;
  assert.equal(await active(), true);
  stale();
  code(await stack.withHandle(handle, 'DELETE', '/user'), 401, 'reauthentication_required');
  const now = await stack.signIn(who, { client: 'app' });
  const gone = await stack.withHandle(now.session_handle, 'DELETE', '/user');
  assert.equal(gone.status, 204, gone.body);
  assert.equal(await active(), false);
  for (const each of [handle, now.session_handle, other.session_handle]) code(await stack.withHandle(each, 'GET', '/session'), 401, 'unauthenticated');
  assert.equal((await visitor.get('/account')).status, 303);
  const signIn = (identifier) => stack.client.post('/auth/api/v1/sessions', { json: { identifier, password: who.password, transport: 'handle' } });
  const [closed, unknown] = [await signIn(who.identifier), await signIn('nobody.of.this.name')];
  assert.equal(closed.status, 401);
  assert.equal(closed.body, unknown.body);
  assert.equal(lastMail(stack, who.email, 'closed').values.display_name, now.user.display_name);
  // Whoever registers with the address is told nothing, and the mailbox gets nothing with which to go on.
  const sent = mailsTo(stack, who.email).length;
  const asked = await stack.client.post('/auth/api/v1/users', { json: { email: who.email } });
  assert.equal(asked.status, 202);
  assert.ok(mailsTo(stack, who.email).slice(sent).every(({ values }) => !values.code));
  assert.equal((await stack.client.post('/auth/api/v1/password/recover', { json: { email: who.email } })).status, 202);
  assert.equal(mailsTo(stack, who.email).filter(({ kind }) => kind === 'recover').length, 0);
  assert.ok(stack.count("audit_event WHERE event = 'user_closed'") > 0);
});

test('TK-09: names are free after the time, and the id never comes again', async () => {
  const who = person();
  const { session_handle: handle, user } = await stack.signIn(who);
  assert.equal((await stack.withHandle(handle, 'DELETE', '/user')).status, 204);
  const add = () => stack.ctl(['user', 'add', '--username', who.identifier, '--email', who.email, '--password-stdin'], { input: who.password });
  assert.notEqual(add().code, 0);
  stack.must(['purge']);
  assert.notEqual(add().code, 0);
  stack.sql(`UPDATE user SET closed_at = closed_at - ${31 * 86400e6} WHERE username = '${who.identifier}'`);
  assert.equal(JSON.parse(stack.must(['purge', '--json']).stdout).closed_accounts, 1);
  assert.equal(add().code, 0);
  const again = await stack.signIn(who);
  assert.notEqual(again.user.id, user.id);
});

test('gatepost user reopen: open again, with a password by recovery', async () => {
  const who = person();
  const { session_handle: handle } = await stack.signIn(who);
  await stack.withHandle(handle, 'DELETE', '/user');
  assert.match(stack.must(['user', 'list']).stdout, new RegExp(`${who.identifier}.*closed`));
  assert.notEqual(stack.ctl(['user', 'unlock', who.identifier]).code, 0);
  assert.match(stack.must(['user', 'reopen', who.identifier, '--reason', 'asked for']).stdout, /open again/);
  assert.match(stack.must(['user', 'reopen', who.identifier]).stdout, /not closed/);
  await assert.rejects(stack.signIn(who), /invalid_credentials/);
  await stack.client.post('/auth/api/v1/password/recover', { json: { email: who.email } });
  const new_password = 'the door is open once more';
  const reset = await stack.client.post('/auth/api/v1/password/reset', { json: { email: who.email, code: lastMail(stack, who.email, 'recover').values.code, new_password } });
  assert.ok(reset.status < 300, reset.body);
  await stack.signIn({ ...who, password: new_password });
});

test('the last administrator stays, by API and page', async () => {
  const boss = stack.users.admin;
  const { session_handle: handle } = await stack.signIn(boss);
  code(await stack.withHandle(handle, 'DELETE', '/user'), 409, 'conflict');
  const visitor = stack.visitor();
  await visitor.signIn(boss);
  const page = await visitor.get('/account/close');
  const refused = await visitor.post('/account/close', { csrf_token: tokenOf(page), sure: 'yes' });
  assert.equal(refused.status, 409);
  has(refused, 'last administrator');
  assert.equal((await stack.withHandle(handle, 'GET', '/session')).status, 200);
});

test('by page: asks, and then it is done', async () => {
  const who = person();
  const visitor = stack.visitor();
  await visitor.signIn(who);
  const page = await visitor.get('/account/close');
  has(page, '30 days');
  const unsure = await visitor.post('/account/close', { csrf_token: tokenOf(page) });
  assert.equal(unsure.status, 400);
  assert.equal((await visitor.post('/account/close', { csrf_token: 'z'.repeat(43), sure: 'yes' })).status, 403);
  assert.equal((await visitor.get('/account')).status, 200);
  const done = await visitor.post('/account/close', { csrf_token: tokenOf(unsure), sure: 'yes' });
  assert.equal(done.status, 200, done.body);
  has(done, 'Your account is closed');
  assert.equal((await visitor.get('/account')).status, 303);
  assert.equal((await visitor.signIn(who)).status, 401);
});
