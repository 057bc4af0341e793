// The pages of second factors by plain HTTP, as a browser without JavaScript sees them: setting up, signing in, confirming,
// taking away; and what goes wrong on the way.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { password, startStack } from '../support/harness.mjs';
import { tokenOf } from '../support/client.mjs';
import { Authenticator, FLAGS } from '../support/authenticator.mjs';
import { totp } from '../support/totp.mjs';

let stack;
before(async () => {
  stack = await startStack({ settings: {
    session: { fresh: '1h' },
    second_factor: { require: 'roles', roles: 'elevated', trusted_device: '30d' },
    throttle: { free_failures: 50, most: 90, source_short: 5000, source_long: 5000 },
  } });
});
after(() => stack?.stop());

const idOf = (name) => `(SELECT id FROM user WHERE username = '${name}')`;
const where = (answer) => answer.headers.location?.replace(stack.base, '');
const alertOf = (page) => /role="alert">([^<]*)</.exec(page.body)[1];
const returnOf = (page) => /name="return_to" value="([^"]+)"/.exec(page.body)[1];
const codesOf = (page) => /<textarea[^>]*>([^<]*)</.exec(page.body)[1].split('\n');
const age = (name, seconds) => stack.sql(`UPDATE session SET auth_time = auth_time - ${seconds}000000 WHERE user_id = ${idOf(name)}`);

const factorsOf = (name) => Number(stack.sql(`SELECT factors FROM user WHERE username = '${name}'`)[0].factors);

function person(name) {
  const secret = password();
  stack.must(['user', 'add', '--username', name, '--email', `${name}@example.org`, '--password-stdin'], { input: secret });
  return { identifier: name, password: secret };
}

async function send(visitor, page, path, form = {}) {
  return visitor.post(path, { csrf_token: tokenOf(page), ...form });
}

async function secretOn(visitor) {
  const page = await visitor.get('/account/security/app');
  return { page, secret: /<code>([A-Z2-7 ]+)<\/code>/.exec(page.body)[1] };
}

// Signs in and sets up an app: {visitor, who, secret, codes}.
async function enrolled(name) {
  const who = person(name);
  const visitor = stack.visitor();
  assert.equal(where(await visitor.signIn(who)), '/account');
  const begun = await send(visitor, await visitor.get('/account/security'), '/account/security/app');
  assert.equal(where(begun), '/account/security/app');
  const { page, secret } = await secretOn(visitor);
  const shown = await send(visitor, page, '/account/security/app', { code: totp(secret, -1) });
  assert.equal(shown.status, 200, shown.body);
  return { visitor, who, secret, codes: codesOf(shown) };
}

async function waiting(who, more) {
  const visitor = stack.visitor();
  const answer = await visitor.signIn(who, more);
  return { visitor, answer, page: await visitor.get('/second-factor') };
}

test('MF-01, MF-06, MF-13: an app is set up with a right code, and the recovery codes are shown once', async () => {
  const who = person('ann');
  const visitor = stack.visitor();
  await visitor.signIn(who);
  const security = await visitor.get('/account/security');
  assert.match(security.body, /Set up an authenticator app/);
  assert.equal(stack.count('totp'), 0, 'looking makes no row');
  await send(visitor, security, '/account/security/app');
  const { page, secret } = await secretOn(visitor);
  assert.match(page.body, /<svg class="qr" viewBox="0 0 \d+ \d+"/);
  assert.equal((await secretOn(visitor)).secret, secret, 'loaded anew it is the same');

  const wrong = await send(visitor, page, '/account/security/app', { code: '000000' });
  assert.equal(wrong.status, 401);
  assert.match(alertOf(wrong), /did not work/);
  assert.equal(factorsOf('ann'), 0);
  const right = await send(visitor, wrong, '/account/security/app', { code: totp(secret) });
  assert.equal(right.status, 200, right.body);
  const codes = codesOf(right);
  assert.equal(new Set(codes).size, 10);
  const again = await visitor.get('/account/security/codes');
  for (const code of codes) assert.ok(!again.body.includes(code));
  assert.match(await visitor.get('/account/security').then((after) => after.body), /<dt>Not used yet<\/dt><dd>10<\/dd>/);
  // A page of before is not taken for a new set-up.
  assert.equal((await send(visitor, page, '/account/security/app', { code: totp(secret) })).status, 403);
});

