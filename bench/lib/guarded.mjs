// A static file behind the guard, beside the same behind a bare authorizer that asks the same, and unguarded.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { start, until } from '../../tests/support/stack.mjs';
import { bench } from './build.mjs';
import { against, shown } from './checks.mjs';
import { compare } from './measure.mjs';
import { brokenOf, fixed, goal, middle } from './report.mjs';
import { sizes } from './seed.mjs';
import { inGroup } from './setup.mjs';
import { authorizers } from './sites.mjs';

const connections = 32;

async function startAuthorizer(made) {
  const { stack } = made;
  const db = stack.config.sections.database;
  const address = made.server === 'lighttpd' ? join(stack.dir, 'run/authorizer.sock') : `127.0.0.1:${made.barePort}`;
  const args = [address, String(sizes.threads), 'authorize', made.files.cookie, db.socket, db.name, db.guard_user, db.guard_password_file];
  const program = start(bench('bare'), args, inGroup(made.server));
  // libfcgi only notes a SIGTERM.
  made.stops.push(() => program.stop('SIGKILL'));
  await until(async () => {
    if (!program.running()) throw new Error(program.output());
    return (await stack.client.get('/guarded-bare/file.txt', { byServer: [500, 502, 503] })).status === 200;
  }, 'the bare authorizer answers');
  return program;
}

// That what is fast is also right: the bytes are served to whom they should be and to nobody else.
async function prove(made, name) {
  const [cookie] = readFileSync(made.files.cookie, 'utf8').split(/\s/);
  const ask = (value) => made.stack.client.get(`/guarded-${name}/file.txt`, { headers: { Cookie: `__Host-gatepost=${value}` } });
  const [right, wrong] = [await ask(cookie), await ask(cookie.split('').reverse().join(''))];
  if (right.status !== 200 || wrong.status !== 401) throw new Error(`${name}: ${right.status} to a session, ${wrong.status} to none`);
}

export async function guarded(options, made) {
  const names = authorizers.filter((name) => name === 'bare' || made.ways.some(({ key }) => key === name));
  for (const name of [...names.map((one) => `guarded-${one}`), 'unguarded']) {
    const dir = join(made.stack.dir, 'www', name);
    mkdirSync(dir, { recursive: true, mode: 0o755 });
    writeFileSync(join(dir, 'file.txt'), 'guarded\n', { mode: 0o644 });
  }
  const bare = await startAuthorizer(made);
  for (const name of names.filter((one) => one !== 'bare')) await prove(made, name);
  const server = made.server === 'lighttpd' ? 'lighttpd' : 'Apache';
  const label = (name) => ({ bare: 'bare libfcgi authorizer, the same statement', off: 'guarded file, desk off', on: 'guarded file, desk on' })[name];
  const cases = names.map((name) => ({
    id: `m-${name}`, label: `(m) ${server}: ${label(name)}`, path: `/guarded-${name}/file.txt`, lua: made.scripts.cookie,
    pid: name === 'bare' ? bare.pid : made.ways.find(({ key }) => key === name).pid,
    database: name === 'on' ? made.ways.find(({ key }) => key === 'on').database : undefined,
  }));
  const open = { id: 'm-open', label: `(m) ${server}: the same file, unguarded`, path: '/unguarded/file.txt', lua: made.scripts.cookie };
  const [plain, yard, ...ours] = await compare(options, made, [open, ...cases], connections);
  return [
    { what: plain.label, measured: shown(plain.rounds) },
    { what: yard.label, measured: `${shown(yard.rounds)}, statements ${fixed(2)(middle(yard.rounds, 'statements'))}` },
    ...ours.map(({ label: what, rounds }) => {
      const { rate, p99 } = against(rounds, yard.rounds);
      const cpu = ['program', 'database', 'server'].map((name) => `${name} ${fixed(0)(middle(rounds, name))} (${fixed(0)(middle(yard.rounds, name))})`);
      return {
        what,
        measured: `${shown(rounds)}; of bare ${fixed(2)(rate)} (p99 ${fixed(2)(p99)}), statements ${fixed(2)(middle(rounds, 'statements'))}, CPU µs: ${cpu.join(', ')}, failed ${brokenOf(rounds)}`,
        goals: [goal('of bare', '≥', 0.85, rate), goal('statements', '≤', 1.01, middle(rounds, 'statements'))],
      };
    }),
  ];
}
