// Second factors and passkeys as people meet them: setting up, signing in, confirming, losing, removing; in every view and in Polish.
import { before, after } from 'node:test';
import assert from 'node:assert/strict';
import jsQR from 'jsqr';
import { password, startStack } from '../support/harness.mjs';
import { accessibility, scene, startBrowser } from '../support/browser.mjs';
import { readOtpauth, totp } from '../support/totp.mjs';
import { addAuthenticator, trusting } from '../support/webauthn.mjs';

let stack;
let browser;
before(async () => {
  stack = await startStack({ settings: {
    second_factor: { require: 'roles', roles: 'elevated', trusted_device: '30d' },
    throttle: { free_failures: 50, most: 90, source_short: 5000, source_long: 5000 },
  } });
  browser = await startBrowser(trusting(stack));
});
after(async () => {
  await browser?.close();
  await stack?.stop();
});
const tools = () => ({ stack, browser });
const SECURE = { ignoreHTTPSErrors: false };

const field = (visitor, label) => visitor.page.getByLabel(label, { exact: true });
const button = (visitor, name) => visitor.page.getByRole('button', { name, exact: true });
const link = (visitor, name) => visitor.page.getByRole('link', { name, exact: true });
const card = (visitor, name) => visitor.page.getByRole('region', { name, exact: true });
const userId = (name) => `(SELECT id FROM user WHERE username = '${name}')`;
const age = (name) => stack.sql(`UPDATE session SET auth_time = auth_time - 400000000, aal2_end = GREATEST(0, aal2_end - 400000000) WHERE user_id = ${userId(name)}`);

function person(name) {
  const secret = password();
  stack.must(['user', 'add', '--username', name, '--email', `${name}@example.org`, '--display-name', `${name} Example`, '--password-stdin'], { input: secret });
  return { identifier: name, password: secret };
}

async function look(visitor, name) {
  const { page } = visitor;
  for (const scheme of ['light', 'dark']) {
    for (const width of [320, 360, 1280]) {
      const view = `${name} ${scheme} ${width}`;
      await page.setViewportSize({ width, height: 780 });
      await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth), `${view} scrolls sideways`);
      assert.ok(await page.evaluate(() => [...document.querySelectorAll('main a.button, main button, main .input')].filter((element) => element.checkVisibility())
        .every((element) => element.getBoundingClientRect().height >= 44)), `${view}: targets under 44 px`);
      if (width === 320) continue;
      assert.deepEqual(await accessibility(page), [], view);
      await visitor.shot(`${name}-${width}-${scheme}`);
    }
  }
}

// What a phone's camera reads of the page.
async function scan({ page }) {
  const png = await page.locator('svg.qr').screenshot();
  const { data, width, height } = await page.evaluate(async (base64) => {
    const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
    const bitmap = await createImageBitmap(new Blob([bytes], { type: 'image/png' }));
    const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
    canvas.getContext('2d').drawImage(bitmap, 0, 0);
    const image = canvas.getContext('2d').getImageData(0, 0, bitmap.width, bitmap.height);
    return { data: [...image.data], width: image.width, height: image.height };
  }, png.toString('base64'));
  return readOtpauth(jsQR(Uint8ClampedArray.from(data), width, height).data);
}

async function signIn(visitor, who) {
  await visitor.open('/login');
  return visitor.signIn(who);
}

// As a browser that has never shown a passkey: the virtual one takes what is offered beside the name without asking.
const offerNothing = ({ page }) => page.evaluate(() => localStorage.clear());

async function showCode(visitor, code) {
  await field(visitor, 'Code from your app').fill(code);
  return visitor.press('Continue');
}

