/*
 * A private, throw-away MariaDB: unix socket only, its own folder, stopped by pid and removed.
 * As a script: with-mariadb.mjs PROGRAM [ARGUMENT…] runs the program with a database of five accounts
 * named by GATEPOST_TEST_* in its environment, and exits as it does. The program's descriptor 3 takes
 * the lines "kill", "stop", "restart", "freeze" and "thaw" and answers "done" or "failed".
 */
import { createHash, randomBytes } from 'node:crypto';
import { spawn, spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freeze, start, temporaryFolder, until } from './stack.mjs';

const source = join(dirname(fileURLToPath(import.meta.url)), '../..');
const roles = ['migrate', 'web', 'hash', 'guard', 'mail'];

export function program(name) {
  for (const dir of [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/sbin']) {
    if (dir && existsSync(join(dir, name))) return join(dir, name);
  }
  throw new Error(`${name} is not installed`);
}

const asRoot = () => (process.getuid() === 0 ? ['--user=root'] : []);
const logSize = '--innodb-log-file-size=16M';

function run(command, args) {
  const done = spawnSync(command, args, { encoding: 'utf8' });
  if (done.status !== 0) throw new Error(`${command}: ${done.error?.message ?? ''}${done.stdout}${done.stderr}`);
}

// In the folder of the build, where all tests find what one of them has made; undefined where nothing can be put there.
function shared() {
  const build = process.env.GATEPOST_BUILD ?? join(source, 'build/dev');
  try {
    accessSync(build, constants.W_OK);
  } catch {
    return undefined;
  }
  return join(build, `mariadb-${process.getuid()}`);
}

// The data of a new server. Made once by the same programs and options; all take copies.
function template(args) {
  const made = ['mariadb-install-db', 'mariadbd'].map(program).map((path) => [path, statSync(path).mtimeMs, statSync(path).size]);
  const name = createHash('sha256').update(JSON.stringify([made, args])).digest('hex').slice(0, 16);
  return join(shared(), name);
}

// A server that starts clears the temporary tables of every other one that has the same tmpdir.
function install(data, tmp, args) {
  mkdirSync(data, { recursive: true, mode: 0o700 });
  mkdirSync(tmp, { recursive: true, mode: 0o700 });
  run(program('mariadb-install-db'), ['--no-defaults', ...asRoot(), `--datadir=${data}`, `--tmpdir=${tmp}`, logSize, ...args,
    '--auth-root-authentication-method=normal', '--skip-test-db']);
}

function installData(data, tmp, args) {
  if (shared() === undefined) return install(data, tmp, args);
  const whole = template(args);
  if (!existsSync(whole)) {
    mkdirSync(shared(), { recursive: true, mode: 0o700 });
    const own = mkdtempSync(join(shared(), 'new-'));
    try {
      install(join(own, 'data'), join(own, 'tmp'), args);
      renameSync(join(own, 'data'), whole);
    } catch (error) {
      // Another test was first.
      if (!['ENOTEMPTY', 'EEXIST'].includes(error.code)) throw error;
    } finally {
      rmSync(own, { recursive: true, force: true });
    }
  }
  mkdirSync(tmp, { recursive: true, mode: 0o700 });
  run('cp', ['-a', '--sparse=always', whole, data]);
}

const entities = { amp: '&', lt: '<', gt: '>', quot: '"' };
const unescape = (text) => text.replace(/&(amp|lt|gt|quot);/g, (_, name) => entities[name]);

// The rows of all results of mariadb --xml: objects of strings, null where NULL.
function rowsOf(xml) {
  return [...xml.matchAll(/<row>([\s\S]*?)<\/row>/g)].map(([, row]) =>
    Object.fromEntries([...row.matchAll(/<field name="([^"]*)"(?: xsi:nil="true" \/>|>([\s\S]*?)<\/field>)/g)]
      .map(([, name, value]) => [unescape(name), value === undefined ? null : unescape(value)])));
}

/*
 * startMariadb({dir, flushLog, fresh, args, environment, bootArguments}) → {socket, pid, dir, sql(text, {database}), kill(signal), restart(), stop()}.
 * dir: where to keep it (then it stays); flushLog: innodb_flush_log_at_trx_commit, 1 for a crash test; fresh: data of its
 * own instead of a copy, where options make that large and nobody else has the same; args: more options of mariadbd; bootArguments(serverArguments): those of each start, which are given all the others.
 */
export async function startMariadb({ dir, flushLog = 1, fresh = false, args: more = [], environment = {}, bootArguments = () => [] } = {}) {
  const folder = dir ? { dir, remove() {} } : temporaryFolder('gpdb-');
  const data = join(folder.dir, 'data');
  const tmp = join(folder.dir, 'tmp');
  const socket = join(folder.dir, 's');
  let server;

  function sql(text, { database } = {}) {
    const run = spawnSync('mariadb', ['--no-defaults', `--socket=${socket}`, '--user=root', '--xml',
      '--default-character-set=utf8mb4', '--connect-timeout=5', ...(database ? [`--database=${database}`] : [])],
    { input: text, encoding: 'utf8', timeout: 60000, maxBuffer: 64 * 1024 * 1024 });
    if (run.status !== 0) throw new Error(`mariadb: ${run.stderr || run.error?.message}`);
    return rowsOf(run.stdout);
  }

  async function boot() {
    const args = ['--no-defaults', ...asRoot(), `--datadir=${data}`, `--tmpdir=${tmp}`,
      `--socket=${socket}`, `--pid-file=${join(folder.dir, 'pid')}`, '--skip-networking', '--skip-log-bin', '--performance-schema=OFF',
      '--innodb-buffer-pool-size=24M', logSize, '--key-buffer-size=1M', '--aria-pagecache-buffer-size=1M',
      '--max-connections=200', `--innodb-flush-log-at-trx-commit=${flushLog}`, ...more];
    // The kernel ends the server when this process is killed without a chance to do it.
    server = start('setpriv', ['--pdeathsig', 'KILL', program('mariadbd'), ...args, ...bootArguments(args)],
      { env: { ...process.env, ...environment } });
    await until(() => {
      if (!server.running()) return true;
      sql('SELECT 1');
      return true;
    }, 'MariaDB answers', 30).catch((error) => {
      throw new Error(`${error.message}: ${server.output().slice(-9000)}`);
    });
    if (!server.running()) throw new Error(`mariadbd ended: ${server.output().slice(-2000)}`);
  }

  // A temporary folder goes even when the process ends early; its server is killed by stack.mjs.
  const removeAtExit = () => folder.remove();
  process.on('exit', removeAtExit);
  if (!existsSync(data)) (fresh ? install : installData)(data, tmp, more);
  await boot();
  return {
    socket,
    dir: folder.dir,
    get pid() {
      return server.pid;
    },
    sql,
    output: () => server.output(),
    kill: (signal = 'SIGKILL') => server.stop(signal),
    async restart() {
      if (server.running()) await server.stop();
      await boot();
    },
    async stop() {
      await server.stop();
      folder.remove();
      process.removeListener('exit', removeAtExit);
    },
  };
}

// Creates a database and its five accounts by sql/accounts.sql: {name, accounts: {web: {user, password}, …}}.
export async function createDatabase(mariadb, name) {
  const accounts = Object.fromEntries(roles.map((role) =>
    [role, { user: `${name}_${role}`, password: randomBytes(18).toString('base64url') }]));
  let text = readFileSync(join(source, 'sql/accounts.sql'), 'utf8').replaceAll('@NAME@', name);
  for (const [role, { user, password }] of Object.entries(accounts)) {
    text = text.replaceAll(`@${role.toUpperCase()}_USER@`, user).replaceAll(`@${role.toUpperCase()}_PASSWORD@`, password);
  }
  mariadb.sql(text);
  return { name, accounts };
}

// Answers the program's lines on its descriptor 3, one at a time.
function obey(mariadb, channel) {
  const acts = {
    kill: () => mariadb.kill('SIGKILL'),
    stop: () => mariadb.kill('SIGTERM'),
    restart: () => mariadb.restart(),
    freeze: () => freeze(mariadb.pid),
    thaw: () => process.kill(mariadb.pid, 'SIGCONT'),
  };
  let text = '';
  channel.setEncoding('utf8').on('data', async (chunk) => {
    text += chunk;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
      const line = text.slice(0, end);
      text = text.slice(end + 1);
      const answer = await Promise.resolve().then(() => acts[line]()).then(() => 'done', (error) => `failed ${error.message}`);
      channel.write(`${answer}\n`);
    }
  });
  channel.on('error', () => {});
}

async function main([command, ...args]) {
  if (!command) throw new Error('usage: with-mariadb.mjs PROGRAM [ARGUMENT…]');
  const mariadb = await startMariadb();
  const database = await createDatabase(mariadb, 'gatepost');
  const env = { ...process.env, GATEPOST_TEST_SOCKET: mariadb.socket, GATEPOST_TEST_DB: database.name };
  for (const role of roles) {
    env[`GATEPOST_TEST_${role.toUpperCase()}_USER`] = database.accounts[role].user;
    env[`GATEPOST_TEST_${role.toUpperCase()}_PASSWORD`] = database.accounts[role].password;
  }
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', command, ...args], { stdio: ['inherit', 'inherit', 'inherit', 'pipe'], env });
  process.on('exit', () => child.kill('SIGKILL'));
  obey(mariadb, child.stdio[3]);
  const code = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (status, signal) => resolve(signal ? 1 : status));
  });
  await mariadb.stop();
  return code;
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  main(process.argv.slice(2)).then((code) => process.exit(code), (error) => {
    console.error(error.message);
    process.exit(1);
  });
}
