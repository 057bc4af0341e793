// CONTRACT §7: services: introspection, revocation, tickets, and what they may do to flows and sessions of clients.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { startStack } from '../support/harness.mjs';
import { Jar } from '../support/client.mjs';
import { until } from '../support/stack.mjs';
import { accessToken, asService, basic, everything, makeService, ticketFor } from '../support/services.mjs';

let stack;
let shop;
let other;
before(async () => {
  stack = await startStack({ settings: {
    throttle: { guests: 1000 }, session: { most: 1000 },
    'client app': { services: 'shop other-shop' }, 'client browser': { services: 'shop' },
    'client phone': { services: 'shop', audience: 'https://api.example.org', classes: 'native guest' }, 'client closed': {},
    'flow order': { steps: 'start > paid > sent', client_may: 'start > paid', 'counter.try': '2, reset 1h' },
  } });
  shop = makeService(stack, 'shop');
  other = makeService(stack, 'other-shop');
});
after(() => stack?.stop());

const api = '/auth/api/v1';
const introspectPath = '/auth/oauth/introspect';
const revokePath = '/auth/oauth/revoke';
const mine = (handle, method, path, options) => stack.withHandle(handle, method, path, options);
const at = (tag) => ({ 'If-Match': tag });

let people = 0;
// Somebody with no past, signed in: {who, handle, session, user}.
async function somebody(more = {}) {
  const identifier = `buyer${++people}`;
  const password = `nine green apples in a box ${people}`;
  stack.must(['user', 'add', '--username', identifier, '--password-stdin'], { input: password });
  const who = { identifier, password };
  const { session_handle: handle, session, user } = await stack.signIn(who, more);
  return { who, handle, session, user };
}
async function guest(client = 'app') {
  const answer = await stack.client.post(`${api}/sessions/guest`, { json: { transport: 'handle', client } });
  assert.equal(answer.status, 201, answer.body);
  return { handle: answer.json.session_handle, session: answer.json.session };
}

function isProblem(answer, status, code) {
  assert.equal(answer.status, status, answer.body);
  assert.equal(answer.json.code, code, answer.body);
}
function isError(answer, status, word) {
  assert.equal(answer.status, status, answer.body);
  assert.equal(answer.json.error, word, answer.body);
  assert.equal(answer.headers['cache-control'], 'no-store');
}
function isInactive(answer) {
  assert.equal(answer.status, 200, answer.body);
  assert.equal(answer.body, '{"active":false}');
  assert.equal(answer.headers['cache-control'], 'no-store');
}
function isActive(answer) {
  assert.equal(answer.status, 200, answer.body);
  assert.equal(answer.json.active, true, answer.body);
  return answer.json;
}
const seconds = (time) => Date.parse(time) / 1000;
const rowOf = (id) => stack.sql(`SELECT last_seen, idle_end, epoch, value_used FROM session WHERE TO_BASE64(id) = '${Buffer.from(id, 'base64url').toString('base64')}'`)[0];
const idSql = (id) => `id = 0x${Buffer.from(id, 'base64url').toString('hex')}`;
const events = (event) => stack.sql(`SELECT detail, outcome FROM audit_event WHERE event = '${event}' ORDER BY at, id`);

test('a handle: who, which session, how strong, until when, and what the person may', async () => {
  const { handle, session, user, who } = await somebody();
  stack.must(['user', 'role', who.identifier, '--add', 'admin']);
  stack.must(['tenant', 'add', `house-${people}`, '--title', 'A house']);
  stack.must(['member', 'add', who.identifier, '--tenant', `house-${people}`]);
  const now = await stack.signIn(who);
  const { iat, exp, auth_time: proven, ...answer } = isActive(await shop.introspect(now.session_handle));
  assert.deepEqual(answer, {
    active: true, token_type: 'Bearer', iss: stack.base, aud: [stack.base], sid: now.session.id, client_id: 'app', class: 'native',
    aal: 'aal1', acr: 'aal1', sub: user.id, username: who.identifier, amr: ['pwd'], roles: ['admin'], permissions: now.user.permissions, tenant: now.user.tenant,
  });
  assert.equal(answer.tenant.name, `house-${people}`);
  assert.ok(answer.permissions.length > 0);
  assert.equal(proven, seconds(now.session.auth_time));
  assert.equal(iat, proven);
  assert.equal(exp, seconds(now.session.idle_expires_at), 'never later than the session without use');
  assert.equal(isActive(await shop.introspect(handle)).sid, session.id);
  // RFC 7662 §2.1: a hint is only that, and unknown parameters are ignored (RFC 6749 §3.2).
  const hinted = await stack.client.post(introspectPath, { form: { token: handle, token_type_hint: 'refresh_token', resource: 'x', empty: '' }, headers: shop.headers });
  isActive(hinted);
});

