// What is said of a new password while one types it: honest, in words, sent nowhere; and nothing without a script.
import { before, after } from 'node:test';
import assert from 'node:assert/strict';
import { startStack } from '../support/harness.mjs';
import { accessibility, scene, startBrowser } from '../support/browser.mjs';

let stack;
let browser;
before(async () => {
  stack = await startStack({ users: ['alice'] });
  browser = await startBrowser();
});
after(async () => {
  await browser?.close();
  await stack?.stop();
});
const tools = () => ({ stack, browser });

const meter = (visitor) => visitor.page.locator('.meter');
const said = (visitor) => meter(visitor).locator('p.hint').innerText();
async function open(visit, options = {}) {
  const visitor = await visit(options);
  await visitor.open('/login');
  await visitor.page.locator('#identifier').fill(stack.users.alice.identifier);
  await visitor.page.locator('#password').fill(stack.users.alice.password);
  await visitor.go(() => visitor.page.locator('form button[type=submit]').click());
  await visitor.open('/account/password');
  return visitor;
}

scene(tools, 'PW-01: as one types: characters against the minimum, repetition and rows; never "strong"; nothing is sent', async ({ visit }) => {
  const visitor = await open(visit);
  const { page } = visitor;
  const field = page.getByLabel('New password', { exact: true });
  assert.equal(await meter(visitor).isVisible(), false);
  const sent = [];
  page.on('request', (request) => sent.push(request.url()));
  for (const [typed, words] of [
    ['short', /Characters: 5, at least 15\./],
    ['fourteen chars', /Characters: 14, at least 15\./],
    ['fifteen charact', /Characters: 15, which is long enough/],
    // Code points in NFC, as the server counts: one each, however many octets, units or marks.
    ['🐴🔋📎✅🌊🍋🚲🎹🦉🌵🧭🪁🥐🪐', /Characters: 14, at least 15\./],
    ['🐴🔋📎✅🌊🍋🚲🎹🦉🌵🧭🪁🥐🪐🛶', /Characters: 15, which/],
    ['cafe\u0301 on the hill', /Characters: 16, which/],
    ['aaaaaaaaaaaaaaaaaaaa', /repeats/],
    ['abcabcabcabcabcabc', /repeats/],
    ['riverriverriverriver', /repeats/],
    ['my house 12345 is big', /row such as/],
    ['my house 54321 is big', /row such as/],
    ['take qwerty to school', /row such as/],
    ['Take POIUYT to school', /row such as/],
    ['the abcdef of cooking', /row such as/],
    ['a quiet mill by the river', /long enough/],
  ]) {
    await field.fill(typed);
    assert.match(await said(visitor), words, typed);
    assert.doesNotMatch(await said(visitor), /strong|safe|excellent|good/i);
  }
  await field.fill('');
  assert.equal(await meter(visitor).isVisible(), false);
  assert.deepEqual(sent, []);
});

scene(tools, 'said to those who listen when the typing pauses, and not by colour alone', async ({ visit }) => {
  const visitor = await open(visit);
  const spoken = meter(visitor).locator('[aria-live]');
  assert.equal(await spoken.getAttribute('aria-live'), 'polite');
  await visitor.page.getByLabel('New password', { exact: true }).pressSequentially('four words');
  await visitor.page.waitForFunction(() => document.querySelector('.meter [aria-live]').textContent.includes('10'));
  assert.match(await spoken.textContent(), /Characters: 10, at least 15\./);
  assert.equal(await said(visitor), await spoken.textContent());
  for (const colorScheme of ['light', 'dark']) {
    for (const [width, typed] of [[360, 'short'], [1280, 'a quiet mill by the river']]) {
      await visitor.page.setViewportSize({ width, height: 780 });
      await visitor.page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await visitor.page.getByLabel('New password', { exact: true }).fill(typed);
      assert.deepEqual(await accessibility(visitor.page), [], `${width} ${colorScheme}`);
      await visitor.shot(`meter-${width}-${colorScheme}`);
    }
  }
});

scene(tools, 'in the language of the page', async ({ visit }) => {
  const visitor = await open(visit, { locale: 'pl-PL' });
  await visitor.page.locator('#new_password').fill('krótkie');
  assert.match(await said(visitor), /Liczba znaków: 7, potrzeba co najmniej 15\./);
  await visitor.shot('meter-pl');
});

scene(tools, 'the server decides: what the meter finds long enough may be refused, and without a script all is as before', async ({ visit }) => {
  for (const javaScript of [true, false]) {
    const visitor = await open(visit, { javaScript });
    const { page } = visitor;
    await page.getByLabel('Current password').fill(stack.users.alice.password);
    await page.getByLabel('New password', { exact: true }).fill('summer dragon 2024');
    if (javaScript) assert.match(await said(visitor), /long enough/);
    else assert.equal(await meter(visitor).isVisible(), false);
    const answer = await visitor.go(() => page.locator('main form button[type=submit]').click());
    assert.equal(answer.status(), 400);
    assert.equal(await page.locator('#new_password').getAttribute('aria-invalid'), 'true');
    assert.ok((await page.locator('#new_password-error').innerText()).length > 10);
  }
});
