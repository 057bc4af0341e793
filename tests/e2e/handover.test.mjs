// CONTRACT §4: hand-over: verifier with the receiver, confirmation with the giver, a code for one minute and one use.
import { test, before, after, beforeEach } from 'node:test';
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { startStack } from '../support/harness.mjs';
import { Jar, setCookies, tokenOf } from '../support/client.mjs';
import { mailsTo } from '../support/outbox.mjs';

let stack;
before(async () => {
  stack = await startStack();
});
after(() => stack?.stop());
beforeEach(() => stack.sql('DELETE FROM session; DELETE FROM handover; DELETE FROM outbox; DELETE FROM audit_event; UPDATE user SET state = 1; UPDATE password SET must_change = 0'));

const api = '/auth/api/v1';
const code = (answer, status, word) => {
  assert.equal(answer.status, status, answer.body);
  assert.equal(answer.json.code, word);
};
const pair = () => {
  const verifier = randomBytes(32).toString('base64url');
  return { verifier, challenge: createHash('sha256').update(verifier).digest('base64url') };
};
const give = (handle, challenge, to = 'native') => stack.withHandle(handle, 'POST', '/session/handover', { json: { challenge, to } });
const take = (body, headers = {}) => stack.client.post(`${api}/sessions`, { json: { transport: 'handle', ...body }, headers });
// Alice on her device has confirmed: what the other one needs.
async function confirmed(to = 'native', person = stack.users.alice) {
  const giver = await stack.signIn(person);
  const { verifier, challenge } = pair();
  const given = await give(giver.session_handle, challenge, to);
  assert.equal(given.status, 201, given.body);
  return { giver, verifier, challenge, handover: given.json.handover, given: given.json };
}
const events = (where = '1') => stack.sql(`SELECT event, outcome, detail, session_id IS NULL AS free FROM audit_event WHERE event LIKE 'handover%' AND ${where} ORDER BY at, id`).map((row) => ({ ...row }));
const idSql = (id) => `UNHEX('${Buffer.from(id, 'base64url').toString('hex')}')`;
const agePast = () => stack.sql('UPDATE handover SET expires_at = expires_at - 61000000, created_at = created_at - 61000000');

test('an app goes on as the giver: aal1, the giver\'s auth_time and end, both sides recorded, a notice queued (SE-12, LG-01)', async () => {
  const { giver, verifier, handover, given } = await confirmed();
  assert.match(handover, /^[0-9a-z]{4}-[0-9a-z]{4}-[0-9a-z]{5}-[0-9a-z]{4}-[0-9a-z]{4}-[0-9a-z]{5}$/);
  const life = Date.parse(given.expires_at) - Date.now();
  assert.ok(life > 50e3 && life <= 60e3, `${life}`);
  stack.sql(`UPDATE session SET auth_time = auth_time - 300000000, expires_at = expires_at - 86400000000, aal = 2, aal2_end = 9000000000000000 WHERE id = ${idSql(giver.session.id)}`);
  const answer = await take({ handover, verifier, device_name: 'Pixel 9', device_id: 'an app here' });
  assert.equal(answer.status, 201, answer.body);
  const { session, user, session_handle: handle } = answer.json;
  assert.notEqual(session.id, giver.session.id);
  assert.deepEqual([session.aal, session.amr, session.class, session.device_name, session.client], ['aal1', ['pwd'], 'native', 'Pixel 9', 'app']);
  const mine = (await stack.withHandle(giver.session_handle, 'GET', '/session')).json;
  assert.deepEqual([session.auth_time, session.expires_at], [mine.session.auth_time, mine.session.expires_at]);
  assert.equal(mine.session.aal, 'aal2', 'the giver keeps what it has');
  assert.deepEqual(user, mine.user);
  assert.equal((await stack.withHandle(handle, 'GET', '/session')).status, 200);
  assert.deepEqual(events(), [
    { event: 'handover_given', outcome: 'ok', detail: 'to an app', free: '0' },
    { event: 'handover_taken', outcome: 'ok', detail: 'by an app', free: '0' },
  ]);
  assert.equal(stack.count(`audit_event WHERE event = 'authn_login_success' AND detail = 'handover' AND session_id = ${idSql(session.id)}`), 1);
  // Beside it, the giver's own sign-in without a device may be told of.
  const [mail, ...others] = mailsTo(stack, 'alice@example.org').filter(({ kind }) => kind !== 'new-device');
  assert.deepEqual([mail.kind, others.length], ['handover', 0]);
  assert.deepEqual([mail.values.to, mail.values.ip, Number.isNaN(Date.parse(mail.values.at))], ['native', '127.0.0.1', false]);
  assert.ok(!stack.workerOutput().includes(handover), 'the code is in no log');
});

