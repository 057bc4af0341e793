// Tokens: checks by access token and introspection beside a check by handle, refreshes beside bare libfcgi and among many.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from '../../tests/support/client.mjs';
import { programs } from '../../tests/support/harness.mjs';
import { makeService } from '../../tests/support/services.mjs';
import { createDatabase } from '../../tests/support/with-mariadb.mjs';
import { bench, must } from './build.mjs';
import { against, checkBy, session, shown } from './checks.mjs';
import { credentialScript, formScript, refreshScript } from './load.mjs';
import { compare } from './measure.mjs';
import { brokenOf, fixed, goal, middle } from './report.mjs';
import { linesOf, refreshTokens, renewTokens, seedFamilies, seedPeople, seedSessions, seedTokens, sizes } from './seed.mjs';
import { addWorker, configure, deskOf, startBare } from './setup.mjs';
import { bareRefreshes } from './sites.mjs';

const connections = 32;
// Access tokens live ten minutes.
const freshFor = 4 * 60 * 1000;

const form = (token) => ({ grant_type: 'refresh_token', refresh_token: token });
const exchange = (client, way, token) => client.post(`${way.base}/oauth/token`, { form: form(token) });

function wrong(what, answer) {
  throw new Error(`${what}: ${answer.status} ${answer.body}`);
}

async function exchanged(client, way, token) {
  const answer = await exchange(client, way, token);
  if (answer.status !== 200) wrong('a refresh', answer);
  return answer.json;
}

// One access token for each of the known sessions, of this worker's own issuer, at /NAME.
async function makeAccessTokens(made, way, client, file) {
  renewTokens(made.stack.mariadb, way.database);
  const rest = linesOf(made.files.token).map(([token]) => token);
  const texts = [];
  const worker = async () => {
    for (let token = rest.pop(); token; token = rest.pop()) texts.push((await exchanged(client, way, token)).access_token);
  };
  await Promise.all(Array.from({ length: 16 }, worker));
  writeFileSync(file, `${texts.join('\n')}\n`, { mode: 0o600 });
}

function accessTokens(made, way, client) {
  const file = join(made.stack.dir, `access-${way.name ?? 'own'}`);
  let madeAt = 0;
  return {
    file,
    lua: credentialScript(made.stack.dir, `access-${way.name ?? 'own'}`, { file, header: 'Authorization', prefix: 'Bearer ' }),
    async fresh() {
      if (Date.now() - madeAt < freshFor) return refreshTokens(made.stack.mariadb, way.database);
      await makeAccessTokens(made, way, client, file);
      madeAt = Date.now();
      return refreshTokens(made.stack.mariadb, way.database);
    },
  };
}

// Each is its person's; a wrong signature is refused, and so is a right one whose session has moved on.
async function proveAccess(made, way, tokens) {
  await tokens.fresh();
  const texts = linesOf(tokens.file).map(([text]) => text);
  const ask = (token) => made.stack.client.get(session(way), { headers: { Authorization: `Bearer ${token}` } });
  const names = new Set();
  for (const token of [...texts.slice(0, 5), ...texts.slice(0, 5)]) {
    const answer = await ask(token);
    if (answer.status !== 200) wrong('a check by access token', answer);
    names.add(answer.json.user.username);
  }
  if (names.size !== 5) throw new Error(`five access tokens are of ${[...names]}`);
  const [header, payload, signature] = texts[0].split('.');
  const other = await ask(`${header}.${payload}.${signature[0] === 'A' ? 'B' : 'A'}${signature.slice(1)}`);
  if (other.status !== 401) wrong('a wrong signature', other);
  const { sid } = JSON.parse(Buffer.from(payload, 'base64url'));
  const id = `UNHEX('${Buffer.from(sid, 'base64url').toString('hex')}')`;
  const setEpoch = (epoch) => made.stack.mariadb.sql(`UPDATE session SET epoch = ${epoch} WHERE id = ${id}`, { database: way.database });
  setEpoch(2);
  const late = await ask(texts[0]);
  setEpoch(1);
  if (late.status !== 401) wrong('a token of an earlier version', late);
}

