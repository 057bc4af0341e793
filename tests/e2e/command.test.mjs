// The command gatepost: what it prints, how it exits, where secrets come from.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { startStack } from '../support/harness.mjs';

let stack;
before(async () => {
  stack = await startStack();
});
after(() => stack?.stop());

const secret = 'a long enough password';

test('usage: help, version, unknown words', () => {
  for (const args of [['--help'], ['user', '--help'], ['user', 'add', '--help'], ['session', '--help'], ['--version']]) {
    const run = stack.ctl(args);
    assert.equal(run.code, 0, args.join(' '));
    assert.ok(run.stdout.length > 5);
  }
  for (const args of [[], ['nonsense'], ['nonsense', '--help'], ['user'], ['user', 'nonsense'], ['user', 'add', '--nonsense'], ['session', 'revoke']]) {
    const run = stack.ctl(args);
    assert.equal(run.code, 2, args.join(' '));
    assert.match(run.stderr, /gatepost: /);
    assert.equal(run.stdout, '');
  }
});

test('user add, list, show, passwd', async () => {
  const added = stack.ctl(['user', 'add', '--username', 'Dora', '--email', 'Dora@Example.org', '--display-name', 'Dora Ü', '--json', '--password-stdin'], { input: `${secret}\n` });
  assert.equal(added.code, 0, added.stderr);
  const user = JSON.parse(added.stdout);
  assert.equal(user.username ?? user.user?.username, 'dora');
  const shown = JSON.parse(stack.must(['user', 'show', 'dora@example.org', '--json']).stdout);
  assert.equal(shown.display_name ?? shown.user?.display_name, 'Dora Ü');
  assert.ok(stack.must(['user', 'list']).stdout.includes('dora'));
  assert.ok(JSON.parse(stack.must(['user', 'list', '--json']).stdout).users.some(({ username }) => username === 'dora'));
  const { session_handle: handle } = await stack.signIn({ identifier: 'dora', password: secret });
  const changed = stack.ctl(['user', 'passwd', 'dora', '--password-stdin'], { input: 'another long password' });
  assert.equal(changed.code, 0, changed.stderr);
  assert.equal((await stack.withHandle(handle, 'GET', '/session')).status, 401, 'a new password ends all sessions');
  await stack.signIn({ identifier: 'dora', password: 'another long password' });
  const old = await stack.client.post('/auth/api/v1/sessions', { json: { identifier: 'dora', password: secret, transport: 'handle' } });
  assert.equal(old.status, 401);
});

test('flaws are named and nothing is made', () => {
  const count = () => stack.count('user');
  const was = count();
  for (const [args, input, pattern] of [
    [['--username', 'short'], 'too short', /15/],
    [['--username', 'Bad Name'], secret, /user ?name/i],
    [['--email', 'not an address'], secret, /address/i],
    [[], secret, /user ?name|address/i],
    [['--username', 'alice'], secret, /taken|exists|already/i],
    [['--username', 'eve', '--role', 'nobody'], secret, /role/i],
    [['--username', 'eve', '--display-name', 'x\ny'], secret, /name/i],
    [['--username', 'eve'], '', /password/i],
    [['--username', 'eve'], 'a'.repeat(1025), /long/i],
    [['--username', 'eve'], Buffer.from([0xff, ...Buffer.from(secret)]), /text|UTF-8|characters/i],
  ]) {
    const run = stack.ctl(['user', 'add', ...args, '--password-stdin'], { input });
    assert.equal(run.code === 1 || run.code === 2, true, `${args} ${run.code} ${run.stderr}`);
    assert.match(run.stderr, pattern, args.join(' '));
    assert.ok(!run.stderr.includes(secret));
  }
  assert.equal(count(), was);
  assert.equal(stack.ctl(['user', 'show', 'nobody']).code, 1);
  assert.equal(stack.ctl(['user', 'passwd', 'nobody', '--password-stdin'], { input: secret }).code, 1);
});

test('session list, revoke one, a user\'s, all: dead at the next request', async () => {
  const check = async (handle) => (await stack.withHandle(handle, 'GET', '/session')).status;
  const [a, b, c] = [await stack.signIn(stack.users.alice), await stack.signIn(stack.users.alice), await stack.signIn(stack.users.bob)];
  const list = JSON.parse(stack.must(['session', 'list', 'alice', '--json']).stdout).sessions;
  assert.ok(list.some(({ id }) => id === a.session.id));
  assert.ok(!JSON.stringify(list).includes('gps_'));
  assert.equal(stack.ctl(['session', 'revoke', a.session.id]).code, 0);
  assert.deepEqual([await check(a.session_handle), await check(b.session_handle)], [401, 200]);
  assert.equal(stack.ctl(['session', 'revoke', a.session.id]).code, 1, 'there is none any more');
  assert.equal(stack.ctl(['session', 'revoke', '--user', 'alice']).code, 0);
  assert.deepEqual([await check(b.session_handle), await check(c.session_handle)], [401, 200]);
  assert.equal(stack.ctl(['session', 'revoke', '--all']).code, 0);
  assert.equal(await check(c.session_handle), 401);
  assert.equal(stack.ctl(['session', 'revoke', 'not-an-id']).code === 0, false);
});

