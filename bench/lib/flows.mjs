// All that an app needs to resume, three flows among it, beside a check by the same handle.
import { readFileSync } from 'node:fs';
import { against, checkBy, session, shown } from './checks.mjs';
import { compare } from './measure.mjs';
import { brokenOf, fixed, goal, middle } from './report.mjs';
import { sizes } from './seed.mjs';

const now = 'CAST(UNIX_TIMESTAMP(NOW(6)) * 1000000 AS SIGNED)';
const hour = 3600 * 1000000;
const person = "UNHEX(MD5(CONCAT('person', seq)))";

// Of everybody: three flows, of which one has counters that are in use.
function seedFlows({ stack }) {
  const steps = { 'fund-wallet': 'kyc', onboarding: 'name', order: 'basket' };
  for (const [kind, step] of Object.entries(steps)) {
    stack.mariadb.sql(`INSERT IGNORE INTO flow (id, owner_id, owner_kind, scope, kind, step, return_to, data, facts, version, created_at, updated_at, expires_at)
      SELECT UNHEX(MD5(CONCAT('${kind}', seq))), ${person}, 1, 1, '${kind}', '${step}', '/shop/basket',
        CONCAT('{"amount":', seq, ',"note":"', REPEAT('x', 150), '"}'), '{"identity":"checked"}', 3, ${now}, ${now}, ${now} + 24 * ${hour}
      FROM seq_1_to_${sizes.people}`, { database: stack.database.name });
  }
  stack.mariadb.sql(`INSERT IGNORE INTO flow_counter (owner_id, kind, name, started_at, taken, last_at, purge_at)
    SELECT ${person}, 'fund-wallet', 'otp', ${now}, 2, ${now}, ${now} + ${hour} FROM seq_1_to_${sizes.people}`, { database: stack.database.name });
}

async function proveStates(made, way) {
  const [handle] = readFileSync(made.files.handle, 'utf8').split(/\s/);
  const answer = await made.stack.client.get(`${session(way)}/state`, { headers: { 'X-Session-Id': handle } });
  if (answer.status !== 200 || answer.json.flows.length !== 3 || answer.json.flows.every(({ counters }) => counters.otp?.left !== 3)) {
    throw new Error(`a state: ${answer.status} ${answer.body}`);
  }
}

export async function states(options, made) {
  seedFlows(made);
  const rows = [];
  for (const way of made.ways) {
    await proveStates(made, way);
    const check = checkBy(made, way, 'handle');
    const state = { ...check, id: `k-${way.key}`, label: `(k) state with three flows${way.label}`, path: `${session(way)}/state` };
    const [plain, whole] = await compare(options, made, [check, state], 32);
    const { rate, p99 } = against(whole.rounds, plain.rounds);
    rows.push({
      what: state.label,
      measured: `${shown(whole.rounds)}; of the check ${fixed(2)(rate)} (p99 ${fixed(2)(p99)}), statements ${fixed(2)(middle(whole.rounds, 'statements'))}, failed ${brokenOf(whole.rounds)}`,
      goals: [
        goal('of the check', '≥', 0.6, rate),
        // The one that may be due is the coalesced note that the session was used.
        goal('statements', '≤', 2.1, middle(whole.rounds, 'statements'), 1),
      ],
    });
  }
  return rows;
}
