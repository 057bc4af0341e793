// CONTRACT §4, WebAuthn L3 §7: passkeys registered, listed, removed and signed in with over the API, by an authenticator made of Node.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { startStack } from '../support/harness.mjs';
import { Jar } from '../support/client.mjs';
import { Authenticator, EDDSA, ES256, FLAGS, RS256 } from '../support/authenticator.mjs';
import { mailsTo } from '../support/outbox.mjs';

let stack;
before(async () => {
  stack = await startStack({ settings: { throttle: { source_short: 1000, source_long: 10000 } } });
});
after(() => stack?.stop());

const api = '/auth/api/v1';
const idSql = (id) => `UNHEX('${Buffer.from(id, 'base64url').toString('hex')}')`;
const code = (answer, status, word) => {
  assert.equal(answer.status, status, answer.body);
  assert.equal(answer.json.code, word, answer.body);
};
const ok = (answer, status = 200) => {
  assert.equal(answer.status, status, answer.body);
  return answer.json;
};

// Somebody of their own for each test: what one has changes how they sign in.
let people = 0;
function person() {
  const name = `reader${++people}`;
  const password = `four quiet words by river ${randomBytes(6).toString('hex')}`;
  stack.must(['user', 'add', '--username', name, '--email', `${name}@example.org`, '--password-stdin'], { input: password });
  return { identifier: name, password };
}

const optionsOf = async (handle) => ok(await stack.withHandle(handle, 'POST', '/passkeys/options'));
const register = (handle, passkey, name) => stack.withHandle(handle, 'POST', '/passkeys', { json: { passkey, ...(name && { name }) } });
const signInOptions = async () => ok(await stack.client.post(`${api}/sessions/passkey/options`));
const signIn = (passkey, more = {}) => stack.client.post(`${api}/sessions`, { json: { passkey, transport: 'handle', ...more } });

// A person with a passkey: {who, authenticator, registered, handle of the session that made it}.
async function withPasskey(kind = {}) {
  const who = person();
  const { session_handle: handle, user } = await stack.signIn(who);
  const authenticator = new Authenticator(stack.origin, kind);
  const registered = ok(await register(handle, authenticator.create(await optionsOf(handle)), 'Telephone'), 201);
  return { who, user, authenticator, registered, handle };
}

test('WA-01, WA-05: the options name who and where, three algorithms, and a challenge of 32 octets', async () => {
  const { session_handle: handle, user } = await stack.signIn(person());
  const options = await optionsOf(handle);
  assert.deepEqual(options.rp, { id: 'localhost', name: options.rp.name });
  assert.deepEqual(options.user, { id: user.id, name: user.username, displayName: user.display_name ?? user.username });
  assert.equal(Buffer.from(options.challenge, 'base64url').length, 32);
  assert.deepEqual(options.pubKeyCredParams.map(({ alg }) => alg), [ES256, EDDSA, RS256]);
  assert.deepEqual(options.excludeCredentials, []);
  assert.notEqual((await optionsOf(handle)).challenge, options.challenge);
  const asked = await signInOptions();
  assert.equal(Buffer.from(asked.challenge, 'base64url').length, 32);
  assert.deepEqual({ ...asked, challenge: '' }, { challenge: '', timeout: 300000, rpId: 'localhost', allowCredentials: [], userVerification: 'required' });
  assert.equal(Number(stack.sql(`SELECT COUNT(*) AS n FROM challenge WHERE user_id = ${idSql(user.id)}`)[0].n), 2);
});