for (const javaScript of [true, false]) {
  const way = javaScript ? 'with JavaScript' : 'without JavaScript';

  scene(tools, `MF-06, MF-13: an app is set up, asked for, stood for by a recovery code, and removed, ${way}`, async ({ visit }) => {
    const name = javaScript ? 'ada' : 'ava';
    const who = person(name);
    const visitor = await visit({ javaScript });
    await signIn(visitor, who);
    await visitor.follow('See your sign-in and security');
    assert.equal(await visitor.heading(), 'Sign-in and security');
    await visitor.press('Set up an authenticator app');
    await visitor.page.getByText('I cannot scan it').click();
    const secret = (await visitor.page.locator('.code code').innerText()).replaceAll(' ', '');
    if (javaScript) assert.equal((await scan(visitor)).secret, secret);
    await field(visitor, 'Code from your app').fill('000000');
    assert.equal((await visitor.press('Switch it on')).status(), 401);
    assert.ok(await visitor.page.getByRole('alert').first().isVisible());
    await field(visitor, 'Code from your app').fill(totp(secret, -1));
    await visitor.press('Switch it on');
    assert.equal(await visitor.heading(), 'Recovery codes');
    const codes = (await visitor.page.locator('textarea').inputValue()).split('\n');
    assert.equal(codes.length, 10);
    if (javaScript) {
      const [download] = await Promise.all([visitor.page.waitForEvent('download'), button(visitor, 'Save as a file').click()]);
      assert.equal(download.suggestedFilename(), 'recovery-codes.txt');
    } else {
      assert.ok(!(await visitor.page.locator('.codes-acts').isVisible()));
    }
    await visitor.follow('I have kept them');
    assert.match(await card(visitor, 'Recovery codes').innerText(), /Not used yet\s+10/);

    const other = await visit({ javaScript });
    await signIn(other, who);
    assert.equal(await other.heading(), 'One more step');
    assert.equal((await showCode(other, '000000')).status(), 401);
    assert.match(await other.page.getByRole('alert').last().innerText(), /4 more tries/);
    await showCode(other, totp(secret));
    assert.equal(await other.heading(), 'Your account');

    const third = await visit({ javaScript });
    await signIn(third, who);
    await third.follow('Use a recovery code instead');
    await field(third, 'Recovery code').fill(codes[7]);
    await third.press('Continue');
    assert.equal(await third.heading(), 'Your account');
    await third.follow('See your sign-in and security');
    assert.match(await card(third, 'Recovery codes').innerText(), /Not used yet\s+9/);
    await third.go(() => card(third, 'Authenticator app').getByRole('link', { name: /^Remove/ }).click());
    assert.match(await third.text(), /your only second factor/);
    await third.press('Remove');
    assert.equal(await third.page.getByRole('status').first().innerText(), 'It is removed.');
    const last = await visit({ javaScript });
    await signIn(last, who);
    assert.equal(await last.heading(), 'Your account');
  });

  scene(tools, `MF-15, MF-17: an administrator sets one up before anything else, and confirms with it, ${way}`, async ({ visit }) => {
    stack.sql(`DELETE FROM totp; UPDATE user SET factors = 0 WHERE username = 'admin'; DELETE FROM recovery_set`);
    const visitor = await visit({ javaScript });
    await visitor.open('/admin/users');
    await visitor.signIn(stack.users.admin);
    assert.equal(await visitor.heading(), 'Sign-in and security');
    assert.equal(await visitor.page.locator('nav').count(), 0);
    await visitor.press('Set up an authenticator app');
    await visitor.page.getByText('I cannot scan it').click();
    const secret = (await visitor.page.locator('.code code').innerText()).replaceAll(' ', '');
    await field(visitor, 'Code from your app').fill(totp(secret, -1));
    await visitor.press('Switch it on');
    await visitor.follow('I have kept them');
    assert.match(visitor.path(), /^\/auth\/admin\/users/);
    age('admin');
    await visitor.open('/account/security/codes');
    assert.equal(await visitor.heading(), 'Confirm that it is you');
    assert.equal(await field(visitor, 'Password').count(), 0);
    await field(visitor, 'Code from your app').fill(totp(secret));
    await visitor.press('Confirm with the code');
    assert.equal(await visitor.heading(), 'Recovery codes');
  });
}

