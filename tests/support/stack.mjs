// Processes and files of a test's own: temporary folders, free ports, certificates, children by pid.
import { spawn, spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync, chmodSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export function temporaryFolder(prefix = 'gp-') {
  const dir = mkdtempSync(join(tmpdir(), prefix));
  chmodSync(dir, 0o700);
  return { dir, remove: () => rmSync(dir, { recursive: true, force: true }) };
}

/*
 * A port that nobody listens on, below those that the system gives to outgoing connections: one of them could take it before
 * the server does that it is for, or while that is restarted, even by connecting to itself.
 */
const PORTS = { from: 20000, to: 32000 };
const given = new Set();

const canListen = (port) => new Promise((resolve) => {
  const server = createServer();
  server.once('error', () => resolve(false));
  server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
});

export async function freePort() {
  for (let tries = 0; tries < 1000; tries++) {
    const port = randomInt(PORTS.from, PORTS.to);
    if (given.has(port)) continue;
    given.add(port);
    if (await canListen(port)) return port;
  }
  throw new Error(`no free port from ${PORTS.from} to ${PORTS.to}`);
}

export function secretFile(path, text) {
  writeFileSync(path, text, { mode: 0o600 });
  chmodSync(path, 0o600);
  return path;
}

// Polls a condition until it is true; its last error is in the message when it never is.
export async function until(condition, what, seconds = 20) {
  const end = Date.now() + seconds * 1000;
  let last;
  for (;;) {
    try {
      if (await condition()) return;
      last = undefined;
    } catch (error) {
      last = error;
    }
    if (Date.now() > end) throw new Error(`never: ${what}${last ? ` (${last.message})` : ''}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

// Whether somebody listens on a unix socket, without a connection that he would see.
export const listens = (path) => readFileSync('/proc/net/unix', 'utf8').split('\n').some((line) => {
  const [, , , flags, , , , ...name] = line.split(/\s+/);
  return flags === '00010000' && name.join(' ') === path;
});

// The signal is delivered to one thread after the other.
const isStopped = (pid) => readdirSync(`/proc/${pid}/task`)
  .every((task) => /\) T /.test(readFileSync(`/proc/${pid}/task/${task}/stat`, 'utf8')));

// No thread of the process does anything until SIGCONT.
export async function freeze(pid) {
  process.kill(pid, 'SIGSTOP');
  await until(() => isStopped(pid), 'every thread has stopped');
}

function openssl(args) {
  const run = spawnSync('openssl', args, { encoding: 'utf8' });
  if (run.status !== 0) throw new Error(`openssl ${args[0]}: ${run.stderr}`);
}

// A certificate authority and a certificate for localhost below dir.
export function certificates(dir) {
  const file = (name) => join(dir, name);
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  openssl(['req', '-x509', ...key, '-days', '30', '-keyout', file('ca.key'), '-out', file('ca.pem'),
    '-subj', '/CN=Gatepost test CA', '-addext', 'basicConstraints=critical,CA:TRUE']);
  openssl(['req', ...key, '-keyout', file('server.key'), '-out', file('server.csr'), '-subj', '/CN=localhost']);
  writeFileSync(file('ext'), 'subjectAltName=DNS:localhost,IP:127.0.0.1\nbasicConstraints=CA:FALSE\n');
  openssl(['x509', '-req', '-in', file('server.csr'), '-CA', file('ca.pem'), '-CAkey', file('ca.key'),
    '-CAcreateserial', '-days', '30', '-extfile', file('ext'), '-out', file('server.crt')]);
  const pem = spawnSync('cat', [file('server.crt'), file('server.key')], { encoding: 'utf8' }).stdout;
  secretFile(file('server.pem'), pem);
  return { ca: file('ca.pem'), pem: file('server.pem') };
}

const children = new Set();
process.on('exit', () => {
  for (const { child, group } of children) {
    try {
      process.kill(group ? -child.pid : child.pid, 'SIGKILL');
    } catch {
      // It has ended already.
    }
  }
});
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1));

// A child with its output kept: {child, pid, output(), exited (a promise of {code, signal}), stop(signal)}. group: it
// leads a process group, all of which ends when this program ends before it.
export function start(command, args, { group = false, ...options } = {}) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], detached: group, ...options });
  let text = '';
  const keep = (chunk) => {
    text += chunk;
  };
  child.stdout?.setEncoding('utf8').on('data', keep);
  child.stderr?.setEncoding('utf8').on('data', keep);
  const entry = { child, group };
  children.add(entry);
  const exited = new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      children.delete(entry);
      resolve({ code, signal });
    });
  });
  exited.catch(() => {});
  return {
    child,
    pid: child.pid,
    output: () => text,
    exited,
    running: () => child.exitCode === null && child.signalCode === null,
    async stop(signal = 'SIGTERM', seconds = 10) {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal);
      const timer = setTimeout(() => child.kill('SIGKILL'), seconds * 1000);
      const end = await exited;
      clearTimeout(timer);
      return end;
    },
  };
}
