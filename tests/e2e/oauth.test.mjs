// What others wrote works with us as with any server: npm oauth4webapi and jose, and Debian's PyJWT.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { webcrypto } from 'node:crypto';
import { existsSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { startStack } from '../support/harness.mjs';
import { makeService } from '../support/services.mjs';

// Node.js 18 has it, but not as a global.
globalThis.crypto ??= webcrypto;
const jose = await import('jose');
const oauth = await import('oauth4webapi');

const audience = 'https://orders.example';
const headers = { 'User-Agent': 'Example/1.0' };
let stack;
let orders;
let server;
before(async () => {
  stack = await startStack({ users: ['alice'], settings: { 'client app': { audience, services: 'orders' } } });
  orders = makeService(stack, 'orders', 'introspect');
  const issuer = new URL(stack.base);
  server = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...here() }));
});
after(() => stack?.stop());

// Its requests, by a client that trusts the test's own authority.
async function fetchHere(url, { method = 'GET', body, headers: own } = {}) {
  const { pathname } = new URL(url);
  const answer = await stack.client.request(method, pathname, {
    headers: { ...headers, ...Object.fromEntries(new Headers(own)) }, ...(body && { body: body.toString() }),
  });
  return new Response(answer.status === 204 ? null : answer.body, { status: answer.status, headers: answer.headers });
}
const here = () => ({ [oauth.customFetch]: fetchHere });
const app = { client_id: 'app' };
const service = () => ({ client_id: 'orders' });

async function signIn() {
  const answer = await stack.client.post('/auth/api/v1/sessions', { json: { ...stack.users.alice, transport: 'token' }, headers });
  assert.equal(answer.status, 201, answer.body);
  return answer.json;
}
const refresh = async (token) =>
  oauth.processRefreshTokenResponse(server, app, await oauth.refreshTokenGrantRequest(server, app, oauth.None(), token, here()));
const introspect = async (token, secret = orders.secret) =>
  oauth.processIntrospectionResponse(server, service(), await oauth.introspectionRequest(server, service(), oauth.ClientSecretBasic(secret), token, here()));
const revoke = async (token, client = app, authentication = oauth.None()) =>
  oauth.processRevocationResponse(await oauth.revocationRequest(server, client, authentication, token, here()));
// As a service does that is called with it. ahead: by its clock, so many seconds later.
const validate = (token, { wanted = audience, ahead = 0 } = {}) => oauth.validateJwtAccessToken(server,
  new Request('https://orders.example/', { headers: { Authorization: `Bearer ${token}` } }), wanted, { ...here(), [oauth.clockSkew]: ahead });

// Tokens that were right until somebody changed them.
function changed(token) {
  const [header, payload, signature] = token.split('.');
  const text = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = JSON.parse(Buffer.from(payload, 'base64url'));
  const head = JSON.parse(Buffer.from(header, 'base64url'));
  return {
    'another subject': [header, text({ ...claims, sub: claims.sid }), signature].join('.'),
    'a later end': [header, text({ ...claims, exp: claims.exp + 3600 }), signature].join('.'),
    'another signature': [header, payload, (signature[5] === 'A' ? 'B' : 'A') + signature.slice(1)].join('.'),
    'no signature': [text({ ...head, alg: 'none' }), payload, ''].join('.'),
    'another type': [text({ ...head, typ: 'JWT' }), payload, signature].join('.'),
  };
}

test('RFC 8414: the metadata are found from the issuer alone, and say where all is', () => {
  assert.equal(server.issuer, stack.base);
  for (const name of ['token_endpoint', 'revocation_endpoint', 'introspection_endpoint', 'jwks_uri']) assert.ok(server[name].startsWith(`${stack.base}/`), name);
  assert.ok(server.grant_types_supported.includes('refresh_token'));
});

test('RFC 6749: a public client refreshes; a token that was used is invalid_grant', async () => {
  const first = await signIn();
  const second = await refresh(first.refresh_token);
  assert.equal(second.token_type, 'bearer');
  assert.equal(second.expires_in, 600);
  const third = await refresh(second.refresh_token);
  assert.equal((await validate(third.access_token)).sid, first.session.id);
  await assert.rejects(refresh(first.refresh_token), (error) => error instanceof oauth.ResponseBodyError && error.error === 'invalid_grant');
  await assert.rejects(refresh(third.refresh_token), (error) => error.error === 'invalid_grant');
});