scene(tools, 'WA-01, WA-03: a passkey is added, signs in alone, confirms, is a second factor, and goes', async ({ visit }) => {
  const who = person('pia');
  const visitor = await visit(SECURE);
  const authenticator = await addAuthenticator(visitor.page, { synced: true });
  await signIn(visitor, who);
  await visitor.follow('See your sign-in and security');
  await visitor.follow('Add a passkey');
  await field(visitor, 'Name (optional)').fill('my phone');
  await visitor.press('Create the passkey');
  assert.equal(await visitor.heading(), 'Recovery codes');
  await visitor.follow('I have kept them');
  assert.match(await card(visitor, 'Passkeys').innerText(), /my phone[\s\S]*Synced/);
  assert.equal((await authenticator.credentials()).length, 1);

  age('pia');
  await visitor.open('/account/security/codes');
  assert.equal(await visitor.heading(), 'Confirm that it is you');
  await visitor.press('Use your passkey');
  assert.equal(await visitor.heading(), 'Recovery codes');

  await visitor.follow('Sign out');
  await visitor.press('Sign out');
  await visitor.open('/login?return_to=/auth/account/sessions');
  await visitor.press('Sign in with a passkey');
  assert.equal(visitor.path(), '/auth/account/sessions');
  assert.equal(Number(stack.sql(`SELECT aal FROM session WHERE user_id = ${userId('pia')}`)[0].aal), 2);

  await visitor.follow('Sign out');
  await visitor.press('Sign out');
  await visitor.open('/login');
  await visitor.go(() => visitor.page.locator('#identifier').focus());
  assert.equal(await visitor.heading(), 'Your account', 'it was offered where the name is typed');

  await visitor.follow('Sign out');
  await visitor.press('Sign out');
  await offerNothing(visitor);
  await signIn(visitor, who);
  assert.equal(await visitor.heading(), 'One more step');
  await visitor.press('Use your passkey');
  assert.equal(await visitor.heading(), 'Your account');

  await visitor.open('/account/security');
  await visitor.go(() => card(visitor, 'Passkeys').getByRole('link', { name: 'Remove my phone' }).click());
  await visitor.press('Remove');
  assert.equal(await card(visitor, 'Passkeys').getByRole('row').count(), 0);
  await visitor.follow('Sign out');
  await visitor.press('Sign out');
  await visitor.open('/login');
  await offerNothing(visitor);
  assert.equal((await visitor.press('Sign in with a passkey')).status(), 401);
  assert.match(await visitor.page.getByRole('alert').first().innerText(), /may not belong to an account/);
});

scene(tools, 'WA-03: without the person verified no passkey signs in or is made, and the page says so', async ({ visit }) => {
  const who = person('quy');
  const visitor = await visit(SECURE);
  const authenticator = await addAuthenticator(visitor.page);
  await signIn(visitor, who);
  await visitor.open('/account/security/passkey');
  await visitor.press('Create the passkey');
  await authenticator.verify(false);
  await visitor.open('/login?switch=1');
  await button(visitor, 'Sign in with a passkey').click();
  await visitor.page.getByText('That did not work, or it was cancelled.').waitFor();
  assert.ok(await button(visitor, 'Sign in with a passkey').isEnabled(), 'one can try again');
  await authenticator.verify(true);
  await visitor.press('Sign in with a passkey');
  assert.equal(await visitor.heading(), 'Your account');
});

scene(tools, 'MF-15: a page that was open for too long leads to the confirmation, not to an error', async ({ visit }) => {
  const who = person('sue');
  const visitor = await visit({ ...SECURE, refusals: ['401 /auth/api/v1/passkeys/options'] });
  await addAuthenticator(visitor.page);
  await signIn(visitor, who);
  await visitor.open('/account/security/passkey');
  age('sue');
  await visitor.press('Create the passkey');
  assert.equal(await visitor.heading(), 'Confirm that it is you');
  await field(visitor, 'Password').fill(who.password);
  await visitor.press('Confirm');
  assert.equal(await visitor.heading(), 'Add a passkey');
  await visitor.press('Create the passkey');
  assert.equal(await visitor.heading(), 'Recovery codes');
});

