// gatepost role and permission: what they print, what they refuse, and what holds at the next request.
import { test, before, after, beforeEach } from 'node:test';
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { programs, startStack } from '../support/harness.mjs';
import { until } from '../support/stack.mjs';

let stack;
before(async () => {
  stack = await startStack();
});
after(() => stack?.stop());
beforeEach(() => {
  stack.sql(`DELETE FROM session; DELETE FROM membership; DELETE FROM tenant; DELETE FROM role WHERE name <> 'admin';
    DELETE FROM user WHERE username LIKE 'many%'; DELETE FROM permission WHERE role_id NOT IN (SELECT id FROM role);
    DELETE FROM user_role WHERE role_id NOT IN (SELECT id FROM role); UPDATE user SET state = 1, grants = IF(username = 'admin', grants, '')`);
});

const json = (args) => JSON.parse(stack.must([...args, '--json']).stdout);
const who = async (handle) => {
  const answer = await stack.withHandle(handle, 'GET', '/session');
  assert.equal(answer.status, 200, answer.body);
  return answer.json;
};
const refused = (args, exit, pattern) => {
  const run = stack.ctl(args);
  assert.equal(run.code, exit, run.stdout + run.stderr);
  assert.match(run.stderr, pattern);
  assert.equal(run.stdout, '');
};
const doctor = () => JSON.parse(stack.ctl(['doctor', '--offline', '--json']).stdout).checks.find(({ name }) => name === 'grants');

test('role add, list, show, remove; permission add, list, remove', () => {
  const made = json(['role', 'add', 'editor', '--reason', 'a new desk']);
  assert.deepEqual([made.changed, made.role.name, made.role.elevated, made.role.permissions, made.role.holders], [true, 'editor', false, [], 0]);
  assert.equal(stack.must(['role', 'add', 'owner', '--elevated']).stdout, 'owner\televated\tholders 0\n');
  const allowed = json(['permission', 'add', 'editor', 'posts:edit']);
  assert.deepEqual([allowed.changed, allowed.role.permissions], [true, ['posts:edit']]);
  assert.equal(json(['permission', 'add', 'editor', 'posts:edit']).changed, false);
  stack.must(['permission', 'add', 'editor', 'carts.fill_1-2']);
  assert.equal(stack.must(['role', 'list']).stdout,
    'admin\televated\tpermission users:manage\neditor\tpermission carts.fill_1-2\tpermission posts:edit\nowner\televated\n');
  assert.deepEqual(json(['role', 'list']).roles.map(({ name, permissions }) => [name, permissions]),
    [['admin', ['users:manage']], ['editor', ['carts.fill_1-2', 'posts:edit']], ['owner', []]]);
  assert.equal(stack.must(['role', 'show', 'admin']).stdout, 'admin\televated\tpermission users:manage\tholders 1\n');
  assert.equal(json(['role', 'show', 'editor']).holders, 0);
  assert.equal(stack.must(['permission', 'list']).stdout, 'users:manage\tadmin\ncarts.fill_1-2\teditor\nposts:edit\teditor\n');
  assert.deepEqual(json(['permission', 'list', '--role', 'editor']).permissions.map(({ name, role }) => `${name} ${role}`), ['carts.fill_1-2 editor', 'posts:edit editor']);
  assert.deepEqual(json(['permission', 'remove', 'editor', 'posts:edit']).role.permissions, ['carts.fill_1-2']);
  assert.equal(json(['permission', 'remove', 'editor', 'posts:edit']).changed, false);
  assert.equal(json(['role', 'remove', 'editor', '--reason', 'closed']).changed, true);
  assert.equal(stack.count('permission'), 1);
  const details = json(['audit', 'list', '--limit', '20']).events.filter(({ event }) => event.startsWith('role_')).map(({ event, detail }) => `${event} ${detail}`);
  assert.deepEqual(details, ['role_removed editor: closed', 'role_changed editor -posts:edit', 'role_changed editor +carts.fill_1-2',
    'role_changed editor +posts:edit', 'role_created owner elevated', 'role_created editor: a new desk']);
});

