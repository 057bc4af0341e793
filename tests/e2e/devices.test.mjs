// CONTRACT §4: /devices: the list, a device's key, taking one away.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { startStack } from '../support/harness.mjs';
import { Jar } from '../support/client.mjs';
import { mailsTo } from '../support/outbox.mjs';

let stack;
before(async () => {
  stack = await startStack({ users: ['alice', 'bob', 'carol', 'dora', 'emil'] });
});
after(() => stack?.stop());

const api = '/auth/api/v1';
const idSql = (id) => `UNHEX('${Buffer.from(id, 'base64url').toString('hex')}')`;
const isCode = (answer, status, word) => {
  assert.equal(answer.status, status, answer.body);
  assert.equal(answer.json.code, word);
  return answer;
};
const onDevice = (who, name, id = randomUUID()) => stack.signIn(who, { device_id: id, device_name: name });
const devicesOf = async (handle, query = '') => {
  const answer = await stack.withHandle(handle, 'GET', `/devices${query}`);
  assert.equal(answer.status, 200, answer.body);
  return answer.json;
};
const named = async (handle, name) => (await devicesOf(handle)).devices.find((device) => device.name === name);
const own = async (handle) => (await devicesOf(handle)).devices.find(({ current }) => current);
const jwk = (type, options) => generateKeyPairSync(type, options).publicKey.export({ format: 'jwk' });
const p256 = () => jwk('ec', { namedCurve: 'P-256' });
const ed25519 = () => jwk('ed25519');
const setKey = (handle, id, public_key) => stack.withHandle(handle, 'PUT', `/devices/${id}/key`, { json: { public_key } });
const added = (name) => mailsTo(stack, `${name}@example.org`).filter(({ kind }) => kind === 'factor-added').length;

test('the list: newest first, page by page, one\'s own is marked', async () => {
  const { alice } = stack.users;
  const handles = [];
  for (const name of ['one', 'two', 'three']) handles.push((await onDevice(alice, name)).session_handle);
  const jar = new Jar();
  jar.take(await stack.client.post(`${api}/sessions`, { json: { ...alice, transport: 'cookie', device_id: 'tablet', device_name: 'Tablet' } }));
  const all = await stack.client.get(`${api}/devices`, { headers: { Cookie: jar.header() } });
  assert.equal(all.status, 200, all.body);
  assert.deepEqual(all.json.devices.map(({ name, current }) => [name, current]), [['Tablet', true], ['three', false], ['two', false], ['one', false]]);
  for (const device of all.json.devices) {
    assert.equal(device.kind, 'app');
    assert.equal(device.has_key, false);
    assert.equal(device.trusted_until, null);
    assert.ok(Date.now() - Date.parse(device.last_seen_at) < 60e3);
  }
  const names = [];
  for (let query = '?limit=3'; query;) {
    const page = await devicesOf(handles[0], query);
    names.push(...page.devices.map(({ name }) => name));
    query = page.next_cursor && `?limit=3&cursor=${page.next_cursor}`;
  }
  assert.deepEqual(names, ['Tablet', 'three', 'two', 'one']);
  for (const query of ['?limit=0', '?limit=101', '?cursor=x']) isCode(await stack.withHandle(handles[0], 'GET', `/devices${query}`), 400, 'invalid_request');
  const { session_handle: stranger } = await stack.signIn(stack.users.bob);
  assert.deepEqual(await devicesOf(stranger), { devices: [], next_cursor: null });
});

test('a trust that is over is none', async () => {
  const { session_handle: handle } = await onDevice(stack.users.alice, 'trusted');
  const { id } = await own(handle);
  const until = (at) => stack.sql(`UPDATE device SET trusted_until = ${at} WHERE id = ${idSql(id)}`);
  until(4000000000000000);
  assert.equal((await own(handle)).trusted_until, '2096-10-02T07:06:40Z');
  until((Date.now() - 1000) * 1000);
  assert.equal((await own(handle)).trusted_until, null);
});

test('MF-19: a device sets its own key, of either curve, and the address is told', async () => {
  const { bob } = stack.users;
  const { session_handle: handle } = await onDevice(bob, 'phone');
  const { session_handle: other } = await onDevice(bob, 'tablet');
  const { id } = await own(handle);
  const key = p256();
  assert.equal((await setKey(handle, id, key)).status, 204);
  assert.equal((await own(handle)).has_key, true);
  const [row] = stack.sql(`SELECT key_kind, HEX(public_key) AS octets FROM device WHERE id = ${idSql(id)}`);
  const octets = Buffer.concat([Buffer.from([4]), Buffer.from(key.x, 'base64url'), Buffer.from(key.y, 'base64url')]);
  assert.deepEqual({ ...row, key_kind: Number(row.key_kind) }, { key_kind: 1, octets: octets.toString('hex').toUpperCase() });
  assert.equal(added('bob'), 1);
  assert.equal((await setKey(handle, id, key)).status, 204, 'a lost answer: the same once more');
  assert.equal(added('bob'), 1);
  assert.equal((await setKey(handle, id, { ...ed25519(), use: 'sig', kid: 'mine' })).status, 204);
  assert.equal(added('bob'), 2);
  isCode(await setKey(handle, (await own(other)).id, p256()), 409, 'conflict');
  assert.equal((await own(other)).has_key, false);
});

test('of others, of none, and what is no id: 404', async () => {
  const { session_handle: handle } = await onDevice(stack.users.carol, 'phone');
  const { session_handle: stranger } = await onDevice(stack.users.dora, 'phone');
  const { id } = await own(stranger);
  for (const wrong of [id, 'AAAAAAAAAAAAAAAAAAAAAA', 'x']) {
    isCode(await setKey(handle, wrong, p256()), 404, 'not_found');
    isCode(await stack.withHandle(handle, 'DELETE', `/devices/${wrong}`), 404, 'not_found');
  }
  assert.equal((await own(stranger)).has_key, false);
});

