// CONTRACT §1, §7: sessions carried by tokens: pairs, their exchange, access tokens on every route, and what ends them.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { createLocalJWKSet, jwtVerify } from 'jose';
import { startStack } from '../support/harness.mjs';
import { Jar } from '../support/client.mjs';
import { makeService } from '../support/services.mjs';

let stack;
before(async () => {
  stack = await startStack({ settings: {
    'client app': { audience: 'https://orders.example', services: 'orders' },
    'client partner': { refresh_grace: '0s' },
    'flow trip': { steps: 'start > end', client_may: 'start > end' },
  } });
});
after(() => stack?.stop());

const api = '/auth/api/v1';
const agent = { 'User-Agent': 'Example/1.0' };
const by = (token, more = {}) => ({ headers: { Authorization: `Bearer ${token}`, ...more } });
const ask = (method, path, token, options = {}) => stack.client.request(method, `${api}${path}`, { ...options, ...by(token, options.headers) });
const check = (token) => ask('GET', '/session', token);
const refresh = (token, more = {}, headers = agent) =>
  stack.client.post('/auth/oauth/token', { form: { grant_type: 'refresh_token', refresh_token: token, ...more }, headers });
const claimsOf = (token) => JSON.parse(Buffer.from(token.split('.')[1], 'base64url'));
const problem = (answer, status, code) => {
  assert.equal(answer.status, status, answer.body);
  assert.equal(answer.json.code, code);
  return answer;
};
const oauthError = (answer, error, status = 400) => {
  assert.equal(answer.status, status, answer.body);
  assert.equal(answer.json.error, error);
  return answer;
};

async function signIn(who = stack.users.alice, more = {}) {
  const answer = await stack.client.post(`${api}/sessions`, { json: { ...who, transport: 'token', ...more }, headers: agent });
  assert.equal(answer.status, 201, answer.body);
  return answer.json;
}

async function refreshed(token, more) {
  const answer = await refresh(token, more);
  assert.equal(answer.status, 200, answer.body);
  return answer.json;
}

test('signing in gives a pair, and nothing by cookie or handle', async () => {
  const answer = await stack.client.post(`${api}/sessions`, { json: { ...stack.users.alice, transport: 'token' }, headers: agent });
  assert.equal(answer.status, 201, answer.body);
  assert.equal(answer.headers['set-cookie'], undefined);
  assert.equal(answer.json.session_handle, undefined);
  assert.equal(answer.json.session.csrf_token, undefined);
  assert.equal(answer.json.session.class, 'native');
  assert.equal(answer.json.token_type, 'Bearer');
  assert.equal(answer.json.expires_in, 600);
  assert.equal(answer.json.refresh_expires_in, 14 * 86400);
  assert.match(answer.json.refresh_token, /^gpr_[\w-]{43}$/);
});

test('TK-06, TK-09: what an access token claims, verified by jose and the published keys', async () => {
  const { access_token: token, session, user } = await signIn();
  const published = await stack.client.get('/auth/.well-known/jwks.json');
  const { payload, protectedHeader } = await jwtVerify(token, createLocalJWKSet(published.json), { issuer: stack.base, audience: 'https://orders.example', typ: 'at+jwt' });
  assert.equal(protectedHeader.alg, 'EdDSA');
  assert.equal(payload.sub, user.id);
  assert.equal(payload.sid, session.id);
  assert.equal(payload.client_id, 'app');
  assert.equal(payload.exp - payload.iat, 600);
  assert.equal(payload.acr, 'aal1');
  assert.deepEqual(payload.amr, ['pwd']);
  assert.equal(payload.auth_time, Date.parse(session.auth_time) / 1000);
  assert.deepEqual(Object.keys(payload).sort(), ['acr', 'amr', 'aud', 'auth_time', 'client_id', 'exp', 'iat', 'iss', 'jti', 'sid', 'sub', 'sv']);
});

test('as Bearer an access token is what a handle is: on every kind of route, without a CSRF token', async () => {
  const { access_token: token, session } = await signIn();
  const mine = await check(token);
  assert.equal(mine.status, 200);
  assert.equal(mine.json.session.id, session.id);
  assert.equal((await ask('GET', '/session/state', token)).json.user.username, 'alice');
  assert.equal((await ask('POST', '/flows/trip', token, { json: {} })).status, 201);
  assert.ok((await ask('GET', '/sessions', token)).json.sessions.some(({ id, current }) => id === session.id && current));
  assert.equal((await ask('DELETE', '/session', token)).status, 204);
  problem(await check(token), 401, 'unauthenticated');
});