for (const [name, kind] of [['ES256', { alg: ES256 }], ['EdDSA', { alg: EDDSA }], ['RS256', { alg: RS256 }], ['ES256, synced', { alg: ES256, synced: true }]]) {
  test(`${name}: registered, listed, signed in with twice, removed`, async () => {
    const { who, user, authenticator, registered, handle } = await withPasskey(kind);
    const synced = kind.synced === true;
    assert.equal(registered.recovery_codes.length, 10);
    assert.equal(new Set(registered.recovery_codes).size, 10);
    assert.deepEqual(Object.keys(registered), ['passkey', 'recovery_codes'], 'the session goes on with its value');
    const { id, created_at: made, ...rest } = registered.passkey;
    assert.deepEqual(rest, { name: 'Telephone', last_used_at: null, transports: ['internal'], backed_up: synced });
    assert.ok(Date.now() - Date.parse(made) < 60e3);
    assert.deepEqual(ok(await stack.withHandle(handle, 'GET', '/passkeys')), { passkeys: [registered.passkey], next_cursor: null });
    assert.equal(Number(stack.sql(`SELECT factors FROM user WHERE id = ${idSql(user.id)}`)[0].factors), 6);
    assert.equal(mailsTo(stack, `${who.identifier}@example.org`).filter((mail) => mail.kind === 'factor-added').length, 1);

    // One that is synced counts nothing, the other goes on: both are right.
    const first = ok(await signIn(authenticator.get(await signInOptions())), 201);
    const second = ok(await signIn(authenticator.get(await signInOptions())), 201);
    for (const { session, user: signedIn } of [first, second]) {
      assert.equal(signedIn.id, user.id);
      assert.equal(session.aal, 'aal2');
      assert.equal(session.state, 'active');
      assert.deepEqual(session.amr, [synced ? 'swk' : 'hwk', 'mfa', 'user']);
    }
    const fresh = second.session_handle;
    const [listed] = ok(await stack.withHandle(fresh, 'GET', '/passkeys')).passkeys;
    assert.ok(Date.now() - Date.parse(listed.last_used_at) < 60e3);
    assert.equal((await stack.withHandle(fresh, 'DELETE', `/passkeys/${id}`)).status, 204);
    code(await stack.withHandle(fresh, 'DELETE', `/passkeys/${id}`), 404, 'not_found');
    assert.deepEqual(ok(await stack.withHandle(fresh, 'GET', '/passkeys')).passkeys, []);
    assert.equal(Number(stack.sql(`SELECT factors FROM user WHERE id = ${idSql(user.id)}`)[0].factors), 0, 'with the recovery codes');
    assert.equal(mailsTo(stack, `${who.identifier}@example.org`).filter((mail) => mail.kind === 'factor-removed').length, 1);
    code(await signIn(authenticator.get(await signInOptions())), 401, 'invalid_credentials');
  });
}

test('by cookie and by token: as with a password', async () => {
  const { user, authenticator } = await withPasskey();
  const jar = new Jar();
  const answer = jar.take(await signIn(authenticator.get(await signInOptions()), { transport: 'cookie', remember: true }));
  const { session } = ok(answer, 201);
  assert.equal(answer.json.session_handle, undefined);
  const headers = { Cookie: jar.header() };
  assert.equal(ok(await stack.client.get(`${api}/session`, { headers })).user.id, user.id);
  code(await stack.client.post(`${api}/passkeys/options`, { headers }), 403, 'csrf_failed');
  const another = new Authenticator(stack.origin);
  const token = { ...headers, 'X-CSRF-Token': session.csrf_token };
  const options = ok(await stack.client.post(`${api}/passkeys/options`, { headers: token }));
  assert.deepEqual(options.excludeCredentials, [{ type: 'public-key', id: authenticator.id.toString('base64url'), transports: ['internal'] }]);
  const added = ok(await stack.client.post(`${api}/passkeys`, { headers: token, json: { passkey: another.create(options) } }), 201);
  assert.equal(added.recovery_codes, undefined, 'only with the first factor');
  assert.equal(added.passkey.name, null);

  const pair = ok(await signIn(authenticator.get(await signInOptions()), { transport: 'token' }), 201);
  assert.match(pair.refresh_token, /^gpr_/);
  assert.equal(pair.session.aal, 'aal2');
  const bearer = { Authorization: `Bearer ${pair.access_token}` };
  assert.equal(ok(await stack.client.get(`${api}/passkeys`, { headers: bearer })).passkeys.length, 2);
  assert.equal((await stack.client.request('DELETE', `${api}/passkeys/${added.passkey.id}`, { headers: bearer })).status, 204);
});

