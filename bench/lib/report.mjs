// Numbers of rounds as medians and ratios, goals, and tables of them. Touches nothing outside.

export function median(list) {
  if (list.length === 0) throw new Error('the median of nothing');
  const sorted = [...list].sort((x, y) => x - y);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

// Of one value of every round.
export const middle = (rounds, key) => median(rounds.map((round) => round[key]));

// What a round shows against the same round of another case: noise of the machine hits both. Then the median.
export function ratio(rounds, base, key) {
  if (rounds.length !== base.length) throw new Error(`${rounds.length} rounds against ${base.length}`);
  return median(rounds.map((round, index) => round[key] / base[index][key]));
}

const signs = { '<': (value, bound) => value < bound, '≥': (value, bound) => value >= bound, '≤': (value, bound) => value <= bound, '=': (value, bound) => value === bound };

// goal('rate of (c)', '≥', 0.9, 0.87, 2): judged as it is printed, rounded to so many digits.
export function goal(what, sign, bound, value, digits = 2, unit = '') {
  const shown = Number(value.toFixed(digits));
  return { text: `${what} ${sign} ${bound}${unit}`, value: shown, met: signs[sign](shown, bound) };
}

export const verdict = (goals) => goals.map(({ text, met }) => `${text}: ${met ? 'met' : '**missed**'}`).join('; ');

export const table = (head, rows) => [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');

export const fixed = (digits) => (value) => value.toFixed(digits);

export const brokenOf = (rounds) => rounds.reduce((sum, { broken }) => sum + broken, 0);
const failures = (rounds) => {
  const kinds = [...new Set(rounds.flatMap(({ failed }) => Object.keys(failed)))];
  const said = kinds.map((kind) => `${kind} ${rounds.reduce((sum, { failed }) => sum + (failed[kind] ?? 0), 0)}`);
  return said.length > 0 ? `; **requests failed: ${said.join(', ')}**` : '';
};

const checkHead = [
  'connections', 'what', 'req/s', 'of (c)', 'of (c0)', 'p50 ms', 'p99 ms', 'statements',
  'CPU µs: program', 'database', 'web server', 'must reach',
];

// cases: [{id, label, rounds, way (see checkGoals; none: nothing to reach)}] of one number of connections, c and c0 among
// them.
export function checkRows(connections, cases) {
  const of = (id) => cases.find((kase) => kase.id === id).rounds;
  return cases.map(({ id, label, rounds, way }) => [
    connections, label + failures(rounds), fixed(0)(middle(rounds, 'rate')),
    fixed(2)(ratio(rounds, of('c'), 'rate')), fixed(2)(ratio(rounds, of('c0'), 'rate')),
    fixed(2)(middle(rounds, 'p50')), fixed(2)(middle(rounds, 'p99')),
    id === 'a' || id === 'b' ? '' : fixed(2)(middle(rounds, 'statements')),
    ...['program', 'database', 'server'].map((name) => fixed(0)(middle(rounds, name))),
    way === undefined ? '' : verdict(checkGoals(way, connections, rounds, of)),
  ]);
}

// What a check must reach, by the way it is done ("off" or "on": the front desk) and the number of connections.
export function checkGoals(way, connections, rounds, of) {
  const rate = (id) => ratio(rounds, of(id), 'rate');
  if (way === 'off' && connections === 32) {
    return [
      goal('of (c)', '≥', 0.9, rate('c')), goal('of (c0)', '≥', 0.75, rate('c0')),
      goal('statements', '=', 1, middle(rounds, 'statements')),
    ];
  }
  if (way === 'on' && connections === 32) {
    return [
      goal('of (c0)', '≥', 1.4, rate('c0')), goal('statements', '≤', 0.5, middle(rounds, 'statements')),
      goal('p99 of (c0)\'s', '≤', 1, ratio(rounds, of('c0'), 'p99')),
    ];
  }
  return way === 'on' && connections === 1 ? [goal('of (c0)', '≥', 1, rate('c0'))] : [];
}

export const checkTable = (rows) => table(checkHead, rows);
export const otherTable = (rows) =>
  table(['what', 'measured', 'must reach'], rows.map(({ what, measured, goals = [] }) => [what, measured, verdict(goals)]));

// "RESULT …" of a load's script: see load.mjs.
export function parseLoad(text) {
  const found = /^RESULT (\d+) (\d+) (\d+) (\d+) (\d+)$/m.exec(text);
  if (!found) throw new Error(`wrk said no result: ${text.slice(-1000)}`);
  const [requests, micros, p50, p99, broken] = found.slice(1).map(Number);
  const counts = (pattern) => Object.fromEntries([...text.matchAll(pattern)].map(([, name, count]) => [name, Number(count)]));
  const statuses = counts(/^STATUS (\d+) (\d+)$/gm);
  const failed = counts(/^FAILED (\w+) ([1-9]\d*)$/gm); // By connect, read, write, timeout, status.
  return { requests, rate: (requests * 1e6) / micros, seconds: micros / 1e6, p50: p50 / 1000, p99: p99 / 1000, broken, failed, statuses };
}

// The table of strace -c: calls by name.
export function parseStrace(text) {
  const calls = {};
  for (const line of text.split('\n')) {
    const found = /^\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)\s+(?:\d+\s+)?(\w+)$/.exec(line);
    if (found && found[2] !== 'total') calls[found[2]] = Number(found[1]);
  }
  return calls;
}
