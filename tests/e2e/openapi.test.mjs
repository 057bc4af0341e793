// docs/openapi.yaml: as served, and each answer that it describes brought about once. The client holds every answer to it.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { source, startStack } from '../support/harness.mjs';
import { Authenticator } from '../support/authenticator.mjs';
import { Jar } from '../support/client.mjs';
import { exercised, follow, operations } from '../support/openapi.mjs';
import { freePort, until } from '../support/stack.mjs';
import { codeOf, lastMail } from '../support/outbox.mjs';
import { basic, makeService } from '../support/services.mjs';
import { code as appCode, wrongCode } from '../support/oathtool.mjs';

// What a proxy asks is answered by a listener that believes it.
const asForwarded = (port) => `$HTTP["url"] == "/auth/verify-access" {
  fastcgi.server = ( "/" => (( "host" => "127.0.0.1", "port" => ${port}, "check-local" => "disable" )) )
}`;
const asked = ({ path }) => (path === '/verify-access' ? { 'X-Forwarded-Uri': '/private/', 'X-Forwarded-Method': 'GET' } : {});

let stack;
let tenant;
let service;
let idler;
let forwarded;
before(async () => {
  forwarded = await freePort();
  // Two wrong passwords are soon too many, and two guests.
  stack = await startStack({ extra: asForwarded(forwarded), settings: {
    'listen forwarded': { address: `127.0.0.1:${forwarded}`, forwarded: 'yes' },
    account: { registration: 'on' },
    second_factor: { require: 'roles', roles: 'warden' },
    throttle: { free_failures: 1, device_failures: 1, guests: 2 }, 'client app': { services: 'library idler' }, 'client browser': { services: 'library' }, 'flow trip': { steps: 'start > end', client_may: 'start > end', 'counter.try': '2, reset 1h' },
  } });
  ({ tenant } = JSON.parse(stack.must(['tenant', 'add', 'readers', '--json']).stdout));
  service = makeService(stack, 'library');
  idler = makeService(stack, 'idler', 'flows:read');
  stack.must(['tenant', 'add', 'unjoined']);
  stack.must(['role', 'add', 'editor']);
  stack.must(['role', 'add', 'warden']);
});
after(() => stack?.stop());

const api = '/auth/api/v1';
const place = `${api}/openapi.yaml`;
const get = (headers) => stack.client.get(place, { headers });
const file = () => readFileSync(join(source, 'docs/openapi.yaml'), 'utf8');

test('served to anybody, with this server\'s own address and nothing else changed', async () => {
  const answer = await get();
  assert.equal(answer.status, 200);
  assert.equal(answer.headers['content-type'], 'application/yaml');
  assert.equal(answer.headers['cache-control'], 'public, max-age=3600');
  assert.equal(answer.body, file().replaceAll('https://www.example.org/auth', stack.base));
  assert.ok(!answer.body.includes('www.example.org'));
  assert.deepEqual(load(answer.body).servers, [{ url: stack.api, description: 'This server' }]);
  const { url } = load(answer.body).paths['/health'].servers[0];
  assert.equal((await stack.client.get(new URL(`${url}/health`).pathname)).status, 200);
  const head = await stack.client.request('HEAD', place);
  assert.equal(head.status, 200);
  assert.equal(head.headers['content-length'], String(Buffer.byteLength(answer.body)));
});

test('no credential is looked at, none is answered', async () => {
  for (const headers of [{ 'X-Session-Id': 'gps_short' }, { Authorization: 'Basic x' }, { Cookie: '__Host-gatepost=a; __Host-gatepost=b' }]) {
    const ran = await stack.statements(async () => {
      const answer = await get(headers);
      assert.equal(answer.status, 200, answer.body);
      assert.equal(answer.headers['set-cookie'], undefined);
    });
    assert.deepEqual(ran, []);
  }
});

test('Accept: application/yaml, a range or none; JSON it is not', async () => {
  for (const accept of ['application/yaml', 'application/*', '*/*', 'text/html, application/yaml;q=0.1', '']) {
    assert.equal((await get({ Accept: accept })).status, 200, accept);
  }
  for (const accept of ['application/json', 'text/html', 'application/yaml;q=0, */*', 'application/problem+json']) {
    const answer = await get({ Accept: accept });
    assert.equal(answer.status, 406, accept);
    assert.equal(answer.json.detail, 'The answer exists only as application/yaml.');
  }
  const other = await stack.client.get(`${api}/session`, { headers: { Accept: 'application/yaml' } });
  assert.equal(other.status, 406, 'and nothing else is YAML');
});

