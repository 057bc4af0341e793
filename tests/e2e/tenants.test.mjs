// CONTRACT §4: tenants, members and their roles: by command and by API, from the next request on, on every carrier.
import { test, before, after, beforeEach } from 'node:test';
import assert from 'node:assert/strict';
import { startStack } from '../support/harness.mjs';
import { Jar } from '../support/client.mjs';

let stack;
before(async () => {
  stack = await startStack();
  for (const [name, elevated] of [['editor', 0], ['author', 0], ['owner', 1]]) {
    stack.sql(`INSERT INTO role (id, name, elevated, created_at) VALUES (RANDOM_BYTES(16), '${name}', ${elevated}, 1);
      INSERT INTO permission (role_id, name) SELECT id, 'texts:${name}' FROM role WHERE name = '${name}'`);
  }
});
after(() => stack?.stop());
beforeEach(() => {
  stack.sql('DELETE FROM session; DELETE FROM user_role WHERE tenant_id <> REPEAT(CHAR(0), 16); DELETE FROM membership; DELETE FROM tenant; UPDATE user SET default_tenant = NULL, factors = 0');
});

const json = (args) => JSON.parse(stack.must([...args, '--json']).stdout);
const make = (name, ...more) => json(['tenant', 'add', name, ...more]).tenant;
const add = (user, tenant, ...more) => json(['member', 'add', user, '--tenant', tenant, ...more]);
const who = async (handle) => {
  const answer = await stack.withHandle(handle, 'GET', '/session');
  assert.equal(answer.status, 200, answer.body);
  return answer.json;
};
const choose = (handle, tenant) => stack.withHandle(handle, 'PUT', '/session/tenant', { json: { tenant } });
const list = async (handle, query = '') => (await stack.withHandle(handle, 'GET', `/tenants${query}`)).json;
const code = (answer, status, word) => {
  assert.equal(answer.status, status, answer.body);
  assert.equal(answer.json.code, word);
};
const refused = (args, exit, pattern) => {
  const run = stack.ctl(args);
  assert.equal(run.code, exit, run.stdout + run.stderr);
  assert.match(run.stderr, pattern);
  assert.equal(run.stdout, '');
};
const doctor = () => {
  const run = stack.ctl(['doctor', '--offline', '--json']);
  return JSON.parse(run.stdout).checks.find(({ name }) => name === 'grants').result;
};

test('tenant add, list, rename, remove; flaws are named and change nothing', () => {
  const acme = make('Acme', '--title', 'Acme & Söhne');
  assert.deepEqual([acme.name, acme.title], ['acme', 'Acme & Söhne']);
  assert.equal(make('zebra').title, 'zebra');
  assert.deepEqual(json(['tenant', 'list']).tenants.map(({ name }) => name), ['acme', 'zebra']);
  assert.match(stack.must(['tenant', 'list']).stdout, /^\S{22}\tacme\tAcme & Söhne\n\S{22}\tzebra\tzebra\n$/);
  refused(['tenant', 'add', 'acme'], 1, /taken/);
  refused(['tenant', 'add', 'no spaces'], 1, /name must be/);
  refused(['tenant', 'add', 'fine', '--title', 'a\u0085b'], 1, /title/);
  refused(['tenant', 'add', 'fine', '--title', 'x'.repeat(101)], 1, /title/);
  refused(['tenant', 'add'], 2, /which name/);
  refused(['tenant', 'rename', 'acme'], 2, /--name or --title/);
  refused(['tenant', 'rename', 'acme', '--name', 'zebra'], 1, /taken/);
  refused(['tenant', 'rename', 'acme', '--name', 'x', '--reason', 'two\nlines'], 1, /reason|name must/);
  refused(['tenant', 'remove', 'nobody'], 1, /no such tenant: nobody/);
  const renamed = json(['tenant', 'rename', 'acme', '--name', 'apex']);
  assert.deepEqual([renamed.changed, renamed.tenant.id, renamed.tenant.name, renamed.tenant.title], [true, acme.id, 'apex', acme.title]);
  assert.equal(json(['tenant', 'rename', acme.id, '--name', 'apex']).changed, false, 'by id, and nothing to do');
  json(['tenant', 'remove', 'zebra']);
  assert.deepEqual(json(['tenant', 'list']).tenants.map(({ name }) => name), ['apex']);
  assert.equal(stack.count("audit_event WHERE event = 'tenant_changed' AND detail = '@apex, was @acme'"), 1);
});

