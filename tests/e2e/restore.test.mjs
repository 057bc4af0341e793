/*
 * Backup, restore, upgrade and the key file by the commands of docs/operations.md, to the letter: paths are put below a
 * folder, and what only root on a machine with systemd can do is done to this stack's worker.
 */
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build, password, source, startStack } from '../support/harness.mjs';
import { program } from '../support/servers.mjs';
import { until } from '../support/stack.mjs';

const guide = readFileSync(join(source, 'docs/operations.md'), 'utf8');
// The fenced commands of a section, without the indentation of their list.
function commands(title) {
  const begin = guide.indexOf(`## ${title}\n`);
  assert.ok(begin > 0, title);
  const text = guide.slice(begin, guide.indexOf('\n## ', begin + 3));
  return [...text.matchAll(/^ {3}```sh\n([^]*?)^ {3}```/gm)].map(([, body]) => body.replace(/^ {3}/gm, ''));
}

let stack;
let tools;
before(async () => {
  stack = await startStack();
  tools = join(stack.dir, 'stand-ins');
  mkdirSync(tools);
  const standIn = (name, script) => writeFileSync(join(tools, name), `#!/bin/sh\nset -eu\n${script}\n`, { mode: 0o755 });
  standIn('gatepost', `exec ${join(build, 'src/gatepost')} --config ${stack.config.file} "$@"`);
  standIn('runuser', 'test "$1 $2 $3" = "-u gatepost --"\nshift 3\nexec "$@"');
  for (const name of ['mariadb', 'mariadb-dump']) standIn(name, `exec ${program(name)} --no-defaults -uroot --socket='${stack.mariadb.socket}' "$@"`);
});
after(() => stack?.stop());

const placed = (text) => text.replaceAll('/var/backups', join(stack.dir, 'backups')).replaceAll('/etc/gatepost/keys', join(stack.dir, 'keys'))
  .replaceAll('/usr/local/etc/gatepost/gatepost.conf', stack.config.file);

const units = {
  stop: () => stack.worker.stop(),
  async start() {
    stack.startWorker();
    await stack.ready();
  },
  async restart() {
    await units.stop();
    await units.start();
  },
  async reload() {
    const reloads = () => stack.workerLog().filter(({ event }) => event === 'reloaded').length;
    const was = reloads();
    process.kill(stack.worker.pid, 'SIGHUP');
    await until(() => reloads() > was, 'the worker has reloaded');
  },
};

// Runs a block: the shell's part by a shell, systemctl's on the worker. What the last part printed comes back.
async function follow(block) {
  let output = '';
  for (const part of block.split(/^(systemctl .*)\n/m)) {
    const unit = /^systemctl (\w+) gatepost$/.exec(part);
    if (unit) {
      await units[unit[1]]();
    } else if (part.trim()) {
      mkdirSync(join(stack.dir, 'backups'), { recursive: true });
      const run = spawnSync('bash', ['-euo', 'pipefail', '-c', placed(part)], {
        encoding: 'utf8', env: { ...process.env, PATH: `${tools}:${process.env.PATH}` },
      });
      // The doctor warns of this test's certificate; that it examined is all that counts here.
      if (!/gatepost doctor/.test(part)) assert.equal(run.status, 0, `${part}\n${run.stdout}${run.stderr}`);
      output = run.stdout;
    }
  }
  return output;
}

const status = async ({ session_handle: handle }) => (await stack.withHandle(handle, 'GET', '/session')).status;
const doctor = () => JSON.parse(stack.ctl(['doctor', '--offline', '--json']).stdout).checks.find(({ name }) => name === 'restore');
const day = 86400 * 1000000;

// All that happened so far happened so much later.
function shift(by) {
  stack.sql(`UPDATE audit_event SET at = at + ${by} ORDER BY at ${by > 0 ? 'DESC' : 'ASC'}; UPDATE session SET created_at = created_at + ${by},
    last_seen = last_seen + ${by}, idle_end = idle_end + ${by}, expires_at = expires_at + ${by}, auth_time = auth_time + ${by}`);
}

