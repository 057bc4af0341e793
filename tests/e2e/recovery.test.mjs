// CONTRACT §6: a forgotten password, by API and by page: who asks learns nothing, one code sets one password, nobody is signed in.
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
const code = (answer, status, word) => {
  assert.equal(answer.status, status, answer.body);
  assert.equal(answer.json.code, word);
};
let count = 0;
const phrase = () => `a lantern on the far shore ${++count}`;
// Somebody new, so that the tests do not hang on each other.
function person(more = []) {
  const identifier = `keeper${++count}`;
  const email = `${identifier}@example.org`;
  const password = phrase();
  stack.must(['user', 'add', '--username', identifier, '--email', email, '--password-stdin', ...more], { input: password });
  return { identifier, email, password };
}
const recover = (email) => stack.client.post(`${api}/password/recover`, { json: { email } });
const reset = (email, mailed, new_password) => stack.client.post(`${api}/password/reset`, { json: { email, code: mailed, new_password } });
const wrong = (digits) => digits.replace(/.$/, (last) => (last === '7' ? '8' : '7'));
const stateOf = (handle) => stack.withHandle(handle, 'GET', '/session').then(({ status }) => status);

test('an app forgets, recovers, and ends in a handle by the normal sign-in (RC-01, RC-05, SE-24)', async () => {
  const keeper = person();
  const native = await stack.signIn(keeper);
  const tokens = await stack.client.post(`${api}/sessions`, { json: { ...keeper, email: undefined, transport: 'token' } });
  assert.equal(tokens.status, 201, tokens.body);
  const browser = stack.visitor();
  assert.equal((await browser.signIn(keeper)).status, 303);

  const asked = await recover(` ${keeper.email.toUpperCase()} `);
  assert.equal(asked.status, 202, asked.body);
  assert.equal(await stateOf(native.session_handle), 200, 'asking changes nothing (RC-03)');
  await stack.signIn(keeper);
  const mail = lastMail(stack, keeper.email, 'recover');
  assert.match(mail.values.code, /^\d{8}$/);
  assert.match(mail.values.link, new RegExp(`^${stack.base.replaceAll('.', '\\.')}/reset\\?code=[A-Za-z0-9_-]{22}$`));

  const wanted = phrase();
  const done = await reset(keeper.email, mail.values.code, wanted);
  assert.equal(done.status, 204, done.body);
  assert.deepEqual([done.body, done.headers['set-cookie']], ['', undefined], 'nobody is signed in');
  assert.equal(await stateOf(native.session_handle), 401);
  assert.equal((await stack.client.get(`${api}/session`, { headers: { Authorization: `Bearer ${tokens.json.access_token}` } })).status, 401);
  const refreshed = await stack.client.post('/auth/oauth/token', {
    form: { grant_type: 'refresh_token', refresh_token: tokens.json.refresh_token, client_id: 'app' },
  });
  assert.deepEqual([refreshed.status, refreshed.json.error], [400, 'invalid_grant']);
  assert.equal((await browser.get('/account')).status, 303);
  await assert.rejects(stack.signIn(keeper), /invalid_credentials/);
  const fresh = await stack.signIn({ ...keeper, password: wanted });
  assert.equal(await stateOf(fresh.session_handle), 200);

  code(await reset(keeper.email, mail.values.code, phrase()), 410, 'code_expired');
  code(await reset(keeper.email, codeOf(mail), phrase()), 410, 'code_expired');
  const notice = lastMail(stack, keeper.email, 'recovered');
  assert.match(notice.values.link, /\/not-me\?code=[A-Za-z0-9_-]{22}$/);
  assert.equal(mailsTo(stack, keeper.email).filter(({ kind }) => kind === 'token-reuse').length, 0);
});

test('TH-11: somebody, nobody, locked, closed: the same answer and rows of one size; only one has somewhere to go', async () => {
  const [known, locked, closed] = [person(), person(), person()];
  stack.must(['user', 'lock', locked.identifier]);
  stack.sql(`UPDATE user SET state = 3 WHERE username = '${closed.identifier}'`);
  const answers = [];
  for (const { email } of [known, locked, closed, { email: 'nobody0@example.org' }]) {
    const answer = await recover(email);
    answers.push([answer.status, answer.body.replace(email, '…'), Object.keys(answer.headers).sort().join()]);
    code(await reset(email, '00000000', phrase()), 401, 'invalid_credentials');
  }
  for (const answer of answers) assert.deepEqual(answer, answers[0]);
  const all = mails(stack);
  assert.deepEqual(all.map(({ kind }) => kind), Array(4).fill('recover'));
  assert.deepEqual(all.map(({ recipient }) => recipient).filter(Boolean), [known.email]);
  assert.equal(new Set(all.map(({ size }) => size)).size, 1);
  for (const { recipient, values } of all) if (!recipient) code(await reset(closed.email, codeOf({ values }), phrase()), 401, 'invalid_credentials');
});