test('MF-04, MF-07: a sign-in waits for a code; wrong, used before, right, and on to where one wanted to go', async () => {
  const { who, secret } = await enrolled('ben');
  const { visitor, answer, page } = await waiting(who, { return_to: '/auth/account/sessions' });
  assert.equal(where(answer), `/second-factor?return_to=${encodeURIComponent('/auth/account/sessions')}`);
  const elsewhere = await visitor.get('/account');
  assert.equal(where(elsewhere), `/second-factor?return_to=${encodeURIComponent('/auth/account')}`);
  assert.match(page.body, /inputmode="numeric" autocomplete="one-time-code"/);
  const wrong = await send(visitor, page, '/second-factor', { code: '000000' });
  assert.equal(wrong.status, 401);
  assert.match(alertOf(wrong), /You have 4 more tries/);
  const used = await send(visitor, wrong, '/second-factor', { code: totp(secret, -1) });
  assert.equal(used.status, 401, 'it was used to set it up');
  assert.match(alertOf(used), /You have 3 more tries/);
  const right = await send(visitor, used, '/second-factor', { code: totp(secret), return_to: '/auth/account/sessions' });
  assert.equal(right.status, 303);
  assert.equal(where(right), '/account/sessions');
  assert.equal((await visitor.get('/account/sessions')).status, 200);
  assert.equal(where(await visitor.get('/second-factor')), '/account', 'nothing is asked any more');
});

test('MF-07: the fifth wrong code ends the sign-in, and the page of it says so', async () => {
  const { who } = await enrolled('cay');
  let { visitor, page } = await waiting(who);
  for (let left = 4; left > 0; left--) {
    page = await send(visitor, page, '/second-factor', { code: '000000' });
    assert.match(alertOf(page), new RegExp(`You have ${left} more tr`));
  }
  const ended = await send(visitor, page, '/second-factor', { code: '000000', return_to: '/auth/account' });
  assert.equal(where(ended), `/login?done=tries&return_to=${encodeURIComponent('/auth/account')}`);
  assert.ok(!visitor.jar.cookies.has('__Host-gatepost'));
  assert.match((await visitor.get('/login?done=tries')).body, /too many wrong tries/);
});

test('MF-13: a recovery code stands once for the app', async () => {
  const { who, codes } = await enrolled('dot');
  const first = await waiting(who);
  assert.match(first.page.body, /href="\/auth\/second-factor\?with=recovery"/);
  const page = await first.visitor.get('/second-factor?with=recovery');
  const typed = codes[3].toUpperCase().replaceAll('-', ' ');
  assert.equal(where(await send(first.visitor, page, '/second-factor', { with: 'recovery', code: typed })), '/account');
  assert.match((await first.visitor.get('/account/security')).body, /<dt>Not used yet<\/dt><dd>9<\/dd>/);
  const second = await waiting(who);
  const again = await send(second.visitor, await second.visitor.get('/second-factor?with=recovery'), '/second-factor', { with: 'recovery', code: codes[3] });
  assert.equal(again.status, 401);
  assert.match(alertOf(again), /works only once/);
  assert.match(again.body, /name="with" value="recovery"/, 'the same form again');
});

test('a stale form, an answer that was lost, and starting over', async () => {
  const { who, secret } = await enrolled('eve');
  const { visitor, page } = await waiting(who);
  const stale = await visitor.post('/second-factor', { csrf_token: 'A'.repeat(43), code: '123456' });
  assert.equal(stale.status, 403);
  assert.match(alertOf(stale), /open too long/);
  assert.equal(Number(stack.sql(`SELECT MAX(tries) AS tries FROM session WHERE user_id = ${idOf('eve')}`)[0].tries), 0, 'nothing was judged');

  const before = new Map(visitor.jar.cookies);
  const code = totp(secret);
  const right = await send(visitor, page, '/second-factor', { code });
  assert.equal(right.status, 303);
  const now = visitor.jar.cookies.get('__Host-gatepost');
  visitor.jar.cookies = new Map(before);
  const repeated = await send(visitor, page, '/second-factor', { code });
  assert.equal(repeated.status, 303);
  assert.equal(visitor.jar.cookies.get('__Host-gatepost'), now, 'the same value once more');

  const other = await waiting(who);
  const over = await send(other.visitor, other.page, '/second-factor', { over: 'yes', return_to: '/auth/account' });
  assert.equal(where(over), `/login?return_to=${encodeURIComponent('/auth/account')}`);
  assert.ok(!other.visitor.jar.cookies.has('__Host-gatepost'));
});

