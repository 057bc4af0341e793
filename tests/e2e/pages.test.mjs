// CONTRACT §1-§3: the pages as a browser without JavaScript uses them.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { startStack } from '../support/harness.mjs';
import { setCookies, tokenOf } from '../support/client.mjs';

let stack;
before(async () => {
  stack = await startStack();
});
after(() => stack?.stop());

const rows = (table) => stack.count(table);
const sessionCookie = (answer) => setCookies(answer).find(({ name }) => name === '__Host-gatepost');

test('a person signs in, sees the account, signs out', async () => {
  const visitor = stack.visitor();
  const first = await visitor.get('/account');
  assert.equal(first.status, 303);
  assert.equal(first.headers.location, `${stack.origin}/auth/login?return_to=%2Fauth%2Faccount`);
  const answer = await visitor.signIn(stack.users.alice, { return_to: '/auth/account' });
  assert.equal(answer.status, 303, answer.body.slice(0, 500));
  assert.equal(answer.headers.location, `${stack.origin}/auth/account`);
  assert.ok(!sessionCookie(answer).attributes.has('max-age'));
  const account = await visitor.get('/account');
  assert.equal(account.status, 200);
  assert.match(account.body, /alice Example/);
  assert.match(account.body, /alice@example\.org/);
  const question = await visitor.get('/logout');
  assert.equal(question.status, 200);
  assert.equal((await visitor.get('/account')).status, 200, 'asking changes nothing');
  const out = await visitor.post('/logout', { csrf_token: tokenOf(question) });
  assert.equal(out.status, 200);
  assert.match(out.body, /You are signed out/);
  assert.equal(sessionCookie(out).attributes.get('max-age'), '0', 'CO-08');
  assert.equal(out.headers['clear-site-data'], '"cache"', 'CO-08');
  assert.equal((await visitor.get('/account')).status, 303);
});

test('CS-05: a crawl by GET and HEAD changes nothing and makes no row', async () => {
  const visitor = stack.visitor();
  await visitor.signIn(stack.users.bob);
  const count = () => ['session', 'device', 'audit_event', 'rotation', 'throttle', 'outbox'].map(rows).join();
  const was = count();
  for (const method of ['GET', 'HEAD']) {
    for (const path of ['', '/', '/login', '/logout', '/account', '/account/sessions', '/register', '/verify', '/invite', '/setup', '/problems', '/health', '/nothing', '/api/v1/session', '/api/v1/sessions', '/api/v1/user']) {
      await stack.client.request(method, `/auth${path}`, { headers: visitor.headers() });
      await stack.client.request(method, `/auth${path}`);
    }
  }
  assert.equal(count(), was);
  assert.equal((await visitor.get('/account')).status, 200);
});

test('wrong password: the form again with what was typed, never the password', async () => {
  const visitor = stack.visitor();
  const answer = await visitor.signIn({ identifier: 'alice', password: 'wrong password here' });
  assert.equal(answer.status, 401);
  assert.match(answer.body, /value="alice"/);
  assert.ok(!answer.body.includes('wrong password here'));
  assert.equal(sessionCookie(answer), undefined);
  assert.ok(answer.headers['www-authenticate']);
});

test('TH-09: the page is the same for unknown, wrong and locked', async () => {
  stack.must(['user', 'add', '--username', 'shut', '--password-stdin'], { input: 'a long enough password' });
  stack.sql("UPDATE user SET state = 2 WHERE username = 'shut'");
  const bodies = [];
  for (const [identifier, password] of [['shut', 'a long enough password'], ['shot', 'a long enough password'], ['bobb', 'xxxxxxxxxxxxxxxx'], ['bob', 'not the right one']]) {
    const answer = await stack.visitor().signIn({ identifier, password });
    bodies.push(answer.body.replaceAll(identifier, 'WHO').replace(/value="[A-Za-z0-9_-]{40,}"/g, 'TOKEN').replace(/[A-Za-z0-9_-]{22}/g, 'ID'));
  }
  assert.equal(new Set(bodies).size, 1);
});