test('RFC 7662: a service asks with its secret, and is told what holds now; with another secret it is nobody', async () => {
  const { access_token: token, refresh_token: refreshToken, session } = await signIn();
  const active = await introspect(token);
  assert.equal(active.active, true);
  assert.equal(active.sid, session.id);
  assert.equal(active.client_id, 'app');
  for (const [name, text] of Object.entries(changed(token))) assert.deepEqual(await introspect(text), { active: false }, name);
  assert.deepEqual(await introspect(refreshToken), { active: false });
  await assert.rejects(introspect(token, 'not-the-secret'), (error) => error instanceof oauth.ResponseBodyError ? error.error === 'invalid_client' : error instanceof oauth.WWWAuthenticateChallengeError);
});

test('RFC 7009: revoked by either token; what nobody knows is no error', async () => {
  for (const kind of ['access_token', 'refresh_token']) {
    const pair = await signIn();
    await revoke(pair[kind]);
    assert.deepEqual(await introspect(pair.access_token), { active: false }, kind);
    await assert.rejects(refresh(pair.refresh_token), (error) => error.error === 'invalid_grant', kind);
    await revoke(pair[kind]);
  }
  await revoke(`gpr_${'A'.repeat(43)}`);
});

test('RFC 9068: oauth4webapi takes an access token that is right, and none that is changed, for others, or late', async () => {
  const { access_token: token, user } = await signIn();
  const claims = await validate(token);
  assert.equal(claims.sub, user.id);
  assert.equal(claims.client_id, 'app');
  for (const [name, text] of Object.entries(changed(token))) await assert.rejects(validate(text), undefined, name);
  await assert.rejects(validate(token, { wanted: 'https://other.example' }), /"aud"/);
  await validate(token, { ahead: 500 });
  await assert.rejects(validate(token, { ahead: 700 }), /"exp"/);
});

test('jose, by its remote keys, takes and refuses the same', async () => {
  const { access_token: token } = await signIn();
  const remote = jose.createRemoteJWKSet(new URL(server.jwks_uri), { [jose.customFetch]: fetchHere });
  const verify = (text, more = {}) => jose.jwtVerify(text, remote, { issuer: server.issuer, audience, typ: 'at+jwt', ...more });
  await verify(token);
  for (const [name, text] of Object.entries(changed(token))) await assert.rejects(verify(text), undefined, name);
  await assert.rejects(verify(token, { audience: 'https://other.example' }), jose.errors.JWTClaimValidationFailed);
  await assert.rejects(verify(token, { issuer: 'https://other.example' }), jose.errors.JWTClaimValidationFailed);
  await assert.rejects(verify(token, { currentDate: new Date(Date.now() + 700000) }), jose.errors.JWTExpired);
});

test('so does Debian\'s PyJWT', async () => {
  const { access_token: token } = await signIn();
  const python = existsSync('/usr/bin/python3') ? '/usr/bin/python3' : 'python3';
  const program = `
import json, jwt, ssl, sys, urllib.request
url, ca, issuer, audience, token, changed = sys.argv[1:]
client = jwt.PyJWKClient(url)
client.fetch_data = lambda: json.load(urllib.request.urlopen(url, context=ssl.create_default_context(cafile=ca)))
key = client.get_signing_key_from_jwt(token).key
def claims(text, aud=audience, late=0):
    return jwt.decode(text, key, algorithms=["EdDSA"], audience=aud, issuer=issuer, leeway=-late, options={"require": ["exp", "iat", "sub", "jti"], "verify_iat": late == 0})
def refused(error, *args, **more):
    try: claims(*args, **more)
    except error: return
    sys.exit("taken: %s %s" % (args, more))
for text in json.loads(changed): refused(jwt.InvalidTokenError, text)
refused(jwt.InvalidAudienceError, token, aud="https://other.example")
refused(jwt.ExpiredSignatureError, token, late=700)
print(json.dumps(claims(token)))
`;
  // It knows no types of tokens: what reads them must ask itself (RFC 9068 §4), so that change is seen by the signature.
  const run = spawnSync(python, ['-c', program, server.jwks_uri, stack.caFile, server.issuer, audience, token, JSON.stringify(Object.values(changed(token)))], { encoding: 'utf8' });
  assert.equal(run.status, 0, run.stderr);
  assert.deepEqual(JSON.parse(run.stdout), jose.decodeJwt(token));
});
