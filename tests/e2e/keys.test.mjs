// Signing keys: published, verified by what others wrote (npm jose, Debian's PyJWT), rotated, sealed, and by command.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { createHash, createHmac, webcrypto } from 'node:crypto';
import { existsSync, readFileSync, renameSync, statSync, writeFileSync, chmodSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { build, startStack } from '../support/harness.mjs';
import { lastMail } from '../support/outbox.mjs';
import { until } from '../support/stack.mjs';

// Node.js 18 has it, but not as a global.
globalThis.crypto ??= webcrypto;
const jose = await import('jose');

let stack;
let handle;
before(async () => {
  stack = await startStack({ users: ['alice'] });
  ({ session_handle: handle } = await stack.signIn(stack.users.alice));
});
after(() => stack?.stop());

const audience = 'https://api.example.org';
const jwksPath = '/auth/.well-known/jwks.json';
const metadataPath = '/auth/.well-known/oauth-authorization-server';
const keyFile = () => join(stack.dir, 'keys');
const list = () => JSON.parse(stack.must(['key', 'list', '--json']).stdout).keys;
const the = (state) => list().find((key) => key.state === state);
// So long ago that all who keep the published keys know the next one.
const age = () => stack.sql('UPDATE signing_key SET made_at = made_at - 3600000000 WHERE state = 1');
const reload = async () => {
  const lines = () => stack.workerLog().filter(({ event }) => event === 'reloaded').length;
  const before = lines();
  process.kill(stack.worker.pid, 'SIGHUP');
  await until(() => lines() > before, 'the worker has reloaded');
};

function token(...args) {
  const run = spawnSync(join(build, 'tests/token'), [stack.config.file, ...args], { encoding: 'utf8' });
  return { code: run.status, text: run.stdout.trim(), error: run.stderr };
}
function issued() {
  const { code, text, error } = token('alice');
  assert.equal(code, 0, error);
  return text;
}
const reading = (text) => {
  const { code, text: verdict, error } = token('--read', text);
  assert.equal(code, 0, error);
  return verdict;
};

// The remote set of keys as a program elsewhere has it; it trusts the test's own authority.
const remote = () => jose.createRemoteJWKSet(new URL(stack.base + '/.well-known/jwks.json'), {
  cooldownDuration: 0,
  [jose.customFetch]: async (url) => {
    const answer = await stack.client.get(new URL(url).pathname);
    return new Response(answer.body, { status: answer.status, headers: { 'content-type': answer.headers['content-type'] } });
  },
});
const verify = (text, keys = remote()) => jose.jwtVerify(text, keys, { issuer: stack.base, audience, typ: 'at+jwt', algorithms: ['EdDSA', 'Ed25519'] });

test('TK-23: only public members, the kid is the thumbprint, cacheable, for anybody', async () => {
  const answer = await stack.client.get(jwksPath, { headers: { 'X-Session-Id': 'gps_short' } });
  assert.equal(answer.status, 200, answer.body);
  assert.equal(answer.headers['content-type'], 'application/jwk-set+json');
  assert.equal(answer.headers['cache-control'], 'public, max-age=600');
  assert.equal(answer.headers['set-cookie'], undefined);
  assert.equal(answer.json.keys.length, 2);
  for (const key of answer.json.keys) {
    assert.deepEqual(Object.keys(key).sort(), ['alg', 'crv', 'kid', 'kty', 'use', 'x']);
    assert.equal(key.kid, await jose.calculateJwkThumbprint(key));
    assert.deepEqual([key.kty, key.crv, key.use, key.alg], ['OKP', 'Ed25519', 'sig', 'EdDSA']);
  }
  assert.deepEqual(answer.json.keys.map(({ kid }) => kid).sort(), list().map(({ kid }) => kid).sort());
  for (const tag of [answer.headers.etag, `W/${answer.headers.etag}`, '*']) {
    const again = await stack.client.get(jwksPath, { headers: { 'If-None-Match': tag } });
    assert.equal(again.status, 304, tag);
    assert.equal(again.body, '');
  }
  for (const accept of ['application/json', 'application/jwk-set+json', '*/*', '']) assert.equal((await stack.client.get(jwksPath, { headers: { Accept: accept } })).status, 200, accept);
  const head = await stack.client.request('HEAD', jwksPath);
  assert.equal(head.headers['content-length'], String(Buffer.byteLength(answer.body)));
  assert.equal((await stack.client.post(jwksPath, { json: {} })).status, 405);
});

test('metadata: the same bytes in both places, and every address is of this server', async () => {
  const own = await stack.client.get(metadataPath);
  const hosts = await stack.client.get('/.well-known/oauth-authorization-server/auth');
  assert.equal(own.status, 200, own.body);
  assert.equal(hosts.status, 200, hosts.body);
  assert.equal(hosts.body, own.body);
  assert.deepEqual(own.json, {
    issuer: stack.base,
    token_endpoint: `${stack.base}/oauth/token`,
    revocation_endpoint: `${stack.base}/oauth/revoke`,
    introspection_endpoint: `${stack.base}/oauth/introspect`,
    jwks_uri: `${stack.base}/.well-known/jwks.json`,
    grant_types_supported: ['refresh_token'],
    response_types_supported: [],
    token_endpoint_auth_methods_supported: ['none'],
    revocation_endpoint_auth_methods_supported: ['none', 'client_secret_basic'],
    introspection_endpoint_auth_methods_supported: ['client_secret_basic'],
  });
  assert.equal((await stack.client.get(metadataPath, { headers: { 'If-None-Match': own.headers.etag } })).status, 304);
  for (const path of ['/.well-known/oauth-authorization-server/auth/', '/.well-known/oauth-authorization-server/auth/login']) {
    const answer = await stack.client.get(path, { headers: { Accept: 'application/json' } });
    assert.equal(answer.status, 404, path);
  }
  const foreign = await stack.client.get('/.well-known/oauth-authorization-server/auth', { headers: { Host: 'evil.test' } });
  assert.equal(foreign.status, 421);
});

test('TK-06, TK-09: npm jose verifies our token by the remote keys, and finds the documented claims only', async () => {
  const { payload, protectedHeader } = await verify(issued());
  const [session] = stack.sql('SELECT TO_BASE64(s.id) AS sid, TO_BASE64(s.user_id) AS sub, s.epoch, s.auth_time FROM session s JOIN user u ON u.id = s.user_id');
  const text = (base64) => Buffer.from(base64, 'base64').toString('base64url');
  assert.deepEqual(protectedHeader, { alg: 'EdDSA', typ: 'at+jwt', kid: the('active').kid });
  const { exp, iat, jti, ...rest } = payload;
  assert.deepEqual(rest, {
    iss: stack.base, sub: text(session.sub), aud: [audience, stack.base], client_id: 'app', sid: text(session.sid), sv: Number(session.epoch),
    auth_time: Math.floor(Number(session.auth_time) / 1e6), amr: ['pwd'], acr: 'aal1', scope: 'flows:read',
  });
  assert.equal(exp - iat, 600);
  assert.ok(Math.abs(iat - Date.now() / 1000) < 60);
  assert.match(jti, /^[A-Za-z0-9_-]{22}$/);
  assert.notEqual((await verify(issued())).payload.jti, jti);
});

test('TK-01, TK-02, TK-04: what is changed is refused by jose and by Gatepost', async () => {
  const good = issued();
  const [header, payload, signature] = good.split('.');
  const encoded = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = JSON.parse(Buffer.from(payload, 'base64url'));
  const kid = the('active').kid;
  const { x } = (await stack.client.get(jwksPath)).json.keys.find((key) => key.kid === kid);
  const { privateKey, publicKey } = await jose.generateKeyPair('EdDSA', { extractable: true });
  const theirs = { ...await jose.exportJWK(publicKey) };
  const sign = (more, key = privateKey, values = claims) => new jose.SignJWT(values).setProtectedHeader({ alg: 'EdDSA', typ: 'at+jwt', kid, ...more }).sign(key);
  const hmac = (secret) => new jose.SignJWT(claims).setProtectedHeader({ alg: 'HS256', typ: 'at+jwt', kid }).sign(secret);
  const flipped = (part, at) => part.slice(0, at) + (part[at] === 'A' ? 'B' : 'A') + part.slice(at + 1);
  const tricks = {
    'another payload': [header, encoded({ ...claims, sub: claims.sid }), signature].join('.'),
    'another header': [encoded({ alg: 'Ed25519', typ: 'at+jwt', kid }), payload, signature].join('.'),
    'a changed signature': [header, payload, flipped(signature, 5)].join('.'),
    'a shorter signature': [header, payload, signature.slice(0, -1)].join('.'),
    'no signature': [header, payload, ''].join('.'),
    'two parts': [header, payload].join('.'),
    'four parts': `${good}.${signature}`,
    'alg none': [encoded({ alg: 'none', typ: 'at+jwt', kid }), payload, ''].join('.'),
    'another key under our kid': await sign({}),
    'their key in the header': await sign({ jwk: theirs }),
    'their kid': await sign({ kid: await jose.calculateJwkThumbprint(theirs) }),
    'the public key as a secret': await hmac(Buffer.from(x, 'base64url')),
    'the public key\'s text as a secret': await hmac(Buffer.from(x)),
  };
  assert.equal(reading(good), 'valid');
  for (const [name, text] of Object.entries(tricks)) {
    await assert.rejects(verify(text), undefined, `${name}: jose`);
    assert.equal(reading(text), 'refused', name);
  }
});

test('a Python library of Debian\'s verifies it, too, and refuses it for another audience or changed', () => {
  const python = existsSync('/usr/bin/python3') ? '/usr/bin/python3' : 'python3';
  const program = `
import json, jwt, ssl, sys
url, ca, issuer, audience, token = sys.argv[1:]
client = jwt.PyJWKClient(url)
client.fetch_data = lambda: json.load(__import__("urllib.request").request.urlopen(url, context=ssl.create_default_context(cafile=ca)))
key = client.get_signing_key_from_jwt(token)
def claims(text, aud): return jwt.decode(text, key.key, algorithms=["EdDSA"], audience=aud, issuer=issuer, options={"require": ["exp", "iat", "sub", "jti"]})
def refused(text, aud):
    try: claims(text, aud)
    except jwt.InvalidTokenError: return
    sys.exit("taken: " + text)
refused(token, "https://other.example.org")
head, body, signature = token.split(".")
refused(".".join([head, body, signature[:5] + ("A" if signature[5] != "A" else "B") + signature[6:]]), audience)
print(json.dumps(claims(token, audience)))
`;
  const text = issued();
  const run = spawnSync(python, ['-c', program, stack.base + '/.well-known/jwks.json', stack.caFile, stack.base, audience, text], { encoding: 'utf8' });
  assert.equal(run.status, 0, run.stderr);
  assert.deepEqual(JSON.parse(run.stdout), jose.decodeJwt(text));
});

test('TK-22: a rotation loses no valid token, and the worker shows the new keys within a minute', async () => {
  const early = stack.ctl(['key', 'rotate']);
  assert.equal(early.code, 1);
  assert.match(early.stderr, /not published long enough: others may know it from \S+Z on/);
  const keys = remote();
  const before = issued();
  const [active, next] = [the('active').kid, the('next').kid];
  await verify(before, keys);
  age();
  stack.must(['key', 'rotate']);
  assert.equal(the('retiring').kid, active);
  assert.equal(the('active').kid, next);
  const after = issued();
  assert.equal(jose.decodeProtectedHeader(after).kid, next);
  // Who has kept the keys since before the rotation knows the new one already.
  for (const text of [before, after]) {
    await verify(text, keys);
    await verify(text);
    assert.equal(reading(text), 'valid');
  }
  const newest = the('next').kid;
  await until(async () => (await stack.client.get(jwksPath)).json.keys.some(({ kid }) => kid === newest), 'the worker knows it', 60);
  assert.equal((await stack.client.get(jwksPath)).json.keys.length, 3);

  const inUse = stack.ctl(['key', 'retire', next]);
  assert.equal(inUse.code, 1);
  assert.match(inUse.stderr, /signs now/);
  stack.must(['key', 'retire', active]);
  assert.equal(list().find(({ kid }) => kid === active).state, 'gone');
  assert.equal(reading(before), 'refused');
  assert.equal(reading(after), 'valid');
  for (const [kid, code] of [[active, 1], ['nonsense', 1]]) assert.equal(stack.ctl(['key', 'retire', kid]).code, code, kid);
  assert.equal(stack.ctl(['key', 'retire']).code, 2);
});

test('key rotate --now: every token that was signed before is refused', async () => {
  const before = issued();
  const former = list().filter(({ state }) => state !== 'gone').map(({ kid }) => kid);
  stack.must(['key', 'rotate', '--now']);
  assert.equal(reading(before), 'refused');
  assert.equal(reading(issued()), 'valid');
  for (const kid of former) assert.equal(list().find((key) => key.kid === kid).state, 'gone');
  await reload();
  await assert.rejects(verify(before));
  await verify(issued());
  const events = stack.sql("SELECT detail FROM audit_event WHERE event = 'signing_keys_changed' ORDER BY at DESC").map(({ detail }) => detail);
  assert.match(events[0], /^gone \S{8}, gone \S{8}, new active \S{8}, new next \S{8}$/);
});

// TK-24
test('the name of the algorithm is a key\'s, and both are accepted', async () => {
  const config = readFileSync(stack.config.file, 'utf8');
  writeFileSync(stack.config.file, `${config}[token]\nalg = Ed25519\nlife = 5m\n`);
  try {
    stack.must(['key', 'rotate', '--now']);
    await reload();
    const text = issued();
    const { payload, protectedHeader } = await verify(text);
    assert.equal(protectedHeader.alg, 'Ed25519');
    assert.equal(payload.exp - payload.iat, 300);
    assert.equal(reading(text), 'valid');
  } finally {
    writeFileSync(stack.config.file, config);
    stack.must(['key', 'rotate', '--now']);
    await reload();
  }
});

test('roots: added and retired in the file, keys sealed anew, sessions and tokens go on', async () => {
  chmodSync(keyFile(), 0o640);
  const before = issued();
  const old = readFileSync(keyFile(), 'utf8');
  assert.match(stack.must(['key', 'rotate-root']).stdout, /^root 2 added\./);
  const text = readFileSync(keyFile(), 'utf8');
  assert.ok(text.startsWith(old) && /^2 \S{43} \d+\n$/.test(text.slice(old.length)));
  assert.equal(statSync(keyFile()).mode & 0o7777, 0o640);
  await reload();
  assert.equal((await stack.withHandle(handle, 'GET', '/session')).status, 200);
  assert.equal(reading(before), 'valid');

  for (const [args, pattern] of [
    [['rotate-root'], /has 2 roots/], [['retire-root', '2'], /is the newest/], [['retire-root', '7'], /has no root 7/],
    [['retire-root', '1'], /\d signing keys are sealed under root 1: run gatepost key reseal/],
    [['retire-root', '1', '--now'], /signing keys are sealed under root 1/],
  ]) {
    const run = stack.ctl(['key', ...args]);
    assert.equal(run.code, 1, args.join(' '));
    assert.match(run.stderr, pattern);
  }
  assert.equal(stack.ctl(['key', 'retire-root']).code, 2);
  stack.must(['key', 'reseal']);
  assert.deepEqual([...new Set(list().filter(({ state }) => state !== 'gone').map(({ root }) => root))], [2]);
  assert.ok(list().every(({ opens }) => opens));
  const held = stack.ctl(['key', 'retire-root', '1']);
  assert.equal(held.code, 1);
  assert.match(held.stderr, /1 sessions may be known only by root 1/);
  assert.equal(readFileSync(keyFile(), 'utf8'), text);

  // Only that session depended on the root: its value is not known any more.
  assert.match(stack.must(['key', 'retire-root', '1', '--now']).stdout, /^root 1 removed\./);
  assert.ok(!/^1 /m.test(readFileSync(keyFile(), 'utf8')));
  await reload();
  assert.equal((await stack.withHandle(handle, 'GET', '/session')).status, 401);
  ({ session_handle: handle } = await stack.signIn(stack.users.alice));
  assert.equal((await stack.withHandle(handle, 'GET', '/session')).status, 200);
  assert.equal(reading(issued()), 'valid');
  assert.deepEqual(stack.sql("SELECT detail FROM audit_event WHERE event = 'root_keys_changed' ORDER BY at").map(({ detail }) => detail), ['root 2 added', 'root 1 removed']);
});

test('a key file that is missing, another one, or a changed row: said, and nothing is granted', async () => {
  const right = readFileSync(keyFile(), 'utf8');
  const good = issued();
  renameSync(keyFile(), `${keyFile()}.away`);
  const missing = stack.ctl(['key', 'list']);
  assert.equal(missing.code, 3);
  assert.match(missing.stderr, /keys: No such file or directory/);
  assert.notEqual(token('alice').code, 0);

  // Made anew with the same number: nothing opens.
  writeFileSync(keyFile(), `2 ${createHash('sha256').update('another').digest('base64url')}\n`, { mode: 0o600 });
  assert.ok(list().filter(({ state }) => state !== 'gone').every(({ opens }) => !opens));
  assert.match(stack.must(['key', 'list']).stdout, /DOES NOT OPEN with this key file/);
  age();
  const rotate = stack.ctl(['key', 'rotate']);
  assert.equal(rotate.code, 3);
  assert.match(rotate.stderr, /signing key \S{43}: does not open under root 2 of the key file; nothing was done/);
  const none = token('alice');
  assert.notEqual(none.code, 0);
  assert.match(none.error, /unavailable/);
  assert.equal(reading(good), 'refused');
  await reload();
  await until(() => stack.workerLog().some(({ event, detail }) => event === 'signing_keys_unusable' && /does not open under root 2/.test(detail)), 'the worker says so', 60);
  assert.equal((await stack.client.get(jwksPath)).status, 503);

  writeFileSync(keyFile(), right, { mode: 0o600 });
  await reload();
  assert.equal(reading(good), 'valid');
  assert.equal((await stack.client.get(jwksPath)).status, 200);
  stack.sql("UPDATE signing_key SET public_key = REPEAT('x', 32) WHERE state = 2");
  assert.equal(reading(good), 'refused');
  assert.match(stack.ctl(['key', 'rotate']).stderr, /does not open under root 2/);
  stack.must(['key', 'rotate', '--now']);
  assert.equal(reading(issued()), 'valid');
});

// RFC 6238, of the secret in base32 that an app was given.
function codeOf(secret, step = Math.floor(Date.now() / 30000)) {
  const bits = [...secret].map((char) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(char).toString(2).padStart(5, '0')).join('');
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const mac = createHmac('sha1', Buffer.from(bits.match(/.{8}/g).map((octet) => parseInt(octet, 2)))).update(counter).digest();
  return String((mac.readUInt32BE(mac[19] & 15) & 0x7fffffff) % 1000000).padStart(6, '0');
}

test('MF-01: secrets of second factors hold the root that they need, are sealed anew, and go on', async () => {
  const secrets = async () => {
    stack.sql('UPDATE totp SET last_step = 0');
    const { session_handle: pending, session } = await stack.signIn(stack.users.alice);
    assert.equal(session.state, 'second_factor_required');
    return (proof) => stack.withHandle(pending, 'POST', '/session/second-factor', { json: proof });
  };
  const offer = await stack.withHandle(handle, 'POST', '/totp', { json: {} });
  assert.equal(offer.status, 200, offer.body);
  const { secret } = offer.json;
  const confirmed = await stack.withHandle(handle, 'POST', '/totp/confirm', { json: { code: codeOf(secret) } });
  assert.equal(confirmed.status, 200, confirmed.body);
  const codes = confirmed.json.recovery_codes;
  assert.equal((await (await secrets())({ method: 'totp', code: codeOf(secret) })).status, 200);

  stack.sql('CREATE TABLE kept_totp SELECT * FROM totp');
  stack.must(['key', 'rotate-root']);
  await reload();
  const root = Math.max(...[...readFileSync(keyFile(), 'utf8').matchAll(/^(\d+) /gm)].map(([, number]) => Number(number)));
  const sealed = stack.ctl(['key', 'reseal']);
  assert.equal(sealed.code, 0, sealed.stderr);
  assert.match(sealed.stderr, /2 secrets of second factors were resealed/);
  assert.deepEqual(stack.sql('SELECT root FROM totp UNION SELECT root FROM recovery_set').map((row) => Number(row.root)), [root]);
  // One that came back under the former root: no option lets it be lost.
  stack.sql('REPLACE INTO totp SELECT * FROM kept_totp; DROP TABLE kept_totp');
  for (const more of [[], ['--now']]) {
    const refused = stack.ctl(['key', 'retire-root', String(root - 1), ...more]);
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, new RegExp(`1 secrets of second factors are sealed under root ${root - 1}: run gatepost key reseal`));
  }
  assert.match(stack.ctl(['key', 'reseal']).stderr, /1 secrets of second factors were resealed/);
  assert.doesNotMatch(stack.ctl(['key', 'reseal']).stderr, /resealed/);
  stack.must(['key', 'retire-root', String(root - 1), '--now']);
  await reload();
  assert.equal((await (await secrets())({ method: 'totp', code: codeOf(secret) })).status, 200, 'under the new root alone');
  stack.sql('DELETE FROM outbox');
  assert.equal((await (await secrets())({ method: 'recovery_code', code: codes[3] })).status, 200);
  assert.equal(lastMail(stack, 'alice@example.org', 'recovery-code-used').values.left, '9');

  // A box that nobody can open is named, and does not keep the others.
  stack.sql(`UPDATE totp SET root = ${root - 1}; UPDATE recovery_set SET root = ${root}`);
  const shut = stack.ctl(['key', 'reseal']);
  assert.equal(shut.code, 3);
  const { id } = JSON.parse(stack.must(['user', 'show', 'alice', '--json']).stdout);
  assert.match(shut.stderr, new RegExp(`1 secrets of second factors stay as they are: authenticator app of user ${id}: the key file has no root ${root - 1}; gatepost user reset-factors`));
  stack.sql('DELETE FROM totp; DELETE FROM recovery_set; UPDATE user SET factors = 0');
  ({ session_handle: handle } = await stack.signIn(stack.users.alice));
});