test('AZ-04: a member, the default tenant, roles there and nowhere else, from the next request on', async () => {
  const [acme, beta] = [make('acme', '--title', 'Acme Ltd'), make('beta')];
  const before = await stack.signIn(stack.users.alice);
  assert.equal(before.user.tenant, null);
  const added = add('alice', 'acme', '--role', 'editor', '--role', 'author');
  assert.deepEqual([added.changed, added.member.roles, added.member.default], [true, ['author', 'editor'], true]);
  assert.equal(add('alice', 'acme', '--role', 'editor').changed, false);
  assert.equal(add('alice', 'beta').member.default, false);
  assert.equal((await who(before.session_handle)).user.tenant, null, 'a running session stays where it is');

  const { session_handle: handle, session, user } = await stack.signIn(stack.users.alice);
  assert.deepEqual(user.tenant, { id: acme.id, name: 'acme' }, 'signing in begins in the default tenant');
  assert.deepEqual([user.roles, user.permissions], [['author', 'editor'], ['texts:author', 'texts:editor']]);
  assert.deepEqual(await list(handle), {
    tenants: [
      { id: acme.id, name: 'acme', title: 'Acme Ltd', roles: ['author', 'editor'], default: true, current: true },
      { id: beta.id, name: 'beta', title: 'beta', roles: [], default: false, current: false },
    ],
    next_cursor: null,
  });

  const answer = await choose(handle, beta.id);
  assert.equal(answer.status, 200, answer.body);
  assert.deepEqual([answer.json.user.tenant.name, answer.json.user.roles, answer.json.session.id], ['beta', [], session.id]);
  assert.deepEqual((await who(handle)).user.tenant, { id: beta.id, name: 'beta' }, 'the value stays');
  stack.must(['member', 'role', 'alice', '--tenant', 'beta', '--add', 'editor']);
  assert.deepEqual((await who(handle)).user.roles, ['editor']);
  stack.must(['member', 'role', 'alice', '--tenant', 'beta', '--remove', 'editor', '--reason', 'was a mistake']);
  assert.deepEqual((await who(handle)).user.roles, []);
  assert.equal(stack.count("audit_event WHERE event = 'authz_change' AND detail = '-editor @beta: was a mistake'"), 1);
  assert.equal(stack.count("audit_event WHERE event = 'tenant_chosen' AND detail = '@beta'"), 1);
  assert.equal(doctor(), 'ok');
  const dump = stack.sql('SELECT m.grants FROM membership m JOIN tenant t ON t.id = m.tenant_id ORDER BY t.name').map(({ grants }) => grants);
  assert.deepEqual(dump, ['perm:texts:author perm:texts:editor role:author role:editor', '']);
});

test('AZ-04: leaving holds at the next request, on handle and cookie; the default moves on; nothing comes back by itself', async () => {
  for (const name of ['acme', 'beta']) {
    make(name);
    add('alice', name, '--role', 'editor');
  }
  const { session_handle: handle } = await stack.signIn(stack.users.alice);
  const visitor = stack.visitor();
  await visitor.signIn(stack.users.alice);
  const byCookie = async () => (await stack.client.get('/auth/api/v1/user', { headers: visitor.headers() })).json.user;
  assert.equal((await byCookie()).tenant.name, 'acme');
  const gone = json(['member', 'remove', 'alice', '--tenant', 'acme', '--reason', 'left']);
  assert.deepEqual([gone.changed, gone.sessions], [true, 2]);
  for (const user of [(await who(handle)).user, await byCookie()]) assert.deepEqual([user.tenant, user.roles], [null, []]);
  assert.equal((await stack.signIn(stack.users.alice)).user.tenant.name, 'beta');
  add('alice', 'acme');
  assert.deepEqual((await who(handle)).user.tenant, null, 'a member again, and the session is still in none');
  assert.deepEqual((await list(handle)).tenants.map(({ name, roles, default: first }) => [name, roles, first]), [['beta', ['editor'], true], ['acme', [], false]]);
  assert.equal(add('alice', 'acme', '--default').changed, true);
  assert.equal((await stack.signIn(stack.users.alice)).user.tenant.name, 'acme');
  stack.sql('DELETE FROM membership');
  const { user } = await who(handle);
  assert.equal(user.tenant, null);
  assert.equal((await stack.signIn(stack.users.alice)).user.tenant, null, 'a default without a membership is none');
});

test('a session that is in a tenant without membership has no rights of it, whoever wrote the tables', async () => {
  make('acme');
  add('alice', 'acme', '--role', 'owner');
  const { session_handle: handle, user } = await stack.signIn(stack.users.alice);
  assert.deepEqual(user.roles, ['owner']);
  stack.sql('DELETE FROM membership');
  const after = (await who(handle)).user;
  assert.deepEqual([after.roles, after.permissions, after.tenant], [[], [], null]);
});