test('TH-11: the fourth mail in a quarter of an hour is not written, and nobody is told so', async () => {
  const keeper = person();
  for (const email of [keeper.email, 'nobody1@example.org']) {
    for (let n = 0; n < 4; n++) assert.equal((await recover(email)).status, 202);
  }
  assert.equal(mailsTo(stack, keeper.email).length, 3);
  assert.equal(mails(stack).length, 6);
});

test('what is not an address, and what no line may have, is 400; unknown members too', async () => {
  for (const email of ['', 'alice', 'a@b@c', 'alice@example.org\r\nBcc: eve@example.org', 'alice@example.org\nX', '"a"@example.org',
    '<alice@example.org>', 'alice@example.org,eve@example.org', 'älice@example.org', `${'a'.repeat(250)}@example.org`]) {
    code(await recover(email), 400, 'invalid_request');
  }
  for (const json of [{}, { email: 1 }, { email: 'a@example.org', user: 'x' }, []]) {
    code(await stack.client.post(`${api}/password/recover`, { json }), 400, 'invalid_request');
  }
  for (const json of [{ email: 'a@example.org', code: '1' }, { email: 'a@example.org', new_password: phrase() }]) {
    code(await stack.client.post(`${api}/password/reset`, { json }), 400, 'invalid_request');
  }
  assert.equal(mails(stack).length, 0);
});

test('MF-09, MF-10, TH-08: five tries kill the code, not the link; asking again gives no fresh ones to the old', async () => {
  const keeper = person();
  await recover(keeper.email);
  const mail = lastMail(stack, keeper.email, 'recover');
  for (let n = 0; n < 5; n++) code(await reset(keeper.email, wrong(mail.values.code), phrase()), 401, 'invalid_credentials');
  const waits = await reset(keeper.email, mail.values.code, phrase());
  code(waits, 429, 'too_many_attempts');
  assert.ok(Number(waits.headers['retry-after']) > 0);
  await recover(keeper.email);
  code(await reset(keeper.email, lastMail(stack, keeper.email, 'recover').values.code, phrase()), 429, 'too_many_attempts');
  stack.sql('DELETE FROM throttle');
  code(await reset(keeper.email, mail.values.code, phrase()), 401, 'invalid_credentials');
  code(await reset(keeper.email, codeOf(mail), phrase()), 401, 'invalid_credentials', 'a newer one took its place');
});

test('a dead code leaves its link good (MF-10)', async () => {
  const keeper = person();
  await recover(keeper.email);
  const mail = lastMail(stack, keeper.email, 'recover');
  stack.sql('UPDATE mail_code SET tries = 5');
  code(await reset(keeper.email, mail.values.code, phrase()), 401, 'invalid_credentials');
  assert.equal((await reset(keeper.email, codeOf(mail), phrase())).status, 204);
});

test('MF-10: a code of another account, of a page, or of another flow is as wrong as any', async () => {
  const [one, two] = [person(), person()];
  await recover(one.email);
  await recover(two.email);
  const mail = lastMail(stack, one.email, 'recover');
  code(await reset(two.email, mail.values.code, phrase()), 401, 'invalid_credentials');
  code(await reset(two.email, codeOf(mail), phrase()), 401, 'invalid_credentials');
  const browser = stack.visitor();
  await browser.post('/recover', { csrf_token: await browser.token('/recover'), email: two.email });
  const paged = lastMail(stack, two.email, 'recover');
  code(await reset(two.email, paged.values.code, phrase()), 401, 'invalid_credentials');
  stack.sql("UPDATE user SET created_at = 1; DELETE FROM outbox");
  await stack.signIn(one);
  const notice = lastMail(stack, one.email, 'new-device');
  code(await reset(one.email, codeOf(notice), phrase()), 401, 'invalid_credentials');
});

test('a refused new password uses nothing up; its reason is said, the value is not (RC-01)', async () => {
  const keeper = person();
  await recover(keeper.email);
  const mail = lastMail(stack, keeper.email, 'recover');
  for (const [wanted, reason] of [['too short', /too short/], ['passwordpassword', /easy to guess/]]) {
    const answer = await reset(keeper.email, mail.values.code, wanted);
    code(answer, 400, 'invalid_request');
    assert.equal(answer.json.fields[0].name, 'new_password');
    assert.match(answer.json.fields[0].reason, reason);
  }
  for (const wanted of [`${phrase()}\u0000x`, 'x'.repeat(1025)]) code(await reset(keeper.email, mail.values.code, wanted), 400, 'invalid_request');
  assert.equal((await reset(keeper.email, mail.values.code.replace(/(....)/, '$1 '), phrase())).status, 204);
});

