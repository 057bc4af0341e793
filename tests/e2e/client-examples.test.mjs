// docs/examples/clients/typescript: an app that is killed at every moment, loses answers, races itself and others, and goes on.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync, randomBytes, randomUUID, sign, verify } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import yaml from 'js-yaml';
import { compile } from '../support/app.mjs';
import { AppError, killApps, killedEverywhere, makeHome, startApp } from '../support/apps.mjs';
import { source, startStack } from '../support/harness.mjs';
import { freePort } from '../support/stack.mjs';

const QUARTER = 16 * 60_000_000;
const PEOPLE = ['alice', 'bob', 'carol', 'dora', 'eve', 'finn', 'gus', 'hal'];
let stack;
let code;
before(async () => {
  stack = await startStack({
    users: PEOPLE,
    settings: { throttle: { guests: 1000 }, 'flow trip': { steps: 'start > paid > end', client_may: 'start > paid > end' } },
  });
  code = join(stack.dir, 'app');
  assert.deepEqual(compile(code), []);
});
after(async () => {
  await killApps();
  await stack?.stop();
});

const idSql = (id) => `UNHEX('${Buffer.from(id, 'base64url').toString('hex')}')`;
const change = (id, set) => stack.sql(`UPDATE session SET ${set} WHERE id = ${idSql(id)}`);
const age = (id) => change(id, `auth_time = auth_time - ${QUARTER}, created_at = created_at - ${QUARTER}`);
const epoch = (id) => Number(stack.sql(`SELECT epoch FROM session WHERE id = ${idSql(id)}`)[0].epoch);
const live = (name) => Number(stack.sql(`SELECT COUNT(*) AS n FROM session JOIN user ON user.id = session.user_id WHERE username = '${name}' AND idle_end > UNIX_TIMESTAMP() * 1000000`)[0].n);
const passwordOf = (who) => ({ method: 'password', password: who.password });
const start = (place, more) => startApp(stack, code, place, more);
const refused = (advice, word) => (error) => error instanceof AppError && error.advice === advice && (word === undefined || error.code === word);
const lost = (error) => error instanceof AppError && error.kind === 'LostAnswer';

async function signedIn(who, more) {
  const place = makeHome(stack);
  const app = await start(place, more);
  const { session } = await app.do('signIn', who);
  return { app, place, session };
}

test('the example has no type errors in strict mode, and takes a platform\'s own fetch', () => {
  const uses = `import { Gatepost } from './gatepost.js';
    import { secureStore, type SecretStore } from './stores.js';
    declare const store: SecretStore, expo: Parameters<typeof secureStore>[0];
    new Gatepost({ base: '', fetch, store, newId: () => '' }).resume();
    new Gatepost({ base: '', fetch: (url, init) => fetch(url, { ...init }), store: secureStore(expo), newId: () => '', transport: 'token' });`;
  assert.deepEqual(compile(join(stack.dir, 'dom'), { lib: ['dom'], besides: { 'uses.ts': uses } }), []);
  const wrong = "import { Gatepost } from './gatepost.js';\nnew Gatepost({ base: '' });";
  assert.match(compile(join(stack.dir, 'wrong'), { besides: { 'wrong.ts': wrong } }).join(), /wrong\.ts:2: .*fetch, store, newId/s);
});

test('every code that the server has comes with advice', async () => {
  const { ADVICE } = await import(join(code, 'problem.js'));
  const { schemas } = yaml.load(readFileSync(join(source, 'docs/openapi.yaml'), 'utf8')).components;
  const codes = new Set();
  const walk = (node) => {
    if (node === null || typeof node !== 'object') return;
    for (const word of node.properties?.code?.enum ?? []) codes.add(word);
    for (const below of Object.values(node)) walk(below);
  };
  walk(schemas);
  assert.ok(codes.size > 15, [...codes].join());
  assert.deepEqual([...codes].filter((word) => !(word in ADVICE)), []);
});

