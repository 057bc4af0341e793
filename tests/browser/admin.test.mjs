// The pages of administration: used with and without JavaScript, looked at in every view.
import { before, after } from 'node:test';
import assert from 'node:assert/strict';
import { startStack } from '../support/harness.mjs';
import { accessibility, scene, startBrowser } from '../support/browser.mjs';

let stack;
let browser;
before(async () => {
  stack = await startStack();
  for (const role of ['editor', 'author']) stack.must(['role', 'add', role]);
  stack.must(['permission', 'add', 'editor', 'posts:edit']);
  stack.must(['role', 'add', 'owner', '--elevated']);
  stack.must(['tenant', 'add', 'acme', '--title', 'Acme & Söhne Handelsgesellschaft']);
  stack.must(['member', 'add', 'bob', '--tenant', 'acme', '--role', 'owner']);
  browser = await startBrowser();
});
after(async () => {
  await browser?.close();
  await stack?.stop();
});
const tools = () => ({ stack, browser });
const HOUR = 3600e6;
const field = (visitor, label) => visitor.page.getByLabel(label, { exact: true });
const notice = (visitor) => visitor.page.getByRole('status').innerText();

async function look(visitor, name) {
  const { page } = visitor;
  for (const scheme of ['light', 'dark']) {
    for (const width of [320, 360, 768, 1280]) {
      const view = `${name} ${scheme} ${width}`;
      await page.setViewportSize({ width, height: 780 });
      await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth), `${view} scrolls sideways`);
      assert.ok(await page.evaluate(() => [...document.querySelectorAll('main button, main .button, main .input, main .device-name[href]')]
        .every((element) => element.getBoundingClientRect().height >= 24)), `${view}: targets under 24 px`);
      if (width === 320) continue;
      assert.deepEqual(await accessibility(page), [], view);
      await visitor.shot(`${name}-${width}-${scheme}`);
    }
  }
  await page.setViewportSize({ width: 1280, height: 800 });
}

async function administrator(visit, options) {
  const visitor = await visit(options);
  await visitor.open('/login');
  await visitor.signIn(stack.users.admin);
  return visitor;
}

for (const javaScript of [true, false]) {
  const way = javaScript ? 'with JavaScript' : 'without JavaScript';

  scene(tools, `finding somebody, giving a role, locking, signing out, ${way}`, async ({ visit }) => {
    stack.sql('DELETE FROM session; UPDATE user SET state = 1');
    const visitor = await administrator(visit, { javaScript });
    const { session_handle: bob } = await stack.signIn(stack.users.bob, { device_name: 'Pixel 9' });
    await visitor.follow('Users');
    assert.equal(await visitor.heading(), 'Users');
    await field(visitor, 'Beginning of the user name or e-mail address').fill('BOB');
    await visitor.press('Search');
    assert.doesNotMatch(await visitor.page.getByRole('table').innerText(), /alice/);
    await visitor.follow('bob Example');
    assert.equal(await visitor.heading(), 'bob Example');
    await field(visitor, 'Give a role').selectOption('editor');
    await field(visitor, 'Where').selectOption('Everywhere');
    await visitor.press('Give');
    assert.equal(await notice(visitor), 'The role is given.');
    assert.deepEqual((await stack.withHandle(bob, 'GET', '/session')).json.user.permissions, ['posts:edit']);
    await visitor.press('Remove editor');
    assert.equal(await notice(visitor), 'The role is taken away.');
    await visitor.press('Sign out Pixel 9');
    assert.equal(await notice(visitor), 'That device is signed out.');
    assert.equal((await stack.withHandle(bob, 'GET', '/session')).status, 401);
    await field(visitor, 'Reason, for the record (optional)').fill('left the company');
    await visitor.press('Lock the account');
    assert.match(await notice(visitor), /^The account is locked/);
    assert.equal(stack.count("user WHERE username = 'bob' AND state = 2"), 1);
    await visitor.press('Unlock the account');
    assert.equal(await notice(visitor), 'The account is unlocked.');
    await visitor.follow('All users');
    assert.equal(visitor.path(), '/auth/admin/users');
  });

  scene(tools, `a stale sign-in is asked for the password and comes back, ${way}`, async ({ visit }) => {
    stack.sql('DELETE FROM session');
    const visitor = await administrator(visit, { javaScript });
    stack.sql(`UPDATE session SET auth_time = auth_time - ${HOUR}`);
    await visitor.open('/admin/users?q=bob');
    assert.equal(await visitor.heading(), 'Confirm that it is you');
    await field(visitor, 'Password').fill(stack.users.admin.password);
    await visitor.press('Confirm');
    assert.equal(visitor.path(), '/auth/admin/users?q=bob');
    await visitor.follow('bob Example');
    stack.sql(`UPDATE session SET auth_time = auth_time - ${HOUR}`);
    assert.equal((await visitor.press('Lock the account')).status(), 401);
    assert.match(await visitor.text(), /was not done/);
    await visitor.follow('Confirm that it is you');
    await field(visitor, 'Password').fill(stack.users.admin.password);
    await visitor.press('Confirm');
    assert.equal(await visitor.heading(), 'bob Example');
    assert.equal(stack.count("user WHERE username = 'bob' AND state = 1"), 1);
  });
}

scene(tools, 'looked at: the list, nobody found, one user, a refusal, oneself', async ({ visit }) => {
  stack.sql("DELETE FROM session; UPDATE user SET state = 1; UPDATE user SET state = 2 WHERE username = 'alice'");
  stack.sql(`INSERT INTO user (id, username, email, display_name, state, grants, created_at, updated_at)
    SELECT RANDOM_BYTES(16), CONCAT('walker-', seq), CONCAT('somebody.with.a.long.address.', seq, '@department.example.org'), CONCAT('Wilhelmina van der Meer-Österreicher ', seq), 1, '', seq, 1 FROM seq_1_to_60`);
  stack.must(['role', 'grant', 'bob', 'editor']);
  stack.must(['role', 'grant', 'bob', 'author']);
  const visitor = await administrator(visit);
  for (const name of ['Pixel 9', 'Kitchen tablet']) await stack.signIn(stack.users.bob, { device_name: name });
  await visitor.open('/admin/users');
  await look(visitor, 'admin-users');
  await visitor.follow('Show more');
  await visitor.open('/admin/users?q=nobody-here');
  assert.match(await visitor.text(), /Nobody’s name begins so/);
  await look(visitor, 'admin-nobody');
  await visitor.open('/admin/users?q=bob');
  await visitor.follow('bob Example');
  await look(visitor, 'admin-user');
  await field(visitor, 'Give a role').selectOption('owner');
  assert.equal((await visitor.press('Give')).status(), 403);
  assert.match(await visitor.page.getByRole('alert').innerText(), /above your own/);
  await look(visitor, 'admin-refused');
  await visitor.open('/admin/users?q=alice');
  await visitor.follow('alice Example');
  await look(visitor, 'admin-locked');
  await visitor.open('/admin/users?q=admin');
  await visitor.follow('admin Example');
  await look(visitor, 'admin-self');
});