test('config check: fine, and each fault with file and line', () => {
  assert.equal(stack.ctl(['config', 'check']).code, 0);
  const file = stack.config.file;
  const good = readFileSync(file, 'utf8');
  writeFileSync(file, `${good}[session]\nfresh = never\n`);
  const run = stack.ctl(['config', 'check']);
  assert.equal(run.code, 3, run.stderr);
  assert.match(run.stderr, new RegExp(`gatepost\\.conf:${`${good}[session]\nfresh`.split('\n').length}: `));
  writeFileSync(file, good);
});

test('migrate twice is nothing to do; setup needs no second key; purge counts', () => {
  const again = JSON.parse(stack.must(['migrate', '--json']).stdout);
  assert.equal(again.applied, 0);
  const key = readFileSync(stack.config.sections.server.key_file, 'utf8');
  stack.ctl(['setup']);
  assert.equal(readFileSync(stack.config.sections.server.key_file, 'utf8'), key);
  const purge = JSON.parse(stack.must(['purge', '--json']).stdout);
  assert.equal(typeof purge.sessions, 'number');
});

test('the migrate password may be unreadable to everything but migrate; a gone database is exit 3', async () => {
  const file = stack.config.sections.database.migrate_password_file;
  const was = readFileSync(file, 'utf8');
  writeFileSync(file, 'wrong');
  assert.equal(stack.ctl(['user', 'list']).code, 0);
  assert.equal(stack.ctl(['migrate']).code, 3);
  writeFileSync(file, was);
  chmodSync(file, 0o600);
  await stack.mariadb.kill('SIGKILL');
  const run = stack.ctl(['user', 'list']);
  assert.equal(run.code, 3);
  assert.match(run.stderr, /gatepost: .*database/);
  await stack.mariadb.restart();
  assert.equal(stack.ctl(['user', 'list']).code, 0);
});

test('an id that begins with hyphens is an id', async () => {
  for (const [bytes, start] of [['F8', '-'], ['FBEF', '--']]) { // as base64url
    const { session, session_handle: handle } = await stack.signIn(stack.users.alice);
    const was = Buffer.from(session.id, 'base64url').toString('hex');
    stack.sql(`UPDATE session SET id = UNHEX('${bytes}${was.slice(bytes.length)}') WHERE id = UNHEX('${was}')`);
    const { id } = (await stack.withHandle(handle, 'GET', '/session')).json.session;
    assert.ok(id.startsWith(start), id);
    assert.equal(stack.ctl(['session', 'revoke', id]).code, 0, id);
    assert.equal((await stack.withHandle(handle, 'GET', '/session')).status, 401);
  }
  const run = stack.ctl(['session', 'revoke', '--no-such-option']);
  assert.deepEqual([run.code, /unknown option/.test(run.stderr)], [2, true]);
});

// Programs name people and tenants by id; names are chosen by others.
test('a name that looks like an id does not stand in front of whom the id belongs to', () => {
  const made = (args) => JSON.parse(stack.must([...args, '--json'], { input: secret }).stdout);
  const startsAsNameMay = ({ id }) => /^[A-Za-z0-9]/.test(id) && id !== id.toLowerCase();
  let victim;
  for (let i = 0; !victim; i++) victim = [made(['user', 'add', '--username', `victim${i}`, '--password-stdin'])].find(startsAsNameMay);
  const posing = made(['user', 'add', '--username', victim.id.toLowerCase(), '--password-stdin']);
  assert.notEqual(posing.id, victim.id);
  assert.equal(made(['user', 'show', victim.id]).id, victim.id);
  assert.equal(made(['user', 'show', posing.username]).id, posing.id);
  let tenant;
  for (let i = 0; !tenant; i++) tenant = [made(['tenant', 'add', `tenant${i}`]).tenant].find(startsAsNameMay);
  const other = made(['tenant', 'add', tenant.id.toLowerCase()]).tenant;
  assert.equal(made(['tenant', 'rename', tenant.id, '--title', 'Meant']).tenant.id, tenant.id);
  assert.equal(made(['tenant', 'rename', other.name, '--title', 'Other']).tenant.id, other.id);
});