test('WA-01, WA-02, WA-03, WA-08, WA-11: what is not right is answered alike, and does nothing', async () => {
  const { user, authenticator } = await withPasskey();
  const stranger = Object.assign(new Authenticator(stack.origin), { userHandle: user.id });
  const impostor = Object.assign(new Authenticator(stack.origin), { userHandle: user.id, id: authenticator.id });
  const evil = 'https://evil.test';
  const wrong = [
    ['another origin', (options) => authenticator.get(options, { origin: evil })],
    ['the same host on another port', (options) => authenticator.get(options, { origin: 'https://localhost:1' })],
    ['within a foreign page', (options) => authenticator.get(options, { crossOrigin: true })],
    ['another relying party', (options) => authenticator.get(options, { rpId: 'evil.test' })],
    ['a registration', (options) => authenticator.get(options, { type: 'webauthn.create' })],
    ['a challenge of nobody', (options) => authenticator.get(options, { challenge: randomBytes(32).toString('base64url') })],
    ['a short challenge', (options) => authenticator.get(options, { challenge: 'AAAA' })],
    ['nobody verified', (options) => authenticator.get(options, { flags: FLAGS.present })],
    ['nobody present', (options) => authenticator.get(options, { flags: FLAGS.verified })],
    ['backed up and not eligible', (options) => authenticator.get(options, { flags: FLAGS.present | FLAGS.verified | FLAGS.backedUp })],
    ['eligible all at once', (options) => authenticator.get(options, { flags: FLAGS.present | FLAGS.verified | FLAGS.eligible })],
    ['a counter that stands still', (options) => authenticator.get(options, { count: 1 })],
    ['no user handle', (options) => authenticator.get(options, { userHandle: null })],
    ['a credential of nobody', (options) => stranger.get(options)],
    ['another key', (options) => impostor.get(options)],
  ];
  const sessions = stack.count('session');
  const texts = new Set();
  for (const [what, make] of wrong) {
    const answer = await signIn(make(await signInOptions()));
    code(answer, 401, 'invalid_credentials');
    assert.ok(answer.headers['www-authenticate'], what);
    texts.add(JSON.stringify({ ...answer.json, instance: '', request_id: '' }));
  }
  assert.equal(texts.size, 1, 'one text for all');
  assert.equal(stack.count('session'), sessions);
  const [odd] = stack.sql("SELECT detail, outcome FROM audit_event WHERE event = 'passkey_counter'");
  assert.deepEqual({ ...odd }, { detail: 'refused', outcome: 'refused' });
  const reasons = stack.sql("SELECT DISTINCT detail FROM audit_event WHERE event = 'authn_login_fail'").map(({ detail }) => detail);
  for (const reason of ['wrong origin', 'wrong relying party', 'wrong type', 'no such challenge', 'user not verified', 'nobody present', 'bad backup flags', 'counter did not grow', "somebody else's", 'unknown', 'bad signature']) {
    assert.ok(reasons.includes(`passkey, ${reason}`), `${reason} of ${reasons.join('; ')}`);
  }
  ok(await signIn(authenticator.get(await signInOptions())), 201);
});

test('WA-01: a replay, and a late one', async () => {
  const { authenticator } = await withPasskey();
  const passkey = authenticator.get(await signInOptions());
  ok(await signIn(passkey), 201);
  code(await signIn(passkey), 401, 'invalid_credentials');
  const late = authenticator.get(await signInOptions());
  stack.sql('UPDATE challenge SET expires_at = UNIX_TIMESTAMP() * 1000000 - 1000000');
  code(await signIn(late), 401, 'invalid_credentials');
});

test('WA-01, WA-07: a passkey as second factor and for a step up, each with its own challenge', async () => {
  const { who, authenticator } = await withPasskey();
  const other = await withPasskey();
  const pending = await stack.signIn(who);
  const challenge = async (handle) => ok(await stack.withHandle(handle, 'POST', '/session/challenge', { json: { purpose: 'pay' } }), 200).passkey;
  const asked = await challenge(pending.session_handle);
  assert.deepEqual(asked.allowCredentials.map(({ id }) => id), [authenticator.id.toString('base64url')]);
  assert.equal(asked.userVerification, 'preferred');
  code(await signIn(authenticator.get(asked)), 401, 'invalid_credentials');
  const show = (handle, passkey) => stack.withHandle(handle, 'POST', '/session/second-factor', { json: { method: 'passkey', passkey } });
  code(await show(pending.session_handle, other.authenticator.get(asked)), 401, 'invalid_credentials');
  const unverified = authenticator.get(asked, { flags: FLAGS.present });
  const done = ok(await show(pending.session_handle, unverified));
  assert.deepEqual(done.session.amr, ['pwd', 'hwk', 'mfa']);
  assert.equal(done.session.aal, 'aal2');

  const step = (handle, passkey) => stack.withHandle(handle, 'POST', '/session/reauth', { json: { method: 'passkey', passkey } });
  const again = await challenge(done.session_handle);
  assert.equal(again.userVerification, 'required');
  code(await step(done.session_handle, authenticator.get(again, { flags: FLAGS.present })), 401, 'invalid_credentials');
  const stepped = ok(await step(done.session_handle, authenticator.get(again)));
  assert.equal(stepped.session.id, pending.session.id);
  ok(await stack.withHandle(stepped.session_handle, 'POST', '/passkeys/options'));
});