test('flaws are named and change nothing', () => {
  stack.must(['role', 'add', 'editor']);
  for (const name of ['Editor', ':x', 'a b', 'ä', 'x'.repeat(65), 'a/b', '']) refused(['role', 'add', name], name === '' ? 2 : 1, /name of a role|which role/);
  refused(['role', 'add', 'editor'], 1, /there is a role of that name/);
  refused(['role', 'add'], 2, /which role/);
  refused(['role', 'add', 'x', '--reason', 'a\nb'], 1, /reason/);
  refused(['role', 'show', 'nobody'], 1, /no such role/);
  refused(['role', 'remove', 'nobody'], 1, /no such role/);
  refused(['role', 'remove', 'admin'], 1, /admin stays/);
  refused(['permission', 'add', 'editor'], 2, /which permission/);
  refused(['permission', 'add', 'editor', 'Posts'], 1, /a permission must be/);
  refused(['permission', 'add', 'nobody', 'posts:edit'], 1, /no such role/);
  refused(['permission', 'remove', 'admin', 'users:manage'], 1, /keeps users:manage/);
  refused(['permission', 'add', 'editor', 'users:manage'], 1, /elevated roles only/);
  refused(['permission', 'list', '--role', 'nobody'], 1, /no such role/);
  refused(['role', 'grant', 'alice'], 2, /which role/);
  refused(['role', 'grant', 'nobody', 'editor'], 1, /no such user/);
  refused(['role', 'grant', 'alice', 'nobody'], 1, /no such role/);
  refused(['role', 'grant', 'alice', 'editor', '--tenant', 'nowhere'], 1, /no such tenant/);
  assert.deepEqual(json(['role', 'list']).roles.map(({ name }) => name), ['admin', 'editor']);
});

test('AZ-04: grant and revoke, everywhere and in a tenant, permissions in and out: live at the next request', async () => {
  stack.must(['role', 'add', 'editor']);
  stack.must(['tenant', 'add', 'acme']);
  stack.must(['member', 'add', 'alice', '--tenant', 'acme']);
  const { session_handle: handle } = await stack.signIn(stack.users.alice);
  const mine = async () => {
    const { user } = await who(handle);
    return [user.roles, user.permissions];
  };
  assert.match(stack.must(['role', 'grant', 'alice', 'editor']).stdout, /^alice: has role editor/);
  assert.deepEqual(await mine(), [['editor'], []]);
  stack.must(['permission', 'add', 'editor', 'posts:edit']);
  assert.deepEqual(await mine(), [['editor'], ['posts:edit']]);
  assert.match(stack.must(['role', 'revoke', 'alice', 'editor', '--reason', 'moved']).stdout, /^alice: has no more role editor/);
  assert.deepEqual(await mine(), [[], []]);
  assert.deepEqual(json(['role', 'grant', 'alice', 'editor', '--tenant', 'acme']).member.roles, ['editor']);
  assert.deepEqual(await mine(), [['editor'], ['posts:edit']]);
  stack.must(['permission', 'remove', 'editor', 'posts:edit']);
  assert.deepEqual(await mine(), [['editor'], []]);
  assert.equal(json(['role', 'show', 'editor']).holders, 1);
  assert.deepEqual(json(['role', 'revoke', 'alice', 'editor', '--tenant', 'acme']).member.roles, []);
  assert.deepEqual(await mine(), [[], []]);
  stack.must(['role', 'grant', 'alice', 'editor', '--tenant', 'acme']);
  stack.must(['role', 'remove', 'editor']);
  assert.deepEqual(await mine(), [[], []]);
  assert.equal(doctor().result, 'ok');
});

