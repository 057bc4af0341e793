// Change of address by page and API, and taking it back: RC-06, and a thief with session and password.
import { test, before, after, beforeEach } from 'node:test';
import assert from 'node:assert/strict';
import { startStack } from '../support/harness.mjs';
import { tokenOf } from '../support/client.mjs';
import { codeOf, lastMail, mails, mailsTo, pathOf } from '../support/outbox.mjs';

let stack;
const seen = [];
before(async () => {
  // Limits of mail and of failures are for throttle tests.
  stack = await startStack({ settings: {
    account: { registration: 'on' },
    throttle: { mails: 100, mails_day: 1000, source_mails: 10000, source_mails_day: 100000, source_short: 10000, source_long: 100000, free_failures: 50 },
  } });
});
after(async () => {
  const log = stack.workerOutput();
  await stack.stop();
  for (const text of seen) assert.ok(!log.includes(text), 'LG-02: neither codes, links nor addresses are in the log');
});
beforeEach(() => stack.sql('DELETE FROM throttle'));

let count = 0;
const code = (answer, status, word) => {
  assert.equal(answer.status, status, answer.body);
  assert.equal(answer.json.code, word);
};
const below = (answer) => answer.headers.location.slice(stack.base.length);
const title = (page) => /<h1>([^<]*)<\/h1>/.exec(page.body)?.[1];
const has = (page, text) => assert.ok(page.body.includes(text), `${text}\n${page.body}`);
const addressOf = (who) => stack.sql(`SELECT email FROM user WHERE username = '${who.identifier}'`)[0].email;
const fresh = () => `new${++count}@example.org`;
function person() {
  const identifier = `mover${++count}`;
  const password = `a lantern on the far shore ${count}`;
  const email = `${identifier}@example.org`;
  stack.must(['user', 'add', '--username', identifier, '--email', email, '--display-name', `Mover ${count}`, '--password-stdin'], { input: password });
  return { identifier, password, email };
}
const ask = (handle, email) => stack.withHandle(handle, 'PUT', '/email', { json: { email } });
const prove = (handle, json) => stack.withHandle(handle, 'POST', '/email/verify', { json });
const note = (mail) => seen.push(...[mail.values.code, codeOf(mail), mail.recipient].filter(Boolean));

// By the API: asked for and proven.
async function move(handle, email) {
  const asked = await ask(handle, email);
  assert.equal(asked.status, 202, asked.body);
  const mail = lastMail(stack, email, 'address');
  note(mail);
  const proven = await prove(handle, { email, code: mail.values.code });
  assert.equal(proven.status, 200, proven.body);
  return proven.json;
}
// What a former address got: the link, opened in a browser of its own as far as the form.
async function opened(email, visitor = stack.visitor()) {
  const mail = lastMail(stack, email, 'address-changed');
  note(mail);
  const exchanged = await visitor.get(pathOf(stack, mail));
  assert.equal(exchanged.status, 303, exchanged.body);
  assert.match(below(exchanged), /^\/not-me\?ticket=/);
  const page = await visitor.get(below(exchanged));
  return { visitor, page, mail };
}
const ticketOf = (page) => /name="ticket" value="([^"]+)"/.exec(page.body)[1];
const takeBack = ({ visitor, page }) => visitor.post('/not-me', { csrf_token: tokenOf(page), ticket: ticketOf(page) });