test('WA-01, WA-02, WA-03, WA-05: a registration that is not right stores nothing', async () => {
  const { session_handle: handle, user } = await stack.signIn(person());
  const other = await stack.signIn(person());
  const authenticator = new Authenticator(stack.origin);
  const wrong = [
    (options) => authenticator.create(options, { origin: 'https://evil.test' }),
    (options) => authenticator.create(options, { rpId: 'evil.test' }),
    (options) => authenticator.create(options, { type: 'webauthn.get' }),
    (options) => authenticator.create(options, { crossOrigin: true }),
    (options) => authenticator.create(options, { challenge: randomBytes(32).toString('base64url') }),
    (options) => authenticator.create(options, { flags: FLAGS.present }),
    (options) => authenticator.create(options, { flags: FLAGS.verified }),
  ];
  for (const make of wrong) code(await register(handle, make(await optionsOf(handle))), 401, 'invalid_credentials');
  code(await register(handle, authenticator.create(await optionsOf(other.session_handle))), 401, 'invalid_credentials');
  assert.equal(Number(stack.sql(`SELECT COUNT(*) AS n FROM passkey WHERE user_id = ${idSql(user.id)}`)[0].n), 0);

  ok(await register(handle, authenticator.create(await optionsOf(handle))), 201);
  code(await register(other.session_handle, authenticator.create(await optionsOf(other.session_handle))), 409, 'conflict');
  assert.equal(Number(stack.sql(`SELECT COUNT(*) AS n FROM passkey WHERE credential_id = UNHEX('${authenticator.id.toString('hex')}')`)[0].n), 1);
});

test('members that are wrong are named', async () => {
  const { authenticator } = await withPasskey();
  const { session_handle: handle } = await stack.signIn(person());
  const good = authenticator.get(await signInOptions());
  for (const [more, name] of [
    [{ passkey: {} }, 'passkey'], [{ passkey: { ...good, type: 'password' } }, 'passkey'], [{ passkey: { ...good, rawId: 'AAAA' } }, 'passkey'],
    [{ passkey: { ...good, response: { ...good.response, signature: 'not base64url!' } } }, 'passkey'],
    [{ identifier: 'alice' }, 'identifier'], [{ password: 'x' }, 'password'], [{ handover: 'x' }, 'handover'], [{ transport: 'post' }, 'transport'],
  ]) {
    const answer = await signIn(good, more);
    code(answer, 400, 'invalid_request');
    assert.deepEqual(answer.json.fields.map((field) => field.name), [name]);
  }
  const fresh = new Authenticator(stack.origin);
  const made = fresh.create(await optionsOf(handle));
  for (const [json, name] of [[{}, 'passkey'], [{ passkey: 'x' }, 'passkey'], [{ passkey: good }, 'passkey'], [{ passkey: made, name: 'x'.repeat(101) }, 'name'], [{ passkey: made, name: 'a\nb' }, 'name']]) {
    const answer = await stack.withHandle(handle, 'POST', '/passkeys', { json });
    code(answer, 400, 'invalid_request');
    assert.deepEqual(answer.json.fields.map((field) => field.name), [name]);
  }
  ok(await register(handle, made, 'x'.repeat(100)), 201);
});

test('MF-15: a password alone changes nothing for who has a passkey', async () => {
  const { who, registered, handle } = await withPasskey();
  // The session that made it has shown none.
  code(await stack.withHandle(handle, 'POST', '/passkeys/options'), 401, 'reauthentication_required');
  code(await stack.withHandle(handle, 'DELETE', `/passkeys/${registered.passkey.id}`), 401, 'reauthentication_required');
  const later = await stack.signIn(who);
  assert.equal(later.session.state, 'second_factor_required');
  code(await stack.withHandle(later.session_handle, 'POST', '/passkeys/options'), 403, 'second_factor_required');
  code(await stack.withHandle(later.session_handle, 'GET', '/passkeys'), 403, 'second_factor_required');
});

test('nobody, a guest and a stale session register nothing; another\'s is not there', async () => {
  const { authenticator, registered } = await withPasskey();
  code(await stack.client.post(`${api}/passkeys/options`), 401, 'unauthenticated');
  const { session_handle: guest } = ok(await stack.client.post(`${api}/sessions/guest`, { json: { transport: 'handle' } }), 201);
  code(await stack.withHandle(guest, 'POST', '/passkeys/options'), 401, 'unauthenticated');
  const { session_handle: handle, session } = await stack.signIn(person());
  code(await stack.withHandle(handle, 'DELETE', `/passkeys/${registered.passkey.id}`), 404, 'not_found');
  code(await stack.withHandle(handle, 'DELETE', '/passkeys/nonsense'), 404, 'not_found');
  const passkey = authenticator.create(await optionsOf(handle));
  stack.sql(`UPDATE session SET auth_time = auth_time - 301000000 WHERE id = ${idSql(session.id)}`);
  code(await stack.withHandle(handle, 'POST', '/passkeys/options'), 401, 'reauthentication_required');
  code(await register(handle, passkey), 401, 'reauthentication_required');
  assert.equal((await stack.withHandle(handle, 'GET', '/passkeys')).status, 200, 'to look is enough');
});

