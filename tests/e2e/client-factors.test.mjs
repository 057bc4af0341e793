// docs/examples/clients/typescript with more than a password: a device's key, codes, and what a kill at any moment leaves of them.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { join } from 'node:path';
import { compile } from '../support/app.mjs';
import { AppError, killApps, killedEverywhere, makeHome, startApp } from '../support/apps.mjs';
import { startStack } from '../support/harness.mjs';
import { until } from '../support/stack.mjs';

const QUARTER = 16 * 60_000_000;
let stack;
let code;
before(async () => {
  stack = await startStack({ users: ['alice', 'bob', 'carol', 'dora'] });
  code = join(stack.dir, 'app');
  assert.deepEqual(compile(code), []);
});
after(async () => {
  await killApps();
  await stack?.stop();
});

const idSql = (id) => `UNHEX('${Buffer.from(id, 'base64url').toString('hex')}')`;
const age = (id) => stack.sql(`UPDATE session SET auth_time = auth_time - ${QUARTER}, created_at = created_at - ${QUARTER} WHERE id = ${idSql(id)}`);
const start = (place, more) => startApp(stack, code, place, more);
const refused = (advice, word) => (error) => error instanceof AppError && error.advice === advice && (word === undefined || error.code === word);
// What needs a fresh sign-in, and changes nothing that these tests look at.
const pay = (app) => app.do('request', 'DELETE', '/sessions?scope=others');

async function signedIn(who) {
  const place = makeHome(stack);
  const app = await start(place);
  const { session } = await app.do('signIn', who);
  return { app, place, session };
}

test('MF-16: an app registers its key, is killed, goes on, steps up by the key and pays; the device revoked, it is out at once', async () => {
  const { alice } = stack.users;
  const { app, place, session } = await signedIn(alice);
  await app.do('registerDeviceKey');
  await app.kill();

  const next = await start(place);
  assert.equal((await next.do('resume')).session.id, session.id);
  age(session.id);
  await next.do('set', {});
  assert.equal((await pay(next)).status, 200);
  assert.equal((await next.do('told')).dialogs, 1, 'the finger, and no password');
  const state = await next.do('resume');
  assert.equal(state.session.id, session.id);
  assert.ok(Date.now() - Date.parse(state.session.auth_time) < 60e3, 'fresh again');

  const { session_handle: other } = await stack.signIn(alice);
  const { json: { devices } } = await stack.withHandle(other, 'GET', '/devices');
  const mine = devices.find(({ name }) => name === 'A test');
  assert.equal((await stack.withHandle(other, 'DELETE', `/devices/${mine.id}`)).status, 204);
  await assert.rejects(next.do('request', 'GET', '/session'), refused('sign in'));
  assert.equal(await next.do('resume'), null);

  // Signed in anew, it is another device to the server: the old key proves nothing.
  const { session: anew } = await next.do('signIn', alice);
  age(anew.id);
  await next.do('set', {});
  await assert.rejects(pay(next), refused('step up', 'reauthentication_required'));
});

test('MF-16: killed at every moment of a step-up by device key: nobody is signed out', async () => {
  const { bob } = stack.users;
  const prepare = async () => {
    const { app, place, session } = await signedIn(bob);
    await app.do('registerDeviceKey');
    age(session.id);
    return { app, place, session, act: () => pay(app) };
  };
  const names = await killedEverywhere(start, prepare, async (name, app, { session }) => {
    assert.equal((await app.do('resume'))?.session.id, session.id, name);
    await app.do('set', {});
    assert.equal((await pay(app)).status, 200, `${name}: and it goes on to what it wanted`);
  });
  for (const name of ['after POST challenge', 'before POST reauth', 'after POST reauth', 'before writing gatepost.session']) assert.ok(names.includes(name), `${names}`);
});

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
function base32(text) {
  const bits = [...text.replace(/=+$/, '')].map((letter) => letters.indexOf(letter).toString(2).padStart(5, '0')).join('');
  return Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
}

// RFC 6238 with SHA-1, 30 s and six digits; back: so many steps ago.
function totp(secret, back = 0) {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30000) - back));
  const mac = createHmac('sha1', base32(secret)).update(counter).digest();
  const at = mac[19] & 15;
  return String((mac.readUInt32BE(at) & 0x7fffffff) % 1e6).padStart(6, '0');
}

// Shows the code of the step before, which is good in this one: the code of this step is then still unused.
async function withTotp(who) {
  const { app, place } = await signedIn(who);
  const { json: { secret } } = await app.do('request', 'POST', '/totp');
  await until(() => Date.now() % 30000 < 15000, 'half of a step is left');
  const { json: { recovery_codes: codes } } = await app.do('request', 'POST', '/totp/confirm', { code: totp(secret, 1) });
  await app.do('signOut');
  return { app, place, secret, codes };
}

test('a second factor at sign-in by TOTP: asked for, wrong, right; the answer lost', async () => {
  const { carol } = stack.users;
  const { app, place, secret } = await withTotp(carol);
  const { session } = await app.do('signIn', carol);
  assert.equal(session.state, 'second_factor_required');
  assert.ok(session.methods.includes('totp'));
  await assert.rejects(app.do('request', 'GET', '/sessions'), refused('second factor', 'second_factor_required'));

  // The code is typed after the app was killed.
  await app.kill();
  const next = await start(place);
  assert.equal((await next.do('resume')).session.state, 'second_factor_required');
  const wrong = String((Number(totp(secret)) + 1) % 1e6).padStart(6, '0');
  await assert.rejects(next.do('secondFactor', { method: 'totp', code: wrong }), refused('ask again', 'invalid_credentials'));
  await next.do('set', { fates: ['answer'] });
  const done = await next.do('secondFactor', { method: 'totp', code: totp(secret) });
  assert.deepEqual([done.session.state, done.session.aal], ['active', 'aal2']);
  assert.equal((await next.do('request', 'GET', '/sessions')).status, 200);
});

test('killed at every moment of a second factor by recovery code: what was sent is done, each code is good once', async () => {
  const { dora } = stack.users;
  const { app: first, codes } = await withTotp(dora);
  await first.quit();
  let used;
  const prepare = async () => {
    const { app, place } = await signedIn(dora);
    used = { method: 'recovery_code', code: codes.shift() };
    return { app, place, act: () => app.do('secondFactor', used) };
  };
  let isFirst = true;
  const names = await killedEverywhere(start, prepare, async (name, app) => {
    // Before the request was written down there was none; from then on the next start sees to it.
    const state = await app.do('resume');
    assert.equal(state.session.state, isFirst ? 'second_factor_required' : 'active', name);
    isFirst = false;
  });
  assert.ok(names.includes('after POST second-factor'), `${names}`);
  const { app } = await signedIn(dora);
  await assert.rejects(app.do('secondFactor', used), refused('ask again', 'invalid_credentials'));
});
