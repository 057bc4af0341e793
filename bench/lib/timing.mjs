// TH-10: samples of the time of answers that must not tell anything, interleaved, and the effect size of each difference.
import { writeFileSync } from 'node:fs';
import { makeBuild } from './build.mjs';
import { effect, shuffled } from './effect.mjs';
import { machine } from './machine.mjs';
import { goal, median, otherTable } from './report.mjs';
import { groups } from './timing-cases.mjs';

const LIMIT = 0.06;
const WARM = 20;

const usage = `bench/timing [--samples N] [--only GROUP] [--out FILE]
  --samples N   of each kind (default 400)
  --only GROUP  one of: ${groups.map(({ name }) => name).join(', ')}
  --out FILE    the table goes there too`;

function parse(args) {
  const options = { samples: 400, only: undefined, out: undefined, help: false };
  const rest = [...args];
  while (rest.length > 0) {
    const name = rest.shift();
    if (name === '--help') options.help = true;
    else if (name === '--samples') options.samples = Number(rest.shift());
    else if (name === '--only') options.only = rest.shift();
    else if (name === '--out') options.out = rest.shift();
    else throw new Error(`unknown: ${name}`);
  }
  if (!Number.isInteger(options.samples) || options.samples < 10) throw new Error('--samples wants a number, 10 at least');
  if (options.only !== undefined && !groups.some(({ name }) => name === options.only)) throw new Error(`--only: no group ${options.only}`);
  return options;
}

// One after the other, in an order that is thrown anew each round; what is counted of attempts is cleared between rounds.
async function sample(stack, group, samples, log) {
  const given = await group.prepare?.(stack);
  const kinds = Object.entries(group.kinds).map(([name, request]) => ({ name, request, times: [] }));
  for (let i = -WARM; i < samples; i++) {
    stack.sql('DELETE FROM throttle');
    for (const kind of shuffled(kinds)) {
      const began = process.hrtime.bigint();
      const answer = await kind.request(stack, i + WARM, given);
      const took = Number(process.hrtime.bigint() - began) / 1e6;
      if (!group.expect(answer)) throw new Error(`${group.name}, ${kind.name}: ${answer.status} ${answer.body}`);
      if (i >= 0) kind.times.push(took);
    }
    if (i > 0 && i % 100 === 0) log(`${group.name}: ${i} of ${samples}`);
  }
  return kinds;
}

const rowsOf = (group, [first, ...others]) => others.map(({ name, times }) => {
  const size = effect(times, first.times);
  return {
    what: `${group.name}: ${name}, beside ${first.name}`,
    measured: `effect size (A12 from 0.5) ${size.toFixed(3)}; medians ${median(times).toFixed(2)} ms and ${median(first.times).toFixed(2)} ms`,
    goals: [goal('effect size', '<', LIMIT, size, 3)],
  };
});

async function main() {
  const options = parse(process.argv.slice(2));
  if (options.help) return console.log(usage);
  const began = Date.now();
  const log = (text) => process.stderr.write(`${((Date.now() - began) / 1000).toFixed(0).padStart(5)} s  ${text}\n`);
  log('building');
  makeBuild();
  const { startStack } = await import('../../tests/support/harness.mjs');
  const rows = [];
  for (const group of groups.filter(({ name }) => options.only === undefined || name === options.only)) {
    const stack = await startStack({ users: ['alice', 'bob'] });
    try {
      rows.push(...rowsOf(group, await sample(stack, group, options.samples, log)));
    } finally {
      await stack.stop();
    }
  }
  const text = `${machine()} ${options.samples} samples of each kind, interleaved.\n\n${otherTable(rows)}`;
  if (options.out) writeFileSync(options.out, `${text}\n`);
  console.log(text);
  if (rows.some(({ goals }) => goals.some(({ met }) => !met))) process.exitCode = 1;
}

main().catch((error) => {
  console.error(`bench/timing: ${error.message}`);
  process.exitCode = 1;
});