test('a browser\'s session by hand-over lasts no longer than a browser\'s (SE-12)', async () => {
  const { verifier, handover } = await confirmed('browser');
  const answer = await take({ handover: handover.toUpperCase().replaceAll('-', ' '), verifier, transport: 'cookie' });
  assert.equal(answer.status, 201, answer.body);
  assert.equal(answer.json.session.class, 'browser');
  const hours = (Date.parse(answer.json.session.expires_at) - Date.now()) / 3600e3;
  assert.ok(hours > 11.9 && hours <= 12, `${hours}`);
});

test('used twice, late, without and with a wrong verifier, for another kind of device: nothing', async () => {
  const { verifier, challenge, handover } = await confirmed();
  code(await take({ handover }), 400, 'invalid_request');
  code(await take({ handover, verifier: 'short' }), 400, 'invalid_request');
  code(await take({ handover, verifier: `${verifier}!` }), 400, 'invalid_request');
  code(await take({ verifier }), 400, 'invalid_request');
  code(await take({ handover, verifier, identifier: 'alice' }), 400, 'invalid_request');
  code(await take({ handover, verifier: challenge }), 401, 'invalid_credentials');
  code(await take({ handover, verifier: pair().verifier }), 401, 'invalid_credentials');
  code(await take({ handover: '0000-0000-00000-0000-0000-00000', verifier }), 401, 'invalid_credentials');
  code(await take({ handover: 'not a code', verifier }), 401, 'invalid_credentials');
  assert.equal(stack.count('session'), 1, 'only the giver');
  assert.equal((await take({ handover, verifier })).status, 201, 'and the right one is still good');
  code(await take({ handover, verifier }), 410, 'code_expired');
  assert.equal(stack.count('session'), 2);
  const late = await confirmed();
  agePast();
  code(await take({ handover: late.handover, verifier: late.verifier }), 410, 'code_expired');
  const browser = await confirmed('browser');
  code(await take({ handover: browser.handover, verifier: browser.verifier }), 401, 'invalid_credentials');
  assert.deepEqual(events("outcome = 'refused'").map(({ detail }) => detail),
    ['not for this device', 'not for this device', 'used before', 'too late', 'not for this device']);
});

test('SE-27: ten at once with one code: one session', async () => {
  const { verifier, handover } = await confirmed();
  const answers = await Promise.all(Array.from({ length: 10 }, () => take({ handover, verifier })));
  assert.deepEqual(answers.map(({ status }) => status).sort(), [201, ...Array(9).fill(410)]);
  assert.equal(stack.count('session'), 2);
  assert.equal(stack.count("outbox WHERE kind = 'handover'"), 1, 'and one notice');
});

test('what the giver becomes meanwhile: signed out, renewed, on hold, locked, a newer code', async () => {
  for (const [what, act] of Object.entries({
    'signed out': ({ giver }) => stack.withHandle(giver.session_handle, 'DELETE', '/session'),
    renewed: ({ giver }) => stack.withHandle(giver.session_handle, 'POST', '/session/reauth', { json: { method: 'password', password: stack.users.alice.password } }),
    'on hold': ({ giver }) => stack.must(['user', 'hold', '--session', giver.session.id]),
    locked: () => stack.must(['user', 'lock', 'alice']),
    over: ({ giver }) => stack.sql(`UPDATE session SET idle_end = 1 WHERE id = ${idSql(giver.session.id)}`),
  })) {
    stack.sql('UPDATE user SET state = 1; DELETE FROM session');
    const all = await confirmed();
    await act(all);
    const was = stack.count('session');
    code(await take({ handover: all.handover, verifier: all.verifier }), 410, 'code_expired');
    assert.equal(stack.count('session'), was, what);
  }
  stack.sql('UPDATE user SET state = 1');
  const first = await confirmed();
  const second = await give(first.giver.session_handle, first.challenge);
  code(await take({ handover: first.handover, verifier: first.verifier }), 401, 'invalid_credentials');
  assert.equal((await take({ handover: second.json.handover, verifier: first.verifier })).status, 201, 'the newest code counts');
});

