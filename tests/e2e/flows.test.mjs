// CONTRACT §5: flows over HTTP: kinds, moves, versions, patches, counters, guests, promotion, and /session/state.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { startStack } from '../support/harness.mjs';
import { Jar } from '../support/client.mjs';
import { until } from '../support/stack.mjs';

const declared = {
  'flow fund-wallet': {
    steps: 'start > kyc > otp > done', client_may: 'start > kyc', 'counter.otp': '5, reset 15m', 'counter.resend': '3, cooldown 30s, reset 1h',
    scope: 'user', expires: '24h',
  },
  'flow tour': { steps: 'one > two > three', client_may: 'one > two > three, two > one', scope: 'session' },
  'client shop': { title: 'The Shop', return: 'https://shop.example/basket org.example.shop:' },
};

let stack;
before(async () => {
  stack = await startStack({ settings: { ...declared, throttle: { guests: 1000 }, session: { most: 1000 } } });
});
after(() => stack?.stop());

const api = '/auth/api/v1';
const call = (handle, method, path, options) => stack.withHandle(handle, method, path, options);
const at = (tag) => ({ headers: { 'If-Match': tag } });

function isProblem(answer, status, code) {
  assert.equal(answer.status, status, answer.body);
  assert.equal(answer.json.code, code, answer.body);
}

let people = 0;
// Somebody with no past, signed in: {who, handle}.
async function somebody() {
  const who = { identifier: `walker${++people}`, password: `seven long roads to town ${people}` };
  stack.must(['user', 'add', '--username', who.identifier, '--password-stdin'], { input: who.password });
  const { session_handle: handle } = await stack.signIn(who);
  return { who, handle };
}
async function guest() {
  const answer = await stack.client.post(`${api}/sessions/guest`, { json: { transport: 'handle' } });
  assert.equal(answer.status, 201, answer.body);
  return answer.json.session_handle;
}
async function promote(handle, who) {
  const answer = await stack.client.post(`${api}/sessions`, { json: { ...who, transport: 'handle' }, headers: { 'X-Session-Id': handle } });
  assert.equal(answer.status, 201, answer.body);
  return answer.json.session_handle;
}
async function started(handle, kind = 'fund-wallet', json = {}) {
  const answer = await call(handle, 'POST', `/flows/${kind}`, { json });
  assert.equal(answer.status, 201, answer.body);
  return answer;
}
const state = async (handle) => {
  const answer = await call(handle, 'GET', '/session/state');
  assert.equal(answer.status, 200, answer.body);
  return answer.json;
};

test('a declared kind begins at its first step, and all of it is shown', async () => {
  const { handle } = await somebody();
  const answer = await started(handle, 'fund-wallet', { return_to: '/shop/basket?x=1', data: { amount: 20, note: '<b>&' } });
  const { expires_at: end, ...flow } = answer.json;
  assert.deepEqual(flow, {
    kind: 'fund-wallet', step: 'start', allowed_steps: ['kyc'], return_to: '/shop/basket?x=1', data: { amount: 20, note: '<b>&' }, facts: {},
    counters: { otp: { left: 5, retry_at: null }, resend: { left: 3, retry_at: null } }, scope: 'user', trusted: true, from: null, version: 1,
  });
  assert.ok(Math.abs(Date.parse(end) - Date.now() - 24 * 3600e3) < 60e3);
  assert.ok(!/[<>&]/.test(answer.body), 'inert in HTML');
  assert.match(answer.headers.etag, /^"[A-Za-z0-9_-]{22}\.1"$/);
  assert.equal(answer.headers.location, `${stack.api}/flows/fund-wallet`);

  const again = await call(handle, 'POST', '/flows/fund-wallet', { json: { data: { amount: 99 } } });
  assert.equal(again.status, 200);
  assert.deepEqual(again.json, answer.json);
  assert.equal(again.headers.etag, answer.headers.etag);
  const shown = await call(handle, 'GET', '/flows/fund-wallet');
  assert.deepEqual(shown.json, answer.json);
  assert.equal((await call(handle, 'POST', '/flows/empty')).status, 201, 'no body, no type: nothing to keep');
});

