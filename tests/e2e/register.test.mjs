// Registration by page and by API: the mail decides, nobody learns which addresses have accounts, the password comes last.
import { test, before, after, beforeEach } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { startStack } from '../support/harness.mjs';
import { setCookies, tokenOf } from '../support/client.mjs';
import { codeOf, lastMail, mails, mailsTo, pathOf } from '../support/outbox.mjs';
import { until } from '../support/stack.mjs';

let stack;
const api = '/auth/api/v1';
const secret = 'a quiet mill by the river';
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
beforeEach(() => stack.sql("DELETE FROM throttle; DELETE FROM outbox; DELETE FROM mail_code; DELETE FROM user WHERE email LIKE 'new%'"));

let count = 0;
const fresh = () => `new${++count}@example.org`;
const code = (answer, status, word) => {
  assert.equal(answer.status, status, answer.body);
  assert.equal(answer.json.code, word);
};
const accounts = (email) => stack.count(`user WHERE email = '${email}'`);
const ask = (json) => stack.client.post(`${api}/users`, { json });
const prove = (json) => stack.client.post(`${api}/email/verify`, { json });
const below = (answer) => answer.headers.location.slice(stack.base.length);
const title = (page) => /<h1>([^<]*)<\/h1>/.exec(page.body)?.[1];
const field = (page, name) => new RegExp(`<input[^>]* name="${name}"[^>]*>`).exec(page.body)?.[0];
const valueOf = (page, name) => /value="([^"]*)"/.exec(field(page, name) ?? '')?.[1];

// Asks at the page, and is on the page where the code is typed: {visitor, page, mail}.
async function asked(email, more = {}, visitor = stack.visitor()) {
  const form = await visitor.get(`/register${more.return_to ? `?return_to=${encodeURIComponent(more.return_to)}` : ''}`);
  const answer = await visitor.post('/register', { csrf_token: tokenOf(form), email, ...more });
  assert.equal(answer.status, 303, answer.body);
  const page = await visitor.get(below(answer));
  assert.equal(page.status, 200);
  const mail = mailsTo(stack, email.trim().toLowerCase()).at(-1);
  if (mail?.values.code) seen.push(mail.values.code, codeOf(mail), email);
  return { visitor, page, mail, location: answer.headers.location };
}
const type = ({ visitor, page }, fields) => visitor.post('/verify', {
  csrf_token: tokenOf(page), email: valueOf(page, 'email'), username: '', display_name: '', new_password: secret, ...fields,
});

test('by page with the typed code: the address is proven, then one signs in and is where one wanted to be', async () => {
  const email = fresh();
  const here = await asked(` ${email.toUpperCase()} `, { username: 'New.One', display_name: 'New One', return_to: '/auth/account/sessions' });
  assert.ok(here.page.body.includes(`<strong>${email}</strong>`));
  assert.deepEqual([valueOf(here.page, 'username'), valueOf(here.page, 'display_name')], ['New.One', 'New One']);
  assert.equal(stack.count("user WHERE email LIKE 'new%'"), 0, 'no account before the proof');
  assert.match(here.mail.values.code, /^\d{8}$/);
  const done = await type(here, { code: here.mail.values.code.replace(/(....)/, '$1 '), username: 'new.one', display_name: 'New One', return_to: '/auth/account/sessions' });
  assert.equal(done.status, 200, done.body);
  assert.equal(title(done), 'Your account is ready');
  assert.equal((await here.visitor.get('/account')).status, 303, 'nobody is signed in by it');
  const [row] = stack.sql(`SELECT username, email, display_name, language, email_proven_at IS NOT NULL AS proven, state FROM user WHERE email = '${email}'`);
  assert.deepEqual({ ...row }, { username: 'new.one', email, display_name: 'New One', language: 'en', proven: '1', state: '1' });
  const login = /class="button" href="([^"]*\/login[^"]*)"/.exec(done.body)[1].replaceAll('&amp;', '&');
  const form = await here.visitor.get(login.slice('/auth'.length));
  const signedIn = await here.visitor.post('/login', { csrf_token: tokenOf(form), identifier: email, password: secret, return_to: valueOf(form, 'return_to') });
  assert.equal(signedIn.headers.location, `${stack.base}/account/sessions`);
  const events = stack.sql(`SELECT event FROM audit_event a JOIN user u ON u.id = a.user_id WHERE u.email = '${email}' ORDER BY a.at, a.id`).map(({ event }) => event);
  assert.deepEqual(events.slice(0, 2).sort(), ['email_proven', 'user_registered']);
});