test('giving needs a fresh, complete session and a right body', async () => {
  const { challenge } = pair();
  const { session_handle: handle } = await stack.signIn(stack.users.alice);
  const post = (json) => stack.withHandle(handle, 'POST', '/session/handover', { json });
  for (const [body, name] of [[{}, 'challenge'], [{ challenge }, 'to'], [{ challenge, to: 'tv' }, 'to'], [{ challenge: 'x', to: 'native' }, 'challenge'],
    [{ challenge: `${challenge}=`, to: 'native' }, 'challenge'], [{ challenge, to: 'native', user: 'bob' }, 'user']]) {
    const answer = await post(body);
    code(answer, 400, 'invalid_request');
    assert.deepEqual(answer.json.fields.map((field) => field.name), [name]);
  }
  code(await stack.client.post(`${api}/session/handover`, { json: { challenge, to: 'native' } }), 401, 'unauthenticated');
  stack.sql('UPDATE session SET auth_time = auth_time - 3600000000');
  code(await post({ challenge, to: 'native' }), 401, 'reauthentication_required');
  stack.sql('UPDATE session SET auth_time = auth_time + 3600000000, state = 4');
  code(await post({ challenge, to: 'native' }), 403, 'forbidden');
  assert.equal(stack.count('handover'), 0);
  const jar = new Jar();
  jar.take(await stack.client.post(`${api}/sessions`, { json: { ...stack.users.alice, transport: 'cookie' } }));
  code(await stack.client.post(`${api}/session/handover`, { json: { challenge, to: 'native' }, headers: { Cookie: jar.header() } }), 403, 'csrf_failed');
});

test('by a signed-in other: nothing is done, the code stays good, the other stays signed in', async () => {
  const { verifier, handover } = await confirmed();
  const bob = await stack.signIn(stack.users.bob);
  const refusal = await take({ handover, verifier }, { 'X-Session-Id': bob.session_handle });
  code(refusal, 409, 'conflict');
  assert.match(refusal.json.detail, /Sign out first/);
  assert.equal((await stack.withHandle(bob.session_handle, 'GET', '/session')).json.user.username, 'bob');
  assert.equal((await take({ handover, verifier })).json.user.username, 'alice');
});

test('with a session of one\'s own it goes on, and the same request is answered alike', async () => {
  const { verifier, handover } = await confirmed();
  const own = await stack.signIn(stack.users.alice, { device_id: 'the same app' });
  const send = () => take({ handover, verifier }, { 'X-Session-Id': own.session_handle });
  const one = await send();
  const two = await send();
  assert.equal(two.status, 201, two.body);
  assert.equal(one.json.session.id, own.session.id);
  assert.equal(two.json.session_handle, one.json.session_handle);
  assert.equal(stack.count("outbox WHERE kind = 'handover'"), 1);
  const other = await take({ handover, verifier: pair().verifier }, { 'X-Session-Id': own.session_handle });
  code(other, 401, 'invalid_credentials');
});

test('PW-12: who must change the password gets no more by hand-over', async () => {
  const { verifier, handover } = await confirmed();
  stack.sql('UPDATE password SET must_change = 1');
  const answer = await take({ handover, verifier });
  assert.equal(answer.json.session.state, 'password_change_required');
});

// The link in a page's QR code, as a path with its parameters.
const linkOf = (page) => {
  const [, href] = /<a href="([^"]+)">Open the link<\/a>/.exec(page.body);
  return new URL(href.replaceAll('&amp;', '&'));
};
const below = (url) => url.pathname.slice('/auth'.length) + url.search;
const codeOn = (page) => /<p class="code"><code>([^<]+)<\/code>/.exec(page.body)[1];