test('a lost answer: the same request with the former value is answered alike', async () => {
  const { authenticator } = await withPasskey();
  const first = ok(await signIn(authenticator.get(await signInOptions())), 201);
  const passkey = authenticator.get(await signInOptions());
  const send = () => stack.withHandle(first.session_handle, 'POST', '/sessions', { json: { passkey, transport: 'handle' } });
  const one = ok(await send(), 201);
  const two = ok(await send(), 201);
  assert.equal(two.session_handle, one.session_handle);
  assert.equal(one.session.id, first.session.id);
  ok(await stack.withHandle(one.session_handle, 'GET', '/session'));
  code(await send(), 401, 'invalid_credentials');
});

test('TH-03, TH-08: challenges for nobody are counted by source', async () => {
  await signInOptions();
  stack.sql('UPDATE throttle SET short_count = 1000000 WHERE bucket = (SELECT MAX(bucket) FROM throttle)');
  try {
    const answer = await stack.client.post(`${api}/sessions/passkey/options`);
    code(answer, 429, 'too_many_attempts');
    assert.ok(Number(answer.headers['retry-after']) > 0);
    ok(await stack.client.post(`${api}/sessions/passkey/options`, { from: '127.0.0.9' }));
  } finally {
    stack.sql('DELETE FROM throttle');
  }
});

test('where everybody needs one: the sign-in is completed by registering it', async () => {
  const strict = await startStack({ settings: { second_factor: { require: 'all' } } });
  try {
    const { alice, bob } = strict.users;
    const pending = await strict.signIn(alice);
    assert.equal(pending.session.state, 'enrolment_required');
    const authenticator = new Authenticator(strict.origin);
    const begin = async (handle) => ok(await strict.withHandle(handle, 'POST', '/passkeys/options'));
    const passkey = authenticator.create(await begin(pending.session_handle));
    const send = () => strict.withHandle(pending.session_handle, 'POST', '/passkeys', { json: { passkey, name: 'Telephone' } });
    const done = ok(await send(), 201);
    assert.equal(done.session.state, 'active');
    assert.equal(done.session.aal, 'aal2');
    assert.deepEqual(done.session.amr, ['pwd', 'hwk', 'mfa', 'user']);
    assert.equal(done.recovery_codes.length, 10);
    assert.notEqual(done.session_handle, pending.session_handle);
    const again = ok(await send(), 201);
    assert.equal(again.session_handle, done.session_handle);
    assert.deepEqual(again.passkey, done.passkey);
    assert.equal(again.recovery_codes, undefined, 'shown once');
    code(await strict.withHandle(done.session_handle, 'DELETE', `/passkeys/${done.passkey.id}`), 409, 'conflict');
    assert.equal((await strict.withHandle(done.session_handle, 'GET', '/user')).status, 200);

    // A cookie comes anew.
    const jar = new Jar();
    const byCookie = jar.take(await strict.client.post(`${api}/sessions`, { json: { ...strict.users.admin, transport: 'cookie' } }));
    const headers = { Cookie: jar.header(), 'X-CSRF-Token': byCookie.json.session.csrf_token };
    const third = new Authenticator(strict.origin).create(ok(await strict.client.post(`${api}/passkeys/options`, { headers })));
    const renewed = jar.take(await strict.client.post(`${api}/passkeys`, { headers, json: { passkey: third } }));
    assert.equal(ok(renewed, 201).session.state, 'active');
    assert.equal(ok(await strict.client.get(`${api}/session`, { headers: { Cookie: jar.header() } })).session.aal, 'aal2');

    // Tokens come when there is nothing to wait for any more.
    const waiting = await strict.signIn(bob, { transport: 'token' });
    assert.match(waiting.session_handle, /^gps_/);
    const own = new Authenticator(strict.origin, { synced: true });
    const made = own.create(await begin(waiting.session_handle));
    const tokens = ok(await strict.withHandle(waiting.session_handle, 'POST', '/passkeys', { json: { passkey: made } }), 201);
    assert.match(tokens.refresh_token, /^gpr_/);
    assert.equal(tokens.session.state, 'active');
    assert.equal(tokens.passkey.backed_up, true);
  } finally {
    await strict.stop();
  }
});