test('moves: the listed ones with If-Match; stale 412 with the current one, missing 428, others 409 with the allowed', async () => {
  const { handle } = await somebody();
  const { headers: { etag: first } } = await started(handle);
  isProblem(await call(handle, 'POST', '/flows/fund-wallet/step', { json: { to: 'kyc' } }), 428, 'precondition_required');
  const refused = await call(handle, 'POST', '/flows/fund-wallet/step', { json: { to: 'done' }, ...at(first) });
  isProblem(refused, 409, 'conflict');
  assert.equal(refused.json.step, 'start');
  assert.deepEqual(refused.json.allowed_steps, ['kyc']);
  await until(() => stack.workerLog().some(({ event, detail }) => event === 'sequence_fail' && detail === 'fund-wallet'), 'the log tells of it');
  for (const to of ['start', 'elsewhere']) isProblem(await call(handle, 'POST', '/flows/fund-wallet/step', { json: { to }, ...at(first) }), 409, 'conflict');
  isProblem(await call(handle, 'POST', '/flows/fund-wallet/step', { json: { to: 'No step' }, ...at(first) }), 400, 'invalid_request');
  const moved = await call(handle, 'POST', '/flows/fund-wallet/step', { json: { to: 'kyc' }, ...at(first) });
  assert.equal(moved.status, 200, moved.body);
  assert.equal(moved.json.step, 'kyc');
  assert.deepEqual(moved.json.allowed_steps, []);
  assert.equal(moved.json.version, 2);
  const stale = await call(handle, 'POST', '/flows/fund-wallet/step', { json: { to: 'kyc' }, ...at(first) });
  isProblem(stale, 412, 'version_mismatch');
  assert.deepEqual(stale.json.current, moved.json);
  assert.equal(stale.headers.etag, moved.headers.etag);
  isProblem(await call(handle, 'POST', '/flows/fund-wallet/step', { json: { to: 'start' }, ...at(moved.headers.etag) }), 409, 'conflict');
});

test('If-Match: a list, any, weak, foreign, malformed; DELETE heeds it when it is there', async () => {
  const { handle } = await somebody();
  const { headers: { etag } } = await started(handle, 'tour');
  const step = (to, tag) => call(handle, 'POST', '/flows/tour/step', { json: { to }, ...at(tag) });
  for (const tag of [`W/${etag}`, '"1"', etag.slice(1, -1), '', '"', etag.replace('.1"', '.01"').replace('.01', '.2'), etag.replace('.1"', '.18446744073709551617"')]) {
    const answer = await step('two', tag);
    assert.ok([412, 428].includes(answer.status), `${tag}: ${answer.body}`);
  }
  const two = await step('two', `"other", ${etag}`);
  assert.equal(two.status, 200, two.body);
  assert.equal((await step('one', '*')).status, 200);
  isProblem(await call(handle, 'DELETE', '/flows/tour', at(etag)), 412, 'version_mismatch');
  assert.equal((await call(handle, 'DELETE', '/flows/tour')).status, 204);
  isProblem(await call(handle, 'GET', '/flows/tour'), 404, 'not_found');
  isProblem(await step('two', '*'), 404, 'not_found');
  const { headers } = await started(handle, 'tour');
  isProblem(await step('two', etag), 412, 'version_mismatch');
  assert.notEqual(headers.etag, etag, 'another flow, another tag');
});