test('a page has no use for it, and never a redirect with it', async () => {
  const { access_token: token } = await signIn();
  const page = await stack.client.get('/auth/account', by(token));
  assert.equal(page.status, 303);
  assert.match(page.headers.location, /\/auth\/login/);
});

test('what is no token of ours is 401, and asks the database for nothing', async () => {
  const { access_token: token, refresh_token: refreshToken } = await signIn();
  await check(token);
  const [header, payload, signature] = token.split('.');
  const wrong = [
    `${header}.${payload}.`, `${header}.${payload}`, `${token}.`, `.${payload}.${signature}`, `${header}.${payload}.${signature}A`,
    `${header}.${Buffer.from(JSON.stringify({ ...claimsOf(token), sub: 'AAAAAAAAAAAAAAAAAAAAAA' })).toString('base64url')}.${signature}`,
    `${Buffer.from('{"alg":"none","typ":"at+jwt"}').toString('base64url')}.${payload}.`, refreshToken,
  ];
  for (const text of wrong) {
    const ran = await stack.statements(async () => {
      const answer = problem(await check(text), 401, 'unauthenticated');
      assert.match(answer.headers['www-authenticate'], /Bearer/);
    });
    assert.deepEqual(ran, [], text.slice(0, 60));
  }
  problem(await stack.client.get(`${api}/session`, { headers: { Authorization: `Bearer ${token}`, 'X-Session-Id': `gps_${'A'.repeat(43)}` } }), 400, 'ambiguous_credentials');
  assert.equal((await check(token)).status, 200);
});

test('a check by access token is one statement', async () => {
  const { access_token: token } = await signIn();
  await check(token);
  const ran = await stack.statements(async () => assert.equal((await check(token)).status, 200));
  assert.equal(ran.length, 1, ran.join('\n'));
});

test('refreshing gives the next pair; the one before is used up', async () => {
  const first = await signIn();
  const second = await refreshed(first.refresh_token);
  assert.notEqual(second.refresh_token, first.refresh_token);
  assert.equal((await check(second.access_token)).json.session.id, first.session.id);
  assert.equal((await check(first.access_token)).status, 200, 'it lives its ten minutes');
  const third = await refreshed(second.refresh_token);
  oauthError(await refresh(first.refresh_token), 'invalid_grant');
  oauthError(await refresh(third.refresh_token), 'invalid_grant');
  problem(await check(third.access_token), 401, 'unauthenticated');
  assert.equal(Number(stack.sql("SELECT COUNT(*) AS n FROM audit_event WHERE event = 'authn_token_reuse' AND detail = 'retry'")[0].n), 1);
});

test('TK-14: a lost answer is given again, byte for byte, until it is used; from elsewhere it is reuse', async () => {
  const first = await signIn();
  const second = await refreshed(first.refresh_token);
  assert.deepEqual(await refreshed(first.refresh_token), second);
  assert.equal((await check(first.access_token)).status, 200);
  assert.deepEqual(await refreshed(first.refresh_token), second, 'an older access token is in use meanwhile');
  assert.equal((await check(second.access_token)).status, 200);
  oauthError(await refresh(first.refresh_token), 'invalid_grant');
  problem(await check(second.access_token), 401, 'unauthenticated');

  const stolen = await signIn();
  const owners = await refreshed(stolen.refresh_token);
  oauthError(await refresh(stolen.refresh_token, {}, { 'User-Agent': 'curl/8' }), 'invalid_grant');
  oauthError(await refresh(owners.refresh_token), 'invalid_grant');
});

test('TK-14: fifty refreshes at once of one token: one child, which all have', async () => {
  const { refresh_token: token } = await signIn();
  const answers = await Promise.all(Array.from({ length: 50 }, () => refresh(token)));
  const pairs = new Set(answers.map(({ status, body }) => `${status} ${body}`));
  assert.equal(pairs.size, 1, [...pairs].join('\n'));
  assert.equal(answers[0].status, 200);
  assert.equal((await refreshed(answers[0].json.refresh_token)).token_type, 'Bearer');
});

test('without a grace one of fifty has it, and the family ends', async () => {
  const { refresh_token: token } = await signIn(stack.users.alice, { client: 'partner' });
  const answers = await Promise.all(Array.from({ length: 50 }, () => refresh(token)));
  const good = answers.filter(({ status }) => status === 200);
  assert.equal(good.length, 1, answers.map(({ status, body }) => `${status} ${body}`).join('\n'));
  oauthError(await refresh(good[0].json.refresh_token), 'invalid_grant');
  problem(await check(good[0].json.access_token), 401, 'unauthenticated');
});