test('one statement, no write: last_seen does not move', async () => {
  const { handle, session } = await somebody();
  await mine(handle, 'GET', '/session');
  stack.sql(`UPDATE session SET last_seen = last_seen - 600000000 WHERE ${idSql(session.id)}`);
  const row = rowOf(session.id);
  const ran = await stack.statements(async () => isActive(await shop.introspect(handle)));
  assert.equal(ran.length, 1, ran.join('\n'));
  assert.match(ran[0], /^SELECT /);
  assert.deepEqual(rowOf(session.id), row);
  await mine(handle, 'GET', '/session');
  assert.notEqual(rowOf(session.id).last_seen, row.last_seen, 'its own use moves it');
});

test('TK-19: whatever is not active is exactly {"active":false}', async () => {
  const { handle, who } = await somebody();
  const random = `gps_${'A'.repeat(43)}`;
  for (const token of [random, 'gps_short', 'x', `${handle}x`, 'A'.repeat(43), 'gpr_'.padEnd(47, 'B'), 'a.b.c', '..', 'eyJhbGciOiJub25lIn0.e30.', shop.secret]) isInactive(await shop.introspect(token));

  const jar = new Jar();
  jar.take(await stack.client.post(`${api}/sessions`, { json: { ...who, transport: 'cookie' } }));
  const cookie = jar.header().match(/__Host-gatepost=([^;]+)/)[1];
  for (const token of [cookie, `gps_${cookie}`]) isInactive(await shop.introspect(token));

  const again = await mine(handle, 'POST', '/session/reauth', { json: { method: 'password', password: who.password } });
  isInactive(await shop.introspect(handle));
  isActive(await shop.introspect(again.json.session_handle));
  assert.equal((await mine(again.json.session_handle, 'DELETE', '/session')).status, 204);
  isInactive(await shop.introspect(again.json.session_handle));

  for (const change of ['idle_end = 1', 'expires_at = 1', 'held = 1', 'state = 2', "client = 'closed'", "client = 'gone'"]) {
    const { handle: one, session } = await somebody();
    isActive(await shop.introspect(one));
    stack.sql(`UPDATE session SET ${change} WHERE ${idSql(session.id)}`);
    isInactive(await shop.introspect(one));
  }
  const locked = await somebody();
  stack.must(['user', 'lock', locked.who.identifier]);
  isInactive(await shop.introspect(locked.handle));
});

test('AZ-04, SE-17: a role taken, an account locked: the next introspection says so', async () => {
  const { handle, who } = await somebody();
  stack.must(['user', 'role', who.identifier, '--add', 'admin']);
  assert.deepEqual(isActive(await shop.introspect(handle)).roles, ['admin']);
  stack.must(['user', 'role', who.identifier, '--remove', 'admin']);
  const { roles, permissions } = isActive(await shop.introspect(handle));
  assert.deepEqual([roles, permissions], [[], []]);
  stack.must(['user', 'lock', who.identifier]);
  isInactive(await shop.introspect(handle));
});

test('TK-18: a service sees only sessions of clients that list it', async () => {
  const phone = await somebody({ client: 'phone' });
  const closed = await somebody({ client: 'closed' });
  assert.deepEqual(isActive(await shop.introspect(phone.handle)).aud, ['https://api.example.org', stack.base]);
  isInactive(await other.introspect(phone.handle));
  isInactive(await shop.introspect(closed.handle));
  const open = await somebody();
  isActive(await other.introspect(open.handle));
});

test('a guest is nobody: no sub, no name, no proof', async () => {
  const { handle, session } = await guest();
  const { iat, exp, ...answer } = isActive(await shop.introspect(handle));
  assert.deepEqual(answer, {
    active: true, token_type: 'Bearer', iss: stack.base, aud: [stack.base], sid: session.id, client_id: 'app', class: 'guest', aal: 'aal1', acr: 'aal1', roles: [], permissions: [], tenant: null,
  });
  assert.equal(iat, seconds(session.created_at));
  assert.ok(exp > iat);
});

