// gatepost user import: accounts of Apache's files and of tables sign in, and their hashes become ours.
import { test, before, after, beforeEach } from 'node:test';
import assert from 'node:assert/strict';
import { chmodSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startStack } from '../support/harness.mjs';

let stack;
before(async () => {
  stack = await startStack();
});
after(() => stack?.stop());
beforeEach(() => {
  stack.sql(`DELETE FROM session; DELETE FROM throttle; DELETE FROM audit_event; DELETE FROM user_role WHERE role_id NOT IN (SELECT id FROM role WHERE name = 'admin');
    DELETE FROM permission WHERE role_id NOT IN (SELECT id FROM role WHERE name = 'admin'); DELETE FROM role WHERE name <> 'admin';
    DELETE FROM password WHERE user_id NOT IN (SELECT id FROM user WHERE username IN ('alice', 'bob', 'admin'));
    DELETE FROM user_role WHERE user_id NOT IN (SELECT id FROM user WHERE username IN ('alice', 'bob', 'admin'));
    DELETE FROM user WHERE username IS NULL OR username NOT IN ('alice', 'bob', 'admin')`);
});

// Made by openssl passwd, PHP's password_hash and phpass's own test, all of the same password but the last.
const password = 'Correct horse battery 1';
const hashes = {
  bcrypt: '$2y$05$38/tWtr6X5/JWHDCPBh33ORfoB/V9aDuvsyMUAFGQLd4qX9zwZEdC',
  apr1: '$apr1$abcdEFGH$CfG3R8wVyXI.XOUZhJSRC1',
  sha1: '{SHA}yqD2UGIrgAlvTafixTcpxkIECbg=',
  sha256: '$5$saltsalt$tFxTX0jHRXjl8Kd6wvpReGFzQUThTHMxIzuW9IwOVv0',
  sha512: '$6$saltsaltsaltsalt$KHq/tqlgS4s1MjSwnzhJE5c.BtJaeO6OmBzgl9bCgAK/r6U2FEZA.3zDJGBSi/fv6CKfR8jfYo.oVzjmQ/Po1/',
  argon2i: '$argon2i$v=19$m=1024,t=3,p=1$YTQ5QkxPR1QxZVV1SXU2bg$pvg7WVI33TToMLi5w+awL28urY4GfxXK1S7imt1i8JU',
  argon2id: '$argon2id$v=19$m=2048,t=2,p=1$QkxoRDFWZ3hWUk52eGIvTw$3GVCIrRED+ltJ+mu/4DR59JhLSVMCmCCiHL/Uhnk5Ms',
  phpass: '$P$BsaltSALTU.o.ttarLCtIH0aHamles/',
  phpbb: '$H$9saltsaltZlvaW/kGo1Tzb75ZpdAul.',
};
const file = (name, text) => {
  const path = join(stack.dir, name);
  writeFileSync(path, text, { mode: 0o600 });
  return path;
};
const hashOf = (name) => String(stack.sql(`SELECT CONVERT(p.hash USING utf8mb4) AS hash FROM password p JOIN user u ON u.id = p.user_id WHERE u.username = '${name}'`)[0].hash);
const isOurs = (name) => /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/.test(hashOf(name));
const json = (args) => JSON.parse(stack.must(['user', 'import', ...args, '--json']).stdout);
const accounts = () => stack.count('user');
// What a wrong file prints: every flaw with its line, and nothing is there that was not before.
function refused(args, ...lines) {
  const before = ['user', 'password', 'user_role', 'audit_event'].map((table) => stack.count(table));
  const run = stack.ctl(['user', 'import', ...args]);
  assert.equal(run.code, 1, run.stdout + run.stderr);
  assert.equal(run.stdout, '');
  const said = run.stderr.trimEnd().split('\n');
  assert.equal(said.length, lines.length + 1, run.stderr);
  lines.forEach((line, i) => assert.match(said[i], line));
  assert.match(said.at(-1), new RegExp(`^gatepost: nothing was imported: ${lines.length} flaws$`));
  assert.ok(!/\$2y|\$apr1|\{SHA\}|secret/.test(run.stderr), 'a hash is never printed');
  assert.deepEqual(['user', 'password', 'user_role', 'audit_event'].map((table) => stack.count(table)), before);
}