test('the errors of RFC 6749', async () => {
  const { refresh_token: token, access_token: access } = await signIn();
  const send = (form) => stack.client.post('/auth/oauth/token', { form, headers: agent });
  oauthError(await send({ refresh_token: token }), 'invalid_request');
  oauthError(await send({ grant_type: 'refresh_token' }), 'invalid_request');
  for (const grant of ['password', 'authorization_code', 'client_credentials', 'REFRESH_TOKEN']) oauthError(await send({ grant_type: grant, refresh_token: token }), 'unsupported_grant_type');
  oauthError(await refresh(token, { client_id: 'nobody' }), 'invalid_client');
  oauthError(await refresh(token, { client_id: 'partner' }), 'invalid_grant');
  oauthError(await refresh(token, { scope: 'admin' }), 'invalid_scope');
  oauthError(await refresh(access), 'invalid_grant');
  oauthError(await refresh(`gpr_${'A'.repeat(43)}`), 'invalid_grant');
  const twice = await stack.client.post('/auth/oauth/token', { body: `grant_type=refresh_token&refresh_token=${token}&refresh_token=${token}`, headers: { 'Content-Type': 'application/x-www-form-urlencoded' } });
  oauthError(twice, 'invalid_request');
  assert.equal((await stack.client.get('/auth/oauth/token')).status, 405);
  // None of that used it up; what is not known is not looked at.
  await refreshed(token, { client_id: 'app', resource: 'https://orders.example' });
});

test('TK-16: logout, lock, hold, a new password and a step-up hold at once, on access and refresh tokens', async () => {
  const acts = {
    'log out': async ({ access_token: token }) => assert.equal((await ask('DELETE', '/session', token)).status, 204),
    'sign out everywhere': async ({ session }) => {
      const { session_handle: handle } = await stack.signIn(stack.users.alice);
      assert.equal((await stack.withHandle(handle, 'DELETE', `/sessions/${session.id}`)).status, 204);
    },
    lock: async () => {
      stack.must(['user', 'lock', 'alice']);
      stack.must(['user', 'unlock', 'alice']);
    },
    revoke: async ({ refresh_token: token }) => assert.equal((await stack.client.post('/auth/oauth/revoke', { form: { token } })).status, 200),
    'revoke by access token': async ({ access_token: token }) => assert.equal((await stack.client.post('/auth/oauth/revoke', { form: { token } })).status, 200),
  };
  for (const [name, act] of Object.entries(acts)) {
    const pair = await signIn();
    await act(pair);
    problem(await check(pair.access_token), 401, 'unauthenticated');
    assert.equal((await refresh(pair.refresh_token)).json.error, 'invalid_grant', name);
  }
});

test('hold: the next request asks for the person, by access token too; a refresh gives nothing; the password lifts it', async () => {
  const pair = await signIn();
  stack.must(['user', 'hold', '--session', pair.session.id]);
  problem(await check(pair.access_token), 401, 'reauthentication_required');
  oauthError(await refresh(pair.refresh_token), 'invalid_grant');
  const answer = await ask('POST', '/session/reauth', pair.access_token, { json: { method: 'password', password: stack.users.alice.password } });
  assert.equal(answer.status, 200, answer.body);
  assert.equal((await check(answer.json.access_token)).status, 200);
  await refreshed(answer.json.refresh_token);
});

test('step-up: a new pair in its answer, the old one dead at once; the same request again gets the same', async () => {
  const pair = await signIn();
  const json = { method: 'password', password: stack.users.alice.password };
  const up = await ask('POST', '/session/reauth', pair.access_token, { json });
  assert.equal(up.status, 200, up.body);
  const rotated = problem(await check(pair.access_token), 401, 'unauthenticated');
  assert.equal(rotated.json.rotated, true);
  oauthError(await refresh(pair.refresh_token), 'invalid_grant');
  const again = await ask('POST', '/session/reauth', pair.access_token, { json });
  assert.equal(again.status, 200, again.body);
  assert.equal(again.json.refresh_token, up.json.refresh_token);
  assert.equal(again.json.access_token, up.json.access_token);
  await refreshed(up.json.refresh_token);
});

test('a tenant is chosen by access token: the answer is the session as it is now; the token is of before, a refresh gives the next', async () => {
  const { tenant } = JSON.parse(stack.must(['tenant', 'add', 'acme', '--json']).stdout);
  const pair = await signIn();
  stack.must(['member', 'add', 'alice', '--tenant', 'acme']);
  const answer = await ask('PUT', '/session/tenant', pair.access_token, { json: { tenant: tenant.id } });
  assert.equal(answer.status, 200, answer.body);
  assert.equal(answer.json.session.id, pair.session.id);
  assert.equal(answer.json.user.tenant.id, tenant.id);
  problem(await check(pair.access_token), 401, 'unauthenticated');
  const next = await refreshed(pair.refresh_token);
  assert.equal((await check(next.access_token)).json.user.tenant.id, tenant.id);
});