test('by handle: sign in, killed, resume, sign out; the value is nowhere to be read', async () => {
  const { alice } = stack.users;
  const { app, place, session } = await signedIn(alice);
  assert.equal(session.class, 'native');
  assert.equal(session.device_name, 'A test');
  await app.kill();
  const again = await start(place);
  const state = await again.do('resume');
  assert.equal(state.user.username, 'alice');
  assert.equal(state.session.id, session.id);
  const kept = readdirSync(place.home);
  assert.deepEqual(kept.sort(), ['gatepost.device.secret', 'gatepost.session.secret']);
  for (const name of kept) assert.doesNotMatch(readFileSync(join(place.home, name), 'latin1'), /gps_|handle/);
  await again.do('signOut');
  assert.equal(await again.do('resume'), null);
  assert.deepEqual(readdirSync(place.home), ['gatepost.device.secret'], 'the installation keeps its name');
});

test('a wrong password is to be asked for again, and too many are to wait', async () => {
  const app = await start(makeHome(stack));
  const wrong = { identifier: 'hal', password: 'not this one' };
  for (let i = 0; i < 5; i++) await assert.rejects(app.do('signIn', wrong), refused('ask again', 'invalid_credentials'));
  await assert.rejects(app.do('signIn', wrong), (error) => refused('wait', 'too_many_attempts')(error) && error.retryAfter > 0);
  assert.equal(await app.do('resume'), null);
});

test('killed at every moment of signing in: signed in or not, never half, and one session in the end', async () => {
  const { bob } = stack.users;
  const place = makeHome(stack);
  const found = { yes: 0, no: 0 };
  const prepare = async () => ({ app: await start(place), place, act: (app) => app.do('signIn', bob) });
  const names = await killedEverywhere(start, prepare, async (name, app) => {
    const state = await app.do('resume');
    found[state ? 'yes' : 'no']++;
    if (!state) await app.do('signIn', bob);
    assert.equal((await app.do('resume')).user.username, 'bob', name);
    assert.equal(live('bob'), 1, `${name}: this device's former session has ended`);
  });
  for (const name of ['before writing gatepost.device', 'before POST sessions', 'after POST sessions', 'before writing gatepost.session', 'after writing gatepost.session']) {
    assert.ok(names.includes(name), `${name} in ${names}`);
  }
  assert.ok(found.yes > 0);
});

test('killed at every moment of a first sign-in: what was answered and not written is not there', async () => {
  const { carol } = stack.users;
  const prepare = async () => {
    const place = makeHome(stack);
    return { app: await start(place), place, act: (app) => app.do('signIn', carol) };
  };
  await killedEverywhere(start, prepare, async (name, app) => {
    const state = await app.do('resume');
    assert.equal(state !== null, name === 'after writing gatepost.session', name);
  });
});

test('killed at every moment of a step-up by password: the one who has not seen the answer signs in again', async () => {
  const { dora } = stack.users;
  const unseen = ['after POST reauth', 'before writing gatepost.session'];
  const prepare = async () => {
    const { app, place } = await signedIn(dora);
    return { app, place, act: () => app.do('request', 'POST', '/session/reauth', passwordOf(dora)) };
  };
  const names = await killedEverywhere(start, prepare, async (name, app) => {
    assert.equal(await app.do('resume') === null, unseen.includes(name), name);
    if (unseen.includes(name)) assert.equal((await app.do('signIn', dora)).user.username, 'dora');
  });
  for (const name of unseen) assert.ok(names.includes(name), `${names}`);
});

// The code of another device of the same person, for whoever knows the verifier.
async function handoverFrom(person) {
  const verifier = randomBytes(32).toString('base64url');
  const { session_handle: giver } = await stack.signIn(person);
  const challenge = createHash('sha256').update(verifier).digest('base64url');
  const { json } = await stack.withHandle(giver, 'POST', '/session/handover', { json: { challenge, to: 'native' } });
  return { handover: json.handover, verifier };
}

test('killed at every moment of a renewal without a password: the next start repeats it, and nobody is signed out', async () => {
  const { eve } = stack.users;
  const prepare = async () => {
    const { app, place, session } = await signedIn(eve);
    const proof = await handoverFrom(eve);
    return { app, place, session, act: () => app.do('signIn', proof) };
  };
  const names = await killedEverywhere(start, prepare, async (name, app, { session }) => {
    const state = await app.do('resume');
    assert.equal(state?.user.username, 'eve', name);
    assert.equal(state.session.id, session.id, name);
    const isAsked = !['before writing gatepost.device', 'after writing gatepost.device', 'before writing gatepost.session'].includes(name);
    if (isAsked) assert.equal(epoch(session.id), 2, `${name}: done, and once`);
  });
  assert.ok(names.includes('after POST sessions'), `${names}`);
});

