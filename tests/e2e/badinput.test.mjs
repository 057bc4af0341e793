// The bad input: a clear error each, nothing changed, nothing of it in a log.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { startStack } from '../support/harness.mjs';

let stack;
let handle;
const canary = `canary${randomBytes(9).toString('hex')}`;
before(async () => {
  stack = await startStack();
  handle = (await stack.signIn(stack.users.alice)).session_handle;
});
after(async () => {
  const text = stack.workerOutput();
  await stack.stop();
  assert.ok(!text.includes(canary), 'LG-02: nothing of bad input is in the log');
  for (const { password } of Object.values(stack.users)) assert.ok(!text.includes(password), 'LG-02: no password is in the log');
  assert.ok(!/gps_[A-Za-z0-9_-]{43}/.test(text), 'LG-02: no handle is in the log');
});

const api = '/auth/api/v1';
const problem = (answer, status, code, what = '') => {
  assert.equal(answer.status, status, `${what} ${answer.body.slice(0, 300)}`);
  assert.equal(answer.json?.code, code, what);
  return answer.json;
};

test('SE-10: malformed and long credentials are 401 without a query', async () => {
  const ran = await stack.statements(malformed);
  assert.deepEqual(ran, [], 'no statement ran');
});

async function malformed() {
  for (const value of ['gps_', `gps_${'a'.repeat(42)}`, `gps_${'a'.repeat(44)}`, `gps_${'!'.repeat(43)}`, `gps_${'='.repeat(43)}`,
    'gpr_' + 'a'.repeat(43), 'GPS_' + 'a'.repeat(43), 'a'.repeat(43), "gps_' OR 1=1 -- " + 'a'.repeat(28), `gps_%00${'a'.repeat(40)}`,
    `${canary}`, 'gps_' + 'a'.repeat(5000), 'a.b.c', 'null', handle.slice(4)]) {
    problem(await stack.client.get(`${api}/session`, { headers: { 'X-Session-Id': value } }), 401, 'unauthenticated', value);
    const bearer = await stack.client.get(`${api}/session`, { headers: { Authorization: `Bearer ${value}` } });
    problem(bearer, 401, 'unauthenticated', value);
    assert.match(bearer.headers['www-authenticate'], /error="invalid_token"/, 'HD-15');
  }
  for (const value of ['Basic YWxpY2U6eA==', 'Bearer', `Token ${handle}`, handle, `Bearer ${handle} x`]) {
    problem(await stack.client.get(`${api}/session`, { headers: { Authorization: value } }), 401, 'unauthenticated', value);
  }
  for (const value of ['', 'short', 'a'.repeat(44), `gps_${'a'.repeat(39)}`, '%00'.repeat(15)]) {
    problem(await stack.client.get(`${api}/session`, { headers: { Cookie: `__Host-gatepost=${value}` } }), 401, 'unauthenticated', value);
  }
}

test('no credential: 401 without an error code (HD-15)', async () => {
  const answer = await stack.client.get(`${api}/session`);
  problem(answer, 401, 'unauthenticated');
  assert.doesNotMatch(answer.headers['www-authenticate'], /error=/);
});

test('unknown but well-formed credentials are 401 and never adopted (SE-05)', async () => {
  for (let i = 0; i < 3; i++) {
    const planted = `gps_${randomBytes(32).toString('base64url')}`;
    problem(await stack.client.get(`${api}/session`, { headers: { 'X-Session-Id': planted } }), 401, 'unauthenticated');
    const answer = await stack.client.post(`${api}/sessions`, { json: { ...stack.users.bob, transport: 'handle' }, headers: { 'X-Session-Id': planted } });
    assert.equal(answer.status, 201);
    assert.notEqual(answer.json.session_handle, planted);
    problem(await stack.client.get(`${api}/session`, { headers: { 'X-Session-Id': planted } }), 401, 'unauthenticated');
  }
});

