// The overview of administration: drawn as it was counted, read without seeing it, looked at in every view.
import { before, after } from 'node:test';
import assert from 'node:assert/strict';
import { startStack } from '../support/harness.mjs';
import { accessibility, scene, startBrowser } from '../support/browser.mjs';

const HOUR = 3600e6;
let stack;
let browser;
before(async () => {
  stack = await startStack({ users: ['admin'] });
  browser = await startBrowser();
});
after(async () => {
  await browser?.close();
  await stack?.stop();
});
const tools = () => ({ stack, browser });

const thisHour = () => Math.floor(Date.now() * 1000 / HOUR) * HOUR;
const wave = (i) => (1 + Math.cos((i * Math.PI) / 12)) / 2;

/*
 * Thirty days of a house that sleeps at night, with an attack, hours in which nothing was counted, and hours of which
 * only the events are known. The current hour is the housekeeper's.
 */
function fill() {
  const now = thisHour();
  const rows = [];
  for (let i = 0; i < 30 * 24; i++) {
    const week = [1, 0.9, 1, 1.1, 1, 0.45, 0.4][Math.floor((now - i * HOUR) / (24 * HOUR)) % 7];
    if (i >= 30 && i < 34) continue;
    const attack = i >= 8 && i < 11 ? 2400 : 0;
    const late = i === 20 || i === 21 ? 9 * HOUR : 10;
    rows.push(`(${now - i * HOUR}, ${Math.round((40 + 900 * wave(i)) * week)}, ${Math.round((3 + 40 * wave(i)) * week) + attack}, ${Math.round(5200 + 1800 * wave(i) * week - i)}, ${now - i * HOUR + late})`);
  }
  stack.sql(`DELETE FROM overview_hour; INSERT INTO overview_hour VALUES ${rows.join()}`);
}

async function administrator(visit, options) {
  const visitor = await visit(options);
  await visitor.open('/login');
  await visitor.signIn(stack.users.admin);
  return visitor;
}

async function look(visitor, name) {
  const { page } = visitor;
  for (const scheme of ['light', 'dark']) {
    for (const width of [320, 360, 768, 1280]) {
      const view = `${name} ${scheme} ${width}`;
      await page.setViewportSize({ width, height: 780 });
      await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth), `${view} scrolls sideways`);
      assert.ok(await page.evaluate(() => [...document.querySelectorAll('main summary')]
        .every((element) => element.getBoundingClientRect().height >= 44)), `${view}: targets under 44 px`);
      if (width === 320) continue;
      assert.deepEqual(await accessibility(page), [], view);
      await visitor.shot(`${name}-${width}-${scheme}`);
    }
  }
  await page.setViewportSize({ width: 1280, height: 800 });
}

scene(tools, 'nothing counted yet: said so', async ({ visit }) => {
  stack.sql('DELETE FROM overview_hour');
  const visitor = await administrator(visit);
  await visitor.follow('Users');
  stack.sql('DELETE FROM overview_hour');
  await visitor.follow('Overview');
  assert.equal(await visitor.heading(), 'Overview');
  if (await visitor.page.locator('figure').count() === 0) assert.ok(await visitor.page.getByRole('status').isVisible());
});

for (const javaScript of [true, false]) {
  scene(tools, `charts, and the same in numbers, ${javaScript ? 'with' : 'without'} JavaScript`, async ({ visit }) => {
    const visitor = await administrator(visit, { javaScript });
    fill();
    await visitor.open('/admin/overview');
    const { page } = visitor;
    // What a screen reader is told of each picture.
    const pictures = page.getByRole('img', { name: /^(Sign-ins|Failed sign-ins|Live sessions) / });
    assert.equal(await pictures.count(), 6);
    assert.match(await pictures.nth(1).getAttribute('aria-labelledby'), /^hours-1-title hours-1-text$/);
    assert.match(await page.locator('#hours-1-text').textContent(), /in 48 hours, at most 2\s4\d\d in one hour\.$/);
    assert.equal(await page.locator('a[aria-current="page"]').innerText(), 'Overview');
    // Every hour has its bar but those that were not counted, and they have their gap.
    const shapes = async (selector) => ((await page.locator(selector).first().getAttribute('d')).match(/M/g) ?? []).length;
    assert.equal(await shapes('.chart-gap'), 48 - await shapes('.chart-bar'));
    assert.ok(await shapes('.chart-gap') >= 4);
    assert.ok(await shapes('.chart-line') >= 2, 'the line is broken by a gap');
    for (const bar of await page.locator('.chart-bar, .chart-line').all()) {
      const { width, height } = await bar.boundingBox();
      assert.ok(width > 100 && height > 2, 'it fills its place');
    }
    const table = page.locator('table').first();
    assert.equal(await table.isVisible(), false);
    await page.locator('summary').first().click();
    assert.ok(await table.isVisible());
    assert.equal(await table.locator('tbody tr').count(), 48);
    assert.equal(await page.locator('table').nth(1).locator('tbody tr').count(), 30);
    const tenth = await table.locator('tbody tr').nth(10).innerText();
    assert.match(tenth, /:00\s+\d+\s+2\s4\d\d\s+\d\s\d\d\d$/);
    assert.match(await table.locator('tbody tr').nth(31).innerText(), /–\s*not counted\s+–\s*not counted\s+–\s*not counted$/);
    // Of what was counted late only the events are known.
    assert.match(await table.locator('tbody tr').nth(20).innerText(), /:00\s+\d+\s+\d+\s+–\s*not counted$/);
  });
}

scene(tools, 'in every view, closed and open, also in Polish', async ({ visit }) => {
  const visitor = await administrator(visit);
  fill();
  await visitor.open('/admin/overview');
  await look(visitor, 'overview');
  await visitor.open('/admin/overview?ui_locales=pl');
  assert.equal(await visitor.heading(), 'Przegląd');
  await look(visitor, 'overview-pl');
  for (const summary of await visitor.page.locator('summary').all()) await summary.click();
  await look(visitor, 'overview-numbers');
});