test('a device that is trusted is not asked, until it is removed', async () => {
  const { who, secret } = await enrolled('fay');
  const { visitor, page } = await waiting(who);
  assert.match(page.body, /Do not ask on this device for 30 days/);
  assert.equal((await send(visitor, page, '/second-factor', { code: totp(secret), trust: 'yes' })).status, 303);
  await send(visitor, await visitor.get('/logout'), '/logout');
  assert.equal(where(await visitor.signIn(who)), '/account');
  const security = await visitor.get('/account/security');
  assert.match(security.body, /This device/);
  const device = /name="remove" value="([^"]+)"/.exec(security.body)[1];
  const removed = await send(visitor, security, '/account/security', { remove: device });
  assert.match(removed.body, /You are signed out/);
  assert.equal(where(await visitor.signIn(who)), '/second-factor');
});

test('MF-15: an old sign-in changes no factor: the second factor is asked for, and no password would do', async () => {
  const { visitor, secret } = await enrolled('gil');
  age('gil', 400);
  stack.sql(`UPDATE session SET aal2_end = aal2_end - 400000000 WHERE user_id = ${idOf('gil')}`);
  const sent = await visitor.get('/account/security/codes');
  assert.equal(where(sent), `/reauth?factor=1&return_to=${encodeURIComponent('/auth/account/security/codes')}`);
  const page = await visitor.get(where(sent));
  assert.doesNotMatch(page.body, /type="password"/);
  const wrong = await send(visitor, page, '/reauth', { code: '000000', factor: 'yes', return_to: '/auth/account/security/codes' });
  assert.equal(wrong.status, 401);
  assert.doesNotMatch(wrong.body, /type="password"/);
  const right = await send(visitor, wrong, '/reauth', { code: totp(secret), factor: 'yes', return_to: '/auth/account/security/codes' });
  assert.equal(where(right), '/account/security/codes');
  const made = await send(visitor, await visitor.get('/account/security/codes'), '/account/security/codes');
  assert.equal(codesOf(made).length, 10);
});

test('the step-up page takes a password, a code, or a recovery code', async () => {
  const { visitor, who, secret, codes } = await enrolled('hal');
  for (const proof of [{ password: who.password }, { code: totp(secret) }, { with: 'recovery', code: codes[0] }]) {
    const page = await visitor.get('/reauth?return_to=/auth/account');
    assert.match(page.body, /type="password"/);
    assert.equal(where(await send(visitor, page, '/reauth', { ...proof, return_to: '/auth/account' })), '/account');
  }
  assert.equal((await send(visitor, await visitor.get('/reauth'), '/reauth')).status, 400);
});

test('who has no factor and is asked for one is told where to set it up', async () => {
  const who = person('ivy');
  const visitor = stack.visitor();
  await visitor.signIn(who);
  const page = await visitor.get('/reauth?factor=1&return_to=/auth/account');
  assert.match(page.body, /Set up a second factor/);
  assert.match(page.body, /href="\/auth\/account\/security\?return_to=/);
  assert.doesNotMatch(page.body, /type="password"|name="code"/);
});

test('MF-17: removing asks first, and the last factor of whom one is required stays', async () => {
  const { visitor } = await enrolled('joy');
  const asked = await visitor.get('/account/security/remove?what=app');
  assert.match(asked.body, /your only second factor/);
  const stale = await visitor.post('/account/security/remove', { csrf_token: 'A'.repeat(43), what: 'app' });
  assert.equal(stale.status, 403);
  assert.equal(where(await send(visitor, asked, '/account/security/remove', { what: 'app' })), '/account/security?done=removed');
  assert.equal(factorsOf('joy'), 0);
  for (const what of ['app', 'nonsense', '0'.repeat(22)]) {
    assert.equal(where(await visitor.get(`/account/security/remove?what=${what}`)), '/account/security?done=gone');
    assert.equal(where(await send(visitor, asked, '/account/security/remove', { what })), '/account/security?done=gone');
  }
});

test('MF-17: who must have a factor sets one up before anything else, and keeps it', async () => {
  const visitor = stack.visitor();
  const signedIn = await visitor.signIn(stack.users.admin, { return_to: '/auth/account/sessions' });
  assert.equal(where(signedIn), `/account/security?return_to=${encodeURIComponent('/auth/account/sessions')}`);
  assert.equal(where(await visitor.get('/account')), `/account/security?return_to=${encodeURIComponent('/auth/account')}`);
  assert.equal((await visitor.get('/account/security/codes')).status, 303, 'nothing but what completes it');
  const security = await visitor.get(where(signedIn));
  assert.match(security.body, /needs a second factor before you can go on/);
  assert.doesNotMatch(security.body, /id="devices"|id="password"/);
  const begun = await send(visitor, security, '/account/security/app', { return_to: '/auth/account/sessions' });
  const page = await visitor.get(where(begun));
  const secret = /<code>([A-Z2-7 ]+)<\/code>/.exec(page.body)[1];
  const set = await send(visitor, page, '/account/security/app', { code: totp(secret, -1), return_to: '/auth/account/sessions' });
  assert.equal(codesOf(set).length, 10);
  assert.match(set.body, /<a class="button" href="\/auth\/account\/sessions">/);
  assert.equal((await visitor.get('/account/sessions')).status, 200);
  const kept = await send(visitor, await visitor.get('/account/security/remove?what=app'), '/account/security/remove', { what: 'app' });
  assert.equal(kept.status, 409);
  assert.match(alertOf(kept), /Set up another one first/);
  assert.equal(factorsOf('admin') & 1, 1);
  const { page: asked } = await waiting(stack.users.admin);
  assert.doesNotMatch(asked.body, /Do not ask on this device/, 'no device stands for it');
});

test('MF-17: a reset that an administrator asked for is shown, and showing the factor stops it', async () => {
  const { visitor, secret } = await enrolled('oli');
  stack.must(['user', 'reset-factors', 'oli']);
  const security = await visitor.get('/account/security');
  assert.match(security.body, /about to be taken away/);
  const link = /href="([^"]+)">I have my second factor/.exec(security.body)[1].replaceAll('&amp;', '&');
  const page = await visitor.get(link.replace('/auth', ''));
  const shown = await send(visitor, page, '/reauth', { code: totp(secret), factor: 'yes', return_to: returnOf(page) });
  assert.equal(where(shown), '/account/security');
  assert.doesNotMatch((await visitor.get('/account/security')).body, /about to be taken away/);
  assert.equal(factorsOf('oli') & 1, 1);
});