test('CS-01, CS-03: a form without, with a foreign, or with an altered token changes nothing', async () => {
  const visitor = stack.visitor();
  const token = await visitor.token('/login');
  const other = await stack.visitor().token('/login');
  const before = rows('session');
  for (const csrf_token of [undefined, '', other, `${token.slice(0, -2)}${token.endsWith('AA') ? 'BA' : 'AA'}`, 'x']) {
    const answer = await visitor.post('/login', { ...(csrf_token === undefined ? {} : { csrf_token }), ...stack.users.alice });
    assert.equal(answer.status, 403, String(csrf_token));
    assert.ok(!answer.body.includes(stack.users.alice.password));
  }
  const stale = await visitor.post('/login', { csrf_token: other, identifier: 'alice', password: 'x' });
  assert.match(stale.body, /value="alice"/, 'a stale token shows the form again, filled in');
  for (const headers of [{}, { 'Sec-Fetch-Site': 'cross-site' }, { 'Sec-Fetch-Site': 'same-site' }, { 'Sec-Fetch-Site': 'none' }, { Origin: 'null' },
    { Origin: 'https://evil.test' }, { Referer: 'https://evil.test/auth/login' }]) {
    const answer = await visitor.post('/login', { csrf_token: token, ...stack.users.alice }, headers);
    assert.equal(answer.status, 403, JSON.stringify(headers));
  }
  const noPre = await stack.client.post('/auth/login', { form: { csrf_token: token, ...stack.users.alice }, headers: { 'Sec-Fetch-Site': 'same-origin' } });
  assert.equal(noPre.status, 403);
  assert.equal(rows('session'), before);
  for (const headers of [{ Origin: stack.origin }, { Referer: `${stack.origin}/auth/login` }, { 'Sec-Fetch-Site': 'same-origin', Origin: 'https://evil.test' }]) {
    const fresh = stack.visitor();
    const answer = await fresh.post('/login', { csrf_token: await fresh.token('/login'), ...stack.users.alice }, headers);
    assert.equal(answer.status, 303, JSON.stringify(headers));
  }
});

test('CS-01: the token of one session is nothing in another', async () => {
  const [alice, bob] = [stack.visitor(), stack.visitor()];
  await alice.signIn(stack.users.alice);
  await bob.signIn(stack.users.bob);
  const token = await alice.token('/account/sessions');
  assert.notEqual(token, await alice.token('/account/sessions'), 'masked anew each time');
  const answer = await bob.post('/account/sessions', { csrf_token: token, scope: 'all' });
  assert.equal(answer.status, 403);
  assert.equal((await bob.get('/account')).status, 200);
});

test('the -pre cookie is kept by later pages and has the same attributes (CO-01)', async () => {
  const visitor = stack.visitor();
  const one = await visitor.get('/login');
  const pre = setCookies(one).find(({ name }) => name === '__Host-gatepost-pre');
  assert.ok(pre.attributes.get('secure') && pre.attributes.get('httponly') && pre.attributes.get('samesite') === 'Lax' && pre.attributes.get('path') === '/');
  assert.equal(setCookies(await visitor.get('/login')).length, 0);
  visitor.jar.cookies.set('__Host-gatepost-pre', `${pre.value.slice(0, -4)}AAAA`);
  assert.equal(setCookies(await visitor.get('/login')).length, 1, 'one that we did not make is replaced');
});

