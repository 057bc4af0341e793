// PW-19: stored passwords sealed under a key that the database does not have: switched on, rotated, retired, lost.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { configText, startStack } from '../support/harness.mjs';
import { until } from '../support/stack.mjs';

let stack;
let file;
before(async () => {
  stack = await startStack({ users: ['alice', 'bob'] });
  file = join(stack.dir, 'pepper');
});
after(() => stack?.stop());

const json = (args) => JSON.parse(stack.must([...args, '--json']).stdout);
const status = () => json(['pepper', 'status']);
const under = (number) => status().peppers.find(({ pepper }) => pepper === number)?.passwords ?? 0;
const signs = (person) => stack.client.post('/auth/api/v1/sessions', { json: { ...person, transport: 'handle' } });
const doctor = () => JSON.parse(stack.ctl(['doctor', '--offline', '--json']).stdout).checks.find(({ name }) => name === 'pepper');
const reload = async () => {
  const lines = () => stack.workerLog().filter(({ event }) => event === 'reloaded').length;
  const was = lines();
  process.kill(stack.worker.pid, 'SIGHUP');
  await until(() => lines() > was, 'the worker has reloaded');
};
const configure = (setting) => {
  const { pepper_file: _, ...password } = stack.config.sections.password;
  stack.config.sections.password = { ...password, ...setting };
  writeFileSync(stack.config.file, configText(stack.config.sections));
};
const unreadable = () => stack.workerLog().filter(({ event }) => event === 'password_unreadable');
const hashes = () => stack.sql('SELECT hash FROM password').map(({ hash }) => String(hash));

test('without one nothing is sealed, and the commands say so', () => {
  assert.deepEqual(status(), { newest: 0, peppers: [{ pepper: 0, known: true, passwords: 2, unreadable: 0 }] });
  assert.equal(doctor().result, 'ok');
  for (const args of [['rotate'], ['reseal'], ['retire', '1']]) {
    const run = stack.ctl(['pepper', ...args]);
    assert.equal(run.code, 1, args.join(' '));
    assert.match(run.stderr, /no password\.pepper_file/);
  }
});

test('PW-19: made, switched on, and all that is there sealed; nobody notices', async () => {
  const made = stack.must(['pepper', 'new', file]);
  assert.match(made.stdout, /pepper 1 made\. /);
  assert.equal(statSync(file).mode & 0o7777, 0o600);
  const text = readFileSync(file, 'utf8');
  assert.equal(stack.ctl(['pepper', 'new', file]).code, 1);
  assert.equal(readFileSync(file, 'utf8'), text, 'none takes the place of another');
  configure({ pepper_file: file });
  stack.must(['config', 'check']);
  await reload();
  assert.equal(doctor().result, 'warn');
  assert.equal((await signs(stack.users.alice)).status, 201);
  assert.deepEqual([under(0), under(1)], [1, 1], 'a right sign-in seals its own');
  assert.deepEqual(json(['pepper', 'reseal']), { sealed: 1, unreadable: 0 });
  assert.deepEqual(json(['pepper', 'reseal']), { sealed: 0, unreadable: 0 });
  for (const hash of hashes()) {
    assert.match(hash, /^\$gp1\$1\$[\w-]{150,}$/);
    assert.ok(hash.length <= 255);
  }
  assert.match(doctor().detail, /all stored passwords are sealed under pepper 1/);
  for (const person of Object.values(stack.users)) {
    assert.equal((await signs(person)).status, 201);
    assert.equal((await signs({ ...person, password: 'not the one it is' })).status, 401);
  }
  stack.must(['user', 'add', '--username', 'carol', '--password-stdin'], { input: 'a quiet mill by the river' });
  assert.equal((await signs({ identifier: 'carol', password: 'a quiet mill by the river' })).status, 201);
  const htpasswd = join(stack.dir, 'people');
  writeFileSync(htpasswd, 'dora:{SHA}yqD2UGIrgAlvTafixTcpxkIECbg=\n');
  stack.must(['user', 'import', '--htpasswd', htpasswd]);
  assert.ok(hashes().every((hash) => hash.startsWith('$gp1$1$')), 'imported ones too');
  assert.equal((await signs({ identifier: 'dora', password: 'Correct horse battery 1' })).status, 201);
});

