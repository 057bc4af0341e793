// The language of pages: by account, ui_locales, Accept-Language; links and forms go on asking for it.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { source, startStack } from '../support/harness.mjs';
import { temporaryFolder } from '../support/stack.mjs';
import { tokenOf } from '../support/client.mjs';

// A third language, made from the English one: right to left, six plural forms, and every text in brackets.
const arabic = {
  name: 'العربية',
  direction: 'rtl',
  forms: 6,
  plural: 'n==0 ? 0 : n==1 ? 1 : n==2 ? 2 : n%100>=3 && n%100<=10 ? 3 : n%100>=11 ? 4 : 5',
  months: Array.from({ length: 12 }, (_, month) => `شهر ${month + 1}`),
  time: '{year}/{month}/{day} {hour}:{minute}',
};
function addLanguage(templates) {
  const from = join(templates, 'lang/en');
  const to = join(templates, 'lang/ar');
  mkdirSync(to);
  for (const file of readdirSync(from)) {
    const texts = JSON.parse(readFileSync(join(from, file), 'utf8'));
    const own = file === 'language.json' ? arabic : Object.fromEntries(Object.entries(texts)
      .map(([key, text]) => [key, Array.isArray(text) ? Array.from({ length: 6 }, (_, form) => `⟦${form}: ${text[1]}⟧`) : `⟦${text}⟧`]));
    writeFileSync(join(to, file), JSON.stringify(own));
  }
}

let stack;
const folder = temporaryFolder();
before(async () => {
  const templates = join(folder.dir, 'templates');
  cpSync(join(source, 'templates'), templates, { recursive: true });
  addLanguage(templates);
  stack = await startStack({ settings: { server: { template_dir: templates } } });
});
after(async () => {
  await stack?.stop();
  folder.remove();
});

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

test('a language that is added below templates/lang is there: right to left, with its own plural forms', async () => {
  const visitor = stack.visitor();
  const page = await visitor.get('/login', { 'Accept-Language': 'ar-EG, en;q=0.5' });
  assert.match(page.body, /<html lang="ar" dir="rtl">/);
  assert.match(page.body, /<h1>⟦Sign in⟧<\/h1>/);
  assert.match(page.body, / data-show="⟦Show⟧"/);
  // What a page says without brackets is a name or a value, and none of the program's words.
  const bare = page.body.replace(/<[^>]*>/g, '\n').replace(/⟦[^⟧]*⟧/g, '').split('\n').map((line) => line.trim()).filter((line) => /\p{L}/u.test(line));
  assert.deepEqual([...new Set(bare)].sort(), ['Gatepost', '· Gatepost']);
  await visitor.signIn(stack.users.admin);
  const account = await visitor.get('/account?ui_locales=ar');
  assert.match(account.body, /\d{4}\/شهر \d+\/\d+ \d\d:\d\d/);
  const password = await visitor.get('/account/password?ui_locales=ar');
  assert.match(password.body, /⟦4: At least 15 characters\./);
  for (const path of ['/account', '/account/sessions', '/account/password', '/admin/users', '/logout', '/problems', '/handover', '/reauth', '/nothing']) {
    const answer = await visitor.get(`${path}?ui_locales=ar`);
    assert.match(answer.body, /dir="rtl"/, path);
    assert.match(answer.body, /<h1>⟦/, path);
  }
});

test('a page says numbers as Polish does', async () => {
  const words = {
    one: ['sekundę', 'minutę', 'godzinę'],
    few: ['sekundy', 'minuty', 'godziny'],
    many: ['sekund', 'minut', 'godzin'],
  };
  const visitor = stack.visitor();
  let answer;
  for (let i = 0; i < 40 && answer?.status !== 429; i++) {
    const csrf_token = tokenOf(await visitor.get('/login?ui_locales=pl'));
    answer = await visitor.post('/login?ui_locales=pl', { csrf_token, identifier: 'nobody.at.all', password: 'never the right one' });
  }
  assert.equal(answer.status, 429);
  const [, number, word] = /Było zbyt wiele prób\. Spróbuj ponownie za (\d+) (\p{L}+)\./u.exec(answer.body);
  assert.ok(words[new Intl.PluralRules('pl').select(Number(number))].includes(word), `${number} ${word}`);
  const form = await visitor.get('/setup?ui_locales=pl');
  assert.match(form.body, /Co najmniej 15 znaków\./);
});
