// Checks among many sessions, and while a purge deletes.
import { statfsSync, readFileSync } from 'node:fs';
import { programs } from '../../tests/support/harness.mjs';
import { createDatabase } from '../../tests/support/with-mariadb.mjs';
import { start } from '../../tests/support/stack.mjs';
import { must } from './build.mjs';
import { against, checkBy, shown } from './checks.mjs';
import { compare, measure, takeTurns } from './measure.mjs';
import { brokenOf, goal } from './report.mjs';
import { seedEnded, seedPeople, seedSessions, sizes } from './seed.mjs';
import { addWorker, configure, deskOf } from './setup.mjs';

const endedARound = 200000;
const needed = { disk: 15, memory: 9 }; // GB

export function needRoom(dir) {
  const { bavail, bsize } = statfsSync(dir);
  const gigabytes = (bavail * bsize) / 1e9;
  if (gigabytes < needed.disk) throw new Error(`--big needs ${needed.disk} GB of disk at ${dir}; ${gigabytes.toFixed(1)} are free`);
  const available = (Number(/^MemAvailable:\s+(\d+) kB/m.exec(readFileSync('/proc/meminfo', 'utf8'))[1]) * 1024) / 1e9;
  if (available < needed.memory) throw new Error(`--big needs ${needed.memory} GB of memory; ${available.toFixed(1)} are available`);
}

// A second database with ten million sessions, the known ones among them, and a worker for each way.
async function grow(options, made) {
  const { mariadb } = made.stack;
  const database = await createDatabase(mariadb, 'big');
  const { file } = configure(made, 'big', {}, database);
  must(programs.ctl, ['--config', file, 'migrate']);
  seedPeople(mariadb, database.name, { passwords: false });
  options.log(`loading ${sizes.big} sessions`);
  mariadb.sql('SET GLOBAL innodb_flush_log_at_trx_commit = 2');
  seedSessions(mariadb, database.name, sizes.big, options);
  mariadb.sql('SET GLOBAL innodb_flush_log_at_trx_commit = 1');
  const ways = [];
  for (const { key, label } of made.ways) ways.push({ ...await addWorker(made, `big-${key}`, deskOf(made, key), database), key, label });
  return ways;
}

async function amongMany(options, made, ways) {
  const rows = [];
  for (const [index, way] of ways.entries()) {
    const label = `the same among ${sizes.big / 1e6} million${way.label}`;
    const cases = [checkBy(made, made.ways[index], 'cookie'), { ...checkBy(made, way, 'cookie'), label }];
    const [few, many] = await compare(options, made, cases, 32);
    const { rate } = against(many.rounds, few.rounds);
    rows.push({ what: `(h) check by cookie among ${sizes.sessions} sessions${way.label}`, measured: shown(few.rounds) }, {
      what: `(h) the same among ${sizes.big / 1e6} million`, measured: `${shown(many.rounds)}: rate ${rate.toFixed(2)}`,
      goals: [goal('rate of 100,000', '≥', 0.9, rate)],
    });
  }
  return rows;
}

async function duringPurge(options, made, way) {
  const { file } = configure(made, 'purge', { session: {} }, way.owner);
  const kase = checkBy(made, way, 'cookie');
  let overlap = true;
  const act = async ({ purging }, seconds, round) => {
    if (!purging) {
      seedEnded(made.stack.mariadb, way.database, endedARound, round);
      return measure(made, kase, 32, seconds);
    }
    const purge = start(programs.ctl, ['--config', file, 'purge']);
    const result = await measure(made, kase, 32, seconds);
    if (round > 0) overlap &&= purge.running();
    const { code } = await purge.exited;
    if (code !== 0 || !purge.output().startsWith(`deleted: ${endedARound} sessions`)) throw new Error(`gatepost purge: ${code}: ${purge.output()}`);
    return result;
  };
  const cases = [{ label: `before a purge${way.label}` }, { label: `during a purge${way.label}`, purging: true }];
  const [quiet, purged] = await takeTurns(options, cases, act);
  const { rate, p99 } = against(purged.rounds, quiet.rounds);
  const deleted = (endedARound * options.rounds).toLocaleString('en');
  const broken = brokenOf(purged.rounds);
  return [{ what: `(h) check by cookie, no purge${way.label}`, measured: shown(quiet.rounds) }, {
    what: `(h) the same while gatepost purge deletes ${deleted} sessions${overlap ? '' : ' (it was over before the measurement)'}`,
    measured: `${shown(purged.rounds)}, ${broken} checks refused: rate ${rate.toFixed(2)}, p99 ${p99.toFixed(2)}`,
    goals: [goal('p99 of no purge', '≤', 1.25, p99), goal('refused', '=', 0, broken, 0)],
  }];
}

export async function growth(options, made) {
  const ways = options.big ? await grow(options, made) : made.ways;
  const rows = options.big ? await amongMany(options, made, ways) : [];
  for (const way of ways) rows.push(...await duringPurge(options, made, way));
  return rows;
}
