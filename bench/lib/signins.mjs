// Sign-ins: as many as the cores can hash, in bounded memory, and never at the cost of checks.
import { cpus } from 'node:os';
import { bench, must } from './build.mjs';
import { against, checkBy, shown } from './checks.mjs';
import { beginLoad, signInScript } from './load.mjs';
import { measure, takeTurns } from './measure.mjs';
import { pssOf } from './proc.mjs';
import { brokenOf, goal, middle, ratio } from './report.mjs';
import { refresh, sizes } from './seed.mjs';

const clients = 16;
const lanes = cpus().length;
const argon = ['19456', '2']; // KiB and passes, Gatepost's defaults.
const laneMegabytes = 19.5;
const workerMegabytes = 10;

const post = (way) => `${way.base}/api/v1/sessions`;

// While it goes on, the most memory that the worker has.
async function signIns(made, way, lua, seconds) {
  refresh(made, way.database);
  const running = beginLoad({ url: made.stack.origin + post(way), lua, connections: clients, seconds });
  let pss = 0;
  const timer = setInterval(() => (pss = Math.max(pss, pssOf(way.pid))), 50);
  const result = await running.result.finally(() => clearInterval(timer));
  const good = result.statuses[201] ?? 0;
  if (good !== Object.values(result.statuses).reduce((sum, n) => sum + n, 0)) throw new Error(`sign-ins: ${JSON.stringify(result.statuses)}`);
  return { ...result, rate: good / result.seconds, pss };
}

const bareHashing = (seconds) => ({ rate: Number(must(bench('hash'), [String(lanes), String(seconds), ...argon])) });

export async function signInRate(options, made) {
  const lua = signInScript(made.stack.dir, 'sign-in', { people: sizes.people, password: made.stack.users.seed.password });
  const cases = [{ label: `bare crypto_pwhash in ${lanes} threads` }, ...made.ways.map((way) => ({ label: `sign-ins${way.label}`, way }))];
  const [bare, ...done] = await takeTurns(options, cases, ({ way }, seconds) => (way ? signIns(made, way, lua, seconds) : bareHashing(seconds)));
  const rows = [{ what: `(e) ${bare.label}`, measured: `${middle(bare.rounds, 'rate').toFixed(1)}/s` }];
  for (const { way, label, rounds } of done) {
    const share = ratio(rounds, bare.rounds, 'rate');
    const most = Math.max(...rounds.map(({ pss }) => pss));
    rows.push({
      what: `(e) ${label}, ${clients} clients`,
      measured: `${middle(rounds, 'rate').toFixed(1)}/s, p99 ${middle(rounds, 'p99').toFixed(0)} ms, ${share.toFixed(2)} of bare hashing`,
      goals: [goal('of bare hashing', '≥', 0.95, share)],
    }, {
      what: `(e) memory (PSS) while signing in${way.label}, ${lanes} lanes`,
      measured: `${most.toFixed(1)} MB`,
      goals: [goal('PSS', '≤', workerMegabytes + lanes * laneMegabytes, most, 1, ' MB')],
    });
  }
  return rows;
}

export async function flood(options, made) {
  const lua = signInScript(made.stack.dir, 'flood', { people: sizes.people, password: 'not the password of anybody' });
  const rows = [];
  for (const way of made.ways) {
    const kase = checkBy(made, way, 'cookie');
    const answers = {};
    const act = async ({ flooded }, seconds, round) => {
      if (!flooded) return measure(made, kase, 32, seconds);
      // It begins before and ends after what is measured, whose own ends take a few tenths of a second.
      const running = beginLoad({ url: made.stack.origin + post(way), lua, connections: clients, seconds: seconds + 2, threads: 1 });
      const result = await measure(made, kase, 32, seconds);
      if (!running.program.running()) throw new Error('the flood was over before the checks');
      const { statuses, seconds: lasted } = await running.result;
      if (round > 0) for (const [status, n] of Object.entries(statuses)) answers[status] = (answers[status] ?? 0) + n / lasted / options.rounds;
      return result;
    };
    const [quiet, wet] = await takeTurns(options, [{ label: `quiet${way.label}` }, { label: `flood${way.label}`, flooded: true }], act);
    const { rate, p99 } = against(wet.rounds, quiet.rounds);
    const said = Object.entries(answers).map(([status, n]) => `${n.toFixed(1)}/s got ${status}`).join(', ');
    const refused = brokenOf(wet.rounds);
    rows.push({
      what: `(f) ${kase.label.replace('(d) ', '')}, quiet`, measured: shown(quiet.rounds),
    }, {
      what: `(f) the same while ${clients} clients post wrong passwords (${said})`,
      measured: `${shown(wet.rounds)}, ${refused} checks refused: rate ${rate.toFixed(2)}, p99 ${p99.toFixed(2)} of quiet`,
      goals: [goal('rate of quiet', '≥', 0.85, rate), goal('p99 of quiet', '≤', 2, p99), goal('refused', '=', 0, refused, 0)],
    });
  }
  return rows;
}

export function idleMemory(made) {
  return made.ways.map((way) => {
    const pss = pssOf(way.pid);
    const goals = [goal('PSS', '≤', workerMegabytes, pss, 1, ' MB')];
    return { what: `(g) memory (PSS) after checks${way.label}, ${sizes.threads} accept threads`, measured: `${pss.toFixed(1)} MB`, goals };
  });
}