test('SE-08: two credentials at once are 400; kinds are not interchangeable', async () => {
  const cookie = `__Host-gatepost=${randomBytes(32).toString('base64url')}`;
  for (const headers of [{ 'X-Session-Id': handle, Authorization: `Bearer ${handle}` }, { 'X-Session-Id': handle, Cookie: cookie },
    { Authorization: `Bearer ${handle}`, Cookie: cookie }, { Cookie: `${cookie}; ${cookie}` },
    { Cookie: `${cookie}; a=b; __Host-gatepost=x` }]) {
    problem(await stack.client.get(`${api}/session`, { headers }), 400, 'ambiguous_credentials', JSON.stringify(headers));
  }
  const raw = handle.slice(4);
  problem(await stack.client.get(`${api}/session`, { headers: { Cookie: `__Host-gatepost=${raw}` } }), 401, 'unauthenticated');
  const signedIn = await stack.client.post(`${api}/sessions`, { json: { ...stack.users.bob, transport: 'cookie' } });
  const value = /__Host-gatepost=([^;]+)/.exec(signedIn.headers['set-cookie'].join('\n'))[1];
  for (const text of [`gps_${value}`, value]) {
    problem(await stack.client.get(`${api}/session`, { headers: { 'X-Session-Id': text } }), 401, 'unauthenticated');
  }
});

test('SE-07: a handle in query, path or body is nothing', async () => {
  for (const path of [`/session?session=${handle}`, `/session?access_token=${handle}`]) {
    const { status } = await stack.client.get(api + path);
    assert.equal(status, 401);
  }
});

test('at sign-in a malformed header is refused, a malformed cookie is as good as none', async () => {
  const attempt = (headers) => stack.client.post(`${api}/sessions`, { json: { ...stack.users.bob, transport: 'handle' }, headers });
  problem(await attempt({ 'X-Session-Id': 'gps_short' }), 401, 'unauthenticated');
  problem(await attempt({ Authorization: 'Bearer a.b.c' }), 401, 'unauthenticated');
  assert.equal((await attempt({ Cookie: '__Host-gatepost=short' })).status, 201);
});

test('cookies of 10 kB and odd cookies beside ours are borne', async () => {
  const answer = await stack.client.get('/auth/login', { headers: { Cookie: `junk=${'x'.repeat(10000)}` } });
  assert.ok([200, 400, 431].includes(answer.status), String(answer.status));
  const odd = await stack.client.get('/auth/login', { headers: { Cookie: 'a; =; ;;; b="q"; __host-gatepost=x; x__Host-gatepost=y' } });
  assert.equal(odd.status, 200);
});

const signInBody = () => ({ identifier: 'alice', password: stack.users.alice.password, transport: 'handle' });

test('JSON bodies: broken, deep, duplicated, unknown, wrong types (IN-04, IN-05, IN-06, IN-24)', async () => {
  const send = (body, type = 'application/json') => stack.client.post(`${api}/sessions`, { body, headers: { 'Content-Type': type } });
  for (const body of ['', '{', 'null', '[]', '"x"', '1', `{"identifier":"${canary}"`, '{"a":1}}', `${'['.repeat(17)}${']'.repeat(17)}`,
    `{"identifier":${'['.repeat(3000)}`, '{"identifier":"a\\u0000b","password":"x","transport":"handle"}', '\ufeff{}',
    "{'identifier':'a'}", '{"identifier":NaN}', '{"identifier":"\\ud800","password":"x","transport":"handle"}']) {
    problem(await send(body), 400, 'invalid_request', body.slice(0, 40));
  }
  for (const bytes of [[0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xff], [0xf4, 0x90, 0x80, 0x80]]) {
    const body = Buffer.concat([Buffer.from('{"identifier":"'), Buffer.from(bytes), Buffer.from('","password":"x","transport":"handle"}')]);
    problem(await send(body), 400, 'invalid_request', bytes.join());
  }
  const named = async (object, name) => {
    const json = problem(await send(typeof object === 'string' ? object : JSON.stringify(object)), 400, 'invalid_request', name);
    assert.equal(json.fields?.[0]?.name, name);
    assert.ok(json.fields[0].reason);
  };
  await named('{"identifier":"a","identifier":"b","password":"x","transport":"handle"}', 'identifier');
  problem(await send('{"identifier":"a","\\u0069dentifier":"b","password":"x","transport":"handle"}'), 400, 'invalid_request', 'the same name, spelled otherwise');
  await named({ ...signInBody(), role: 'admin' }, 'role');
  await named({ ...signInBody(), identifier: 7 }, 'identifier');
  await named({ ...signInBody(), remember: 'yes' }, 'remember');
  await named({ ...signInBody(), device_name: { a: 1 } }, 'device_name');
  await named({ ...signInBody(), transport: 'carrier-pigeon' }, 'transport');
  await named({ identifier: 'alice', transport: 'handle' }, 'password');
  await named({ ...signInBody(), password: 'x'.repeat(1025) }, 'password');
  await named({ ...signInBody(), client: '../x' }, 'client');
});