test('an access token: as its claims and the row say, until either ends', async () => {
  const { handle, session, user, who } = await somebody({ client: 'phone' });
  const token = accessToken(stack, who.identifier);
  const claims = JSON.parse(Buffer.from(token.split('.')[1], 'base64url'));
  const answer = isActive(await shop.introspect(token));
  for (const name of ['iss', 'sub', 'iat', 'jti', 'sid', 'client_id', 'auth_time', 'amr', 'acr']) assert.deepEqual(answer[name], claims[name], name);
  assert.deepEqual(answer.aud, [claims.aud].flat());
  assert.equal(answer.exp, claims.exp);
  assert.equal(answer.sid, session.id);
  assert.equal(answer.sub, user.id);
  assert.equal(answer.token_type, 'Bearer');
  isInactive(await other.introspect(token));
  const [head, body, signature] = token.split('.');
  isInactive(await shop.introspect(`${head}.${body}.${signature.slice(0, -2)}${signature.endsWith('AA') ? 'BA' : 'AA'}`));

  // TK-11: a step-up, a promotion, a hold raise the epoch; the end of the session ends it.
  const next = await mine(handle, 'POST', '/session/reauth', { json: { method: 'password', password: who.password } });
  isInactive(await shop.introspect(token));
  const newer = accessToken(stack, who.identifier);
  isActive(await shop.introspect(newer));
  await mine(next.json.session_handle, 'DELETE', '/session');
  isInactive(await shop.introspect(newer));
});

test('TK-18: unknown and wrong are answered alike, with WWW-Authenticate; none at all is 401 too', async () => {
  stack.sql('DELETE FROM throttle');
  const { handle } = await somebody();
  const send = (headers) => stack.client.post(introspectPath, { form: { token: handle }, headers });
  const wrong = `gpk_${'A'.repeat(43)}`;
  const answers = [];
  for (const headers of [{ Authorization: basic('shop', wrong) }, { Authorization: basic('nobody', wrong) }, { Authorization: basic('nobody', shop.secret) }, { Authorization: basic('shop', 'x') }]) {
    answers.push(await send(headers));
    stack.sql('DELETE FROM throttle');
  }
  for (const answer of answers) {
    isError(answer, 401, 'invalid_client');
    assert.equal(answer.headers['www-authenticate'], 'Basic realm="gatepost", charset="UTF-8"');
    assert.equal(answer.body, answers[0].body);
  }
  const malformed = [{}, { Authorization: 'Basic' }, { Authorization: 'Basic !' }, { Authorization: `Bearer ${handle}` }, { Authorization: `Basic ${Buffer.from('shop').toString('base64')}` }, { 'X-Session-Id': handle }];
  for (const headers of malformed) {
    const answer = await send(headers);
    isError(answer, 401, 'invalid_client');
    assert.equal(answer.headers['www-authenticate'], 'Basic realm="gatepost", charset="UTF-8"');
  }
  // RFC 6749 §2.3.1: both parts are form-encoded before they are joined.
  isActive(await send({ Authorization: `basic ${Buffer.from(`%73hop:${encodeURIComponent(shop.secret)}`).toString('base64')}` }));
  assert.equal((await stack.client.get(introspectPath, { headers: shop.headers })).status, 405);
});

test('wrong secrets are counted by service and source, recorded, and never keep the right one out', async () => {
  stack.sql('DELETE FROM throttle');
  stack.sql("DELETE FROM audit_event WHERE event = 'service_login_fail'");
  const { handle } = await somebody();
  const guess = asService(stack, 'shop', `gpk_${'B'.repeat(43)}`);
  // Twenty at once: exactly five are judged before the first wait, however they race.
  const answers = await Promise.all(Array.from({ length: 20 }, () => guess.introspect(handle)));
  const count = (status) => answers.filter((answer) => answer.status === status).length;
  assert.equal(count(401), 5);
  assert.equal(count(429), 15);
  const late = answers.find((answer) => answer.status === 429);
  isError(late, 429, 'temporarily_unavailable');
  assert.ok(Number(late.headers['retry-after']) > 0);
  assert.deepEqual(events('service_login_fail').map(({ detail }) => detail), Array(5).fill('shop'));
  isActive(await shop.introspect(handle));
  const unknown = asService(stack, 'not-there', guess.secret);
  isError(await unknown.introspect(handle), 401, 'invalid_client');
  const last = events('service_login_fail').at(-1);
  assert.match(last.detail, /^[0-9a-f]{16}$/, 'what nobody is called may be a secret');
  await until(() => stack.workerLog().some(({ event, outcome }) => event === 'service_login_fail' && outcome === 'refused'), 'the log tells of it');
  stack.must(['throttle', 'clear', '--all']);
});