test('CS-05: a scanner opens the link a hundred times, by GET and HEAD: nothing is used, no row is made', async () => {
  const email = fresh();
  const { mail } = await asked(email);
  const path = pathOf(stack, mail);
  const tables = ['user', 'password', 'session', 'mail_code', 'outbox', 'audit_event', 'throttle', 'device'];
  const rows = () => tables.map((name) => `${name} ${JSON.stringify(stack.sql(`SELECT COUNT(*) AS n, MD5(GROUP_CONCAT(${name === 'mail_code' ? 'CONCAT(id, tries, IFNULL(used_at, 0))' : '1'})) AS sum FROM ${name}`)[0])}`);
  const before_ = rows();
  const ran = await stack.statements(async () => {
    for (let i = 0; i < 50; i++) {
      const answer = await stack.client.get(`/auth${path}`);
      assert.equal(answer.status, 303);
      assert.ok(!answer.headers.location.includes(codeOf(mail)), 'the code leaves the address');
      assert.deepEqual(setCookies(answer).map(({ name }) => name), ['__Host-gatepost-pre']);
      assert.equal((await stack.client.request('HEAD', `/auth${path}`)).status, 303);
    }
  });
  assert.deepEqual(rows(), before_);
  assert.deepEqual(ran.filter((text) => !/^SELECT/.test(text)), []);
  const visitor = stack.visitor();
  const page = await visitor.get(below(await visitor.get(path)));
  const done = await visitor.post('/verify', { csrf_token: tokenOf(page), ticket: valueOf(page, 'ticket'), email, username: '', display_name: '', new_password: secret });
  assert.equal(title(done), 'Your account is ready', done.body);
  assert.equal(accounts(email), 1);
});

test('a link in another browser than the one that asked is good; what it was exchanged for is of that browser alone', async () => {
  const email = fresh();
  const { mail } = await asked(email, { username: 'new-b' });
  const visitor = stack.visitor();
  const place = below(await visitor.get(pathOf(stack, mail)));
  const page = await visitor.get(place);
  assert.ok(page.body.includes(`<strong>${email}</strong>`));
  assert.equal(valueOf(page, 'username'), 'new-b');
  assert.equal(field(page, 'code'), undefined, 'nothing to type');
  const other = stack.visitor();
  const stolen = await other.get(place);
  assert.equal(stolen.status, 400);
  assert.equal(title(stolen), 'This code or link cannot be used');
  const form = await other.get('/verify');
  const posted = await other.post('/verify', { csrf_token: tokenOf(form), ticket: valueOf(page, 'ticket'), email, new_password: secret });
  assert.equal(posted.status, 400);
  assert.equal(accounts(email), 0);
  const send = () => visitor.post('/verify', { csrf_token: tokenOf(page), ticket: valueOf(page, 'ticket'), email, username: 'new-b', display_name: '', new_password: secret });
  assert.equal((await send()).status, 200);
  const again = await send();
  assert.equal(again.status, 410);
  assert.match(again.body, /used already, or is too old/);
  assert.equal((await visitor.get(pathOf(stack, mail))).status, 410);
  assert.equal(accounts(email), 1);
});