test('content types and Accept (CS-06: 415, 406)', async () => {
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'application/jsonx', '',
    'application/json; charset=latin1']) {
    problem(await stack.client.post(`${api}/sessions`, { body: JSON.stringify(signInBody()), headers: { 'Content-Type': type } }), 415,
      'unsupported_media_type', type);
  }
  const utf8 = await stack.client.post(`${api}/sessions`, { body: JSON.stringify(signInBody()), headers: { 'Content-Type': 'Application/JSON; charset=UTF-8' } });
  assert.equal(utf8.status, 201);
  for (const accept of ['text/html', 'image/png, text/*', 'application/json;q=0, application/problem+json;q=0']) {
    problem(await stack.client.get(`${api}/session`, { headers: { Accept: accept } }), 406, 'not_acceptable', accept);
  }
  for (const accept of ['*/*', 'application/*', 'application/json;q=0.1, text/html', 'application/problem+json']) {
    const { status } = await stack.client.get(`${api}/session`, { headers: { Accept: accept, 'X-Session-Id': handle } });
    assert.equal(status, 200, accept);
  }
});

test('bodies larger than 64 KiB are 413', async () => {
  const big = JSON.stringify({ ...signInBody(), device_name: 'x'.repeat(70000) });
  problem(await stack.client.post(`${api}/sessions`, { body: big, headers: { 'Content-Type': 'application/json' } }), 413, 'too_large');
  const form = await stack.client.post('/auth/login', { form: { identifier: 'x'.repeat(70000) } });
  assert.equal(form.status, 413);
});

test('IN-07, IN-17: a body shorter than announced, and a client that leaves in the middle, change nothing', async () => {
  const head = (length) => `POST ${api}/sessions HTTP/1.1\r\nHost: localhost:${stack.port}\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\nConnection: close\r\n\r\n`;
  const body = JSON.stringify(signInBody());
  const before = stack.count('session');
  for (let i = 0; i < 5; i++) {
    await stack.client.raw(head(body.length + 10) + body, { end: 'destroy' }).catch(() => {});
    await stack.client.raw(head(body.length).slice(0, 40 + i), { end: 'destroy' }).catch(() => {});
  }
  for (const length of ['-1', '1e3', '+5', '0x10', '99999999999999999999', 'abc']) {
    const answer = await stack.client.raw(head(length) + body);
    assert.match(answer, /^HTTP\/1\.1 4\d\d /, length);
  }
  assert.equal((await stack.client.get(`${api}/session`, { headers: { 'X-Session-Id': handle } })).status, 200, 'still serving');
  assert.equal(stack.count('session'), before);
});

test('forms: repeated fields, NUL, overlong UTF-8, broken escapes, unknown fields are 400 (IN-03, IN-04)', async () => {
  const visitor = stack.visitor();
  const token = await visitor.token('/login');
  const post = (body) => stack.client.post('/auth/login', {
    body, headers: visitor.headers({ 'Content-Type': 'application/x-www-form-urlencoded', 'Sec-Fetch-Site': 'same-origin' }),
  });
  const good = `csrf_token=${encodeURIComponent(token)}`;
  for (const body of [`${good}&identifier=a&identifier=b&password=x`, `${good}&identifier=a%00&password=x`, `${good}&identifier=%c0%af&password=x`,
    `${good}&identifier=%zz&password=x`, `${good}&identifier=%4&password=x`, `${good}&identifier=%ed%a0%80&password=x`,
    `${good}&identifier=a&password=x&is_admin=1`, `${good}&${good}&identifier=a&password=x`]) {
    const answer = await post(body);
    assert.equal(answer.status, 400, body);
    assert.match(answer.headers['content-type'], /^text\/html/);
  }
});

test('paths: not canonical is refused, unknown is 404, case matters', async () => {
  const raw = async (path) => {
    const text = await stack.client.raw(`GET ${path} HTTP/1.1\r\nHost: localhost:${stack.port}\r\nConnection: close\r\n\r\n`);
    return Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1]);
  };
  for (const path of ['/auth/%00', '/auth/login%00', '/auth//login', '/auth/./login', '/auth/x/../login', '/auth/%2e%2e/auth/login', '/auth/login%2f',
    '/auth/%5clogin', '/auth/%c0%ae/login', '/auth/login%zz', `/auth/${'x'.repeat(3000)}`, '/auth/%01']) {
    assert.ok([400, 404, 414].includes(await raw(path)), `${path}: ${await raw(path)}`);
  }
  for (const path of ['/auth/Login', '/auth/LOGIN', '/auth/login/', '/auth/nothing', '/auth/api/v1/nothing', '/auth/api/v2/session', '/auth/api',
    '/auth/assets/nothing', '/auth/assets/..%2flogin.html']) {
    assert.ok([404, 400].includes(await raw(path)), path);
  }
  assert.equal(await raw('/auth/login'), 200);
  assert.equal(await raw('/auth/%6cogin'), 200, 'decoded once');
  assert.notEqual(await raw('/auth/%256cogin'), 200, 'IN-03: not twice');
  problem(await stack.client.get(`${api}/nothing`), 404, 'not_found');
});

