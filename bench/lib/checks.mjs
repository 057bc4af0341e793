// Checks beside what they are measured against: a to d and g behind lighttpd, i behind Apache.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { start, until } from '../../tests/support/stack.mjs';
import { compare } from './measure.mjs';
import { load } from './load.mjs';
import { checkRows, middle, parseStrace, ratio } from './report.mjs';
import { refresh } from './seed.mjs';

export const session = (way) => `${way.base}/api/v1/session`;
export const checkBy = (made, way, kind) => ({
  id: `d-${way.key}-${kind}`, way: way.key, label: `(d) check by ${kind}${way.label}`,
  path: session(way), lua: made.scripts[kind], pid: way.pid, database: way.database,
});

function yardsticks(made) {
  const bare = (id, label, mode) => ({ id, label, path: `/bare-${mode}`, lua: made.scripts.cookie, pid: made.bare[mode].pid });
  return {
    a: { id: 'a', label: '(a) static file', path: '/static.txt', lua: made.scripts.cookie },
    b: bare('b', '(b) bare libfcgi, a constant', 'hello'),
    c0: bare('c0', '(c0) bare libfcgi, look-up by primary key', 'key'),
    c: bare('c', '(c) bare libfcgi, Gatepost\'s statement', 'check'),
  };
}

// That what is fast is also right: each credential of a few is its person's, a wrong one is refused.
export async function proveChecks(made) {
  for (const way of made.ways) {
    for (const [kind, header, prefix] of [['cookie', 'Cookie', '__Host-gatepost='], ['handle', 'X-Session-Id', '']]) {
      const values = readFileSync(made.files[kind], 'utf8').trim().split('\n').map((line) => line.split(' ')[0]);
      const ask = (value) => made.stack.client.get(session(way), { headers: { [header]: prefix + value } });
      const names = new Set();
      for (const value of values.slice(0, 5)) {
        const answer = await ask(value);
        if (answer.status !== 200) throw new Error(`a check by ${kind}: ${answer.status} ${answer.body}`);
        names.add(answer.json.user.username);
      }
      if (names.size !== 5) throw new Error(`five sessions are of ${[...names]}`);
      const wrong = await ask(`${values[0].slice(0, -5)}AAAAA`);
      if (wrong.status !== 401) throw new Error(`a wrong ${kind}: ${wrong.status}`);
    }
  }
}

export async function checks(options, made, { peers = [] } = {}) {
  await proveChecks(made);
  const yards = yardsticks(made);
  const both = made.ways.flatMap((way) => ['cookie', 'handle'].map((kind) => checkBy(made, way, kind)));
  const rows = [];
  for (const connections of made.server === 'lighttpd' ? [32, 1, 128] : [32]) {
    options.log(`${made.server}: checks at ${connections} connections`);
    const few = connections === 32 ? [yards.a, yards.b, ...peers] : [];
    rows.push(...checkRows(connections, await compare(options, made, [...few, yards.c0, yards.c, ...both], connections)));
  }
  return rows;
}

// System calls a check, where strace may look.
export async function systemCalls(options, made) {
  if (spawnSync('strace', ['--version']).error) return [];
  const rows = [];
  for (const way of made.ways) {
    const file = join(made.stack.dir, `strace-${way.key}`);
    const tracer = start('strace', ['-c', '-f', '-p', String(way.pid), '-o', file]);
    const ready = await until(() => {
      if (!tracer.running()) return true;
      return /attached/.test(tracer.output());
    }, 'strace is attached').then(() => tracer.running());
    if (!ready) return [{ what: `(g) system calls a check${way.label}`, measured: 'strace may not look at a process here' }];
    refresh(made, way.database);
    const { requests } = await load({ url: made.stack.origin + session(way), lua: made.scripts.cookie, connections: 32, seconds: 2 });
    await tracer.stop('SIGINT');
    const calls = Object.entries(parseStrace(readFileSync(file, 'utf8'))).map(([name, n]) => [name, n / requests]).sort((x, y) => y[1] - x[1]);
    const all = calls.reduce((sum, [, n]) => sum + n, 0);
    rows.push({
      what: `(g) system calls a check${way.label}`,
      measured: `${all.toFixed(1)} (${calls.filter(([, n]) => n >= 0.05).map(([name, n]) => `${name} ${n.toFixed(1)}`).join(', ')})`,
    });
  }
  return rows;
}

// Of one case against another: the rate, the p99.
export const against = (rounds, base) => ({ rate: ratio(rounds, base, 'rate'), p99: ratio(rounds, base, 'p99') });
export const shown = (rounds) => `${middle(rounds, 'rate').toFixed(0)} req/s, p99 ${middle(rounds, 'p99').toFixed(2)} ms`;
