// CONTRACT §4: authenticator apps and recovery codes over the API, by every carrier. The app is oathtool.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { startStack } from '../support/harness.mjs';
import { Jar } from '../support/client.mjs';
import { code, wrongCode } from '../support/oathtool.mjs';
import { mailsTo } from '../support/outbox.mjs';

let stack;
before(async () => {
  stack = await startStack({ users: ['alice', 'bob', 'carol', 'dora', 'emil', 'fred', 'greta', 'hans'] });
});
after(() => stack?.stop());

const api = '/auth/api/v1';
const idSql = (id) => `UNHEX('${Buffer.from(id, 'base64url').toString('hex')}')`;
const change = (id, set) => stack.sql(`UPDATE session SET ${set} WHERE id = ${idSql(id)}`);
const now = () => Date.now() * 1000;
// As a step-up with a second factor leaves a session.
const shown = (id) => change(id, `aal = 2, aal2_end = ${now() + 12 * 3600e6}, auth_time = ${now()}, last_seen = ${now()}`);
const isCode = (answer, status, word) => {
  assert.equal(answer.status, status, answer.body);
  assert.equal(answer.json.code, word);
  return answer;
};
const octetsOf = (base32) => {
  const bits = [...base32].map((c) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0')).join('');
  return Buffer.from(bits.match(/.{8}/g).map((octet) => parseInt(octet, 2)));
};
const rowOf = (name, of = stack) => of.sql(`SELECT HEX(secret) AS secret, HEX(next_secret) AS next, last_step, u.factors FROM user u
  LEFT JOIN totp t ON t.user_id = u.id WHERE u.username = '${name}'`)[0];

/*
 * Somebody's client, whatever carries its session: {session, send(method, path, json)}; a new value in an answer is the
 * one that it has from then on.
 */
async function clientOf(who, transport, of = stack) {
  const jar = new Jar();
  const held = { jar };
  const take = (answer) => {
    jar.take(answer);
    held.handle = answer.json?.session_handle ?? held.handle;
    if (answer.json?.access_token) Object.assign(held, { token: answer.json.access_token, handle: undefined });
    if (answer.json?.session) held.session = answer.json.session;
    return answer;
  };
  const headers = () => {
    if (held.token) return { Authorization: `Bearer ${held.token}` };
    return held.handle ? { 'X-Session-Id': held.handle } : { Cookie: jar.header(), 'X-CSRF-Token': held.session.csrf_token };
  };
  const signedIn = take(await of.client.post(`${api}/sessions`, { json: { ...who, transport } }));
  assert.equal(signedIn.status, 201, signedIn.body);
  held.headers = headers;
  held.send = async (method, path, json, more = {}) =>
    take(await of.client.request(method, `${api}${path}`, { ...(json && { json }), headers: { ...headers(), ...more } }));
  return held;
}

const begin = async (client) => {
  const answer = await client.send('POST', '/totp');
  assert.equal(answer.status, 200, answer.body);
  return answer.json;
};
const confirm = (client, typed) => client.send('POST', '/totp/confirm', { code: typed });
async function setUp(client) {
  const { secret } = await begin(client);
  const answer = await confirm(client, code(secret));
  assert.equal(answer.status, 200, answer.body);
  return { secret, codes: answer.json.recovery_codes };
}

for (const [name, transport] of [['alice', 'handle'], ['bob', 'cookie'], ['carol', 'token']]) {
  test(`MF-01, MF-06, MF-19: ${name} sets an app up by ${transport}; the secret is sealed, the address told`, async () => {
    const client = await clientOf(stack.users[name], transport);
    const { secret, otpauth_uri: uri, qr_svg: svg } = await begin(client);
    const url = new URL(uri);
    assert.equal(url.protocol, 'otpauth:');
    assert.equal(url.searchParams.get('secret'), secret);
    assert.match(decodeURIComponent(url.pathname), new RegExp(`:${name}$`));
    assert.match(svg, /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" viewBox="0 0 (\d+) \1"><path d="[Mmhvz0-9 -]+"\/><\/svg>$/);
    const octets = octetsOf(secret).toString('hex').toUpperCase();
    assert.equal(octets.length, 40);
    const offered = rowOf(name);
    assert.ok(offered.next.length === 120 && !offered.next.includes(octets));
    assert.equal(offered.secret, null);
    assert.equal(Number(offered.factors), 0, 'not in use before a right code');

    const answer = await confirm(client, ` ${code(secret).replace(/^.../, '$& ')}`);
    assert.equal(answer.status, 200, answer.body);
    assert.deepEqual(Object.keys(answer.json), ['recovery_codes'], 'the session goes on as it is');
    const codes = answer.json.recovery_codes;
    assert.equal(new Set(codes).size, 10);
    const used = rowOf(name);
    assert.ok(used.secret.length === 120 && !used.secret.includes(octets));
    assert.equal(used.next, null);
    assert.equal(Number(used.factors), 5);
    assert.equal((await client.send('GET', '/session')).status, 200);
    assert.deepEqual(mailsTo(stack, `${name}@example.org`).map(({ kind }) => kind).filter((kind) => kind.startsWith('factor')), ['factor-added']);
    for (const told of [secret, octets, ...codes]) assert.ok(!stack.workerOutput().includes(told), 'in no log');
    const left = await client.send('GET', '/recovery-codes');
    assert.equal(left.json.left, 10);
    assert.equal(left.json.last_used_at, null);
    isCode(await confirm(client, code(secret)), 401, 'reauthentication_required');
  });
}

test('by cookie each of them asks for the token', async () => {
  const client = await clientOf(stack.users.dora, 'cookie');
  for (const [method, path, json] of [['POST', '/totp'], ['POST', '/totp/confirm', { code: '123456' }], ['DELETE', '/totp'], ['POST', '/recovery-codes']]) {
    isCode(await client.send(method, path, json, { 'X-CSRF-Token': 'none' }), 403, 'csrf_failed');
  }
  assert.equal(rowOf('dora').next, null);
});

test('MF-06: wrong, late and replaced: nothing is in use, and each is said', async () => {
  const client = await clientOf(stack.users.dora, 'handle');
  isCode(await confirm(client, '123456'), 409, 'conflict');
  const first = await begin(client);
  isCode(await confirm(client, wrongCode(first.secret)), 401, 'invalid_credentials');
  const second = await begin(client);
  assert.notEqual(second.secret, first.secret);
  isCode(await confirm(client, code(first.secret)), 401, 'invalid_credentials');
  stack.sql('UPDATE totp SET next_at = next_at - 3600000000');
  isCode(await confirm(client, code(second.secret)), 409, 'conflict');
  assert.equal(Number(rowOf('dora').factors), 0);
  assert.equal(stack.sql("SELECT detail FROM audit_event e JOIN user u ON u.id = e.user_id WHERE event = 'authn_factor_fail' AND username = 'dora'").length, 2);
  for (const [json, name] of [[{}, 'code'], [{ code: 5 }, 'code'], [{ code: 'x'.repeat(65) }, 'code'], [{ code: '1', more: '2' }, 'more']]) {
    const answer = isCode(await client.send('POST', '/totp/confirm', json), 400, 'invalid_request');
    assert.deepEqual(answer.json.fields.map((field) => field.name), [name]);
  }
});

test('TH-08: wrong codes are counted over all sessions of the account', async () => {
  const client = await clientOf(stack.users.emil, 'handle');
  const { secret } = await begin(client);
  const wrong = wrongCode(secret);
  for (let i = 0; i < 3; i++) isCode(await confirm(client, wrong), 401, 'invalid_credentials');
  const other = await clientOf(stack.users.emil, 'handle');
  let answer;
  for (let i = 0; i < 10 && answer?.status !== 429; i++) answer = await confirm(other, wrong);
  isCode(answer, 429, 'too_many_attempts');
  assert.ok(Number(answer.headers['retry-after']) > 0);
  isCode(await confirm(client, code(secret)), 429, 'too_many_attempts');
  stack.sql('DELETE FROM throttle');
  assert.equal((await confirm(client, code(secret))).status, 200);
});

test('MF-15: five minutes old at most, and with the factor of who has one', async () => {
  const client = await clientOf(stack.users.fred, 'handle');
  const all = [['POST', '/totp'], ['POST', '/totp/confirm', { code: '123456' }], ['DELETE', '/totp'], ['POST', '/recovery-codes']];
  change(client.session.id, `auth_time = ${now() - 301e6}`);
  for (const one of all) {
    const answer = isCode(await client.send(...one), 401, 'reauthentication_required');
    assert.match(answer.headers['www-authenticate'], /max_age=300/);
  }
  assert.equal(rowOf('fred').next, null);
  change(client.session.id, `auth_time = ${now()}`);
  await setUp(client);
  for (const one of all) {
    const answer = isCode(await client.send(...one), 401, 'reauthentication_required');
    assert.match(answer.headers['www-authenticate'], /acr_values="aal2"/);
    assert.ok(answer.json.methods.includes('totp'), answer.body);
  }
  shown(client.session.id);
  assert.equal((await client.send('POST', '/totp')).status, 200);
});

test('MF-13, MF-17: replaced, codes made anew, removed; the address is told of each', async () => {
  const client = await clientOf(stack.users.greta, 'handle');
  isCode(await client.send('DELETE', '/totp'), 404, 'not_found');
  isCode(await client.send('POST', '/recovery-codes'), 409, 'conflict');
  assert.deepEqual((await client.send('GET', '/recovery-codes')).json, { left: 0, created_at: null, last_used_at: null });
  const { codes } = await setUp(client);
  const before = rowOf('greta').secret;
  shown(client.session.id);

  const other = await begin(client);
  assert.equal(rowOf('greta').secret, before, 'an unfinished one replaces nothing');
  const answer = await confirm(client, code(other.secret));
  assert.equal(answer.status, 200, answer.body);
  assert.deepEqual(answer.json, { recovery_codes: [] });
  assert.notEqual(rowOf('greta').secret, before);

  const made = await client.send('POST', '/recovery-codes');
  assert.equal(made.status, 200, made.body);
  assert.equal(new Set([...codes, ...made.json.recovery_codes]).size, 20);
  assert.equal((await client.send('DELETE', '/totp')).status, 204);
  assert.equal(Number(rowOf('greta').factors), 0);
  assert.equal((await client.send('GET', '/recovery-codes')).json.left, 0);
  isCode(await client.send('DELETE', '/totp'), 404, 'not_found');
  const kinds = mailsTo(stack, 'greta@example.org').map(({ kind }) => kind).filter((kind) => kind.startsWith('factor'));
  assert.deepEqual(kinds.sort(), ['factor-added', 'factor-added', 'factor-added', 'factor-removed']);
  const { activity } = (await client.send('GET', '/activity')).json;
  for (const event of ['factor_added', 'recovery_codes_made', 'factor_removed']) assert.ok(activity.some((each) => each.event === event), event);
});

test('MF-04: of fifty confirmations at once with one code one is taken', async () => {
  const client = await clientOf(stack.users.hans, 'handle');
  const { secret } = await begin(client);
  const json = { code: code(secret) };
  const answers = await Promise.all(Array.from({ length: 50 }, () =>
    stack.client.post(`${api}/totp/confirm`, { json, headers: client.headers() })));
  assert.equal(answers.filter(({ status }) => status === 200).length, 1);
  for (const { status, json } of answers) {
    if (status !== 200) assert.ok(['conflict', 'too_many_attempts', 'reauthentication_required'].includes(json.code), json.code);
  }
  assert.equal(Number(stack.sql("SELECT COUNT(*) AS n FROM audit_event e JOIN user u ON u.id = e.user_id WHERE event = 'factor_added' AND username = 'hans'")[0].n), 1);
});

test('MF-17: where everybody has to have one, setting it up completes the sign-in, by every carrier', async () => {
  const strict = await startStack({ users: ['alice', 'bob', 'carol'], settings: { second_factor: { require: 'all' } } });
  try {
    for (const [name, transport] of [['alice', 'handle'], ['bob', 'cookie'], ['carol', 'token']]) {
      const client = await clientOf(strict.users[name], transport, strict);
      assert.equal(client.session.state, 'enrolment_required');
      isCode(await client.send('GET', '/devices'), 403, 'forbidden');
      const former = client.headers();
      const { secret } = await begin(client);
      const json = { code: code(secret) };
      isCode(await confirm(client, wrongCode(secret)), 401, 'invalid_credentials');
      const answer = await confirm(client, json.code);
      assert.equal(answer.status, 200, answer.body);
      assert.equal(answer.json.recovery_codes.length, 10);
      assert.equal(answer.json.session.state, 'active');
      assert.equal(answer.json.session.aal, 'aal2');
      assert.deepEqual(answer.json.session.amr, ['pwd', 'otp', 'mfa']);
      assert.equal(answer.json.access_token !== undefined, transport === 'token');
      // The answer was lost: the same once more, but for the codes.
      const again = await strict.client.post(`${api}/totp/confirm`, { json, headers: former });
      assert.equal(again.status, 200, again.body);
      assert.equal(again.json.recovery_codes, undefined);
      assert.equal(again.json.session_handle, answer.json.session_handle);
      assert.equal((await client.send('GET', '/devices')).status, 200);
      isCode(await strict.client.post(`${api}/totp/confirm`, { json, headers: former }), 401, 'unauthenticated');
      isCode(await client.send('DELETE', '/totp'), 409, 'conflict');
      assert.equal(Number(rowOf(name, strict).factors), 5);
    }
  } finally {
    await strict.stop();
  }
});