async function proveIntrospection(made, way, headers) {
  const ask = (token, more = headers) => made.stack.client.post(`${way.base}/oauth/introspect`, { form: { token }, headers: more });
  const names = new Set();
  const handles = linesOf(made.files.handle).slice(0, 5).map(([handle]) => handle);
  for (const handle of handles) {
    const answer = await ask(handle);
    if (answer.status !== 200 || !answer.json.active) wrong('introspection', answer);
    names.add(answer.json.username);
  }
  if (names.size !== 5) throw new Error(`five introspections are of ${[...names]}`);
  const unknown = await ask(`${handles[0].slice(0, -5)}AAAAA`);
  if (unknown.json?.active !== false) wrong('introspection of nothing', unknown);
  const stranger = await ask(handles[0], {});
  if (stranger.status !== 401) wrong('introspection by nobody', stranger);
}

// A chain of three goes on, and one that was left behind ends the session.
async function proveRefresh(made, way) {
  const { client, mariadb } = made.stack;
  renewTokens(mariadb, way.database);
  const [[first]] = linesOf(made.files.token);
  const second = (await exchanged(client, way, first)).refresh_token;
  const third = (await exchanged(client, way, second)).refresh_token;
  if (new Set([first, second, third]).size !== 3) throw new Error('a refresh gave the same token');
  const again = await exchange(client, way, first);
  if (again.status !== 400 || again.json.error !== 'invalid_grant') wrong('a token used twice', again);
  const after = await exchange(client, way, third);
  if (after.status !== 400) wrong('a token of a family that has ended', after);
  // Reuse has ended the session: it is there again for what is measured.
  const [{ n }] = mariadb.sql('SELECT COUNT(*) AS n FROM session s JOIN bench.token k ON k.session_id = s.id', { database: way.database });
  if (Number(n) !== sizes.credentials - 1) throw new Error(`${n} sessions after a reuse`);
  seedFamilies(mariadb, way.database);
  renewTokens(mariadb, way.database);
}

const countTokens = (made, database) => Number(made.stack.mariadb.sql('SELECT COUNT(*) AS n FROM refresh_token', { database })[0].n);

async function proveBare(made, name, database) {
  const before = countTokens(made, database);
  const answer = await made.stack.client.get(`/bare-${name}`);
  if (answer.status !== 200 || countTokens(made, database) !== before + 1) wrong('a bare refresh', answer);
}

// Of a case, and in brackets of what it is measured against.
const processor = (kase, base) => {
  const of = (one, key) => fixed(0)(middle(one.rounds, key));
  const both = [['program', 'program'], ['database', 'database'], ['web server', 'server']].map(([name, key]) => `${name} ${of(kase, key)} (${of(base, key)})`);
  return `CPU µs: ${both.join(', ')}`;
};

function besideCheck(least, kase, check) {
  const { rate, p99 } = against(kase.rounds, check.rounds);
  return {
    what: kase.label,
    measured: `${shown(kase.rounds)}; of the check by handle ${fixed(2)(rate)} (p99 ${fixed(2)(p99)}), statements ${fixed(2)(middle(kase.rounds, 'statements'))}, ${processor(kase, check)}, failed ${brokenOf(kase.rounds)}`,
    goals: [goal('of the check', '≥', least, rate)],
  };
}