test('a promotion to tokens: the guest\'s value is dead, the flow goes on', async () => {
  const guest = await stack.client.post(`${api}/sessions/guest`, { json: { transport: 'handle' } });
  const handle = guest.json.session_handle;
  assert.equal((await stack.withHandle(handle, 'POST', '/flows/trip', { json: { data: { to: 'Oslo' } } })).status, 201);
  problem(await stack.withHandle(handle, 'POST', '/session/token'), 401, 'unauthenticated');
  const answer = await stack.client.post(`${api}/sessions`, { json: { ...stack.users.bob, transport: 'token' }, headers: { ...agent, 'X-Session-Id': handle } });
  assert.equal(answer.status, 201, answer.body);
  assert.equal(answer.json.session.id, guest.json.session.id);
  assert.deepEqual((await ask('GET', '/flows/trip', answer.json.access_token)).json.data, { to: 'Oslo' });
  assert.equal((await stack.withHandle(handle, 'GET', '/session')).json.rotated, true);
  problem(await stack.client.post(`${api}/sessions/guest`, { json: { transport: 'token' } }), 400, 'invalid_request');
});

test('a cookie session gets an access token and no refresh token; it cannot renew the session or itself', async () => {
  const jar = new Jar();
  const { json } = jar.take(await stack.client.post(`${api}/sessions`, { json: { ...stack.users.alice, transport: 'cookie' } }));
  const headers = { Cookie: jar.header() };
  problem(await stack.client.post(`${api}/session/token`, { headers: { ...headers, Origin: stack.origin } }), 403, 'csrf_failed');
  const answer = await stack.client.post(`${api}/session/token`, { headers: { ...headers, Origin: stack.origin, 'X-CSRF-Token': json.session.csrf_token } });
  assert.equal(answer.status, 200, answer.body);
  assert.deepEqual(Object.keys(answer.json).sort(), ['access_token', 'expires_in', 'token_type']);
  const token = answer.json.access_token;
  const mine = await check(token);
  assert.equal(mine.json.session.id, json.session.id);
  assert.equal(mine.json.session.csrf_token, undefined);
  problem(await ask('POST', '/session/token', token), 403, 'forbidden');
  problem(await ask('POST', '/session/reauth', token, { json: { method: 'password', password: stack.users.alice.password } }), 403, 'forbidden');
  assert.equal((await stack.client.get(`${api}/session`, { headers })).status, 200);
  // The cookie gets a new value: the token made before it is good no more.
  const up = await stack.client.post(`${api}/session/reauth`, { json: { method: 'password', password: stack.users.alice.password }, headers: { ...headers, Origin: stack.origin, 'X-CSRF-Token': json.session.csrf_token } });
  assert.equal(up.status, 200, up.body);
  problem(await check(token), 401, 'unauthenticated');
});

test('introspection: an access token of the newest version is active, one made before a step-up is not', async () => {
  const orders = makeService(stack, 'orders');
  const pair = await signIn();
  const active = await orders.introspect(pair.access_token);
  assert.equal(active.json.active, true);
  assert.equal(active.json.sid, pair.session.id);
  await ask('POST', '/session/reauth', pair.access_token, { json: { method: 'password', password: stack.users.alice.password } });
  assert.deepEqual((await orders.introspect(pair.access_token)).json, { active: false });
  assert.deepEqual((await orders.introspect(pair.refresh_token)).json, { active: false });
});

test('TK-12: a dump of the database has neither token', async () => {
  const pair = await signIn();
  const second = await refreshed(pair.refresh_token);
  const dump = ['session', 'rotation', 'token_family', 'refresh_token', 'audit_event']
    .map((table) => JSON.stringify(stack.sql(`SELECT * FROM ${table}`))).join('\n');
  const hexes = stack.sql('SELECT HEX(hash) AS a, HEX(nonce) AS b, HEX(child_hash) AS c, HEX(pair_id) AS d FROM refresh_token').map((row) => JSON.stringify(row)).join('\n');
  for (const token of [pair.refresh_token, second.refresh_token, pair.access_token, second.access_token]) {
    assert.ok(!dump.includes(token));
    assert.ok(!hexes.includes(Buffer.from(token.replace(/^gpr_/, ''), 'base64url').toString('hex').toUpperCase()));
  }
  assert.ok(hexes.length > 100);
});