test('SE-05: gaining an elevated role takes freshness away, whatever it is called', async () => {
  stack.must(['role', 'add', 'keeper', '--elevated']);
  const { session_handle: handle } = await stack.signIn(stack.users.alice);
  assert.equal(json(['role', 'grant', 'alice', 'keeper']).sessions, 1);
  const answer = await stack.withHandle(handle, 'DELETE', '/sessions?scope=others');
  assert.equal(answer.status, 401);
  assert.equal(answer.json.code, 'reauthentication_required');
});

test('AZ-05: by whatever role somebody is administrator, the last one stays', () => {
  stack.must(['role', 'add', 'keeper', '--elevated']);
  stack.must(['permission', 'add', 'keeper', 'users:manage']);
  stack.must(['role', 'grant', 'alice', 'keeper']);
  stack.must(['role', 'revoke', 'admin', 'admin']);
  refused(['role', 'revoke', 'alice', 'keeper'], 1, /last active administrator/);
  refused(['user', 'lock', 'alice'], 1, /last active administrator/);
  refused(['role', 'remove', 'keeper'], 1, /nobody would be administrator/);
  refused(['permission', 'remove', 'keeper', 'users:manage'], 1, /nobody would be administrator/);
  stack.must(['role', 'grant', 'admin', 'admin']);
  stack.must(['role', 'remove', 'keeper']);
});

const MANY = 3000;
function addMany() {
  stack.sql(`INSERT INTO user (id, username, display_name, grants, created_at, updated_at)
      SELECT UNHEX(LPAD(HEX(seq), 32, '0')), CONCAT('many', seq), 'x', 'role:editor', 1, 1 FROM seq_1_to_${MANY};
    INSERT INTO user_role SELECT u.id, UNHEX(REPEAT('00', 16)), r.id, 1 FROM user u JOIN role r ON r.name = 'editor' WHERE u.username LIKE 'many%'`);
}
const have = (grants) => stack.count(`user WHERE username LIKE 'many%' AND grants = '${grants}'`);

test('kill -9 in the middle of a change of a role that thousands have: it shows, and is finished', async () => {
  stack.must(['role', 'add', 'editor']);
  addMany();
  const run = spawn(programs.ctl, ['--config', stack.config.file, 'permission', 'add', 'editor', 'posts:edit'], { stdio: 'ignore', env: { ...process.env, GATEPOST_CONFIG: '' } });
  const ended = new Promise((resolve) => run.once('close', resolve));
  await until(() => have('perm:posts:edit role:editor') > 0, 'the first batch is done');
  run.kill('SIGKILL');
  await ended;
  const reached = have('perm:posts:edit role:editor');
  assert.ok(reached < MANY, 'it was in the middle');
  assert.equal(reached % 100, 0);
  assert.equal(reached + have('role:editor'), MANY, 'nobody has a mixture');
  assert.match(stack.must(['role', 'list']).stdout, /^editor\tbeing changed\tpermission posts:edit$/m);
  assert.equal(json(['role', 'show', 'editor']).unfinished, 'change');
  const seen = doctor();
  assert.equal(seen.result, 'warn');
  assert.match(seen.detail, /change of the role editor has not reached all/);
  // Whoever gets it now has it as it is now.
  stack.must(['role', 'grant', 'bob', 'editor']);
  assert.deepEqual(stack.sql("SELECT grants AS g FROM user WHERE username = 'bob'"), [{ g: 'perm:posts:edit role:editor' }]);
  stack.must(['purge']);
  assert.equal(have('perm:posts:edit role:editor'), MANY);
  assert.equal(doctor().result, 'ok');
});

test('a worker finishes it by itself', async () => {
  stack.must(['role', 'add', 'editor']);
  addMany();
  stack.sql("INSERT INTO permission SELECT id, 'posts:edit' FROM role WHERE name = 'editor'; UPDATE role SET work = 1 WHERE name = 'editor'");
  await until(() => have('perm:posts:edit role:editor') === MANY && stack.count('role WHERE work <> 0') === 0, 'the housekeeper came', 170);
});