test('two recoveries at once: one password holds', async () => {
  const keeper = person();
  await recover(keeper.email);
  const mail = lastMail(stack, keeper.email, 'recover');
  const wanted = [phrase(), phrase(), phrase(), phrase()];
  const answers = await Promise.all(wanted.map((each, i) => reset(keeper.email, i % 2 ? codeOf(mail) : mail.values.code, each)));
  const done = wanted.filter((_, i) => answers[i].status === 204);
  assert.equal(done.length, 1, answers.map(({ status }) => status).join());
  for (const { status } of answers) assert.ok([204, 410].includes(status), `${status}`);
  await stack.signIn({ ...keeper, password: done[0] });
});

test('who was locked out by guesses gets in by recovery (TH-01, TH-02)', async () => {
  const keeper = person();
  for (let n = 0; n < 5; n++) await stack.client.post(`${api}/sessions`, { json: { identifier: keeper.identifier, password: 'a wrong password', transport: 'handle' } });
  await assert.rejects(stack.signIn(keeper), /too_many_attempts/);
  await recover(keeper.email);
  const wanted = phrase();
  assert.equal((await reset(keeper.email, lastMail(stack, keeper.email, 'recover').values.code, wanted)).status, 204);
  await stack.signIn({ ...keeper, password: wanted });
});

test('PW-22: an administrator sends the link, by command, API and page, and sees nothing of it', async () => {
  const keeper = person();
  const said = stack.must(['user', 'recover', keeper.identifier, '--reason', 'asked on the phone']).stdout;
  assert.match(said, /mail to choose a new password is queued/);
  const admin = await stack.signIn(stack.users.admin);
  const [{ id }] = stack.sql(`SELECT HEX(id) AS id FROM user WHERE username = '${keeper.identifier}'`);
  const path = `/admin/users/${Buffer.from(id, 'hex').toString('base64url')}`;
  const sent = await stack.withHandle(admin.session_handle, 'POST', `${path}/recover`, { json: { reason: 'by mail' } });
  assert.equal(sent.status, 202, sent.body);
  const browser = stack.visitor();
  await browser.signIn(stack.users.admin);
  const page = await browser.get(path);
  assert.match(page.body, /value="recover"/);
  const pressed = await browser.post(path, { csrf_token: tokenOf(page), act: 'recover' });
  assert.equal(pressed.status, 303, pressed.body);
  const all = mailsTo(stack, keeper.email).filter(({ kind }) => kind === 'recover');
  assert.equal(all.length, 3);
  for (const mail of all) {
    assert.equal(mail.values.code, '', 'a code could be typed nowhere');
    for (const text of [said, sent.body, page.body, pressed.body]) assert.ok(!text.includes(codeOf(mail)));
  }
  const good = await Promise.all(all.map((mail) => stack.visitor().get(pathOf(stack, mail))));
  assert.deepEqual(good.map(({ status }) => status).sort(), [303, 410, 410], 'the newest alone');
  const bob = await stack.signIn(stack.users.bob);
  code(await stack.withHandle(bob.session_handle, 'POST', `${path}/recover`, { json: {} }), 403, 'forbidden');
  stack.must(['user', 'lock', keeper.identifier]);
  code(await stack.withHandle(admin.session_handle, 'POST', `${path}/recover`, { json: {} }), 409, 'conflict');
  assert.throws(() => stack.must(['user', 'recover', keeper.identifier]), /the account is locked/);
});

