// CONTRACT §8: what stands behind the guard, whoever comes and however they spell it: the same cases on every web server.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer, request as httpRequest } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { join } from 'node:path';
import { build, configText, startStack } from '../support/harness.mjs';
import { configtest, isRoot, program } from '../support/servers.mjs';
import { accessToken, makeService } from '../support/services.mjs';
import { Client, tokenOf } from '../support/client.mjs';
import { freePort, start, until } from '../support/stack.mjs';
import { plain, spellings } from './guard-tricks.mjs';

const MINUTE = 60_000_000;
const COOKIE = '__Host-gatepost';
const AGES = 'public, max-age=3600';

const rules = {
  'protect "/admin/"': { require: 'role:admin' },
  'protect "/permission/"': { require: 'permission:users:manage' },
  'protect "/tenant/"': { require: 'tenant:acme' },
  'protect "/fresh/"': { require: 'max-age:5m' },
  'protect "/strong/"': { require: 'aal2' },
  'protect "/guests/"': { require: 'guest' },
  'protect "/near/"': { require: 'network:127.0.0.0/8' },
  'protect "/far/"': { require: 'user, network:192.0.2.0/24' },
  'protect "/any/"': { require: 'user:bob | role:admin' },
  'protect "/both/"': { require: 'user:bob | role:admin, max-age:5m' },
  'protect "/methods/"': { require: 'user', methods: 'GET POST' },
  'protect "/methods"': { require: 'role:admin', methods: 'PUT' },
  'protect "/open/"': { require: 'public' },
  'protect "/private/public/"': { require: 'public' },
  'protect "/admin/public/"': { require: 'public' },
  'protect "/fresh/public/"': { require: 'public' },
  'protect "/far/public/"': { require: 'public' },
  'protect "/app/public/"': { require: 'public' },
  'protect "/private/other/"': { ticket: 'books', require: 'user' },
};
const dirs = ['private', 'admin', 'permission', 'tenant', 'fresh', 'strong', 'guests', 'near', 'far', 'any', 'both', 'methods', 'open'];
const stranger = { Accept: '*/*' };
const navigation = { 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'document', Accept: 'text/html' };
const byHandle = (handle, more = {}) => ({ 'X-Session-Id': handle, ...more });
const byCookie = (visitor, more = {}) => ({ Cookie: visitor.jar.header(), ...more });
const idSql = (id) => `UNHEX('${Buffer.from(id, 'base64url').toString('hex')}')`;

// What each folder holds: bytes that nothing else says, and programs that tell what they were told.
function fill(www) {
  const marks = {};
  const write = (file, text, mode = 0o644) => {
    writeFileSync(join(www, file), text);
    chmodSync(join(www, file), mode);
  };
  for (const dir of [...dirs, 'free', 'plain', 'private/public', 'private/other', 'admin/public', 'fresh/public', 'far/public']) {
    marks[dir] = `guarded ${dir} ${randomBytes(12).toString('hex')}`;
    mkdirSync(join(www, dir), { recursive: true, mode: 0o755 });
    write(`${dir}/secret.txt`, `${marks[dir]}\n`);
    write(`${dir}/index.html`, `<p>${marks[dir]}</p>\n`);
    write(`${dir}/env.sh`, '#!/bin/sh\ncat >/dev/null\necho "Content-Type: text/plain"; echo; env\n', 0o755);
    write(`${dir}/go.sh`, '#!/bin/sh\nprintf "Location: %s\\r\\n\\r\\n" "$QUERY_STRING"\n', 0o755);
    write(`${dir}/env.php`, "<?php header('Content-Type: application/json'); echo json_encode(array_filter($_SERVER, 'is_string'));\n");
  }
  chmodSync(www, 0o755);
  return marks;
}

// An application that is proxied to: tells what it was told, and says of it what caches like to hear.
async function startBackEnd() {
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      response.setHeader('Content-Type', 'application/json');
      if (/cacheable/.test(request.url)) response.setHeader('Cache-Control', AGES);
      response.end(JSON.stringify({ url: request.url, raw: request.rawHeaders, headers: request.headers }));
    });
  });
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  return { port: server.address().port, stop: () => new Promise((resolve) => { server.close(resolve); server.closeAllConnections?.(); }) };
}

/*
 * Registers the cases for a server of servers.mjs. site(ports), whole(ports): its text {extra, global} for guarded
 * folders, and for a site all of which is guarded. Of lighttpd "plain" folders are guarded without guarded.lua. http2:
 * it speaks it.
 */