test('other people: no device, no factor of theirs is touched by an id', async () => {
  const { visitor } = await enrolled('kit');
  const { visitor: other } = await enrolled('lou');
  const device = /name="remove" value="([^"]+)"/.exec((await visitor.get('/account/security')).body)[1];
  const answer = await send(other, await other.get('/account/security'), '/account/security', { remove: device });
  assert.equal(where(answer), '/account/security?done=gone');
  assert.equal((await visitor.get('/account')).status, 200);
});

test('fields that are missing, malformed or too long', async () => {
  const { who } = await enrolled('max');
  const { visitor, page } = await waiting(who);
  for (const form of [{}, { code: '' }, { passkey: '{}' }, { passkey: 'no json' }, { code: '1'.repeat(300) }, { passkey: '[1]', code: '123456' }])
    assert.equal((await send(visitor, page, '/second-factor', form)).status, 400, JSON.stringify(form));
  const login = stack.visitor();
  const form = await login.get('/login');
  for (const fields of [{ identifier: 'max' }, { password: 'x' }, { passkey: '{}' }])
    assert.equal((await send(login, form, '/login', fields)).status, 400, JSON.stringify(fields));
});

// What the script of a page does before it fills in the form's field.
async function ask(visitor, page, path, json = {}) {
  const headers = visitor.headers({ 'X-CSRF-Token': tokenOf(page), 'Sec-Fetch-Site': 'same-origin' });
  const answer = await stack.client.post(`/auth/api/v1${path}`, { headers, json });
  assert.ok(answer.status < 300, answer.body);
  return answer.json;
}

const optionsOf = (page) => /data-options="\/auth\/api\/v1([^"]+)"/.exec(page.body)[1];
const purposeOf = (page) => /data-purpose="([^"]+)"/.exec(page.body)[1];
const json = (passkey) => JSON.stringify(passkey);

async function withPasskey(name) {
  const who = person(name);
  const visitor = stack.visitor();
  await visitor.signIn(who);
  const page = await visitor.get('/account/security/passkey');
  const key = new Authenticator(stack.origin);
  const passkey = json(key.create(await ask(visitor, page, optionsOf(page))));
  return { who, visitor, page, key, passkey };
}

