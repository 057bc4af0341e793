// Chromium as people use it: visitors whose pages report every error and every foreign request.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import axe from 'axe-core';
import { chromium } from 'playwright-core';
import { build } from './harness.mjs';

const screenshots = join(build, 'screenshots');

// Nothing but this machine can be reached, and the browser itself calls nobody.
const args = [
  '--no-sandbox',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-domain-reliability',
  '--disable-sync',
  '--no-first-run',
  '--no-default-browser-check',
  '--disable-dev-shm-usage',
  '--disable-gpu',
  '--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE localhost , EXCLUDE 127.0.0.1',
];

export const startBrowser = (more = []) => chromium.launch({ executablePath: '/usr/bin/chromium', headless: true, args: [...args, ...more] });

// A page that answers 4xx on purpose is in Chromium's console as "Failed to load"; its parts are not.
const isPageItself = (message, loaded) =>
  /^Failed to load resource: the server responded with a status of 4\d\d/.test(message.text()) && loaded.has(message.location().url);

// What a script asked for and the server refused on purpose: "401 /path" among those that the test names.
function isRefusal(message, refusals) {
  const [, status] = /^Failed to load resource: the server responded with a status of (4\d\d)/.exec(message.text()) ?? [];
  return status !== undefined && refusals.includes(`${status} ${new URL(message.location().url).pathname}`);
}

function watch(page, origins, refusals) {
  const problems = [];
  const loaded = new Set();
  page.on('response', (answer) => {
    if (answer.request().isNavigationRequest()) loaded.add(answer.url());
  });
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type()) && !isPageItself(message, loaded) && !isRefusal(message, refusals)) problems.push(`console: ${message.text()}`);
  });
  page.on('pageerror', (error) => problems.push(`script: ${error.message}`));
  page.on('request', (request) => {
    if (!origins.includes(new URL(request.url()).origin)) problems.push(`request: ${request.url()}`);
  });
  return problems;
}

// One person at one browser; page is its only tab.
class Visitor {
  constructor(stack, context, page, problems) {
    Object.assign(this, { stack, context, page, problems });
  }

  open(path) {
    return this.page.goto(this.stack.base + path);
  }

  // Does what leads to another page; the answer is that page's, after redirects.
  async go(act) {
    const [answer] = await Promise.all([this.page.waitForNavigation({ waitUntil: 'load' }), act()]);
    return answer;
  }

  follow(name) {
    return this.go(() => this.page.getByRole('link', { name, exact: true }).click());
  }

  press(name) {
    return this.go(() => this.page.getByRole('button', { name, exact: true }).click());
  }

  // Fills and sends the sign-in form that is on the page.
  async signIn({ identifier, password }) {
    await this.page.getByRole('textbox', { name: 'User name or e-mail address' }).fill(identifier);
    await this.page.getByLabel('Password', { exact: true }).fill(password);
    return this.press('Sign in');
  }

  heading() {
    return this.page.getByRole('heading', { level: 1 }).innerText();
  }

  text() {
    return this.page.locator('body').innerText();
  }

  path() {
    return this.page.url().slice(this.stack.origin.length);
  }

  async cookie(name) {
    return (await this.context.cookies()).find((cookie) => cookie.name === name);
  }

  shot(name) {
    mkdirSync(screenshots, { recursive: true });
    return this.page.screenshot({ path: join(screenshots, `${name}.png`), fullPage: true });
  }
}

/*
 * A test with visitors: act({visit, stack}) where visit({javaScript, foreign, refusals}) opens one. At the end no
 * page may have logged an error, broken its CSP or asked another origin than the stack's and `foreign`.
 * tools() → {stack, browser}, once they are started.
 */
export function scene(tools, name, act) {
  test(name, async () => {
    const { stack, browser } = tools();
    const visitors = [];
    const visit = async ({ javaScript = true, foreign = [], refusals = [], ...options } = {}) => {
      const context = await browser.newContext({ ignoreHTTPSErrors: true, javaScriptEnabled: javaScript, viewport: { width: 1280, height: 800 }, ...options });
      context.setDefaultTimeout(20000);
      const page = await context.newPage();
      const visitor = new Visitor(stack, context, page, watch(page, [stack.origin, ...foreign], refusals));
      visitors.push(visitor);
      return visitor;
    };
    try {
      await act({ stack, visit });
      assert.deepEqual(visitors.flatMap(({ problems }) => problems), []);
    } finally {
      for (const { context } of visitors) await context.close();
    }
  });
}

// What axe-core finds wrong on the page as it is shown now, one line each.
export async function accessibility(page) {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(() =>
    window.axe.run(document, {
      resultTypes: ['violations'],
      runOnly: { type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] },
    }));
  return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.target.join(' ')}: ${node.failureSummary}`));
}

// Another site: 127.0.0.1 is not localhost. → {origin, close()}
export async function foreignSite(html) {
  const server = createServer((request, response) => {
    response.setHeader('Content-Type', 'text/html; charset=utf-8');
    response.end(`<!doctype html><html lang="en"><head><link rel="icon" href="data:,"><title>x</title></head><body>${html}</body></html>`);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `http://127.0.0.1:${server.address().port}`,
    close: () => new Promise((resolve) => {
      server.closeAllConnections();
      server.close(resolve);
    }),
  };
}
