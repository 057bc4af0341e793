// What must always hold of the project's files, whatever they say.
import test from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync, existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { files, findings } from '../support/files.mjs';
import { source } from '../support/harness.mjs';

const none = (list) => assert.deepEqual(list, []);
const read = (path) => readFileSync(join(source, path), 'utf8');
const text = files((path) => !/\.(png|svg)$|corpus\//.test(path));

test('the README opens with the two commands', () => {
  const head = read('README.md').split('\n').slice(0, 25).join('\n');
  assert.match(head, /conf\/demo start/);
  assert.match(head, /tests\/run/);
});

test('every picture and file that README and docs link to exists', () => {
  const missing = [];
  for (const { path, text: body } of files((name) => /\.md$/.test(name))) {
    for (const [, target] of body.matchAll(/\]\((?!https?:|#)([^)#]+)(?:#[^)]*)?\)/g)) {
      const at = join(source, path, '..', target);
      if (!existsSync(at)) missing.push(`${path} → ${target}`);
    }
  }
  none(missing);
});

test('CI calls tests/run and nothing else', () => {
  assert.match(read('.ci/run'), /^exec tests\/run$/m);
  for (const path of ['.ci/run', 'tests/run', 'conf/demo', 'conf/install-packages']) {
    assert.ok(statSync(join(source, path)).mode & 0o100, `${path} is executable`);
  }
});

test('lock files name no place of download and packages are pinned', () => {
  const lock = read('tests/package-lock.json');
  assert.doesNotMatch(lock, /resolved/);
  assert.doesNotMatch(lock, /https?:\/\/registry/);
  const wanted = JSON.parse(read('tests/package.json'));
  for (const version of Object.values({ ...wanted.dependencies, ...wanted.devDependencies })) assert.match(version, /^\d+\.\d+\.\d+$/);
  for (const [name, entry] of Object.entries(JSON.parse(lock).packages)) {
    if (entry.engines?.node) assert.match(entry.engines.node, />=\s*(0|4|6|8|10|12|14|16|18)\b/, `${name} accepts Node 18`);
  }
});

test('no secret, no key and no download host is in the tree', () => {
  none(findings(text, /-----BEGIN [A-Z ]*PRIVATE KEY|https?:\/\/(deb|registry|archive|security)\.[a-z]/, { code: false })
    .filter((line) => !line.startsWith('tests/lint/')));
});

test('nothing is left open or skipped', () => {
  const own = text.filter(({ path }) => /^(src|tests|conf|bench)\//.test(path) && !path.startsWith('tests/lint/'));
  none(findings(own, /\b(TODO|FIXME|XXX|HACK)\b/, { code: false }));
  none(findings(own.filter(({ path }) => path.startsWith('tests/')), /\bskip\(\)|\{\s*skip:|\.skip\(|WILL_FAIL|DISABLED/, { code: false }));
});

test('every setting of the program is in conf/gatepost.conf and in its manual page', () => {
  const table = files((path) => /^src\/base\/config.*\.c$/.test(path)).map((file) => file.text).join('\n');
  const names = new Set([...table.matchAll(/\{\s*"(?:server|database|session|password|throttle|token|cors|listen|guard|protect|metrics|mail|account)"\s*,\s*"([a-z0-9_]+)"/g)].map(([, name]) => name));
  assert.ok(names.size > 40, `found ${names.size} settings in the table`);
  const sample = read('conf/gatepost.conf');
  const manual = read('conf/man/gatepost.conf.5');
  none([...names].filter((name) => !new RegExp(`^;?\\s*${name} =`, 'm').test(sample)).map((name) => `${name} is not in conf/gatepost.conf`));
  none([...names].filter((name) => !manual.includes(name)).map((name) => `${name} is not in conf/man/gatepost.conf.5`));
});

test('POST /auth/login is followed in five files and under 300 lines, as docs/hacking.md names them', () => {
  const hacking = read('docs/hacking.md');
  const section = hacking.slice(hacking.indexOf('## One request'), hacking.indexOf('\n## ', hacking.indexOf('## One request') + 5));
  const steps = [...section.matchAll(/`(src\/[a-z_/]+\.c)`[^`\n]*`([a-z_]+)`/g)].map(([, path, name]) => ({ path, name }));
  assert.ok(steps.length >= 5);
  assert.equal(new Set(steps.map(({ path }) => path)).size, 5);
  let lines = 0;
  for (const { path, name } of steps) {
    const body = read(path);
    const found = new RegExp(`^[^\\s#/*].*\\b${name}\\([^;]*?\\)\\n\\{[\\s\\S]*?\\n\\}`, 'm').exec(body);
    assert.ok(found, `${name} is in ${path}`);
    lines += found[0].split('\n').length;
  }
  assert.ok(lines < 300, `${lines} lines`);
});

test('SE-31: every time limit stands in docs/sessions.md as in conf/gatepost.conf', () => {
  const section = /\n\[session\]\n([^]*?)\n\[/.exec(read('conf/gatepost.conf'))[1];
  const settings = Object.fromEntries([...section.matchAll(/^([a-z0-9_]+) = (\S+)$/gm)].map(([, name, value]) => [name, value]));
  const documented = Object.fromEntries([...read('docs/sessions.md').matchAll(/^\| `([a-z0-9_]+)` \| (\S+) \|/gm)].map(([, name, value]) => [name, value]));
  delete settings.cookie_strict;
  assert.deepEqual(documented, settings);
});
