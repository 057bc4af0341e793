// The hand-over pages: walked on two devices with and without JavaScript, the QR code read, every view looked at.
import { before, after } from 'node:test';
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import jsqr from 'jsqr';
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
const PHONE = 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1';
const DESKTOP = 'Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0';

async function look(visitor, name) {
  const { page } = visitor;
  for (const scheme of ['light', 'dark']) {
    for (const width of [320, 360, 1280]) {
      const view = `${name} ${scheme} ${width}`;
      await page.setViewportSize({ width, height: 780 });
      await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth), `${view} scrolls sideways`);
      assert.deepEqual(await page.evaluate(() => [...document.querySelectorAll('main a:not(p a), main button, main .input')]
        .map((element) => element.getBoundingClientRect().height).filter((height) => height < 44)), [], `${view}: targets under 44 px`);
      if (width === 320) continue;
      assert.deepEqual(await accessibility(page), [], view);
      await visitor.shot(`${name}-${width}-${scheme}`);
    }
  }
}

// What a camera reads from the QR code as it is on the screen.
async function scan(visitor) {
  const png = await visitor.page.locator('svg.qr').screenshot();
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    const { data, width, height } = await page.evaluate(async (source) => {
      const image = new Image();
      image.src = source;
      await image.decode();
      const canvas = document.createElement('canvas');
      Object.assign(canvas, { width: image.width, height: image.height });
      const pen = canvas.getContext('2d');
      pen.drawImage(image, 0, 0);
      return { data: [...pen.getImageData(0, 0, image.width, image.height).data], width: image.width, height: image.height };
    }, `data:image/png;base64,${png.toString('base64')}`);
    return jsqr(Uint8ClampedArray.from(data), width, height)?.data;
  } finally {
    await context.close();
  }
}

for (const javaScript of [true, false]) {
  scene(tools, `from phone to desktop ${javaScript ? 'with' : 'without'} JavaScript: scan, confirm, type, continue`, async ({ visit }) => {
    const desktop = await visit({ javaScript, userAgent: DESKTOP });
    await desktop.open('/handover');
    assert.equal(await desktop.heading(), 'Continue from another device');
    const link = await scan(desktop);
    assert.ok(link?.startsWith(`${stack.base}/handover/give?challenge=`), link);

    const phone = await visit({ javaScript, userAgent: PHONE });
    await phone.page.goto(link);
    assert.equal(await phone.heading(), 'Sign in');
    await phone.signIn(stack.users.alice);
    assert.equal(await phone.heading(), 'Let another device continue as you?');
    assert.match(await phone.text(), /Firefox on Linux, 127\.0\.0\.1/);
    await phone.press('Let it continue as me');
    const code = await phone.page.locator('.code code').innerText();

    await desktop.page.getByLabel('Code from the other device').fill('0000-0000-00000-0000-0000-00000');
    assert.equal((await desktop.press('Go on')).status(), 400);
    assert.ok(await desktop.page.getByRole('alert').isVisible());
    await desktop.page.getByLabel('Code from the other device').fill(code.toUpperCase());
    await desktop.press('Go on');
    assert.equal(await desktop.heading(), 'Continue as alice Example?');
    assert.equal(await desktop.cookie('__Host-gatepost'), undefined);
    await desktop.press('Continue as alice Example');
    assert.equal(await desktop.heading(), 'Your account');
    await phone.open('/account/sessions');
    assert.match(await phone.text(), /Firefox on Linux/);
  });
}

scene(tools, 'the pages in every view, their QR codes read in each scheme', async ({ visit }) => {
  const desktop = await visit({ userAgent: DESKTOP });
  await desktop.open('/handover');
  await look(desktop, 'handover');
  for (const colorScheme of ['light', 'dark']) {
    await desktop.page.emulateMedia({ colorScheme });
    assert.ok((await scan(desktop))?.includes('&to=browser&device='), colorScheme);
  }
  const challenge = new URL(await scan(desktop)).searchParams.get('challenge');
  await desktop.page.getByLabel('Code from the other device').fill('wrong');
  await desktop.press('Go on');
  await look(desktop, 'handover-error');
  const { session_handle: handle } = await stack.signIn(stack.users.alice);
  const { json } = await stack.withHandle(handle, 'POST', '/session/handover', { json: { challenge, to: 'browser' } });
  await desktop.open(`/handover?code=${json.handover}`);
  assert.ok(!desktop.page.url().includes(json.handover));
  await look(desktop, 'handover-continue');

  const phone = await visit({ userAgent: PHONE });
  await phone.open('/login');
  await phone.signIn(stack.users.bob);
  const own = createHash('sha256').update(randomBytes(32).toString('base64url')).digest('base64url');
  await phone.open(`/handover/give?challenge=${own}&to=native&device=${encodeURIComponent('Telephone of a person with a very long name indeed')}`);
  await look(phone, 'handover-give');
  await phone.press('Let it continue as me');
  await look(phone, 'handover-code');
  await phone.page.emulateMedia({ colorScheme: 'dark' });
  const code = await phone.page.locator('.code code').innerText();
  assert.equal(await scan(phone), `${stack.base}/handover?code=${code}`);
  await phone.open('/handover');
  await look(phone, 'handover-signed-in');
});