test('by API, as an app: 202, code or link, 200, sign in', async () => {
  for (const by of ['code', 'link']) {
    const email = fresh();
    const first = await ask({ email: email.toUpperCase(), username: `new-${by}`, display_name: 'From An App' });
    assert.equal(first.status, 202);
    assert.deepEqual(first.json, { email });
    const mail = lastMail(stack, email, 'register');
    const shown = by === 'code' ? mail.values.code : codeOf(mail);
    seen.push(shown);
    const answer = await prove({ email, code: shown, new_password: secret });
    assert.equal(answer.status, 200, answer.body);
    const { id } = answer.json.user;
    assert.deepEqual(answer.json, { user: { id, username: `new-${by}`, email, display_name: 'From An App' }, password_set: true });
    code(await prove({ email, code: shown, new_password: secret }), 410, 'code_expired');
    const signedIn = await stack.signIn({ identifier: email, password: secret });
    assert.equal(signedIn.user.id, id);
  }
});

test('a code is good where it was asked for: page, other browser, API; and for one address (RC-02)', async () => {
  const email = fresh();
  const here = await asked(email);
  const typed = here.mail.values.code;
  code(await prove({ email, code: typed, new_password: secret }), 401, 'invalid_credentials');
  const there = await asked(fresh());
  const elsewhere = await type(there, { email, code: typed });
  assert.equal(elsewhere.status, 401);
  assert.match(elsewhere.body, /was asked for in another browser/);
  code(await prove({ email: there.mail.recipient, code: codeOf(here.mail), new_password: secret }), 401, 'invalid_credentials');
  assert.equal((await type(here, { code: typed })).status, 200);
  const byApi = fresh();
  await ask({ email: byApi });
  const wrong = await type(await asked(fresh()), { email: byApi, code: lastMail(stack, byApi).values.code });
  assert.equal(wrong.status, 401);
  assert.equal(accounts(byApi), 0);
});