test('whoever has it, or an asset, is told so: 304', async () => {
  for (const path of [place, '/auth/assets/gatepost.css']) {
    const first = await stack.client.get(path);
    for (const tag of [first.headers.etag, `W/${first.headers.etag}`, `"x", ${first.headers.etag}`, '*']) {
      const answer = await stack.client.get(path, { headers: { 'If-None-Match': tag } });
      assert.equal(answer.status, 304, tag);
      assert.equal(answer.body, '');
      assert.equal(answer.headers.etag, first.headers.etag);
      assert.equal(answer.headers['cache-control'], 'public, max-age=3600');
    }
    const other = await stack.client.get(path, { headers: { 'If-None-Match': '"x"' } });
    assert.equal(other.status, 200);
    assert.equal(other.body, first.body);
  }
});

test('another origin after SIGHUP: another address, another ETag', async () => {
  const { etag } = (await get()).headers;
  const good = readFileSync(stack.config.file, 'utf8');
  const address = async () => {
    const answer = await get({ Host: 'login.example.net:8443' });
    return answer.status === 200 ? { url: load(answer.body).servers[0].url, etag: answer.headers.etag } : {};
  };
  writeFileSync(stack.config.file, good.replace(/^origin = .*$/m, 'origin = https://login.example.net:8443'));
  try {
    process.kill(stack.worker.pid, 'SIGHUP');
    await until(async () => (await address()).url === 'https://login.example.net:8443/auth/api/v1', 'the new address shows');
    assert.notEqual((await address()).etag, etag);
  } finally {
    writeFileSync(stack.config.file, good);
    process.kill(stack.worker.pid, 'SIGHUP');
    await until(async () => (await get()).status === 200, 'the old address is back');
  }
  assert.equal((await get()).headers.etag, etag);
});

/*
 * What no request can bring about here, and why: [operation, status, reason]. A pair that was brought about all the
 * same has to go from this list.
 */
const unreachable = ({ name, verb }, status) => {
  if (status === '500') return 'a defect; there is none to be asked for';
  if (status === '413' && verb === 'get') return 'lighttpd itself refuses a GET with a body';
  if (status === '503' && name === 'GET /openapi.yaml') return 'only when overloaded or shutting down: nothing is asked of the database';
  if (status === '503' && name === 'GET /.well-known/oauth-authorization-server') return 'the same';
  if (status === '409' && name === 'DELETE /passkeys/{id}') return 'nobody has to have one here: passkeys.test.mjs';
  if (status === '503' && name === 'GET /.well-known/jwks.json') return 'only until the worker has read the keys for the first time';
  return undefined;
};

const verifier = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk';
const challenge = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM';
// A body that signs in by a hand-over of that person's.
async function handedOver(who) {
  const { session_handle: giver } = await stack.signIn(who);
  const given = await stack.withHandle(giver, 'POST', '/session/handover', { json: { challenge, to: 'native' } });
  return { handover: given.json.handover, verifier, transport: 'handle' };
}

/*
 * One person an answer, so that their attempts do not add up. The first of each kind is made by the command, the others
 * are copies of that one under names of their own, many at a time.
 */
// A warden has to have a second factor.
const kinds = { reader: { made: 0, free: [] }, head: { made: 0, free: [] }, warden: { made: 0, free: [] } };
const batch = 50;
function copyPeople(kind) {
  const { made, password } = kinds[kind];
  const names = Array.from({ length: batch }, (_, i) => `${kind}${made + i + 1}`);
  const of = `user u JOIN user m ON m.username = '${kind}'`;
  const where = `WHERE u.username IN (${names.map((name) => `'${name}'`)})`;
  stack.sql(`BEGIN;
    INSERT INTO user (id, username, email, display_name, state, default_tenant, grants, created_at, updated_at)
      SELECT RANDOM_BYTES(16), CONCAT('${kind}', seq), CONCAT('${kind}', seq, '@example.org'), display_name, state, default_tenant, grants, created_at, updated_at
      FROM user JOIN seq_${made + 1}_to_${made + batch} WHERE username = '${kind}';
    INSERT INTO password (user_id, hash, changed_at, must_change) SELECT u.id, p.hash, p.changed_at, p.must_change FROM ${of} JOIN password p ON p.user_id = m.id ${where};
    INSERT INTO membership (user_id, tenant_id, grants, created_at) SELECT u.id, p.tenant_id, p.grants, p.created_at FROM ${of} JOIN membership p ON p.user_id = m.id ${where};
    INSERT INTO user_role (user_id, tenant_id, role_id, created_at) SELECT u.id, p.tenant_id, p.role_id, p.created_at FROM ${of} JOIN user_role p ON p.user_id = m.id ${where};
    COMMIT`);
  kinds[kind].made += batch;
  kinds[kind].free = names.map((identifier) => ({ identifier, password }));
}