test('PATCH: RFC 7396 on data and return_to, both types; what is no patch changes nothing', async () => {
  const { handle } = await somebody();
  let { headers: { etag } } = await started(handle, 'fund-wallet', { return_to: '/a', data: { a: { b: 1, c: [1] }, d: 'x' } });
  const patch = async (json, options = {}) => call(handle, 'PATCH', '/flows/fund-wallet', { json, ...at(etag), ...options });
  let answer = await patch({ data: { a: { b: null, e: 1.5 }, d: { f: true } } });
  assert.equal(answer.status, 200, answer.body);
  assert.deepEqual(answer.json.data, { a: { c: [1], e: 1.5 }, d: { f: true } });
  isProblem(await patch({ data: {} }), 412, 'version_mismatch');
  ({ etag } = answer.headers);
  answer = await call(handle, 'PATCH', '/flows/fund-wallet', { body: '{"return_to":null}', headers: { 'If-Match': etag, 'Content-Type': 'application/merge-patch+json' } });
  assert.equal(answer.status, 200, answer.body);
  assert.equal(answer.json.return_to, null);
  ({ etag } = answer.headers);
  answer = await patch({ data: null, return_to: 'https://shop.example/basket/7' });
  assert.deepEqual(answer.json.data, {});
  assert.equal(answer.json.return_to, 'https://shop.example/basket/7');
  ({ etag } = answer.headers);
  const same = await patch({ data: {} });
  assert.equal(same.headers.etag, etag, 'what changes nothing is no new version');

  for (const [json, field] of [
    [{ data: 'text' }, 'data'], [{ data: [1] }, 'data'], [{ data: 5 }, 'data'], [{ data: true }, 'data'], [{ return_to: 7 }, 'return_to'],
    [{ return_to: {} }, 'return_to'], [{ facts: { identity: 'checked' } }, 'facts'], [{ facts: null }, 'facts'], [{ step: 'done' }, 'step'], [{ version: 1 }, 'version'],
    [{ return_to: '//evil.test' }, 'return_to'], [{ return_to: 'https://evil.test/' }, 'return_to'], [{ return_to: 'javascript:alert(1)' }, 'return_to'], [{ return_to: '' }, 'return_to'],
  ]) {
    const refused = await patch(json);
    isProblem(refused, 400, 'invalid_request');
    assert.equal(refused.json.fields[0].name, field, JSON.stringify(json));
  }
  for (const body of ['{"data":{"a":1,"a":2}}', '{"data":{}} x', '[]', '{"data":{"a":1e999}}', `{"data":${'{"a":'.repeat(17)}1${'}'.repeat(17)}}`]) {
    isProblem(await call(handle, 'PATCH', '/flows/fund-wallet', { body, headers: { 'If-Match': etag, 'Content-Type': 'application/json' } }), 400, 'invalid_request');
  }
  isProblem(await call(handle, 'PATCH', '/flows/fund-wallet', { body: '{}', headers: { 'If-Match': etag, 'Content-Type': 'application/json-patch+json' } }), 415, 'unsupported_media_type');
  isProblem(await call(handle, 'PATCH', '/flows/fund-wallet', { json: {} }), 428, 'precondition_required');
  isProblem(await call(handle, 'POST', '/flows/fund-wallet/step', { body: '{"to":"kyc"}', headers: { 'If-Match': etag, 'Content-Type': 'application/merge-patch+json' } }), 415, 'unsupported_media_type');
  assert.equal((await call(handle, 'GET', '/flows/fund-wallet')).headers.etag, etag, 'nothing of it was done');
});

test('how much data: 16 KiB a flow, 64 KiB a user, a guest 4 KiB and five flows', async () => {
  const { handle } = await somebody();
  const filled = (n) => ({ t: 'x'.repeat(n - '{"t":""}'.length) });
  isProblem(await call(handle, 'POST', '/flows/big', { json: { data: filled(16385) } }), 413, 'too_large');
  const { headers: { etag } } = await started(handle, 'big', { data: filled(16384) });
  const over = await call(handle, 'PATCH', '/flows/big', { json: { data: { u: 1 } }, ...at(etag) });
  isProblem(over, 413, 'too_large');
  assert.match(over.json.detail, /16384/);
  for (const kind of ['big2', 'big3', 'big4']) await started(handle, kind, { data: filled(16384) });
  isProblem(await call(handle, 'POST', '/flows/big5', { json: { data: { a: 1 } } }), 413, 'too_large');
  assert.equal((await call(handle, 'DELETE', '/flows/big4')).status, 204);
  await started(handle, 'big5', { data: { a: 1 } });

  const nobody = await guest();
  isProblem(await call(nobody, 'POST', '/flows/big', { json: { data: filled(4097) } }), 413, 'too_large');
  for (const kind of ['a', 'b', 'c', 'd', 'e']) await started(nobody, kind, { data: filled(4096) });
  const sixth = await call(nobody, 'POST', '/flows/f', { json: {} });
  isProblem(sixth, 409, 'conflict');
  assert.match(sixth.json.detail, /at most 5/);
  assert.equal((await call(nobody, 'POST', '/flows/a', { json: {} })).status, 200);
});

