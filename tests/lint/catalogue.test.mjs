// Texts for people stand in templates/lang and nowhere else: all of them, in every language, and none that nobody uses.
import test from 'node:test';
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { files, sources } from '../support/files.mjs';
import { source } from '../support/harness.mjs';

const none = (list) => assert.deepEqual(list, []);
const root = join(source, 'templates/lang');
const tags = readdirSync(root).sort();
const nouns = (tag) => readdirSync(join(root, tag)).filter((name) => name !== 'language.json').sort();
const read = (tag, file) => JSON.parse(readFileSync(join(root, tag, file), 'utf8'));
const all = (tag) => Object.assign({}, ...nouns(tag).map((file) => read(tag, file)));
const en = all('en');
const forms = (text) => [text].flat();
const templates = files((path) => /^templates\/.*\.(html|txt)$/.test(path));
const inTemplates = templates.flatMap(({ path, text }) =>
  [...text.matchAll(/\{\{\$([a-z0-9_.]+)(:[a-z0-9_]+)?\}\}/g)].map(([, key, number]) => ({ path, key, plural: number !== undefined })));
const code = sources(/\.c$/);
const said = code.find(({ path }) => path === 'src/web/said.c').text;
const saidKeys = [...said.matchAll(/^\t"([^"]+)",$/gm)].map(([, key]) => key);
// Literals that a line's end cuts are one.
const joined = (text) => text.replace(/"\s*\n\s*"/g, '');
const problems = [...joined(code.find(({ path }) => path === 'src/web/problem.c').text)
  .matchAll(/INFO\("(\w+)",\s*(\d+),\s*"([^"]+)",\s*"([^"]+)"\)/g)].map(([, word, , title, text]) => ({ word, title, text }));

test('the languages are there, English and one with three plural forms among them', () => {
  assert.deepEqual(tags.filter((tag) => ['en', 'pl'].includes(tag)), ['en', 'pl']);
  assert.equal(read('pl', 'language.json').forms, 3);
  assert.ok(Object.keys(en).length > 200);
});

test('every language has the same files with the same keys, each in the file of its noun', () => {
  for (const tag of tags) {
    assert.deepEqual(nouns(tag), nouns('en'), tag);
    for (const file of nouns('en')) assert.deepEqual(Object.keys(read(tag, file)).sort(), Object.keys(read('en', file)).sort(), `${tag}/${file}`);
  }
  none(nouns('en').flatMap((file) => Object.keys(read('en', file)).filter((key) => {
    const noun = key.split('.')[0];
    const name = basename(file, '.json');
    return ![name, name.replaceAll('-', '_'), name.split('-')[0]].includes(noun);
  }).map((key) => `${key} in ${file}`)));
});

test('no text was left in English', () => {
  const words = (text) => forms(text).join(' ').replace(/\{\w+\}|<\/?\w+>/g, '');
  for (const tag of tags.filter((other) => other !== 'en')) {
    const own = all(tag);
    none(Object.keys(en).filter((key) => /\p{L}{2}/u.test(words(en[key])) && words(own[key]) === words(en[key]))
      .map((key) => `${tag}: ${key}: ${own[key]}`));
  }
});

test('every key is used, and what is used is there', () => {
  const used = new Set([...inTemplates.map(({ key }) => key), ...saidKeys,
    ...problems.flatMap(({ word }) => [`problem.${word}.title`, `problem.${word}.text`])]);
  none(Object.keys(en).filter((key) => !used.has(key)).map((key) => `${key} is used by no template, nor in src/web/said.c`));
  none([...used].filter((key) => !(key in en)).map((key) => `${key} is in no catalogue`));
  none(inTemplates.filter(({ key, plural }) => plural !== Array.isArray(en[key])).map(({ path, key }) => `${path}: ${key}`));
});

