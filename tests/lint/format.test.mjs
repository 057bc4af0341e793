// clang-format, clang-tidy, shellcheck, mandoc: clean.
import test from 'node:test';
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { files, sources } from '../support/files.mjs';
import { build, source } from '../support/harness.mjs';

const run = (command, args) => {
  const done = spawnSync(command, args, { cwd: source, encoding: 'utf8', maxBuffer: 1 << 26 });
  if (done.error) throw done.error;
  return { code: done.status, text: done.stdout + done.stderr };
};

test('clang-format finds nothing', () => {
  const list = files((path) => /^(src|tests|bench)\/.*\.[ch]$/.test(path)).map(({ path }) => path);
  const { code, text } = run('clang-format', ['--dry-run', '-Werror', ...list]);
  assert.equal(code, 0, text.slice(0, 4000));
});

test('clang-tidy finds nothing', { timeout: 580000 }, async () => {
  const list = sources(/\.c$/).map(({ path }) => join(source, path));
  const failed = [];
  let next = 0;
  const work = async () => {
    while (next < list.length) {
      const file = list[next++];
      await new Promise((resolve, reject) => {
        const child = spawn('clang-tidy', ['--quiet', '-p', build, file], { stdio: ['ignore', 'pipe', 'ignore'] });
        let text = '';
        child.stdout.on('data', (chunk) => (text += chunk));
        child.on('error', reject);
        child.on('close', (code) => {
          if (code !== 0) failed.push(text || file);
          resolve();
        });
      });
    }
  };
  await Promise.all(cpus().map(work));
  assert.deepEqual(failed, [], failed.join('\n').slice(0, 8000));
});

test('shellcheck finds nothing', () => {
  const list = files((path) => !/\.(mjs|md|c|h|html|json|png)$/.test(path)).filter(({ text }) => /^#!\/bin\/(ba)?sh/.test(text)).map(({ path }) => path);
  assert.ok(list.includes('conf/demo') && list.includes('tests/run'));
  const { code, text } = run('shellcheck', list);
  assert.equal(code, 0, text);
});

test('manual pages are well-formed', () => {
  const list = files((path) => path.startsWith('conf/man/')).map(({ path }) => path);
  assert.ok(list.length >= 3);
  const { code, text } = run('mandoc', ['-Tlint', '-Wwarning', ...list]);
  assert.equal(code, 0, text);
});
