// CONTRACT §3: people sign in, look where they are signed in, and sign out; with JavaScript and without.
import { before, after } from 'node:test';
import assert from 'node:assert/strict';
import { startStack } from '../support/harness.mjs';
import { foreignSite, scene, startBrowser } from '../support/browser.mjs';

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

const SESSION = '__Host-gatepost';
const ENDED = 'Your session has ended. Please sign in again.';
const rows = (visitor) => visitor.page.locator('tbody').getByRole('row');

for (const javaScript of [true, false]) {
  const way = javaScript ? 'with JavaScript' : 'without JavaScript';

  scene(tools, `sign in, account, devices, ${way}`, async ({ visit }) => {
    stack.sql('DELETE FROM session');
    const visitor = await visit({ javaScript });
    await visitor.open('/account');
    assert.ok(visitor.path().startsWith('/auth/login'));
    assert.equal(await visitor.heading(), 'Sign in');
    assert.ok(!(await visitor.text()).includes(ENDED), 'nobody was here before');

    const answer = await visitor.signIn(stack.users.alice);
    assert.equal(answer.status(), 200);
    assert.equal(visitor.path(), '/auth/account');
    assert.equal(await visitor.heading(), 'Your account');
    assert.match(await visitor.text(), /alice Example[\s\S]*alice@example\.org/);
    assert.equal(await visitor.page.locator('nav [aria-current="page"]').innerText(), 'Account');

    await visitor.follow('Devices');
    assert.equal(visitor.path(), '/auth/account/sessions');
    assert.equal(await visitor.heading(), 'Where you are signed in');
    assert.equal(await visitor.page.locator('nav [aria-current="page"]').innerText(), 'Devices');
    assert.equal(await rows(visitor).count(), 1);
    assert.match(await rows(visitor).innerText(), /This device/);
    const time = await rows(visitor).locator('time').first().getAttribute('datetime');
    assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  });

  scene(tools, `SE-16, SE-19: one device signs out another, which is out at its next click, ${way}`, async ({ visit }) => {
    stack.sql('DELETE FROM session');
    const first = await visit({ javaScript });
    const second = await visit({ javaScript });
    for (const visitor of [first, second]) {
      await visitor.open('/login');
      await visitor.signIn(stack.users.alice);
    }
    await first.follow('Devices');
    assert.equal(await rows(first).count(), 2);
    assert.equal(await first.page.getByText('This device', { exact: true }).count(), 1);

    const others = first.page.getByRole('button', { name: /^Sign out (?!everywhere|this device)/ });
    assert.equal(await others.count(), 1, 'no such button for the device itself');
    await first.go(() => others.click());
    assert.equal(await first.page.getByRole('status').innerText(), 'That device is signed out.');
    assert.equal(await rows(first).count(), 1);

    await second.follow('Devices');
    assert.ok(second.path().startsWith('/auth/login'));
    assert.equal(await second.heading(), 'Sign in');
    assert.equal(await second.page.getByRole('status').innerText(), ENDED);
    await second.signIn(stack.users.alice);
    assert.equal(second.path(), '/auth/account/sessions', 'and then to where one was');
    assert.equal(await rows(second).count(), 2);
  });

  scene(tools, `SE-19: everywhere else, then everywhere, ${way}`, async ({ visit }) => {
    stack.sql('DELETE FROM session');
    const first = await visit({ javaScript });
    const second = await visit({ javaScript });
    for (const visitor of [first, second]) {
      await visitor.open('/login');
      await visitor.signIn(stack.users.bob);
    }
    await first.open('/account/sessions');
    await first.press('Sign out everywhere else');
    assert.equal(await first.page.getByRole('status').innerText(), 'All other devices are signed out.');
    assert.equal(await first.page.getByRole('button', { name: 'Sign out everywhere else' }).count(), 0, 'nobody else is left');
    await second.follow('Account');
    assert.equal(await second.page.getByRole('status').innerText(), ENDED);

    await second.signIn(stack.users.bob);
    await first.press('Sign out everywhere');
    assert.equal(await first.heading(), 'You are signed out');
    await second.follow('Account');
    assert.equal(await second.page.getByRole('status').innerText(), ENDED);
    assert.equal(stack.count('session'), 0);
  });

  scene(tools, `a live session at the sign-in page: who, Continue, somebody else, ${way}`, async ({ visit }) => {
    const visitor = await visit({ javaScript });
    await visitor.open('/login');
    await visitor.signIn(stack.users.alice);
    const answer = await visitor.open('/login');
    assert.equal(answer.status(), 200);
    assert.equal(visitor.path(), '/auth/login', 'never a redirect by itself');
    assert.match(await visitor.text(), /alice Example/);
    assert.equal(await visitor.page.getByLabel('Password', { exact: true }).count(), 0);
    await visitor.follow('Continue');
    assert.equal(visitor.path(), '/auth/account');

    await visitor.open('/login');
    await visitor.follow('Sign in as somebody else');
    assert.match(await visitor.text(), /signed in as alice Example/);
    await visitor.signIn(stack.users.bob);
    assert.match(await visitor.text(), /bob Example/);
    assert.doesNotMatch(await visitor.text(), /alice/);
  });

  scene(tools, `TH-09: a wrong password: the same words, the name kept, the password not, ${way}`, async ({ visit }) => {
    const said = [];
    for (const identifier of ['bob', 'nobody.of.this.name']) {
      const visitor = await visit({ javaScript });
      await visitor.open('/login');
      await visitor.page.getByRole('checkbox').check();
      const answer = await visitor.signIn({ identifier, password: 'surely not the right one' });
      assert.equal(answer.status(), 401);
      assert.match(await visitor.page.title(), /^Error: /);
      said.push(await visitor.page.getByRole('alert').innerText());
      assert.equal(await visitor.page.getByRole('textbox', { name: 'User name or e-mail address' }).inputValue(), identifier);
      assert.equal(await visitor.page.getByLabel('Password', { exact: true }).inputValue(), '');
      assert.ok(await visitor.page.getByRole('checkbox').isChecked());
      assert.ok(!(await visitor.page.content()).includes('surely not'));
      assert.equal(await visitor.cookie(SESSION), undefined);
    }
    assert.ok(said[0].length > 10);
    assert.equal(said[0], said[1]);
  });

  scene(tools, `signing out asks, acts, and the way back shows nothing (HD-06), ${way}`, async ({ visit }) => {
    const visitor = await visit({ javaScript });
    await visitor.open('/login');
    await visitor.signIn(stack.users.alice);
    await visitor.follow('Sign out');
    assert.equal(await visitor.heading(), 'Sign out?');
    assert.match(await visitor.text(), /alice Example/);
    await visitor.follow('Stay signed in');
    assert.equal(await visitor.heading(), 'Your account');

    await visitor.follow('Sign out');
    await visitor.press('Sign out');
    assert.equal(await visitor.heading(), 'You are signed out');
    assert.equal(await visitor.cookie(SESSION), undefined);
    await visitor.page.goBack();
    assert.doesNotMatch(await visitor.text(), /alice/);
    await visitor.open('/account');
    assert.equal(await visitor.heading(), 'Sign in');
    assert.ok(!(await visitor.text()).includes(ENDED), 'who signs out knows it');
  });

  scene(tools, `IN-20: return_to comes through a mistake, a foreign one leads nowhere, ${way}`, async ({ visit }) => {
    const visitor = await visit({ javaScript });
    await visitor.open('/login?return_to=/auth/account/sessions');
    await visitor.signIn({ identifier: 'bob', password: 'surely not the right one' });
    await visitor.signIn(stack.users.bob);
    assert.equal(visitor.path(), '/auth/account/sessions');

    const other = await visit({ javaScript });
    await other.open('/login?return_to=//evil.test/');
    await other.signIn(stack.users.bob);
    assert.equal(other.path(), '/auth/account');
  });

  scene(tools, `CO-02, CO-06: the cookie lasts only when asked and no script sees it, ${way}`, async ({ visit }) => {
    for (const remember of [false, true]) {
      const visitor = await visit({ javaScript });
      await visitor.open('/login');
      if (remember) await visitor.page.getByRole('checkbox').check();
      await visitor.signIn(stack.users.alice);
      const cookie = await visitor.cookie(SESSION);
      assert.equal(cookie.expires > 0, remember);
      assert.ok(cookie.httpOnly && cookie.secure && cookie.path === '/' && cookie.sameSite === 'Lax');
      assert.equal(await visitor.page.evaluate(() => document.cookie), '');
      assert.ok(!(await visitor.page.content()).includes(cookie.value), 'SE-07');
      assert.deepEqual(await visitor.page.evaluate(() => [localStorage.length, sessionStorage.length]), [0, 0]);
    }
  });

  scene(tools, `keyboard only: every stop is seen, sign in, sign out, ${way}`, async ({ visit }) => {
    const visitor = await visit({ javaScript });
    const { page } = visitor;
    const focused = () => page.evaluate(() => {
      const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement);
      return { name: document.activeElement.textContent.trim(), seen: outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2 };
    });
    const tabTo = async (target) => {
      for (let stops = 0; stops < 20; stops++) {
        await page.keyboard.press('Tab');
        const { name, seen } = await focused();
        assert.ok(seen, `focus is visible at "${name}"`);
        if (await target.evaluate((element) => element === document.activeElement)) return;
      }
      assert.fail('the keyboard does not get there');
    };
    await visitor.open('/login');
    await page.keyboard.press('Tab');
    assert.equal((await focused()).name, 'Skip to the content');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    assert.equal(await page.evaluate(() => document.activeElement.id), 'identifier', 'the skip link leads into the form');
    await page.keyboard.type(stack.users.alice.identifier);
    await tabTo(page.locator('#password'));
    await page.keyboard.type(stack.users.alice.password);
    await visitor.go(() => page.keyboard.press('Enter'));
    assert.equal(await visitor.heading(), 'Your account');

    await tabTo(page.getByRole('link', { name: 'Sign out', exact: true }));
    await visitor.go(() => page.keyboard.press('Enter'));
    await tabTo(page.getByRole('button', { name: 'Sign out', exact: true }));
    await visitor.go(() => page.keyboard.press('Space'));
    assert.equal(await visitor.heading(), 'You are signed out');
  });
}

