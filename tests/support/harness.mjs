// The whole product for one test file: private MariaDB, migrated database, worker, lighttpd with TLS.
import { randomBytes } from 'node:crypto';
import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startMariadb, createDatabase } from './with-mariadb.mjs';
import { certificates, freePort, secretFile, start, temporaryFolder, until } from './stack.mjs';
import { Client, Visitor } from './client.mjs';

export const source = process.env.GATEPOST_SOURCE ?? join(dirname(fileURLToPath(import.meta.url)), '../..');
export const build = process.env.GATEPOST_BUILD ?? join(source, 'build/dev');
export const programs = { worker: join(build, 'src/gatepost.fcgi'), ctl: join(build, 'src/gatepost') };

export const password = () => randomBytes(18).toString('base64url');

// Sections of settings as the text of a configuration file.
export function configText(sections) {
  return Object.entries(sections)
    .map(([section, settings]) => `[${section}]\n${Object.entries(settings).map(([k, v]) => `${k} = ${v}\n`).join('')}`)
    .join('');
}

function program(name) {
  for (const dir of [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/sbin']) {
    if (existsSync(join(dir, name))) return join(dir, name);
  }
  throw new Error(`${name} is not installed`);
}

// What every stack needs below dir: password files, key file place, configuration.
export function writeConfig({ dir, origin, socket, database, settings = {} }) {
  for (const role of ['web', 'hash', 'guard', 'migrate']) {
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
    },
    'listen web': { address: join(dir, 'run/gatepost.sock'), threads: 8 },
    database: { socket, name: database.name },
    password: { blocklist: join(source, 'conf/blocklist.txt') },
  };
  for (const role of ['web', 'hash', 'guard', 'migrate']) {
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

function writeLighttpd({ dir, port, pem, spawned, extra }) {
  const file = join(dir, 'lighttpd.conf');
  mkdirSync(join(dir, 'www'), { recursive: true });
  writeFileSync(file, `
server.document-root = "${join(dir, 'www')}"
server.bind = "127.0.0.1"
server.port = ${port}
server.modules = ( "mod_openssl" )
server.errorlog = "${join(dir, 'lighttpd.log')}"
ssl.engine = "enable"
ssl.pemfile = "${pem}"
${spawned ? spawnedBy(dir) : external(dir)}
${extra.replaceAll('@DIR@', dir)}
`);
  return file;
}

const external = (dir) => `
var.gatepost_socket = "${join(dir, 'run/gatepost.sock')}"
var.gatepost_path = "^/auth(?:/|$)"
include "${join(source, 'conf/lighttpd/gatepost.conf')}"`;

// lighttpd starts the worker itself and hands it the socket as descriptor 0.
const spawnedBy = (dir) => `
server.modules += ( "mod_fastcgi" )
server.breakagelog = "${join(dir, 'worker.log')}"
$HTTP["url"] =~ "^/auth(?:/|$)" {
  fastcgi.server = ( "/" => (( "socket" => "${join(dir, 'run/spawned.sock')}", "bin-path" => "${programs.worker}",
    "bin-environment" => ( "GATEPOST_CONFIG" => "${join(dir, 'gatepost.conf')}", "ASAN_OPTIONS" => "detect_leaks=0" ),
    "max-procs" => 1, "check-local" => "disable" )) )
}`;

/*
 * startStack({settings, users, lighttpdExtra, spawned}) → see the object below. users: [] for none; default
 * alice, bob and admin (role admin). Everything is stopped by pid and removed by stop().
 */
export async function startStack(options = {}) {
  const folder = temporaryFolder();
  const mariadb = await startMariadb();
  const stack = {};
  try {
    return await buildStack(stack, folder, mariadb, options);
  } catch (error) {
    // Nothing is left running that a test never got hold of.
    await stack.lighttpd?.stop();
    await stack.worker?.stop();
    await mariadb.stop();
    folder.remove();
    throw error;
  }
}

async function buildStack(stack, folder, mariadb, { settings = {}, users = ['alice', 'bob', 'admin'], lighttpdExtra = '', spawned = false }) {
  const { dir } = folder;
  const port = await freePort();
  const origin = `https://localhost:${port}`;
  const database = await createDatabase(mariadb, 'gatepost');
  const config = writeConfig({ dir, origin, socket: mariadb.socket, database, settings });
  const tls = certificates(dir);
  const environment = { ...process.env, GATEPOST_CONFIG: '' };

  const ctl = (args, { input = '' } = {}) => {
    const run = spawnSync(programs.ctl, ['--config', config.file, ...args], { input, encoding: 'utf8', env: environment });
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
    dir, origin, port, config, mariadb, database,
    base: `${origin}/auth`, api: `${origin}/auth/api/v1`, caFile: tls.ca, users: people,
    ctl, must,
    client: new Client(origin, tls.ca),
    visitor: () => new Visitor(stack.client),
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
        .map(({ text }) => text).filter((text) => !/^DELETE [^]* LIMIT \d+$|^SET |schema_migration/.test(text));
    },
    workerOutput: () => (existsSync(workerLog) ? readFileSync(workerLog, 'utf8') : ''),
    workerLog: () => stack.workerOutput().split('\n').filter((line) => line.startsWith('{')).map((line) => JSON.parse(line)),
    startWorker() {
      const log = openSync(workerLog, 'a', 0o600);
      stack.worker = start(programs.worker, ['--config', config.file], { env: environment, cwd: '/', stdio: ['ignore', log, log] });
      closeSync(log);
    },
    async ready() {
      await until(async () => {
        if (!spawned && !stack.worker.running()) throw new Error(`the worker ended: ${stack.workerOutput()}`);
        if (!stack.lighttpd.running()) throw new Error(`lighttpd ended: ${stack.lighttpd.output()}`);
        return (await stack.client.get('/auth/health?ready')).status === 200;
      }, 'the stack is ready');
    },
    // One API sign-in by handle: the answer's JSON with its handle.
    async signIn(person, more = {}) {
      const answer = await stack.client.post('/auth/api/v1/sessions', {
        json: { identifier: person.identifier, password: person.password, transport: 'handle', ...more },
      });
      if (answer.status !== 201) throw new Error(`sign-in: ${answer.status} ${answer.body}`);
      return answer.json;
    },
    withHandle: (handle, method, path, options = {}) =>
      stack.client.request(method, `/auth/api/v1${path}`, { ...options, headers: { 'X-Session-Id': handle, ...options.headers } }),
    async stop() {
      stack.client.close();
      await stack.lighttpd?.stop();
      const end = await stack.worker?.stop();
      await mariadb.stop();
      const said = stack.workerOutput().slice(-4000);
      folder.remove();
      if (end && end.code !== 0) {
        throw new Error(`the worker ended with ${end.code ?? end.signal}: ${said}`);
      }
    },
  });
  if (!spawned) stack.startWorker();
  stack.lighttpd = start(program('lighttpd'), ['-D', '-f', writeLighttpd({ dir, port, pem: tls.pem, spawned, extra: lighttpdExtra })]);
  await stack.ready();
  return stack;
}