// Phone (signed in) confirms what the desktop shows; → the code.
async function confirmPage(phone, link) {
  const asked = await phone.get(below(link));
  assert.equal(asked.status, 200, asked.body);
  const fields = Object.fromEntries([...asked.body.matchAll(/type="hidden" name="(\w+)" value="([^"]*)"/g)].map(([, name, value]) => [name, value]));
  const shown = await phone.post('/handover/give', fields);
  assert.equal(shown.status, 200, shown.body);
  return { asked, code: codeOn(shown), fields };
}

test('pages: desktop shows, phone confirms by name, desktop asks and goes on', async () => {
  const desktop = stack.visitor();
  const start = await desktop.get('/handover', { 'User-Agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0' });
  assert.equal(start.status, 200);
  assert.equal(stack.count('handover'), 0, 'a GET makes no row');
  const link = linkOf(start);
  assert.equal(link.origin, stack.origin);
  const phone = stack.visitor();
  const led = await phone.get(below(link));
  assert.equal(led.status, 303, 'whoever is not signed in is led there');
  assert.match(led.headers.location, /\/auth\/login\?return_to=%2Fauth%2Fhandover%2Fgive%3Fchallenge%3D/);
  await phone.signIn(stack.users.alice);
  const { asked, code: typed } = await confirmPage(phone, link);
  assert.match(asked.body, /Firefox on Linux, 127\.0\.0\.1/);
  assert.doesNotMatch(asked.body, /so it says of itself/);
  const question = await desktop.post('/handover', { csrf_token: tokenOf(start), code: ` ${typed.toUpperCase()} ` });
  assert.equal(question.status, 200, question.body);
  assert.match(question.body, /Continue as alice Example\?/);
  assert.equal(desktop.jar.cookies.has('__Host-gatepost'), false, 'nobody is signed in by looking');
  assert.equal(stack.count('session'), 1);
  const ticket = /name="ticket" value="([^"]+)"/.exec(question.body)[1];
  const done = await desktop.post('/handover', { csrf_token: tokenOf(question), ticket });
  assert.equal(done.status, 303, done.body);
  assert.equal(done.headers.location, `${stack.base}/account`);
  assert.match((await desktop.get('/account')).body, /alice Example/);
  assert.deepEqual([...desktop.jar.cookies.keys()].sort(), ['__Host-gatepost', '__Host-gatepost-device', '__Host-gatepost-pre']);
  const again = await desktop.post('/handover', { csrf_token: await desktop.token('/handover'), ticket });
  assert.equal(again.status, 410);
});

test('pages: a code in the address is exchanged for a form without it, and not used', async () => {
  const browser = stack.visitor();
  const link = linkOf(await browser.get('/handover'));
  const app = await stack.signIn(stack.users.alice);
  const given = await give(app.session_handle, link.searchParams.get('challenge'), 'browser');
  const opened = await browser.get(`/handover?code=${given.json.handover}`);
  assert.equal(opened.status, 303);
  assert.ok(!opened.headers.location.includes(given.json.handover));
  const path = opened.headers.location.slice(stack.base.length);
  const question = await browser.get(path);
  assert.match(question.body, /Continue as alice Example\?/);
  assert.equal((await browser.get(`/handover?code=${given.json.handover}`)).status, 303, 'looked at twice, used not once');
  const thief = stack.visitor();
  assert.equal((await thief.get(path)).status, 400, 'the form\'s address is worth nothing in another browser');
  const ticket = /name="ticket" value="([^"]+)"/.exec(question.body)[1];
  assert.equal((await thief.post('/handover', { csrf_token: await thief.token('/handover'), ticket })).status, 400);
  assert.equal((await browser.post('/handover', { csrf_token: tokenOf(question), ticket })).status, 303);
  assert.ok(!stack.workerOutput().includes(given.json.handover));
});

test('CS-03: a code pushed at a victim signs nobody in: not made for this browser, and if it were, asked with the name', async () => {
  const victim = stack.visitor();
  const attacker = await stack.signIn(stack.users.bob);
  const own = pair();
  const pushed = await give(attacker.session_handle, own.challenge, 'browser');
  const opened = await victim.get(`/handover?code=${pushed.json.handover}`);
  assert.equal(opened.status, 400);
  assert.match(opened.body, /not made for this browser/);
  assert.equal(victim.jar.cookies.has('__Host-gatepost'), false);

  // Worse: the attacker has seen the victim's own QR code.
  const challenge = linkOf(opened).searchParams.get('challenge');
  const { json } = await give(attacker.session_handle, challenge, 'browser');
  const led = await victim.get(`/handover?code=${json.handover}`);
  const question = await victim.get(led.headers.location.slice(stack.base.length));
  assert.match(question.body, /Continue as bob Example\?/);
  assert.equal(victim.jar.cookies.has('__Host-gatepost'), false, 'never silently');
  const ticket = /name="ticket" value="([^"]+)"/.exec(question.body)[1];
  for (const headers of [{ 'Sec-Fetch-Site': 'cross-site' }, { Origin: 'https://evil.test' }, {}]) {
    assert.equal((await victim.post('/handover', { csrf_token: tokenOf(question), ticket }, headers)).status, 403, JSON.stringify(headers));
  }
  const stale = await victim.post('/handover', { csrf_token: 'AAAA', ticket });
  assert.equal(stale.status, 403);
  assert.match(stale.body, /open too long/);
  assert.match(stale.body, /Continue as bob Example\?/);
  assert.equal(stack.count('session'), 1, 'the attacker\'s own');
});

