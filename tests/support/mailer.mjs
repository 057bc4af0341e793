// A database with an outbox, and mailers over it: all that mail needs, and no web server.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { configText, programs, writeConfig } from './harness.mjs';
import { start, temporaryFolder, certificates, until } from './stack.mjs';
import { createDatabase, startMariadb } from './with-mariadb.mjs';

const logOf = (mailer) => mailer.output().split('\n').filter((line) => /^\{.*\}$/.test(line)).map((line) => JSON.parse(line));

/*
 * startPost({settings, mariadb}) → below. settings: sections of the configuration; configure({section: {…}}) changes
 * them. Everything is stopped by pid and removed by stop().
 */
export async function startPost({ settings = {}, mariadb: options } = {}) {
  const folder = temporaryFolder('gpmail-');
  const mariadb = await startMariadb(options);
  const database = await createDatabase(mariadb, 'gatepost');
  const { dir } = folder;
  const config = writeConfig({ dir, origin: 'https://www.example.org', socket: mariadb.socket, database, settings });
  const tls = certificates(dir);
  const environment = { ...process.env, GATEPOST_CONFIG: '' };
  const mailers = new Set();
  const run = (program, args, more = {}) => {
    const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', env: environment, ...more });
    return { code: status, stdout, stderr };
  };
  const must = (result, what) => {
    if (result.code !== 0) throw new Error(`${what}: ${result.code}: ${result.stderr}${result.stdout}`);
    return result;
  };
  const ctl = (...args) => run(programs.ctl, ['--config', config.file, ...args]);
  must(ctl('migrate'), 'migrate');
  must(ctl('setup', '--json'), 'setup');
  const sql = (text) => mariadb.sql(text, { database: database.name });
  return {
    dir, tls, mariadb, database, config, sql, ctl,
    must: (...args) => must(ctl(...args), `gatepost ${args.join(' ')}`),
    configure(next) {
      for (const [section, values] of Object.entries(next)) config.sections[section] = { ...config.sections[section], ...values };
      writeFileSync(config.file, configText(config.sections), { mode: 0o600 });
    },
    // Puts mails into the outbox. recipient: null for a decoy; values: of the mail, and too_late, ip.
    post(kind, recipient, { language = '', count = 1, values = {} } = {}) {
      return must(run(programs.post, [config.file, kind, recipient ?? '-', language, `${count}`,
        ...Object.entries(values).map(([name, value]) => `${name}=${value}`)]), 'post');
    },
    // Until it has ended; a mail server may be in this very process.
    async once() {
      const mailer = start(programs.mailer, ['--config', config.file, '--once'], { env: environment });
      mailers.add(mailer);
      const { code } = await mailer.exited;
      mailers.delete(mailer);
      return { code, output: mailer.output(), log: logOf(mailer) };
    },
    check: () => run(programs.mailer, ['--config', config.file, '--check']),
    startMailer({ program = programs.mailer, env = {} } = {}) {
      const mailer = start(program, ['--config', config.file], { env: { ...environment, ...env } });
      mailer.log = () => logOf(mailer);
      mailer.ready = () => until(() => mailer.log().some(({ event }) => event === 'started'), 'the mailer has started');
      mailers.add(mailer);
      return mailer;
    },
    // {waiting, taken, sent, dead}
    states() {
      const names = { 1: 'waiting', 2: 'taken', 3: 'sent', 4: 'dead' };
      const counted = { waiting: 0, taken: 0, sent: 0, dead: 0 };
      for (const { state, n } of sql('SELECT state, COUNT(*) AS n FROM outbox GROUP BY state')) counted[names[state]] = Number(n);
      return counted;
    },
    rows: () => sql('SELECT kind, recipient, state, attempts, LENGTH(payload) AS payload, last_error, due_at - UNIX_TIMESTAMP() * 1000000 AS wait FROM outbox ORDER BY created_at, recipient'),
    // As if their time had come.
    hurry: () => sql('UPDATE outbox SET due_at = 0 WHERE state IN (1, 2)'),
    empty: () => sql('DELETE FROM outbox'),
    async stop() {
      for (const mailer of mailers) await mailer.stop();
      await mariadb.stop();
      folder.remove();
    },
  };
}