test('by pages: the code where it was asked for (RC-02, RC-05, CS)', async () => {
  const keeper = person();
  const browser = stack.visitor();
  const login = await browser.get('/login');
  assert.match(login.body, /href="\/auth\/recover"/);
  const bad = await browser.post('/recover', { csrf_token: await browser.token('/recover'), email: 'nowhere' });
  assert.equal(bad.status, 400);
  assert.match(bad.body, /does not look like an e-mail address/);
  const asked = await browser.post('/recover', { csrf_token: await browser.token('/recover'), email: keeper.email });
  assert.equal(asked.status, 200, asked.body);
  const mail = lastMail(stack, keeper.email, 'recover');
  const other = stack.visitor();
  const form = (visitor, page, more) => visitor.post('/reset', { csrf_token: tokenOf(page), email: keeper.email, code: mail.values.code, new_password: phrase(), ...more });
  const elsewhere = await form(other, await other.get('/reset'), {});
  assert.equal(elsewhere.status, 401);
  assert.match(elsewhere.body, /was sent for another browser/);
  const weak = await form(browser, asked, { new_password: 'short' });
  assert.equal(weak.status, 400);
  assert.match(weak.body, /too short/);
  assert.match(weak.body, new RegExp(`value="${keeper.email}"`), 'the address is kept');
  const wanted = phrase();
  const done = await form(browser, weak, { new_password: wanted });
  assert.equal(done.status, 303, done.body);
  assert.equal(done.headers.location, `${stack.base}/login?done=recovered`);
  assert.ok(!browser.jar.cookies.has('__Host-gatepost'), 'nobody is signed in');
  assert.match((await browser.get('/login?done=recovered')).body, /Your password is changed\. Please sign in\./);
  assert.equal((await browser.signIn({ ...keeper, password: wanted })).status, 303);
  const again = await form(browser, await browser.get('/reset'), {});
  assert.equal(again.status, 410);
});

test('by the link, anywhere: scanners use nothing up, and no address has it for long (RC-03)', async () => {
  const keeper = person();
  await recover(keeper.email);
  const mail = lastMail(stack, keeper.email, 'recover');
  for (let n = 0; n < 3; n++) {
    const scanner = stack.visitor();
    const opened = await scanner.get(pathOf(stack, mail));
    assert.equal(opened.status, 303);
    assert.ok(!opened.headers.location.includes(codeOf(mail)));
    assert.equal((await scanner.get(opened.headers.location.slice(stack.base.length))).status, 200);
  }
  assert.equal((await stack.client.request('HEAD', `/auth${pathOf(stack, mail)}`)).status, 303);
  const browser = stack.visitor();
  const opened = await browser.get(pathOf(stack, mail));
  const place = opened.headers.location.slice(stack.base.length);
  const ticket = new URL(opened.headers.location).searchParams.get('ticket');
  const thief = stack.visitor();
  assert.equal((await thief.get(place)).status, 410, 'a ticket is bound to its browser');
  const page = await browser.get(place);
  const stale = await browser.post('/reset', { csrf_token: 'x', ticket, new_password: phrase() });
  assert.equal(stale.status, 403);
  const wanted = phrase();
  const done = await browser.post('/reset', { csrf_token: tokenOf(page), ticket, new_password: wanted });
  assert.equal(done.status, 303, done.body);
  assert.equal((await browser.post('/reset', { csrf_token: await browser.token('/login'), ticket, new_password: phrase() })).status, 410);
  const used = await stack.visitor().get(pathOf(stack, mail));
  assert.equal(used.status, 410);
  assert.match(used.body, /This link does nothing any more/);
  assert.match(used.body, /href="\/auth\/recover"/);
  await stack.signIn({ ...keeper, password: wanted });
});

test('pages in another language, which their links and forms keep', async () => {
  const browser = stack.visitor();
  const page = await browser.get('/recover?ui_locales=pl');
  assert.match(page.body, /<html lang="pl"/);
  assert.match(page.body, /Nie pamiętasz hasła\?/);
  assert.match(page.body, /action="\/auth\/recover\?ui_locales=pl"/);
  await browser.post('/recover?ui_locales=pl', { csrf_token: tokenOf(page), email: stack.users.bob.email ?? 'bob@example.org' });
  assert.equal(lastMail(stack, 'bob@example.org', 'recover').language, 'pl');
});

test('nothing of it is in a log: code, link, ticket, password, typed address of nobody (LG-02)', async () => {
  const keeper = person();
  await recover('nobody-typed-this@example.org');
  await recover(keeper.email);
  const mail = lastMail(stack, keeper.email, 'recover');
  const wanted = phrase();
  const browser = stack.visitor();
  const opened = await browser.get(pathOf(stack, mail));
  const ticket = new URL(opened.headers.location).searchParams.get('ticket');
  await browser.get(opened.headers.location.slice(stack.base.length));
  await reset(keeper.email, wrong(mail.values.code), wanted);
  assert.equal((await reset(keeper.email, mail.values.code, wanted)).status, 204);
  const output = stack.workerOutput();
  const notice = lastMail(stack, keeper.email, 'recovered');
  for (const secret of [mail.values.code, codeOf(mail), codeOf(notice), ticket, wanted, 'nobody-typed-this', keeper.email]) {
    assert.ok(!output.includes(secret), secret);
  }
  const events = stack.workerLog().map(({ event }) => event);
  for (const event of ['authn_recovery_asked', 'authn_recovery_fail', 'authn_password_recovered']) assert.ok(events.includes(event), event);
});