test('what is no key is refused by name: other curves, points off them, private ones', async () => {
  const { session_handle: handle } = await onDevice(stack.users.carol, 'phone');
  const { id } = await own(handle);
  const good = p256();
  const flipped = Buffer.from(good.y, 'base64url');
  flipped[31] ^= 1;
  const octets = (byte, first = byte) => Buffer.concat([Buffer.from([first]), Buffer.alloc(31, byte)]).toString('base64url');
  const bad = [
    { ...good, y: flipped.toString('base64url') },
    { ...good, x: octets(0), y: octets(0) },
    { ...good, y: undefined },
    { ...good, x: `${good.x}A` },
    { ...good, alg: 'ES384' },
    { ...good, use: 'enc' },
    jwk('ec', { namedCurve: 'P-384' }),
    jwk('ec', { namedCurve: 'secp256k1' }),
    jwk('rsa', { modulusLength: 2048 }),
    generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' }),
    generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' }),
    jwk('x25519'),
    { kty: 'OKP', crv: 'Ed25519', x: octets(0) },
    { kty: 'OKP', crv: 'Ed25519', x: octets(0, 1) },
    {},
  ];
  for (const key of bad) {
    const answer = isCode(await setKey(handle, id, key), 400, 'invalid_request');
    assert.deepEqual(answer.json.fields.map(({ name }) => name), ['public_key'], JSON.stringify(key));
  }
  for (const json of [{}, { public_key: 'x' }, { public_key: null }, { public_key: good, more: 1 }]) {
    isCode(await stack.withHandle(handle, 'PUT', `/devices/${id}/key`, { json }), 400, 'invalid_request');
  }
  assert.equal((await own(handle)).has_key, false);
});

test('removed: its session is refused at once, its key is gone; others go on', async () => {
  const { dora } = stack.users;
  const device = randomUUID();
  const { session_handle: phone } = await onDevice(dora, 'old phone', device);
  const { session_handle: tablet } = await onDevice(dora, 'tablet');
  const { id } = await own(phone);
  assert.equal((await setKey(phone, id, p256())).status, 204);
  assert.equal((await stack.withHandle(tablet, 'DELETE', `/devices/${id}`)).status, 204);
  isCode(await stack.withHandle(phone, 'GET', '/session'), 401, 'unauthenticated');
  assert.equal((await stack.withHandle(tablet, 'GET', '/session')).status, 200);
  assert.equal(await named(tablet, 'old phone'), undefined);
  isCode(await stack.withHandle(tablet, 'DELETE', `/devices/${id}`), 404, 'not_found');
  assert.equal(mailsTo(stack, 'dora@example.org').filter(({ kind }) => kind === 'factor-removed').length, 1);
  const { session_handle: back } = await onDevice(dora, 'old phone', device);
  const again = await own(back);
  assert.notEqual(again.id, id);
  assert.equal(again.has_key, false);
});

test('one\'s own, by cookie: the token is asked for, and the cookie is taken away', async () => {
  const { dora } = stack.users;
  const jar = new Jar();
  const signedIn = jar.take(await stack.client.post(`${api}/sessions`, { json: { ...dora, transport: 'cookie', device_id: 'mine' } }));
  const { devices } = (await stack.client.get(`${api}/devices`, { headers: { Cookie: jar.header() } })).json;
  const path = `${api}/devices/${devices.find(({ current }) => current).id}`;
  const cookie = jar.header();
  isCode(await stack.client.request('DELETE', path, { headers: { Cookie: cookie } }), 403, 'csrf_failed');
  isCode(await stack.client.request('PUT', `${path}/key`, { json: { public_key: p256() }, headers: { Cookie: cookie } }), 403, 'csrf_failed');
  const answer = jar.take(await stack.client.request('DELETE', path, { headers: { Cookie: cookie, 'X-CSRF-Token': signedIn.json.session.csrf_token } }));
  assert.equal(answer.status, 204, answer.body);
  assert.ok(!jar.header().includes('__Host-gatepost='), jar.header());
  isCode(await stack.client.get(`${api}/session`, { headers: { Cookie: cookie } }), 401, 'unauthenticated');
});

test('MF-15: a key needs five minutes and the factor of who has one; taking away only a fresh sign-in', async () => {
  const { emil } = stack.users;
  const { session, session_handle: handle } = await onDevice(emil, 'phone');
  const { session_handle: other } = await onDevice(emil, 'tablet');
  const { id } = await own(handle);
  const { id: tablet } = await own(other);
  const age = (seconds) => stack.sql(`UPDATE session SET auth_time = ${(Date.now() - seconds * 1000) * 1000} WHERE id = ${idSql(session.id)}`);
  age(301);
  const refused = isCode(await setKey(handle, id, p256()), 401, 'reauthentication_required');
  assert.match(refused.headers['www-authenticate'], /max_age=300/);
  age(901);
  isCode(await stack.withHandle(handle, 'DELETE', `/devices/${tablet}`), 401, 'reauthentication_required');
  age(1);
  stack.sql("UPDATE user SET factors = 1 WHERE username = 'emil'");
  const asked = isCode(await setKey(handle, id, p256()), 401, 'reauthentication_required');
  assert.match(asked.headers['www-authenticate'], /acr_values="aal2"/);
  assert.equal((await own(handle)).has_key, false);
  assert.equal((await stack.withHandle(handle, 'DELETE', `/devices/${tablet}`)).status, 204);
  isCode(await stack.withHandle(other, 'GET', '/session'), 401, 'unauthenticated');
});