test('pages: a signed-in other is told that their session here ends, and it does only on "Continue"', async () => {
  const desktop = stack.visitor();
  const link = linkOf(await desktop.get('/handover'));
  await desktop.signIn(stack.users.bob);
  const { session_handle: handle } = await stack.signIn(stack.users.alice);
  const given = await give(handle, link.searchParams.get('challenge'), 'browser');
  const led = await desktop.get(`/handover?code=${given.json.handover}`);
  const question = await desktop.get(led.headers.location.slice(stack.base.length));
  assert.match(question.body, /You are signed in here as <strong>bob Example<\/strong>/);
  assert.match((await desktop.get('/account')).body, /bob Example/);
  const ticket = /name="ticket" value="([^"]+)"/.exec(question.body)[1];
  assert.equal((await desktop.post('/handover', { csrf_token: tokenOf(question), ticket })).status, 303);
  assert.match((await desktop.get('/account')).body, /alice Example/);
  assert.equal(stack.count("session s JOIN user u ON u.id = s.user_id WHERE u.username = 'bob'"), 0);
});

test('the giver\'s page: what a link claims is marked as a claim; bad links are refused; stale forms come back', async () => {
  const phone = stack.visitor();
  await phone.signIn(stack.users.alice);
  const { challenge } = pair();
  const claim = await phone.get(`/handover/give?challenge=${challenge}&to=native&device=${encodeURIComponent('Your own <b>phone</b>')}`);
  assert.equal(claim.status, 200);
  assert.match(claim.body, /Your own &lt;b&gt;phone&lt;\/b&gt;<\/strong> <span class="muted">\(so it says of itself\)/);
  assert.match((await phone.get(`/handover/give?challenge=${challenge}&to=native`)).body, /An app<\/strong> <span class="muted">\(so/);
  const real = linkOf(await stack.visitor().get('/handover'));
  real.searchParams.set('device', 'Your other laptop');
  assert.match((await phone.get(below(real))).body, /Your other laptop<\/strong> <span class="muted">\(so it says of itself\)/, 'a changed link is no more than a claim');
  for (const query of ['', '?challenge=x&to=native', `?challenge=${challenge}`, `?challenge=${challenge}&to=tv`, `?challenge=${challenge}&to=native&device=${encodeURIComponent('a\nb')}`]) {
    assert.equal((await phone.get(`/handover/give${query}`)).status, 400, query);
  }
  const stale = await phone.post('/handover/give', { csrf_token: 'AAAA', challenge, to: 'native', device: 'x' });
  assert.equal(stale.status, 403);
  assert.match(stale.body, /open too long/);
  stack.sql('UPDATE session SET auth_time = auth_time - 3600000000');
  const old = await phone.get(`/handover/give?challenge=${challenge}&to=native`);
  assert.match(old.headers.location, /\/auth\/reauth\?return_to=%2Fauth%2Fhandover%2Fgive%3Fchallenge/);
  assert.equal(stack.count('handover'), 0);
});

test('old codes are purged, and those of a removed account go with it (ST-08)', async () => {
  await confirmed();
  agePast();
  assert.equal(JSON.parse(stack.must(['purge', '--json']).stdout).handovers, 0, 'used and late ones are told from none for an hour');
  stack.sql('UPDATE handover SET expires_at = expires_at - 3600000000');
  assert.equal(JSON.parse(stack.must(['purge', '--json']).stdout).handovers, 1);
  assert.equal(stack.count('handover'), 0);
});
