// gatepost invite: an administrator's mail, an account with roles for whoever opens its link, also while registration is off.
import { test, before, after, beforeEach } from 'node:test';
import assert from 'node:assert/strict';
import { startStack } from '../support/harness.mjs';
import { tokenOf } from '../support/client.mjs';
import { codeOf, lastMail, mails, pathOf } from '../support/outbox.mjs';

let stack;
const secret = 'a quiet mill by the river';
before(async () => {
  stack = await startStack();
});
after(() => stack?.stop());
beforeEach(() => stack.sql("DELETE FROM throttle; DELETE FROM outbox; DELETE FROM mail_code; DELETE FROM user WHERE email LIKE 'new%'"));

let count = 0;
const fresh = () => `new${++count}@example.org`;
const below = (answer) => answer.headers.location.slice(stack.base.length);
const valueOf = (page, name) => /value="([^"]*)"/.exec(new RegExp(`<input[^>]* name="${name}"[^>]*>`).exec(page.body)?.[0] ?? '')?.[1];
const invite = (email, ...more) => JSON.parse(stack.must(['invite', email, ...more, '--json']).stdout);
const refused = (args, pattern, code = 1) => {
  const run = stack.ctl(args);
  assert.equal(run.code, code, run.stdout + run.stderr);
  assert.match(run.stderr, pattern);
  assert.equal(run.stderr.trim().split('\n').length, 1, 'one line');
};
const open = async (mail, visitor = stack.visitor()) => ({ visitor, page: await visitor.get(below(await visitor.get(pathOf(stack, mail)))) });
const accept = ({ visitor, page }, fields) => visitor.post('/invite', {
  csrf_token: tokenOf(page), ticket: valueOf(page, 'ticket'), email: valueOf(page, 'email'), username: valueOf(page, 'username'), display_name: valueOf(page, 'display_name'), new_password: secret, ...fields,
});

test('from the command to a signed-in administrator, with names that were suggested and changed', async () => {
  const email = fresh();
  const said = invite(email.toUpperCase(), '--role', 'admin', '--username', 'new-boss', '--display-name', 'The Boss', '--language', 'pl');
  assert.equal(said.email, email);
  const days = (Date.parse(said.expires_at) - Date.now()) / 86400e3;
  assert.ok(days > 6.9 && days <= 7, `${days}`);
  const mail = lastMail(stack, email, 'invite');
  assert.deepEqual([mail.language, mail.values.days, mail.values.hours, mail.values.display_name, mail.values.code], ['pl', '7', '', 'The Boss', undefined]);
  for (let i = 0; i < 20; i++) {
    assert.equal((await stack.client.get(`/auth${pathOf(stack, mail)}`)).status, 303);
    assert.equal((await stack.client.request('HEAD', `/auth${pathOf(stack, mail)}`)).status, 303);
  }
  const here = await open(mail);
  assert.match(here.page.body, /<h1>You are invited<\/h1>/);
  assert.deepEqual([valueOf(here.page, 'username'), valueOf(here.page, 'display_name')], ['new-boss', 'The Boss']);
  const taken = await accept(here, { username: 'alice' });
  assert.equal(taken.status, 409);
  const stale = await accept(here, { csrf_token: 'stale', username: 'new-head' });
  assert.equal(stale.status, 403);
  assert.equal(valueOf(stale, 'username'), 'new-head');
  const done = await accept(here, { username: 'new-head', display_name: 'Head' });
  assert.equal(done.status, 200, done.body);
  const { user } = await stack.signIn({ identifier: 'new-head', password: secret });
  assert.deepEqual([user.email, user.display_name, user.roles], [email, 'Head', ['admin']]);
  assert.equal(stack.sql(`SELECT language FROM user WHERE email = '${email}'`)[0].language, 'pl');
  const again = await here.visitor.get(pathOf(stack, mail));
  assert.equal(again.status, 410);
  assert.match(again.body, /used already, or is too old/);
  assert.doesNotMatch(again.body, /\/register/);
  assert.equal((await accept(here)).status, 410);
  assert.equal(stack.count(`audit_event a JOIN user u ON u.id = a.user_id WHERE u.email = '${email}' AND a.event IN ('user_registered', 'email_proven', 'authz_change')`), 3);
  assert.equal(stack.count("audit_event WHERE event = 'user_invited' AND detail REGEXP '^[0-9a-f]{16}$'"), 1);
});

test('an app accepts it by API; the pages of registration do not', async () => {
  const email = fresh();
  invite(email);
  const mail = lastMail(stack, email);
  const elsewhere = await stack.client.get(`/auth/verify?code=${codeOf(mail)}`);
  assert.equal(elsewhere.status, 400);
  const answer = await stack.client.post('/auth/api/v1/email/verify', { json: { email, code: codeOf(mail), new_password: secret, username: 'new-app' } });
  assert.equal(answer.status, 200, answer.body);
  assert.equal(answer.json.user.username, 'new-app');
});

test('without a link, with a wrong one, a replaced one and a withdrawn one: a calm page', async () => {
  const email = fresh();
  const visitor = stack.visitor();
  invite(email);
  const first = lastMail(stack, email);
  assert.equal((await visitor.get(pathOf(stack, first))).status, 303);
  invite(email);
  const second = mails(stack).find(({ id }) => id !== first.id);
  for (const place of ['/invite', '/invite?code=short', `/invite?code=${'A'.repeat(22)}`, '/invite?ticket=x', pathOf(stack, first)]) {
    const page = await visitor.get(place);
    assert.equal(page.status, 400, place);
    assert.match(page.body, /Ask whoever invited you for a new one/);
  }
  const here = await open(second, visitor);
  assert.equal(stack.must(['invitation', 'withdraw', email]).stdout, 'withdrawn\n');
  assert.equal((await accept(here)).status, 400);
  assert.equal(stack.count(`user WHERE email = '${email}'`), 0);
  refused(['invitation', 'withdraw', email], /no invitation/);
});

test('what is refused: taken addresses and names, unknown roles, what is no address, a language that cannot be one', () => {
  refused(['invite', 'alice@example.org'], /already/);
  refused(['invite', fresh(), '--username', 'ALICE'], /already/);
  refused(['invite', fresh(), '--role', 'nobody'], /no such role/);
  refused(['invite', 'alice'], /not an address/);
  refused(['invite', 'a@example.org\nBcc: b@example.org'], /not an address/);
  refused(['invite', fresh(), '--display-name', 'a\u202eb'], /display name/);
  refused(['invite', fresh(), '--language', 'p l'], /--language/, 2);
  refused(['invite'], /whom/, 2);
  refused(['invitation', 'withdraw', 'alice'], /not an address/);
  assert.equal(mails(stack).length, 0);
  assert.match(stack.must(['invite', fresh()]).stdout, /^invited new\d+@example\.org, until \d{4}-.*Z\n$/);
});
