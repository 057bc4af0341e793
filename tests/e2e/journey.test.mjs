/*
 * The journey of docs/flows.md: deep link as a guest, sign-in, identity check, one-time code, done. Everything that is
 * left behind may be killed at every step: the app (which keeps its credential and nothing else), the worker, the
 * service. By handle and by cookie jar; a phone and a browser go on with each other's.
 */
import { test, before, after, beforeEach } from 'node:test';
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Jar } from '../support/client.mjs';
import { startWallet } from '../support/wallet.mjs';

let stack;
let wallet;
before(async () => {
  stack = await startWallet();
  ({ wallet } = stack);
});
after(() => stack?.stop());
beforeEach(() => stack.sql('DELETE FROM flow; DELETE FROM flow_counter; DELETE FROM session; DELETE FROM audit_event'));

const api = '/auth/api/v1';
const KIND = 'fund-wallet';
const DOCUMENT = 'L898902C36'; // the specimen of ICAO 9303
const wrong = (code) => String((Number(code) + 1) % 1e6).padStart(6, '0');

/*
 * An app: what survives a kill is its credential, in the form that a key store or a cookie jar has. revive() is the same
 * app started again.
 */
class App {
  constructor(carrier, kept = '') {
    this.carrier = carrier;
    this.jar = new Jar();
    if (carrier === 'cookie') this.jar.cookies = new Map(kept ? JSON.parse(kept) : []);
    else this.handle = kept;
  }

  revive() {
    return new App(this.carrier, this.carrier === 'cookie' ? JSON.stringify([...this.jar.cookies]) : this.handle);
  }

  async request(method, path, json, more = {}) {
    const headers = { ...more };
    if (this.carrier === 'handle' && this.handle) headers['X-Session-Id'] = this.handle;
    if (this.carrier === 'cookie') {
      if (this.jar.header()) headers.Cookie = this.jar.header();
      if (this.csrf && method !== 'GET') headers['X-CSRF-Token'] = this.csrf;
    }
    const answer = this.jar.take(await stack.client.request(method, path, { json, headers }));
    if (answer.json?.session_handle) this.handle = answer.json.session_handle;
    if (answer.json?.session?.csrf_token) this.csrf = answer.json.session.csrf_token;
    return answer;
  }

  async state() {
    const answer = await this.request('GET', `${api}/session/state`);
    if (answer.status === 401) return { none: true };
    assert.equal(answer.status, 200, answer.body);
    return { ...answer.json, flow: answer.json.flows.find(({ kind }) => kind === KIND) };
  }

  flow(method, rest = '', json = undefined, headers = {}) {
    return this.request(method, `${api}/flows/${KIND}${rest}`, json, headers);
  }

  async move(to) {
    const { headers } = await this.flow('GET');
    return this.flow('POST', '/step', { to }, { 'If-Match': headers.etag });
  }

  service(act, json = {}) {
    return this.request('POST', `/wallet/service/${act}`, json);
  }

  signIn(person) {
    return this.request('POST', `${api}/sessions`, { ...person, transport: this.carrier });
  }

  // One step towards the end, decided by what the server says and nothing else. → its name
  async act(person) {
    const { none, user, flow } = await this.state();
    const must = (answer, ...statuses) => assert.ok(statuses.includes(answer.status), `${answer.status} ${answer.body}`);
    if (none) return must(await this.request('POST', `${api}/sessions/guest`, { transport: this.carrier }), 201) ?? 'guest';
    if (!flow) return must(await this.flow('POST', '', { return_to: '/wallet/', data: { amount: '50.00' } }), 201) ?? 'begin';
    if (!user) return must(await this.signIn(person), 201) ?? 'sign-in';
    if (flow.step === 'start') return must(await this.move('kyc'), 200) ?? 'kyc';
    if (flow.step === 'kyc') return must(await this.service('identity', { document: DOCUMENT }), 200) ?? 'identity';
    if (flow.step === 'otp' && !flow.facts.order) return must(await this.service('code'), 200) ?? 'code';
    if (flow.step === 'otp') return must(await this.service('funding', { code: wallet.code(person.identifier) }), 200) ?? 'funding';
    return 'done';
  }
}

const code = (answer, status, word) => {
  assert.equal(answer.status, status, answer.body);
  assert.equal(answer.json.code, word);
};
const signedIn = async (carrier, person) => {
  const app = new App(carrier);
  assert.equal((await app.signIn(person)).status, 201);
  return app;
};
// Somebody at the step otp.
async function atCode(carrier, person, amount = '50.00') {
  const app = await signedIn(carrier, person);
  assert.equal((await app.flow('POST', '', { data: { amount } })).status, 201);
  assert.equal((await app.move('kyc')).status, 200);
  assert.equal((await app.service('identity', { document: DOCUMENT })).status, 200);
  return app;
}