test('AZ-02: another\'s tenant, none, and bad bodies', async () => {
  const [acme, theirs] = [make('acme'), make('theirs')];
  add('alice', 'acme');
  add('bob', 'theirs');
  const { session_handle: handle } = await stack.signIn(stack.users.alice);
  for (const tenant of [theirs.id, 'AAAAAAAAAAAAAAAAAAAAAA', 'acme', 'x', '']) code(await choose(handle, tenant), 404, 'not_found');
  assert.equal((await who(handle)).user.tenant.id, acme.id);
  assert.equal((await list(handle)).tenants.length, 1);
  const put = (options, headers = {}) => stack.withHandle(handle, 'PUT', '/session/tenant', { ...options, headers });
  code(await put({ json: {} }), 400, 'invalid_request');
  code(await put({ json: { tenant: null } }), 400, 'invalid_request');
  code(await put({ json: { tenant: 7 } }), 400, 'invalid_request');
  code(await put({ json: { tenant: acme.id, role: 'owner' } }), 400, 'invalid_request');
  code(await put({ body: 'tenant=x' }, { 'Content-Type': 'application/x-www-form-urlencoded' }), 415, 'unsupported_media_type');
  code(await stack.client.get('/auth/api/v1/tenants'), 401, 'unauthenticated');
  code(await stack.client.request('PUT', '/auth/api/v1/session/tenant', { json: { tenant: acme.id } }), 401, 'unauthenticated');
  code(await stack.withHandle(handle, 'GET', '/tenants?limit=0'), 400, 'invalid_request');
  code(await stack.withHandle(handle, 'GET', '/tenants?cursor=abc'), 400, 'invalid_request');
});

test('by cookie the form token is asked for (CS-06)', async () => {
  const acme = make('acme');
  add('alice', 'acme');
  const jar = new Jar();
  const signedIn = jar.take(await stack.client.post('/auth/api/v1/sessions', { json: { ...stack.users.alice, transport: 'cookie' } }));
  const put = (headers) => stack.client.request('PUT', '/auth/api/v1/session/tenant', { json: { tenant: acme.id }, headers: { Cookie: jar.header(), ...headers } });
  code(await put({}), 403, 'csrf_failed');
  const good = await put({ 'X-CSRF-Token': signedIn.json.session.csrf_token });
  assert.equal(good.status, 200, good.body);
  assert.equal((await put({ 'X-CSRF-Token': good.json.session.csrf_token })).status, 200, 'the token in the answer is good');
});