test('an answer that is lost: the same request once more; lost twice it is told, and the next act finds out', async () => {
  const { alice } = stack.users;
  const { app, session } = await signedIn(alice);
  const stepUp = () => app.do('request', 'POST', '/session/reauth', passwordOf(alice));
  for (const fates of [['request'], ['answer']]) {
    const was = epoch(session.id);
    await app.do('set', { fates });
    assert.equal((await stepUp()).status, 200);
    assert.equal(epoch(session.id), was + 1, `${fates}: one renewal`);
    assert.equal((await app.do('resume')).session.id, session.id);
  }
  await app.do('set', { fates: ['answer', 'answer'] });
  await assert.rejects(stepUp(), lost);
  assert.equal((await stepUp()).status, 200, 'the person tries again');

  await app.do('set', { fates: ['answer', 'answer'] });
  const proof = await handoverFrom(alice);
  await assert.rejects(app.do('signIn', proof), lost);
  assert.equal((await app.do('request', 'GET', '/session')).json.session.id, session.id, 'what was written down is repeated when it is missed');
  await app.do('set', { fates: ['answer'] });
  await app.do('signOut');
});

test('two processes with one store: what one renews the other goes on with', async () => {
  const { alice } = stack.users;
  const place = makeHome(stack);
  const more = { lock: await freePort() };
  const [one, two] = await Promise.all([start(place, more), start(place, more)]);
  const { session } = await one.do('signIn', alice);
  assert.equal((await two.do('resume')).session.id, session.id);
  for (let i = 0; i < 5; i++) {
    const all = await Promise.all([
      one.do('request', 'POST', '/session/reauth', passwordOf(alice)), two.do('together', 4, 'request', 'GET', '/session'),
      two.do('request', 'POST', '/session/reauth', passwordOf(alice)), one.do('together', 4, 'request', 'GET', '/session'),
    ]);
    for (const { status } of all.flat()) assert.equal(status, 200);
  }
  // Killed while it is the only one who knows, the other repeats for it.
  await one.do('set', { haltAt: 3 });
  one.do('signIn', await handoverFrom(alice));
  await one.halted;
  await one.kill();
  assert.equal((await two.do('resume')).session.id, session.id);
});

test('a refresh race: in one process one refresh, in two processes one each, and no reuse', async () => {
  const { finn } = stack.users;
  const place = makeHome(stack);
  const more = { transport: 'token', lock: await freePort() };
  const [one, two] = await Promise.all([start(place, more), start(place, more)]);
  const { session } = await one.do('signIn', finn);
  const tokens = () => Number(stack.sql(`SELECT COUNT(*) AS n FROM refresh_token WHERE session_id = ${idSql(session.id)}`)[0].n);
  for (let i = 1; i <= 5; i++) {
    const was = tokens();
    change(session.id, 'epoch = epoch + 1');
    const all = await Promise.all([one, two].map((app) => app.do('together', 8, 'request', 'GET', '/session')));
    for (const { status } of all.flat()) assert.equal(status, 200);
    assert.equal(tokens(), was + 1);
  }
  assert.equal(stack.sql("SELECT 1 FROM audit_event WHERE event = 'authn_token_reuse'").length, 0);
  assert.match(await two.do('accessToken'), /^eyJ/);
});

test('a lost answer to a refresh: the same token again, never another; killed at every moment of it, nobody is signed out', async () => {
  const { finn } = stack.users;
  const more = { transport: 'token' };
  const prepare = async () => {
    const { app, place, session } = await signedIn(finn, more);
    change(session.id, 'epoch = epoch + 1');
    return { app, place, more, session, act: () => app.do('request', 'GET', '/session') };
  };
  for (const fates of [['request'], ['answer']]) {
    const { app, session } = await prepare();
    await app.do('set', { fates: ['whole', ...fates] });
    assert.equal((await app.do('resume')).session.id, session.id);
  }
  const { app, session: kept } = await prepare();
  await app.do('set', { fates: ['whole', 'answer', 'answer'] });
  await assert.rejects(app.do('request', 'GET', '/session'), lost);
  assert.equal((await app.do('resume')).session.id, kept.id);

  const names = await killedEverywhere(start, prepare, async (name, next, { session }) => {
    assert.equal((await next.do('resume'))?.session.id, session.id, name);
  });
  assert.ok(names.includes('after POST token'), `${names}`);
});