for (const carrier of ['handle', 'cookie']) {
  test(`by ${carrier}: killed after every step, app, worker and service, and resumed to the end`, async () => {
    const order = [];
    let app = new App(carrier);
    let seen;
    for (let i = 0; i < 12 && order.at(-1) !== 'done'; i++) {
      order.push(await app.act(stack.users.alice));
      app = app.revive();
      await stack.worker.stop('SIGKILL');
      await wallet.service.stop('SIGKILL');
      stack.startWorker();
      await stack.ready();
      await wallet.startService();
      const { flow } = await app.state();
      if (seen && flow) assert.ok(flow.version >= seen.version && flow.expires_at === seen.expires_at, 'it is the same flow');
      seen = flow ?? seen;
    }
    assert.deepEqual(order, ['guest', 'begin', 'sign-in', 'kyc', 'identity', 'code', 'funding', 'done']);
    assert.deepEqual([seen.step, seen.from, seen.facts.identity.result, seen.facts.funded.amount, seen.counters.otp.left, seen.counters.resend.left],
      ['done', 'guest', 'passed', '50.00', 4, 2]);
    assert.equal(seen.facts.order, undefined);
    const told = stack.sql("SELECT detail FROM audit_event WHERE event = 'flow_served' ORDER BY at").map(({ detail }) => detail);
    assert.deepEqual(told, ['fund-wallet: kyc, facts', 'fund-wallet: kyc > otp', 'fund-wallet: otp, facts', 'fund-wallet: otp, facts', 'fund-wallet: otp > done']);
  });

  test(`by ${carrier}: the answer of every act is lost, and the act repeated`, async () => {
    const app = await signedIn(carrier, stack.users.alice);
    assert.equal((await app.flow('POST', '', { data: { amount: '7.00' } })).status, 201);
    const again = await app.flow('POST', '', { data: { amount: '8.00' } });
    assert.deepEqual([again.status, again.json.data.amount], [200, '7.00']);
    const { headers } = await app.flow('GET');
    const step = () => app.flow('POST', '/step', { to: 'kyc' }, { 'If-Match': headers.etag });
    assert.equal((await step()).status, 200);
    const late = await step();
    code(late, 412, 'version_mismatch');
    assert.equal(late.json.current.step, 'kyc', 'and says that it has been done');
    for (let i = 0; i < 2; i++) assert.equal((await app.service('identity', { document: DOCUMENT })).json.step, 'otp');
    assert.equal((await app.service('code')).status, 200);
    const typed = { code: wallet.code('alice') };
    for (let i = 0; i < 2; i++) assert.equal((await app.service('funding', typed)).json.step, 'done');
    const { flow } = await app.state();
    assert.deepEqual([flow.facts.funded.amount, flow.counters.otp.left], ['7.00', 4], 'the second took nothing');
  });
}

test('phone and browser go on with each other\'s, step by step', async () => {
  const { alice } = stack.users;
  const phone = await signedIn('handle', alice);
  assert.equal((await phone.flow('POST', '', { data: { amount: '20.00' }, return_to: '/wallet/' })).status, 201);

  const browser = stack.visitor();
  const login = await browser.signIn(alice, { return_to: '/wallet/' });
  assert.equal(login.headers.location, `${stack.origin}/wallet/`);
  const desktop = new App('cookie', JSON.stringify([...browser.jar.cookies]));
  const found = await desktop.state();
  assert.deepEqual([found.flow.data.amount, found.next], ['20.00', { page: '/wallet/', why: 'flow' }]);
  assert.equal((await desktop.move('kyc')).status, 200);

  assert.equal((await phone.state()).flow.step, 'kyc');
  assert.equal((await phone.service('identity', { document: DOCUMENT })).status, 200);
  assert.equal((await desktop.state()).flow.step, 'otp');
  assert.equal((await desktop.service('code')).status, 200);
  code(await phone.service('code'), 429, 'cooldown');
  code(await desktop.service('funding', { code: wrong(wallet.code('alice')) }), 422, 'wrong_code');
  assert.equal((await phone.state()).flow.counters.otp.left, 4, 'the attempts are one person\'s, on whatever device');
  assert.equal((await phone.service('funding', { code: wallet.code('alice') })).json.step, 'done');
  assert.equal((await desktop.state()).flow.facts.funded.amount, '20.00');
});

