// What a web server must let through, and back, unchanged: the same cases on every server path.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { connect as connectHttp2 } from 'node:http2';
import { request as httpsRequest } from 'node:https';
import { connect as connectTls } from 'node:tls';
import { readFileSync } from 'node:fs';
import { load as loadYaml } from 'js-yaml';
import { startStack } from '../support/harness.mjs';
import { configtest, servers } from '../support/servers.mjs';
import { Jar, setCookies, tokenOf } from '../support/client.mjs';
import { check } from '../support/openapi.mjs';
import { until } from '../support/stack.mjs';

export function isProblem(answer, status, code) {
  assert.equal(answer.status, status, answer.body);
  assert.match(answer.headers['content-type'], /^application\/problem\+json/);
  assert.equal(answer.json.code, code);
  assert.equal(answer.json.status, status);
}

/*
 * Registers the cases for a server of servers.mjs and returns {stack()}. chunked: it gives a chunked body a length;
 * http2: it speaks it; lookAlike: the status where X_Session_Id stands for X-Session-Id (401: dropped, 403: refused).
 * spools: it reads a body whole before a worker sees it. extra: for the site.
 */
export function matrix(server, { chunked = true, http2 = false, spools = true, basePath = '/auth', extra, lookAlike }) {
  let stack;
  before(async () => {
    stack = await startStack({ server, basePath, extra });
  });
  after(() => stack?.stop());
  const base = basePath === '/' ? '' : basePath;
  const api = `${base}/api/v1`;
  const post = (json, options = {}) => stack.client.post(`${api}/sessions`, { json, ...options });
  const byHandle = (handle, method, path, options) => stack.withHandle(handle, method, path, options);

  test('the configuration passes the server\'s own check', () => {
    configtest(stack.site);
  });

  test('sign in, see, sign out by page; 303 with an absolute URL; HTML stays HTML', async () => {
    const visitor = stack.visitor();
    const first = await visitor.get('/account');
    assert.equal(first.status, 303);
    assert.equal(first.headers.location, `${stack.base}/login?return_to=${encodeURIComponent(`${base}/account`)}`);
    const signedIn = await visitor.signIn(stack.users.alice, { return_to: `${base}/account?x=1&y=%2F` });
    assert.equal(signedIn.status, 303, signedIn.body);
    assert.equal(signedIn.headers.location, `${stack.base}/account?x=1&y=%2F`);
    const account = await visitor.get('/account');
    assert.equal(account.status, 200);
    assert.match(account.headers['content-type'], /^text\/html; ?charset=utf-8$/i);
    assert.match(account.body, /alice Example/);
    const css = await stack.client.get(`${base}/assets/gatepost.css`);
    assert.match(css.headers['content-type'], /^text\/css/);
    const out = await visitor.post('/logout', { csrf_token: tokenOf(await visitor.get('/logout')) });
    assert.equal(out.status, 200);
    assert.equal((await visitor.get('/account')).status, 303);
  });

  test('Accept-Language arrives, and ui_locales: pages and refusals of both languages from one worker', async () => {
    for (const [path, language, expected] of [
      ['/login', 'pl-PL,en;q=0.5', 'pl'], ['/login?ui_locales=en', 'pl', 'en'], ['/nothing', 'pl', 'pl'], ['/nothing', 'en', 'en'],
    ]) {
      const page = await stack.client.get(`${base}${path}`, { headers: { 'Accept-Language': language, Accept: 'text/html' } });
      assert.equal(page.headers['content-language'], expected, `${path} ${language}`);
      assert.match(page.body, new RegExp(`<html lang="${expected}" dir="ltr">`));
      assert.match(page.body, expected === 'pl' ? /Przejdź do treści/ : /Skip to the content/);
    }
  });

  test('sign in by handle: X-Session-Id and Authorization: Bearer both arrive', async () => {
    const { session_handle: handle, session } = await stack.signIn(stack.users.alice);
    assert.equal((await byHandle(handle, 'GET', '/session')).json.session.id, session.id);
    const bearer = await stack.client.get(`${api}/session`, { headers: { Authorization: `Bearer ${handle}` } });
    assert.equal(bearer.status, 200, bearer.body);
    assert.equal(bearer.json.session.id, session.id);
    assert.equal(session.ip, '127.0.0.1');
  });

  test('sign in by cookie as JSON: two Set-Cookie lines come back, cookies and X-CSRF-Token arrive', async () => {
    const jar = new Jar();
    const signedIn = jar.take(await post({ ...stack.users.bob, transport: 'cookie' }));
    assert.equal(signedIn.status, 201, signedIn.body);
    assert.deepEqual(setCookies(signedIn).map(({ name }) => name).sort(), ['__Host-gatepost', '__Host-gatepost-device']);
    const headers = { Cookie: jar.header() };
    assert.equal((await stack.client.get(`${api}/session`, { headers })).json.user.username, 'bob');
    const end = (more) => stack.client.request('DELETE', `${api}/session`, { headers: { ...headers, ...more } });
    isProblem(await end({}), 403, 'csrf_failed');
    const ended = await end({ 'X-CSRF-Token': signedIn.json.session.csrf_token });
    assert.equal(ended.status, 204, ended.body);
    isProblem(await stack.client.get(`${api}/session`, { headers }), 401, 'unauthenticated');
  });

  test('DELETE is 204 without a body, HEAD is GET without one, OPTIONS answers Allow', async () => {
    const { session_handle: handle } = await stack.signIn(stack.users.alice);
    const get = await byHandle(handle, 'GET', '/session');
    const head = await byHandle(handle, 'HEAD', '/session');
    assert.equal(head.status, 200);
    assert.equal(head.body, '');
    assert.equal(head.headers['content-type'], get.headers['content-type']);
    const options = await stack.client.request('OPTIONS', `${api}/session`);
    assert.equal(options.status, 204);
    for (const method of ['GET', 'HEAD', 'DELETE', 'OPTIONS']) assert.match(options.headers.allow, new RegExp(`\\b${method}\\b`));
    const gone = await byHandle(handle, 'DELETE', '/session');
    assert.equal(gone.status, 204);
    assert.equal(gone.body, '');
    isProblem(await byHandle(handle, 'GET', '/session'), 401, 'unauthenticated');
  });

  test('400, 401, 403, 404, 405, 413, 415, 421: status, shape, type and headers are Gatepost\'s', async () => {
    isProblem(await post({ identifier: 'alice', password: 'wrong', transport: 'nothing' }), 400, 'invalid_request');
    const none = await stack.client.get(`${api}/session`);
    isProblem(none, 401, 'unauthenticated');
    assert.match(none.headers['www-authenticate'], /^Bearer /);
    isProblem(await post({ ...stack.users.alice, transport: 'handle' }, { headers: { Origin: 'https://evil.test' } }), 403, 'csrf_failed');
    isProblem(await stack.client.get(`${api}/nothing`), 404, 'not_found');
    const put = await stack.client.request('PUT', `${api}/session`, { json: {} });
    isProblem(put, 405, 'method_not_allowed');
    assert.ok(put.headers.allow);
    isProblem(await stack.client.post(`${api}/sessions`, { body: '{}', headers: { 'Content-Type': 'text/plain' } }), 415, 'unsupported_media_type');
    isProblem(await stack.client.get(`${api}/session`, { headers: { Host: 'evil.test' } }), 421, 'misdirected_request');
    for (const answer of [none, put]) {
      assert.equal(answer.headers['cache-control'], 'no-store');
      assert.match(answer.headers['x-request-id'], /^[A-Za-z0-9_-]{22}$/);
    }
    const page = await stack.client.get(`${base}/nothing`);
    assert.equal(page.status, 404);
    assert.match(page.headers['content-type'], /^text\/html/);
    assert.ok(page.body.includes(page.headers['x-request-id']), 'the error page is Gatepost\'s own');
  });

  test('the description of the API names this server; whoever has it gets 304', async () => {
    const answer = await stack.client.get(`${api}/openapi.yaml`, { headers: { Accept: 'application/yaml' } });
    assert.equal(answer.status, 200, answer.body);
    assert.equal(answer.headers['content-type'], 'application/yaml');
    assert.deepEqual(loadYaml(answer.body).servers.map(({ url }) => url), [stack.api]);
    const again = await stack.client.get(`${api}/openapi.yaml`, { headers: { 'If-None-Match': answer.headers.etag } });
    assert.equal(again.status, 304);
    assert.equal(again.body, '');
  });

  test('keys and metadata arrive, the latter also where RFC 8414 looks for it', async () => {
    const keys = await stack.client.get(`${base}/.well-known/jwks.json`);
    assert.equal(keys.status, 200, keys.body);
    assert.equal(keys.headers['content-type'], 'application/jwk-set+json');
    assert.deepEqual(keys.json.keys.map(({ kty, crv, use }) => ({ kty, crv, use })), Array(2).fill({ kty: 'OKP', crv: 'Ed25519', use: 'sig' }));
    const own = await stack.client.get(`${base}/.well-known/oauth-authorization-server`);
    const hosts = await stack.client.get(`/.well-known/oauth-authorization-server${base}`);
    assert.equal(own.json.issuer, stack.base);
    assert.equal(hosts.status, 200, hosts.body);
    assert.equal(hosts.body, own.body);
  });

  test('a body arrives byte for byte: 64 KiB is taken, one more is 413', async () => {
    const text = JSON.stringify({ ...stack.users.alice, transport: 'handle', device_name: 'T\u00e9l\u00e9phone \u20ac \u{1f511} "\\' });
    const most = 65536;
    const pad = (n) => text + ' '.repeat(n - Buffer.byteLength(text));
    const headers = { 'Content-Type': 'application/json' };
    const whole = await stack.client.post(`${api}/sessions`, { body: pad(most), headers });
    assert.equal(whole.status, 201, whole.body);
    assert.equal(whole.json.session.device_name, 'T\u00e9l\u00e9phone \u20ac \u{1f511} "\\');
    isProblem(await stack.client.post(`${api}/sessions`, { body: pad(most + 1), headers }), 413, 'too_large');
    // lighttpd takes no body with a GET at all.
    const read = await stack.client.request('GET', `${api}/session`, { body: pad(most + 1), headers, byServer: [400] });
    if (/lighttpd/.test(server)) assert.equal(read.status, 400);
    else isProblem(read, 413, 'too_large');
  });

  test('a body in chunks', async () => {
    let text;
    const answer = await new Promise((resolve, reject) => {
      const sent = httpsRequest(`${stack.origin}${api}/sessions`, {
        method: 'POST', ca: stack.client.ca, agent: false, headers: { 'Content-Type': 'application/json', 'Transfer-Encoding': 'chunked' },
      }, (got) => {
        let body = '';
        got.setEncoding('utf8').on('data', (chunk) => {
          body += chunk;
        });
        got.on('error', reject);
        got.on('end', () => resolve({ status: got.statusCode, headers: got.headers, body }));
      });
      sent.on('error', reject);
      // More than any server keeps in one piece, and not all of it at once.
      text = JSON.stringify({ ...stack.users.alice, transport: 'handle' }) + ' '.repeat(50000);
      sent.write(text.slice(0, 10), () => sent.write(text.slice(10, 30000), () => sent.end(text.slice(30000))));
    });
    assert.ok((chunked ? [201] : [400, 411]).includes(answer.status), String(answer.status));
    if (chunked) check({ method: 'POST', path: `${api}/sessions`, body: text, answer });
  });

  test('a client that goes away in the middle of its body leaves nothing', async () => {
    const sessions = stack.count('session');
    const head = `POST ${api}/sessions HTTP/1.1\r\nHost: localhost:${stack.port}\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{"identifier":`;
    for (let i = 0; i < 12; i++) await stack.client.raw(head, { end: 'destroy' });
    const { session_handle: handle } = await stack.signIn(stack.users.alice);
    assert.equal((await byHandle(handle, 'DELETE', '/session')).status, 204);
    assert.equal(stack.count('session'), sessions);
  });

  test('a Proxy header is harmless; an underscore poses as no header of ours', async () => {
    assert.equal((await stack.client.get(`${base}/login`, { headers: { Proxy: 'http://127.0.0.1:9' } })).status, 200);
    const { session_handle: handle } = await stack.signIn(stack.users.alice);
    for (const name of ['X_Session_Id', 'X-Session_Id', 'X_Session-Id']) {
      const answer = await stack.client.get(`${api}/session`, { headers: { [name]: handle }, byServer: [403] });
      assert.equal(answer.status, lookAlike, `${name}: ${answer.body}`);
    }
    const posed = await post({ ...stack.users.alice, transport: 'handle' }, { headers: { 'Sec_Fetch_Site': 'same-origin', Origin: 'https://evil.test' }, byServer: [403] });
    assert.equal(posed.status, 403, posed.body);
  });

  test('the source is REMOTE_ADDR, whatever a client says of itself', async () => {
    const answer = await post({ ...stack.users.alice, transport: 'handle' }, {
      headers: { 'X-Forwarded-For': '203.0.113.9', Forwarded: 'for=203.0.113.9', 'X-Real-IP': '203.0.113.9', 'Remote-Addr': '203.0.113.9', REMOTE_ADDR: '203.0.113.9' },
    });
    assert.equal(answer.status, 201, answer.body);
    assert.equal(answer.json.session.ip, '127.0.0.1');
  });

  test('a cookie line of 8 KiB arrives whole; a longer one is refused by Gatepost', async () => {
    const visitor = stack.visitor();
    await visitor.signIn(stack.users.bob);
    const own = visitor.jar.header();
    const line = (n) => `${'x='.padEnd(n - own.length - 2, 'x')}; ${own}`;
    const answer = await stack.client.get(`${api}/session`, { headers: { Cookie: line(8192) } });
    assert.equal(answer.status, 200, answer.body);
    isProblem(await stack.client.get(`${api}/session`, { headers: { Cookie: line(8193) } }), 400, 'invalid_request');
  });

  const held = spools ? 'hold up nobody' : 'hold others no longer than the server waits for a body';
  test(`twelve senders that stop in the middle of a body ${held}`, async () => {
    const head = `POST ${api}/sessions HTTP/1.1\r\nHost: localhost:${stack.port}\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{"identifier":`;
    const ca = readFileSync(stack.caFile);
    let letGo = 0;
    const slow = await Promise.all(Array.from({ length: 12 }, () => new Promise((resolve, reject) => {
      const socket = connectTls({ host: 'localhost', port: stack.port, ca, servername: 'localhost' });
      socket.once('error', reject);
      socket.once('secureConnect', () => socket.write(head, () => resolve(socket)));
    })));
    const { session_handle: handle } = await stack.signIn(stack.users.alice);
    for (let i = 0; i < 10; i++) assert.equal((await byHandle(handle, 'GET', '/session')).status, 200);
    if (spools) assert.equal(letGo, 0, 'all twelve were still waited for');
    for (const socket of slow) socket.destroy();
  });

  if (http2) {
    test('HTTP/2: sign in, cookies in pieces, Bearer', async () => {
      const { session_handle: handle } = await stack.signIn(stack.users.alice);
      const visitor = stack.visitor();
      await visitor.signIn(stack.users.bob);
      const session = connectHttp2(stack.origin, { ca: readFileSync(stack.caFile) });
      const get = (headers) => new Promise((resolve, reject) => {
        const stream = session.request({ ':path': `${api}/session`, ...headers });
        let head;
        let text = '';
        stream.on('response', (got) => {
          head = Object.fromEntries(Object.entries(got));
        });
        stream.setEncoding('utf8').on('data', (chunk) => {
          text += chunk;
        });
        stream.on('error', reject);
        stream.on('end', () => {
          const { ':status': status, ...answered } = head;
          resolve({ status, headers: answered, body: text, json: JSON.parse(text) });
        });
        stream.end();
      });
      const bearer = await get({ authorization: `Bearer ${handle}` });
      assert.equal(bearer.status, 200);
      check({ method: 'GET', path: `${api}/session`, answer: bearer });
      assert.equal(bearer.json.user.username, 'alice');
      const cookie = [...visitor.jar.cookies].map(([name, value]) => `${name}=${value}`);
      const crumbs = await get({ cookie: ['a=b', ...cookie] });
      assert.equal(crumbs.status, 200);
      assert.equal(crumbs.json.user.username, 'bob');
      session.close();
    });
  }

  if (servers[server].own && !servers[server].cgi) {
    test('a worker that is killed is started again, and nobody is signed out', async () => {
      const { session_handle: handle } = await stack.signIn(stack.users.alice);
      const visitor = stack.visitor();
      await visitor.signIn(stack.users.bob);
      const killed = stack.ownWorkers();
      assert.ok(killed.length > 0, 'the server started a worker');
      for (const pid of killed) process.kill(pid, 'SIGKILL');
      await until(async () => (await byHandle(handle, 'GET', '/session')).status === 200, 'served again');
      assert.equal((await visitor.get('/account')).status, 200);
      assert.ok(stack.ownWorkers().some((pid) => !killed.includes(pid)));
    });
  }

  return { stack: () => stack };
}
