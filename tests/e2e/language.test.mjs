// The language of pages: by account, ui_locales, Accept-Language; links and forms go on asking for it.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { startStack } from '../support/harness.mjs';
import { tokenOf } from '../support/client.mjs';

let stack;
before(async () => {
  stack = await startStack();
});
after(() => stack?.stop());

const polish = { 'Accept-Language': 'fr, pl-PL;q=0.8, en;q=0.5' };
const isPolish = (page) => {
  assert.match(page.body, /<html lang="pl" dir="ltr">/);
  assert.equal(page.headers['content-language'], 'pl');
};
const isEnglish = (page) => {
  assert.match(page.body, /<html lang="en" dir="ltr">/);
  assert.equal(page.headers['content-language'], 'en');
};
const targets = (page) => [...page.body.matchAll(/(?:href|action)="([^"#]+)"/g)].map(([, url]) => url.replaceAll('&amp;', '&'));

test('Accept-Language decides, by its weights', async () => {
  const visitor = stack.visitor();
  const page = await visitor.get('/login', polish);
  isPolish(page);
  assert.match(page.body, /<h1>Logowanie<\/h1>/);
  assert.match(page.body, /<title>Logowanie · Gatepost<\/title>/);
  assert.match(page.body, />Przejdź do treści</);
  assert.match(page.headers.vary, /accept-language/i);
  for (const url of targets(page)) assert.doesNotMatch(url, /ui_locales/);
  isEnglish(await visitor.get('/login'));
  isEnglish(await visitor.get('/login', { 'Accept-Language': 'fr' }));
  isEnglish(await visitor.get('/login', { 'Accept-Language': 'pl;q=0.1, en;q=0.2' }));
  isEnglish(await visitor.get('/login', { 'Accept-Language': ';;,,q=pl;=' }));
});

test('ui_locales comes before it, and goes on in links, forms and redirects, but not to files', async () => {
  const visitor = stack.visitor();
  isEnglish(await visitor.get('/login?ui_locales=de%20en-GB', polish));
  isPolish(await visitor.get('/login?ui_locales=tlh+pl', { 'Accept-Language': 'en' }));
  // What names no language here is as good as nothing, and not an error.
  for (const value of ['', 'xx', '..%2Fen', '%22%3E%3Cb%3E', 'p'.repeat(5000)]) {
    const page = await visitor.get(`/login?ui_locales=${value}`, polish);
    assert.equal(page.status, 200);
    isPolish(page);
    for (const url of targets(page)) assert.doesNotMatch(url, /ui_locales/);
  }
  // A page that takes no parameters does not mind what is malformed.
  for (const value of ['%zz', '%', '%F0%28']) isPolish(await visitor.get(`/problems?ui_locales=${value}`, polish));
  const first = await visitor.get('/account?ui_locales=pl-PL');
  assert.equal(first.status, 303);
  const to = new URL(first.headers.location);
  assert.equal(to.searchParams.get('ui_locales'), 'pl');
  const page = await visitor.get(first.headers.location.slice(stack.base.length));
  isPolish(page);
  const all = targets(page);
  assert.ok(all.length >= 4, all.join(' '));
  for (const url of all) assert.equal(/[?&]ui_locales=pl(&|$)/.test(url), !url.includes('/assets/'), url);
  const action = /<form method="post" action="([^"]+)"/.exec(page.body)[1].replaceAll('&amp;', '&');
  const wrong = await visitor.post(action.slice('/auth'.length), { csrf_token: tokenOf(page), identifier: 'alice', password: 'not the password' });
  assert.equal(wrong.status, 401);
  isPolish(wrong);
  assert.match(wrong.body, /Nie udało się\. Sprawdź nazwę użytkownika/);
  const right = await visitor.post(action.slice('/auth'.length), { csrf_token: tokenOf(wrong), ...stack.users.alice });
  assert.equal(right.status, 303);
  assert.equal(right.headers.location, `${stack.base}/account?ui_locales=pl`);
});

test('the language of the account comes before both', async () => {
  const visitor = stack.visitor();
  stack.sql("UPDATE user SET language = 'pl' WHERE username = 'bob'");
  isEnglish(await visitor.get('/login'));
  assert.equal((await visitor.signIn(stack.users.bob)).status, 303);
  isPolish(await visitor.get('/account'));
  isPolish(await visitor.get('/account?ui_locales=en', { 'Accept-Language': 'en' }));
  // One that is no longer there: as if none was chosen.
  stack.sql("UPDATE user SET language = 'tlh' WHERE username = 'bob'");
  isEnglish(await visitor.get('/account'));
  isPolish(await visitor.get('/account', polish));
});

test('the API speaks English to programs', async () => {
  const refused = await stack.client.get('/auth/api/v1/session', { headers: polish });
  assert.equal(refused.json.title, 'Please sign in');
});