test('a guest\'s flow where the person has one: offered once, taken or left', async () => {
  for (const takes of [true, false]) {
    stack.sql('DELETE FROM flow; DELETE FROM session');
    const phone = await signedIn('handle', stack.users.alice);
    assert.equal((await phone.flow('POST', '', { data: { amount: '20.00' } })).status, 201);
    const app = new App('cookie');
    for (const name of ['guest', 'begin', 'sign-in']) assert.equal(await app.act(stack.users.alice), name);
    const { next, flow } = await app.state();
    assert.deepEqual([next.why, next.page, next.flow.data.amount, flow.data.amount], ['guest_flow', '/wallet/', '50.00', '20.00']);
    const { headers } = await app.flow('GET');
    const data = takes ? next.flow.data : {};
    assert.equal((await app.flow('PATCH', '', { data }, { 'If-Match': headers.etag })).status, 200);
    const after = await app.state();
    assert.deepEqual([after.next?.why, after.flow.data.amount], [undefined, takes ? '50.00' : '20.00']);
  }
});

test('the code: five attempts in all, taken before it is looked at; not even the right one counts afterwards', async () => {
  const app = await atCode('handle', stack.users.alice);
  code(await app.service('funding', { code: '123456' }), 410, 'code_expired');
  assert.equal((await app.service('code')).status, 200);
  const right = wallet.code('alice');
  const answers = await Promise.all(Array.from({ length: 12 }, () => app.service('funding', { code: wrong(right) })));
  assert.deepEqual(answers.map(({ status }) => status).sort(), [...Array(4).fill(422), ...Array(8).fill(429)], 'one went to the code that was not there');
  assert.deepEqual(answers.filter(({ status }) => status === 422).map(({ json }) => json.attempts_left).sort(), [0, 1, 2, 3]);
  const refused = await app.service('funding', { code: right });
  code(refused, 429, 'too_many_attempts');
  assert.ok(Number(refused.headers['retry-after']) > 60);
  assert.equal((await app.state()).flow.step, 'otp');
  // A new session and a new flow find the same counter.
  const other = await signedIn('cookie', stack.users.alice);
  assert.equal((await other.flow('DELETE')).status, 204);
  const anew = await atCode('handle', stack.users.alice);
  code(await anew.service('funding', { code: right }), 429, 'too_many_attempts');
});

test('a code is of one flow, one person and ten minutes; the next makes it worthless', async () => {
  const app = await atCode('handle', stack.users.alice);
  assert.equal((await app.service('code')).status, 200);
  const first = wallet.code('alice');
  const bob = await atCode('handle', stack.users.bob);
  assert.equal((await bob.service('code')).status, 200);
  if (wallet.code('bob') !== first) code(await bob.service('funding', { code: first }), 422, 'wrong_code');

  stack.sql("UPDATE flow_counter SET last_at = last_at - 31000000 WHERE name = 'resend'");
  assert.equal((await app.service('code')).status, 200);
  const second = wallet.code('alice');
  if (first !== second) code(await app.service('funding', { code: first }), 422, 'wrong_code');

  // Its file, as a clock ten minutes later would find it; nothing in there is the code.
  const [file] = readdirSync(wallet.dir).map((name) => join(wallet.dir, name)).filter((path) => readFileSync(path, 'utf8').includes('"50.00"'));
  assert.equal(statSync(file).mode & 0o777, 0o600);
  for (const path of readdirSync(wallet.dir)) assert.ok(!readFileSync(join(wallet.dir, path), 'utf8').includes(second));
  const { user: { id } } = await app.state();
  const own = join(wallet.dir, id);
  const record = JSON.parse(readFileSync(own, 'utf8'));
  writeFileSync(own, JSON.stringify({ ...record, expires: Math.floor(Date.now() / 1000) - 1 }));
  code(await app.service('funding', { code: second }), 410, 'code_expired');
  writeFileSync(own, JSON.stringify(record));
  assert.equal((await app.flow('DELETE')).status, 204);
  const anew = await atCode('handle', stack.users.alice);
  code(await anew.service('funding', { code: second }), 410, 'code_expired');
});

test('what the mail names is what is funded, whatever the client writes meanwhile', async () => {
  const app = await atCode('handle', stack.users.alice, '5.00');
  assert.equal((await app.service('code')).json.amount, '5.00');
  const { headers } = await app.flow('GET');
  assert.equal((await app.flow('PATCH', '', { data: { amount: '5000.00' } }, { 'If-Match': headers.etag })).status, 200);
  assert.match(wallet.mail('alice'), /fund your wallet with 5\.00\./);
  assert.equal((await app.service('funding', { code: wallet.code('alice') })).status, 200);
  assert.equal((await app.state()).flow.facts.funded.amount, '5.00');
});

