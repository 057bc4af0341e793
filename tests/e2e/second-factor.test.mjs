// CONTRACT §1, §4: the second factor of a sign-in and the step-up by one, over HTTP, on every carrier; with and without the front desk.
import test, { after } from 'node:test';
import assert from 'node:assert/strict';
import { startStack } from '../support/harness.mjs';
import { Jar, setCookies } from '../support/client.mjs';
import { ask } from '../support/fastcgi.mjs';
import { code as codeOf, formerCode } from '../support/oathtool.mjs';
import { until } from '../support/stack.mjs';

const api = '/auth/api/v1';
const settings = {
  second_factor: { require: 'roles', roles: 'elevated auditor' },
  'protect "/strong/"': { require: 'aal2' },
};
const users = ['alice', 'bob', 'carol', 'dora', 'eve', 'frank', 'gina'];
const stacks = {
  on: await startStack({ settings: { ...settings, server: { desk: 'yes' } }, users }),
  off: await startStack({ settings: { ...settings, server: { desk: 'no' } }, users }),
};
after(() => Promise.all(Object.values(stacks).map((stack) => stack.stop())));

const is = (answer, status, word) => {
  assert.equal(answer.status, status, answer.body);
  if (word !== undefined) assert.equal(answer.json.code, word);
  return answer.json;
};
const METHODS = ['totp', 'recovery_code'];

// Sets an app up. Its code of this step is unused still, and its recovery codes are there.
async function withApp(stack, name) {
  const person = stack.users[name];
  const { session_handle: handle } = await stack.signIn(person);
  const { secret } = is(await stack.withHandle(handle, 'POST', '/totp'), 200);
  const confirmed = await stack.withHandle(handle, 'POST', '/totp/confirm', { json: { code: await formerCode(secret) } });
  const { recovery_codes: codes } = is(confirmed, 200);
  assert.equal(codes.length, 10);
  return { person, handle, secret, codes };
}
const factor = (stack, handle, json) => stack.withHandle(handle, 'POST', '/session/second-factor', { json });
const wrongOf = (secret) => {
  const near = [codeOf(secret), codeOf(secret, -30), codeOf(secret, 30)];
  return Array.from({ length: 10 }, (_, digit) => String(digit).repeat(6)).find((code) => !near.includes(code));
};
// The next code that was never shown, when its step has come.
async function nextCode(secret, used) {
  let code = codeOf(secret);
  await until(() => (code = codeOf(secret)) !== used, 'the next step', 40000);
  return code;
}