let people = 0;
function person(kind = 'reader') {
  people++;
  const all = kinds[kind];
  if (all.password === undefined) {
    all.password = `four quiet words by river ${randomBytes(6).toString('hex')}`;
    stack.must(['user', 'add', '--username', kind, '--email', `${kind}@example.org`, '--password-stdin'], { input: all.password });
    stack.must(['member', 'add', kind, '--tenant', tenant.name]);
    if (kind === 'head') stack.must(['role', 'grant', kind, 'admin']);
    if (kind === 'warden') stack.must(['role', 'grant', kind, 'warden']);
  }
  if (all.free.length === 0) copyPeople(kind);
  return all.free.shift();
}

const isForm = (operation) => operation.requestBody?.content['application/x-www-form-urlencoded'] !== undefined;
const isRefresh = ({ operation }) => operation.operationId === 'refresh';
// What is sent of a session there.
const formOf = (entry, { session_handle: token = 'none', refresh_token }) => {
  if (isRefresh(entry)) return { grant_type: 'refresh_token', refresh_token };
  return isForm(entry.operation) ? { token } : undefined;
};
// What only services are let in to; and what they are let in to as well.
const isServices = ({ operation }) => ['introspect', 'holdSession', 'getMetrics'].includes(operation.operationId);
const takesServices = ({ operation }) => (operation.security ?? []).some((one) => 'service' in one);
const wrongSecret = { Authorization: basic('library', 'x') };
// Somebody with a session, whom an administrator administers: {id, username, session}.
async function subject() {
  const { user, session } = await stack.signIn(person());
  return { id: user.id, username: user.username, session: session.id };
}
const isAdmin = ({ path }) => path.startsWith('/admin/');

// Sets an authenticator app up, and gives the recovery codes that come with it: a sign-in waits for one of them then.
async function withFactor(who) {
  const { session_handle: handle } = await stack.signIn(who);
  const { json: { secret } } = await stack.withHandle(handle, 'POST', '/totp');
  const confirmed = await stack.withHandle(handle, 'POST', '/totp/confirm', { json: { code: appCode(secret) } });
  assert.equal(confirmed.status, 200, confirmed.body);
  return confirmed.json.recovery_codes;
}

// What a new address is proven with.
async function askedFor(email) {
  const answer = await stack.client.post(`${api}/users`, { json: { email } });
  assert.equal(answer.status, 202, answer.body);
  return { email, code: codeOf(lastMail(stack, email)), new_password: 'a kettle sings behind the mill' };
}