test('WA-01, WA-05: a passkey is added by the form of its page; wrong, twice, stale, repeated', async () => {
  const { visitor, page, key, passkey } = await withPasskey('pam');
  assert.match(page.headers['content-security-policy'], /connect-src 'self'/);
  assert.equal((await visitor.post('/account/security/passkey', { csrf_token: 'A'.repeat(43), passkey })).status, 403);
  assert.equal((await send(visitor, page, '/account/security/passkey', { passkey, name: 'é'.repeat(101) })).status, 400);
  assert.equal((await send(visitor, page, '/account/security/passkey', { passkey: '{}' })).status, 400);
  const foreign = json(key.create(await ask(visitor, page, optionsOf(page)), { origin: 'https://evil.test' }));
  const wrong = await send(visitor, page, '/account/security/passkey', { passkey: foreign });
  assert.equal(wrong.status, 401);
  assert.match(alertOf(wrong), /was not added/);

  const before = new Map(visitor.jar.cookies);
  const made = await send(visitor, page, '/account/security/passkey', { passkey, name: 'key <1>' });
  assert.equal(codesOf(made).length, 10);
  const now = visitor.jar.cookies.get('__Host-gatepost');
  visitor.jar.cookies = before;
  const repeated = await send(visitor, page, '/account/security/passkey', { passkey, name: 'key <1>' });
  assert.equal(where(repeated), '/account/security?done=passkey', 'the codes are not shown again');
  assert.equal(visitor.jar.cookies.get('__Host-gatepost'), now);
  assert.match((await visitor.get('/account/security')).body, /key &lt;1&gt;/);
  const again = await visitor.get('/account/security/passkey');
  const taken = await send(visitor, again, '/account/security/passkey', { passkey: json(key.create(await ask(visitor, again, optionsOf(again)))) });
  assert.equal(taken.status, 409);
  assert.match(alertOf(taken), /registered already/);
});

test('WA-01, WA-03: a passkey at sign-in, as a second factor and for a step up: each challenge once, and where it was made for', async () => {
  const { who, visitor, page, key, passkey } = await withPasskey('quinn');
  await send(visitor, page, '/account/security/passkey', { passkey });

  const other = stack.visitor();
  const login = await other.get('/login');
  const asked = await ask(other, login, optionsOf(login));
  const unverified = await send(other, login, '/login', { passkey: json(key.get(asked, { flags: FLAGS.present })) });
  assert.equal(unverified.status, 401);
  assert.match(alertOf(unverified), /may not belong to an account/);
  const shown = json(key.get(await ask(other, login, optionsOf(login))));
  assert.equal(where(await send(other, login, '/login', { passkey: shown, return_to: '/auth/account/sessions' })), '/account/sessions');
  const third = stack.visitor();
  assert.equal((await send(third, await third.get('/login'), '/login', { passkey: shown })).status, 401, 'used');

  const second = await waiting(who);
  const ofLogin = json(key.get(await ask(second.visitor, second.page, '/sessions/passkey/options')));
  const refused = await send(second.visitor, second.page, '/second-factor', { passkey: ofLogin });
  assert.equal(refused.status, 401, 'made for something else');
  assert.match(alertOf(refused), /You have 4 more tries/);
  const { passkey: options } = await ask(second.visitor, refused, optionsOf(refused), { purpose: purposeOf(refused) });
  const proof = json(key.get(options));
  assert.equal(where(await send(second.visitor, refused, '/second-factor', { passkey: proof })), '/account');

  const again = await other.get('/reauth?factor=1&return_to=/auth/account');
  const stepUp = await ask(other, again, optionsOf(again), { purpose: purposeOf(again) });
  const unsure = await send(other, again, '/reauth', { passkey: json(key.get(stepUp.passkey, { flags: FLAGS.present })), factor: 'yes' });
  assert.equal(unsure.status, 401, 'the person was not verified');
  const { passkey: more } = await ask(other, unsure, optionsOf(unsure), { purpose: purposeOf(unsure) });
  assert.equal(where(await send(other, unsure, '/reauth', { passkey: json(key.get(more)), factor: 'yes', return_to: '/auth/account' })), '/account');
  assert.equal((await other.get('/account/security')).headers['content-security-policy'].includes('connect-src'), false);
});

test('too many tries of an account: 429 with the time to wait, whoever asks', async () => {
  const { who } = await enrolled('ned');
  stack.sql("DELETE FROM throttle");
  let seen = 0;
  for (let tries = 0; tries < 60 && seen !== 429; tries++) {
    const { visitor, page } = await waiting(who);
    for (let i = 0; i < 5 && seen !== 429; i++) {
      const answer = await send(visitor, page, '/second-factor', { code: '000000' });
      seen = answer.status;
      if (seen === 429) {
        assert.match(answer.headers['retry-after'], /^\d+$/);
        assert.match(alertOf(answer), /too many attempts/);
      }
    }
  }
  assert.equal(seen, 429);
});