test('PW-18: each form signs in once and is ours from then on; a wrong password changes nothing', async () => {
  const names = Object.keys(hashes);
  const path = file('htpasswd', `# made by htpasswd\n\n${names.map((name) => `${name}.user:${hashes[name]}\n`).join('')}`);
  const answer = json(['--htpasswd', path]);
  assert.deepEqual([answer.dry_run, answer.imported, answer.existing], [false, names.length, 0]);
  assert.deepEqual(answer.accounts.map(({ line, outcome, hash }) => [line, outcome, hash]), names.map((name, i) =>
    [i + 3, 'imported', { sha256: 'sha-crypt', sha512: 'sha-crypt', phpbb: 'phpass' }[name] ?? name]));
  assert.ok(!JSON.stringify(answer).includes('$'));
  assert.equal(stack.count("audit_event WHERE event = 'user_created' AND detail LIKE 'imported, %'"), names.length);
  for (const name of names) {
    const identifier = `${name}.user`;
    await assert.rejects(stack.signIn({ identifier, password: 'Correct horse battery 2' }), /invalid_credentials/);
    assert.equal(hashOf(identifier), hashes[name], 'as it was');
    await stack.signIn({ identifier: identifier.toUpperCase(), password });
    assert.ok(isOurs(identifier), hashOf(identifier));
    const ours = hashOf(identifier);
    await stack.signIn({ identifier, password });
    await assert.rejects(stack.signIn({ identifier, password: 'Correct horse battery 2' }), /invalid_credentials/);
    assert.equal(hashOf(identifier), ours);
  }
});

test('who never signed in by password may still change it or prove it: the imported hash is the current password', async () => {
  json(['--htpasswd', file('htpasswd', `carol:${hashes.bcrypt}\n`)]);
  const { session_handle: handle } = await stack.signIn({ identifier: 'carol', password });
  stack.sql(`UPDATE password SET hash = '${hashes.apr1}' WHERE user_id = (SELECT id FROM user WHERE username = 'carol')`);
  const wrong = await stack.withHandle(handle, 'POST', '/session/reauth', { json: { method: 'password', password: 'Correct horse' } });
  assert.equal(wrong.status, 401, wrong.body);
  const again = await stack.withHandle(handle, 'POST', '/session/reauth', { json: { method: 'password', password } });
  assert.equal(again.status, 200, again.body);
  const wanted = 'a quiet mill by the river';
  const changed = await stack.withHandle(again.json.session_handle, 'PUT', '/password', { json: { current_password: password, new_password: wanted } });
  assert.equal(changed.status, 200, changed.body);
  assert.ok(isOurs('carol'));
  await assert.rejects(stack.signIn({ identifier: 'carol', password }), /invalid_credentials/);
  await stack.signIn({ identifier: 'carol', password: wanted });
});

test('groups become roles, written with their grants and an event each; accounts that exist are left alone', async () => {
  stack.must(['role', 'add', 'editor']);
  stack.must(['permission', 'add', 'editor', 'posts:edit']);
  stack.must(['role', 'add', 'staff', '--elevated']);
  const users = file('htpasswd', `Carol:${hashes.bcrypt}\r\ndave:${hashes.sha1}\r\nalice:${hashes.sha1}\r\n`);
  const groups = file('htgroup', '# groups\neditor: carol dave\tcarol\nstaff:\neditor: alice\nstaff: CAROL zoe\n');
  const alice = hashOf('alice');
  const dry = stack.must(['user', 'import', '--htpasswd', users, '--groups', groups, '--dry-run']);
  assert.equal(dry.stdout, 'would import\tcarol\tbcrypt\trole editor\trole staff\nwould import\tdave\tsha1\trole editor\nexists\talice\tsha1\trole editor\n');
  assert.match(dry.stderr, /htgroup:5: zoe is not in the password file: passed over\n$/);
  assert.equal(accounts(), 3);
  const run = stack.must(['user', 'import', '--htpasswd', users, '--groups', groups]);
  assert.equal(run.stdout, dry.stdout.replaceAll('would import', 'imported'));
  assert.equal(hashOf('alice'), alice);
  const { session_handle: handle } = await stack.signIn({ identifier: 'carol', password });
  const { json: session } = await stack.withHandle(handle, 'GET', '/session');
  assert.deepEqual([session.user.roles, session.user.permissions], [['editor', 'staff'], ['posts:edit']]);
  assert.deepEqual(stack.sql("SELECT u.username, e.detail FROM audit_event e JOIN user u ON u.id = e.user_id WHERE e.event = 'authz_change' ORDER BY u.username")
    .map(({ username, detail }) => `${username} ${detail}`), ['carol +editor +staff', 'dave +editor']);
  assert.equal(JSON.parse(stack.ctl(['doctor', '--offline', '--json']).stdout).checks.find(({ name }) => name === 'grants').result, 'ok');
  const again = json(['--htpasswd', users, '--groups', groups]);
  assert.deepEqual([again.imported, again.existing], [0, 3], 'given again, it does nothing');
});