test('scopes: each call needs its own, from the next call on; a disabled service is refused at once', async () => {
  stack.sql('DELETE FROM throttle');
  const { handle, session } = await somebody();
  await mine(handle, 'POST', '/flows/order', { json: {} });
  const weak = makeService(stack, 'weak', 'introspect');
  const renamed = asService(stack, 'weak', weak.secret);
  isInactive(await weak.introspect(handle));
  for (const [method, path, options] of [['GET', '/flows/order'], ['PATCH', '/flows/order', { json: { facts: { a: 1 } }, headers: at('*') }], ['POST', '/flows/order/step', { json: { to: 'sent' }, headers: at('*') }],
    ['DELETE', '/flows/order'], ['DELETE', '/session'], ['DELETE', `/sessions/${session.id}`], ['POST', `/sessions/${session.id}/hold`, { json: { reason: 'odd' } }]]) {
    isProblem(await weak.api(method, path, { session: handle, ...options }), 403, 'forbidden');
  }
  isError(await weak.revoke(handle), 403, 'insufficient_scope');
  stack.must(['service', 'scope', 'shop', '--remove', 'introspect']);
  isError(await shop.introspect(handle), 403, 'insufficient_scope');
  stack.must(['service', 'scope', 'shop', '--add', 'introspect']);
  isActive(await shop.introspect(handle));
  stack.must(['service', 'disable', 'shop']);
  isError(await shop.introspect(handle), 401, 'invalid_client');
  isProblem(await shop.api('GET', '/flows/order', { session: handle }), 401, 'unauthenticated');
  stack.must(['service', 'enable', 'shop']);
  isActive(await shop.introspect(handle));
  stack.must(['service', 'remove', 'weak']);
  isError(await renamed.introspect(handle), 401, 'invalid_client');
  stack.sql('DELETE FROM throttle');
});

test('a ticket: for one service, for five minutes, for as long as its session lives', async () => {
  const { handle, session, user } = await somebody();
  const ticket = ticketFor(stack, session.id, 'shop');
  const answer = isActive(await shop.introspect(ticket));
  assert.equal(answer.token_type, 'N_A');
  assert.equal(answer.sub, user.id);
  assert.equal(answer.sid, session.id);
  assert.ok(answer.exp - answer.iat === 300 && answer.exp > Date.now() / 1000);
  isInactive(await other.introspect(ticket));
  isInactive(await shop.introspect(ticketFor(stack, session.id, 'other-shop')));
  isInactive(await shop.introspect(ticketFor(stack, session.id, 'shop', 301)));
  isInactive(await shop.introspect(ticketFor(stack, session.id, 'shop', -90)));
  for (const bad of [`${ticket}A`, ticket.slice(0, -1), ticket.replace(/.$/, (c) => (c === 'A' ? 'E' : 'A')), `gpt_${'A'.repeat(80)}`, 'gpt_']) isInactive(await shop.introspect(bad));
  // It is no credential: nothing that a client sends opens anything with it.
  for (const headers of [{ 'X-Session-Id': ticket }, { Authorization: `Bearer ${ticket}` }, { 'X-Gatepost-Ticket': ticket }]) {
    isProblem(await stack.client.get(`${api}/session`, { headers }), 401, 'unauthenticated');
  }
  await mine(handle, 'POST', '/flows/order', { json: {} });
  const read = await shop.api('GET', '/flows/order', { ticket });
  assert.equal(read.status, 200, read.body);
  isProblem(await other.api('GET', '/flows/order', { ticket }), 404, 'not_found');
  isProblem(await shop.api('GET', '/flows/order', { ticket, session: handle }), 400, 'ambiguous_credentials');
  // A cookie's session too, whose value no back end ever sees.
  assert.equal((await mine(handle, 'DELETE', '/session')).status, 204);
  isInactive(await shop.introspect(ticket));
  isProblem(await shop.api('GET', '/flows/order', { ticket }), 404, 'not_found');
});

test('a session by cookie: a ticket is how a back end asks about it', async () => {
  const { who } = await somebody();
  const jar = new Jar();
  const { json } = jar.take(await stack.client.post(`${api}/sessions`, { json: { ...who, transport: 'cookie' } }));
  const ticket = ticketFor(stack, json.session.id, 'shop');
  assert.equal(isActive(await shop.introspect(ticket)).class, 'browser');
  assert.equal((await shop.api('DELETE', '/session', { ticket })).status, 204);
  isProblem(await stack.client.get(`${api}/session`, { headers: { Cookie: jar.header() } }), 401, 'unauthenticated');
});

