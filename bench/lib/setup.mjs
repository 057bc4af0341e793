/*
 * Everything that is measured: a private MariaDB with sessions and people, a web server with TLS, a worker for each way
 * of checking, and the bare programs beside them.
 */
import { spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { bench } from './build.mjs';
import { programs, source, startStack, writeConfig } from '../../tests/support/harness.mjs';
import { giveToWwwData, isRoot, wwwData } from '../../tests/support/servers.mjs';
import { start, until } from '../../tests/support/stack.mjs';
import { credentialScript } from './load.mjs';

export const sizes = { sessions: 100000, people: 20000, credentials: 1000, threads: 8, big: 10000000 };

// No throttle in the way; ended sessions wait for "gatepost purge", which is measured, instead of the housekeeper.
const settings = {
  'listen web': { threads: sizes.threads },
  session: { expired_kept: '400d' },
  throttle: { source_short: 1000000, source_long: 1000000 },
};

const now = 'CAST(UNIX_TIMESTAMP(NOW(6)) * 1000000 AS SIGNED)';
const day = 86400 * 1000000;

// More places below the same web server: NAME's socket is DIR/NAME/run/gatepost.sock, a bare program's DIR/run/NAME.sock.
const moreWorkers = ['on', 'big-off', 'big-on'];
const bareNames = ['hello', 'key', 'check'];

const lighttpdExtra = () => {
  const text = readFileSync(join(source, 'conf/lighttpd/gatepost.conf'), 'utf8');
  const rules = text.slice(text.indexOf('$HTTP["url"]'));
  return `server.max-keep-alive-requests = 1000000000
${moreWorkers.map((name) => rules.replaceAll('var.gatepost_socket', `"@DIR@/${name}/run/gatepost.sock"`).replaceAll('var.gatepost_path', `"^/${name}(?:/|$)"`)).join('')}
${bareNames.map((name) => `$HTTP["url"] =~ "^/bare-${name}" { fastcgi.server = ( "/" => (( "socket" => "@DIR@/run/${name}.sock", "check-local" => "disable" )) ) }`).join('\n')}
$HTTP["url"] =~ "^/peer-php" { fastcgi.server = ( ".php" => (( "socket" => "@DIR@/run/php.sock" )) ) }
`;
};

const apacheExtra = () => {
  const text = readFileSync(join(source, 'conf/apache/gatepost.conf'), 'utf8');
  const rules = text.slice(text.indexOf('<LocationMatch'));
  return `MaxKeepAliveRequests 0
<Directory "@DIR@/www">
  Require all granted
</Directory>
${moreWorkers.map((name) => rules.replaceAll('${GATEPOST_SOCKET}', `@DIR@/${name}/run/gatepost.sock`).replaceAll('${GATEPOST_PATH}', `^/${name}(?:/|$)`).replaceAll('fcgi://gatepost/', `fcgi://${name}/`)).join('')}
${bareNames.map((name) => `<LocationMatch "^/bare-${name}">
  SetHandler "proxy:unix:@DIR@/run/${name}.sock|fcgi://${name}/"
  Require all granted
</LocationMatch>`).join('\n')}
`;
};

const cgiExtra = () => `$HTTP["url"] =~ "^/empty" {
  alias.url = ( "" => "${bench('empty')}" )
  cgi.assign = ( "" => "" )
}
`;

const extras = { lighttpd: lighttpdExtra, 'apache-proxy': apacheExtra, 'lighttpd-cgi': cgiExtra };

// Bytes of memory for InnoDB, and a log that a bulk load does not run into.
const mariadbOptions = (big) => [`--innodb-buffer-pool-size=${big ? '7G' : '256M'}`, `--innodb-log-file-size=${big ? '2G' : '96M'}`];

export function must(command, args, options = {}) {
  const run = spawnSync(command, args, { encoding: 'utf8', ...options });
  if (run.status !== 0) throw new Error(`${command}: ${run.stderr ?? ''}${run.stdout ?? ''}${run.error ?? ''}`);
  return run.stdout;
}

// What a program of ours is started with where the web server is www-data: its group may use the socket.
const inGroup = (server) => (server === 'apache-proxy' && isRoot ? { gid: wwwData.gid } : {});

/*
 * startBench({server, big, log}) → {stack, ways, files, scripts, bare, …}. ways: [{key: 'off' or 'on', label, base, pid,
 * database (its name), owner (where it is not the stack's)}], "on" only where the program knows [server] desk.
 * Everything ends with stop().
 */
export async function startBench({ server = 'lighttpd', big = false, log }) {
  log(`${server}: starting, with ${sizes.sessions} sessions of ${sizes.people} people`);
  const stack = await startStack({ server, users: ['seed'], settings, extra: extras[server](), mariadb: { options: mariadbOptions(big) } });
  const made = { stack, server, stops: [], bare: {} };
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
      for (const name of bareNames) made.bare[name] = await startBare(made, name);
      made.ways = await startWays(made);
    }
    made.questionsOfReading = 0;
    made.questionsOfReading = -questions(made) + questions(made);
    return made;
  } catch (error) {
    await made.stop();
    throw error;
  }
}

// Credentials that are known, and the hashes of both kinds in a table of the bench's own.
function seedCredentials(made) {
  const { stack } = made;
  made.files = { cookie: join(stack.dir, 'cookies'), handle: join(stack.dir, 'handles') };
  must(bench('mint'), [join(stack.dir, 'keys'), String(sizes.credentials), made.files.cookie, made.files.handle]);
  const rows = (file, carrier) => readFileSync(file, 'utf8').trim().split('\n').map((line) => `(UNHEX('${line.split(' ')[1]}'), ${carrier})`);
  stack.mariadb.sql(`CREATE DATABASE bench; CREATE TABLE bench.known (n INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, hash BINARY(32) UNIQUE, carrier TINYINT);
    INSERT INTO bench.known (hash, carrier) VALUES ${[...rows(made.files.cookie, 1), ...rows(made.files.handle, 2)].join(',')}`);
}

export function seedPeople(mariadb, database, { passwords = true } = {}) {
  mariadb.sql(`INSERT INTO user (id, username, email, display_name, email_proven_at, created_at, updated_at)
    SELECT UNHEX(MD5(CONCAT('person', seq))), CONCAT('load', seq), CONCAT('load', seq, '@example.org'), CONCAT('Load ', seq), ${now}, ${now}, ${now}
    FROM seq_1_to_${sizes.people}`, { database });
  if (!passwords) return;
  mariadb.sql(`INSERT INTO password (user_id, hash, changed_at) SELECT u.id, p.hash, ${now}
    FROM user u JOIN user seed ON seed.username = 'seed' JOIN password p ON p.user_id = seed.id WHERE u.username LIKE 'load%'`, { database });
}

const columns = '(hash, id, epoch, carrier, class, state, value_used, user_id, client, amr, auth_time, created_at, last_seen, idle_end, expires_at, ip, user_agent)';
const session = ({ hash, key, n, carrier, end }) => `SELECT ${hash}, UNHEX(MD5(CONCAT('${key}', ${n}))), 1, ${carrier}, IF(${carrier} = 1, 2, 4), 1, 1,
  UNHEX(MD5(CONCAT('person', 1 + ${n} % ${sizes.people}))), 'web', 'pwd', ${now}, ${now}, ${now}, ${end}, ${end}, '127.0.0.1', 'Mozilla/5.0 (X11; Linux x86_64) bench'`;

// The known ones and so many more that the table has count, cookie and handle in turn, in portions that end soon.
export function seedSessions(mariadb, database, count, { log = () => {} } = {}) {
  const end = `${now} + ${day}`;
  mariadb.sql(`INSERT INTO session ${columns} ${session({ hash: 'k.hash', key: 'known', n: 'k.n', carrier: 'k.carrier', end })} FROM bench.known k`, { database });
  const portion = 200000;
  const rest = count - 2 * sizes.credentials;
  for (let first = 1; first <= rest; first += portion) {
    const last = Math.min(rest, first + portion - 1);
    mariadb.sql(`SET unique_checks = 0;
      INSERT INTO session ${columns} ${session({ hash: 'UNHEX(SHA2(CONCAT(\'s\', seq), 256))', key: 's', n: 'seq', carrier: '(1 + seq % 2)', end })}
      FROM seq_${first}_to_${last}`, { database });
    if (last % 1000000 < portion && rest > 1000000) log(`${last} sessions`);
  }
}

// Sessions that ended two days ago.
export function seedEnded(mariadb, database, count, round) {
  mariadb.sql(`INSERT INTO session ${columns} ${session({ hash: `UNHEX(SHA2(CONCAT('e${round}-', seq), 256))`, key: `e${round}-`, n: 'seq', carrier: 1, end: `${now} - ${2 * day}` })}
    FROM seq_1_to_${count}`, { database });
}

function scriptsOf({ stack, files }) {
  return {
    cookie: credentialScript(stack.dir, 'cookie', { file: files.cookie, header: 'Cookie', prefix: '__Host-gatepost=' }),
    handle: credentialScript(stack.dir, 'handle', { file: files.handle, header: 'X-Session-Id' }),
  };
}

async function startBare(made, mode) {
  const { stack } = made;
  const db = stack.config.sections.database;
  const socket = join(stack.dir, `run/${mode}.sock`);
  const program = start(bench('bare'), [socket, String(sizes.threads), mode, made.files.cookie, db.socket, db.name, db.web_user, db.web_password_file], inGroup(made.server));
  // libfcgi only notes a SIGTERM.
  made.stops.push(() => program.stop('SIGKILL'));
  await until(async () => {
    if (!program.running()) throw new Error(program.output());
    return (await stack.client.get(`/bare-${mode}`)).status === 200;
  }, `the bare program "${mode}" answers`);
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
  return { name, dir, file: config.file, socket: join(dir, 'run/gatepost.sock') };
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
  const other = await addWorker(made, 'on', desk('yes'));
  return [{ ...own, label: ', desk off', pid: stack.worker.pid }, { ...other, key: 'on', label: ', desk on' }];
}

export const deskOf = (made, key) => (made.ways.length > 1 ? desk(key === 'on' ? 'yes' : 'no') : {});

// Statements that the database was asked so far.
export function questions(made) {
  const [{ Value: value }] = made.stack.mariadb.sql("SHOW GLOBAL STATUS LIKE 'Questions'");
  return Number(value) - made.questionsOfReading;
}

// As with people who come evenly: of the known sessions, one sixtieth is due for its "last seen" in every second.
export function refresh(made, database) {
  truncateSync(join(made.stack.dir, 'worker.log'));
  made.stack.mariadb.sql(`UPDATE session s JOIN bench.known k ON k.hash = s.hash
    SET s.last_seen = ${now} - FLOOR(RAND() * 60000000), s.idle_end = ${now} + ${day}, s.expires_at = ${now} + ${day}`, { database });
}