for (const [desk, stack] of Object.entries(stacks)) {
  const desked = (text) => `${text} (desk ${desk})`;

  test(desked('MF-04, MF-17: by handle: nothing opens before the factor is shown; the right code completes, once'), async () => {
    const { person, secret } = await withApp(stack, 'alice');
    const { session, session_handle: handle } = await stack.signIn(person);
    assert.equal(session.state, 'second_factor_required');
    assert.equal(session.aal, 'aal1');
    assert.deepEqual(session.methods, METHODS);
    for (const [method, path] of [['GET', '/session'], ['GET', '/sessions'], ['POST', '/totp'], ['POST', '/session/reauth'], ['GET', '/devices']]) {
      const refused = await stack.withHandle(handle, method, path, method === 'POST' && path.endsWith('reauth') ? { json: { method: 'password', password: 'x' } } : {});
      if (refused.status === 200) {
        assert.equal(path, '/session', 'only the standing is told');
        continue;
      }
      assert.deepEqual(is(refused, 403, 'second_factor_required').methods, METHODS, path);
      assert.equal(refused.headers['www-authenticate'], undefined);
    }
    const wrong = await factor(stack, handle, { method: 'totp', code: wrongOf(secret) });
    is(wrong, 401, 'invalid_credentials');
    assert.match(wrong.headers['www-authenticate'], /^Bearer/);
    for (const [json, name] of [
      [{ method: 'device_key', code: '1' }, 'method'], [{ method: 'password', code: '1' }, 'method'],
      [{ method: 'totp' }, 'code'], [{ method: 'passkey' }, 'passkey'], [{ code: '1' }, 'method'],
    ]) {
      const answer = await factor(stack, handle, json);
      assert.deepEqual(is(answer, 400, 'invalid_request').fields.map((field) => field.name), [name]);
    }
    const code = codeOf(secret);
    const done = is(await factor(stack, handle, { method: 'totp', code }), 200);
    assert.deepEqual([done.session.state, done.session.aal, done.session.id], ['active', 'aal2', session.id]);
    assert.deepEqual(done.session.amr, ['pwd', 'otp', 'mfa']);
    assert.match(done.session_handle, /^gps_[A-Za-z0-9_-]{43}$/);
    const again = is(await factor(stack, handle, { method: 'totp', code }), 200);
    assert.equal(again.session_handle, done.session_handle, 'its answer was lost');
    is(await stack.withHandle(done.session_handle, 'GET', '/sessions'), 200);
    const late = is(await factor(stack, handle, { method: 'totp', code }), 401, 'unauthenticated');
    assert.equal(late.rotated, true);
    is(await factor(stack, done.session_handle, { method: 'totp', code }), 409, 'conflict');
    const other = await stack.signIn(person);
    is(await factor(stack, other.session_handle, { method: 'totp', code }), 401, 'invalid_credentials');
  });

  test(desked('MF-07: five wrong codes end the sign-in; a new one has no fresh attempts'), async () => {
    const { person, secret } = await withApp(stack, 'bob');
    const { session_handle: handle } = await stack.signIn(person);
    for (let i = 1; i < 5; i++) is(await factor(stack, handle, { method: 'totp', code: wrongOf(secret) }), 401, 'invalid_credentials');
    const fifth = await factor(stack, handle, { method: 'totp', code: wrongOf(secret) });
    is(fifth, 401, 'unauthenticated');
    is(await stack.withHandle(handle, 'GET', '/sessions'), 401, 'unauthenticated');
    const { session_handle: next } = await stack.signIn(person);
    const refused = await factor(stack, next, { method: 'totp', code: codeOf(secret) });
    is(refused, 429, 'too_many_attempts');
    assert.ok(Number(refused.headers['retry-after']) > 0);
  });

  test(desked('by cookie: the form token is asked for; a new cookie comes with a new one'), async () => {
    const { person, codes } = await withApp(stack, 'carol');
    const jar = new Jar();
    const signedIn = await stack.client.post(`${api}/sessions`, { json: { ...person, transport: 'cookie' } });
    jar.take(signedIn);
    const send = (headers) => stack.client.post(`${api}/session/second-factor`, {
      json: { method: 'recovery_code', code: codes[3].toLowerCase() }, headers: { Cookie: jar.header(), ...headers },
    });
    is(await send({}), 403, 'csrf_failed');
    const token = { 'X-CSRF-Token': signedIn.json.session.csrf_token };
    is(await send({ ...token, Origin: 'https://evil.test' }), 403, 'csrf_failed');
    const answer = await send(token);
    const done = is(answer, 200);
    assert.equal(done.session.aal, 'aal2');
    assert.equal(done.session_handle, undefined);
    assert.notEqual(done.session.csrf_token, signedIn.json.session.csrf_token);
    const value = (from) => setCookies(from).find(({ name }) => name === '__Host-gatepost').value;
    assert.equal(value(await send(token)), value(answer), 'repeated: the same cookie');
    jar.take(answer);
    is(await stack.client.get(`${api}/sessions`, { headers: { Cookie: jar.header() } }), 200);
    assert.equal(Number(stack.sql("SELECT COUNT(*) AS n FROM outbox WHERE kind = 'recovery-code-used'")[0].n), 1);
    const { session_handle: next } = await stack.signIn(person);
    is(await factor(stack, next, { method: 'recovery_code', code: codes[3] }), 401, 'invalid_credentials');
  });

  test(desked('MF-17: by token: a handle until it is complete, then the pair; a role that requires a factor counts at once'), async () => {
    const { person, secret, handle: old } = await withApp(stack, 'dora');
    const signedIn = is(await stack.client.post(`${api}/sessions`, { json: { ...person, transport: 'token' } }), 201);
    assert.equal(signedIn.access_token, undefined);
    assert.equal(signedIn.refresh_token, undefined);
    const code = codeOf(secret);
    const done = is(await factor(stack, signedIn.session_handle, { method: 'totp', code }), 200);
    assert.equal(done.session_handle, undefined);
    assert.match(done.refresh_token, /^gpr_/);
    const again = is(await factor(stack, signedIn.session_handle, { method: 'totp', code }), 200);
    assert.equal(again.refresh_token, done.refresh_token, 'its answer was lost');
    const bearer = { Authorization: `Bearer ${done.access_token}` };
    is(await stack.client.get(`${api}/sessions`, { headers: bearer }), 200);
    // The session before the app was set up has shown none.
    is(await stack.withHandle(old, 'GET', '/sessions'), 200);
    stack.must(['role', 'add', 'auditor']);
    stack.must(['user', 'role', 'dora', '--add', 'auditor']);
    assert.deepEqual(is(await stack.withHandle(old, 'GET', '/sessions'), 403, 'second_factor_required').methods, METHODS);
    is(await stack.client.get(`${api}/sessions`, { headers: bearer }), 200);
    const next = await nextCode(secret, code);
    const raised = is(await factor(stack, old, { method: 'totp', code: next }), 200);
    is(await stack.withHandle(raised.session_handle, 'GET', '/sessions'), 200);
  });

  test(desked('MF-15, MF-16: changing factors asks for one as fresh; only a factor steps up, and only this session'), async () => {
    const { person, secret, handle } = await withApp(stack, 'eve');
    const refused = await stack.withHandle(handle, 'DELETE', '/totp');
    assert.deepEqual(is(refused, 401, 'reauthentication_required').methods, METHODS);
    assert.match(refused.headers['www-authenticate'], /error="insufficient_user_authentication", max_age=300, acr_values="aal2"$/);
    const byPassword = is(await stack.withHandle(handle, 'POST', '/session/reauth', { json: { method: 'password', password: person.password } }), 200);
    assert.equal(byPassword.session.aal, 'aal1');
    is(await stack.withHandle(byPassword.session_handle, 'DELETE', '/totp'), 401, 'reauthentication_required');
    const up = await stack.withHandle(byPassword.session_handle, 'POST', '/session/reauth', { json: { method: 'totp', code: codeOf(secret), purpose: 'remove-app' } });
    assert.equal(is(up, 200).session.aal, 'aal2');
    assert.equal(Number(stack.sql("SELECT COUNT(*) AS n FROM audit_event WHERE event = 'authn_reauth_success' AND detail = 'totp, step-up: remove-app'")[0].n), 1);
    is(await stack.withHandle(up.json.session_handle, 'POST', '/session/reauth', { json: { method: 'totp', code: '1', purpose: 'Not a name' } }), 400, 'invalid_request');
    assert.equal((await stack.withHandle(up.json.session_handle, 'DELETE', '/totp')).status, 204);
    const plain = await stack.signIn(person);
    assert.equal(plain.session.state, 'active', 'nothing is left to ask for');
  });

  test(desked('a guarded place that wants aal2: 401 before, 200 after'), async () => {
    const { person, secret } = await withApp(stack, 'frank');
    const socket = stack.config.sections['listen web'].address;
    const verify = (handle) => ask(socket, 'GET', '/auth/verify-access', {
      headers: { Host: new URL(stack.origin).host, 'X-Session-Id': handle }, server: { GATEPOST_URI: '/strong/x', GATEPOST_METHOD: 'GET' },
    });
    const { session_handle: handle } = await stack.signIn(person);
    const before = await verify(handle);
    assert.equal(before.status, 403, before.body);
    assert.equal(before.json.code, 'second_factor_required');
    assert.match(before.headers['x-gatepost-location'], /\/second-factor\?return_to=%2Fstrong%2Fx$/);
    const { session_handle: next } = is(await factor(stack, handle, { method: 'totp', code: codeOf(secret) }), 200);
    const after = await verify(next);
    assert.equal(after.status, 200, after.body);
    assert.equal(after.headers['x-gatepost-aal'], 'aal2');
    stack.sql(`UPDATE session SET aal2_end = 1 WHERE aal = 2`);
    const lapsed = await verify(next);
    assert.equal(lapsed.status, 401, lapsed.body);
    assert.equal(lapsed.json.code, 'reauthentication_required');
    assert.match(lapsed.headers['www-authenticate'], /acr_values="aal2"/);
    assert.match(lapsed.headers['x-gatepost-location'], /\/reauth\?/);
  });

  test(desked('a second factor costs at most four statements more than a step-up by password'), async () => {
    const { person, secret } = await withApp(stack, 'gina');
    const { session_handle: handle } = await stack.signIn(person);
    const code = codeOf(secret);
    let done;
    const shown = await stack.statements(async () => {
      done = is(await factor(stack, handle, { method: 'totp', code }), 200);
    });
    is(await stack.withHandle(done.session_handle, 'GET', '/session'), 200);
    const typed = await stack.statements(async () => {
      is(await stack.withHandle(done.session_handle, 'POST', '/session/reauth', { json: { method: 'password', password: person.password } }), 200);
    });
    assert.ok(shown.length > 0 && shown.length <= typed.length + 4, `${shown.length} and ${typed.length}:\n${shown.join('\n')}\n\n${typed.join('\n')}`);
  });
}