test('sessions page: lists, ends one, ends the others; the other is out at its next click', async () => {
  stack.sql('DELETE FROM session');
  const [one, two, three] = [stack.visitor(), stack.visitor(), stack.visitor()];
  for (const visitor of [one, two, three]) await visitor.signIn(stack.users.alice);
  const page = await one.get('/account/sessions');
  assert.equal(page.status, 200);
  assert.match(page.body, /This device/);
  const ids = [...page.body.matchAll(/name="end"[^>]*value="([A-Za-z0-9_-]{22})"|value="([A-Za-z0-9_-]{22})"[^>]*name="end"/g)].map((m) => m[1] ?? m[2]);
  assert.equal(ids.length, 2, 'not the current one');
  const ended = await one.post('/account/sessions', { csrf_token: tokenOf(page), end: ids[0] });
  assert.equal(ended.status, 303);
  assert.ok(ended.headers.location.startsWith(`${stack.origin}/auth/account/sessions`));
  const alive = [];
  for (const visitor of [two, three]) alive.push((await visitor.get('/account')).status);
  assert.deepEqual(alive.sort(), [200, 303]);
  const others = await one.post('/account/sessions', { csrf_token: await one.token('/account/sessions'), scope: 'others' });
  assert.equal(others.status, 303);
  for (const visitor of [two, three]) {
    const answer = await visitor.get('/account');
    assert.equal(answer.status, 303);
    const login = await visitor.get('/login');
    assert.match(login.body, /Your session has ended\. Please sign in again\./);
  }
  const all = await one.post('/account/sessions', { csrf_token: await one.token('/account/sessions'), scope: 'all' });
  assert.match(all.body, /You are signed out/);
  assert.equal(rows('session'), 0);
});

test('a page past the end of the list is empty, not an error; a cursor that is none is refused', async () => {
  const visitor = stack.visitor();
  await visitor.signIn(stack.users.alice);
  const past = Buffer.concat([Buffer.from([0, 0, 0, 0, 0, 0, 0, 1]), Buffer.alloc(16, 1)]).toString('base64url');
  assert.equal((await visitor.get(`/account/sessions?cursor=${past}`)).status, 200);
  assert.equal((await visitor.get('/account/sessions?cursor=none')).status, 400);
});

test('a live session at /login: who is signed in, Continue, somebody else; never a redirect', async () => {
  const visitor = stack.visitor();
  await visitor.signIn(stack.users.alice);
  const page = await visitor.get('/login?return_to=/private/');
  assert.equal(page.status, 200);
  assert.match(page.body, /alice Example/);
  assert.match(page.body, /Continue/);
  assert.match(page.body, /href="[^"]*\/private\/"/);
  assert.match(page.body, /[Ss]ign in as somebody else/);
});

test('signing in as somebody else ends the first session and merges nothing', async () => {
  const visitor = stack.visitor();
  await visitor.signIn(stack.users.alice);
  const old = visitor.jar.header();
  const form = await visitor.get('/login?switch=1');
  const answer = await visitor.post('/login', { csrf_token: tokenOf(form), ...stack.users.bob });
  assert.equal(answer.status, 303);
  assert.match((await visitor.get('/account')).body, /bob Example/);
  const stale = await stack.client.get('/auth/account', { headers: { Cookie: old } });
  assert.equal(stale.status, 303, 'the first session is over');
});

test('IN-20: return_to is a local path or nothing', async () => {
  const local = ['/private/', '/app/index.php?x=1&y=%2F', '/'];
  const tricks = ['//evil.test', '/\\evil.test', '\\\\evil.test', 'https://evil.test/', 'https:evil.test', 'javascript:alert(1)', '/%09/evil.test',
    '/\t/evil.test', ' //evil.test', '/..//evil.test', '/./\\evil.test', `${'/'}${'x'.repeat(5000)}`, 'evil.test', '//evil.test/%2f..', '/%5cevil.test',
    '/x\r\nLocation: https://evil.test', 'https://localhost@evil.test/', '///evil.test', '/\u0000', '/x#frag', 'http:///evil.test', '@evil.test'];
  for (const return_to of [...local, ...tricks]) {
    const visitor = stack.visitor();
    const answer = await visitor.signIn(stack.users.bob, { return_to });
    const good = local.includes(return_to);
    if (good) {
      assert.equal(answer.status, 303);
      assert.equal(answer.headers.location, stack.origin + return_to);
    } else {
      assert.ok([303, 400].includes(answer.status), return_to);
      if (answer.status === 303) assert.equal(answer.headers.location, `${stack.origin}/auth/account`, return_to);
    }
    const page = await stack.client.get(`/auth/login?return_to=${encodeURIComponent(return_to)}`);
    if (!good) assert.ok(!/evil/.test(page.body), return_to);
  }
});

