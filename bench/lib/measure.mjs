// One measurement, and cases that take turns.
import { cpuOf } from './proc.mjs';
import { load } from './load.mjs';
import { refresh } from './seed.mjs';
import { questions } from './setup.mjs';

function counters(made, pids) {
  return { statements: questions(made), ...Object.fromEntries(Object.entries(pids).map(([name, pid]) => [name, pid ? cpuOf(pid) : 0])) };
}

// kase: {path, lua, pid (of the program that answers), database, threads (of the load), before (awaited)}. Counters are per
// request.
export async function measure(made, kase, connections, seconds) {
  const { stack } = made;
  const pids = { program: kase.pid, database: stack.mariadb.pid, server: stack.server.pid };
  await kase.before?.();
  refresh(made, kase.database ?? stack.database.name);
  const before = counters(made, pids);
  const result = await load({ url: stack.origin + kase.path, lua: kase.lua, connections, seconds, threads: kase.threads });
  const after = counters(made, pids);
  // When the load ends, each connection has one more request on its way, which is served and not counted.
  const served = result.requests + connections;
  return { ...result, ...Object.fromEntries(Object.keys(before).map((name) => [name, (after[name] - before[name]) / served])) };
}

// Every case one measurement a round, the first round a short one that does not count.
export async function takeTurns({ rounds, seconds, log }, cases, act) {
  const results = cases.map(() => []);
  for (let round = 0; round <= rounds; round++) {
    for (const [index, kase] of cases.entries()) {
      const result = await act(kase, round === 0 ? 1 : seconds, round);
      log(`${round === 0 ? 'warm-up' : `round ${round}`}: ${kase.label}: ${result.rate.toFixed(1)}/s`);
      if (round > 0) results[index].push(result);
    }
  }
  return cases.map((kase, index) => ({ ...kase, rounds: results[index] }));
}

// The same, of requests that must be answered well. A few that are not stand in the table; of many the rate says nothing.
export const compare = (options, made, cases, connections) => takeTurns(options, cases, async (kase, seconds) => {
  const result = await measure(made, kase, connections, seconds);
  if (result.broken > result.requests / 1000) throw new Error(`${kase.label}: ${result.broken} requests were not answered well`);
  return result;
});
