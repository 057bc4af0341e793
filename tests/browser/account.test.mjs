// The life of an account in Chromium, with mail that a real mail server got: register, prove, sign in, forget, recover, change the
// address, take it back, dispute a notice, close.
import { before, after } from 'node:test';
import assert from 'node:assert/strict';
import { programs, startStack } from '../support/harness.mjs';
import { accessibility, scene, startBrowser } from '../support/browser.mjs';
import { codeIn, linkIn, mailSettings, startSmtp } from '../support/smtp.mjs';
import { freePort, start } from '../support/stack.mjs';

let stack;
let browser;
let sink;
let mailer;
before(async () => {
  sink = await startSmtp({ port: await freePort() });
  stack = await startStack({ settings: {
    account: { registration: 'on' },
    mail: { ...mailSettings(sink), poll: '1s' },
    throttle: { mails: 1000, mails_day: 1000, source_mails: 1000, source_mails_day: 1000 },
  } });
  mailer = start(programs.mailer, ['--config', stack.config.file], { env: { ...process.env, GATEPOST_CONFIG: '' } });
  browser = await startBrowser();
});
after(async () => {
  await browser?.close();
  await mailer?.stop();
  await stack?.stop();
  await sink?.stop();
});
const tools = () => ({ stack, browser });
const password = 'a lantern on the far shore';
const other = 'seven quiet herons at dusk';

// What a person reads of it, as one line.
const wordsOf = (mail) => mail.text.replace(/\s+/g, ' ');
const mailTo = (address, subject) => sink.mailTo(address, { matching: (mail) => subject.test(mail.subject) });
const fill = async ({ page }, fields) => {
  for (const [label, value] of Object.entries(fields)) await page.getByLabel(label, { exact: true }).fill(value);
};
const open = (visitor, link) => visitor.page.goto(link);
// Every page that is met is looked at: by axe, and as a screenshot for people.
async function look(visitor, name) {
  assert.deepEqual(await accessibility(visitor.page), [], name);
  await visitor.shot(`account-${name}`);
}

async function register(visitor, address, name) {
  await visitor.open('/login');
  await visitor.follow('Create an account');
  await fill(visitor, { 'E-mail address': address });
  await visitor.press('Send the mail');
  const mail = await mailTo(address, /^Confirm your address/);
  await fill(visitor, { 'Code from the mail': codeIn(mail), 'User name (optional)': name, 'New password': password });
  await visitor.press('Create the account');
  assert.equal(await visitor.heading(), 'Your account is ready');
  await visitor.follow('Sign in');
  await visitor.signIn({ identifier: address, password });
  assert.equal(await visitor.heading(), 'Your account');
}

