// The step-up and password pages: used with and without JavaScript, looked at in every view.
import { before, after } from 'node:test';
import assert from 'node:assert/strict';
import { startStack } from '../support/harness.mjs';
import { accessibility, scene, startBrowser } from '../support/browser.mjs';

let stack;
let browser;
before(async () => {
  stack = await startStack();
  browser = await startBrowser();
});
after(async () => {
  await browser?.close();
  await stack?.stop();
});
const tools = () => ({ stack, browser });
const HOUR = 3600e6;
const field = (visitor, label) => visitor.page.getByLabel(label, { exact: true });

async function look(visitor, name) {
  const { page } = visitor;
  for (const scheme of ['light', 'dark']) {
    for (const width of [320, 360, 1280]) {
      const view = `${name} ${scheme} ${width}`;
      await page.setViewportSize({ width, height: 780 });
      await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth), `${view} scrolls sideways`);
      assert.ok(await page.evaluate(() => [...document.querySelectorAll('main a, main button, main .input')]
        .every((element) => element.getBoundingClientRect().height >= 44)), `${view}: targets under 44 px`);
      if (width === 320) continue;
      assert.deepEqual(await accessibility(page), [], view);
      await visitor.shot(`${name}-${width}-${scheme}`);
    }
  }
}

for (const javaScript of [true, false]) {
  const way = javaScript ? 'with JavaScript' : 'without JavaScript';

  scene(tools, `a stale sign-in: refused, confirmed, and on, ${way}`, async ({ visit }) => {
    stack.sql('DELETE FROM session');
    const visitor = await visit({ javaScript });
    await visitor.open('/login');
    await visitor.signIn(stack.users.alice);
    await stack.signIn(stack.users.alice);
    await visitor.open('/account/sessions');
    stack.sql(`UPDATE session SET auth_time = auth_time - ${HOUR}`);
    assert.equal((await visitor.press('Sign out everywhere else')).status(), 401);
    assert.match(await visitor.text(), /was not done/);
    await visitor.follow('Confirm that it is you');
    assert.equal(await visitor.heading(), 'Confirm that it is you');
    assert.match(await visitor.text(), /alice Example/);
    assert.equal(await field(visitor, 'Password').getAttribute('autocomplete'), 'current-password');
    await field(visitor, 'Password').fill('surely not the right one');
    assert.equal((await visitor.press('Confirm')).status(), 401);
    assert.ok(await visitor.page.getByRole('alert').isVisible());
    assert.equal(await field(visitor, 'Password').inputValue(), '');
    await field(visitor, 'Password').fill(stack.users.alice.password);
    await visitor.press('Confirm');
    assert.equal(visitor.path(), '/auth/account/sessions');
    await visitor.press('Sign out everywhere else');
    assert.equal(await visitor.page.getByRole('status').innerText(), 'All other devices are signed out.');
  });

  scene(tools, `PW-15: changing the password, ${way}`, async ({ visit }) => {
    const name = javaScript ? 'walker1' : 'walker2';
    const walker = { identifier: name, password: `a quiet mill for ${name}` };
    stack.must(['user', 'add', '--username', name, '--password-stdin'], { input: walker.password });
    const other = await visit({ javaScript });
    const visitor = await visit({ javaScript });
    for (const one of [other, visitor]) {
      await one.open('/login');
      await one.signIn(walker);
    }
    await visitor.follow('Change your password');
    assert.equal(await visitor.heading(), 'Change your password');
    assert.equal(await field(visitor, 'New password').getAttribute('autocomplete'), 'new-password');
    const fill = async (current, wanted) => {
      await field(visitor, 'Current password').fill(current);
      await field(visitor, 'New password').fill(wanted);
      return visitor.press('Change password');
    };
    assert.equal((await fill('not the current one', 'some other quiet mill')).status(), 401);
    assert.equal(await field(visitor, 'Current password').getAttribute('aria-invalid'), 'true');
    assert.equal((await fill(walker.password, 'passwordpassword')).status(), 400);
    assert.equal(await field(visitor, 'New password').getAttribute('aria-invalid'), 'true');
    assert.match(await visitor.page.locator('#new_password-error').innerText(), /easy to guess/);
    await fill(walker.password, 'some other quiet mill');
    assert.equal(await visitor.page.getByRole('status').innerText(), 'Your password is changed. All other devices are signed out.');
    await other.follow('Account');
    assert.equal(await other.heading(), 'Sign in');
  });

  scene(tools, `PW-12: who must change the password does it before anything else, ${way}`, async ({ visit }) => {
    const name = javaScript ? 'rower1' : 'rower2';
    const rower = { identifier: name, password: `a slow boat for ${name}` };
    stack.must(['user', 'add', '--username', name, '--password-stdin'], { input: rower.password });
    stack.sql(`UPDATE password SET must_change = 1 WHERE user_id = (SELECT id FROM user WHERE username = '${name}')`);
    const visitor = await visit({ javaScript });
    await visitor.open('/login');
    await visitor.signIn(rower);
    assert.equal(await visitor.heading(), 'Choose a new password');
    await visitor.open('/account');
    assert.equal(await visitor.heading(), 'Choose a new password');
    await field(visitor, 'Current password').fill(rower.password);
    await field(visitor, 'New password').fill('the next slow boat to go');
    await visitor.press('Change password');
    assert.equal(await visitor.heading(), 'Your account');
  });
}

scene(tools, 'the pages in every view', async ({ visit }) => {
  const visitor = await visit();
  await visitor.open('/login');
  await visitor.signIn(stack.users.bob);
  await visitor.open('/reauth');
  await look(visitor, 'reauth');
  await field(visitor, 'Password').fill('surely not the right one');
  await visitor.press('Confirm');
  await look(visitor, 'reauth-error');
  await visitor.open('/account/password');
  await look(visitor, 'password');
  await field(visitor, 'Current password').fill(stack.users.bob.password);
  await field(visitor, 'New password').fill('passwordpassword');
  await visitor.press('Change password');
  await look(visitor, 'password-error');
  stack.sql('UPDATE session SET held = 1');
  await visitor.open('/account');
  assert.equal(await visitor.heading(), 'Confirm that it is you');
  await look(visitor, 'reauth-held');
  stack.sql('UPDATE session SET held = 0, state = 4');
  await visitor.open('/account');
  await look(visitor, 'password-required');
});
