// MF-19: notices, and "this wasn't me": opening the link does nothing, the button ends everything, once.
import { test, before, after, beforeEach } from 'node:test';
import assert from 'node:assert/strict';
import { startStack } from '../support/harness.mjs';
import { tokenOf } from '../support/client.mjs';
import { codeOf, lastMail, mails, mailsTo, pathOf } from '../support/outbox.mjs';

let stack;
before(async () => {
  stack = await startStack();
});
after(() => stack?.stop());
beforeEach(() => stack.sql('DELETE FROM throttle; DELETE FROM outbox'));

const api = '/auth/api/v1';
const HOUR = 3600e6;
let count = 0;
const phrase = () => `a ferry in the evening fog ${++count}`;
// Somebody who has been here for a while: a first sign-in is no news.
function person() {
  const identifier = `ferryman${++count}`;
  const email = `${identifier}@example.org`;
  const password = phrase();
  stack.must(['user', 'add', '--username', identifier, '--email', email, '--password-stdin'], { input: password });
  stack.sql(`UPDATE user SET created_at = created_at - ${48 * HOUR} WHERE username = '${identifier}'`);
  return { identifier, email, password };
}
const kinds = (email) => mailsTo(stack, email).map(({ kind }) => kind);
const stateOf = (handle) => stack.withHandle(handle, 'GET', '/session').then(({ status }) => status);
// The browser that opens a mail's link: its page, and how its button is pressed.
async function opened(mail, visitor = stack.visitor()) {
  const first = await visitor.get(pathOf(stack, mail));
  if (first.status !== 303) return { visitor, page: first };
  const place = first.headers.location.slice(stack.base.length);
  const page = await visitor.get(place);
  const ticket = new URL(first.headers.location).searchParams.get('ticket');
  return { visitor, place, page, ticket, press: (more) => visitor.post('/not-me', { csrf_token: tokenOf(page), ticket, ...more }) };
}

test('a browser and an app that the account does not know are told of, others are not', async () => {
  const ferryman = person();
  const browser = stack.visitor();
  await browser.signIn(ferryman);
  assert.deepEqual(kinds(ferryman.email), ['new-device']);
  const { values } = lastMail(stack, ferryman.email);
  assert.deepEqual([values.ip, values.link.includes('/not-me?code=')], ['127.0.0.1', true]);
  await browser.post('/logout', { csrf_token: await browser.token('/logout') });
  await browser.signIn(ferryman);
  assert.equal(kinds(ferryman.email).length, 1, 'the device cookie is known');
  await stack.signIn(ferryman, { device_id: 'an app of theirs' });
  await stack.signIn(ferryman, { device_id: 'an app of theirs' });
  assert.equal(kinds(ferryman.email).length, 2);
  await stack.signIn(ferryman);
  await stack.signIn(ferryman);
  assert.equal(kinds(ferryman.email).length, 4, 'who names no device is a stranger each time');
  await assert.rejects(stack.signIn({ ...ferryman, password: 'a wrong password' }), /invalid_credentials/);
  assert.equal(kinds(ferryman.email).length, 4);
});

test('the first sign-in of a new account is no news; the next device is', async () => {
  const ferryman = person();
  stack.sql(`UPDATE user SET created_at = created_at + ${47 * HOUR} WHERE username = '${ferryman.identifier}'`);
  await stack.signIn(ferryman, { device_id: 'one' });
  assert.deepEqual(kinds(ferryman.email), []);
  await stack.signIn(ferryman, { device_id: 'two' });
  assert.deepEqual(kinds(ferryman.email), ['new-device']);
});

test('a changed password is told of, by page, API and command; in the account\'s language', async () => {
  const ferryman = person();
  stack.sql(`UPDATE user SET language = 'pl' WHERE username = '${ferryman.identifier}'`);
  const { session_handle: handle } = await stack.signIn(ferryman, { device_id: 'one' });
  stack.sql('DELETE FROM outbox');
  const wanted = phrase();
  const changed = await stack.withHandle(handle, 'PUT', '/password', { json: { current_password: ferryman.password, new_password: wanted } });
  assert.equal(changed.status, 200, changed.body);
  stack.must(['user', 'passwd', ferryman.identifier, '--password-stdin'], { input: phrase() });
  assert.deepEqual(kinds(ferryman.email), ['password-changed', 'password-changed']);
  assert.deepEqual(new Set(mailsTo(stack, ferryman.email).map(({ language }) => language)), new Set(['pl']));
});