let kept;
let revoked;
let newPassword;
test('the backup of yesterday; a day passes, in which sessions end and a password changes', async () => {
  const { alice, bob } = stack.users;
  kept = await stack.signIn(bob);
  revoked = await stack.signIn(alice);
  const [database, keys, ...more] = commands('Backing up');
  assert.equal(more.length, 0);
  shift(-day);
  await follow(database);
  shift(day);
  await follow(keys);
  for (const name of ['gatepost/gatepost.sql', 'gatepost/gatepost.conf', 'gatepost-keys/keys']) {
    assert.equal(statSync(join(stack.dir, 'backups', name)).mode & 0o077, 0, name);
  }
  assert.ok(!existsSync(join(stack.dir, 'backups/gatepost/keys')));

  newPassword = password();
  const changed = await stack.withHandle(revoked.session_handle, 'PUT', '/password', { json: { current_password: alice.password, new_password: newPassword } });
  assert.equal(changed.status, 200, changed.body);
  assert.equal(await status(revoked), 401);
  assert.equal(await status(kept), 200);
  assert.equal(doctor().result, 'ok');
});

test('what the backup brings back lives, and the doctor says what to do', async () => {
  const [stop, data] = commands('Restoring');
  await follow(stop);
  await follow(data);
  stack.must(['migrate']);
  await units.start();
  assert.equal(await status(revoked), 200, 'a dead session of yesterday lives: this is what the check is for');
  const { result, detail, advice } = doctor();
  assert.equal(result, 'warn');
  assert.match(detail, /tables were made 2.*newest event from before is of 2/);
  assert.match(advice, /gatepost restore-check/);
});