test('without an address: sign-in page, account page, sessions and the list of users work', async () => {
  json(['--htpasswd', file('htpasswd', `carol:${hashes.apr1}\n`)]);
  const visitor = stack.visitor();
  const answer = await visitor.signIn({ identifier: 'carol', password });
  assert.equal(answer.status, 303, answer.body);
  assert.match((await visitor.get('/account')).body, /carol/);
  assert.equal((await visitor.get('/account/sessions')).status, 200);
  const { session_handle: handle } = await stack.signIn({ identifier: 'carol', password });
  const { json: session } = await stack.withHandle(handle, 'GET', '/session');
  assert.equal(session.user.username, 'carol');
  assert.equal(session.user.email ?? null, null);
  const admin = await stack.signIn(stack.users.admin);
  const list = await stack.withHandle(admin.session_handle, 'GET', '/admin/users?q=carol');
  assert.equal(list.status, 200, list.body);
  assert.match(list.body, /"carol"/);
  assert.match(stack.must(['user', 'show', 'carol']).stdout, /\tcarol\t-\tcarol\tactive/);
});

test('a table: quotes, columns in any order, addresses proven or not, passwords to be changed', async () => {
  stack.must(['role', 'add', 'editor']);
  const path = file('people.csv', `\ufeffemail,display_name,password_hash,roles,username,must_change,email_proven\r
carol@Example.org,"Carol ""the cat"", née O'Hara",${hashes.bcrypt},editor,carol,no,yes\r
dave@example.org,,${hashes.phpass},,,yes,\r
\r
,"Eve","${hashes.argon2id}","editor editor",eve,,no`);
  const answer = json(['--csv', path]);
  assert.deepEqual(answer.accounts.map(({ line, username, email, roles }) => [line, username, email, roles]),
    [[2, 'carol', 'carol@example.org', ['editor']], [3, null, 'dave@example.org', []], [5, 'eve', null, ['editor']]]);
  const rows = stack.sql("SELECT username, email, display_name, email_proven_at IS NOT NULL AS proven FROM user WHERE username NOT IN ('alice', 'bob', 'admin') OR username IS NULL ORDER BY email DESC");
  assert.deepEqual(rows.map(({ display_name: name, proven }) => [name, Number(proven)]), [['dave', 0], ['Carol "the cat", née O\'Hara', 1], ['Eve', 0]]);
  assert.equal((await stack.signIn({ identifier: 'carol@example.org', password })).session.state, 'active');
  assert.equal((await stack.signIn({ identifier: 'dave@example.org', password })).session.state, 'password_change_required');
  await stack.signIn({ identifier: 'eve', password });
  assert.ok(isOurs('eve'));
});

test('bad password files: every flaw with its line, and nothing is written', () => {
  const good = `carol:${hashes.bcrypt}\n`;
  const costly = hashes.bcrypt.replace('$05$', '$14$');
  refused(['--htpasswd', file('htpasswd', [good.trim(), '', '# x', 'nothing', `:${hashes.sha1}`, `x:${hashes.sha1}`, `a b:${hashes.sha1}`, 'plain:secret',
    'des:rqXexS6ZhobKA', 'md5:$1$saltsalt$qjXMvbEw8oaL.CzflDtaK/', `dave:${costly}`, `eve:${hashes.apr1.slice(0, -1)}`, `CAROL:${hashes.sha1}`, 'empty:'].join('\n'))],
  /htpasswd:4: not of the form/, /htpasswd:5: there is no user name/, /htpasswd:6: the user name must/, /htpasswd:7: the user name must/, /htpasswd:8: .*no form/,
  /htpasswd:9: .*no form/, /htpasswd:10: .*no form/, /htpasswd:11: .*cost too much/, /htpasswd:12: .*not complete/, /htpasswd:14: .*no form/, /htpasswd:13: carol stands in line 1 already/);
  refused(['--htpasswd', file('htpasswd', good), '--groups', file('htgroup', '# x\neditor: carol\nno colon\nA b: carol\n: carol\nadmin: carol x\n')],
    /htgroup:2: there is no role editor/, /htgroup:3: not of the form/, /htgroup:4: .*no role can have/, /htgroup:5: .*no role can have/, /htgroup:6: the user name must/);
  assert.equal(accounts(), 3);
});

