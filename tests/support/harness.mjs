// The whole product for one test file: private MariaDB, migrated database, worker, web server with TLS.
import { randomBytes } from 'node:crypto';
import { spawnSync } from 'node:child_process';
import { chmodSync, closeSync, copyFileSync, cpSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startMariadb, createDatabase } from './with-mariadb.mjs';
import { certificates, freePort, listens, secretFile, start, temporaryFolder, until } from './stack.mjs';
import { Client, Visitor } from './client.mjs';
import { giveToWwwData, servers, wwwData } from './servers.mjs';

export const source = process.env.GATEPOST_SOURCE ?? join(dirname(fileURLToPath(import.meta.url)), '../..');
export const build = process.env.GATEPOST_BUILD ?? join(source, 'build/dev');
export const programs = { worker: join(build, 'src/gatepost.fcgi'), ctl: join(build, 'src/gatepost'), mailer: join(build, 'src/gatepost-mailer'), post: join(build, 'tests/post') };

export const password = () => randomBytes(18).toString('base64url');

// Sections of settings as the text of a configuration file.
export function configText(sections) {
  return Object.entries(sections)
    .map(([section, settings]) => `[${section}]\n${Object.entries(settings).map(([k, v]) => `${k} = ${v}\n`).join('')}`)
    .join('');
}

// What every stack needs below dir: password files, key file place, configuration.
export function writeConfig({ dir, origin, socket, database, settings = {} }) {
  for (const role of ['web', 'hash', 'guard', 'mail', 'migrate']) {
    secretFile(join(dir, `${role}.password`), database.accounts[role].password);
  }
  mkdirSync(join(dir, 'run'), { recursive: true, mode: 0o700 });
  const sections = {
    server: {
      origin,
      base_path: '/auth',
      run_dir: join(dir, 'run'),
      key_file: join(dir, 'keys'),
      template_dir: join(source, 'templates'),
      sql_dir: join(source, 'sql'),
      openapi: join(source, 'docs/openapi.yaml'),
    },
    'listen web': { address: join(dir, 'run/gatepost.sock'), threads: 8 },
    database: { socket, name: database.name },
    password: { blocklist: join(source, 'conf/blocklist.txt') },
  };
  for (const role of ['web', 'hash', 'guard', 'mail', 'migrate']) {
    sections.database[`${role}_user`] = database.accounts[role].user;
    sections.database[`${role}_password_file`] = join(dir, `${role}.password`);
  }
  for (const [section, values] of Object.entries(settings)) {
    if (values === null) delete sections[section];
    else sections[section] = { ...sections[section], ...values };
  }
  const file = join(dir, 'gatepost.conf');
  writeFileSync(file, configText(sections), { mode: 0o600 });
  return { file, sections };
}

/*
 * startStack({settings, users, server, extra, basePath, mariadb, worker, sharing}) → see the object below. users: [] for
 * none; default alice, bob and admin (role admin). server: a name of servers.mjs; extra: text at the end of its site,
 * and global: before it, outside; @DIR@ is the stack's folder, @GUARD_SOCKET@ and @GUARD_PORT@ where guard: true has an
 * authorizer; mariadb: options of startMariadb; worker: another program in its place; sharing: so many
 * workers that share a listening socket. Everything is stopped by pid and removed by stop().
 */
export async function startStack(options = {}) {
  const folder = temporaryFolder();
  const mariadb = await startMariadb(options.mariadb);
  const stack = {};
  try {
    return await buildStack(stack, folder, mariadb, options);
  } catch (error) {
    // Nothing is left running that a test never got hold of.
    await stack.server?.stop();
    await stack.worker?.stop();
    await mariadb.stop();
    folder.remove();
    throw error;
  }
}

// A web server that gives up root's rights cannot reach the source or the build: it gets copies that it owns.
function forWwwData(dir, mariadb) {
  copyFileSync(programs.worker, join(dir, 'gatepost.fcgi'));
  copyFileSync(programs.ctl, join(dir, 'gatepost'));
  for (const name of ['templates', 'sql']) cpSync(join(source, name), join(dir, name), { recursive: true });
  copyFileSync(join(source, 'conf/blocklist.txt'), join(dir, 'blocklist.txt'));
  copyFileSync(join(source, 'docs/openapi.yaml'), join(dir, 'openapi.yaml'));
  chmodSync(mariadb.dir, 0o711);
  return {
    worker: join(dir, 'gatepost.fcgi'),
    ctl: join(dir, 'gatepost'),
    password: { blocklist: join(dir, 'blocklist.txt') },
    settings: { template_dir: join(dir, 'templates'), sql_dir: join(dir, 'sql'), openapi: join(dir, 'openapi.yaml') },
  };
}