test('kinds: bad names 400, free ones untrusted and without counters, none of them with free_flows = no', async () => {
  const { handle } = await somebody();
  for (const kind of ['Fund', '.a', 'a%20b', 'ä', 'a'.repeat(65), 'a~']) {
    const answer = await call(handle, 'POST', `/flows/${kind}`, { json: {} });
    assert.equal(answer.status, 400, `${kind}: ${answer.body}`);
  }
  const { json, headers: { etag } } = await started(handle, 'own-idea');
  assert.equal(json.trusted, false);
  assert.equal(json.step, 'start');
  assert.equal(json.allowed_steps, null);
  assert.deepEqual(json.counters, {});
  assert.equal((await call(handle, 'POST', '/flows/own-idea/step', { json: { to: 'any.where' }, ...at(etag) })).json.step, 'any.where');
  isProblem(await call(handle, 'POST', '/flows/own-idea/attempts', { json: { counter: 'otp' } }), 400, 'invalid_request');
  isProblem(await call(handle, 'GET', '/flows/never'), 404, 'not_found');

  const good = readFileSync(stack.config.file, 'utf8');
  const reload = async (text, kind, status) => {
    writeFileSync(stack.config.file, text);
    process.kill(stack.worker.pid, 'SIGHUP');
    await until(async () => (await call(handle, 'GET', `/flows/${kind}`)).status === status, `${kind} answers ${status}`);
  };
  try {
    await reload(`${good}\n[flows]\nfree_flows = no\n`, 'own-idea', 404);
    isProblem(await call(handle, 'POST', '/flows/another', { json: {} }), 404, 'not_found');
    assert.deepEqual((await state(handle)).flows, []);
    await started(handle);
  } finally {
    await reload(good, 'own-idea', 200);
  }
});

test('expired: 410 to all but a new start', async () => {
  const { handle } = await somebody();
  const { headers: { etag } } = await started(handle);
  stack.sql('UPDATE flow SET expires_at = UNIX_TIMESTAMP() * 1000000 - 1000000');
  isProblem(await call(handle, 'GET', '/flows/fund-wallet'), 410, 'flow_expired');
  isProblem(await call(handle, 'PATCH', '/flows/fund-wallet', { json: { data: { a: 1 } }, ...at(etag) }), 410, 'flow_expired');
  isProblem(await call(handle, 'POST', '/flows/fund-wallet/step', { json: { to: 'kyc' }, ...at(etag) }), 410, 'flow_expired');
  isProblem(await call(handle, 'POST', '/flows/fund-wallet/attempts', { json: { counter: 'otp' } }), 410, 'flow_expired');
  isProblem(await call(handle, 'DELETE', '/flows/fund-wallet'), 410, 'flow_expired');
  assert.deepEqual((await state(handle)).flows, []);
  await started(handle);
});

test('TH-08: fifty attempts at once on a counter of five: exactly five; and nothing refills it', async () => {
  const { who, handle } = await somebody();
  await started(handle);
  const attempt = (by, counter = 'otp') => call(by, 'POST', '/flows/fund-wallet/attempts', { json: { counter } });
  const answers = await Promise.all(Array.from({ length: 50 }, () => attempt(handle)));
  const granted = answers.filter(({ status }) => status === 200);
  assert.deepEqual(granted.map(({ json }) => json.attempts_left).sort(), [0, 1, 2, 3, 4]);
  for (const answer of answers.filter(({ status }) => status !== 200)) {
    isProblem(answer, 429, 'too_many_attempts');
    assert.ok(Number(answer.headers['retry-after']) > 800 && Number(answer.headers['retry-after']) <= 901, answer.headers['retry-after']);
    assert.equal(answer.json.attempts_left, 0);
  }
  const { session_handle: other } = await stack.signIn(who);
  isProblem(await attempt(other), 429, 'too_many_attempts');
  await call(handle, 'DELETE', '/flows/fund-wallet');
  const { json: anew } = await started(other);
  assert.equal(anew.counters.otp.left, 0, 'a new flow');
  isProblem(await attempt(other), 429, 'too_many_attempts');
  await call(other, 'DELETE', '/session');
  const { session_handle: later } = await stack.signIn(who);
  isProblem(await attempt(later), 429, 'too_many_attempts');
  // A guest's own attempts are fresh; signing in brings back what the person has used up.
  const nobody = await guest();
  await started(nobody);
  assert.equal((await attempt(nobody)).json.attempts_left, 4);
  isProblem(await attempt(await promote(nobody, who)), 429, 'too_many_attempts');
});

