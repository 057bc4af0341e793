// The wallet's page of docs/examples/wallet: the journey to its end in a browser, left and found again, every view looked at.
import { before, after } from 'node:test';
import assert from 'node:assert/strict';
import { startWallet } from '../support/wallet.mjs';
import { accessibility, scene, startBrowser } from '../support/browser.mjs';

let stack;
let browser;
before(async () => {
  stack = await startWallet();
  browser = await startBrowser();
});
after(async () => {
  await browser?.close();
  await stack?.stop();
});
const tools = () => ({ stack, browser });
const wrong = (code) => String((Number(code) + 1) % 1e6).padStart(6, '0');

// No view scrolls sideways, has small targets or anything that axe-core finds; pictures are kept.
async function look(visitor, name) {
  const { page } = visitor;
  for (const scheme of ['light', 'dark']) {
    for (const width of [320, 1280]) {
      const view = `${name} ${scheme} ${width}`;
      await page.setViewportSize({ width, height: 780 });
      await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth), `${view} scrolls sideways`);
      assert.deepEqual(await page.evaluate(() => [...document.querySelectorAll('main .button, main button, main input, main summary')]
        .map((element) => element.getBoundingClientRect().height).filter((height) => height > 0 && height < 44)), [], `${view}: targets under 44 px`);
      assert.deepEqual(await accessibility(page), [], view);
      await visitor.shot(`wallet-${name}-${width}-${scheme}`);
    }
  }
}

const shown = (visitor, heading) => visitor.page.getByRole('heading', { level: 2, name: heading }).waitFor();
const open = (visitor, path = '/wallet/') => visitor.page.goto(stack.origin + path);
const button = (visitor, name) => visitor.page.getByRole('button', { name, exact: true }).click();
const alert = async (visitor, pattern) => {
  const place = visitor.page.getByRole('alert');
  await place.waitFor();
  assert.match(await place.innerText(), pattern);
};

const NOBODY = '401 /auth/api/v1/session/state';
const refusals = ['422 /wallet/service/identity', '429 /wallet/service/code', '422 /wallet/service/funding'];

// The browser is closed and opened again; what it keeps is its cookies, and those only where it is asked to remember.
async function again(visit, visitor) {
  const storageState = await visitor.context.storageState();
  await visitor.context.close();
  const next = await visit({ storageState, refusals });
  await open(next);
  return next;
}

scene(tools, 'deep link, sign-in, identity, code, done: closed and opened again after every step', async ({ visit }) => {
  let visitor = await visit({ refusals: [NOBODY] });
  await open(visitor, '/wallet/?amount=50');
  await shown(visitor, 'How much?');
  assert.equal(await visitor.cookie('__Host-gatepost'), undefined, 'looking makes no session');
  assert.equal(await visitor.page.getByLabel('Amount').inputValue(), '50');
  assert.equal(await visitor.page.getByRole('link', { name: 'Sign out' }).isVisible(), false, 'nobody is signed in');
  await look(visitor, 'begin');
  await button(visitor, 'Begin');
  await shown(visitor, 'Sign in to go on');
  assert.match(await visitor.text(), /You fund 50\.00/);
  await look(visitor, 'signin');

  visitor = await again(visit, visitor);
  await shown(visitor, 'Sign in to go on');
  await visitor.follow('Sign in');
  await visitor.signIn(stack.users.alice);
  assert.equal(visitor.path(), '/wallet/');
  await shown(visitor, 'You fund 50.00');
  assert.match(await visitor.text(), /alice Example/);
  assert.equal(await visitor.page.getByRole('link', { name: 'Sign out' }).isVisible(), true);
  await look(visitor, 'start');
  visitor = await again(visit, visitor);
  await button(visitor, 'Go on');
  await shown(visitor, 'Who are you?');
  await look(visitor, 'kyc');

  visitor = await again(visit, visitor);
  const number = visitor.page.getByLabel('Number of your passport');
  await shown(visitor, 'Who are you?');
  await number.fill('L898902C37');
  await button(visitor, 'Check my identity');
  await alert(visitor, /no number of a document/);
  await look(visitor, 'kyc-refused');
  await number.fill('l898902c36');
  await button(visitor, 'Check my identity');
  await shown(visitor, 'Confirm 50.00 by a code');
  visitor = await again(visit, visitor);
  await shown(visitor, 'Confirm 50.00 by a code');
  await button(visitor, 'Send me a code');
  await visitor.page.getByText('Codes left: 2.').waitFor();
  await button(visitor, 'Send me a code');
  await alert(visitor, /wait \d+ seconds/);
  await visitor.page.getByText('The mail (this demo').click();
  const code = stack.wallet.code('alice');
  await visitor.page.getByText(`${code} is your code`).waitFor();
  await visitor.page.getByLabel('Code from the mail').fill(wrong(code));
  await button(visitor, 'Fund my wallet');
  await alert(visitor, /not the code. Attempts left: 4/);
  await look(visitor, 'otp');

  visitor = await again(visit, visitor);
  await visitor.page.getByText('Attempts left: 4.').waitFor();
  await visitor.page.getByLabel('Code from the mail').fill(code);
  await button(visitor, 'Fund my wallet');
  await shown(visitor, 'Done');
  assert.match(await visitor.text(), /funded with 50\.00/);
  await look(visitor, 'done');
});

scene(tools, 'what a phone does is seen on coming back; what it has begun is offered beside the guest\'s', async ({ visit }) => {
  const { session_handle: handle } = await stack.signIn(stack.users.bob);
  const phone = (method, path, options) => stack.withHandle(handle, method, path, options);
  assert.equal((await phone('POST', '/flows/fund-wallet', { json: { data: { amount: '20.00' } } })).status, 201);
  const visitor = await visit({ refusals: [NOBODY] });
  await open(visitor, '/wallet/?amount=50.5');
  await visitor.page.getByLabel('Amount').fill('50.50');
  await button(visitor, 'Begin');
  await shown(visitor, 'Sign in to go on');
  await visitor.follow('Sign in');
  await visitor.signIn(stack.users.bob);
  await shown(visitor, 'Which of the two?');
  await look(visitor, 'offer');
  await button(visitor, 'Take the new amount');
  await shown(visitor, 'You fund 50.50');

  const { headers } = await phone('GET', '/flows/fund-wallet');
  assert.equal((await phone('POST', '/flows/fund-wallet/step', { json: { to: 'kyc' }, headers: { 'If-Match': headers.etag } })).status, 200);
  await visitor.page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
  await shown(visitor, 'Who are you?');
  stack.must(['session', 'revoke', '--user', 'bob']);
  await visitor.page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
  await shown(visitor, 'How much?');
});

scene(tools, 'without JavaScript the page says so, and leads to what works', async ({ visit }) => {
  const visitor = await visit({ javaScript: false });
  await open(visitor);
  assert.match(await visitor.text(), /needs JavaScript/);
  await visitor.follow('Signing in');
  assert.equal(await visitor.heading(), 'Sign in');
});