test('RC-06: by API: the new address is proven first, the former is told and can take it back, other devices are out', async () => {
  const who = person();
  const { session_handle: handle, user } = await stack.signIn(who);
  const other = await stack.signIn(who);
  const email = fresh();
  const asked = await ask(handle, ` ${email.toUpperCase()} `);
  assert.equal(asked.status, 202, asked.body);
  assert.equal(asked.json.email, email);
  assert.equal(addressOf(who), who.email);
  assert.equal(mailsTo(stack, who.email).filter(({ kind }) => kind === 'address-changed').length, 0);
  const mail = lastMail(stack, email, 'address');
  note(mail);
  assert.match(mail.values.code, /^\d{8}$/);
  assert.equal(mail.values.display_name, user.display_name);
  code(await prove(handle, { email, code: '00000000' === mail.values.code ? '11111111' : '00000000' }), 401, 'invalid_credentials');
  const typed = mail.values.code.replace(/(....)/, '$1 ');
  const proven = await prove(handle, { email, code: typed });
  assert.equal(proven.status, 200, proven.body);
  assert.equal(proven.json.user.email, email);
  assert.equal((await stack.withHandle(handle, 'GET', '/user')).json.user.email, email, 'at the next request');
  code(await stack.withHandle(other.session_handle, 'GET', '/user'), 401, 'unauthenticated');
  const told = lastMail(stack, who.email, 'address-changed');
  assert.equal(told.values.new_address, email);
  assert.equal(told.values.days, '7');
  assert.match(told.values.link, /\/auth\/not-me\?code=[A-Za-z0-9_-]{22}$/);
  assert.equal(lastMail(stack, email, 'address-set').values.new_address, email);
  // No second change as long as the first can be taken back.
  code(await ask(handle, fresh()), 409, 'conflict');
  // One signs in with the new one, and no more with the former.
  await stack.signIn({ ...who, identifier: email });
  await assert.rejects(stack.signIn({ ...who, identifier: who.email }), /invalid_credentials/);
});

test('by API: what is refused, and how', async () => {
  const who = person();
  const { session_handle: handle } = await stack.signIn(who);
  for (const email of ['nobody', 'a b@example.org', 'a@example.org\r\nBcc: b@example.org', 'a@exämple.org', '<script>@example.org']) {
    const answer = await ask(handle, email);
    code(answer, 400, 'invalid_request');
    assert.equal(answer.json.fields[0].name, 'email');
  }
  code(await ask(handle, who.email.toUpperCase()), 400, 'invalid_request');
  code(await stack.withHandle(handle, 'PUT', '/email', { json: { email: fresh(), email_verified: true } }), 400, 'invalid_request');
  code(await stack.client.request('PUT', '/auth/api/v1/email', { json: { email: fresh() } }), 401, 'unauthenticated');
  const email = fresh();
  await ask(handle, email);
  stack.sql(`UPDATE session SET auth_time = auth_time - ${16 * 60e6}`);
  code(await ask(handle, fresh()), 401, 'reauthentication_required');
  code(await prove(handle, { email, code: lastMail(stack, email, 'address').values.code }), 401, 'reauthentication_required');
  assert.equal(addressOf(who), who.email);
});

test('TH-12: a taken address answers as a free one; its owner is told, and nothing can be proven', async () => {
  const who = person();
  const owner = person();
  const { session_handle: handle } = await stack.signIn(who);
  const free = await ask(handle, fresh());
  const taken = await ask(handle, owner.email);
  assert.equal(taken.status, free.status);
  assert.deepEqual(Object.keys(taken.json), Object.keys(free.json));
  const mail = lastMail(stack, owner.email, 'register-taken');
  assert.equal(mail.values.code, '');
  assert.equal(mailsTo(stack, owner.email).filter(({ kind }) => kind === 'address').length, 0);
  code(await prove(handle, { email: owner.email, code: '12345678' }), 401, 'invalid_credentials');
  assert.equal(addressOf(owner), owner.email);
});

test('by page: asks, takes the code, and says so; the form keeps what was typed', async () => {
  const who = person();
  const visitor = stack.visitor();
  await visitor.signIn(who);
  has(await visitor.get('/account'), `${stack.base.slice(stack.origin.length)}/account/address`);
  const page = await visitor.get('/account/address');
  assert.equal(page.status, 200);
  const bad = await visitor.post('/account/address', { csrf_token: tokenOf(page), email: '<b>"no"@example' });
  assert.equal(bad.status, 400);
  has(bad, '&lt;b&gt;');
  assert.ok(!bad.body.includes('<b>"no"'));
  const email = fresh();
  const sent = await visitor.post('/account/address', { csrf_token: tokenOf(bad), email });
  assert.equal(sent.status, 200);
  has(sent, `<strong>${email}</strong>`);
  const mail = lastMail(stack, email, 'address');
  note(mail);
  const wrong = await visitor.post('/account/address', { csrf_token: tokenOf(sent), email, code: 'no code' });
  assert.equal(wrong.status, 400);
  const done = await visitor.post('/account/address', { csrf_token: tokenOf(wrong), email, code: mail.values.code });
  assert.equal(done.status, 303);
  assert.equal(below(done), '/account/address?done=yes');
  has(await visitor.get(below(done)), 'Your address is changed.');
  assert.equal(addressOf(who), email);
  const next = await visitor.get('/account/address');
  const pending = await visitor.post('/account/address', { csrf_token: tokenOf(next), email: fresh() });
  assert.equal(pending.status, 409);
  const stale = await visitor.post('/account/address', { csrf_token: 'x'.repeat(43), email: fresh() });
  assert.equal(stale.status, 403);
});