test('a cooldown takes nothing; an unknown counter is 400; without a flow 404', async () => {
  const { handle } = await somebody();
  isProblem(await call(handle, 'POST', '/flows/fund-wallet/attempts', { json: { counter: 'resend' } }), 404, 'not_found');
  await started(handle);
  const first = await call(handle, 'POST', '/flows/fund-wallet/attempts', { json: { counter: 'resend' } });
  assert.equal(first.json.attempts_left, 2);
  assert.ok(Math.abs(Date.parse(first.json.retry_at) - Date.now() - 30e3) < 20e3);
  const second = await call(handle, 'POST', '/flows/fund-wallet/attempts', { json: { counter: 'resend' } });
  isProblem(second, 429, 'cooldown');
  assert.equal(second.json.attempts_left, 2);
  assert.ok(Number(second.headers['retry-after']) <= 30);
  stack.sql('UPDATE flow_counter SET last_at = last_at - 31000000');
  assert.equal((await call(handle, 'POST', '/flows/fund-wallet/attempts', { json: { counter: 'resend' } })).json.attempts_left, 1);
  isProblem(await call(handle, 'POST', '/flows/fund-wallet/attempts', { json: { counter: 'other' } }), 400, 'invalid_request');
});

test('a guest\'s attempts count for the person whom the guest turns out to be', async () => {
  const { who } = await somebody();
  const nobody = await guest();
  await started(nobody);
  for (let i = 0; i < 3; i++) await call(nobody, 'POST', '/flows/fund-wallet/attempts', { json: { counter: 'otp' } });
  const handle = await promote(nobody, who);
  assert.equal((await call(handle, 'GET', '/flows/fund-wallet')).json.counters.otp.left, 2);
});

test('promotion: the guest\'s flow goes on as the person\'s, without facts; on all of their devices', async () => {
  const { who, handle: other } = await somebody();
  const nobody = await guest();
  await started(nobody, 'fund-wallet', { return_to: '/shop/basket', data: { amount: 5 } });
  stack.sql(`UPDATE flow SET facts = '{"identity":"checked"}', step = 'otp' WHERE owner_kind = 2 AND kind = 'fund-wallet'`);
  assert.deepEqual((await call(nobody, 'GET', '/flows/fund-wallet')).json.facts, { identity: 'checked' });
  const handle = await promote(nobody, who);
  for (const by of [handle, other]) {
    const { json } = await call(by, 'GET', '/flows/fund-wallet');
    assert.equal(json.from, 'guest');
    assert.equal(json.step, 'otp');
    assert.deepEqual(json.facts, {});
    assert.deepEqual(json.data, { amount: 5 });
    assert.deepEqual((await state(by)).next, { page: '/shop/basket', why: 'flow' });
  }
  isProblem(await call(nobody, 'GET', '/flows/fund-wallet'), 401, 'unauthenticated');
});

test('of a kind that the person has, the guest\'s is offered until the session writes to that kind', async () => {
  for (const write of ['start', 'patch', 'step', 'attempt', 'end']) {
    const { who, handle: other } = await somebody();
    const { headers: { etag } } = await started(other, 'fund-wallet', { data: { amount: 1 } });
    const nobody = await guest();
    await started(nobody, 'fund-wallet', { return_to: '/guest', data: { amount: 2 } });
    const handle = await promote(nobody, who);
    for (let i = 0; i < 2; i++) {
      const { next, flows } = await state(handle);
      assert.equal(next.why, 'guest_flow');
      assert.equal(next.page, '/guest');
      assert.deepEqual(next.flow.data, { amount: 2 });
      assert.ok(Date.parse(next.flow.expires_at) <= Date.now() + 3601e3);
      assert.deepEqual(flows.map(({ data }) => data), [{ amount: 1 }]);
    }
    assert.equal((await state(other)).next, null, 'to that session alone');
    const writes = {
      start: () => call(handle, 'POST', '/flows/fund-wallet', { json: {} }),
      patch: () => call(handle, 'PATCH', '/flows/fund-wallet', { json: { data: { amount: 2 } }, ...at(etag) }),
      step: () => call(handle, 'POST', '/flows/fund-wallet/step', { json: { to: 'kyc' }, ...at(etag) }),
      attempt: () => call(handle, 'POST', '/flows/fund-wallet/attempts', { json: { counter: 'otp' } }),
      end: () => call(handle, 'DELETE', '/flows/fund-wallet'),
    };
    const answer = await writes[write]();
    assert.ok(answer.status < 300, answer.body);
    assert.equal((await state(handle)).next, null, write);
  }
});

