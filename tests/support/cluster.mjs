/*
 * A private Galera cluster of three MariaDB servers on loopback ports, each in a folder of its own, stopped by pid; and
 * workers that each have one of its nodes as their database.
 */
import { randomBytes } from 'node:crypto';
import { spawn, spawnSync } from 'node:child_process';
import { closeSync, copyFileSync, cpSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { programs, writeConfig } from './harness.mjs';
import { ask } from './fastcgi.mjs';
import { freePort, start, temporaryFolder, until } from './stack.mjs';
import { createDatabase, program, startMariadb } from './with-mariadb.mjs';

const provider = '/usr/lib/galera/libgalera_smm.so';
const names = ['a', 'b', 'c'];

/*
 * What the server runs when a node joins. All three begin with the same data, and who comes back gets what it missed out
 * of the others' caches; so data is never copied, and asking for a copy is a failure.
 */
const transferScript = (dir) => `#!/bin/sh
set -eu
role= gtid= domain= address= bypass=
while [ $# -gt 0 ]; do
  case $1 in
    --role) role=$2; shift ;;
    --gtid) gtid=$2; shift ;;
    --gtid-domain-id) domain=$2; shift ;;
    --address) address=$2; shift ;;
    --bypass) bypass=yes ;;
  esac
  shift
done
if [ "$role" = donor ]; then
  [ -n "$bypass" ] || exit 1
  echo continue
  echo "$gtid $domain" >"${dir}/\${address##*/}.new"
  mv "${dir}/\${address##*/}.new" "${dir}/\${address##*/}"
  echo "done $gtid $domain"
else
  place="${dir}/joiner-$$"
  echo "ready 127.0.0.1:1/joiner-$$"
  until [ -e "$place" ]; do sleep 0.05; done
  cat "$place"
fi
`;

// Where the data of a server that was killed ends, as mysqld_safe and the systemd unit ask for it.
function recoveredPosition(serverArguments) {
  const run = spawnSync(program('mariadbd'), [...serverArguments, '--wsrep-recover'], { encoding: 'utf8', timeout: 60000 });
  const found = /Recovered position: ?(\S+)/.exec(run.stdout + run.stderr);
  if (!found) throw new Error(`no position was recovered: ${run.stderr}`);
  return found[1];
}

async function startNode({ dir, name, group, ports, addresses }) {
  let boots = 0;
  const node = await startMariadb({
    dir,
    flushLog: 2,
    environment: { PATH: `${join(dir, '../bin')}:${process.env.PATH}` },
    bootArguments(serverArguments) {
      const data = serverArguments.find((word) => word.startsWith('--datadir=')).slice('--datadir='.length);
      const begins = !existsSync(join(data, 'grastate.dat'));
      // The first node, on its first two starts, is the cluster; who has a state otherwise asks the others.
      const alone = name === 'a' && boots < 2;
      boots += 1;
      const options = {
        base_port: ports.group, 'gmcast.listen_addr': `tcp://127.0.0.1:${ports.group}`, 'ist.recv_addr': `127.0.0.1:${ports.transfer}`,
        'gcache.size': '32M', 'gcs.fc_limit': 256, 'evs.keepalive_period': 'PT0.5S', 'evs.inactive_check_period': 'PT0.25S',
        'evs.suspect_timeout': 'PT3S', 'evs.inactive_timeout': 'PT6S', 'evs.install_timeout': 'PT6S',
      };
      const replication = [
        '--wsrep-on=ON', `--wsrep-provider=${provider}`, `--wsrep-cluster-name=${group}`, `--wsrep-node-name=${name}`,
        `--wsrep-cluster-address=gcomm://${addresses}`, `--wsrep-node-address=127.0.0.1:${ports.group}`,
        '--wsrep-sst-method=missed', '--binlog-format=ROW', '--innodb-autoinc-lock-mode=2', '--wsrep-slave-threads=2',
        `--wsrep-provider-options=${Object.entries(options).map((option) => option.join('=')).join(';')}`,
      ];
      return [
        ...replication,
        ...(begins ? [] : [`--wsrep-start-position=${recoveredPosition([...serverArguments, ...replication])}`]),
        ...(alone ? ['--wsrep-new-cluster'] : []),
      ];
    },
  });
  const status = (variable) => node.sql(`SHOW STATUS LIKE '${variable}'`)[0].Value;
  return Object.assign(node, {
    name,
    status,
    isMember: (size) => status('wsrep_ready') === 'ON' && status('wsrep_local_state_comment') === 'Synced'
      && Number(status('wsrep_cluster_size')) === size,
    // Cut off from the group though it runs, or back again.
    isolate: (on) => node.sql(`SET GLOBAL wsrep_provider_options = 'gmcast.isolate=${on ? 1 : 0}'`),
    // Applies nothing of what the others send until the function that comes back is called.
    pause: () => node.hold('FLUSH TABLES WITH READ LOCK'),
    // Runs text on a connection that stays open until the function that comes back is called.
    async hold(text) {
      const child = spawn('mariadb', ['--no-defaults', `--socket=${node.socket}`, '--user=root', '--unbuffered', '--batch', '--skip-column-names'],
        { stdio: ['pipe', 'pipe', 'inherit'] });
      let said = '';
      child.stdout.setEncoding('utf8').on('data', (text) => {
        said += text;
      });
      const ended = new Promise((resolve) => {
        child.once('close', resolve);
      });
      child.stdin.write(`${text};\nSELECT 'it holds';\n`);
      await until(() => said.includes('it holds'), `${text} holds`);
      return async () => {
        child.stdin.end();
        await ended;
      };
    },
  });
}

// startCluster() → {nodes: {a, b, c}, database, dir, together(size, nodes), stop()}.
export async function startCluster() {
  const folder = temporaryFolder('gpcl-');
  const all = {};
  const cluster = {
    dir: folder.dir,
    nodes: all,
    // These nodes agree that the cluster has so many.
    together: (size, nodes = Object.values(all)) =>
      until(() => nodes.every((node) => node.isMember(size)), `${size} nodes are together`, 60),
    async stop() {
      await Promise.all(Object.values(all).map((node) => node.kill('SIGKILL')));
      folder.remove();
    },
  };
  try {
    mkdirSync(join(folder.dir, 'bin'));
    writeFileSync(join(folder.dir, 'bin/wsrep_sst_missed'), transferScript(folder.dir), { mode: 0o755 });
    const ports = {};
    for (const name of names) ports[name] = { group: await freePort(), transfer: await freePort() };
    const addresses = names.map((name) => `127.0.0.1:${ports[name].group}`).join(',');
    const group = `gatepost-${randomBytes(4).toString('hex')}`;
    const boot = async (name) => {
      all[name] = await startNode({ dir: join(folder.dir, name), name, group, ports: ports[name], addresses });
    };
    await boot('a');
    await all.a.kill('SIGTERM');
    for (const name of names.slice(1)) {
      cpSync(join(folder.dir, 'a'), join(folder.dir, name), { recursive: true });
      for (const file of ['gvwstate.dat', 'galera.cache']) rmSync(join(folder.dir, name, 'data', file), { force: true });
    }
    await all.a.restart();
    const joins = await Promise.allSettled(['b', 'c'].map(boot));
    for (const { reason } of joins) if (reason) throw reason;
    await cluster.together(3);
    cluster.database = await createDatabase(all.a, 'gatepost');
    return cluster;
  } catch (error) {
    const said = Object.values(all).map((node) => node.output().slice(-60000)).join('\n');
    await cluster.stop();
    throw new Error(`${error.message}\n${said}`, { cause: error });
  }
}

/*
 * A worker whose database is one node: {ask(method, path, options), ctl(args, options), must(args), start(), stop()}.
 * settings: besides those of every worker; keys: the key file of another one.
 */
export function branch({ cluster, node, name, keys, database = cluster.database, settings = {} }) {
  const dir = join(cluster.dir, name);
  mkdirSync(dir, { mode: 0o700 });
  const config = writeConfig({ dir, origin: 'https://localhost', socket: node.socket, database, settings });
  if (keys) copyFileSync(keys, join(dir, 'keys'));
  const environment = { ...process.env, GATEPOST_CONFIG: '' };
  const log = join(dir, 'worker.log');
  const command = (args) => ['--config', config.file, ...args];
  const self = {
    dir,
    flushLog: 2,
    keys: join(dir, 'keys'),
    log: () => readFileSync(log, 'utf8'),
    ctl(args, { input = '' } = {}) {
      const run = spawnSync(programs.ctl, command(args), { input, encoding: 'utf8', env: environment });
      if (run.error) throw run.error;
      return { code: run.status, stdout: run.stdout, stderr: run.stderr };
    },
    must(args, options) {
      const run = self.ctl(args, options);
      if (run.code !== 0) throw new Error(`gatepost ${args.join(' ')}: ${run.code}: ${run.stderr}${run.stdout}`);
      return run.stdout;
    },
    // The command as a child, for several at once: {code, stdout, stderr}.
    async run(args) {
      const child = start(programs.ctl, command(args), { env: environment });
      const { code } = await child.exited;
      return { code, output: child.output() };
    },
    ask: (method, path, options) => ask(join(dir, 'run/gatepost.sock'), method, `/auth${path}`, options),
    api: (method, path, options) => self.ask(method, `/api/v1${path}`, options),
    check: async (handle) => (await self.api('GET', '/session', { handle })).status,
    async signIn(person, more = {}) {
      const answer = await self.api('POST', '/sessions', { json: { identifier: person.identifier, password: person.password, transport: 'handle', ...more } });
      if (answer.status !== 201) throw new Error(`sign-in: ${answer.status} ${answer.body}`);
      return { handle: answer.json.session_handle, id: answer.json.session.id };
    },
    async start() {
      const output = openSync(log, 'a', 0o600);
      self.worker = start(programs.worker, ['--config', config.file], { env: environment, cwd: '/', stdio: ['ignore', output, output] });
      closeSync(output);
      await until(async () => {
        if (!self.worker.running()) throw new Error(self.log());
        return (await self.ask('GET', '/health?ready')).status === 200;
      }, `worker ${name} is ready`);
    },
    async stop() {
      const end = await self.worker?.stop();
      if (end && end.code !== 0) throw new Error(`worker ${name} ended with ${end.code ?? end.signal}: ${self.log().slice(-4000)}`);
    },
  };
  return self;
}
