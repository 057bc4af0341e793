// A deep link of another site or an app, sign-in, "Return to NAME", and there: with and without JavaScript.
import { before, after } from 'node:test';
import assert from 'node:assert/strict';
import { createServer } from 'node:https';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startStack } from '../support/harness.mjs';
import { freePort } from '../support/stack.mjs';
import { accessibility, scene, startBrowser } from '../support/browser.mjs';

let stack;
let browser;
let shop;
before(async () => {
  const port = await freePort();
  const origin = `https://127.0.0.1:${port}`;
  stack = await startStack({ settings: { 'client shop': { title: 'The Shop', return: `${origin}/done com.example.shop:` } } });
  shop = await startShop(origin, port);
  browser = await startBrowser();
});
after(async () => {
  await browser?.close();
  await shop?.close();
  await stack?.stop();
});
const tools = () => ({ stack, browser });

// The other site: another origin, which keeps what it is asked.
async function startShop(origin, port) {
  const requests = [];
  const pem = readFileSync(join(stack.dir, 'server.pem'));
  const server = createServer({ key: pem, cert: pem }, (request, response) => {
    requests.push({ url: request.url, headers: request.headers });
    response.setHeader('Content-Type', 'text/html; charset=utf-8');
    response.end('<!doctype html><html lang="en"><head><link rel="icon" href="data:,"><title>Shop</title></head><body><h1>Thank you</h1></body></html>');
  });
  await new Promise((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', resolve);
  });
  return {
    origin,
    requests,
    close: () => new Promise((resolve) => {
      server.closeAllConnections();
      server.close(resolve);
    }),
  };
}

async function look(visitor, name) {
  const { page } = visitor;
  for (const scheme of ['light', 'dark']) {
    for (const width of [320, 360, 1280]) {
      const view = `${name} ${scheme} ${width}`;
      await page.setViewportSize({ width, height: 780 });
      await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth), `${view} scrolls sideways`);
      assert.ok(await page.evaluate(() => [...document.querySelectorAll('main a')]
        .every((element) => element.getBoundingClientRect().height >= 44)), `${view}: targets under 44 px`);
      if (width === 320) continue;
      assert.deepEqual(await accessibility(page), [], view);
      await visitor.shot(`${name}-${width}-${scheme}`);
    }
  }
}

for (const javaScript of [true, false]) {
  const way = javaScript ? 'with JavaScript' : 'without JavaScript';

  scene(tools, `from another site and back to it, ${way}`, async ({ visit }) => {
    const target = `${shop.origin}/done/7?order=1`;
    const visitor = await visit({ javaScript, foreign: [shop.origin] });
    shop.requests.length = 0;
    await visitor.open(`/login?return_to=${encodeURIComponent(target)}`);
    await visitor.signIn({ ...stack.users.alice, password: 'surely not the right one' });
    await visitor.signIn(stack.users.alice);
    assert.equal(visitor.path(), `/auth/return?return_to=${encodeURIComponent(target)}`);
    assert.equal(await visitor.heading(), 'Return to The Shop');
    assert.ok((await visitor.text()).includes(new URL(shop.origin).host), 'it says where the link leads');
    assert.deepEqual(shop.requests, [], 'nobody is sent there');
    await visitor.follow('Return to The Shop');
    assert.equal(visitor.page.url(), target, 'and nothing is added');
    assert.equal(await visitor.heading(), 'Thank you');
    const [{ url, headers }] = shop.requests;
    assert.equal(url, '/done/7?order=1');
    assert.equal(headers.referer, undefined);
    assert.equal(headers.cookie, undefined);
  });

  scene(tools, `back to an app, ${way}`, async ({ visit }) => {
    const target = 'com.example.shop:/order/7?x=1';
    const visitor = await visit({ javaScript });
    await visitor.open(`/login?return_to=${encodeURIComponent(target)}`);
    await visitor.signIn(stack.users.bob);
    assert.equal(await visitor.heading(), 'Return to The Shop');
    const link = visitor.page.getByRole('link', { name: 'Return to The Shop', exact: true });
    assert.equal(await link.getAttribute('href'), target);
    assert.match(await visitor.text(), /com\.example\.shop/);
    await visitor.follow('Stay here');
    assert.equal(await visitor.heading(), 'Your account');
  });
}

scene(tools, 'the page in every view', async ({ visit }) => {
  const visitor = await visit();
  await visitor.open(`/login?return_to=${encodeURIComponent(`${shop.origin}/done`)}`);
  await visitor.signIn(stack.users.alice);
  await look(visitor, 'return-site');
  await visitor.open('/return?return_to=com.example.shop:/order/7');
  await look(visitor, 'return-app');
});