// Statements without what differs by chance.
const shape = (ran) => ran.map((text) => text.replace(/x?'[^']*'|0x[0-9A-F]+|\b\d+\b/g, '?').replace(/\s+/g, ' ').slice(0, 90));

test('TH-12: a free, a taken, a locked and a closed address: the same answer, headers and statements', async () => {
  stack.sql("UPDATE user SET state = 2 WHERE username = 'bob'; UPDATE user SET state = 3 WHERE username = 'admin'");
  try {
    await ask({ email: fresh() });
    const seenAt = [];
    for (const email of [fresh(), 'alice@example.org', 'bob@example.org', 'admin@example.org']) {
      let answer;
      const ran = await stack.statements(async () => {
        answer = await ask({ email });
      });
      const page = await asked(email);
      assert.match(page.location, /^https:[^?]+\/auth\/verify\?note=[\w-]+$/);
      assert.ok(!decodeURIComponent(page.location).includes('@'), 'the address is not in the URL');
      const names = Object.keys(answer.headers).filter((name) => name !== 'x-request-id').sort();
      seenAt.push({ status: answer.status, length: answer.body.length - email.length, names, ran: shape(ran), page: page.page.body.replace(/value="[^"]*"/g, '').replaceAll(email, '') });
    }
    assert.equal(seenAt[0].status, 202);
    assert.ok(seenAt[0].ran.length >= 5, seenAt[0].ran.join('\n'));
    for (const one of seenAt.slice(1)) assert.deepEqual(one, seenAt[0]);
    assert.equal(mailsTo(stack, 'alice@example.org').filter(({ kind }) => kind === 'register-taken').length, 2);
    assert.equal(new Set(mails(stack).map(({ size }) => size)).size, 1, 'and the mails are of one size');
  } finally {
    stack.sql('UPDATE user SET state = 1');
  }
});

test('an address with an account: its owner gets a mail without a code, and no code creates anything', async () => {
  const here = await asked('alice@example.org', { username: 'mallory' });
  const mail = lastMail(stack, 'alice@example.org', 'register-taken');
  assert.equal(mail.values.link, `${stack.base}/recover`);
  assert.equal(mail.values.display_name, 'alice Example');
  assert.equal(mail.values.code, undefined);
  for (let i = 0; i < 7; i++) assert.equal((await type(here, { code: `1234567${i}` })).status, 401);
  assert.equal(accounts('alice@example.org'), 1);
  await stack.signIn(stack.users.alice);
});

test('too much mail: the same answer, and nothing more is sent (TH-11)', async () => {
  const email = fresh();
  for (let i = 0; i < 101; i++) {
    const answer = await ask({ email });
    assert.equal(answer.status, 202);
    assert.deepEqual(answer.json, { email });
  }
  assert.equal(mailsTo(stack, email).length, 100);
});

test('what was typed wrong is told at once; the password when the code is right, which is as good as before', async () => {
  const visitor = stack.visitor();
  for (const [fields, name] of [[{ email: 'nobody' }, 'email'], [{ email: fresh(), username: 'a b' }, 'username'], [{ email: fresh(), display_name: 'x'.repeat(101) }, 'display_name']]) {
    const form = await visitor.get('/register');
    const page = await visitor.post('/register', { csrf_token: tokenOf(form), ...fields });
    assert.equal(page.status, 400, name);
    assert.match(field(page, name), /aria-invalid="true"/);
    assert.equal(valueOf(page, name), fields[name], 'as typed');
    const answer = await ask(fields);
    code(answer, 400, 'invalid_request');
    assert.equal(answer.json.fields[0].name, name);
  }
  assert.equal(mails(stack).length, 0);
  const email = fresh();
  const here = await asked(email);
  const typed = here.mail.values.code;
  const wrong = typed === '00000000' ? '11111111' : '00000000';
  assert.equal((await type(here, { code: wrong, new_password: 'short' })).status, 401, 'the code first');
  for (const [fields, name, status] of [[{ new_password: 'zq1zq' }, 'new_password', 400], [{ username: 'ALICE' }, 'username', 409], [{ display_name: 'a\u202eb' }, 'display_name', 400]]) {
    for (let i = 0; i < 6; i++) {
      const page = await type(here, { code: typed, ...fields });
      assert.equal(page.status, status, `${name} ${page.body}`);
      assert.match(field(page, name), /aria-invalid="true"/);
      assert.ok(!page.body.includes(fields.new_password ?? secret), 'no password comes back');
    }
  }
  assert.equal((await type(here, { code: typed, username: 'new-alice' })).status, 200);
  const more = fresh();
  await ask({ email: more, username: 'alice' });
  const shown = codeOf(lastMail(stack, more));
  const taken = await prove({ email: more, code: shown, new_password: secret });
  code(taken, 409, 'conflict');
  assert.deepEqual(taken.json.fields, [{ name: 'username', reason: 'is taken' }]);
  const weak = await prove({ email: more, code: shown, new_password: 'short', username: '' });
  code(weak, 400, 'invalid_request');
  assert.equal(weak.json.fields[0].name, 'new_password');
  const done = await prove({ email: more, code: shown, new_password: secret, username: '' });
  assert.equal(done.json.user.username, null);
});

test('five tries, then the code is dead and the link is not; a newer mail takes the older one\'s place', async () => {
  const email = fresh();
  const here = await asked(email);
  const old = here.mail;
  const wrong = old.values.code === '00000000' ? '11111111' : '00000000';
  for (let i = 0; i < 5; i++) assert.equal((await type(here, { code: wrong })).status, 401);
  assert.equal((await type(here, { code: old.values.code })).status, 401);
  const newer = await asked(email, {}, here.visitor);
  assert.equal((await here.visitor.get(pathOf(stack, old))).status, 400, 'replaced');
  stack.sql(`UPDATE mail_code SET code_end = 1 WHERE address = '${email}'`);
  assert.equal((await type(newer, { code: newer.mail.values.code })).status, 410);
  stack.sql(`UPDATE mail_code SET expires_at = 1 WHERE address = '${email}'`);
  const late = await here.visitor.get(pathOf(stack, newer.mail));
  assert.equal(late.status, 410);
  assert.match(late.body, /href="\/auth\/register"/, 'ask for a new one');
  assert.equal(accounts(email), 0);
});

test('a stale form is shown again, filled in; foreign sites do nothing', async () => {
  const visitor = stack.visitor();
  const email = fresh();
  const again = await visitor.post('/register', { csrf_token: 'stale', email, username: 'new-x' });
  assert.equal(again.status, 403);
  assert.equal(valueOf(again, 'email'), email);
  assert.equal(mails(stack).length, 0);
  const here = await asked(email, {}, visitor);
  const stale = await type(here, { csrf_token: 'stale', code: here.mail.values.code, username: 'new-y' });
  assert.equal(stale.status, 403);
  assert.equal(valueOf(stale, 'username'), 'new-y');
  assert.equal(accounts(email), 0);
  const foreign = await visitor.post('/verify', { csrf_token: tokenOf(here.page), email, code: here.mail.values.code, new_password: secret }, { 'Sec-Fetch-Site': 'cross-site' });
  assert.equal(foreign.status, 403);
  assert.equal(accounts(email), 0);
  assert.equal((await type(here, { code: here.mail.values.code })).status, 200);
});

test('without what was asked for: the address is typed too, and the names stay as they were asked for', async () => {
  const email = fresh();
  const { visitor, mail } = await asked(email, { username: 'new-kept' });
  const bare = await visitor.get('/verify?note=of-another-browser');
  assert.match(field(bare, 'email'), /type="email"/);
  assert.equal(field(bare, 'username'), undefined);
  const wrong = await visitor.post('/verify', { csrf_token: tokenOf(bare), email, code: '00000001', new_password: secret });
  assert.match(field(wrong, 'email'), /type="email"/, 'still to be corrected');
  assert.equal(valueOf(wrong, 'email'), email);
  assert.equal((await visitor.post('/verify', { csrf_token: tokenOf(wrong), email, code: mail.values.code, new_password: secret })).status, 200);
  assert.equal(stack.sql(`SELECT username FROM user WHERE email = '${email}'`)[0].username, 'new-kept');
});

test('somebody who is signed in is told so, and stays signed in; a guest can do it, too', async () => {
  const visitor = stack.visitor();
  await visitor.signIn(stack.users.alice);
  const form = await visitor.get('/register');
  assert.match(form.body, /You are signed in here as <strong>alice Example<\/strong>/);
  const email = fresh();
  const here = await asked(email, {}, visitor);
  assert.equal((await type(here, { code: here.mail.values.code })).status, 200);
  assert.match((await visitor.get('/account')).body, /alice Example/);
  const { json: guest } = await stack.client.post(`${api}/sessions/guest`, { json: { transport: 'handle' } });
  const own = { 'X-Session-Id': guest.session_handle };
  const second = fresh();
  assert.equal((await stack.client.post(`${api}/users`, { json: { email: second }, headers: own })).status, 202);
  assert.equal((await stack.client.post(`${api}/email/verify`, { json: { email: second, code: lastMail(stack, second).values.code, new_password: secret }, headers: own })).status, 200);
  const promoted = await stack.client.post(`${api}/sessions`, { json: { identifier: second, password: secret, transport: 'handle' }, headers: own });
  assert.equal(promoted.json.session.id, guest.session.id, 'the guest\'s session goes on');
});

test('MF-10: an attacker who asks first, with names of their own, gets nothing of the account', async () => {
  const email = fresh();
  const attacker = await asked(email, { username: 'new-evil', display_name: 'Evil' });
  const victim = await asked(email, { username: 'new-good' });
  assert.equal((await type(attacker, { code: attacker.mail.values.code, new_password: 'what the attacker would like' })).status, 401, 'replaced by hers');
  assert.equal((await type(attacker, { code: victim.mail.values.code, new_password: 'what the attacker would like' })).status, 401, 'not in that browser');
  assert.equal((await type(victim, { code: victim.mail.values.code, username: 'new-good' })).status, 200);
  await assert.rejects(stack.signIn({ identifier: email, password: 'what the attacker would like' }), /invalid_credentials/);
  const { user } = await stack.signIn({ identifier: email, password: secret });
  assert.equal(user.username, 'new-good');
  assert.equal((await type(attacker, { code: victim.mail.values.code })).status, 401);
  assert.equal(stack.count(`session s JOIN user u ON u.id = s.user_id WHERE u.email = '${email}'`), 1);
});

// The usual suspects; each is a name somewhere.
const naughty = ['<script>alert(1)</script>', '"><img src=x onerror=alert(1)>', "'; DROP TABLE user; --", '{{code}}', '{{>head}}', '%s%n%x', '../../etc/passwd', '\u0000', 'a\r\nBcc: evil@example.com', 'a\nSubject: x', 'a\u2028b', '\u202eevil', 'Ａｌｉｃｅ', '𝒜lice', 'ﷺ', '🧑', '\ufeff', '${7*7}', '=cmd|x', 'javascript:alert(1)', 'a&b<c>d"e\'f', 'İıſK', 'x'.repeat(1000), '​', '[link](https://evil.example)'];

test('naughty strings in every field: refused or inert, on the pages and in what is mailed', async () => {
  const visitor = stack.visitor();
  const form = await visitor.get('/register');
  for (const text of naughty) {
    for (const name of ['email', 'username', 'display_name']) {
      const typed = { email: fresh(), [name]: text };
      const page = await visitor.post('/register', { csrf_token: tokenOf(form), ...typed });
      assert.ok([303, 400].includes(page.status), `${name} ${JSON.stringify(text)}: ${page.status}`);
      const shown = page.status === 303 ? await visitor.get(below(page)) : page;
      assert.equal(shown.status, page.status === 303 ? 200 : 400);
      assert.ok(!/<script>|<img src=x|onerror=alert\(1\)>/.test(shown.body), JSON.stringify(text));
      assert.deepEqual(page.rawHeaders.filter((word, i) => i % 2 === 0 && /^(bcc|subject)$/i.test(word)), [], 'no header of the visitor\'s');
      const answer = await ask(typed);
      assert.ok([202, 400].includes(answer.status), `${name} ${JSON.stringify(text)}: ${answer.body}`);
    }
    const proof = await prove({ email: text || 'x', code: text || 'x', new_password: secret });
    assert.ok([400, 401].includes(proof.status), proof.body);
  }
  for (const { recipient, values, kind } of mails(stack)) {
    assert.match(recipient, /^[a-z0-9.!#$%&'*+\-/=?^_`{|}~]+@[a-z0-9.-]+$/);
    if (kind === 'register') assert.equal(values.display_name, '', 'nothing but the address goes to who never asked');
    for (const text of naughty.filter((one) => one.length > 3)) assert.ok(!JSON.stringify(values).includes(JSON.stringify(text).slice(1, -1)));
  }
});

test('IN-29: names and addresses that look like others are refused; a domain in its ASCII form is taken', async () => {
  for (const username of ['аlice', 'Ａlice', 'alıce', 'alice\u0301', 'al\u200bice', 'ａｌｉｃｅ', 'alice\u00ad', 'ΑLICE']) {
    code(await ask({ email: fresh(), username }), 400, 'invalid_request');
  }
  for (const email of ['new@exämple.org', 'new@ｅxample.org', 'nеw@example.org', 'new@example。org', 'new\u200b@example.org', 'new@examplе.org']) {
    code(await ask({ email }), 400, 'invalid_request');
  }
  assert.deepEqual((await ask({ email: 'new@xn--exmple-cua.org' })).json, { email: 'new@xn--exmple-cua.org' });
  for (const display_name of ['a\u202eb', 'a\u2066b', '\u200b', 'a\u200db', '\ufeffa', 'a\u00adb', 'a\u200eb']) {
    code(await ask({ email: fresh(), display_name }), 400, 'invalid_request');
  }
  for (const display_name of ['Zażółć Gęślą', '张伟', 'محمد', 'O’Brien', 'Anne-Marie 🌊']) {
    assert.equal((await ask({ email: fresh(), display_name })).status, 202, display_name);
  }
});

test('in the language of who asks: page, mail, and the account from then on', async () => {
  const email = fresh();
  const visitor = stack.visitor();
  const form = await visitor.get('/register', { 'Accept-Language': 'pl' });
  assert.match(form.body, /<html lang="pl"/);
  assert.equal(title(form), 'Nowe konto');
  const answer = await visitor.post('/register', { csrf_token: tokenOf(form), email }, { 'Sec-Fetch-Site': 'same-origin', 'Accept-Language': 'pl' });
  const page = await visitor.get(below(answer), { 'Accept-Language': 'pl' });
  const mail = lastMail(stack, email);
  assert.equal(mail.language, 'pl');
  assert.equal((await type({ visitor, page }, { code: mail.values.code })).status, 200);
  assert.equal(stack.sql(`SELECT language FROM user WHERE email = '${email}'`)[0].language, 'pl');
  const { session_handle: handle } = await stack.signIn({ identifier: email, password: secret });
  assert.ok(handle);
});

test('fifty proofs at once: one account', async () => {
  const email = fresh();
  await ask({ email });
  const { values, ...mail } = lastMail(stack, email);
  const answers = await Promise.all(Array.from({ length: 50 }, (_, i) => prove({ email, code: i % 2 ? values.code : codeOf({ values, ...mail }), new_password: secret })));
  const statuses = answers.map(({ status }) => status);
  assert.equal(statuses.filter((status) => status === 200).length, 1, statuses.join());
  assert.ok(statuses.every((status) => [200, 401, 409, 410, 429, 503].includes(status)), statuses.join());
  assert.equal(accounts(email), 1);
  await stack.signIn({ identifier: email, password: secret });
});

test('off, or by invitation: the pages say so, the API refuses, and what was mailed before is worth nothing', async () => {
  const good = readFileSync(stack.config.file, 'utf8');
  const email = fresh();
  const here = await asked(email);
  const reload = async (mode, status) => {
    writeFileSync(stack.config.file, good.replace('registration = on', `registration = ${mode}`));
    process.kill(stack.worker.pid, 'SIGHUP');
    await until(async () => (await stack.client.get('/auth/register')).status === status, `registration is ${mode}`);
  };
  try {
    for (const [mode, words] of [['off', 'Registration is closed'], ['invitation', 'By invitation only']]) {
      await reload(mode, 403);
      await until(async () => title(await stack.client.get('/auth/register')) === words, words);
      assert.doesNotMatch((await stack.client.get('/auth/login')).body, /Create an account/);
      code(await ask({ email: fresh() }), 403, 'forbidden');
      assert.equal((await type(here, { code: here.mail.values.code })).status, 403);
      assert.equal((await here.visitor.get(pathOf(stack, here.mail))).status, 403);
      code(await prove({ email, code: codeOf(here.mail), new_password: secret }), 403, 'forbidden');
      code(await prove({ email, code: 'A'.repeat(22), new_password: secret }), 401, 'invalid_credentials');
      const posted = await here.visitor.post('/register', { csrf_token: tokenOf(here.page), email });
      assert.equal(posted.status, 403);
    }
  } finally {
    await reload('on', 200);
  }
  assert.match((await stack.client.get('/auth/login')).body, /Create an account/);
  assert.equal((await type(here, { code: here.mail.values.code })).status, 200);
});