test('src/web/said.c lists what the program asks for: all of it, each once, in order', () => {
  assert.deepEqual(saidKeys, [...new Set(saidKeys)].sort());
  const elsewhere = code.filter(({ path }) => path !== 'src/web/said.c');
  const literals = new Set(elsewhere.flatMap(({ text }) => [...text.matchAll(/"([a-z0-9_]+(?:\.[a-z0-9_]+)+)"/g)].map(([, key]) => key)));
  // A key that is put together: "activity.event." and the name of an event.
  const beginnings = elsewhere.flatMap(({ text }) => [...text.matchAll(/"([a-z0-9_]+(?:\.[a-z0-9_]+)*\.)"/g)].map(([, beginning]) => beginning));
  none(saidKeys.filter((key) => !literals.has(key) && !beginnings.some((beginning) => key.startsWith(beginning))).map((key) => `${key} is asked for nowhere: take it out of src/web/said.c`));
  none([...literals].filter((key) => key in en && !saidKeys.includes(key)).map((key) => `\t"${key}", is missing in src/web/said.c`));
  none(elsewhere.flatMap(({ path, text }) => [...text.matchAll(/\bsay(?:_with|_count)?\(\s*call,\s*"([^"]*)"/g)]
    .filter(([, key]) => !saidKeys.includes(key)).map(([, key]) => `${path}: ${key}`)));
});

test('what the program asks for as a plural text is one, and no other is', () => {
  for (const { path, text } of code) {
    for (const [, key] of text.matchAll(/\bsay_count\(\s*call,\s*"([^"]*)"/g)) assert.ok(Array.isArray(en[key]), `${path}: ${key}`);
    for (const [, key] of text.matchAll(/\bsay(?:_with)?\(\s*call,\s*"([^"]*)"/g)) assert.equal(typeof en[key], 'string', `${path}: ${key}`);
    for (const [, key] of text.matchAll(/\bsay\(\s*call,\s*"([^"]*)"/g)) assert.doesNotMatch(en[key], /[{}]|<\/?(b|code)>/, `${path}: ${key}`);
  }
});

test('what is said to programs in English is what English pages say', () => {
  assert.ok(problems.length > 20);
  for (const { word, title, text } of problems) {
    assert.equal(en[`problem.${word}.title`], title);
    assert.equal(en[`problem.${word}.text`], text);
  }
  let pairs = 0;
  for (const { path, text } of sources(/\.c$/).filter((file) => file.path.startsWith('src/web/'))) {
    for (const [, sentence, key] of joined(text).matchAll(/\{\s*"((?:[^"\\]|\\.)*)",\s*"(problem\.[a-z_]+)"\s*\}/g)) {
      pairs++;
      assert.equal(en[key], sentence, `${path}: ${key}`);
    }
  }
  assert.ok(pairs > 8, `${pairs} sentences`);
});

// A template's words outside of markup and tags, and in the attributes that people are shown.
function words(text, isHtml) {
  const bare = text.replace(/\{\{[^}]*\}\}/g, '');
  if (!isHtml) return bare.split('\n').filter((line) => /\p{L}/u.test(line.replace(/^Subject:/, '')));
  const shown = [...bare.matchAll(/\b(?:placeholder|aria-label|aria-description|title|alt|label|data-(?!for=)[a-z-]+)="([^"]*)"/g)].map(([, value]) => value);
  return [...bare.replace(/<!--[^]*?-->/g, '').replace(/<[^>]*>/g, '\n').split('\n'), ...shown].filter((line) => /\p{L}/u.test(line));
}

test('no template has words of its own', () => {
  assert.deepEqual(words('<p title="{{x}} a">{{y}}</p><!-- c --><b class="d">é</b>', true), ['é', ' a'], 'the check sees words');
  assert.deepEqual(words('Subject: {{$x}}\n\nDear {{y}},', false), ['Dear ,']);
  none(templates.flatMap(({ path, text }) => words(text, path.endsWith('.html')).map((line) => `${path}: ${line.trim()}`)));
  for (const { path, text } of templates.filter((file) => text_is_page(file))) assert.match(text, /<html lang="\{\{lang\}\}" dir="\{\{dir\}\}">/, path);
});

function text_is_page({ path, text }) {
  return path.endsWith('.html') && /<html/.test(text);
}

test('no page of the program and no script has a sentence of its own', () => {
  const pages = code.filter(({ path }) => /^src\/web\/(page_\w+|say|session_item|user_agent|language_call)\.c$/.test(path));
  assert.ok(pages.length > 12);
  const literals = ({ path, text }) => [...joined(text.replace(/\/\*[^]*?\*\/|^#include.*$/gm, '')).matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, literal]) => `${path}: ${literal}`);
  none(pages.flatMap(literals).filter((line) => /: \p{Lu}[^:]*\p{L} [^]*\p{Ll}/u.test(line) && !/: (Bearer realm=|Samsung Internet$)/.test(line)));
  for (const { path, text } of files((name) => /^templates\/assets\/.*\.js$/.test(name))) {
    const script = text.replace(/\/\/[^\n]*|`[^`]*`/g, '');
    none([...script.matchAll(/'([^'\n]*)'/g)].map(([, literal]) => literal).filter((literal) => /^\p{Lu}\p{Ll}|\p{L} \p{L}/u.test(literal)).map((literal) => `${path}: ${literal}`));
  }
});

test('every mail that is queued has its templates, and every template of a mail is sent', () => {
  const queued = new Set(code.filter(({ path }) => path.startsWith('src/auth/') || path.startsWith('src/ctl/')).flatMap(({ text }) =>
    [...text.matchAll(/(?:\.(?:kind|notice) = |notice_to\(\s*)STR\("([a-z-]+)"\)/g)].map(([, kind]) => kind)));
  const letters = code.find(({ path }) => path === 'src/mailer/letter.c').text;
  const written = [...letters.matchAll(/\{\{"([a-z-]+)", \d+\},/g)].map(([, kind]) => kind);
  assert.ok(queued.size > 10, `${queued.size} kinds`);
  none([...queued].filter((kind) => !written.includes(kind)));
  none(written.filter((kind) => !templates.some(({ path }) => path === `templates/mail/${kind}.txt`)));
  none(written.filter((kind) => !queued.has(kind)));
});