scene(tools, 'register by the code, sign in, forget, recover by the link; a scanner opened it before', async ({ visit }) => {
  const visitor = await visit();
  const { page } = visitor;
  const address = 'ada@example.org';
  await visitor.open('/login');
  await look(visitor, 'login');
  await visitor.follow('Create an account');
  await look(visitor, 'register');
  await fill(visitor, { 'E-mail address': address });
  await visitor.press('Send the mail');
  assert.doesNotMatch(visitor.path(), /ada|example|%40/, 'the address is in no address');
  await look(visitor, 'verify');
  const mail = await mailTo(address, /^Confirm your address/);
  assert.equal(mail.from.address, 'accounts@example.org');
  assert.match(wordsOf(mail), /Type this code where you were asked for it: \d{8}/);
  await fill(visitor, { 'Code from the mail': '00000000', 'New password': password });
  assert.equal((await visitor.press('Create the account')).status(), 401);
  await look(visitor, 'verify-wrong');
  await fill(visitor, { 'Code from the mail': codeIn(mail), 'User name (optional)': 'ada', 'Your name (optional)': 'Ada <b>L</b> & "Co"', 'New password': 'short' });
  assert.equal((await visitor.press('Create the account')).status(), 400, 'the password is refused, the code is good still');
  await fill(visitor, { 'Code from the mail': codeIn(mail), 'New password': password });
  await visitor.press('Create the account');
  assert.equal(await visitor.heading(), 'Your account is ready');
  await look(visitor, 'verify-done');
  await visitor.follow('Sign in');
  await visitor.signIn({ identifier: 'ada', password });
  assert.equal(await visitor.heading(), 'Your account');
  assert.match(await visitor.text(), /Ada <b>L<\/b> & "Co"/);
  await look(visitor, 'account');

  const late = await visit();
  await open(late, linkIn(mail));
  assert.equal(await late.heading(), 'This code or link cannot be used');
  await look(late, 'verify-over');

  const forgetful = await visit();
  await forgetful.open('/login');
  await forgetful.follow('Forgot your password?');
  await look(forgetful, 'recover');
  await fill(forgetful, { 'E-mail address': address });
  await forgetful.press('Send the mail');
  await look(forgetful, 'reset-code');
  const recovery = await mailTo(address, /^Choose a new password/);
  const scanner = await visit();
  for (let i = 0; i < 3; i++) await open(scanner, linkIn(recovery));
  assert.equal(await scanner.heading(), 'Choose a new password');
  assert.doesNotMatch(scanner.path(), /code=/, 'the link is exchanged before anything is shown');

  await open(forgetful, linkIn(recovery));
  await look(forgetful, 'reset-link');
  await fill(forgetful, { 'New password': other });
  await forgetful.press('Save the new password');
  assert.match(forgetful.path(), /^\/auth\/login/, 'nobody is signed in by it');
  await page.reload();
  assert.match(visitor.path(), /^\/auth\/login/, 'everybody else is out');
  await forgetful.signIn({ identifier: address, password });
  assert.match(await forgetful.text(), /That did not work/);
  await forgetful.signIn({ identifier: address, password: other });
  assert.equal(await forgetful.heading(), 'Your account');
  assert.match(wordsOf(await mailTo(address, /has a new password$/)), /A new password was set/);
});

scene(tools, 'change the address; the owner of the former one takes it back, whatever was done since', async ({ visit }) => {
  const visitor = await visit();
  await register(visitor, 'bea@example.org', 'bea');
  await visitor.follow('Change your e-mail address');
  await look(visitor, 'address');
  await fill(visitor, { 'New e-mail address': 'thief@example.org' });
  await visitor.press('Send a message there');
  await look(visitor, 'address-code');
  const proof = await mailTo('thief@example.org', /^Confirm your new address/);
  await fill(visitor, { 'Code from the message': codeIn(proof) });
  await visitor.press('Change the address');
  assert.match(await visitor.text(), /Your address is changed/);
  assert.match(wordsOf(await mailTo('thief@example.org', /^This is your address/)), /has this address from now on/);
  const told = await mailTo('bea@example.org', /^Your address .* was changed$/);
  assert.match(wordsOf(told), /The new address: thief@example\.org/);

  const owner = await visit();
  await open(owner, linkIn(told));
  assert.equal(await owner.heading(), 'Take your address back');
  await look(owner, 'restore');
  await owner.press('Take it back');
  assert.equal(await owner.heading(), 'Your address is yours again');
  await look(owner, 'restore-done');
  await visitor.page.reload();
  assert.match(visitor.path(), /^\/auth\/login/, 'the thief is out');
  const recovery = await mailTo('bea@example.org', /^Choose a new password/);
  await owner.follow('Type the code from the message');
  await fill(owner, { 'E-mail address': 'bea@example.org', 'Code from the mail': codeIn(recovery), 'New password': other });
  await owner.press('Save the new password');
  await visitor.signIn({ identifier: 'bea', password });
  assert.match(await visitor.text(), /That did not work/, 'what the thief knew opens nothing');
  await owner.signIn({ identifier: 'bea@example.org', password: other });
  assert.equal(await owner.heading(), 'Your account');
});