// Name and parent of a process; none of both when it has ended meanwhile.
function statOf(pid) {
  try {
    const [, name, parent] = /\((.*)\) \S (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'));
    return { name, parent: Number(parent) };
  } catch {
    return { name: '', parent: 0 };
  }
}

/*
 * Workers on one listening socket, their descriptor 0. It is made here under another name, so that nobody connects to
 * this process, and closed here when all have it.
 */
async function startSharing(n, path, startWorker) {
  const server = createServer();
  await new Promise((resolve, reject) => {
    server.once('error', reject).listen(`${path}.new`, resolve);
  });
  // The descriptor of a listening server has no other name in Node.js.
  const workers = Array.from({ length: n }, () => startWorker(server._handle.fd));
  renameSync(`${path}.new`, path);
  await new Promise((resolve) => server.close(resolve));
  return workers;
}

async function buildStack(stack, folder, mariadb, {
  settings: own = {}, users = ['alice', 'bob', 'admin'], server: serverName = 'lighttpd', extra = '', global = '', guard = false,
  basePath = '/auth',
  worker: workerProgram = programs.worker, sharing = 0,
}) {
  const { dir } = folder;
  const kind = servers[serverName];
  const port = await freePort();
  const origin = `https://localhost:${port}`;
  const base = basePath === '/' ? '' : basePath;
  const database = await createDatabase(mariadb, 'gatepost');
  // As root: www-data runs the worker, or reaches its socket by the group.
  const runAs = kind.own && kind.wwwData ? wwwData : undefined;
  const copies = runAs ? forWwwData(dir, mariadb) : { ...programs, settings: {} };
  const settings = { ...own, server: { base_path: basePath, ...copies.settings, ...kind.settings?.server, ...own.server } };
  settings.password = { ...copies.password, ...own.password };
  if (kind.own || sharing > 0) settings['listen web'] = null;
  const guardPort = guard ? await freePort() : 0;
  if (guard) {
    settings['listen guard'] = { address: join(dir, 'run/guard.sock'), role: 'authorizer', threads: 4, ...own['listen guard'] };
    settings['listen guard-tcp'] = { address: `127.0.0.1:${guardPort}`, role: 'authorizer', threads: 4, ...own['listen guard-tcp'] };
  }
  const placed = (text) => text.replaceAll('@DIR@', dir).replaceAll('@GUARD_SOCKET@', join(dir, 'run/guard.sock'))
    .replaceAll('@GUARD_PORT@', `${guardPort}`);
  const config = writeConfig({ dir, origin, socket: mariadb.socket, database, settings });
  const tls = certificates(dir);
  const environment = { ...process.env, GATEPOST_CONFIG: '' };
  if (runAs) giveToWwwData(dir, 'www-data:www-data', dir);
  else if (kind.wwwData) giveToWwwData(dir, ':www-data', join(dir, 'run'));

  const ctl = (args, { input = '' } = {}) => {
    const run = spawnSync(copies.ctl, ['--config', config.file, ...args], { input, encoding: 'utf8', env: environment, ...runAs });
    return { code: run.status, stdout: run.stdout, stderr: run.stderr };
  };
  const must = (args, options) => {
    const run = ctl(args, options);
    if (run.code !== 0) throw new Error(`gatepost ${args.join(' ')}: ${run.code}: ${run.stderr}${run.stdout}`);
    return run;
  };
  must(['migrate']);
  must(['setup', '--json']);
  const people = {};
  for (const name of users) {
    const secret = password();
    must(['user', 'add', '--username', name, '--email', `${name}@example.org`, '--display-name', `${name} Example`,
      ...(name === 'admin' ? ['--role', 'admin'] : []), '--password-stdin'], { input: secret });
    people[name] = { identifier: name, password: secret };
  }

  const workerLog = join(dir, 'worker.log');
  Object.assign(stack, {
    dir, origin, port, config, mariadb, database, guardPort, socket: join(dir, 'run/gatepost.sock'),
    base: `${origin}${base}`, api: `${origin}${base}/api/v1`, caFile: tls.ca, users: people,
    ctl, must,
    client: new Client(origin, tls.ca),
    visitor: () => new Visitor(stack.client, base),
    sql: (text) => mariadb.sql(text, { database: database.name }),
    count: (table) => Number(stack.sql(`SELECT COUNT(*) AS n FROM ${table}`)[0].n),
    // The statements that requests sent while act ran; a new connection's own and the housekeeper's are left out.
    async statements(act) {
      mariadb.sql("SET GLOBAL log_output = 'TABLE'; TRUNCATE mysql.general_log; SET GLOBAL general_log = ON");
      try {
        await act();
      } finally {
        mariadb.sql('SET GLOBAL general_log = OFF');
      }
      return mariadb.sql("SELECT CONVERT(argument USING utf8mb4) AS text FROM mysql.general_log WHERE command_type IN ('Execute', 'Query') AND user_host LIKE 'gatepost%'")
        .map(({ text }) => text).filter((text) => !/^DELETE [^]* LIMIT \d+$|^SET |schema_migration|signing_turn|FROM signing_key|FROM role WHERE work <> 0|overview_hour|FROM user WHERE closed_at < |FROM user WHERE factors_end <= |^UPDATE totp SET next_root = 0[^]* LIMIT \d+$|^SELECT COUNT\(\*\) AS value FROM session WHERE idle_end/.test(text));
    },
    workerOutput: () => (existsSync(workerLog) ? readFileSync(workerLog, 'utf8') : ''),
    workerLog: () => stack.workerOutput().split('\n').filter((line) => line.startsWith('{')).map((line) => JSON.parse(line)),
    serverLog: () => ['lighttpd.log', 'apache.log', 'nginx.log', 'worker.log'].map((name) => join(dir, name))
      .filter(existsSync).map((file) => readFileSync(file, 'utf8')).join('').slice(-4000),
    // The workers that the web server started: descendants of it that run our program.
    ownWorkers() {
      const parents = new Map(readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map((pid) => [Number(pid), statOf(pid)]));
      const isBelow = (pid) => pid === stack.server.pid || (parents.has(pid) && isBelow(parents.get(pid).parent));
      return [...parents].filter(([pid, { name }]) => name === 'gatepost.fcgi' && isBelow(pid)).map(([pid]) => pid);
    },
    // listening: descriptor of a socket that it shares with others.
    startWorker(listening = 'ignore') {
      const log = openSync(workerLog, 'a', 0o600);
      // The socket's group is the web server's.
      const gid = kind.wwwData ? wwwData?.gid : undefined;
      stack.worker = start(workerProgram, ['--config', config.file], { env: environment, cwd: '/', stdio: [listening, log, log], ...(gid && { gid }) });
      closeSync(log);
      return stack.worker;
    },
    async ready() {
      await until(async () => {
        if (!kind.own && !stack.worker.running()) throw new Error(`the worker ended: ${stack.workerOutput()}`);
        if (!stack.server.running()) throw new Error(`${serverName} ended: ${stack.server.output()}${stack.serverLog()}`);
        // A web server leaves a socket alone for seconds on which it has found nobody.
        if (config.sections['listen web']?.address === stack.socket && !listens(stack.socket)) return false;
        return (await stack.client.get(`${base}/health?ready`, { byServer: [500, 502, 503] })).status === 200;
      }, 'the stack is ready');
    },
    // One API sign-in by handle: the answer's JSON with its handle.
    async signIn(person, more = {}) {
      const answer = await stack.client.post(`${base}/api/v1/sessions`, {
        json: { identifier: person.identifier, password: person.password, transport: 'handle', ...more },
      });
      if (answer.status !== 201) throw new Error(`sign-in: ${answer.status} ${answer.body}`);
      return answer.json;
    },
    withHandle: (handle, method, path, options = {}) =>
      stack.client.request(method, `${base}/api/v1${path}`, { ...options, headers: { 'X-Session-Id': handle, ...options.headers } }),
    async stop() {
      stack.client.close();
      await stack.server?.stop();
      for (const worker of stack.workers ?? []) if (worker !== stack.worker) await worker.stop();
      const end = await stack.worker?.stop();
      await mariadb.stop();
      const said = stack.workerOutput().slice(-4000);
      folder.remove();
      if (end && end.code !== 0) {
        throw new Error(`the worker ended with ${end.code ?? end.signal}: ${said}`);
      }
    },
  });
  if (sharing > 0) stack.workers = await startSharing(sharing, join(dir, 'run/gatepost.sock'), stack.startWorker);
  else if (!kind.own) stack.startWorker();
  const site = {
    dir, port, tls, basePath, worker: copies.worker, config: config.file, extra: placed(extra), global: placed(global),
    socket: stack.socket,
  };
  stack.site = kind.write(site);
  // The leak checker would look at a worker that the server kills.
  const serverEnvironment = { ...environment, ASAN_OPTIONS: 'detect_leaks=0' };
  stack.startServer = () => {
    stack.server = start(stack.site.command, stack.site.args, { env: serverEnvironment, cwd: '/', group: stack.site.group });
  };
  stack.startServer();
  await stack.ready();
  // The same site with other text around it, from the next request on.
  stack.serve = async (text) => {
    await stack.server.stop();
    stack.site = kind.write({ ...site, extra: placed(text.extra ?? ''), global: placed(text.global ?? '') });
    stack.startServer();
    await stack.ready();
  };
  return stack;
}
