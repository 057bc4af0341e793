// docs/security.md: every requirement is there once, and what is said to show it exists.
import test from 'node:test';
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { files } from '../support/files.mjs';
import { source } from '../support/harness.mjs';

const read = (path) => (existsSync(join(source, 'tests', path)) ? readFileSync(join(source, 'tests', path), 'utf8') : undefined);
const rows = (text) => [...text.matchAll(/^\| ([A-Z]{2}-\d{2}) \| (.*?) \| (.*) \|$/gm)].map(([, id, requirement, shown]) => ({ id, requirement, shown }));
const proofs = (shown) => [...shown.matchAll(/`([^`]+)`(?:: (.*?))?(?=; `|$)/g)].map(([, file, name]) => ({ file, name }));
// As it stands in the source: a name may have quotes of its own, and a row a remark behind it.
const has = (text, name) => [name, name.replace(/ \([^()]*\)$/, '')].some((one) => text.includes(one) || text.includes(one.replaceAll("'", "\\'")));

// What is wrong with a document, given what the tests name.
function faults(document, mentioned, contents = read) {
  const list = rows(document);
  const ids = list.map(({ id }) => id);
  const unused = new Set([...(/\n## Numbers that are not used\n([^]*)$/.exec(document)?.[1] ?? '').matchAll(/([A-Z]{2})((?: \d{2})+)/g)]
    .flatMap(([, area, numbers]) => numbers.trim().split(' ').map((n) => `${area}-${n}`)));
  const found = ids.filter((id, i) => ids.indexOf(id) !== i).map((id) => `${id} stands twice`);
  for (const id of mentioned) if (!ids.includes(id)) found.push(`${id} is named by a test and is no row`);
  for (const area of new Set(ids.map((id) => id.slice(0, 2)))) {
    const most = Math.max(...ids.filter((id) => id.startsWith(area)).map((id) => Number(id.slice(3))));
    for (let n = 1; n <= most; n++) {
      const id = `${area}-${String(n).padStart(2, '0')}`;
      if (ids.includes(id) === unused.has(id)) found.push(`${id} must be a row, or among the numbers that are not used`);
    }
  }
  for (const { id, requirement, shown } of list) {
    if (requirement.length < 15) found.push(`${id} says nothing`);
    if (/^(not built yet|not done|does not apply)\b.{5}/.test(shown)) continue;
    const all = proofs(shown);
    if (all.length === 0 || !shown.startsWith('`')) found.push(`${id} has neither a test nor a reason`);
    for (const { file, name } of all) {
      const text = contents(file);
      if (text === undefined) found.push(`${id}: there is no tests/${file}`);
      else if (name !== undefined && !has(text, name)) found.push(`${id}: tests/${file} has no test "${name}"`);
    }
  }
  return found;
}

// Single ids; "HD-01..10" names a stretch, of which the ends are looked at.
const mentioned = new Set(files((path) => /^tests\/(?!lint\/security)[^]*\.(mjs|c)$/.test(path))
  .flatMap(({ text }) => text.match(/\b(PW|TH|SE|CO|CS|HD|IN|TK|MF|WA|RC|AZ|OA|LG|ST)-\d{2}\b/g) ?? []));

test('every requirement is there once, with what shows it, or why nothing does', () => {
  const document = readFileSync(join(source, 'docs/security.md'), 'utf8');
  assert.ok(rows(document).length > 170);
  assert.deepEqual(faults(document, mentioned), []);
});

test('the check finds what is wrong', () => {
  const good = '| PW-01 | a line long enough to say it | `a.c`: works (a remark) |\n| PW-03 | a line long enough to say it | not built yet: mail |\n\n## Numbers that are not used\n\nPW 02\n';
  const contents = (file) => (file === 'a.c' ? 'static void works(void)' : undefined);
  const wrong = (document, ids = []) => faults(document, ids, contents);
  assert.deepEqual(wrong(good), []);
  assert.match(wrong(good.replace('works (', 'breaks ('))[0], /no test "breaks/);
  assert.match(wrong(good.replace('a.c', 'b.c'))[0], /no tests\/b\.c/);
  assert.match(wrong(good.replace('`a.c`: works (a remark)', 'surely'))[0], /neither a test nor a reason/);
  assert.match(wrong(good.replace('PW 02', 'PW 04'))[0], /PW-02 must be a row/);
  assert.match(wrong(good.replace('PW-03', 'PW-01')).join(), /twice/);
  assert.match(wrong(good, ['ST-01'])[0], /ST-01 is named by a test/);
});