test('remember me: persistent, at most the absolute limit (CO-06)', async () => {
  const answer = await stack.visitor().signIn(stack.users.alice, { remember: 'yes' });
  const age = Number(sessionCookie(answer).attributes.get('max-age'));
  assert.ok(age > 29 * 86400 && age <= 30 * 86400);
});

test('a POST that meets a dead session is not replayed: the page says what was not done', async () => {
  const visitor = stack.visitor();
  await visitor.signIn(stack.users.alice);
  const csrf_token = await visitor.token('/account/sessions');
  stack.sql('DELETE FROM session');
  const answer = await visitor.post('/account/sessions', { csrf_token, scope: 'all' });
  assert.ok([401, 403].includes(answer.status), String(answer.status));
  assert.match(answer.body, /not done|nothing was done/i);
  const out = await visitor.post('/logout', { csrf_token });
  assert.equal(out.status, 200);
  assert.match(out.body, /You are signed out/, 'logout with a dead session still ends there');
});

test('error pages for every status have title, request id and headers', async () => {
  const cases = [
    ['GET', '/auth/nothing', {}, 404],
    ['DELETE', '/auth/login', {}, 405],
    ['POST', '/auth/login', { body: '{}', headers: { 'Content-Type': 'application/json', 'Sec-Fetch-Site': 'same-origin' } }, 415],
    ['POST', '/auth/login', { body: 'x='.padEnd(70000, 'y'), headers: { 'Content-Type': 'application/x-www-form-urlencoded' } }, 413],
    ['GET', '/auth/login', { headers: { Host: 'evil.test' } }, 421],
    ['GET', '/auth/x%00', {}, 400],
  ];
  for (const [method, path, options, status] of cases) {
    const answer = await stack.client.request(method, path, options);
    assert.equal(answer.status, status, path);
    if (/%00/.test(path) && !answer.headers['x-request-id']) continue;
    assert.match(answer.headers['content-type'], /^text\/html; ?charset=utf-8$/i);
    assert.match(answer.body, /<h1/);
    assert.ok(answer.body.includes(answer.headers['x-request-id']), `${path} names the request`);
    assert.equal(answer.headers['content-security-policy'].includes("default-src 'none'"), true);
  }
});