scene(tools, 'a new device is told of; "this wasn’t me" signs everybody out and asks for a new password', async ({ visit }) => {
  const visitor = await visit();
  await register(visitor, 'cyd@example.org', 'cyd');
  const stranger = await visit();
  await stranger.open('/login');
  await stranger.signIn({ identifier: 'cyd', password });
  const notice = await mailTo('cyd@example.org', /^New device/);
  assert.match(wordsOf(notice), /Chrome on Linux/);
  await open(visitor, linkIn(notice));
  assert.equal(await visitor.heading(), 'This wasn’t you?');
  await look(visitor, 'not-me');
  await visitor.press('It wasn’t me: secure my account');
  assert.equal(await visitor.heading(), 'Your account is secured');
  await look(visitor, 'not-me-done');
  await stranger.page.reload();
  assert.match(stranger.path(), /^\/auth\/login/);
  await stranger.signIn({ identifier: 'cyd', password });
  assert.match(await stranger.text(), /That did not work/);
  await open(stranger, linkIn(notice));
  assert.equal(await stranger.heading(), 'This link does nothing any more');
  await look(stranger, 'not-me-over');
  await open(visitor, linkIn(await mailTo('cyd@example.org', /^Choose a new password/)));
  await fill(visitor, { 'New password': other });
  await visitor.press('Save the new password');
  await visitor.signIn({ identifier: 'cyd', password: other });
  assert.equal(await visitor.heading(), 'Your account');
});

scene(tools, 'in Polish: pages and mail, chosen by the browser, then by the account; and close', async ({ visit }) => {
  const visitor = await visit({ locale: 'pl-PL' });
  const { page } = visitor;
  await visitor.open('/login');
  assert.equal(await page.locator('html').getAttribute('lang'), 'pl');
  await look(visitor, 'pl-login');
  await page.goto(`${stack.base}/register`);
  await look(visitor, 'pl-register');
  await page.locator('#email').fill('dora@example.org');
  await visitor.go(() => page.locator('button[type=submit]').click());
  await look(visitor, 'pl-verify');
  const mail = await sink.mailTo('dora@example.org');
  assert.match(mail.subject, /adres/);
  assert.match(mail.text, /minut/);
  await page.locator('#code').fill(codeIn(mail));
  await page.locator('#new_password').fill(password);
  await visitor.go(() => page.locator('button[type=submit]').click());
  await look(visitor, 'pl-verify-done');

  const english = await visit({ locale: 'en-GB' });
  await english.open('/login');
  await english.signIn({ identifier: 'dora@example.org', password });
  assert.equal(await english.page.locator('html').getAttribute('lang'), 'pl', 'the account remembers the language it was made in');
  await look(english, 'pl-account');
  await english.page.locator('#language').selectOption('en');
  await english.go(() => english.page.locator('form:has(#language) button[type=submit]').click());
  assert.equal(await english.heading(), 'Your account');
  await english.follow('Close your account');
  await look(english, 'close');
  await english.page.getByLabel('Yes, close my account.').check();
  await english.press('Close my account');
  assert.equal(await english.heading(), 'Your account is closed');
  await look(english, 'closed');
  assert.match(wordsOf(await mailTo('dora@example.org', /is closed$/)), /was closed/);
  await english.open('/login');
  await english.signIn({ identifier: 'dora@example.org', password });
  assert.match(await english.text(), /That did not work/);
});

scene(tools, 'without JavaScript nothing is missing: register and recover', async ({ visit }) => {
  const visitor = await visit({ javaScript: false });
  await register(visitor, 'eve@example.org', 'eve');
  const forgetful = await visit({ javaScript: false });
  await forgetful.open('/recover');
  await fill(forgetful, { 'E-mail address': 'eve@example.org' });
  await forgetful.press('Send the mail');
  const mail = await mailTo('eve@example.org', /^Choose a new password/);
  await fill(forgetful, { 'Code from the mail': codeIn(mail), 'New password': other });
  await forgetful.press('Save the new password');
  await forgetful.signIn({ identifier: 'eve', password: other });
  assert.equal(await forgetful.heading(), 'Your account');
});