test('scope: a user\'s flow is on every device, a session\'s on one; another user sees neither', async () => {
  const { who, handle } = await somebody();
  const { session_handle: other } = await stack.signIn(who);
  const { handle: stranger } = await somebody();
  await started(handle);
  await started(handle, 'tour');
  assert.equal((await call(other, 'GET', '/flows/fund-wallet')).status, 200);
  isProblem(await call(other, 'GET', '/flows/tour'), 404, 'not_found');
  assert.equal((await started(other, 'tour')).json.scope, 'session');
  for (const kind of ['fund-wallet', 'tour']) isProblem(await call(stranger, 'GET', `/flows/${kind}`), 404, 'not_found');
  assert.equal((await state(handle)).flows.length, 2);
  assert.deepEqual((await state(stranger)).flows, []);
});

test('two devices at once: one version wins, the other is told', async () => {
  const { who, handle } = await somebody();
  const { session_handle: other } = await stack.signIn(who);
  let { headers: { etag } } = await started(handle);
  for (let round = 0; round < 20; round++) {
    const answers = await Promise.all([handle, other].map((by, i) => call(by, 'PATCH', '/flows/fund-wallet', { json: { data: { [`k${i}`]: round } }, ...at(etag) })));
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 412], answers.map(({ body }) => body).join());
    ({ etag } = answers.find(({ status }) => status === 200).headers);
  }
});

test('by cookie: the form token is asked for; a pending session sees no flows, and is told what is due', async () => {
  const { who, handle } = await somebody();
  const jar = new Jar();
  const { json: mine } = jar.take(await stack.client.post(`${api}/sessions`, { json: { ...who, transport: 'cookie' } }));
  const headers = { Cookie: jar.header(), 'Sec-Fetch-Site': 'same-origin' };
  isProblem(await stack.client.post(`${api}/flows/fund-wallet`, { json: {}, headers }), 403, 'csrf_failed');
  const answer = await stack.client.post(`${api}/flows/fund-wallet`, { json: {}, headers: { ...headers, 'X-CSRF-Token': mine.session.csrf_token } });
  assert.equal(answer.status, 201, answer.body);
  assert.equal((await call(handle, 'GET', '/flows/fund-wallet')).status, 200, 'and the app goes on');
  stack.sql(`UPDATE session SET state = 4 WHERE user_id = (SELECT id FROM user WHERE username = '${who.identifier}')`);
  const pending = await state(handle);
  assert.deepEqual(pending.flows, []);
  assert.deepEqual(pending.next, { page: '/auth/account/password', why: 'password_change_required' });
  isProblem(await call(handle, 'GET', '/flows/fund-wallet'), 403, 'forbidden');
  isProblem(await stack.client.get(`${api}/session/state`), 401, 'unauthenticated');
  isProblem(await stack.client.get(`${api}/flows/fund-wallet`), 401, 'unauthenticated');
});

test('/session/state with three flows: two statements, and nothing is written', async () => {
  const { handle } = await somebody();
  for (const kind of ['fund-wallet', 'tour', 'own']) await started(handle, kind);
  await call(handle, 'POST', '/flows/fund-wallet/attempts', { json: { counter: 'otp' } });
  await state(handle);
  const ran = await stack.statements(async () => {
    assert.equal((await state(handle)).flows.length, 3);
  });
  assert.equal(ran.length, 2, ran.join('\n'));
  assert.ok(ran.every((text) => /^SELECT/.test(text)), ran.join('\n'));
});

test('a target that is listed no more is not offered', async () => {
  const { handle } = await somebody();
  await started(handle, 'fund-wallet', { return_to: 'org.example.shop:/basket' });
  assert.deepEqual((await state(handle)).next, { page: 'org.example.shop:/basket', why: 'flow' });
  stack.sql(`UPDATE flow SET return_to = 'org.example.other:/x' WHERE kind = 'fund-wallet'`);
  assert.equal((await state(handle)).next, null);
});
