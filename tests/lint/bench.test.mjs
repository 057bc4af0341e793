// The measuring bench, as far as it can be judged without measuring: it parses, and reckons rightly.
import test from 'node:test';
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { a12, effect, shuffled } from '../../bench/lib/effect.mjs';
import { letters, parse, usage } from '../../bench/lib/options.mjs';
import { checkGoals, checkRows, goal, median, otherTable, parseLoad, parseStrace, ratio, table, verdict } from '../../bench/lib/report.mjs';
import { groups } from '../../bench/lib/timing-cases.mjs';
import { files } from '../support/files.mjs';
import { source } from '../support/harness.mjs';

test('every script of the bench parses, and the bench says what it takes', () => {
  const scripts = files((path) => /^bench\/.*\.mjs$/.test(path)).map(({ path }) => path);
  assert.ok(scripts.length >= 10);
  for (const path of scripts) {
    const { status, stderr } = spawnSync(process.execPath, ['--check', join(source, path)], { encoding: 'utf8' });
    assert.equal(status, 0, `${path}: ${stderr}`);
  }
  assert.ok(statSync(join(source, 'bench/run')).mode & 0o100);
  // Loads every module, so that an import of what is not exported is found too.
  const help = spawnSync(join(source, 'bench/run'), ['--help'], { encoding: 'utf8' });
  assert.equal(help.status, 0, help.stderr);
  assert.equal(help.stdout, `${usage}\n`);
});

test('TH-10: the effect size is how often one is the greater', () => {
  assert.equal(a12([1, 2, 3], [1, 2, 3]), 0.5);
  assert.equal(a12([4, 5, 6], [1, 2, 3]), 1);
  assert.equal(a12([1, 2, 3], [4, 5, 6]), 0);
  assert.equal(a12([1, 1], [1, 1, 1]), 0.5);
  assert.equal(effect([1, 2, 3, 4], [2, 3, 4, 5]), 0.21875);
  // Against the definition, pair by pair.
  const first = [5, 3, 8, 3, 1, 9, 2];
  const second = [4, 3, 7, 3, 6];
  const pairs = first.flatMap((x) => second.map((y) => (x > y ? 1 : x === y ? 0.5 : 0)));
  assert.ok(Math.abs(a12(first, second) - pairs.reduce((sum, n) => sum + n, 0) / pairs.length) < 1e-12);
  assert.throws(() => a12([], [1]));
  assert.deepEqual(shuffled([1, 2, 3, 4, 5]).sort(), [1, 2, 3, 4, 5]);
  assert.deepEqual(shuffled([1, 2, 3], () => 0), [2, 3, 1]);
});

test('TH-10: each group has something to compare, and bench/timing says what it takes', () => {
  for (const { name, kinds, expect } of groups) {
    assert.ok(Object.keys(kinds).length >= 2, name);
    assert.equal(typeof expect, 'function');
  }
  assert.ok(statSync(join(source, 'bench/timing')).mode & 0o100);
  const help = spawnSync(join(source, 'bench/timing'), ['--help'], { encoding: 'utf8' });
  assert.equal(help.status, 0, help.stderr);
  assert.match(help.stdout, /sign-in/);
});

test('its programs are built by its own list', () => {
  const list = files((path) => path === 'bench/CMakeLists.txt')[0].text;
  for (const { path } of files((name) => /^bench\/\w+\.c$/.test(name))) assert.match(list, new RegExp(` ${path.slice(6)}\\)`), path);
});

test('the median is the middle one, or between the two', () => {
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(median([10, 2, 1, 4]), 3);
  assert.equal(median([9, 10, 100]), 10);
  assert.throws(() => median([]));
});

test('ratios are taken round by round', () => {
  const fast = [{ rate: 100 }, { rate: 10 }, { rate: 50 }];
  const slow = [{ rate: 50 }, { rate: 5 }, { rate: 100 }];
  assert.equal(ratio(fast, slow, 'rate'), 2);
  assert.equal(ratio(slow, fast, 'rate'), 0.5);
  assert.throws(() => ratio(fast, slow.slice(1), 'rate'));
});

test('a goal is judged as it is printed', () => {
  assert.equal(goal('x', '≥', 0.9, 0.8949).met, false);
  assert.equal(goal('x', '≥', 0.9, 0.8951).met, true);
  assert.equal(goal('x', '=', 1, 1.004).met, true);
  assert.equal(goal('x', '=', 1, 1.006).met, false);
  assert.equal(goal('x', '≤', 100, 100.4, 0, ' ms').met, true);
  assert.equal(goal('x', '≤', 2, Number.NaN).met, false);
  assert.deepEqual([goal('x', '<', 0.06, 0.0594, 3).met, goal('x', '<', 0.06, 0.0599, 3).met], [true, false]);
  assert.equal(verdict([goal('a', '≥', 1, 2), goal('b', '≤', 1, 2, 1, ' MB')]), 'a ≥ 1: met; b ≤ 1 MB: **missed**');
});