test('MF-16: into a tenant with an elevated role only fresh; out of it again at any time', async () => {
  const [acme, calm] = [make('acme'), make('calm')];
  add('alice', 'calm');
  add('alice', 'acme', '--role', 'owner');
  const { session_handle: handle } = await stack.signIn(stack.users.alice);
  const age = () => stack.sql('UPDATE session SET auth_time = auth_time - 3600000000, created_at = created_at - 3600000000');
  age();
  const refusal = await choose(handle, acme.id);
  code(refusal, 401, 'reauthentication_required');
  assert.match(refusal.headers['www-authenticate'], /insufficient_user_authentication", max_age=900/);
  assert.equal((await choose(handle, calm.id)).status, 200);
  const again = await stack.withHandle(handle, 'POST', '/session/reauth', { json: { method: 'password', password: stack.users.alice.password } });
  const fresh = again.json.session_handle;
  const chosen = await choose(fresh, acme.id);
  assert.equal(chosen.status, 200, chosen.body);
  assert.deepEqual(chosen.json.user.roles, ['owner']);
  const hours = (Date.parse(chosen.json.session.expires_at) - Date.now()) / 3600e3;
  assert.ok(hours > 11.9 && hours <= 12, `an elevated session ends after 12 hours: ${hours}`);
  age();
  assert.equal((await choose(fresh, calm.id)).status, 200);
});

test('MF-15: of who has a second factor the password alone opens no elevated tenant', async () => {
  const [acme] = [make('acme'), make('calm')];
  add('bob', 'calm');
  add('bob', 'acme', '--role', 'owner');
  const { session_handle: handle } = await stack.signIn(stack.users.bob);
  stack.sql("UPDATE user SET factors = 1 WHERE username = 'bob'");
  const refusal = await choose(handle, acme.id);
  code(refusal, 401, 'reauthentication_required');
  assert.match(refusal.headers['www-authenticate'], /acr_values="aal2"/);
  assert.deepEqual(refusal.json.methods, ['totp']);
  stack.sql("UPDATE session SET aal = 2, aal2_end = auth_time + 43200000000 WHERE user_id = (SELECT id FROM user WHERE username = 'bob')");
  assert.equal((await choose(handle, acme.id)).status, 200);
});

test('gaining an elevated role in a tenant takes freshness and aal2 away', async () => {
  make('acme');
  add('alice', 'acme');
  const { session_handle: handle } = await stack.signIn(stack.users.alice);
  const other = await stack.signIn(stack.users.alice);
  const given = json(['member', 'role', 'alice', '--tenant', 'acme', '--add', 'owner']);
  assert.equal(given.sessions, 2);
  code(await stack.withHandle(handle, 'DELETE', `/sessions/${other.session.id}`), 401, 'reauthentication_required');
  assert.equal((await who(handle)).session.aal, 'aal1');
});

test('member: flaws are named; lists of a tenant and of a user', () => {
  make('acme');
  refused(['member', 'add', 'alice'], 2, /which tenant/);
  refused(['member', 'add', '--tenant', 'acme'], 2, /which user/);
  refused(['member', 'add', 'nobody', '--tenant', 'acme'], 1, /no such user: nobody/);
  refused(['member', 'add', 'alice', '--tenant', 'nothing'], 1, /no such tenant: nothing/);
  refused(['member', 'add', 'alice', '--tenant', 'acme', '--role', 'nobody'], 1, /no such role/);
  refused(['member', 'role', 'alice', '--tenant', 'acme', '--add', 'editor'], 1, /no member/);
  refused(['member', 'remove', 'alice', '--tenant', 'acme'], 1, /no member/);
  refused(['member', 'list'], 2, /--tenant TENANT, --user USER/);
  assert.equal(stack.count('membership'), 0, 'nothing is half done');
  add('alice', 'acme', '--role', 'editor');
  add('bob', 'acme');
  refused(['member', 'role', 'alice', '--tenant', 'acme'], 2, /give one of/);
  refused(['member', 'role', 'alice', '--tenant', 'acme', '--add', 'nobody'], 1, /no such role/);
  assert.equal(json(['member', 'role', 'alice', '--tenant', 'acme', '--add', 'editor']).changed, false);
  assert.equal(json(['member', 'role', 'alice', '--tenant', 'acme', '--remove', 'author']).changed, false);
  assert.deepEqual(json(['member', 'list', '--tenant', 'acme']).members.map(({ user, roles }) => [user.username, roles]).sort(), [['alice', ['editor']], ['bob', []]]);
  assert.match(stack.must(['member', 'list', '--user', 'alice']).stdout, /^alice\tacme\tdefault\trole editor\n$/);
});

test('a removed tenant: its members are in none, its roles are gone, its name is free', async () => {
  make('acme');
  for (const name of ['alice', 'bob']) add(name, 'acme', '--role', 'editor');
  const { session_handle: handle } = await stack.signIn(stack.users.alice);
  const removed = json(['tenant', 'remove', 'acme']);
  assert.deepEqual([removed.changed, removed.members], [true, 2]);
  assert.deepEqual([(await who(handle)).user.tenant, (await list(handle)).tenants], [null, []]);
  assert.equal(stack.count('user_role WHERE tenant_id <> REPEAT(CHAR(0), 16)'), 0);
  assert.equal(stack.count('user WHERE default_tenant IS NOT NULL'), 0);
  make('acme');
  assert.equal(stack.count('membership'), 0);
});

test('the doctor sees stored roles of a tenant that differ, and giving one anew mends it', () => {
  make('acme');
  add('alice', 'acme', '--role', 'editor');
  stack.sql("UPDATE membership SET grants = 'role:admin'");
  assert.equal(doctor(), 'fail');
  stack.must(['member', 'role', 'alice', '--tenant', 'acme', '--add', 'editor']);
  assert.equal(doctor(), 'ok');
});

test('many tenants: page by page, each once', async () => {
  for (let i = 0; i < 7; i++) {
    make(`t${i}`);
    add('bob', `t${i}`);
  }
  const { session_handle: handle } = await stack.signIn(stack.users.bob);
  const seen = [];
  for (let cursor = ''; cursor !== null;) {
    const page = await list(handle, `?limit=3${cursor && `&cursor=${cursor}`}`);
    seen.push(...page.tenants.map(({ name }) => name));
    cursor = page.next_cursor;
  }
  assert.deepEqual(seen, Array.from({ length: 7 }, (_, i) => `t${i}`));
});

test('one statement to list; a check costs what it did', async () => {
  make('acme');
  add('alice', 'acme', '--role', 'editor');
  const { session_handle: handle } = await stack.signIn(stack.users.alice);
  assert.equal((await stack.statements(() => list(handle))).length, 2, 'the check and the list');
  assert.equal((await stack.statements(() => who(handle))).length, 1);
});