test('HD-01..10: the headers of every answer', async () => {
  const visitor = stack.visitor();
  await visitor.signIn(stack.users.alice);
  const paths = ['/login', '/logout', '/account', '/account/sessions', '/setup', '/register', '/verify', '/invite', '/nothing', '/api/v1/session', '/api/v1/nothing', '/health'];
  for (const path of paths) {
    for (const headers of [{}, visitor.headers()]) {
      const answer = await stack.client.get(`/auth${path}`, { headers });
      const h = answer.headers;
      assert.match(h['cache-control'], /no-store/, `HD-06 ${path}`);
      assert.equal(h['x-content-type-options'], 'nosniff', `HD-04 ${path}`);
      assert.equal(h['referrer-policy'], 'same-origin', `HD-05 ${path}`);
      const csp = h['content-security-policy'];
      for (const part of ["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"]) assert.ok(csp.includes(part), `HD-02, HD-03 ${path}`);
      assert.doesNotMatch(csp, /unsafe-inline|unsafe-eval|\*/);
      assert.equal(h['x-frame-options'], 'DENY', `HD-03 ${path}`);
      assert.equal(h['cross-origin-opener-policy'], 'same-origin', `HD-07 ${path}`);
      assert.equal(h['cross-origin-resource-policy'], 'same-origin', `HD-07 ${path}`);
      assert.equal(h['strict-transport-security'], 'max-age=31536000', `HD-01 ${path}`);
      assert.match(h['x-request-id'], /^[A-Za-z0-9_-]{22}$/);
      assert.equal(h['x-powered-by'], undefined, 'HD-09');
      assert.equal(h['access-control-allow-origin'], undefined, 'CS-08');
      if (answer.body) assert.match(h['content-type'], /; charset=utf-8$/, `HD-04 ${path}`);
    }
  }
  const css = await stack.client.get('/auth/assets/gatepost.css');
  assert.equal(css.status, 200);
  assert.match(css.headers['content-type'], /^text\/css/);
  assert.match(css.headers['cache-control'], /max-age=\d+/);
  assert.doesNotMatch(css.headers['cache-control'], /no-store/);
});

test('pages have no inline script, style or foreign address; passwords are typed as such (PW-15, HD-02)', async () => {
  const visitor = stack.visitor();
  const pages = [await visitor.get('/login'), await visitor.get('/setup'), await visitor.get('/verify'), await visitor.get('/register')];
  await visitor.signIn(stack.users.alice);
  for (const path of ['/account', '/account/sessions', '/logout', '/nothing', '/problems']) pages.push(await visitor.get(path));
  for (const { body } of pages) {
    assert.doesNotMatch(body, /<style|style=|\son[a-z]+=|<script(?![^>]*\ssrc=)|javascript:/i);
    for (const [, url] of body.matchAll(/(?:src|href|action)="([^"]*)"/g)) assert.ok(/^[/#]/.test(url) || url.startsWith(stack.origin), url);
  }
  assert.match(pages[0].body, /type="password"[^>]*autocomplete="current-password"|autocomplete="current-password"[^>]*type="password"/);
  assert.match(pages[1].body, /autocomplete="new-password"/);
});

test('the first administrator: gatepost setup, the page, once', async () => {
  stack.must(['user', 'list']);
  stack.sql('DELETE FROM user_role');
  stack.sql("UPDATE user SET grants = ''");
  const { code, url } = JSON.parse(stack.must(['setup', '--json']).stdout);
  assert.equal(url, `${stack.base}/setup`);
  const fill = async (fields) => {
    const visitor = stack.visitor();
    return visitor.post('/setup', { csrf_token: await visitor.token('/setup'), username: 'root1', email: 'root1@example.org', display_name: 'Root One', new_password: 'correct horse battery staple', ...fields });
  };
  assert.equal((await fill({ code: 'aaaa-bbbb' })).status, 400);
  const short = await fill({ code, new_password: 'short' });
  assert.equal(short.status, 400);
  assert.match(short.body, /15/);
  assert.equal((await fill({ code, username: 'Bad Name' })).status, 400);
  assert.equal((await fill({ code, username: 'alice' })).status, 400, 'taken');
  assert.equal(rows('user_role'), 0, 'flaws leave the code usable and make nobody');
  const done = await fill({ code: ` ${code.toUpperCase()} ` });
  assert.equal(done.status, 200, done.body.slice(0, 800));
  assert.match(done.body, /root1/);
  assert.equal((await fill({ code, username: 'root2', email: 'root2@example.org' })).status, 400, 'PW-22: used once');
  assert.equal(stack.ctl(['setup']).code, 1, 'an administrator exists');
  assert.equal((await stack.visitor().signIn({ identifier: 'root1', password: 'correct horse battery staple' })).status, 303);
  const { user } = await stack.signIn({ identifier: 'root1', password: 'correct horse battery staple' });
  assert.deepEqual(user.roles, ['admin']);
});