// A case whose rounds are alike.
const kase = (id, rate, more = {}) => ({ id, label: id, rounds: [1, 2, 3].map(() => ({ rate, broken: 0, failed: {}, p50: 1, p99: 5, statements: 1, program: 30, database: 40, server: 20 })), ...more });

test('what checks must reach depends on the way and the number of connections', () => {
  const cases = [kase('c0', 1000), kase('c', 800)];
  const of = (id) => cases.find((one) => one.id === id).rounds;
  const goals = (way, connections, rate) => checkGoals(way, connections, kase('d', rate).rounds, of).map(({ met }) => met);
  assert.deepEqual(goals('off', 32, 750), [true, true, true]);
  assert.deepEqual(goals('off', 32, 719), [true, false, true]);
  assert.deepEqual(goals('off', 32, 700), [false, false, true]);
  assert.deepEqual(goals('on', 32, 1400), [true, false, true]);
  assert.deepEqual(goals('on', 32, 1390), [false, false, true]);
  assert.deepEqual(goals('on', 1, 999), [true]);
  assert.deepEqual(goals('on', 1, 980), [false]);
  assert.deepEqual(goals('off', 1, 10), []);
  assert.deepEqual(goals('on', 128, 10), []);
});

test('rows hold rates, ratios, medians and the verdict', () => {
  const [c0, c, d] = checkRows(32, [kase('c0', 1000), kase('c', 800), kase('d', 720, { way: 'off' })]);
  assert.deepEqual(c0.slice(0, 5), [32, 'c0', '1000', '1.25', '1.00']);
  assert.deepEqual(c.slice(2, 8), ['800', '1.00', '0.80', '1.00', '5.00', '1.00']);
  assert.deepEqual(d.slice(2), ['720', '0.90', '0.72', '1.00', '5.00', '1.00', '30', '40', '20', 'of (c) ≥ 0.9: met; of (c0) ≥ 0.75: **missed**; statements = 1: met']);
});

test('requests that failed are said', () => {
  const [, c] = checkRows(32, [kase('c0', 1000), { ...kase('c', 800), rounds: kase('c', 800).rounds.map((round, index) => ({ ...round, failed: index ? { read: index, status: 1 } : {} })) }]);
  assert.equal(c[1], 'c; **requests failed: read 3, status 2**');
});

test('tables are Markdown', () => {
  assert.equal(table(['a', 'b'], [[1, 'x']]), '| a | b |\n| --- | --- |\n| 1 | x |');
  assert.equal(otherTable([{ what: 'w', measured: '1 ms' }]).split('\n').at(-1), '| w | 1 ms |  |');
});

test('what wrk and strace say is understood', () => {
  const load = parseLoad('Running\nSTATUS 201 30\nSTATUS 503 2\nFAILED read 0\nFAILED status 2\nRESULT 32 2000000 1500 9000 2\nend\n');
  assert.deepEqual(load, { requests: 32, rate: 16, seconds: 2, p50: 1.5, p99: 9, broken: 2, failed: { status: 2 }, statuses: { 201: 30, 503: 2 } });
  assert.throws(() => parseLoad('unable to connect'));
  assert.deepEqual(parseStrace(`% time     seconds  usecs/call     calls    errors syscall
------ ----------- ----------- --------- --------- ----------------
 60.00    0.100000          10      2000        12 futex
 40.00    0.050000           5       100           accept
------ ----------- ----------- --------- --------- ----------------
100.00    0.150000           7      2100        12 total
`), { futex: 2000, accept: 100 });
});

test('options are read strictly', () => {
  assert.deepEqual([...parse([]).only], Object.keys(letters));
  const { rounds, seconds, only, big, peers, out } = parse(['--rounds', '7', '--seconds', '10', '--only', 'a,c,f', '--big', '--peers', '--out', 'x.md']);
  assert.deepEqual({ rounds, seconds, only: [...only], big, peers, out }, { rounds: 7, seconds: 10, only: ['d', 'f'], big: true, peers: true, out: 'x.md' });
  for (const wrong of [['--rounds', '0'], ['--rounds'], ['--seconds', '1s'], ['--only', 'z'], ['--only'], ['--out'], ['5'], ['--constructor']]) {
    assert.throws(() => parse(wrong), new RegExp(wrong[0].slice(0, 6)), wrong.join(' '));
  }
});
