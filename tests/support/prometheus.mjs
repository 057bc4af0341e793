// Prometheus' text format 0.0.4, read strictly: what promtool would object to is an error here.
import assert from 'node:assert/strict';

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const LABEL = /^[a-zA-Z_][a-zA-Z0-9_]*$/;
const NUMBER = /^(?:[+-]?(?:\d+(?:\.\d+)?(?:e[+-]?\d+)?|Inf)|NaN)$/;

// {name="value",…} → [labels, rest]
function readLabels(text, line) {
  const labels = {};
  let rest = text.slice(1);
  while (rest[0] !== '}') {
    const found = /^([^=]+)="((?:[^"\\\n]|\\["\\n])*)"(,|(?=\}))/.exec(rest);
    assert.ok(found, `labels: ${line}`);
    const [all, name, value] = found;
    assert.match(name, LABEL, line);
    assert.ok(!name.startsWith('__') && !(name in labels), `label ${name}: ${line}`);
    labels[name] = value.replace(/\\(.)/g, (_, c) => (c === 'n' ? '\n' : c));
    rest = rest.slice(all.length);
  }
  return [labels, rest.slice(1)];
}

function readSample(line) {
  const name = /^[^{ ]+/.exec(line)?.[0] ?? '';
  assert.match(name, NAME, line);
  let rest = line.slice(name.length);
  let labels = {};
  if (rest[0] === '{') [labels, rest] = readLabels(rest, line);
  assert.match(rest, /^ \S+$/, `one value and no time: ${line}`);
  assert.match(rest.slice(1), NUMBER, line);
  return { name, labels, value: Number(rest.slice(1).replace('Inf', 'Infinity')) };
}

const withoutBound = ({ le, ...labels }) => JSON.stringify(Object.entries(labels).sort());

function checkHistogram(family, samples) {
  const groups = new Map();
  for (const sample of samples) {
    const key = withoutBound(sample.labels);
    if (!groups.has(key)) groups.set(key, { buckets: [] });
    const group = groups.get(key);
    const part = sample.name.slice(family.length + 1);
    if (part === 'bucket') group.buckets.push([Number(sample.labels.le.replace('Inf', 'Infinity')), sample.value]);
    else group[part] = sample.value;
  }
  for (const [key, { buckets, sum, count }] of groups) {
    const where = `${family} ${key}`;
    assert.ok(buckets.length >= 2 && sum !== undefined && count !== undefined, `${where} is whole`);
    assert.equal(buckets.at(-1)[0], Infinity, `${where} ends with +Inf`);
    assert.equal(buckets.at(-1)[1], count, `${where}: the last bucket has all`);
    buckets.slice(1).forEach(([bound, value], i) => assert.ok(bound > buckets[i][0] && value >= buckets[i][1], `${where} rises`));
    assert.ok(sum >= 0 && (count > 0 || sum === 0), `${where}: the sum is one of these`);
  }
}

function checkFamily(name, { type, samples }) {
  assert.ok(samples.length > 0 || type !== 'gauge', `${name} has samples`);
  assert.equal(name.endsWith('_total'), type === 'counter', `${name}: a counter ends in _total, nothing else does`);
  assert.ok(name.startsWith('gatepost_'), name);
  assert.doesNotMatch(name, /_(?:ms|us|milliseconds|microseconds|minutes|hours|kb)(?:_|$)/, `${name} is in base units`);
  const own = type === 'histogram' ? ['_bucket', '_sum', '_count'].map((end) => name + end) : [name];
  for (const sample of samples) {
    assert.ok(own.includes(sample.name), `${sample.name} is of ${name}`);
    assert.equal('le' in sample.labels, sample.name.endsWith('_bucket') && type === 'histogram', `le of ${sample.name}`);
    if (type !== 'gauge') assert.ok(sample.value >= 0, `${sample.name} is not negative`);
    if (type === 'counter') assert.ok(Number.isInteger(sample.value), `${sample.name} counts`);
  }
  if (type === 'histogram') checkHistogram(name, samples);
}

/*
 * The text as {families: Map(name → {help, type, samples: [{name, labels, value}]}), value(name, labels), sum(name,
 * labels)}: value of exactly these labels (undefined: none), sum over those that have them. Throws for what the format
 * forbids: a sample outside of its family, one twice, a head after a sample, an odd number, an incomplete histogram.
 */
export function readMetrics(text) {
  assert.ok(text.endsWith('\n'), 'the last line has its end');
  assert.doesNotMatch(text, /\r|\t|\n\n| \n/, 'no odd blanks');
  const families = new Map();
  const seen = new Set();
  let family;
  let name;
  for (const line of text.slice(0, -1).split('\n')) {
    const head = /^# (HELP|TYPE) (\S+) (.+)$/.exec(line);
    if (line.startsWith('#')) {
      assert.ok(head, line);
      if (head[1] === 'HELP') {
        assert.ok(!families.has(head[2]), `${head[2]} comes once`);
        [, , name] = head;
        family = { help: head[3], samples: [] };
        families.set(name, family);
      } else {
        assert.ok(head[2] === name && family.type === undefined && family.samples.length === 0, `${line} stands behind its HELP`);
        assert.match(head[3], /^(?:counter|gauge|histogram)$/, line);
        family.type = head[3];
      }
      continue;
    }
    const sample = readSample(line);
    assert.ok(family?.type, `${line} has a family`);
    const key = line.slice(0, line.lastIndexOf(' '));
    assert.ok(!seen.has(key), `${key} comes once`);
    seen.add(key);
    family.samples.push(sample);
  }
  for (const [of, all] of families) checkFamily(of, all);
  const samples = [...families.values()].flatMap((all) => all.samples);
  const fits = (sample, of, labels) => sample.name === of && Object.entries(labels).every(([label, wanted]) => sample.labels[label] === wanted);
  return {
    families,
    samples,
    value: (of, labels = {}) => samples.find((sample) => fits(sample, of, labels) && Object.keys(sample.labels).length === Object.keys(labels).length)?.value,
    sum: (of, labels = {}) => samples.filter((sample) => fits(sample, of, labels)).reduce((all, sample) => all + sample.value, 0),
  };
}