test('bad tables: every flaw with its line, and nothing is written', () => {
  const head = 'username,email,password_hash,must_change,roles\n';
  const h = hashes.sha1;
  const csv = (text) => ['--csv', file('people.csv', text)];
  for (const first of ['username,email', 'password_hash', 'username,password_hash,colour', 'username,username,password_hash', '"username,password_hash', '']) {
    refused(csv(`${first}\ncarol,${h}\n`), /people\.csv:1: /);
  }
  refused(csv(`${head}carol,,${h},,\ncarol2,,${h}\ndave,dave,${h},,\n,,${h},,\neve,,${h},maybe,\nfay,,${h},,nobody\n`
    + `gus,,secret,,\n"hal,,${h},,\n`), /:3: 3 fields, where the first line has 5/, /:4: .*address/, /:5: there is neither/, /:6: .*yes or no/,
  /:7: there is no role nobody/, /:8: .*no form/, /:9: a quotation mark is not closed/);
  refused(csv(`${head}ian,x@example.org,${h},,\njan,X@example.org,${h},,\nkim"x,,${h},,\n"lea"x,,${h},,\n"m\nn",,${h},,\nned,,secret,,\n`),
    /:4: a quotation mark in a field/, /:5: text behind/, /:6: the user name/, /:8: .*no form/, /:3: x@example\.org stands in line 2 already/);
});

test('files that are none, and words that do not belong together', () => {
  const good = file('htpasswd', `carol:${hashes.bcrypt}\n`);
  const said = (args, code, pattern) => {
    const run = stack.ctl(['user', 'import', ...args]);
    assert.equal(run.code, code, run.stderr);
    assert.match(run.stderr, pattern);
    assert.equal(accounts(), 3);
  };
  said([], 2, /give --htpasswd FILE or --csv FILE/);
  said(['--htpasswd', good, '--csv', good], 2, /give --htpasswd FILE or --csv FILE/);
  said(['--csv', good, '--groups', good], 2, /--groups belongs to --htpasswd/);
  said(['--htpasswd', join(stack.dir, 'nothing')], 1, /cannot be opened/);
  said(['--htpasswd', stack.dir], 1, /not a regular file/);
  symlinkSync(good, join(stack.dir, 'link'));
  said(['--htpasswd', join(stack.dir, 'link')], 1, /cannot be opened/);
  chmodSync(good, 0o666);
  said(['--htpasswd', good], 1, /can be written by everybody/);
  chmodSync(good, 0o600);
  said(['--htpasswd', file('large', Buffer.alloc(64 * 1024 * 1024 + 1, '\n'))], 1, /is larger than 65536 KiB/);
  said(['--htpasswd', file('large', `x:y\n`.repeat(200001))], 1, /has more than 200000 accounts/);
});

test('thousands of lines in transactions of a hundred', () => {
  const lines = Array.from({ length: 2050 }, (_, i) => `many${i}:${hashes.apr1}\n`).join('');
  const answer = json(['--htpasswd', file('htpasswd', lines)]);
  assert.equal(answer.imported, 2050);
  assert.equal(accounts(), 2053);
  assert.equal(stack.count('password'), 2053);
  assert.equal(stack.count("audit_event WHERE event = 'user_created'"), 2050);
});

test('PW-21: a hash above the bound that is in the database all the same is wrong, and soon', async () => {
  json(['--htpasswd', file('htpasswd', `carol:${hashes.bcrypt}\n`)]);
  for (const hash of [hashes.bcrypt.replace('$05$', '$31$'), hashes.sha256.replace('$5$', '$5$rounds=999999999$'), '$P$Sb.SALT.U.o.ttarLCtIH0aHamles/', 'nonsense']) {
    stack.sql(`UPDATE password SET hash = '${hash}' WHERE user_id = (SELECT id FROM user WHERE username = 'carol')`);
    await assert.rejects(stack.signIn({ identifier: 'carol', password }), /invalid_credentials/);
    assert.equal(hashOf('carol'), hash);
  }
});