test('the steps of the guide: after them it does not live', async () => {
  const [stop, data, check, start, ...more] = commands('Restoring');
  assert.equal(more.length, 0);
  await follow(stop);
  await follow(data);
  stack.sql(`INSERT INTO rotation (old_hash, session_id, epoch, proof_hash, nonce, repeat_until, purge_at)
    VALUES (REPEAT('x', 32), REPEAT('y', 16), 1, REPEAT('z', 32), REPEAT('n', 16), 1 << 60, 1 << 60);
    INSERT INTO handover (code_hash, challenge, receiver, user_id, session_id, epoch, created_at, expires_at)
    SELECT REPEAT('c', 32), REPEAT('v', 32), 2, user_id, id, epoch, 1, 1 << 60 FROM session LIMIT 1;
    DELETE FROM mail_code;
    INSERT INTO mail_code (id, purpose, slot_hash, address, code_hash, link_hash, asker_hash, created_at, code_end, expires_at)
    VALUES (REPEAT('m', 16), 2, REPEAT('s', 32), 'alice@example.org', REPEAT('c', 32), REPEAT('l', 32), REPEAT('a', 32), 1, 1 << 60, 1 << 60)`);
  const step = Math.floor(Date.now() / 30000);
  stack.sql(`INSERT INTO totp (user_id, root, secret, last_step, confirmed_at) SELECT id, 1, REPEAT('s', 60), 1, 1 FROM user WHERE username = 'bob';
    INSERT INTO challenge (hash, user_id, purpose, expires_at) SELECT REPEAT('h', 32), id, '', 1 << 60 FROM user WHERE username = 'bob';
    UPDATE user SET factors = 1, factors_end = 1 WHERE username = 'bob'`);
  const said = await follow(check);
  assert.match(said, /^data +up to 2\S+Z, 2[34] h ago$/m);
  assert.match(said, /^tables +made 2\S+Z: restored then, or moved$/m);
  assert.match(said, /^clock +the database's differs by -?\d+ ms$/m);
  assert.match(said, /^sessions +2 ended/m);
  assert.match(said, /^deleted +1 rotations, 1 hand-overs, 1 mail codes, 1 set-up codes$/m);
  assert.match(said, /^factors +1 challenges deleted, 1 resets stopped; .*recovery codes that were used since the backup work again$/m);
  assert.match(said, /grep -E 'factor_added\|factor_removed\|recovery_code_used\|recovery_codes_made'/);
  const [after] = stack.sql('SELECT t.last_step, u.factors, u.factors_end FROM totp t JOIN user u ON u.id = t.user_id');
  assert.ok(Number(after.last_step) > step, 'MF-04: no code that was used since the backup counts again');
  assert.deepEqual([Number(after.factors), after.factors_end], [1, null], 'a reset that was stopped since does not happen');
  assert.equal(stack.count('challenge'), 0);
  stack.sql('UPDATE user SET factors = 0; DELETE FROM totp');
  assert.match(said, /--since '2\S+Z' \| grep -E 'authn_password_\(change\|recovered\)'/);
  await follow(start);
  for (const one of [revoked, kept]) assert.equal(await status(one), 401);
  for (const table of ['session', 'rotation', 'handover', 'mail_code', 'setup_code']) assert.equal(stack.count(table), 0, table);
  const [{ detail }] = stack.sql("SELECT detail FROM audit_event WHERE event = 'sys_restore_check'");
  assert.equal(detail, 'sessions 2, rotations 1, hand-overs 1, mail codes 1, set-up codes 1, challenges 1, resets of factors 1');
  assert.equal(doctor().result, 'ok');

  // What it told to do again: the worker's log has the person, and the old password must go.
  const change = stack.workerLog().find(({ event }) => event === 'authn_password_change');
  stack.must(['user', 'compromised', change.user]);
  const answer = await stack.signIn(stack.users.alice);
  assert.equal(answer.session.state, 'password_change_required');
});

test('many sessions end in batches; --keep-sessions keeps them and says what that means; --json; exit codes', async () => {
  const session = await stack.signIn(stack.users.bob);
  const challenge = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM';
  const given = await stack.withHandle(session.session_handle, 'POST', '/session/handover', { json: { challenge, to: 'native' } });
  assert.equal(given.status, 201, given.body);
  stack.sql(`INSERT INTO session (hash, id, epoch, carrier, class, state, value_used, client, created_at, last_seen, idle_end, expires_at, ip)
    SELECT UNHEX(SHA2(seq, 256)), UNHEX(MD5(seq)), 1, 2, 4, 1, 1, 'app', 1, 1, 1 << 60, 1 << 60, '' FROM seq_1_to_1700`);
  const keep = stack.must(['restore-check', '--keep-sessions']).stdout;
  assert.match(keep, /^sessions +kept: those that were ended after the backup live again$/m);
  assert.equal(await status(session), 200);
  assert.equal(stack.count('handover'), 0, 'a code of before makes no session, also where its giver goes on');
  const verifier = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk';
  const taken = await stack.client.post('/auth/api/v1/sessions', { json: { handover: given.json.handover, verifier, transport: 'handle' } });
  assert.equal(taken.status, 401, taken.body);
  const before = stack.count('session');
  const report = JSON.parse(stack.must(['restore-check', '--json']).stdout);
  assert.deepEqual({ ...report, data_until: 0, tables_made_at: 0, clock_difference_ms: 0 }, {
    data_until: 0, tables_made_at: 0, restored: true, checked_before: true, clock_difference_ms: 0, time_is_wrong: false,
    sessions_kept: false, sessions_ended: before, rotations_deleted: 0, handovers_deleted: 0, mail_codes_deleted: 0, setup_codes_deleted: 0,
    challenges_deleted: 0, factor_resets_stopped: 0,
  });
  assert.equal(await status(session), 401);

  stack.sql(`INSERT INTO audit_event (at, id, event, outcome) VALUES (${(Date.now() + 3600000) * 1000}, REPEAT('f', 16), 'user_created', 'ok')`);
  const ahead = stack.ctl(['restore-check']);
  assert.equal(ahead.code, 1);
  assert.match(ahead.stdout, /an event is later than now/);
  stack.sql("DELETE FROM audit_event WHERE id = REPEAT('f', 16)");
  assert.equal(stack.ctl(['restore-check', '--all']).code, 2);
  assert.equal(stack.ctl(['restore-check', 'now']).code, 2);
  assert.match(stack.must(['restore-check', '--help']).stdout, /--keep-sessions/);
  await stack.mariadb.kill('SIGTERM');
  assert.equal(stack.ctl(['restore-check']).code, 3);
  await stack.mariadb.restart();
  await stack.ready();
});

test('another key: old sessions go on, new ones are under the new key; without the old one they end', async () => {
  const old = await stack.signIn(stack.users.bob);
  const blocks = commands('The key file is known to others');
  assert.equal(blocks.length, 3);
  await follow(blocks[1]);
  assert.equal(readFileSync(join(stack.dir, 'keys'), 'utf8').split('\n').filter((line) => /^[12] \S{43} \d+$/.test(line)).length, 2);
  assert.equal(await status(old), 200);
  const fresh = await stack.signIn(stack.users.bob);
  const file = join(stack.dir, 'keys');
  assert.match(stack.ctl(['key', 'retire-root', '1']).stderr, /sessions may be known only by root 1/);
  // As if the second root had been there since before anybody signed in.
  writeFileSync(file, readFileSync(file, 'utf8').replace(/^(2 \S+) \d+$/m, '$1 1000'));
  await follow(blocks[2]);
  assert.ok(!/^1 /m.test(readFileSync(file, 'utf8')));
  assert.equal(await status(old), 401);
  assert.equal(await status(fresh), 200);

  await follow(blocks[0]);
  assert.equal(await status(fresh), 401);
  assert.equal(stack.count('session'), 0);
  assert.ok(!existsSync(`${file}.leaked`));
  assert.equal((await stack.signIn(stack.users.bob)).session.state, 'active');
});

test('the key file is lost: everybody signs in anew, with the same password', async () => {
  const session = await stack.signIn(stack.users.bob);
  const file = join(stack.dir, 'keys');
  const [block, ...more] = commands('The key file is lost');
  assert.equal(more.length, 0);
  spawnSync('rm', [file]);
  assert.equal(await status(session), 200, 'the worker that runs still has it');
  await follow(block);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.equal(await status(session), 401);
  assert.equal((await stack.signIn(stack.users.bob)).session.state, 'active');
});

test('upgrading: the worker of today serves on the next schema, and starts on it', async () => {
  const session = await stack.signIn(stack.users.bob);
  const next = join(stack.dir, 'next-sql');
  cpSync(join(source, 'sql'), next, { recursive: true });
  const newest = Number(stack.sql('SELECT MAX(version) AS n FROM schema_migration')[0].n);
  writeFileSync(join(next, `${String(newest + 1).padStart(3, '0')}_next.sql`), 'ALTER TABLE session ADD COLUMN next_thing INT NULL;\n');
  const config = join(stack.dir, 'next.conf');
  writeFileSync(config, readFileSync(stack.config.file, 'utf8').replace(/^sql_dir = .*$/m, `sql_dir = ${next}`), { mode: 0o600 });
  const was = readFileSync(join(tools, 'gatepost'), 'utf8');
  writeFileSync(join(tools, 'gatepost'), was.replace(stack.config.file, config));
  const [block, ...more] = commands('Upgrading');
  assert.equal(more.length, 0);
  const [migrate, restart, look] = block.split(/^(systemctl .*\n)/m);
  await follow(migrate);
  assert.equal(Number(stack.sql('SELECT MAX(version) AS n FROM schema_migration')[0].n), newest + 1);
  assert.equal(await status(session), 200);
  assert.equal(await status(await stack.signIn(stack.users.bob)), 200);
  await follow(restart);
  assert.equal(await status(session), 200);
  assert.match(await follow(look), /^ok {4}schema {2}/m);
});