test('IN-19: a foreign Host is 421 and moves no byte of an answer', async () => {
  for (const host of ['evil.test', 'localhost', `localhost.evil.test:${stack.port}`, `evil.test:${stack.port}`]) {
    assert.equal((await stack.client.get('/auth/login', { headers: { Host: host } })).status, 421, host);
    problem(await stack.client.get(`${api}/session`, { headers: { Host: host } }), 421, 'misdirected_request', host);
  }
  const impossible = await stack.client.get('/auth/login', { headers: { Host: `localhost:${stack.port}.evil.test` } });
  assert.equal(impossible.status, 400, 'the web server itself refuses what is no host');
  const answer = await stack.client.get('/auth/account', { headers: { 'X-Forwarded-Host': 'evil.test', Forwarded: 'host=evil.test', 'X-Forwarded-For': '6.6.6.6' } });
  assert.equal(answer.status, 303);
  assert.ok(answer.headers.location.startsWith(`${stack.origin}/auth/login`), answer.headers.location);
  const signedIn = await stack.client.post(`${api}/sessions`, { json: signInBody(), headers: { 'X-Forwarded-For': '6.6.6.6', 'X-Real-IP': '6.6.6.6', 'Client-IP': '6.6.6.6' } });
  assert.equal(signedIn.json.session.ip, '127.0.0.1', 'only REMOTE_ADDR');
});

test('IN-09: Proxy: causes nothing; IN-13: underscores do not pose as hyphens', async () => {
  assert.equal((await stack.client.get('/auth/login', { headers: { Proxy: 'http://127.0.0.1:9' } })).status, 200);
  const forged = await stack.client.get(`${api}/session`, { headers: { X_Session_Id: handle }, byServer: [403] });
  assert.ok(forged.status === 403 || forged.status === 401, String(forged.status));
  const origin = await stack.client.post(`${api}/sessions`, { json: signInBody(), headers: { Sec_Fetch_Site: 'same-origin', Origin: 'https://evil.test' }, byServer: [403] });
  assert.equal(origin.status, 403);
});

test('IN-08: no CR or LF from input reaches a header', async () => {
  const visitor = stack.visitor();
  const nasty = '/x%0d%0aSet-Cookie:%20evil=1';
  const page = await visitor.get(`/login?return_to=${nasty}`);
  assert.ok(!JSON.stringify(page.rawHeaders).includes('evil'));
  const answer = await visitor.signIn(stack.users.alice, { return_to: '/x\r\nSet-Cookie: evil=1' });
  assert.ok(!JSON.stringify(answer.rawHeaders).includes('evil'));
});

test('IN-02: naughty names show up inert', async () => {
  const nasty = `<script>alert(1)</script>"'><img src=x onerror=alert(1)>{{csrf_token}}`;
  stack.must(['user', 'add', '--username', 'naughty', '--display-name', nasty, '--password-stdin'], { input: 'a long enough password' });
  const visitor = stack.visitor();
  await visitor.signIn({ identifier: 'naughty', password: 'a long enough password' });
  for (const path of ['/account', '/account/sessions', '/login', '/logout']) {
    const page = await visitor.get(path, { 'User-Agent': nasty });
    assert.equal(page.status, 200);
    assert.ok(!page.body.includes('<script>alert'), path);
    assert.ok(!page.body.includes('<img src=x'), path);
  }
  const form = await stack.visitor().signIn({ identifier: nasty.slice(0, 200), password: 'wrong' });
  assert.equal(form.status, 401);
  assert.ok(!form.body.includes('<script>alert'));
});

test('LG-03: a log line stays one line of JSON whatever is sent', async () => {
  await stack.client.post(`${api}/sessions`, { json: { ...signInBody(), password: 'x' }, headers: { 'User-Agent': 'a\tb"\\ {"x":1} \u00ff' } });
  for (const line of stack.workerOutput().split('\n').filter(Boolean)) assert.doesNotThrow(() => JSON.parse(line), line);
});