test('a logout elsewhere is noticed at the next request, on either carrier', async () => {
  const { alice } = stack.users;
  for (const transport of ['handle', 'token']) {
    const { app, session } = await signedIn(alice, { transport });
    const { session_handle: other } = await stack.signIn(alice);
    assert.equal((await stack.withHandle(other, 'DELETE', `/sessions/${session.id}`)).status, 204);
    await assert.rejects(app.do('request', 'GET', '/session'), refused('sign in'));
    assert.equal(await app.do('resume'), null);
    await app.do('signOut');
    assert.equal((await app.do('signIn', alice)).user.username, 'alice');
  }
});

test('a sign-in that is too old: one dialog for all who ask, then each request again; no is no', async () => {
  const { gus } = stack.users;
  const { app, session } = await signedIn(gus);
  const others = [];
  for (let i = 0; i < 3; i++) others.push((await stack.signIn(gus)).session.id);
  const endAll = () => Promise.all(others.map((id) => app.do('request', 'DELETE', `/sessions/${id}`)));

  age(session.id);
  await app.do('set', { proofs: [] });
  await assert.rejects(app.do('request', 'DELETE', `/sessions/${others[0]}`), refused('step up', 'reauthentication_required'));
  await app.do('set', { proofs: [{ method: 'password', password: 'not this one' }] });
  await assert.rejects(app.do('request', 'DELETE', `/sessions/${others[0]}`), refused('ask again'));
  assert.equal((await app.do('resume')).session.id, session.id, 'still signed in');

  await app.do('set', { proofs: [passwordOf(gus)] });
  for (const { status } of await endAll()) assert.equal(status, 204);
  assert.equal((await app.do('told')).dialogs, 1);
  assert.equal(live('gus'), 1);
});

test('a guest\'s journey becomes the person\'s and goes on on another device, whatever is lost', async () => {
  const { alice } = stack.users;
  const phone = await start(makeHome(stack));
  await phone.do('beginAsGuest');
  await phone.do('request', 'POST', '/flows/trip', { data: { to: 'Oslo' } });
  await phone.do('set', { fates: ['answer'] });
  assert.equal((await phone.do('signIn', alice)).user.username, 'alice');
  const { app: desktop } = await signedIn(alice);
  const [flow] = (await desktop.do('resume')).flows;
  assert.deepEqual([flow.kind, flow.step, flow.data], ['trip', 'start', { to: 'Oslo' }]);

  // Both write: whoever comes second reads again, and neither loses what the other wrote.
  const written = await Promise.all([phone.do('patch', 'trip', { seat: '7A' }), desktop.do('patch', 'trip', { meal: 'none' })]);
  assert.equal(written.length, 2);
  assert.deepEqual((await phone.do('resume')).flows[0].data, { to: 'Oslo', seat: '7A', meal: 'none' });

  await phone.do('set', { fates: ['whole', 'answer'] });
  assert.equal((await phone.do('moveFlow', 'trip', 'paid')).step, 'paid', 'the step was made, and its answer was lost');
  await phone.kill();
  assert.equal((await desktop.do('resume')).flows[0].step, 'paid');
  assert.equal((await desktop.do('moveFlow', 'trip', 'end')).step, 'end');
  await assert.rejects(desktop.do('moveFlow', 'trip', 'start'), refused('read again', 'conflict'));
});

test('while the server is away nothing is lost but time', async () => {
  const { app, session } = await signedIn(stack.users.alice);
  const end = await stack.worker.stop();
  assert.equal(end.code, 0);
  await assert.rejects(app.do('resume'), (error) => lost(error) || refused('wait')(error));
  stack.startWorker();
  await stack.ready();
  assert.equal((await app.do('resume')).session.id, session.id);
});

