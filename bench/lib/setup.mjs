/*
 * Everything that is measured: a private MariaDB with sessions and people, a web server with TLS, a worker for each way
 * of checking, and the bare programs beside them.
 */
import { spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { bench } from './build.mjs';
import { programs, startStack, writeConfig } from '../../tests/support/harness.mjs';
import { giveToWwwData, isRoot, wwwData } from '../../tests/support/servers.mjs';
import { freePort, start, until } from '../../tests/support/stack.mjs';
import { kinds } from './kinds.mjs';
import { credentialScript } from './load.mjs';
import { seedCredentials, seedPeople, seedSessions, sizes } from './seed.mjs';
import { bareNames, extras, globals } from './sites.mjs';

// No throttle in the way; ended sessions wait for "gatepost purge", which is measured, instead of the housekeeper.
const settings = {
  'listen web': { threads: sizes.threads },
  session: { expired_kept: '400d' },
  throttle: { source_short: 1000000, source_long: 1000000 },
  'client web': { audience: 'https://api.example.org', services: 'bench' },
  ...kinds,
};

// Bytes of memory for InnoDB, and a log that a bulk load does not run into.
const pools = { small: '256M', tokens: '1G', big: '7G' };
const mariadbOptions = (pool) => [`--innodb-buffer-pool-size=${pools[pool]}`, `--innodb-log-file-size=${pool === 'big' ? '2G' : '96M'}`];

// What a program of ours is started with where the web server is www-data: its group may use the socket.
export const inGroup = (server) => (server === 'apache-proxy' && isRoot ? { gid: wwwData.gid } : {});

/*
 * startBench({server, pool (of pools), log}) → {stack, ways, files, scripts, bare, …}. ways: [{key: 'off' or 'on', label, base, pid,
 * database (its name), owner (where it is not the stack's)}], "on" only where the program knows [server] desk.
 * Everything ends with stop().
 */
export async function startBench({ server = 'lighttpd', pool = 'small', log }) {
  log(`${server}: starting, with ${sizes.sessions} sessions of ${sizes.people} people`);
  const barePort = await freePort();
  const onPort = await freePort();
  const stack = await startStack({
    server, users: ['seed'], settings, extra: extras[server](), global: globals[server]().replaceAll('@BARE_PORT@', barePort).replaceAll('@ON_PORT@', onPort),
    guard: server !== 'lighttpd-cgi', mariadb: { fresh: true, args: mariadbOptions(pool) },
  });
  const made = { stack, server, barePort, onPort, stops: [], bare: {} };
  made.stop = async () => {
    for (const stop of made.stops.reverse()) await stop();
    await stack.stop();
  };
  try {
    seedCredentials(made);
    seedPeople(stack.mariadb, stack.database.name);
    seedSessions(stack.mariadb, stack.database.name, sizes.sessions);
    made.scripts = scriptsOf(made);
    writeFileSync(join(stack.dir, 'www/static.txt'), '{"ok": true}');
    if (server !== 'lighttpd-cgi') {
      for (const name of bareNames) made.bare[name] = await startBare(made, name, { program: 'bare', args: [name, made.files.cookie] });
      made.ways = await startWays(made);
    }
    return made;
  } catch (error) {
    await made.stop();
    throw error;
  }
}

function scriptsOf({ stack, files }) {
  return {
    cookie: credentialScript(stack.dir, 'cookie', { file: files.cookie, header: 'Cookie', prefix: '__Host-gatepost=' }),
    handle: credentialScript(stack.dir, 'handle', { file: files.handle, header: 'X-Session-Id' }),
  };
}

// NAME's place is /bare-NAME; config: whose database it asks, the stack's own unless given.
export async function startBare(made, name, { program: file, args, config = made.stack.config }) {
  const { stack } = made;
  const db = config.sections.database;
  const socket = join(stack.dir, `run/${name}.sock`);
  const account = [db.socket, db.name, db.web_user, db.web_password_file];
  const program = start(bench(file), [socket, String(sizes.threads), ...args, ...account], inGroup(made.server));
  // libfcgi only notes a SIGTERM.
  made.stops.push(() => program.stop('SIGKILL'));
  await until(async () => {
    if (!program.running()) throw new Error(program.output());
    return (await stack.client.get(`/bare-${name}`)).status === 200;
  }, `the bare program "${name}" answers`);
  return program;
}

// Whether something listens on a socket: no web server is asked before, because it would remember a refusal.
const listens = (socket) => new Promise((resolve) => {
  const link = connect(socket, () => {
    link.destroy();
    resolve(true);
  });
  link.once('error', () => resolve(false));
});

// A configuration of its own below DIR/NAME, mounted at /NAME.
export function configure(made, name, own = {}, database = made.stack.database) {
  const { stack } = made;
  const dir = join(stack.dir, name);
  mkdirSync(dir, { recursive: true, mode: 0o711 });
  const config = writeConfig({
    dir, origin: stack.origin, socket: stack.mariadb.socket, database,
    settings: { ...settings, ...own, server: { base_path: `/${name}`, key_file: join(stack.dir, 'keys'), ...own.server } },
  });
  if (made.server === 'apache-proxy') giveToWwwData(dir, ':www-data', join(dir, 'run'));
  return { name, dir, file: config.file, sections: config.sections, socket: join(dir, 'run/gatepost.sock') };
}

export function spawnWorker(made, config) {
  const log = openSync(join(made.stack.dir, 'worker.log'), 'a', 0o600);
  const program = start(programs.worker, ['--config', config.file], { cwd: '/', stdio: ['ignore', log, log], ...inGroup(made.server) });
  closeSync(log);
  return program;
}

export async function addWorker(made, name, own, database) {
  const config = configure(made, name, own, database);
  const program = spawnWorker(made, config);
  made.stops.push(() => program.stop());
  await until(async () => {
    if (!program.running()) throw new Error(`a worker ended: ${made.stack.workerOutput().slice(-2000)}`);
    return listens(config.socket);
  }, `the worker ${name} listens`);
  return { ...config, base: `/${name}`, pid: program.pid, database: (database ?? made.stack.database).name, owner: database };
}

const desk = (value) => ({ server: { desk: value } });

function knowsDesk(made) {
  const trial = configure(made, 'on', desk('yes'));
  const check = spawnSync(programs.ctl, ['--config', trial.file, 'config', 'check'], { encoding: 'utf8' });
  if (check.status !== 0 && !/desk/.test(check.stderr)) throw new Error(`config check: ${check.stderr}`);
  return check.status === 0;
}

// The stack's own worker, with the desk off where there is one, and one with it on.
async function startWays(made) {
  const { stack } = made;
  const own = { key: 'off', base: '/auth', database: stack.database.name };
  if (!knowsDesk(made)) return [{ ...own, label: '', pid: stack.worker.pid }];
  await stack.worker.stop();
  writeFileSync(stack.config.file, readFileSync(stack.config.file, 'utf8').replace('[server]\n', '[server]\ndesk = no\n'));
  stack.startWorker();
  await until(() => listens(join(stack.dir, 'run/gatepost.sock')), 'the worker listens');
  const address = made.server === 'lighttpd' ? join(stack.dir, 'on/run/guard.sock') : `127.0.0.1:${made.onPort}`;
  const guard = { address, role: 'authorizer', threads: sizes.threads };
  const other = await addWorker(made, 'on', { ...desk('yes'), 'listen guard': guard });
  return [{ ...own, label: ', desk off', pid: stack.worker.pid }, { ...other, key: 'on', label: ', desk on' }];
}

export const deskOf = (made, key) => (made.ways.length > 1 ? desk(key === 'on' ? 'yes' : 'no') : {});

// Statements that the database was asked so far.
export function questions(made) {
  const [{ Value: value }] = made.stack.mariadb.sql("SHOW GLOBAL STATUS LIKE 'Questions'");
  return Number(value);
}