async function besideChecks(options, made, way, { client, headers }) {
  const uncached = await addWorker(made, `uncached-${way.key}`, { ...deskOf(made, way.key), token: { signature_cache: 0 } });
  const cold = accessTokens(made, uncached, client);
  const warm = accessTokens(made, way, client);
  await proveAccess(made, uncached, cold);
  await proveAccess(made, way, warm);
  await proveIntrospection(made, way, headers);
  const lua = formScript(made.stack.dir, `introspect-${way.key}`, { file: made.files.handle, field: 'token', headers });
  const check = checkBy(made, way, 'handle');
  const by = (kase, label, more) => ({ ...check, id: `l-${way.key}-${kase}`, label: `(l) ${label}${way.label}`, ...more });
  const cases = [
    { ...check, label: `(l) check by handle${way.label}` },
    by('cold', 'check by access token, no signature remembered', { path: session(uncached), pid: uncached.pid, lua: cold.lua, before: cold.fresh }),
    by('warm', 'check by access token, signatures remembered', { lua: warm.lua, before: warm.fresh }),
    by('introspect', 'introspection of a handle', { path: `${way.base}/oauth/introspect`, lua }),
  ];
  const [plain, ...rest] = await compare(options, made, cases, connections);
  return [{ what: plain.label, measured: shown(plain.rounds) }, ...rest.map((kase, index) => besideCheck([0.45, 0.8, 0.8][index], kase, plain))];
}

// A second database with more refresh tokens, and what asks it.
async function grow(options, made) {
  const { mariadb } = made.stack;
  const count = options.big ? sizes.tokens.big : sizes.tokens.many;
  const database = await createDatabase(mariadb, 'many');
  const trial = configure(made, 'many', {}, database);
  must(programs.ctl, ['--config', trial.file, 'migrate']);
  options.log(`loading ${count} refresh tokens`);
  seedPeople(mariadb, database.name, { passwords: false });
  seedSessions(mariadb, database.name, sizes.sessions);
  seedTokens(mariadb, database.name, count);
  const way = made.ways[0];
  const worker = { ...await addWorker(made, `many-${way.key}`, deskOf(made, way.key), database), key: way.key, label: way.label };
  const bare = await startBare(made, bareRefreshes.many, { program: 'refresh', args: [made.files.token], config: trial });
  return { worker, bare, count };
}

// How the database plans each statement of a refresh, with values that are there.
function plansIn(made, database) {
  const [{ hash, id }] = made.stack.mariadb.sql('SELECT HEX(hash) AS hash, HEX(session_id) AS id FROM bench.token WHERE n = 1');
  const token = `x'${hash}'`;
  const family = `x'${id}'`;
  const other = `x'${'5a'.repeat(32)}'`;
  const values = {
    TOKEN_FIND: [token, token],
    TOKEN_TOUCH_SESSION: [1, 1, family, family, 1],
    TOKEN_USE: [1, family, other, other, token],
    TOKEN_INSERT: [other, family, family, 1, 1],
  };
  const plans = {};
  for (const line of must(bench('refresh'), ['statements']).trim().split('\n')) {
    const [, name, text] = /^(?:STMT_)?(\w+) (.*)$/.exec(line);
    const list = [...values[name]];
    const sql = text.replaceAll('?', () => list.shift());
    if (list.length > 0) throw new Error(`${name} takes fewer values`);
    plans[name] = made.stack.mariadb.sql(`EXPLAIN ${sql}`, { database }).map((row) => `${row.table} ${row.type} ${row.key} ${row.key_len} ${row.rows} ${row.Extra}`);
  }
  return plans;
}

function planRow(made, few, many, count) {
  for (const database of [few, many]) renewTokens(made.stack.mariadb, database);
  const [small, large] = [plansIn(made, few), plansIn(made, many)];
  const differ = Object.keys(small).filter((name) => JSON.stringify(small[name]) !== JSON.stringify(large[name]));
  const rows = Math.max(...Object.values(large).flat().map((line) => Number(line.split(' ')[4]) || 0));
  return {
    what: `(l) plans of a refresh's statements with ${sizes.tokens.few.toLocaleString('en')} and ${count.toLocaleString('en')} refresh tokens`,
    measured: `${Object.entries(large).map(([name, lines]) => `${name} ${lines.map((line) => line.split(' ').slice(0, 3).join(' ')).join(', ')}`).join('; ')}; at most ${rows} row a table${differ.length > 0 ? `; **others with few: ${differ.map((name) => `${name} ${small[name].join(', ')}`).join('; ')}**` : ''}`,
    goals: [goal('plans that differ', '=', 0, differ.length, 0), goal('rows a table', '≤', 2, rows, 0)],
  };
}