// The described request, with this person's values: {path, json}.
function fill({ path, operation }, who, { id, session = id, tenant: wanted, kind = 'trip', query, mailed = '12345678' }, transport = 'handle') {
  const email = `${who.identifier}@example.org`;
  const bodies = {
    recoverPassword: { email },
    resetPassword: { email, code: mailed, new_password: `a lantern on the far shore ${people}` },
    beginAsGuest: { transport },
    signIn: { identifier: who.identifier, password: who.password, transport: 'handle' },
    stepUp: { method: 'password', password: who.password },
    secondFactor: { method: 'recovery_code', code: who.recovery },
    makeChallenge: { purpose: 'payment' },
    changePassword: { current_password: who.password, new_password: `a kettle sings behind the mill ${people}` },
    register: { email: `new-${who.identifier}@example.org`, username: `new-${who.identifier}` },
    proveAddress: who.proof,
    chooseTenant: { tenant: wanted ?? tenant.id },
    giveHandover: { challenge, to: 'native' },
    startFlow: { return_to: '/shop', data: { amount: 1 } },
    changeFlow: { data: { amount: 2 } },
    moveFlow: { to: 'end' },
    takeAttempt: { counter: 'try' },
    holdSession: { reason: 'a book is overdue' },
    changeUser: { display_name: 'Somebody Else', language: 'pl' },
    askForEmail: { email: `moved-${who.identifier}@example.org` },
    registerPasskey: { passkey: who.passkey, name: 'Telephone' },
    confirmTotp: { code: who.code ?? '123456' },
    setDeviceKey: { public_key: { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' } },
  };
  const queries = { endSessions: `?scope=${transport === 'handle' ? 'others' : 'all'}`, getHealth: '?ready' };
  const below = path === '/health' || path === '/metrics' || path === '/verify-access' || path.startsWith('/.well-known/') || isForm(operation) ? '/auth' : api;
  const place = path.replace('{id}', id).replace('{kind}', kind).replace('{role}', 'editor').replace('{session}', session);
  return { path: below + place + (query ?? queries[operation.operationId] ?? ''), json: bodies[operation.operationId] };
}

// While the configuration takes declared kinds only.
async function withoutFreeKinds(act) {
  const good = readFileSync(stack.config.file, 'utf8');
  const reload = async (text, status) => {
    writeFileSync(stack.config.file, text);
    process.kill(stack.worker.pid, 'SIGHUP');
    const { session_handle: handle } = await stack.signIn(stack.users.bob);
    await until(async () => {
      // One that was begun before the signal arrived would be in the way.
      await stack.withHandle(handle, 'DELETE', '/flows/a-free-one');
      return (await stack.withHandle(handle, 'POST', '/flows/a-free-one', { json: {} })).status === status;
    }, `free kinds answer ${status}`);
    await stack.withHandle(handle, 'DELETE', '/flows/a-free-one');
  };
  try {
    await reload(`${good}[flows]\nfree_flows = no\n`, 404);
    return await act();
  } finally {
    await reload(good, 201);
  }
}

const idOf = (who) => `(SELECT id FROM user WHERE username = '${who.identifier}')`;

// An earlier change of the address can still be taken back.
async function changing(who, call) {
  stack.sql(`INSERT INTO mail_code (id, purpose, slot_hash, address, user_id, code_hash, link_hash, asker_hash, created_at, code_end, expires_at)
    SELECT RANDOM_BYTES(16), 4, RANDOM_BYTES(32), 'former@example.org', ${idOf(who)}, '', RANDOM_BYTES(32), '', 0, 0, 4000000000000000`);
  return call();
}

// Passkeys of somebody's, and what they made of the options. With one the session alone changes nothing.
function addPasskeys(who, n) {
  stack.sql(`INSERT INTO passkey (id, user_id, credential_id, algorithm, public_key, sign_count, eligible, backed_up, verified, aaguid, created_at)
    SELECT RANDOM_BYTES(16), id, RANDOM_BYTES(32), -7, RANDOM_BYTES(64), 0, 0, 0, 1, '', seq FROM user JOIN seq_1_to_${n} WHERE id = ${idOf(who)}`);
  const [{ id }] = stack.sql(`SELECT HEX(id) AS id FROM passkey WHERE user_id = ${idOf(who)} LIMIT 1`);
  return Buffer.from(id, 'hex').toString('base64url');
}

async function makePasskey(headers) {
  const options = await stack.client.post(`${api}/passkeys/options`, { headers });
  assert.equal(options.status, 200, options.body);
  return new Authenticator(stack.origin).create(options.json);
}
const isOfDevice = ({ path }) => path.startsWith('/devices/');
const deviceOf = async (headers) => (await stack.client.get(`${api}/devices`, { headers })).json.devices.find(({ current }) => current).id;
// Somebody who has an app, and has just shown a code of it.
const withApp = (who) => stack.sql(`INSERT INTO totp (user_id, root, secret, confirmed_at) VALUES (${idOf(who)}, 1, REPEAT('s', 60), 1);
  UPDATE user SET factors = 1 WHERE username = '${who.identifier}';
  UPDATE session SET amr = 'pwd otp mfa', aal = 2, aal2_end = auth_time + 43200000000 WHERE user_id = ${idOf(who)}`);
// Which answers are about somebody who has one, and who has to have one.
const needsApp = ({ operation: { operationId } }, status) => (['removeTotp', 'makeRecoveryCodes'].includes(operationId) && status < 300)
  || (operationId === 'removeTotp' && status === '409');
const isOfWarden = ({ operation: { operationId } }, status) => (operationId === 'removeTotp' && status === '409') || (operationId === 'confirmTotp' && status === '200');

// The only administrator there is.
async function alone(who, call) {
  stack.sql("CREATE TABLE others SELECT * FROM user_role; DELETE FROM user_role");
  stack.sql(`INSERT INTO user_role (user_id, tenant_id, role_id, created_at) SELECT ${idOf(who)}, UNHEX(REPEAT('00', 16)), id, 0 FROM role WHERE name = 'admin'`);
  try {
    return await call();
  } finally {
    stack.sql('DELETE FROM user_role; INSERT INTO user_role SELECT * FROM others; DROP TABLE others');
  }
}

async function tooMany(call) {
  for (let i = 0; i < 100; i++) {
    const answer = await call({ kind: `one${i}` });
    if (answer.status !== 201) return answer;
  }
  throw new Error('never too many');
}

// How each status but success and 503 comes about, whatever the operation: options for the client, or a function.
const ways = {
  304: async (call) => call({ headers: { 'If-None-Match': '*' } }),
  400: async (call) => call({ headers: { Accept: 'x'.repeat(8193) } }),
  401: async (call, { operation }, who) => {
    const without = {
      signIn: { json: { identifier: who.identifier, password: 'not the one', transport: 'handle' } },
      beginAsGuest: { headers: { 'X-Session-Id': 'gps_short' } },
      register: { headers: { 'X-Session-Id': 'gps_short' } },
      proveAddress: { json: { email: 'nobody@example.org', code: '00000000' } },
      recoverPassword: { headers: { 'X-Session-Id': 'gps_short' } },
      passkeySignInOptions: { headers: { 'X-Session-Id': 'gps_short' } },
      resetPassword: { mailed: '00000000' },
      secondFactor: { anonymous: false, json: { method: 'recovery_code', code: 'none of them' } },
      revoke: { headers: wrongSecret },
      getMetrics: { headers: wrongSecret },
    };
    return call({ anonymous: true, ...without[operation.operationId] });
  },
  403: async (call, { verb, operation }, who) => {
    if (['holdSession', 'getMetrics'].includes(operation.operationId) || isForm(operation)) return call({ headers: idler.headers });
    if (verb !== 'get') return call({ headers: { Origin: 'https://evil.test' } });
    stack.sql(`UPDATE session SET state = 2 WHERE user_id = (SELECT id FROM user WHERE username = '${who.identifier}')`);
    assert.ok(operation.responses['403']);
    return call();
  },
  404: async (call, { path, operation }) => {
    if (operation.operationId === 'signOut') return call({ headers: { ...service.headers, 'X-Session-Id': `gps_${'A'.repeat(43)}` } });
    if (!path.startsWith('/flows/')) return call({ id: 'AAAAAAAAAAAAAAAAAAAAAA', tenant: 'AAAAAAAAAAAAAAAAAAAAAA' });
    if (operation.operationId !== 'startFlow') return call({ kind: 'never-begun' });
    return withoutFreeKinds(() => call({ kind: 'never-declared' }));
  },
  406: async (call) => call({ headers: { Accept: 'text/html' } }),
  409: async (call, { operation }, who) => {
    if (operation.operationId === 'moveFlow') return call({ json: { to: 'start' } });
    if (operation.operationId === 'makeChallenge') stack.sql(`UPDATE session SET state = 4 WHERE user_id = ${idOf(who)}`);
    if (operation.operationId.endsWith('Role')) return call({ query: '?tenant=unjoined' });
    if (operation.tags[0] === 'Administration') return call({ closed: true });
    if (operation.operationId === 'startFlow') return tooMany(call);
    if (operation.operationId === 'proveAddress') return call({ json: { ...who.proof, username: 'alice' } });
    if (operation.operationId === 'changeUser') return call({ json: { username: 'alice' } });
    if (operation.operationId === 'askForEmail') return changing(who, call);
    if (operation.operationId === 'closeUser') return alone(who, call);
    if (/^(registerPasskey|passkeyRegistrationOptions)$/.test(operation.operationId)) {
      addPasskeys(who, 20);
      return call();
    }
    if (operation.operationId === 'setDeviceKey') return call({ id: await deviceOf({ 'X-Session-Id': (await stack.signIn(who, { device_id: 'another' })).session_handle }) });
    return (operation.operationId === 'signIn' ? call({ json: await handedOver(person()) }) : call({ anonymous: false }));
  },
  410: async (call, entry, who) => {
    if (entry.path.startsWith('/flows/')) {
      stack.sql('UPDATE flow SET expires_at = UNIX_TIMESTAMP() * 1000000 - 1000000');
      return call();
    }
    if (entry.operation.operationId === 'proveAddress') {
      assert.equal((await call()).status, 200);
      return call();
    }
    if (entry.operation.operationId === 'resetPassword') {
      assert.equal((await call({ anonymous: true })).status, 204);
      return call({ anonymous: true });
    }
    const json = await handedOver(who);
    assert.equal((await call({ anonymous: true, json })).status, 201);
    return call({ anonymous: true, json });
  },
  412: async (call) => call({ tag: '"AAAAAAAAAAAAAAAAAAAAAA.1"' }),
  413: async (call) => call({ json: undefined, form: undefined, body: ' '.repeat(65537), headers: { 'Content-Type': 'application/json' } }),
  415: async (call) => call({ headers: { 'Content-Type': 'text/plain' } }),
  428: async (call) => call({ tag: '' }),
  421: async (call) => call({ headers: { Host: 'evil.test' } }),
  429: async (call, { operation }, who) => {
    if (operation.operationId === 'passkeySignInOptions') {
      await call();
      stack.sql('UPDATE throttle SET short_count = 1000000');
      return call();
    }
    const wrong = { confirmTotp: { code: who.wrong }, resetPassword: { email: `${who.identifier}@example.org`, code: '00000000', new_password: 'a kettle sings behind the mill' }, takeAttempt: { counter: 'try' }, beginAsGuest: { transport: 'handle' }, signIn: { identifier: who.identifier, password: 'x', transport: 'handle' }, stepUp: { method: 'password', password: 'x' }, changePassword: { current_password: 'x', new_password: 'a kettle sings behind the mill' }, proveAddress: { email: who.proof?.email, code: '00000000' } };
    wrong.secondFactor = { method: 'recovery_code', code: 'none of them' };
    const options = takesServices({ operation }) ? { headers: wrongSecret } : { json: wrong[operation.operationId] };
    for (let i = 0; i < 12; i++) {
      const answer = await call(options);
      if (answer.status === 429) return answer;
    }
    throw new Error('never throttled');
  },
};

// One person, one session: by cookie all sessions are ended, so that the cookie goes as well.
async function bringAbout(entry, status, transport = 'handle') {
  const who = person(isAdmin(entry) ? 'head' : isOfWarden(entry, status) ? 'warden' : 'reader');
  const jar = new Jar();
  const codes = entry.operation.operationId === 'secondFactor' && status !== '409' ? await withFactor(who) : [];
  const other = isAdmin(entry) ? await subject() : undefined;
  if (entry.operation.operationId === 'resetFactors') stack.sql(`UPDATE user SET factors = 1 WHERE username = '${other.username}'`);
  const carried = isRefresh(entry) ? 'token' : transport;
  const { json: mine } = jar.take(await stack.client.post(`${api}/sessions`, { json: { ...who, transport: carried, ...(isOfDevice(entry) && { device_id: 'mine' }) } }));
  [who.recovery] = codes;
  if (entry.operation.operationId === 'proveAddress') who.proof = await askedFor(`proof-${who.identifier}@example.org`);
  const own = carried === 'token' ? {} : transport === 'handle' ? { 'X-Session-Id': mine.session_handle } : { Cookie: jar.header(), 'X-CSRF-Token': mine.session.csrf_token };
  const device = isOfDevice(entry) ? await deviceOf(own) : undefined;
  if (needsApp(entry, status)) withApp(who);
  if (entry.operation.operationId === 'confirmTotp' && ['200', '429'].includes(status)) {
    const { secret } = (await stack.client.post(`${api}/totp`, { headers: own })).json;
    Object.assign(who, { code: appCode(secret), wrong: wrongCode(secret) });
  }
  const carrier = isServices(entry) ? service.headers : own;
  if (entry.operation.operationId === 'registerPasskey') who.passkey = await makePasskey(own);
  const passkey = entry.operation.operationId === 'removePasskey' ? addPasskeys(who, 1) : undefined;
  // A guest begins without a session; a form token belongs to one.
  const alone = entry.operation.operationId === 'beginAsGuest' && status !== '403';
  const matches = ['changeFlow', 'moveFlow', 'endFlow'].includes(entry.operation.operationId) ? '*' : undefined;
  const email = `${who.identifier}@example.org`;
  if (entry.operation.operationId === 'resetPassword') await stack.client.post(`${api}/password/recover`, { json: { email } });
  const code = entry.operation.operationId === 'resetPassword' ? lastMail(stack, email, 'recover').values.code : undefined;
  const call = ({ anonymous = alone, id = other?.id ?? device ?? passkey ?? mine.session.id, tenant: wanted, kind, query, closed, mailed = code, headers = {}, tag = matches, ...more } = {}) => {
    const { path, json } = fill(entry, who, { id, session: other?.session, tenant: wanted, kind, query, mailed }, transport);
    const form = formOf(entry, mine);
    if (closed) stack.sql(`UPDATE user SET state = 3 WHERE username = '${other.username}'`);
    return stack.client.request(entry.verb.toUpperCase(), path, { json, form, ...more, headers: { ...asked(entry), ...(anonymous ? {} : carrier), ...(tag && { 'If-Match': tag }), ...headers } });
  };
  const runs = entry.path.startsWith('/flows/') && !(entry.operation.operationId === 'startFlow' && ['201', '409'].includes(status));
  if (runs) assert.equal((await stack.client.post(`${api}/flows/trip`, { json: {}, headers: carrier })).status, 201);
  const answer = await (ways[status] ? ways[status](call, entry, who) : call());
  assert.equal(String(answer.status), status, `${entry.name} by ${transport}: ${answer.body}`);
  return answer;
}

test('every way to step up, and a passkey as second factor, are as described: the password alone makes nobody aal2', async () => {
  stack.sql('DELETE FROM throttle');
  const who = person();
  const device = 'a phone of the tests';
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  let { session_handle: handle } = await stack.signIn(who, { device_id: device });
  const ask = (method, path, json) => stack.withHandle(handle, method, path, { json });
  const stepUp = async (proof) => {
    stack.sql(`UPDATE session SET auth_time = auth_time - 3600000000, aal = 1 WHERE user_id = ${idOf(who)}`);
    const answer = await ask('POST', '/session/reauth', proof);
    assert.equal(answer.status, 200, `${proof.method}: ${answer.body}`);
    handle = answer.json.session_handle;
    return answer.json.session;
  };
  const [{ id }] = (await ask('GET', '/devices')).json.devices;
  assert.equal((await ask('PUT', `/devices/${id}/key`, { public_key: publicKey.export({ format: 'jwk' }) })).status, 204);
  const { secret } = (await ask('POST', '/totp')).json;
  const { recovery_codes: [code] } = (await ask('POST', '/totp/confirm', { code: appCode(secret) })).json;
  // The code that set it up is used; this is about the shape of the answers.
  stack.sql(`UPDATE totp SET last_step = 0 WHERE user_id = ${idOf(who)}`);

  assert.equal((await stepUp({ method: 'password', password: who.password })).aal, 'aal1');
  const weak = await ask('DELETE', '/totp');
  assert.deepEqual([weak.status, weak.json.code, weak.json.methods], [401, 'reauthentication_required', ['totp', 'recovery_code', 'device_key']]);
  assert.match(weak.headers['www-authenticate'], /error="insufficient_user_authentication", max_age=300, acr_values="aal2"$/);

  const byApp = await stepUp({ method: 'totp', code: appCode(secret), purpose: 'payment' });
  assert.deepEqual([byApp.aal, byApp.amr], ['aal2', ['pwd', 'otp', 'mfa']]);
  assert.equal((await stepUp({ method: 'recovery_code', code })).aal, 'aal2');
  const { json: { challenge: text, purpose, passkey } } = await ask('POST', '/session/challenge', { purpose: 'payment' });
  assert.deepEqual([purpose, passkey], ['payment', null]);
  const byKey = await stepUp({ method: 'device_key', device_id: device, challenge: text, signature: sign('sha256', Buffer.from(text), privateKey).toString('base64url') });
  assert.deepEqual([byKey.aal, byKey.amr], ['aal2', ['pwd', 'otp', 'mfa', 'pop']]);
  const { challenge: again } = (await ask('POST', '/session/challenge', { purpose: 'payment' })).json;
  const lines = Buffer.from(again, 'base64url');
  assert.match(lines.toString(), /^gatepost-device-key\nhttps:[^\n]+\n[^\n]+\npayment\n\d+\n[^\n]+$/);
  await stepUp({ method: 'device_key', device_id: device, challenge: again, signature: sign('sha256', lines, privateKey).toString('base64url') });
  assert.equal((await ask('DELETE', '/totp')).status, 204);

  const authenticator = new Authenticator(stack.origin);
  assert.equal((await ask('POST', '/passkeys', { passkey: authenticator.create((await ask('POST', '/passkeys/options')).json) })).status, 201);
  const offered = async () => (await ask('POST', '/session/challenge', { purpose: 'payment' })).json.passkey;
  const byPasskey = await stepUp({ method: 'passkey', passkey: authenticator.get(await offered()), purpose: 'payment' });
  assert.deepEqual([byPasskey.aal, byPasskey.amr], ['aal2', ['pwd', 'otp', 'mfa', 'pop', 'hwk', 'user']]);

  const { session, session_handle: waiting } = await stack.signIn(who, { device_id: device });
  assert.deepEqual([session.state, session.methods], ['second_factor_required', ['recovery_code', 'passkey']]);
  handle = waiting;
  const completed = await ask('POST', '/session/second-factor', { method: 'passkey', passkey: authenticator.get(await offered()) });
  assert.equal(completed.status, 200, completed.body);
  assert.deepEqual([completed.json.session.state, completed.json.session.amr], ['active', ['pwd', 'hwk', 'mfa', 'user']]);
});

async function bringAboutUnavailable(all) {
  const who = { ...person(), proof: { email: 'nobody@example.org', code: '00000000' } };
  const { session, session_handle: handle } = await stack.signIn(who);
  await stack.mariadb.kill('SIGKILL');
  try {
    for (const entry of all) {
      const { path, json } = fill(entry, who, { id: session.id });
      const form = formOf(entry, { session_handle: handle, refresh_token: `gpr_${'A'.repeat(43)}` });
      const headers = { ...asked(entry), ...(isServices(entry) ? service.headers : { 'X-Session-Id': handle }) };
      const answer = await stack.client.request(entry.verb.toUpperCase(), path, { json, form, headers });
      assert.equal(answer.status, 503, `${entry.name}: ${answer.body}`);
    }
  } finally {
    await stack.mariadb.restart();
  }
}

test('every described answer of every operation is given, but for what cannot be asked for', async (t) => {
  exercised.clear();
  const pairs = operations().flatMap((entry) => Object.keys(entry.operation.responses).map((status) => ({ entry, status, key: `${entry.name} ${status}` })));
  const open = pairs.filter(({ entry, status }) => unreachable(entry, status) === undefined);
  for (const { entry, status } of open) {
    if (status === '503') continue;
    // Wrong passwords on purpose, from one source: this is about answers, and throttle.test.mjs about counting.
    stack.sql('DELETE FROM throttle');
    const wanted = status === '403' && entry.verb !== 'get' && !isServices(entry) && !isForm(entry.operation) ? 'cookie' : 'handle';
    await bringAbout(entry, status, wanted);
    if (status < 300) {
      const { headers } = await bringAbout(entry, status, 'cookie');
      // Signing in again asks for a handle here; the sign-in by cookie came before. A factor renews what waits for one.
      const keeps = ['signIn', 'registerPasskey'].includes(entry.operation.operationId);
      const described = follow(entry.operation.responses[status]).headers['Set-Cookie'] !== undefined && !keeps;
      assert.equal(headers['set-cookie'] !== undefined, described, `${entry.name}: cookies as described`);
    }
  }
  await bringAboutUnavailable(open.filter(({ status }) => status === '503').map(({ entry }) => entry));

  for (const { entry, status, key } of pairs) {
    if (!exercised.has(key)) t.diagnostic(`not exercised: ${key} (${unreachable(entry, status)})`);
  }
  for (const { name, operation } of operations()) {
    const successes = Object.keys(operation.responses).filter((status) => status < 300);
    assert.ok(successes.length > 0 && successes.every((status) => exercised.has(`${name} ${status}`)), `${name} never succeeded`);
  }
  assert.deepEqual(open.map(({ key }) => key).filter((key) => !exercised.has(key)), [], 'described and never given');
  assert.deepEqual(pairs.filter(({ entry, status, key }) => unreachable(entry, status) && exercised.has(key)).map(({ key }) => key), [], 'given after all');
});