test('PW-19: another one, and the former retired only when nothing lies under it', async () => {
  assert.equal(stack.ctl(['pepper', 'retire', '1']).code, 1);
  assert.match(stack.ctl(['pepper', 'retire', '1']).stderr, /is the newest/);
  assert.deepEqual(json(['pepper', 'rotate']), { pepper: 2, change: 'added' });
  await reload();
  assert.match(doctor().detail, /4 passwords lie under pepper 1, new ones under 2/);
  assert.equal((await signs(stack.users.alice)).status, 201);
  const refused = stack.ctl(['pepper', 'retire', '1']);
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /3 passwords are sealed under pepper 1: run gatepost pepper reseal/);
  assert.equal(stack.ctl(['pepper', 'retire', '7']).code, 1);
  assert.equal(stack.ctl(['pepper', 'retire', 'one']).code, 2);
  assert.deepEqual(json(['pepper', 'reseal']), { sealed: 3, unreadable: 0 });
  assert.deepEqual(json(['pepper', 'retire', '1']), { pepper: 1, change: 'removed' });
  await reload();
  assert.deepEqual(status(), { newest: 2, peppers: [{ pepper: 2, known: true, passwords: 4, unreadable: 0 }] });
  for (const person of Object.values(stack.users)) assert.equal((await signs(person)).status, 201);
  assert.equal(stack.count("audit_event WHERE event = 'root_keys_changed' AND detail LIKE 'pepper %'"), 4);
});

test('PW-19: without its key a password is not judged: 503 for somebody and nobody, counted against no one', async () => {
  renameSync(file, `${file}.kept`);
  stack.must(['pepper', 'new', file]); // another key, another number
  await reload();
  stack.sql('DELETE FROM throttle');
  stack.sql('DELETE FROM audit_event');
  const was = unreadable().length;
  for (const identifier of ['alice', 'nobody', 'nobody@example.org']) {
    const answer = await signs({ identifier, password: stack.users.alice.password });
    assert.equal(answer.status, 503, answer.body);
    assert.equal(answer.json.code, 'unavailable');
    assert.ok(Number(answer.headers['retry-after']) > 0);
  }
  assert.equal(unreadable().length, was + 3);
  assert.match(unreadable().at(-1).detail, /^there is no pepper 2$/);
  assert.equal(stack.count("audit_event WHERE event = 'authn_login_fail'"), 0);
  assert.equal(stack.count('throttle WHERE failures > 0'), 0);
  assert.deepEqual(status().peppers.find(({ pepper }) => pepper === 2), { pepper: 2, known: false, passwords: 4, unreadable: 4 });
  assert.equal(doctor().result, 'fail');
  assert.match(doctor().detail, /4 passwords sealed under pepper 2 do not open/);
  assert.equal(stack.ctl(['pepper', 'reseal']).code, 1);
  renameSync(`${file}.kept`, file);
  await reload();
  assert.equal((await signs(stack.users.alice)).status, 201);
});

test('PW-19: a row copied into another person\'s does not open', async () => {
  stack.sql("UPDATE password SET hash = (SELECT hash FROM (SELECT p.hash FROM password p JOIN user u ON u.id = p.user_id WHERE u.username = 'alice') c) WHERE user_id = (SELECT id FROM user WHERE username = 'bob')");
  assert.equal((await signs({ identifier: 'bob', password: stack.users.alice.password })).status, 503);
  assert.match(unreadable().at(-1).detail, /^pepper 2 does not open it$/);
  assert.equal((await signs(stack.users.alice)).status, 201);
});

test('a file that others can read, or that is not there: no start, and the doctor says so', async () => {
  renameSync(file, `${file}.kept`);
  const check = stack.ctl(['config', 'check']);
  assert.equal(check.code, 3);
  assert.match(check.stderr, /pepper/);
  assert.equal(doctor().result, 'fail');
  writeFileSync(file, readFileSync(`${file}.kept`), { mode: 0o644 });
  assert.match(stack.ctl(['config', 'check']).stderr, /others can reach it/);
  process.kill(stack.worker.pid, 'SIGHUP');
  await until(() => stack.workerOutput().includes('others can reach it'), 'the reload is refused');
  assert.equal((await signs(stack.users.alice)).status, 201, 'the worker goes on with what it has');
});

test('LG-02: no key and no sealed or open hash in a log', () => {
  const keys = readFileSync(`${file}.kept`, 'utf8').match(/[\w-]{43}/g);
  assert.ok(keys.length > 0);
  for (const secret of [...keys, ...hashes()]) assert.ok(!stack.workerOutput().includes(secret));
  assert.ok(!/argon2id/.test(stack.workerOutput()));
});
