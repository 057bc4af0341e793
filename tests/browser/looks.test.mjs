// Every page at telephone and desktop width, light and dark: nothing for axe-core, no sideways scroll.
import { before, after } from 'node:test';
import assert from 'node:assert/strict';
import { startStack } from '../support/harness.mjs';
import { accessibility, foreignSite, scene, startBrowser } from '../support/browser.mjs';

const LONG = 'Wolfeschlegelsteinhausenbergerdorff-Anne-Marie';
const longName = { identifier: 'long', password: 'a long enough password' };
let stack;
let browser;
before(async () => {
  stack = await startStack();
  stack.must(['user', 'add', '--username', longName.identifier, '--email', `${LONG.toLowerCase()}@a.very.long.name.of.a.house.example.org`,
    '--display-name', `${LONG} ${LONG}`.slice(0, 100), '--role', 'admin', '--password-stdin'], { input: longName.password });
  browser = await startBrowser();
});
after(async () => {
  await browser?.close();
  await stack?.stop();
});
const tools = () => ({ stack, browser });

// What a person sees and touches, measured in the page.
const measure = (page) => page.evaluate(() => {
  const root = document.documentElement;
  const high = (element) => element.getBoundingClientRect().height;
  const controls = [...document.querySelectorAll('a, button, .input')]
    .filter((element) => !element.matches('.skip, p:not(.more) a') && high(element) > 0);
  return {
    sideways: root.scrollWidth - root.clientWidth,
    small: controls.filter((element) => high(element) < 44).map((element) => `${element.outerHTML.slice(0, 80)} ${high(element)}`),
    levels: [...document.querySelectorAll('h1, h2, h3, h4')].map(({ tagName }) => Number(tagName[1])),
  };
});

const views = ['light', 'dark'].flatMap((scheme) => [320, 360, 1280].map((width) => ({ scheme, width })));

// The page that the visitor is on, in every view.
async function look(visitor, name) {
  const { page } = visitor;
  for (const { scheme, width } of views) {
    const view = `${name} ${scheme} ${width}`;
    await page.setViewportSize({ width, height: 780 });
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
    const { sideways, small, levels } = await measure(page);
    assert.ok(sideways <= 0, `${view} scrolls sideways by ${sideways} px`);
    assert.deepEqual(small, [], `${view}: targets under 44 px`);
    assert.equal(levels[0], 1, `${view}: begins with its one h1`);
    assert.ok(levels.slice(1).every((level, i) => level > 1 && level <= levels[i] + 1), `${view}: headings in order: ${levels}`);
    if (width === 320) continue;
    assert.deepEqual(await accessibility(page), [], view);
    await visitor.shot(`${name}-${width}-${scheme}`);
  }
}

scene(tools, 'sign-in page: empty, with an error', async ({ visit }) => {
  const visitor = await visit();
  await visitor.open('/login');
  await look(visitor, 'login');
  await visitor.signIn({ identifier: `${LONG}@example.org`, password: 'surely not the right one' });
  assert.ok(await visitor.page.getByRole('alert').isVisible());
  await look(visitor, 'login-error');
});

scene(tools, 'sign-in page: signed in already, as somebody else, session ended', async ({ visit }) => {
  const visitor = await visit();
  await visitor.open('/login');
  await visitor.signIn(longName);
  await visitor.open('/login');
  await look(visitor, 'login-already');
  await visitor.follow('Sign in as somebody else');
  await look(visitor, 'login-switch');
  stack.sql('DELETE FROM session');
  await visitor.open('/account');
  assert.ok(await visitor.page.getByRole('status').isVisible());
  await look(visitor, 'login-ended');
});

scene(tools, 'account, sessions, signing out', async ({ visit }) => {
  const userAgent = `Mozilla/5.0 ${'Unbroken'.repeat(30)} (X11; Linux x86_64)`;
  for (const device_name of ['My telephone', `${LONG}${LONG}`, 'Ein sehr langer Name eines Geräts mit vielen Wörtern']) {
    await stack.signIn(longName, { device_name });
  }
  const other = await visit({ userAgent });
  await other.open('/login');
  await other.signIn(longName);
  const visitor = await visit();
  await visitor.open('/login');
  await visitor.signIn(longName);
  assert.equal(await visitor.heading(), 'Your account');
  await look(visitor, 'account');
  await visitor.open('/account/sessions');
  assert.equal(await visitor.page.locator('tbody').getByRole('row').count(), 5);
  await look(visitor, 'sessions');
  await visitor.press('Sign out everywhere else');
  assert.ok(await visitor.page.getByRole('status').isVisible());
  await look(visitor, 'sessions-one');
  await visitor.open('/account/activity');
  assert.equal(await visitor.heading(), 'Your activity');
  await look(visitor, 'activity');
  await visitor.open('/account/activity?ui_locales=pl');
  assert.equal(await visitor.heading(), 'Twoja aktywność');
  await look(visitor, 'activity-pl');
  await visitor.open('/logout');
  await look(visitor, 'logout');
  await visitor.press('Sign out');
  await look(visitor, 'signed-out');
  await visitor.open('/logout');
  await look(visitor, 'logout-nobody');
});

scene(tools, 'setup page: empty, with errors', async ({ visit }) => {
  const visitor = await visit();
  await visitor.open('/setup');
  await look(visitor, 'setup');
  await visitor.page.locator('#code').fill('aaaa-bbbb');
  await visitor.page.locator('#username').fill('somebody');
  await visitor.page.locator('#new_password').fill('short');
  await visitor.press('Create the administrator');
  assert.ok(await visitor.page.getByRole('alert').isVisible());
  await look(visitor, 'setup-error');
});

scene(tools, 'the page that explains the problem codes', async ({ visit }) => {
  const visitor = await visit();
  assert.equal((await visitor.open('/problems')).status(), 200);
  await look(visitor, 'problems');
});

scene(tools, 'error pages: 404 for a stranger and for a user, 403', async ({ visit }) => {
  const visitor = await visit();
  assert.equal((await visitor.open('/no/such/page')).status(), 404);
  const request = (await visitor.page.locator('.reference code').innerText()).trim();
  assert.match(request, /^[A-Za-z0-9_-]{22}$/);
  assert.ok(stack.workerOutput().includes(request), 'the number on the page finds the request in the log');
  await look(visitor, 'error-404');
  await visitor.open('/login');
  await visitor.signIn(stack.users.bob);
  assert.equal((await visitor.open('/no/such/page')).status(), 404);
  await look(visitor, 'error-404-signed-in');

  const site = await foreignSite(`<form method="post" action="${stack.base}/login"><input name="identifier" value="x"><input name="password" value="y"><button>Send</button></form>`);
  try {
    const victim = await visit({ foreign: [site.origin] });
    await victim.page.goto(site.origin);
    assert.equal((await victim.press('Send')).status(), 403);
    await look(victim, 'error-403');
  } finally {
    await site.close();
  }
});