test('a stale session is asked for the password before anything is typed', async () => {
  const who = person();
  const visitor = stack.visitor();
  await visitor.signIn(who);
  stack.sql(`UPDATE session SET auth_time = auth_time - ${16 * 60e6}`);
  for (const path of ['/account/address', '/account/close']) {
    const sent = await visitor.get(path);
    assert.equal(sent.status, 303);
    assert.match(below(sent), /^\/reauth\?return_to=/);
  }
});

test('the link: whoever is not signed in does so first, and comes back; opening uses nothing up', async () => {
  const who = person();
  const { session_handle: handle } = await stack.signIn(who);
  const email = fresh();
  await ask(handle, email);
  const mail = lastMail(stack, email, 'address');
  note(mail);
  // A scanner of mail opens it, more than once.
  for (let i = 0; i < 2; i++) await stack.visitor().get(pathOf(stack, mail));
  const visitor = stack.visitor();
  const exchanged = await visitor.get(pathOf(stack, mail));
  assert.equal(exchanged.status, 303);
  assert.match(below(exchanged), /^\/verify\?ticket=/);
  const entry = await visitor.get(below(exchanged));
  assert.equal(entry.status, 303);
  assert.match(below(entry), /^\/login\?return_to=/);
  const form = await visitor.get(below(entry));
  const return_to = decodeURIComponent(below(entry).split('return_to=')[1]);
  const back = await visitor.post('/login', { csrf_token: tokenOf(form), identifier: who.identifier, password: who.password, return_to });
  assert.equal(back.status, 303, back.body);
  assert.equal(below(back), below(exchanged));
  const page = await visitor.get(below(back));
  assert.equal(page.status, 200, page.body);
  has(page, `<strong>${email}</strong>`);
  assert.equal(addressOf(who), who.email);
  const done = await visitor.post('/verify', { csrf_token: tokenOf(page), ticket: ticketOf(page) });
  assert.equal(done.status, 303, done.body);
  assert.equal(below(done), '/account/address?done=yes');
  assert.equal(addressOf(who), email);
  const again = await visitor.get(below(exchanged));
  assert.equal(again.status, 410);
  // A ticket is worth nothing in another browser.
  const elsewhere = stack.visitor();
  await elsewhere.signIn({ ...who, identifier: email });
  assert.notEqual((await elsewhere.get(below(exchanged))).status, 200);
});

test('a victim who clicks an attacker\'s link gives them nothing', async () => {
  const attacker = person();
  const victim = person();
  const { session_handle: handle } = await stack.signIn(attacker);
  // The victim's other address: nobody has it, so the mail is real.
  const email = fresh();
  await ask(handle, email);
  const mail = lastMail(stack, email, 'address');
  note(mail);
  const visitor = stack.visitor();
  await visitor.signIn(victim);
  const exchanged = await visitor.get(pathOf(stack, mail));
  const page = await visitor.get(below(exchanged));
  assert.equal(page.status, 403, page.body);
  has(page, 'Somebody else has asked for this address');
  assert.ok(!page.body.includes(attacker.identifier));
  const ticket = decodeURIComponent(below(exchanged).split('ticket=')[1]);
  const csrf_token = await visitor.token('/account/close');
  assert.equal((await visitor.post('/verify', { csrf_token, ticket })).status, 403);
  const { session_handle: theirs } = await stack.signIn(victim);
  code(await prove(theirs, { email, code: mail.values.code }), 401, 'invalid_credentials');
  code(await prove(theirs, { email, code: codeOf(mail) }), 401, 'invalid_credentials');
  assert.equal(addressOf(attacker), attacker.email);
  assert.equal(addressOf(victim), victim.email);
  // When the victim takes the address themselves, what the attacker asked for is void.
  await move(theirs, email);
  code(await prove(handle, { email, code: mail.values.code }), 401, 'invalid_credentials');
  code(await prove(handle, { email, code: codeOf(mail) }), 401, 'invalid_credentials');
});