scene(tools, 'PW-15: the password can be shown and pasted; without JavaScript there is no such button', async ({ visit }) => {
  const visitor = await visit();
  const { page } = visitor;
  await visitor.open('/login');
  const field = page.locator('#password');
  const button = page.getByRole('button', { name: 'Show password' });
  assert.equal(await button.getAttribute('aria-pressed'), 'false');
  assert.equal(await field.getAttribute('type'), 'password');
  await field.fill('what I typed');
  await button.click();
  assert.equal(await button.getAttribute('aria-pressed'), 'true');
  assert.equal(await field.getAttribute('type'), 'text');
  assert.equal(await field.inputValue(), 'what I typed');
  await button.press('Enter');
  assert.equal(await button.getAttribute('aria-pressed'), 'false');
  assert.equal(await field.getAttribute('type'), 'password');
  assert.equal(await field.getAttribute('autocomplete'), 'current-password');
  const stopped = await field.evaluate((element) => {
    const paste = new ClipboardEvent('paste', { bubbles: true, cancelable: true });
    element.dispatchEvent(paste);
    return paste.defaultPrevented;
  });
  assert.equal(stopped, false);

  await button.click();
  await page.locator('form').first().evaluate((form) => form.addEventListener('submit', (event) => event.preventDefault()));
  await page.locator('#identifier').fill('x');
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  assert.equal(await field.getAttribute('type'), 'password', 'sent as a password, never as ordinary text');

  const plain = await visit({ javaScript: false });
  await plain.open('/login');
  assert.equal(await plain.page.getByRole('button', { name: 'Show password' }).count(), 0);
  assert.equal(await plain.page.locator('#password').getAttribute('type'), 'password');
});

scene(tools, 'CS-03, CS-04: a form on another site signs nobody in and nobody out', async ({ visit }) => {
  const { identifier, password } = stack.users.bob;
  const form = (path, fields) => `<form method="post" action="${stack.base}${path}">${Object.entries(fields)
    .map(([name, value]) => `<input type="hidden" name="${name}" value="${value}">`).join('')}<button>Send ${path}</button></form>`;
  const site = await foreignSite(form('/login', { identifier, password }) + form('/logout', {}) + form('/account/sessions', { scope: 'all' }));
  try {
    const visitor = await visit({ foreign: [site.origin] });
    await visitor.page.goto(site.origin);
    const answer = await visitor.press('Send /login');
    assert.equal(answer.status(), 403);
    assert.equal(await visitor.cookie(SESSION), undefined);

    await visitor.open('/login');
    await visitor.signIn(stack.users.alice);
    for (const path of ['/logout', '/account/sessions', '/login']) {
      await visitor.page.goto(site.origin);
      await visitor.press(`Send ${path}`);
      const account = await visitor.open('/account');
      assert.equal(account.status(), 200);
      assert.match(await visitor.text(), /alice Example/, `${path} from elsewhere changes nothing`);
    }
  } finally {
    await site.close();
  }
});
