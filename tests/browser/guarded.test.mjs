// What Gatepost guards for others, in a browser: sent to sign in and back, named by PHP, refused, somebody else.
import { before, after } from 'node:test';
import assert from 'node:assert/strict';
import { startGuarded } from '../support/guarded.mjs';
import { accessibility, scene, startBrowser } from '../support/browser.mjs';

let stack;
let browser;
before(async () => {
  stack = await startGuarded();
  browser = await startBrowser();
});
after(async () => {
  await browser?.close();
  await stack?.stop();
});
const tools = () => ({ stack, browser });

// No view scrolls sideways or has anything that axe-core finds; pictures are kept.
async function look(visitor, name) {
  const { page } = visitor;
  for (const scheme of ['light', 'dark']) {
    for (const width of [320, 1280]) {
      const view = `${name} ${scheme} ${width}`;
      await page.setViewportSize({ width, height: 780 });
      await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth), `${view} scrolls sideways`);
      assert.deepEqual(await accessibility(page), [], view);
      await visitor.shot(`guarded-${name}-${width}-${scheme}`);
    }
  }
}

scene(tools, 'a stranger signs in on the way to PHP, is no administrator, and becomes one who is', async ({ visit }) => {
  const visitor = await visit();
  const answer = await visitor.page.goto(`${stack.origin}/app/`);
  assert.equal(answer.status(), 200);
  assert.equal(visitor.path(), '/auth/login?return_to=%2Fapp%2F');
  await visitor.signIn(stack.users.alice);
  assert.equal(visitor.path(), '/app/');
  assert.equal(await visitor.heading(), 'Hello, alice');
  assert.match(await visitor.text(), /alice@example\.org[^]*no cookie, handle or token of Gatepost’s came this far/);
  await look(visitor, 'app');
  await visitor.follow('A file');
  assert.equal(await visitor.heading(), 'A file for whoever is signed in');

  const refused = await visitor.follow('Administrators');
  assert.deepEqual([refused.status(), visitor.path()], [403, '/admin/']);
  assert.match(await visitor.text(), /You are signed in as alice Example\./);
  await look(visitor, 'refused');
  await visitor.follow('Sign in as somebody else');
  await visitor.signIn(stack.users.admin);
  assert.equal(visitor.path(), '/admin/');
  assert.equal(await visitor.heading(), 'For administrators, just now');
  await look(visitor, 'admin');

  await visitor.follow('Sign out');
  await visitor.press('Sign out');
  await visitor.page.goto(`${stack.origin}/admin/`);
  assert.equal(visitor.path(), '/auth/login?return_to=%2Fadmin%2F');
});