test('the service killed between a right code and the step: nothing is lost, nothing needs to be typed twice', async () => {
  const app = await atCode('handle', stack.users.alice);
  assert.equal((await app.service('code')).status, 200);
  // No command: the code is looked at, and then the service can go no further.
  const config = readFileSync(stack.config.file, 'utf8');
  writeFileSync(stack.config.file, 'broken');
  assert.equal((await app.service('funding', { code: wallet.code('alice') })).status, 503);
  assert.equal((await app.state()).flow.step, 'otp');
  writeFileSync(stack.config.file, config);
  await wallet.killService();
  assert.equal((await app.service('code')).json.step, 'done');
  assert.equal((await app.state()).flow.facts.funded.amount, '50.00');
});

test('refused: guests, no session, steps out of order, identities, amounts, foreign pages, bad bodies', async () => {
  const guest = new App('handle');
  for (const name of ['guest', 'begin']) assert.equal(await guest.act(stack.users.alice), name);
  for (const act of ['identity', 'code', 'funding']) {
    code(await guest.service(act, {}), 401, 'unauthenticated');
    code(await new App('handle').service(act, {}), 401, 'unauthenticated');
  }
  const app = await signedIn('handle', stack.users.alice);
  code(await app.service('code'), 404, 'not_found');
  assert.equal((await app.flow('POST', '', { data: { amount: '1.00' }, return_to: '/wallet/' })).status, 201);
  code(await app.service('identity', { document: DOCUMENT }), 409, 'conflict');
  code(await app.move('otp'), 409, 'conflict');
  assert.equal((await app.move('kyc')).status, 200);
  code(await app.service('code'), 409, 'conflict');
  code(await app.service('funding', { code: '000000' }), 409, 'conflict');
  code(await app.service('identity', { document: 'L898902C37' }), 422, 'identity_refused');
  assert.deepEqual([(await app.state()).flow.facts.identity.result, (await app.state()).flow.step], ['refused', 'kyc']);
  assert.equal((await app.service('identity', { document: DOCUMENT })).status, 200);
  for (const amount of ['0.00', '-1.00', '1', '1e3', '999999.00', '1.00\n', { a: 1 }, null]) {
    const { headers } = await app.flow('GET');
    assert.equal((await app.flow('PATCH', '', { data: { amount } }, { 'If-Match': headers.etag })).status, 200);
    code(await app.service('code'), 422, 'amount_refused');
  }
  for (const body of [{}, { code: 123456 }, { code: '12345' }, { code: '1234567' }, { code: '١٢٣٤٥٦' }, { code: '123456', more: 1 }]) {
    code(await app.service('funding', body), 400, 'invalid_request');
  }
  assert.deepEqual(Object.values((await app.state()).flow.counters).map(({ left }) => left), [5, 3], 'none of this took an attempt');
  const raw = (body, type = 'application/json', more = {}) => stack.client.post('/wallet/service/code', { body, headers: { 'X-Session-Id': app.handle, 'Content-Type': type, ...more } });
  code(await raw('{'), 400, 'invalid_request');
  code(await raw('[]'), 400, 'invalid_request');
  code(await raw('['.repeat(4000)), 400, 'invalid_request');
  code(await raw('x'.repeat(5000)), 413, 'too_large');
  code(await raw('{}', 'text/plain'), 415, 'unsupported_media_type');
  code(await stack.client.get('/wallet/service/code', { headers: { 'X-Session-Id': app.handle } }), 404, 'not_found');

  const browser = await signedIn('cookie', stack.users.bob);
  const send = (headers) => stack.client.post('/wallet/service/code', { json: {}, headers: { Cookie: browser.jar.header(), ...headers } });
  code(await send({}), 403, 'csrf_failed');
  code(await send({ 'X-CSRF-Token': browser.csrf, 'Sec-Fetch-Site': 'cross-site' }), 403, 'csrf_failed');
  code(await send({ 'X-CSRF-Token': browser.csrf, Origin: 'https://elsewhere.example' }), 403, 'csrf_failed');
  assert.equal((await browser.flow('POST', '', { data: { amount: '1.00' } })).status, 201);
  assert.equal((await browser.move('kyc')).status, 200);
  assert.equal((await browser.service('identity', { document: DOCUMENT })).status, 200);
  code(await send({ 'X-CSRF-Token': 'anything' }), 403, 'csrf_failed');
  assert.equal(wallet.mail('bob').includes('1.00'), false);
});

test('its mail is shown to the person whose it is', async () => {
  const app = await atCode('cookie', stack.users.alice, '12.00');
  assert.equal((await app.service('code')).status, 200);
  const read = (who) => stack.client.get('/wallet/service/mail', { headers: { Cookie: who.jar.header(), 'X-CSRF-Token': who.csrf } });
  assert.ok((await read(app)).body.includes(wallet.code('alice')));
  const bob = await signedIn('cookie', stack.users.bob);
  assert.ok(!(await read(bob)).body.includes(wallet.code('alice')));
  assert.equal((await stack.client.get('/wallet/service/mail')).status, 401);
});