test('flows: a service reads, writes facts, makes any move and ends; a client does not', async () => {
  const { handle, session } = await somebody();
  const begun = await mine(handle, 'POST', '/flows/order', { json: { data: { cart: 3 } } });
  const read = await shop.api('GET', '/flows/order', { session: handle });
  assert.deepEqual(read.json, begun.json);
  assert.equal(read.headers.etag, begun.headers.etag);

  isProblem(await shop.api('PATCH', '/flows/order', { session: handle, json: { facts: { paid: true } } }), 428, 'precondition_required');
  const facts = await shop.api('PATCH', '/flows/order', { session: handle, json: { facts: { paid: true, by: { card: 'visa', no: 1 } } }, headers: at(read.headers.etag) });
  assert.equal(facts.status, 200, facts.body);
  assert.deepEqual(facts.json.facts, { paid: true, by: { card: 'visa', no: 1 } });
  assert.deepEqual(facts.json.data, { cart: 3 });
  assert.equal(facts.json.version, 2);
  isProblem(await shop.api('PATCH', '/flows/order', { session: handle, json: { facts: {} }, headers: at(read.headers.etag) }), 412, 'version_mismatch');
  const merged = await shop.api('PATCH', '/flows/order', { session: handle, body: '{"facts":{"by":{"no":null}}}', headers: { ...at('*'), 'Content-Type': 'application/merge-patch+json' } });
  assert.deepEqual(merged.json.facts, { paid: true, by: { card: 'visa' } });

  for (const json of [{ data: { cart: 4 } }, { return_to: '/x' }, { data: null }, { facts: { a: 1 }, data: {} }]) {
    const answer = await shop.api('PATCH', '/flows/order', { session: handle, json, headers: at('*') });
    isProblem(answer, 400, 'invalid_request');
    assert.match(answer.json.fields[0].reason, /client's/);
  }
  const empty = await shop.api('PATCH', '/flows/order', { session: handle, json: {}, headers: at('*') });
  isProblem(empty, 400, 'invalid_request');
  assert.deepEqual(empty.json.fields, [{ name: 'facts', reason: 'is missing' }]);
  for (const json of [{ facts: { paid: true } }, { facts: null }, { data: {}, facts: {} }]) {
    const answer = await mine(handle, 'PATCH', '/flows/order', { json, headers: at('*') });
    isProblem(answer, 400, 'invalid_request');
    assert.equal(answer.json.fields[0].name, 'facts');
  }
  isProblem(await shop.api('PATCH', '/flows/order', { session: handle, json: { facts: { big: 'x'.repeat(16400) } }, headers: at('*') }), 413, 'too_large');

  isProblem(await mine(handle, 'POST', '/flows/order/step', { json: { to: 'sent' }, headers: at('*') }), 409, 'conflict');
  const moved = await shop.api('POST', '/flows/order/step', { session: handle, json: { to: 'sent' }, headers: at('*') });
  assert.equal(moved.status, 200, moved.body);
  assert.equal(moved.json.step, 'sent');
  isProblem(await shop.api('POST', '/flows/order/step', { session: handle, json: { to: 'nowhere' }, headers: at('*') }), 400, 'invalid_request');
  const cleared = await shop.api('PATCH', '/flows/order', { session: handle, json: { facts: null }, headers: at('*') });
  assert.deepEqual(cleared.json.facts, {});
  assert.equal((await mine(handle, 'GET', '/flows/order')).json.step, 'sent');

  isProblem(await shop.api('DELETE', '/flows/order', { session: handle, headers: at(read.headers.etag) }), 412, 'version_mismatch');
  assert.equal((await shop.api('DELETE', '/flows/order', { session: handle })).status, 204);
  isProblem(await mine(handle, 'GET', '/flows/order'), 404, 'not_found');
  const served = stack.sql(`SELECT detail FROM audit_event WHERE event = 'flow_served' AND session_id = 0x${Buffer.from(session.id, 'base64url').toString('hex')} ORDER BY at, id`).map(({ detail }) => detail);
  assert.deepEqual(served, ['by shop: order: start, facts', 'by shop: order: start, facts', 'by shop: order: start > sent', 'by shop: order: sent, facts', 'by shop: order: sent, ended']);
  await until(() => stack.workerLog().some(({ event, service, detail }) => event === 'flow_served' && service === 'shop' && /order: sent, ended$/.test(detail)), 'the log names the service');
});

test('a guest\'s flow has facts too, which signing in drops', async () => {
  const { handle } = await guest();
  await mine(handle, 'POST', '/flows/order', { json: {} });
  const facts = await shop.api('PATCH', '/flows/order', { session: handle, json: { facts: { seen: 1 } }, headers: at('*') });
  assert.deepEqual(facts.json.facts, { seen: 1 });
  const { who } = await somebody();
  const promoted = await stack.client.post(`${api}/sessions`, { json: { ...who, transport: 'handle' }, headers: { 'X-Session-Id': handle } });
  const { json } = await mine(promoted.json.session_handle, 'GET', '/flows/order');
  assert.deepEqual([json.facts, json.from], [{}, 'guest']);
  isProblem(await shop.api('GET', '/flows/order', { session: handle }), 404, 'not_found');
});

test('what a client does not list for the service is not there for it: 404, and nothing is done', async () => {
  const { handle, session } = await somebody({ client: 'closed' });
  await mine(handle, 'POST', '/flows/order', { json: {} });
  for (const [method, path, options] of [['GET', '/flows/order'], ['PATCH', '/flows/order', { json: { facts: { a: 1 } }, headers: at('*') }], ['POST', '/flows/order/step', { json: { to: 'sent' }, headers: at('*') }],
    ['DELETE', '/flows/order'], ['DELETE', '/session'], ['DELETE', `/sessions/${session.id}`], ['POST', `/sessions/${session.id}/hold`, { json: { reason: 'odd' } }]]) {
    isProblem(await shop.api(method, path, { session: handle, ...options }), 404, 'not_found');
    isProblem(await shop.api(method, path, { session: `gps_${'A'.repeat(43)}`, ...options }), 404, 'not_found');
    isProblem(await shop.api(method, path, { session: 'x', ...options }), 404, 'not_found');
  }
  isProblem(await shop.api('DELETE', `/sessions/${session.id}`), 404, 'not_found');
  const { json } = await mine(handle, 'GET', '/flows/order');
  assert.deepEqual([json.step, json.facts, json.version], ['start', {}, 1]);
});

test('ending a session: by what its client presents, or by its id; its next request is refused', async () => {
  for (const how of [({ handle }) => ['/session', { session: handle }], ({ session }) => [`/sessions/${session.id}`, {}], ({ handle, session }) => [`/sessions/${session.id}`, { session: handle }]]) {
    const person = await somebody();
    const [path, options] = how(person);
    const answer = await shop.api('DELETE', path, options);
    assert.equal(answer.status, 204, answer.body);
    assert.equal(answer.headers['set-cookie'], undefined);
    assert.equal(answer.headers['clear-site-data'], undefined);
    isProblem(await mine(person.handle, 'GET', '/session'), 401, 'unauthenticated');
    isProblem(await shop.api('DELETE', path, options), 404, 'not_found');
  }
  const one = await somebody();
  const two = await somebody();
  isProblem(await shop.api('DELETE', `/sessions/${two.session.id}`, { session: one.handle }), 404, 'not_found');
  isProblem(await shop.api('DELETE', '/sessions/none', {}), 404, 'not_found');
  isProblem(await shop.api('DELETE', '/session', {}), 400, 'invalid_request');
  assert.equal((await mine(two.handle, 'GET', '/session')).status, 200);
  assert.ok(events('session_ended').some(({ detail }) => detail === 'by shop'));
});

test('hold: the next request asks who it is, with the way out; only a service may', async () => {
  const { handle, session, who } = await somebody();
  await mine(handle, 'POST', '/flows/order', { json: {} });
  isProblem(await mine(handle, 'POST', `/sessions/${session.id}/hold`, { json: { reason: 'me' } }), 403, 'forbidden');
  const bad = (json) => shop.api('POST', `/sessions/${session.id}/hold`, { session: handle, json });
  for (const json of [{}, { reason: '' }, { reason: '  ' }, { reason: 'x'.repeat(201) }, { reason: 'a\nb' }, { reason: 'a', more: 1 }]) isProblem(await bad(json), 400, 'invalid_request');
  assert.equal((await mine(handle, 'GET', '/session')).status, 200);
  assert.equal((await bad({ reason: 'payment from another country' })).status, 204);
  assert.equal((await bad({ reason: 'payment from another country' })).status, 204, 'again: it is so already');
  const held = await mine(handle, 'GET', '/session');
  isProblem(held, 401, 'reauthentication_required');
  assert.match(held.headers['www-authenticate'], /insufficient_user_authentication/);
  isInactive(await shop.introspect(handle));
  // The journey goes on for the service, and the session for who proves it.
  assert.equal((await shop.api('PATCH', '/flows/order', { session: handle, json: { facts: { held: true } }, headers: at('*') })).status, 200);
  const again = await mine(handle, 'POST', '/session/reauth', { json: { method: 'password', password: who.password } });
  assert.equal(again.status, 200, again.body);
  assert.equal((await mine(again.json.session_handle, 'GET', '/session')).status, 200);
  assert.ok(events('session_held').some(({ detail }) => detail === 'by shop: payment from another country'));
});

test('Basic beside X-Session-Id is for these routes; elsewhere it is refused as before, and two of a client are always', async () => {
  const { handle, session, who } = await somebody();
  for (const [method, path] of [['GET', '/session'], ['GET', '/sessions'], ['GET', '/user'], ['GET', '/session/state'], ['POST', '/flows/order/attempts'], ['DELETE', '/sessions']]) {
    isProblem(await shop.api(method, path, { session: handle, ...(method === 'POST' && { json: { counter: 'try' } }) }), 401, 'unauthenticated');
  }
  const jar = new Jar();
  jar.take(await stack.client.post(`${api}/sessions`, { json: { ...who, transport: 'cookie' } }));
  isProblem(await shop.api('GET', '/flows/order', { session: handle, headers: { Cookie: jar.header() } }), 400, 'ambiguous_credentials');
  isProblem(await shop.api('DELETE', `/sessions/${session.id}`, { headers: { Cookie: jar.header() } }), 400, 'ambiguous_credentials');
  isProblem(await shop.api('GET', '/flows/order', { session: handle, headers: { Authorization: basic('shop', 'x') } }), 401, 'unauthenticated');
  isProblem(await shop.api('GET', '/flows/order', { session: handle, headers: { Authorization: 'Basic' } }), 401, 'unauthenticated');
  stack.sql('DELETE FROM throttle');
});

test('no service moves last_seen, on any of its calls', async () => {
  const { handle, session } = await somebody();
  await mine(handle, 'POST', '/flows/order', { json: {} });
  stack.sql(`UPDATE session SET last_seen = last_seen - 600000000 WHERE ${idSql(session.id)}`);
  const row = rowOf(session.id);
  await shop.api('GET', '/flows/order', { session: handle });
  await shop.api('PATCH', '/flows/order', { session: handle, json: { facts: { a: 1 } }, headers: at('*') });
  await shop.api('DELETE', '/flows/order', { session: handle });
  assert.deepEqual(rowOf(session.id), row);
});

test('TK-21: whoever has a handle revokes it: its session is over; what is not known is 200 as well', async () => {
  const send = (form, headers = {}) => stack.client.post(revokePath, { form, headers });
  const { handle } = await somebody();
  for (const token of [`gps_${'A'.repeat(43)}`, 'x', `gpr_${'A'.repeat(43)}`, 'a.b.c', handle.slice(4)]) assert.equal((await send({ token })).status, 200, token);
  assert.equal((await mine(handle, 'GET', '/session')).status, 200);
  const answer = await send({ token: handle, token_type_hint: 'access_token' });
  assert.equal(answer.status, 200, answer.body);
  isProblem(await mine(handle, 'GET', '/session'), 401, 'unauthenticated');
  assert.equal((await send({ token: handle })).status, 200);
  const ticketed = await somebody();
  isError(await send({ token: ticketFor(stack, ticketed.session.id, 'shop') }), 400, 'unsupported_token_type');
});

test('TK-21: an access token ends its session, but not one of an epoch ago; another client\'s stays', async () => {
  const send = (form, headers = {}) => stack.client.post(revokePath, { form, headers });
  const { handle, who } = await somebody();
  const token = accessToken(stack, who.identifier);
  const next = await mine(handle, 'POST', '/session/reauth', { json: { method: 'password', password: who.password } });
  const now = next.json.session_handle;
  assert.equal((await send({ token })).status, 200);
  assert.equal((await mine(now, 'GET', '/session')).status, 200);
  const newer = accessToken(stack, who.identifier);
  for (const form of [{ token: newer, client_id: 'phone' }, { token: now, client_id: 'phone' }]) isError(await send(form), 400, 'invalid_grant');
  isError(await send({ token: now, client_id: 'nobody' }), 400, 'invalid_client');
  assert.equal((await mine(now, 'GET', '/session')).status, 200);
  assert.equal((await send({ token: newer, client_id: 'app' })).status, 200);
  isProblem(await mine(now, 'GET', '/session'), 401, 'unauthenticated');
});

test('a service revokes only what its clients let it see, and never learns of the rest', async () => {
  const open = await somebody();
  const closed = await somebody({ client: 'closed' });
  assert.equal((await shop.revoke(closed.handle)).status, 200);
  assert.equal((await mine(closed.handle, 'GET', '/session')).status, 200);
  isError(await shop.revoke(open.handle, { Authorization: basic('shop', 'x') }), 401, 'invalid_client');
  assert.equal((await mine(open.handle, 'GET', '/session')).status, 200);
  assert.equal((await shop.revoke(open.handle)).status, 200);
  isProblem(await mine(open.handle, 'GET', '/session'), 401, 'unauthenticated');
  stack.sql('DELETE FROM throttle');
});

test('forms: one of each parameter, of this type, in the body; errors as RFC 6749 §5.2 has them', async () => {
  const { handle } = await somebody();
  const type = { 'Content-Type': 'application/x-www-form-urlencoded' };
  for (const path of [introspectPath, revokePath]) {
    const send = (options) => stack.client.post(path, { ...options, headers: { ...(path === introspectPath && shop.headers), ...options.headers } });
    for (const body of ['', 'token=', `token=${handle}&token=${handle}`, 'token=%zz', 'token=%00', `Token=${handle}`, `token=${'x'.repeat(5000)}`]) isError(await send({ body, headers: type }), 400, 'invalid_request');
    isError(await send({ json: { token: handle } }), 415, 'invalid_request');
    isError(await stack.client.post(`${path}?token=${handle}`, { form: { token: handle }, headers: shop.headers }), 400, 'invalid_request');
    isError(await send({ body: `token=${'x'.repeat(70000)}`, headers: type }), 413, 'invalid_request');
    isError(await send({ form: { token: handle }, headers: { Accept: 'text/html' } }), 406, 'invalid_request');
    isError(await send({ form: { token: handle }, headers: { Host: 'evil.test' } }), 421, 'invalid_request');
    const get = await stack.client.get(`${path}?token=${handle}`);
    isError(get, 405, 'invalid_request');
    assert.equal(get.headers.allow, 'POST, OPTIONS');
  }
  isError(await stack.client.post('/auth/oauth/nothing', { form: { token: handle } }), 404, 'invalid_request');
  assert.equal((await mine(handle, 'GET', '/session')).status, 200);
});

test('a secret that is rotated has an overlap, and then not; a new root key changes nothing', async () => {
  stack.sql('DELETE FROM throttle');
  const { handle } = await somebody();
  const one = makeService(stack, 'turning', everything);
  stack.sql("UPDATE session SET client = 'app'");
  const rotate = (...more) => asService(stack, 'turning', JSON.parse(stack.must(['service', 'rotate', 'turning', '--json', ...more]).stdout).secret);
  isInactive(await one.introspect(handle));
  const two = rotate();
  for (const service of [one, two]) isInactive(await service.introspect(handle));
  stack.sql("UPDATE service SET former_until = 1 WHERE name = 'turning'");
  isError(await one.introspect(handle), 401, 'invalid_client');
  const three = rotate('--overlap', '0s');
  isError(await two.introspect(handle), 401, 'invalid_client');
  isInactive(await three.introspect(handle));
  stack.must(['service', 'remove', 'turning']);
  stack.sql('DELETE FROM throttle');
});

test('the database is gone: 503, and nobody is let in', async () => {
  const { handle } = await somebody();
  await stack.mariadb.kill('SIGKILL');
  try {
    for (const answer of [await shop.introspect(handle), await shop.revoke(handle)]) {
      isError(answer, 503, 'temporarily_unavailable');
      assert.ok(Number(answer.headers['retry-after']) > 0);
    }
    isProblem(await shop.api('GET', '/flows/order', { session: handle }), 503, 'unavailable');
  } finally {
    await stack.mariadb.restart();
  }
  await until(async () => (await shop.introspect(handle)).status === 200, 'it is there again');
});