test('a thief changes the address: the owner takes it back, the thief has nothing left', async () => {
  const who = person();
  const thief = await stack.signIn(who);
  const theirs = stack.visitor();
  await theirs.signIn(who);
  const email = fresh();
  await move(thief.session_handle, email);
  await theirs.signIn({ ...who, identifier: email });
  const owner = await opened(who.email);
  assert.equal(title(owner.page), 'Take your address back');
  has(owner.page, `<strong>${email}</strong>`);
  assert.equal(addressOf(who), email, 'opening it does nothing');
  const done = await takeBack(owner);
  assert.equal(done.status, 200, done.body);
  assert.equal(title(done), 'Your address is yours again');
  assert.equal(addressOf(who), who.email);
  code(await stack.withHandle(thief.session_handle, 'GET', '/session'), 401, 'unauthenticated');
  assert.equal((await theirs.get('/account')).status, 303);
  await assert.rejects(stack.signIn(who), /invalid_credentials/, 'the password that the thief knows');
  // Once.
  assert.notEqual((await takeBack(owner)).status, 200);
  assert.equal((await owner.visitor.get(pathOf(stack, owner.mail))).status, 410);
  // The code of the recovery is typed in this very browser.
  const recovery = lastMail(stack, who.email, 'recover');
  note(recovery);
  const exchanged = await owner.visitor.get(pathOf(stack, recovery));
  const form = await owner.visitor.get(below(exchanged));
  const fields = { csrf_token: tokenOf(form), ticket: ticketOf(form), new_password: 'the owner chose this one at home' };
  const set = await owner.visitor.post('/reset', fields);
  assert.ok(set.status === 200 || set.status === 303, set.body);
  await stack.signIn({ identifier: who.email, password: fields.new_password });
  assert.equal(stack.count("audit_event WHERE event = 'address_restored'"), 1);
});

test('a thief who closes the account has not closed it for good', async () => {
  const who = person();
  const thief = await stack.signIn(who);
  const email = fresh();
  await move(thief.session_handle, email);
  assert.equal((await stack.withHandle(thief.session_handle, 'DELETE', '/user')).status, 204);
  const done = await takeBack(await opened(who.email));
  assert.equal(done.status, 200, done.body);
  assert.equal(addressOf(who), who.email);
  assert.equal(stack.count(`user WHERE username = '${who.identifier}' AND state = 1 AND closed_at IS NULL`), 1);
});

test('too late is too late; a stale form changes nothing', async () => {
  const who = person();
  const { session_handle: handle } = await stack.signIn(who);
  const email = fresh();
  await move(handle, email);
  const owner = await opened(who.email);
  const stale = await owner.visitor.post('/not-me', { csrf_token: 'x'.repeat(43), ticket: ticketOf(owner.page) });
  assert.equal(stale.status, 403);
  assert.equal(addressOf(who), email);
  stack.sql(`UPDATE mail_code SET expires_at = expires_at - ${7 * 86400e6} WHERE purpose = 4`);
  const late = await takeBack(owner);
  assert.equal(late.status, 410, late.body);
  assert.equal(addressOf(who), email);
});

test('in Polish as well', async () => {
  const who = person();
  const visitor = stack.visitor();
  await visitor.signIn(who);
  const pl = { 'Accept-Language': 'pl' };
  has(await visitor.get('/account/address', pl), 'Zmień adres e-mail');
  has(await visitor.get('/account/close', pl), 'przez 30 dni');
  has(await visitor.get('/account', pl), 'Imię i język');
});

test('mails of both kinds are as large, real or not', async () => {
  const who = person();
  const owner = person();
  const { session_handle: handle } = await stack.signIn(who);
  stack.sql('DELETE FROM outbox');
  await ask(handle, fresh());
  await ask(handle, owner.email);
  const sizes = new Set(mails(stack).map(({ size }) => size));
  assert.equal(sizes.size, 1);
});
