// The first administrator: the code of "gatepost setup", the page, the first sign-in.
import { before, after } from 'node:test';
import assert from 'node:assert/strict';
import { startStack } from '../support/harness.mjs';
import { scene, startBrowser } from '../support/browser.mjs';

let stack;
let browser;
before(async () => {
  stack = await startStack({ users: [] });
  browser = await startBrowser();
});
after(async () => {
  await browser?.close();
  await stack?.stop();
});
const tools = () => ({ stack, browser });

async function fill({ page }, fields) {
  for (const [label, value] of Object.entries(fields)) await page.getByLabel(label, { exact: true }).fill(value);
}

for (const javaScript of [true, false]) {
  scene(tools, `PW-22: the setup page makes the first administrator, once, ${javaScript ? 'with' : 'without'} JavaScript`, async ({ visit }) => {
    stack.sql('DELETE FROM user_role');
    stack.sql("UPDATE user SET grants = ''");
    const { code } = JSON.parse(stack.must(['setup', '--json']).stdout);
    const name = javaScript ? 'root1' : 'root2';
    const person = { identifier: name, password: 'correct horse battery staple' };
    const typed = { 'Your name (optional)': 'Root <One> & "Co"', 'User name': name, 'E-mail address': `${name}@example.org` };
    const visitor = await visit({ javaScript });
    const { page } = visitor;
    await visitor.open('/setup');
    assert.equal(await visitor.heading(), 'Make the first administrator');
    assert.equal(await page.locator('#code').getAttribute('autocomplete'), 'one-time-code');
    assert.equal(await page.locator('#new_password').getAttribute('autocomplete'), 'new-password');
    assert.match(await visitor.text(), /At least 15 characters/);

    await fill(visitor, { ...typed, 'Setup code': code, 'New password': 'short' });
    const refused = await visitor.press('Create the administrator');
    assert.equal(refused.status(), 400);
    assert.ok((await page.getByRole('alert').innerText()).length > 10);
    for (const [label, value] of Object.entries(typed)) assert.equal(await page.getByLabel(label, { exact: true }).inputValue(), value);
    const password = page.getByLabel('New password', { exact: true });
    assert.equal(await password.inputValue(), '', 'a password is typed again');
    assert.equal(await password.getAttribute('aria-invalid'), 'true');
    assert.match(await page.locator('#new_password-error').innerText(), /15/);
    assert.equal(await page.locator('#username').getAttribute('aria-invalid'), 'false');

    await fill(visitor, { 'Setup code': 'aaaa-bbbb', 'New password': person.password });
    assert.equal((await visitor.press('Create the administrator')).status(), 400);
    assert.equal(await page.locator('#code').getAttribute('aria-invalid'), 'true');

    await fill(visitor, { 'Setup code': code, 'New password': person.password });
    assert.equal((await visitor.press('Create the administrator')).status(), 200);
    assert.equal(await visitor.heading(), 'All set');
    assert.match(await visitor.text(), new RegExp(name));
    await visitor.follow('Sign in');
    await visitor.signIn(person);
    assert.equal(await visitor.heading(), 'Your account');
    assert.match(await visitor.text(), /Root <One> & "Co"/, 'what was typed is text, never markup');
    assert.match(await visitor.text(), /admin/);

    const late = await visit({ javaScript });
    await late.open('/setup');
    await fill(late, { 'User name': 'second', 'Setup code': code, 'New password': person.password });
    assert.equal((await late.press('Create the administrator')).status(), 400, 'the code was used');
  });
}