test('pressed: everybody is out on every carrier, the password is refused, a recovery is on its way (MF-19)', async () => {
  const ferryman = person();
  const thief = await stack.signIn(ferryman, { device_id: 'the thief\'s' });
  const tokens = (await stack.client.post(`${api}/sessions`, { json: { ...ferryman, email: undefined, transport: 'token', device_id: 'another' } })).json;
  const other = stack.visitor();
  await other.signIn(ferryman);
  const notice = mailsTo(stack, ferryman.email)[0];
  const { page, press, visitor } = await opened(notice);
  assert.match(page.body, /This wasn’t you\?/);
  assert.equal(await stateOf(thief.session_handle), 200, 'opening it does nothing');
  const done = await press();
  assert.equal(done.status, 200, done.body);
  assert.match(done.body, /Your account is secured/);
  assert.ok(!done.body.includes(ferryman.email));
  assert.equal(await stateOf(thief.session_handle), 401);
  assert.equal((await stack.client.get(`${api}/session`, { headers: { Authorization: `Bearer ${tokens.access_token}` } })).status, 401);
  const refreshed = await stack.client.post('/auth/oauth/token', { form: { grant_type: 'refresh_token', refresh_token: tokens.refresh_token, client_id: 'app' } });
  assert.equal(refreshed.status, 400);
  assert.equal((await other.get('/account')).status, 303);
  await assert.rejects(stack.signIn(ferryman), /invalid_credentials/);
  await assert.rejects(stack.signIn(ferryman, { device_id: 'the thief\'s' }), /invalid_credentials/);

  const mail = lastMail(stack, ferryman.email, 'recover');
  const wanted = phrase();
  const form = await visitor.get('/reset');
  const set = await visitor.post('/reset', { csrf_token: tokenOf(form), email: ferryman.email, code: mail.values.code, new_password: wanted });
  assert.equal(set.status, 303, set.body);
  await stack.signIn({ ...ferryman, password: wanted });
});

test('once, for two days, for this browser alone; a used link meets a calm page', async () => {
  const ferryman = person();
  await stack.signIn(ferryman, { device_id: 'one' });
  const notice = lastMail(stack, ferryman.email, 'new-device');
  const mine = await opened(notice);
  const stranger = stack.visitor();
  assert.equal((await stranger.get(mine.place)).status, 410);
  assert.equal((await stranger.post('/not-me', { csrf_token: await stranger.token('/login'), ticket: mine.ticket })).status, 410);
  assert.equal((await mine.press({ csrf_token: 'x' })).status, 403);
  const twice = await Promise.all([mine.press(), mine.press()]);
  assert.deepEqual(twice.map(({ status }) => status).sort(), [200, 410]);
  const after = await opened(notice);
  assert.equal(after.page.status, 410);
  assert.match(after.page.body, /This link does nothing any more/);
  assert.match(after.page.body, /href="\/auth\/recover"/);
  assert.equal(mailsTo(stack, ferryman.email).filter(({ kind }) => kind === 'recover').length, 1);

  const late = person();
  await stack.signIn(late, { device_id: 'one' });
  stack.sql(`UPDATE mail_code SET expires_at = expires_at - ${48 * HOUR}`);
  assert.equal((await opened(lastMail(stack, late.email, 'new-device'))).page.status, 410);
});

test('scanners, wrong and foreign links do nothing', async () => {
  const ferryman = person();
  const { session_handle: handle } = await stack.signIn(ferryman, { device_id: 'one' });
  const notice = lastMail(stack, ferryman.email, 'new-device');
  for (let n = 0; n < 3; n++) assert.equal((await opened(notice)).page.status, 200);
  await stack.client.post(`${api}/password/recover`, { json: { email: ferryman.email } });
  const recover = lastMail(stack, ferryman.email, 'recover');
  for (const query of [`code=${codeOf(recover)}`, 'code=x', `code=${'A'.repeat(22)}`, 'ticket=x', '', `ticket=${'A'.repeat(22)}.${'A'.repeat(43)}`]) {
    assert.equal((await stack.visitor().get(`/not-me?${query}`)).status, 410, query);
  }
  assert.equal((await stack.visitor().get(`/reset?code=${codeOf(notice)}`)).status, 410);
  assert.equal((await stack.visitor().get(`/not-me?code=${codeOf(notice)}&code=x`)).status, 400);
  assert.equal(await stateOf(handle), 200);
});

test('the thief who recovers again is disputed again; a locked account stays locked', async () => {
  const ferryman = person();
  await stack.client.post(`${api}/password/recover`, { json: { email: ferryman.email } });
  const mail = lastMail(stack, ferryman.email, 'recover');
  const wanted = phrase();
  const set = await stack.client.post(`${api}/password/reset`, { json: { email: ferryman.email, code: mail.values.code, new_password: wanted } });
  assert.equal(set.status, 204, set.body);
  const { press } = await opened(lastMail(stack, ferryman.email, 'recovered'));
  stack.must(['user', 'lock', ferryman.identifier]);
  stack.sql('DELETE FROM outbox');
  assert.equal((await press()).status, 200);
  assert.deepEqual(mails(stack).map(({ kind, recipient }) => [kind, recipient]), [['recover', null]], 'who is locked has nothing to recover');
  stack.must(['user', 'unlock', ferryman.identifier]);
  await assert.rejects(stack.signIn({ ...ferryman, password: wanted }), /invalid_credentials/);
});

test('in Polish, for who asks so', async () => {
  const ferryman = person();
  await stack.signIn(ferryman, { device_id: 'one' });
  const browser = stack.visitor();
  const first = await browser.get(`${pathOf(stack, lastMail(stack, ferryman.email))}&ui_locales=pl`);
  assert.match(first.headers.location, /ui_locales=pl/);
  const page = await browser.get(first.headers.location.slice(stack.base.length));
  assert.match(page.body, /To nie Ty\?/);
});