// In this process, so that the network and the store can be anything. What it sends and gets is held against docs/openapi.yaml.
async function here(more = {}) {
  const { Gatepost } = await import(join(code, 'gatepost.js'));
  const items = new Map();
  const store = {
    read: async (name) => items.get(name) ?? null,
    write: async (name, value) => void items.set(name, value),
    remove: async (name) => void items.delete(name),
  };
  const fetch = async (url, { method, headers, body }) => {
    const answer = await stack.client.request(method, new URL(url).pathname, { headers, body });
    return { status: answer.status, headers: new Headers(answer.headers), text: async () => answer.body };
  };
  const options = { base: stack.base, fetch, store, newId: randomUUID, ...more };
  return { gatepost: new Gatepost(options), options, items };
}

test('a hotel\'s sign-in page is no answer of Gatepost\'s, and signs nobody out', async () => {
  const { LostAnswer } = await import(join(code, 'problem.js'));
  const { gatepost, options } = await here();
  await gatepost.signIn(stack.users.alice);
  const { fetch } = options;
  for (const [status, body] of [[200, '<html>Welcome</html>'], [401, '{"code":"unauthenticated"}'], [503, '']]) {
    options.fetch = async () => ({ status, headers: new Headers(), text: async () => body });
    await assert.rejects(gatepost.resume(), LostAnswer);
  }
  options.fetch = fetch;
  assert.equal((await gatepost.resume()).user.username, 'alice');
});

test('a store that fails: nobody uses the new value, and the same act again gets it', async () => {
  const { alice } = stack.users;
  const { gatepost, options, items } = await here();
  const { session } = await gatepost.signIn(alice);
  const { write } = options.store;
  options.store.write = async () => {
    throw new Error('the disk is full');
  };
  const stepUp = () => gatepost.request('POST', '/session/reauth', passwordOf(alice));
  await assert.rejects(stepUp(), /the disk is full/);
  options.store.write = write;
  await stepUp();
  assert.equal((await gatepost.resume()).session.id, session.id);
  assert.equal(epoch(session.id), 2);
  assert.match(items.get('gatepost.session'), /^\{"handle":"gps_[\w-]{43}"\}$/, 'no password is written down');
});

test('React Native\'s secure store: after first unlock, this device only', async () => {
  const { secureStore } = await import(join(code, 'stores.js'));
  const items = new Map();
  const seen = new Set();
  const see = (options) => seen.add(JSON.stringify(options));
  const expo = {
    AFTER_FIRST_UNLOCK_THIS_DEVICE_ONLY: 4,
    getItemAsync: async (name, options) => (see(options), items.get(name) ?? null),
    setItemAsync: async (name, value, options) => (see(options), void items.set(name, value)),
    deleteItemAsync: async (name, options) => (see(options), void items.delete(name)),
  };
  const { gatepost } = await here({ store: secureStore(expo) });
  await gatepost.signIn(stack.users.alice);
  for (const name of items.keys()) assert.match(name, /^[\w.-]+$/, 'as that module wants names');
  await gatepost.signOut();
  assert.deepEqual([...items.keys()], ['gatepost.device']);
  assert.deepEqual([...seen], ['{"keychainAccessible":4}']);
});

test('Electron\'s without a key ring refuses to write', async () => {
  const { electronStore } = await import(join(code, 'stores.js'));
  const { gatepost } = await here({ store: electronStore({ isAsyncEncryptionAvailable: async () => true, getSelectedStorageBackend: () => 'basic_text' }, await import('node:fs/promises'), stack.dir) });
  await assert.rejects(gatepost.signIn(stack.users.alice), /no key store/);
});

test('a challenge signed by a device\'s key: over its text, in base64url; the person may say no', async () => {
  const { signed } = await import(join(code, 'device.js'));
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const key = { sign: async (bytes) => sign('sha256', bytes, privateKey) };
  // Signatures in DER are of several lengths.
  for (let i = 0; i < 100; i++) {
    const challenge = `Gatepost zażółć 100%\nfor ${randomBytes(32).toString('base64url')}\n`;
    const { signature, ...rest } = await signed(key, 'a-device', challenge);
    assert.deepEqual(rest, { method: 'device_key', device_id: 'a-device', challenge });
    assert.match(signature, /^[\w-]+$/);
    assert.ok(verify('sha256', Buffer.from(challenge), publicKey, Buffer.from(signature, 'base64url')));
  }
  assert.equal(await signed({ sign: () => Promise.reject(new Error('cancelled')) }, 'a-device', 'x'), null);
});