export function guardCases(server, { site, whole, http2 = false }) {
  const isApache = /^apache/.test(server);
  let stack, back, php, marks, client, ports, people;
  before(async () => {
    back = await startBackEnd();
    ports = { back: back.port, php: await freePort(), dirs: [...dirs, 'app', ...(isApache ? [] : ['plain', 'plainapp'])] };
    if (isApache) {
      const env = { ...process.env, PHP_FCGI_CHILDREN: '0', PHP_FCGI_MAX_REQUESTS: '0' };
      php = start(program('php-cgi'), ['-d', 'cgi.force_redirect=0', '-b', `127.0.0.1:${ports.php}`], { env });
    }
    stack = await startStack({
      server, guard: true, ...site(ports),
      settings: { ...rules, guard: { ticket: 'shop' }, 'client app': { services: 'shop books' } },
    });
    marks = fill(join(stack.dir, 'www'));
    client = new Client(stack.origin, stack.caFile, { keepAlive: true });
    people = Object.fromEntries(['alice', 'bob', 'admin'].map((name) => [name, mint(name, 1)[0].handle]));
  });
  after(async () => {
    client?.close();
    await stack?.stop();
    await php?.stop();
    await back?.stop();
  });

  function mint(name, count) {
    const run = spawnSync(join(build, 'tests/mint'), [stack.config.file, name, String(count)], { encoding: 'utf8', maxBuffer: 1 << 24 });
    assert.equal(run.status, 0, run.stderr);
    return run.stdout.trim().split('\n').map((line) => {
      const [id, handle] = line.split(' ');
      return { id, handle };
    });
  }
  const change = (id, set) => stack.sql(`UPDATE session SET ${set} WHERE id = ${idSql(id)}`);
  // As if all that happened to it had happened so much earlier.
  const age = (id, by) => change(id, ['auth_time', 'created_at', 'last_seen', 'idle_end', 'expires_at', 'aal2_end'].map((name) => `${name} = ${name} - ${by}`).join());
  const get = (path, headers = stranger, options = {}) => client.get(path, { headers, ...options });
  const dirOf = (path) => path.split('/')[1].split('?')[0];
  const served = async (path, headers, mark = marks[dirOf(path)]) => {
    const answer = await get(path, headers);
    assert.equal(answer.status, 200, `${path}: ${answer.body}`);
    assert.ok(answer.body.includes(mark), answer.body);
    return answer;
  };
  const times = (answer, name) => answer.rawHeaders.filter((text, i) => i % 2 === 0 && text.toLowerCase() === name).length;
  // HD-06: a refusal says nothing that is for back ends, and all that a client needs, once.
  const isRefusal = (answer, type) => {
    assert.match(answer.headers['content-type'], type, answer.body);
    assert.match(answer.headers['x-request-id'] ?? '', /^[A-Za-z0-9_-]{22}$/);
    assert.match(answer.headers['cache-control'], /no-store/);
    for (const name of ['content-type', 'x-request-id', 'content-security-policy', 'x-content-type-options']) {
      assert.equal(times(answer, name), 1, `${name}: ${answer.rawHeaders}`);
    }
    assert.equal(times(answer, 'www-authenticate'), answer.status === 401 ? 1 : 0, String(answer.rawHeaders));
    for (const name of answer.rawHeaders) assert.doesNotMatch(name, /^(Variable-|X-Gatepost|GATEPOST)/i);
    for (const mark of Object.values(marks)) assert.ok(!answer.body.includes(mark));
  };
  const isProblem = (answer, status, code) => {
    assert.equal(answer.status, status, answer.body);
    assert.match(answer.headers['content-type'], /^application\/problem\+json/, answer.body);
    assert.equal(answer.json.code, code);
    assert.equal(answer.json.status, status);
    isRefusal(answer, /^application\/problem\+json/);
  };
  const isSent = (answer, page, path) => {
    assert.equal(answer.status, 303, answer.body);
    assert.equal(answer.headers.location, `${stack.base}${page}?return_to=${encodeURIComponent(path)}`);
    assert.equal(times(answer, 'location'), 1);
    assert.match(answer.headers['cache-control'], /no-store/);
    assert.match(answer.headers['x-request-id'] ?? '', /^[A-Za-z0-9_-]{22}$/);
    for (const name of answer.rawHeaders) assert.doesNotMatch(name, /^(Variable-|X-Gatepost|GATEPOST)/i);
  };
  const isPage = (answer, status, pattern) => {
    assert.equal(answer.status, status, answer.body);
    isRefusal(answer, /^text\/html; ?charset=utf-8$/i);
    assert.match(answer.body, pattern);
    assert.equal(answer.headers.location, undefined);
  };

  test('the configuration passes the server\'s own check', () => {
    configtest(stack.site);
  });

  test('nobody: a program gets 401 problem+json, a person is sent to sign in and comes back to where they were', async () => {
    isProblem(await get('/private/secret.txt'), 401, 'unauthenticated');
    isProblem(await get('/private/', { Accept: 'application/json', 'Sec-Fetch-Mode': 'cors' }), 401, 'unauthenticated');
    isProblem(await get('/private/', { Accept: 'text/html', 'Sec-Fetch-Mode': 'no-cors' }), 401, 'unauthenticated');
    isSent(await get('/private/secret.txt', { Accept: 'text/html,application/xhtml+xml,*/*;q=0.8' }), '/login', '/private/secret.txt');
    isSent(await get('/private/', navigation), '/login', '/private/');
    const head = await client.request('HEAD', '/private/secret.txt', { headers: navigation });
    assert.equal(head.status, 303);
    const place = '/private/secret.txt?x=1&y=%2F';
    const visitor = stack.visitor();
    const sent = await get(place, navigation);
    isSent(sent, '/login', place);
    const form = await visitor.get(sent.headers.location.slice(stack.base.length));
    const [, returnTo] = /name="return_to"\s+value="([^"]*)"/.exec(form.body);
    const signedIn = await visitor.post('/login', { csrf_token: tokenOf(form), ...stack.users.alice, return_to: returnTo.replaceAll('&amp;', '&') });
    assert.equal(signedIn.status, 303, signedIn.body);
    assert.equal(signedIn.headers.location, stack.origin + place);
    await served(place, byCookie(visitor, navigation));
  });

  test('a form sent without a session gets a page and no redirect: it would be lost', async () => {
    const answer = await client.post('/private/env.sh', { headers: navigation, form: { much: 'work' } });
    isPage(answer, 401, /sign(ed)? in/i);
    isProblem(await client.post('/private/env.sh', { headers: stranger, form: { much: 'work' } }), 401, 'unauthenticated');
    const sent = await client.post('/private/env.sh', { headers: byHandle(people.alice), form: { much: 'work' } });
    assert.equal(sent.status, 200, sent.body);
    assert.match(sent.body, /^CONTENT_LENGTH=9$/m);
  });

  test('cookie, X-Session-Id, Bearer: each is let in; two are one too many', async () => {
    const visitor = stack.visitor();
    await visitor.signIn(stack.users.bob);
    await served('/private/secret.txt', byCookie(visitor));
    await served('/private/secret.txt', byHandle(people.alice));
    await served('/private/secret.txt', { Authorization: `Bearer ${people.alice}` });
    await served('/private/secret.txt', { Authorization: `bearer ${people.alice}` });
    const basic = `Basic ${Buffer.from('alice:x').toString('base64')}`;
    isProblem(await get('/private/secret.txt', { Authorization: basic }), 401, 'unauthenticated');
    for (const two of [
      byCookie(visitor, byHandle(people.bob)),
      byCookie(visitor, { Authorization: `Bearer ${people.bob}` }),
      byHandle(people.bob, { Authorization: `Bearer ${people.bob}` }),
    ]) isProblem(await get('/private/secret.txt', two), 400, 'ambiguous_credentials');
    await served('/private/public/secret.txt', byCookie(visitor, byHandle(people.bob)), marks['private/public']);
  });

  test('an access token is let in as long as its session lives', async () => {
    const { session, session_handle: handle } = await stack.signIn(stack.users.bob);
    const token = accessToken(stack, 'bob');
    await served('/private/secret.txt', { Authorization: `Bearer ${token}` });
    isProblem(await get('/admin/secret.txt', { Authorization: `Bearer ${token}` }), 403, 'forbidden');
    // One signature of sixteen ends in "AA".
    const other = `${token.slice(0, -2)}${token.endsWith('AA') ? 'BA' : 'AA'}`;
    isProblem(await get('/private/secret.txt', { Authorization: `Bearer ${other}` }), 401, 'unauthenticated');
    assert.equal((await stack.withHandle(handle, 'DELETE', `/session`)).status, 204, session.id);
    isProblem(await get('/private/secret.txt', { Authorization: `Bearer ${token}` }), 401, 'unauthenticated');
  });

  test('SE-16, SE-17: malformed, unknown, expired, revoked, locked, held', async () => {
    for (const value of ['gps_short', 'gps_', `gps_${'!'.repeat(43)}`, `gps_${'A'.repeat(43)}`, 'x', '../../etc/passwd', 'a.b.c']) {
      isProblem(await get('/private/secret.txt', byHandle(value)), 401, 'unauthenticated');
      isProblem(await get('/private/secret.txt', { Cookie: `${COOKIE}=${value}` }), 401, 'unauthenticated');
      isProblem(await get('/private/secret.txt', { Authorization: `Bearer ${value}` }), 401, 'unauthenticated');
      isSent(await get('/private/secret.txt', { Cookie: `${COOKIE}=${value}`, ...navigation }), '/login', '/private/secret.txt');
    }
    const [over, gone, locked] = mint('bob', 3);
    change(over.id, 'idle_end = 1');
    isProblem(await get('/private/secret.txt', byHandle(over.handle)), 401, 'session_expired');
    await served('/private/secret.txt', byHandle(gone.handle));
    assert.equal((await stack.withHandle(gone.handle, 'DELETE', '/session')).status, 204);
    isProblem(await get('/private/secret.txt', byHandle(gone.handle)), 401, 'unauthenticated');

    const visitor = stack.visitor();
    await visitor.signIn(stack.users.bob);
    stack.sql("UPDATE user SET state = 2 WHERE username = 'bob'");
    isProblem(await get('/private/secret.txt', byHandle(locked.handle)), 401, 'unauthenticated');
    stack.sql("UPDATE user SET state = 1 WHERE username = 'bob'");
    await served('/private/secret.txt', byHandle(locked.handle));

    stack.must(['user', 'hold', 'bob']);
    isProblem(await get('/private/secret.txt', byHandle(locked.handle)), 401, 'reauthentication_required');
    isSent(await get('/private/secret.txt', byCookie(visitor, navigation)), '/reauth', '/private/secret.txt');
    stack.sql('UPDATE session SET held = 0');
    await served('/private/secret.txt', byCookie(visitor, navigation));
    change(locked.id, 'expires_at = 1, idle_end = 1');
    isProblem(await get('/private/secret.txt', byHandle(locked.handle)), 401, 'session_expired');
  });

  test('a sign-in that is not complete is sent to what completes it', async () => {
    stack.must(['user', 'compromised', 'alice']);
    const visitor = stack.visitor();
    await visitor.signIn(stack.users.alice);
    isSent(await get('/private/secret.txt', byCookie(visitor, navigation)), '/account/password', '/private/secret.txt');
    isProblem(await get('/private/secret.txt', byCookie(visitor)), 403, 'forbidden');
    stack.sql('UPDATE session SET state = 2 WHERE state = 4');
    isSent(await get('/private/secret.txt', byCookie(visitor, navigation)), '/second-factor', '/private/secret.txt');
    isProblem(await get('/private/secret.txt', byCookie(visitor)), 403, 'second_factor_required');
    stack.sql('UPDATE password SET must_change = 0');
    people.alice = mint('alice', 1)[0].handle;
  });

  test('AZ-04: a role that is not there: 403, and the page offers another person', async () => {
    isProblem(await get('/admin/secret.txt', byHandle(people.alice)), 403, 'forbidden');
    const visitor = stack.visitor();
    await visitor.signIn(stack.users.alice);
    const page = await get('/admin/secret.txt', byCookie(visitor, navigation));
    isPage(page, 403, /Sign in as somebody else/);
    assert.match(page.body, /href="[^"]*\/auth\/login\?switch=1&amp;return_to=[^"]*"/);
    isSent(await get('/admin/secret.txt', navigation), '/login', '/admin/secret.txt');
    await served('/admin/secret.txt', byHandle(people.admin));
    // From the next request on.
    stack.must(['role', 'grant', 'alice', 'admin']);
    await served('/admin/secret.txt', byCookie(visitor, navigation));
    stack.must(['role', 'revoke', 'alice', 'admin']);
    isPage(await get('/admin/secret.txt', byCookie(visitor, navigation)), 403, /Sign in as somebody else/);
  });

  test('rules: permission, tenant, network, public, guest, any of, all of, methods, none', async () => {
    const by = Object.fromEntries(Object.entries(people).map(([name, handle]) => [name, byHandle(handle)]));
    await served('/permission/secret.txt', by.admin);
    isProblem(await get('/permission/secret.txt', by.alice), 403, 'forbidden');

    isProblem(await get('/tenant/secret.txt', by.bob), 403, 'forbidden');
    const { tenant } = JSON.parse(stack.must(['tenant', 'add', 'acme', '--json']).stdout);
    stack.must(['member', 'add', 'bob', '--tenant', 'acme']);
    assert.equal((await stack.withHandle(people.bob, 'PUT', '/session/tenant', { json: { tenant: tenant.id } })).status, 200);
    await served('/tenant/secret.txt', by.bob);
    isProblem(await get('/tenant/secret.txt', by.alice), 403, 'forbidden');
    isProblem(await get('/tenant/secret.txt', by.admin), 403, 'forbidden');

    await served('/near/secret.txt', stranger);
    for (const headers of [by.admin, byHandle(people.admin, { 'X-Forwarded-For': '192.0.2.7', Forwarded: 'for=192.0.2.7', 'X-Real-IP': '192.0.2.7' })]) {
      isProblem(await get('/far/secret.txt', headers), 403, 'forbidden');
    }
    await served('/open/secret.txt', stranger);
    await served('/private/public/secret.txt', stranger, marks['private/public']);
    isProblem(await get('/private/publicity/secret.txt'), 401, 'unauthenticated');
    isProblem(await get('/private/secret.txt'), 401, 'unauthenticated');

    isProblem(await get('/any/secret.txt'), 401, 'unauthenticated');
    await served('/any/secret.txt', by.bob);
    await served('/any/secret.txt', by.admin);
    isProblem(await get('/any/secret.txt', by.alice), 403, 'forbidden');
    isProblem(await get('/both/secret.txt', by.alice), 403, 'forbidden');
    await served('/both/secret.txt', by.bob);

    await served('/methods/secret.txt', by.alice);
    assert.equal((await client.request('HEAD', '/methods/secret.txt', { headers: by.alice })).status, 200);
    const method = (name, headers, path = '/methods/env.sh') => client.request(name, path, { headers, body: 'x=1' });
    assert.equal((await method('POST', by.alice)).status, 200);
    isProblem(await method('PUT', by.alice), 403, 'forbidden');
    assert.equal((await method('PUT', by.admin)).status, 200);
    for (const name of ['DELETE', 'PATCH', 'OPTIONS', 'PROPFIND']) isProblem(await method(name, by.admin), 403, 'forbidden');
    isProblem(await method('POST', { ...by.alice, 'X-HTTP-Method-Override': 'GET' }, '/admin/env.sh'), 403, 'forbidden');
  });

  test('rules: a guest where guests may, and nowhere else', async () => {
    const { json } = await stack.client.post('/auth/api/v1/sessions/guest', { json: { transport: 'handle' } });
    const guest = byHandle(json.session_handle);
    isProblem(await get('/guests/secret.txt'), 401, 'unauthenticated');
    await served('/guests/secret.txt', guest);
    await served('/guests/secret.txt', byHandle(people.alice));
    isProblem(await get('/private/secret.txt', guest), 401, 'unauthenticated');
    isProblem(await get('/admin/secret.txt', guest), 401, 'unauthenticated');
    isProblem(await get('/private/secret.txt', { 'X-Session-Id': json.session_handle, ...navigation }), 401, 'unauthenticated');
    const told = await facts('/guests/env.sh', guest);
    assert.equal(told.GATEPOST_SESSION_ID, json.session.id);
    assert.equal(told.GATEPOST_USER_ID, undefined);
    assert.equal(told.GATEPOST_ROLES, undefined);
    isNobody(told);
  });

  test('rules: recent authentication and a second factor; the way there and back', async () => {
    const visitor = stack.visitor();
    await visitor.signIn(stack.users.alice);
    const [{ id }] = stack.sql("SELECT TO_BASE64(id) AS id FROM session WHERE class = 2 ORDER BY created_at DESC LIMIT 1");
    await served('/fresh/secret.txt', byCookie(visitor));
    isProblem(await get('/strong/secret.txt', byCookie(visitor)), 401, 'reauthentication_required');
    isSent(await get('/strong/secret.txt', byCookie(visitor, navigation)), '/reauth', '/strong/secret.txt');
    change(id, `auth_time = auth_time - ${6 * MINUTE}`);
    const refused = await get('/fresh/secret.txt', byCookie(visitor));
    isProblem(refused, 401, 'reauthentication_required');
    assert.match(refused.headers['www-authenticate'], /error="insufficient_user_authentication", max_age=300\b/);
    const sent = await get('/fresh/secret.txt', byCookie(visitor, navigation));
    isSent(sent, '/reauth', '/fresh/secret.txt');
    isSent(await get('/fresh/', navigation), '/login', '/fresh/');
    const form = await visitor.get(sent.headers.location.slice(stack.base.length));
    const again = await visitor.post('/reauth', { csrf_token: tokenOf(form), password: stack.users.alice.password, return_to: '/fresh/secret.txt' });
    assert.equal(again.status, 303, again.body);
    assert.equal(again.headers.location, `${stack.origin}/fresh/secret.txt`);
    await served('/fresh/secret.txt', byCookie(visitor, navigation));
    change(id, `aal = 2, aal2_end = auth_time + ${60 * MINUTE}`);
    await served('/strong/secret.txt', byCookie(visitor));
  });

  test('IN-19: another host is refused with what to set, and never sent in a circle', async () => {
    for (const host of ['other.test', `other.test:${stack.port}`, 'localhost', `127.0.0.1:${stack.port}`]) {
      for (const who of [stranger, byHandle(people.alice)]) {
        const answer = await get('/private/secret.txt', { ...who, Host: host });
        isProblem(answer, 403, 'forbidden');
        assert.match(answer.json.detail, /\borigin\b/);
      }
      isPage(await get('/private/secret.txt', { ...navigation, Host: host }), 403, /\borigin\b/);
    }
  });

  // Facts: what a program was told, whatever runs it.
  async function facts(path, headers) {
    const answer = await get(path, headers);
    assert.equal(answer.status, 200, answer.body);
    if (answer.json) return answer.json;
    return Object.fromEntries(answer.body.split('\n').filter(Boolean).map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));
  }
  // Apache wants a name for everybody; "-" is none that anybody can have, and only CGI programs see it.
  const isNobody = (told) => assert.equal(told.REMOTE_USER, isApache && !told.FCGI_ROLE ? '-' : undefined);
  const fact = ['Remote-User', ...['User-Id', 'Email', 'Roles', 'Tenant', 'Session-Id', 'Aal', 'Ticket'].map((name) => `Gatepost-${name}`)];
  const forged = Object.fromEntries([
    ...fact, ...fact.slice(1).map((name) => name.replaceAll('-', '_').toUpperCase()), ...fact.map((name) => `X-${name.replace(/^Remote/, 'Gatepost-Remote')}`),
    ...fact.map((name) => `Variable-${name.replaceAll('-', '_').toUpperCase()}`), 'X-Remote-User', 'Gatepost-Verdict', 'X-Gatepost-Verdict',
  ].map((name) => [name, 'forged']));
  // What an application may take for a fact: a variable of that name, or a header of ours.
  const isFact = (name) => /^(GATEPOST_|REMOTE_USER$|HTTP_X_GATEPOST_(?!VERDICT)|HTTP_(X_)?REMOTE_USER$)/.test(name);
  const noneForged = (told) => {
    for (const [name, value] of Object.entries(told)) if (isFact(name)) assert.doesNotMatch(value, /forged/, name);
  };

  for (const [kind, file] of [['CGI', 'env.sh'], ['FastCGI', 'env.php']]) {
    test(`facts for ${kind}: who it is, and none that a client made up`, async () => {
      const { session_handle: handle, session, user } = await stack.signIn(stack.users.admin);
      const told = await facts(`/private/${file}`, byHandle(handle, forged));
      assert.equal(told.REMOTE_USER, 'admin');
      assert.equal(told.GATEPOST_USER_ID, user.id);
      assert.equal(told.GATEPOST_EMAIL, 'admin@example.org');
      assert.equal(told.GATEPOST_ROLES, 'admin');
      assert.equal(told.GATEPOST_TENANT, undefined);
      assert.equal(told.GATEPOST_SESSION_ID, session.id);
      assert.equal(told.GATEPOST_AAL, 'aal1');
      assert.equal(told.GATEPOST_VERDICT, 'granted');
      assert.ok(told.GATEPOST_TICKET);
      noneForged(told);
      const bob = await facts(`/private/${file}`, byHandle(people.bob));
      assert.equal(bob.REMOTE_USER, 'bob');
      assert.equal(bob.GATEPOST_ROLES, undefined);
      assert.equal(bob.GATEPOST_TENANT, 'acme');
      for (const dir of ['open', 'near', 'private/public']) {
        const nobody = await facts(`/${dir}/${file}`, forged);
        isNobody(nobody);
        for (const name of ['USER_ID', 'EMAIL', 'ROLES', 'TENANT', 'SESSION_ID', 'AAL', 'TICKET']) assert.equal(nobody[`GATEPOST_${name}`], undefined, name);
        noneForged(nobody);
      }
      const rewritten = await facts(`/private/${file.replace('env', 'front')}?x=1`, byHandle(handle, forged));
      for (const name of Object.keys(told).filter((one) => /^(REMOTE_USER|(HTTP_X_)?GATEPOST_(?!TICKET).*)$/.test(one))) assert.equal(rewritten[name], told[name], name);
      assert.ok(rewritten.GATEPOST_TICKET);
      noneForged(rewritten);
      assert.equal(rewritten.HTTP_X_SESSION_ID, undefined);
      isProblem(await get(`/private/${file.replace('env', 'front')}`, forged), 401, 'unauthenticated');
      const open = await facts(`/open/${file}`, byHandle(handle));
      isNobody(open);
      assert.equal(open.GATEPOST_USER_ID, undefined, 'a public place tells nothing of whoever comes');
    });

    test(`facts for ${kind}: the credential is not among them; other cookies and Basic are`, async () => {
      const visitor = stack.visitor();
      await visitor.signIn(stack.users.bob);
      const own = visitor.jar.header();
      assert.match(own, /__Host-gatepost-device=/);
      for (const line of [`before=1; ${own}; after=2`, `${own}; before=1; after=2`, `before=1; after=2; ${own}`, `before=1;${own.replaceAll('; ', ';')};after=2`]) {
        const told = await facts(`/private/${file}`, { Cookie: line });
        assert.equal(told.REMOTE_USER, 'bob');
        assert.deepEqual(told.HTTP_COOKIE.split(/; */).sort(), ['after=2', 'before=1'], told.HTTP_COOKIE);
      }
      const alone = await facts(`/private/${file}`, { Cookie: own });
      assert.equal(alone.HTTP_COOKIE ?? '', '');
      const similar = await facts(`/private/${file}`, { Cookie: `${own}; x__Host-gatepost=1; __Host-gatepost-else=2; not=__Host-gatepost=3` });
      assert.deepEqual(similar.HTTP_COOKIE.split(/; */).sort(), ['__Host-gatepost-else=2', 'not=__Host-gatepost=3', 'x__Host-gatepost=1']);
      for (const headers of [byHandle(people.bob), { Authorization: `Bearer ${people.bob}` }, { Authorization: `BEARER  ${people.bob}` }]) {
        const answer = await get(`/private/${file}`, headers);
        if (answer.status === 200) assert.ok(!answer.body.includes(people.bob.slice(4)), answer.body);
        else isProblem(answer, 401, 'unauthenticated');
      }
      const basic = `Basic ${Buffer.from('theirs:own').toString('base64')}`;
      const told = await facts(`/private/${file}`, byCookie(visitor, { Authorization: basic }));
      assert.equal(told.HTTP_AUTHORIZATION, basic);
      assert.equal(told.REMOTE_USER, 'bob');
    });
  }

  test('facts for what is proxied: headers, and none that a client made up; no credential', async () => {
    const visitor = stack.visitor();
    await visitor.signIn(stack.users.bob);
    const { url, headers, raw } = await facts('/app/what?x=1', byCookie(visitor, { ...forged, Authorization: 'Basic eDp5' }));
    assert.match(url, /^\/(app\/)?what\?x=1$/);
    assert.equal(headers['x-gatepost-remote-user'], 'bob');
    assert.equal(headers['x-gatepost-tenant'], 'acme');
    assert.equal(headers['x-gatepost-aal'], 'aal1');
    assert.ok(headers['x-gatepost-user-id'] && headers['x-gatepost-session-id'] && headers['x-gatepost-ticket']);
    assert.equal(headers['x-gatepost-roles'] ?? '', '');
    assert.equal(headers.authorization, 'Basic eDp5');
    assert.equal(headers.cookie ?? '', '');
    const isOurs = (text) => /^(x[-_]gatepost[-_](?!verdict)|(x[-_])?remote[-_]user)/i.test(text);
    const told = (list) => list.forEach((text, i) => { if (i % 2 === 0 && isOurs(text)) assert.doesNotMatch(list[i + 1], /forged/, text); });
    told(raw);
    const nobody = await facts('/app/public/x', forged);
    told(nobody.raw);
    assert.match(nobody.headers['x-gatepost-remote-user'] ?? '', /^-?$/);
    assert.equal(nobody.headers['x-gatepost-user-id'] ?? '', '');
    for (const who of [byHandle(people.alice), { Authorization: `Bearer ${people.alice}` }]) {
      const seen = await facts('/app/x', who);
      assert.equal(seen.headers['x-gatepost-remote-user'], 'alice');
      assert.ok(!JSON.stringify(seen).includes(people.alice.slice(4)));
    }
    isProblem(await get('/app/what'), 401, 'unauthenticated');
  });

  test('IN-13: an underscore in place of a hyphen makes no fact and no credential', async () => {
    const spelled = ['X_Gatepost_Roles', 'X-Gatepost_Roles', 'X_Gatepost-Roles', 'x_gatepost_user_id', 'X-Gatepost-Session_Id', 'X_Remote_User', 'Remote_User', 'REMOTE_USER', 'X-Remote_User'];
    for (const name of spelled) {
      for (const path of ['/app/x', '/app/public/x', '/private/env.sh', '/open/env.php']) {
        const answer = await get(path, byHandle(people.bob, { [name]: 'forged' }));
        // Apache refuses it; lighttpd takes it away.
        if (isApache) assert.equal(answer.status, 403, `${name}: ${answer.body}`);
        else assert.equal(answer.status, 200, answer.body);
        assert.ok(!answer.body.includes('forged'), answer.body);
      }
    }
    for (const name of ['X_Session_Id', 'X-Session_Id', 'x_session-id']) {
      const answer = await get('/app/x', { Authorization: `Bearer ${people.bob}`, [name]: people.alice });
      assert.ok(answer.status === (isApache ? 403 : 400) && !answer.body.includes('alice'), `${name}: ${answer.status} ${answer.body}`);
    }
  });

  if (!isApache) {
    test('lighttpd without mod_magnet: the same guard; applications see the credential, what is proxied gets no facts', async () => {
      isProblem(await get('/plain/secret.txt'), 401, 'unauthenticated');
      isProblem(await get('/plainapp/what'), 401, 'unauthenticated');
      const told = await facts('/plain/env.sh', byHandle(people.alice, forged));
      assert.equal(told.REMOTE_USER, 'alice');
      assert.equal(told.HTTP_X_SESSION_ID, people.alice, 'as docs say, lighttpd alone cannot take it away');
      for (const [name, value] of Object.entries(told)) if (/^(GATEPOST|REMOTE_USER)/.test(name)) assert.doesNotMatch(value, /forged/, name);
      const { headers } = await facts('/plainapp/what', byHandle(people.alice));
      assert.equal(headers['x-gatepost-remote-user'], undefined);
    });
  }

  test('REMOTE_USER is the name, the address or the id, as is set', async () => {
    const { sections } = stack.config;
    const { user } = (await stack.withHandle(people.alice, 'GET', '/session')).json;
    const former = sections.guard;
    try {
      for (const [remote_user, expected] of [['email', 'alice@example.org'], ['id', user.id], ['username', 'alice']]) {
        writeFileSync(stack.config.file, configText({ ...sections, guard: { ...former, remote_user } }));
        process.kill(stack.worker.pid, 'SIGHUP');
        await until(async () => (await facts('/private/env.sh', byHandle(people.alice))).REMOTE_USER === expected, remote_user);
      }
    } finally {
      writeFileSync(stack.config.file, configText(sections));
      process.kill(stack.worker.pid, 'SIGHUP');
    }
  });

  test('a ticket is what the service of the place shows Gatepost, and no other', async () => {
    const [shop, books] = ['shop', 'books'].map((name) => makeService(stack, name));
    const { session_handle: handle, session } = await stack.signIn(stack.users.alice);
    const { GATEPOST_TICKET: ticket } = await facts('/private/env.sh', byHandle(handle));
    const { GATEPOST_TICKET: other } = await facts('/private/other/env.sh', byHandle(handle));
    const active = async (service, token) => (await service.introspect(token)).json;
    const known = await active(shop, ticket);
    assert.equal(known.active, true);
    assert.equal(known.sid, session.id);
    assert.deepEqual(await active(books, ticket), { active: false });
    assert.equal((await active(books, other)).active, true);
    assert.deepEqual(await active(shop, other), { active: false });
    // It is no credential.
    isProblem(await get('/private/secret.txt', byHandle(ticket)), 401, 'unauthenticated');
    isProblem(await get('/private/secret.txt', { Authorization: `Bearer ${ticket}` }), 401, 'unauthenticated');
    assert.equal((await stack.withHandle(handle, 'DELETE', '/session')).status, 204);
    assert.deepEqual(await active(shop, ticket), { active: false });
  });

  test('a grant adds nothing to the answer but that it is private', async () => {
    for (const [path, who] of [['/private/secret.txt', byHandle(people.alice)], ['/private/env.sh', byHandle(people.alice)], ['/app/x', byHandle(people.alice)], ['/open/secret.txt', stranger]]) {
      const answer = await get(path, who);
      assert.equal(answer.status, 200, answer.body);
      for (const name of answer.rawHeaders.filter((_, i) => i % 2 === 0)) {
        assert.match(name, /^(Cache-Control|Vary|Date|Server|Content-Length|Content-Type|ETag|Last-Modified|Accept-Ranges|Connection|Keep-Alive|Transfer-Encoding)$/i, `${path}: ${name}`);
      }
      assert.match(answer.headers['cache-control'], /\bprivate\b/);
      assert.match(answer.headers['cache-control'], /\bno-cache\b/);
    }
    const missing = await get('/private/none.txt', byHandle(people.alice));
    assert.equal(missing.status, 404);
    for (const name of missing.rawHeaders) assert.doesNotMatch(name, /^(Variable-|X-Gatepost|GATEPOST)/i);
    isProblem(await get('/private/none.txt'), 401, 'unauthenticated');
  });

  // A script's Location header with a path is not sent to the client, but followed by Apache.
  test('a redirection inside the web server leads past no rule', async () => {
    for (const [to, dir] of [['/private/secret.txt', 'private'], ['/admin/secret.txt', 'admin'], ['//admin/./secret.txt', 'admin']]) {
      for (const from of ['free', 'open']) {
        const path = `/${from}/go.sh?${to}`;
        const stranger = await get(path);
        assert.ok(!stranger.body.includes(marks[dir]), stranger.body);
        if (isApache) assert.equal(stranger.status, 401, stranger.body);
        const alice = await get(path, byHandle(people.alice));
        if (dir === 'admin') assert.ok(!alice.body.includes(marks.admin), alice.body);
        if (isApache && from === 'free') assert.equal(alice.status, dir === 'admin' ? 403 : 200, alice.body);
        const admin = await get(path, byHandle(people.admin));
        if (isApache && from === 'free') assert.ok(admin.body.includes(marks[dir]), `${admin.status} ${admin.body}`);
        if (!isApache) assert.equal(admin.status, 302);
      }
    }
  });

  test('a condition or a range opens nothing', async () => {
    const whole = await served('/private/secret.txt', byHandle(people.alice));
    const { etag, 'last-modified': modified } = whole.headers;
    const conditions = [
      { 'If-None-Match': etag }, { 'If-None-Match': '*' }, { 'If-Modified-Since': modified }, { 'If-Modified-Since': 'Fri, 01 Jan 2100 00:00:00 GMT' },
      { 'If-Match': etag }, { 'If-Match': '"other"' }, { 'If-Unmodified-Since': 'Thu, 01 Jan 1970 00:00:00 GMT' }, { Range: 'bytes=0-3' },
      { Range: 'bytes=0-3', 'If-Range': etag }, { Expect: '100-continue' },
    ];
    for (const condition of conditions) {
      isProblem(await get('/private/secret.txt', { ...stranger, ...condition }), 401, 'unauthenticated');
      isProblem(await get('/admin/secret.txt', byHandle(people.alice, condition)), 403, 'forbidden');
    }
    assert.equal((await get('/private/secret.txt', byHandle(people.alice, { 'If-None-Match': etag }))).status, 304);
    assert.equal((await get('/private/secret.txt', byHandle(people.alice, { Range: 'bytes=0-6' }))).body, 'guarded');
  });

  // One request as it is, on a connection of its own: what came back.
  async function send(target, headers = {}, { method = 'GET', version = 'HTTP/1.1', host = `localhost:${stack.port}` } = {}) {
    const lines = Object.entries({ Host: host, Connection: 'close', ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
    const bytes = Buffer.from(`${method} ${target} ${version}\r\n${lines.join('')}\r\n`, 'latin1');
    return stack.client.raw(bytes).catch((error) => { throw new Error(`${error.message}: ${JSON.stringify(bytes.toString('latin1'))}`); });
  }
  async function eachOf(list, act, atOnce = 8) {
    const rest = [...list];
    await Promise.all(Array.from({ length: atOnce }, async () => {
      while (rest.length > 0) await act(rest.shift());
    }));
  }

  test('no spelling of a guarded path is served to a stranger, nor to whom its rule refuses', async () => {
    const [stale] = mint('alice', 1);
    change(stale.id, `auth_time = auth_time - ${60 * MINUTE}`);
    const host = `localhost:${stack.port}`;
    const cases = [['private', {}], ['admin', byHandle(people.alice)], ['fresh', byHandle(stale.handle)], ['far', byHandle(people.admin)]];
    for (const [dir, headers] of cases) {
      const list = spellings(dir, host);
      assert.ok(new Set(list).size >= 100);
      await eachOf(list, async (target) => {
        const answer = await send(target, headers);
        assert.ok(!answer.includes(marks[dir]), `${JSON.stringify(target)} was served:\n${answer}`);
        assert.match(answer, /^HTTP\/1\.[01] (200|30[1-8]|40[0-9]|421) /, `${JSON.stringify(target)}: ${answer}`);
      });
    }
  });

  test('with a session every spelling is served or refused, and those that are plain are served', async () => {
    const host = `localhost:${stack.port}`;
    for (const [dir, name] of [['private', 'alice'], ['admin', 'admin']]) {
      await eachOf(spellings(dir, host), async (target) => {
        const answer = await send(target, byHandle(people[name]));
        const isServed = /^HTTP\/1\.[01] 200 /.test(answer) && answer.includes(marks[dir]);
        if (plain(dir, host).includes(target)) assert.ok(isServed, `${JSON.stringify(target)}: ${answer}`);
        if (!isServed) {
          assert.ok(!answer.includes(marks[dir]), `${target}: ${answer}`);
          assert.match(answer, /^HTTP\/1\.[01] (200|30[1-8]|40[0-9]|421) /, `${JSON.stringify(target)}: ${answer}`);
        }
      });
    }
  });

  if (http2) {
    test('nor over HTTP/2', async () => {
      const host = `localhost:${stack.port}`;
      const session = connectHttp2(stack.origin, { ca: stack.client.ca });
      const ask = (path, headers) => new Promise((resolve, reject) => {
        const stream = session.request({ ':path': path, ...headers });
        let status, body = '';
        stream.on('response', (got) => { status = got[':status']; });
        stream.setEncoding('latin1').on('data', (chunk) => { body += chunk; });
        // A stream that the server resets has no answer, which is one, too.
        stream.on('error', (error) => (/NGHTTP2/.test(error.message) ? resolve({ status, body }) : reject(error)));
        stream.on('end', () => resolve({ status, body }));
        stream.end();
      });
      try {
        assert.ok((await ask('/private/secret.txt', { 'x-session-id': people.alice })).body.includes(marks.private));
        for (const [dir, headers] of [['private', {}], ['admin', { 'x-session-id': people.alice }]]) {
          await eachOf(spellings(dir, host), async (path) => {
            const { status, body } = await ask(path, headers);
            assert.ok(!body.includes(marks[dir]), `${JSON.stringify(path)}: ${status} ${body}`);
          });
        }
      } finally {
        session.close();
      }
    });
  }

  test('no method, version or header of a request makes it another one', async () => {
    const path = '/private/secret.txt';
    const odd = ['HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'TRACE', 'CONNECT', 'PATCH', 'PROPFIND', 'get', 'GETGET', 'BREW', 'G\tT', '\0GET', 'M-SEARCH'];
    await eachOf(odd, async (method) => {
      for (const target of [path, '/private/env.sh']) {
        const answer = await send(target, {}, { method });
        assert.ok(!answer.includes(marks.private) && !/^GATEPOST|^SCRIPT_/m.test(answer), `${method}: ${answer}`);
      }
    });
    const other = [
      { 'X-Original-URL': '/open/' }, { 'X-Rewrite-URL': '/open/' }, { 'X-Forwarded-Uri': '/open/secret.txt', 'X-Forwarded-Method': 'GET' },
      { 'X-Forwarded-Prefix': '/open' }, { GATEPOST_URI: '/open/', GATEPOST_METHOD: 'GET', GATEPOST_DENIED: '1' }, { FCGI_ROLE: 'RESPONDER' },
      { 'X-HTTP-Method-Override': 'OPTIONS' }, { 'X-Accel-Redirect': path }, { 'X-Sendfile': path }, { Status: '200' }, { 'Redirect-Status': '200', REDIRECT_STATUS: '200' },
      { Connection: 'close, X-Session-Id, Cookie, Host' }, { 'Content-Length': '-1' }, { Upgrade: 'h2c' },
      { Referer: `${stack.origin}/auth/login`, Origin: stack.origin }, { 'X-Forwarded-Host': `localhost:${stack.port}`, 'X-Forwarded-For': '127.0.0.1' },
    ];
    await eachOf(other, async (headers) => {
      const answer = await send(path, headers);
      assert.ok(!answer.includes(marks.private), `${JSON.stringify(headers)}: ${answer}`);
    });
    const smuggled = `POST ${path} HTTP/1.1\r\nHost: localhost:${stack.port}\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\nConnection: close\r\n\r\n0\r\n\r\n`;
    assert.ok(!(await stack.client.raw(smuggled)).includes(marks.private));
    for (const version of ['HTTP/1.0', 'HTTP/0.9', 'HTTP/2.0', 'HTTP/9.9', '']) {
      assert.ok(!(await send(path, {}, { version })).includes(marks.private), version);
    }
    assert.ok(!(await stack.client.raw(`GET ${path} HTTP/1.0\r\n\r\n`)).includes(marks.private));
    assert.ok(!(await stack.client.raw(`GET /open/secret.txt HTTP/1.1\r\nHost: localhost:${stack.port}\r\n\r\nGET ${path} HTTP/1.1\r\nHost: localhost:${stack.port}\r\nConnection: close\r\n\r\n`)).includes(marks.private));
  });

  // Through a cache that knows nothing of sessions, with a key that nothing of a client is in.
  test('a cache in front never gives a stranger what somebody else got', async () => {
    const port = await freePort();
    const dir = join(stack.dir, 'cache');
    mkdirSync(dir, { mode: 0o700 });
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((kind) => `${kind}_temp_path ${join(dir, kind)};`).join(' ');
    writeFileSync(join(dir, 'nginx.conf'), `daemon off; pid ${join(dir, 'pid')}; error_log ${join(dir, 'log')}; ${isRoot ? 'user root;' : ''}
events {}
http {
  access_log off; ${temporary}
  proxy_cache_path ${join(dir, 'kept')} keys_zone=kept:1m;
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass https://127.0.0.1:${stack.port};
      proxy_set_header Host localhost:${stack.port};
      proxy_cache kept; proxy_cache_key $request_uri; proxy_cache_valid 200 1h;
      add_header X-Kept $upstream_cache_status always;
    }
  }
}
`);
    const cache = start(program('nginx'), ['-e', join(dir, 'log'), '-c', join(dir, 'nginx.conf')], { group: true });
    const through = (path, headers = {}) => new Promise((resolve, reject) => {
      httpRequest({ host: '127.0.0.1', port, path, headers, agent: false }, (answer) => {
        let body = '';
        answer.setEncoding('utf8').on('data', (chunk) => { body += chunk; }).on('error', reject);
        answer.on('end', () => resolve({ status: answer.statusCode, headers: answer.headers, body }));
      }).on('error', reject).end();
    });
    try {
      await until(() => through('/auth/health'), 'the cache answers');
      await through('/loose/cacheable');
      assert.equal((await through('/loose/cacheable')).headers['x-kept'], 'HIT', 'it does keep what it may');
      for (const path of ['/private/secret.txt', '/private/', '/app/what', '/app/cacheable', '/private/env.sh']) {
        assert.equal((await through(path)).status, 401);
        for (let i = 0; i < 3; i++) assert.equal((await through(path, byHandle(people.alice))).status, 200, 'and what a stranger was told is not kept');
        for (const headers of [{}, navigation, { 'If-None-Match': '*' }, { 'Cache-Control': 'only-if-cached' }]) {
          const answer = await through(path, headers);
          assert.ok([401, 303].includes(answer.status), `${path}: ${answer.status}`);
          assert.ok(!/HIT|STALE/.test(answer.headers['x-kept'] ?? ''));
          assert.ok(!answer.body.includes(marks.private) && !answer.body.includes('alice'));
        }
        const other = await through(path, byHandle(people.bob));
        assert.ok(!other.body.includes('alice'));
      }
    } finally {
      await cache.stop();
    }
  });

  test('1,000 of 1,000 revocations show on the next guarded request', async () => {
    const count = 1000, byApi = 150;
    const sessions = mint('bob', count);
    const status = async ({ handle }) => (await get('/private/secret.txt', byHandle(handle))).status;
    let before = 0, refused = 0;
    const isServed = async (one) => { if (await status(one) === 200) before++; };
    const isRefused = async (one) => { if (await status(one) === 401) refused++; };
    await eachOf(sessions.slice(0, byApi), async (one) => {
      await isServed(one);
      const ended = await client.request('DELETE', '/auth/api/v1/session', { headers: byHandle(one.handle) });
      assert.equal(ended.status, 204, ended.body);
      await isRefused(one);
    });
    for (let i = byApi; i < count; i += 50) {
      const batch = sessions.slice(i, i + 50);
      await eachOf(batch, isServed);
      stack.sql(`DELETE FROM session WHERE id IN (${batch.map(({ id }) => idSql(id)).join()})`);
      await eachOf(batch, isRefused);
    }
    assert.deepEqual([before, refused], [count, count]);
  });

  test('one statement a decision, none where nobody is asked for', async () => {
    const [{ handle }] = mint('bob', 1);
    for (const [path, headers, statements] of [
      ['/private/secret.txt', byHandle(handle), 1], ['/admin/secret.txt', byHandle(handle), 1], ['/any/', byHandle(handle), 1],
      ['/app/x', byHandle(handle), 1], ['/private/secret.txt', byHandle(`gps_${'A'.repeat(43)}`), 1],
      ['/private/secret.txt', stranger, 0], ['/open/secret.txt', byHandle(handle), 0], ['/private/public/secret.txt', byHandle(handle), 0],
      ['/near/secret.txt', stranger, 0], ['/private/../secret.txt', byHandle(handle), 0], ['/private/secret.txt', byHandle('gps_short'), 0],
    ]) {
      const seen = await stack.statements(() => get(path, headers));
      // Apache asks again for the words of a refusal.
      const status = (await get(path, headers)).status;
      const asked = isApache && status >= 400 ? 2 : 1;
      assert.equal(seen.length, statements * asked, `${path}: ${status}: ${seen.join('\n')}`);
    }
  });

  test('40 minutes of guarded requests alone keep a session of 30 minutes; its row is written once a minute', async () => {
    const visitor = stack.visitor();
    await visitor.signIn(stack.users.bob);
    const [{ id, left }] = stack.sql('SELECT TO_BASE64(id) AS id, idle_end - last_seen AS `left` FROM session WHERE class = 2 ORDER BY created_at DESC LIMIT 1');
    assert.equal(Number(left), 30 * MINUTE);
    const minutes = 40;
    const seen = await stack.statements(async () => {
      for (let minute = 0; minute < minutes; minute++) {
        age(id, 61_000_000);
        await served('/private/secret.txt', byCookie(visitor));
        await served('/private/secret.txt', byCookie(visitor, navigation));
      }
    });
    const writes = seen.filter((text) => /^UPDATE session/.test(text));
    assert.equal(writes.length, minutes, writes[0]);
    assert.equal(seen.length - writes.length, 2 * minutes);
    age(id, 31 * MINUTE);
    isProblem(await get('/private/secret.txt', byCookie(visitor)), 401, 'session_expired');
  });

  test('whether that can be written decides nothing', async () => {
    const [{ id, handle }] = mint('bob', 1);
    const account = `'${stack.database.accounts.guard.user}'@'localhost'`;
    const seen = () => stack.sql(`SELECT last_seen FROM session WHERE id = ${idSql(id)}`)[0].last_seen;
    stack.sql(`REVOKE UPDATE (last_seen, idle_end) ON session FROM ${account}`);
    try {
      age(id, 5 * MINUTE);
      const before = seen();
      for (let i = 0; i < 3; i++) await served('/private/secret.txt', byHandle(handle));
      assert.equal(seen(), before);
      isProblem(await get('/admin/secret.txt', byHandle(handle)), 403, 'forbidden');
      age(id, 5 * MINUTE);
    } finally {
      stack.sql(`GRANT UPDATE (last_seen, idle_end) ON session TO ${account}`);
    }
    const before = seen();
    await served('/private/secret.txt', byHandle(handle));
    assert.ok(BigInt(seen()) > BigInt(before), 'it is written again');
  });

  test('a second factor that lapsed by idleness does not come back by guarded requests', async () => {
    const [{ id, handle }] = mint('bob', 1);
    change(id, `aal = 2, aal2_end = auth_time + ${12 * 60 * MINUTE}`);
    await served('/strong/secret.txt', byHandle(handle));
    age(id, 61 * MINUTE);
    for (let i = 0; i < 3; i++) {
      isProblem(await get('/strong/secret.txt', byHandle(handle)), 401, 'reauthentication_required');
      await served('/private/secret.txt', byHandle(handle));
      age(id, 2 * MINUTE);
    }
    assert.equal((await facts('/private/env.sh', byHandle(handle))).GATEPOST_AAL, 'aal1');
  });

  // The last one: the server goes on with another site.
  test('a whole site behind the guard: Gatepost\'s own pages work, and nothing goes in a circle', async () => {
    client.close();
    await stack.serve(whole(ports));
    configtest(stack.site);
    client = new Client(stack.origin, stack.caFile);
    for (const path of ['/', '/private/secret.txt', '/open/../private/secret.txt', '/none', '/app/x']) {
      const answer = await get(path);
      assert.ok([400, 401].includes(answer.status), `${path}: ${answer.status}`);
    }
    isSent(await get('/private/secret.txt?x=1', navigation), '/login', '/private/secret.txt?x=1');
    const css = await get('/auth/assets/gatepost.css');
    assert.equal(css.status, 200);
    assert.match(css.headers['content-type'], /^text\/css/);
    const visitor = stack.visitor();
    const account = await visitor.get('/account', navigation);
    assert.equal(account.headers.location, `${stack.base}/login?return_to=${encodeURIComponent('/auth/account')}`);
    const signedIn = await visitor.signIn(stack.users.alice, { return_to: '/private/secret.txt' });
    assert.equal(signedIn.status, 303, signedIn.body);
    assert.equal(signedIn.headers.location, `${stack.origin}/private/secret.txt`);
    await served('/private/secret.txt', byCookie(visitor, navigation));
    assert.equal((await visitor.get('/account')).status, 200);
    assert.equal((await visitor.get('/admin/users')).status, 403);
    isPage(await get('/admin/secret.txt', byCookie(visitor, navigation)), 403, /somebody else/);
    const { session_handle: handle } = await stack.signIn(stack.users.bob);
    assert.equal((await stack.withHandle(handle, 'GET', '/session')).status, 200);
    await served('/private/secret.txt', { Authorization: `Bearer ${handle}` });
    assert.equal((await get('/auth/api/v1/session')).json.code, 'unauthenticated');
    for (const path of ['/auth/nothing', '/auth/denied']) assert.equal((await get(path, navigation)).status, 404);
    for (const target of ['/auth/../private/secret.txt', '/auth/%2e%2e/private/secret.txt', '/auth/..%2fprivate/secret.txt', '/auth//../private/secret.txt', '/auth/assets/../../private/secret.txt']) {
      const answer = await send(target);
      assert.ok(!answer.includes(marks.private), `${target}: ${answer}`);
    }
    const out = await visitor.post('/logout', { csrf_token: tokenOf(await visitor.get('/logout')) });
    assert.equal(out.status, 200);
    isSent(await get('/private/secret.txt', byCookie(visitor, navigation)), '/login', '/private/secret.txt');
  });
}