// START TRANSACTION and COMMIT are two.
const statementsOf = (kase) => middle(kase.rounds, 'statements') - 2;

function refreshRow(kase, bare) {
  const { rate, p99 } = against(kase.rounds, bare.rounds);
  return {
    what: kase.label,
    measured: `${shown(kase.rounds)}; of bare libfcgi ${fixed(2)(rate)} (p99 ${fixed(2)(p99)}), statements ${fixed(2)(statementsOf(kase))} beside BEGIN and COMMIT, ${processor(kase, bare)}, failed ${brokenOf(kase.rounds)}`,
    goals: [goal('of bare', '≥', 0.85, rate), goal('statements', '≤', 5, statementsOf(kase))],
  };
}

function manyRow(kase, few) {
  const { rate, p99 } = against(kase.rounds, few.rounds);
  const statements = statementsOf(kase);
  const count = sizes.tokens.few.toLocaleString('en');
  return {
    what: `(l) the same, beside ${few.label.slice(4)} among ${count} tokens`,
    measured: `rate ${fixed(2)(rate)}, p99 ${fixed(2)(p99)}, statements ${fixed(2)(statements)} and ${fixed(2)(statementsOf(few))}`,
    goals: [goal('statements', '=', Number(statementsOf(few).toFixed(1)), statements, 1)],
  };
}

async function refreshes(options, made) {
  const { mariadb, database } = made.stack;
  renewTokens(mariadb, database.name);
  const bare = await startBare(made, bareRefreshes.few, { program: 'refresh', args: [made.files.token] });
  const many = await grow(options, made);
  for (const way of [...made.ways, many.worker]) await proveRefresh(made, way);
  for (const [name, where] of [[bareRefreshes.few, database.name], [bareRefreshes.many, many.worker.database]]) await proveBare(made, name, where);
  const lua = refreshScript(made.stack.dir, 'refresh', { file: made.files.token });
  const kase = (label, path, pid, where) => ({ label: `(l) ${label}`, path, pid, lua, database: where, threads: connections, before: () => renewTokens(mariadb, where) });
  const among = `among ${many.count.toLocaleString('en')} tokens`;
  const cases = [
    kase('bare libfcgi: a refresh\'s statements, one signature', `/bare-${bareRefreshes.few}`, bare.pid, database.name),
    ...made.ways.map((way) => kase(`refresh${way.label}`, `${way.base}/oauth/token`, way.pid, way.database)),
    kase(`bare libfcgi, ${among}`, `/bare-${bareRefreshes.many}`, many.bare.pid, many.worker.database),
    kase(`refresh ${among}${many.worker.label}`, `${many.worker.base}/oauth/token`, many.worker.pid, many.worker.database),
  ];
  const measured = await compare(options, made, cases, connections);
  const [yard, first] = measured;
  const [largeYard, large] = measured.slice(-2);
  return [
    { what: yard.label, measured: `${shown(yard.rounds)}, statements ${fixed(2)(statementsOf(yard))} beside BEGIN and COMMIT` },
    ...measured.slice(1, -2).map((one) => refreshRow(one, yard)),
    { what: largeYard.label, measured: shown(largeYard.rounds) },
    refreshRow(large, largeYard),
    manyRow(large, first),
    planRow(made, database.name, many.worker.database, many.count),
  ];
}

export async function tokens(options, made) {
  const { stack } = made;
  const client = new Client(stack.origin, stack.caFile, { keepAlive: true });
  const { headers } = makeService(stack, 'bench', 'introspect');
  seedTokens(stack.mariadb, stack.database.name, sizes.tokens.few);
  try {
    const rows = [];
    for (const way of made.ways) rows.push(...await besideChecks(options, made, way, { client, headers }));
    return [...rows, ...await refreshes(options, made)];
  } finally {
    client.close();
  }
}