scene(tools, 'who has only a passkey and no script is told, and has recovery codes', async ({ visit }) => {
  const who = person('rio');
  const visitor = await visit(SECURE);
  await addAuthenticator(visitor.page);
  await signIn(visitor, who);
  await visitor.open('/account/security/passkey');
  await visitor.press('Create the passkey');
  const [code] = (await visitor.page.locator('textarea').inputValue()).split('\n');
  const plain = await visit({ javaScript: false });
  await plain.open('/login');
  assert.ok(!(await button(plain, 'Sign in with a passkey').isVisible()));
  await plain.signIn(who);
  assert.match(await plain.text(), /Your passkey needs a browser/);
  assert.ok(!(await button(plain, 'Use your passkey').isVisible()));
  await plain.follow('Use a recovery code instead');
  await field(plain, 'Recovery code').fill(code);
  await plain.press('Continue');
  assert.equal(await plain.heading(), 'Your account');
  await plain.open('/account/security');
  assert.ok(!(await link(plain, 'Add another passkey').isVisible()));
  assert.match(await plain.text(), /Passkeys need a browser/);
});

for (const locale of ['en', 'pl']) {
  scene(tools, `the pages in every view, ${locale}`, async ({ visit }) => {
    const who = person(`view${locale}`);
    const visitor = await visit({ ...SECURE, locale, permissions: ['clipboard-write'] });
    const { page } = visitor;
    const shown = (name) => look(visitor, `factor-${locale}-${name}`);
    const send = (css) => visitor.go(() => page.locator(css).click());
    const login = async () => {
      await visitor.open('/login');
      await page.locator('#identifier').fill(who.identifier);
      await page.locator('#password').fill(who.password);
      await send('form:has(#password) [type=submit]');
    };
    await addAuthenticator(page);
    await visitor.open('/login');
    await shown('login');
    await login();
    await visitor.open('/account');
    await shown('account');
    await visitor.open('/account/security');
    await shown('security-none');
    await visitor.open('/reauth?factor=1');
    await shown('reauth-none');
    await visitor.open('/account/security/app');
    await shown('app-begin');
    await send('main form [type=submit]');
    await page.locator('summary').click();
    const secret = (await page.locator('.code code').innerText()).replaceAll(' ', '');
    await shown('app');
    await page.locator('#code').fill('000000');
    await send('main form [type=submit]');
    await shown('app-wrong');
    await page.locator('#code').fill(totp(secret, -1));
    await send('main form [type=submit]');
    await shown('codes');
    await page.locator('button[value=copy]').click();
    await page.locator('#said:not(:empty)').waitFor();
    await visitor.open('/account/security/passkey');
    await shown('passkey');
    await page.locator('#name').fill('YubiKey 5 <b>');
    await send('main form [type=submit]');
    await visitor.open('/account/security');
    stack.sql(`UPDATE user SET factors_end = ${Date.now()}000 + 200000000000 WHERE username = '${who.identifier}'`);
    stack.sql(`UPDATE device SET trusted_until = ${Date.now()}000 + 200000000000 WHERE user_id = ${userId(who.identifier)}`);
    await visitor.open('/account/security');
    await shown('security');
    await visitor.open('/account/security/codes');
    await shown('codes-ask');
    await visitor.open('/account/security/remove?what=app');
    await shown('remove');
    await visitor.open('/reauth');
    await shown('reauth');
    await visitor.open('/reauth?with=recovery&factor=1');
    await shown('reauth-recovery');
    await visitor.open('/logout');
    await send('main form [type=submit]');
    stack.sql('UPDATE device SET trusted_until = 0');
    await offerNothing(visitor);
    await login();
    await shown('second');
    await page.locator('#code').fill('000000');
    await send('form:has(#code) [type=submit]');
    await shown('second-wrong');
    await visitor.open('/second-factor?with=recovery');
    await shown('second-recovery');
  });
}

scene(tools, 'the page of who must set one up', async ({ visit }) => {
  stack.sql(`DELETE FROM totp; UPDATE user SET factors = 0 WHERE username = 'admin'; DELETE FROM recovery_set`);
  const visitor = await visit();
  await signIn(visitor, stack.users.admin);
  await look(visitor, 'factor-enrol');
});
