// LG-02, ST-09: secrets that were typed, sent and given out are nowhere in clear once a request is over.
// With a release build: the sanitizers keep freed memory on purpose.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { spawnSync } from 'node:child_process';
import { closeSync, openSync, readFileSync, readSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { buildRelease, release } from '../support/release.mjs';
import { Jar, tokenOf } from '../support/client.mjs';
import { until } from '../support/stack.mjs';

const api = '/auth/api/v1';
const unique = (word) => `${word}-${randomBytes(18).toString('hex')}`;

let stack;
// Name → text. The bytes that a cookie or handle stands for are looked for as well.
const canaries = {};

before(async () => {
  buildRelease();
  process.env.GATEPOST_BUILD = release;
  const { startStack } = await import('../support/harness.mjs');
  stack = await startStack({
    users: ['alice'], settings: { 'client app': { services: 'library' } },
    extra: `
server.modules += ( "mod_accesslog" )
accesslog.filename = "@DIR@/access.log"
accesslog.format = "%h %r %s %{User-Agent}i %{Referer}i"`,
  });
  await use();
});
after(() => stack?.stop());

const bytesOf = (text) => (/^(gps_|gpk_)?[\w-]{43}$/.test(text) ? Buffer.from(text.replace(/^gp[sk]_/, ''), 'base64url') : undefined);
const needles = () => Object.entries(canaries).flatMap(([name, text]) =>
  [[name, Buffer.from(text)], ...(bytesOf(text) ? [[`${name} (bytes)`, bytesOf(text)]] : [])]);
const foundIn = (haystack) => needles().filter(([, needle]) => haystack.includes(needle)).map(([name]) => name);

async function pages() {
  const visitor = stack.visitor();
  canaries['wrong password of a page'] = unique('wrong-page');
  await visitor.signIn({ identifier: 'alice', password: canaries['wrong password of a page'] });
  canaries['password in the field of the name'] = unique('in-the-name');
  await visitor.signIn({ identifier: canaries['password in the field of the name'], password: 'x' });
  await visitor.signIn(stack.users.alice);
  canaries.cookie = visitor.jar.cookies.get('__Host-gatepost');
  canaries['device cookie'] = visitor.jar.cookies.get('__Host-gatepost-device');
  const page = await visitor.get('/account/sessions');
  canaries['form token'] = tokenOf(page);
  assert.equal((await visitor.post('/account/sessions', { csrf_token: canaries['form token'], scope: 'others' })).status, 303);
  assert.equal((await visitor.get('/account')).status, 200);
}

async function setup() {
  const { code } = JSON.parse(stack.must(['setup', '--json']).stdout);
  canaries['set-up code'] = code;
  canaries['new password'] = unique('new');
  const visitor = stack.visitor();
  const csrf_token = await visitor.token('/setup');
  const done = await visitor.post('/setup', { csrf_token, code, username: 'root', display_name: 'Root',
    new_password: canaries['new password'] });
  assert.ok(done.status < 400, done.body);
  assert.equal(stack.count("user WHERE username = 'root'"), 1);
}

async function calls() {
  canaries['right password'] = stack.users.alice.password;
  canaries['wrong password of a call'] = unique('wrong-call');
  canaries['unknown user name'] = unique('nobody').slice(0, 40);
  canaries.device_id = unique('device');
  const { client } = stack;
  const signIn = (json) => client.post(`${api}/sessions`, { json: { transport: 'handle', ...json } });
  assert.equal((await signIn({ identifier: 'alice', password: canaries['wrong password of a call'] })).status, 401);
  assert.equal((await signIn({ identifier: canaries['unknown user name'], password: canaries['wrong password of a call'] })).status, 401);
  canaries['password of a torn body'] = unique('torn');
  const torn = await client.post(`${api}/sessions`, { body: `{"identifier":"alice","password":"${canaries['password of a torn body']}"`, headers: { 'Content-Type': 'application/json' } });
  assert.equal(torn.status, 400);
  canaries['password of an unknown member'] = unique('member');
  assert.equal((await signIn({ identifier: 'alice', passwort: canaries['password of an unknown member'] })).status, 400);
  const first = await signIn({ ...stack.users.alice, device_id: canaries.device_id, device_name: 'Telephone' });
  assert.equal(first.status, 201);
  canaries['handle in X-Session-Id'] = first.json.session_handle;
  assert.equal((await client.get(`${api}/session`, { headers: { 'X-Session-Id': first.json.session_handle } })).status, 200);
  const second = await signIn(stack.users.alice);
  canaries['handle in Authorization'] = second.json.session_handle;
  assert.equal((await client.get(`${api}/session`, { headers: { Authorization: `Bearer ${second.json.session_handle}` } })).status, 200);
  const third = await client.post(`${api}/sessions`, { json: { ...stack.users.alice, transport: 'cookie' } });
  const jar = new Jar();
  jar.take(third);
  canaries['cookie of a call'] = jar.cookies.get('__Host-gatepost');
  canaries['token of a call'] = third.json.session.csrf_token;
  const gone = await client.request('DELETE', `${api}/session`, { headers: { Cookie: jar.header(), 'X-CSRF-Token': canaries['token of a call'] } });
  assert.equal(gone.status, 204);
  canaries['Basic credential'] = randomBytes(24).toString('base64');
  assert.equal((await client.get(`${api}/session`, { headers: { Authorization: `Basic ${canaries['Basic credential']}` } })).status, 401);
}

// A back end's secret, right and wrong, and a handle in its forms and headers.
async function services() {
  const { makeService, asService } = await import('../support/services.mjs');
  const library = makeService(stack, 'library');
  canaries['secret of a service'] = library.secret;
  canaries['credential of a service'] = library.headers.Authorization.slice(6);
  const { json } = await stack.client.post(`${api}/sessions`, { json: { ...stack.users.alice, transport: 'handle' } });
  canaries['handle in a form'] = json.session_handle;
  assert.equal((await library.introspect(canaries['handle in a form'])).json.active, true);
  assert.equal((await library.api('GET', '/flows/none', { session: canaries['handle in a form'] })).status, 404);
  const wrong = asService(stack, 'library', `gpk_${randomBytes(32).toString('base64url')}`);
  canaries['wrong secret of a service'] = wrong.secret;
  canaries['wrong credential of a service'] = wrong.headers.Authorization.slice(6);
  assert.equal((await wrong.introspect(canaries['handle in a form'])).status, 401);
  assert.equal((await wrong.api('GET', '/flows/none', { session: canaries['handle in a form'] })).status, 401);
  const swapped = asService(stack, wrong.secret, 'library');
  assert.equal((await swapped.introspect('x')).status, 401);
  assert.equal((await library.revoke(canaries['handle in a form'])).status, 200);
}

// Links of mails, which the outbox has sealed, and the password that one of them sets.
async function recovery() {
  const { codeOf, lastMail } = await import('../support/outbox.mjs');
  const email = 'alice@example.org';
  const ask = () => stack.client.post(`${api}/password/recover`, { json: { email } });
  assert.equal((await ask()).status, 202);
  canaries['link of a recovery'] = codeOf(lastMail(stack, email, 'recover'));
  canaries['recovered password'] = unique('recovered');
  const done = await stack.client.post(`${api}/password/reset`, { json: { email, code: canaries['link of a recovery'], new_password: canaries['recovered password'] } });
  assert.equal(done.status, 204, done.body);
  stack.users.alice.password = canaries['recovered password'];
  canaries['link of a notice'] = codeOf(lastMail(stack, email, 'recovered'));
  stack.sql('DELETE FROM outbox WHERE kind = "recover"');
  assert.equal((await ask()).status, 202);
  canaries['link that nobody opened'] = codeOf(lastMail(stack, email, 'recover'));
  canaries['code that is none'] = unique('no-code');
  const wrong = await stack.client.post(`${api}/password/reset`, { json: { email, code: canaries['code that is none'], new_password: unique('x') } });
  assert.equal(wrong.status, 401);
}

async function use() {
  await pages();
  await setup();
  await calls();
  await services();
  await recovery();
  for (const [name, text] of Object.entries(canaries)) assert.ok(text?.length >= 20, `${name}: ${text}`);
}

test('no log of the worker or of the web server has any', async () => {
  await until(() => /DELETE \/auth\/api/.test(readFileSync(join(stack.dir, 'access.log'), 'utf8')), 'lighttpd writes its log', 30);
  const logs = readdirSync(stack.dir).filter((name) => name.endsWith('.log'));
  assert.deepEqual(logs.sort(), ['access.log', 'lighttpd.log', 'worker.log']);
  assert.match(readFileSync(join(stack.dir, 'access.log'), 'utf8'), /POST \/auth\/login/);
  assert.match(readFileSync(join(stack.dir, 'worker.log'), 'utf8'), /authn_login_success/);
  for (const name of logs) assert.deepEqual(foundIn(readFileSync(join(stack.dir, name))), [], name);
});

test('no column of any table has any', () => {
  const dump = (...more) => {
    const run = spawnSync('mariadb-dump', ['--no-defaults', `--socket=${stack.mariadb.socket}`, '--user=root', '--skip-extended-insert', ...more, stack.database.name],
      { maxBuffer: 1 << 28 });
    assert.equal(run.status, 0, run.stderr.toString());
    return run.stdout;
  };
  const text = dump();
  const hex = dump('--hex-blob').toString('latin1').toUpperCase();
  assert.ok(hex.includes(Buffer.from('authn_login_success').toString('hex').toUpperCase()), 'the dump has what is there');
  assert.deepEqual(foundIn(text), []);
  assert.deepEqual(needles().filter(([, needle]) => hex.includes(needle.toString('hex').toUpperCase())).map(([name]) => name), []);
});

test('no command line or environment of any process has any', () => {
  let seen = 0;
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    for (const file of ['cmdline', 'environ']) {
      let text;
      try {
        text = readFileSync(`/proc/${pid}/${file}`);
      } catch {
        continue; // ended meanwhile, or somebody else's
      }
      seen += 1;
      assert.deepEqual(foundIn(text), [], file);
    }
  }
  assert.ok(seen > 4);
});

// Calls take with every readable region of the process's memory that it may have written to.
function eachRegion(pid, take) {
  const memory = openSync(`/proc/${pid}/mem`, 'r');
  try {
    for (const line of readFileSync(`/proc/${pid}/maps`, 'utf8').split('\n')) {
      const region = /^([0-9a-f]+)-([0-9a-f]+) rw/.exec(line);
      if (!region) continue;
      const [from, to] = region.slice(1).map((text) => parseInt(text, 16));
      const bytes = Buffer.alloc(to - from);
      let read = 0;
      try {
        while (read < bytes.length) {
          const n = readSync(memory, bytes, read, bytes.length - read, from + read);
          if (n === 0) break;
          read += n;
        }
      } catch (error) {
        if (!['EIO', 'EFAULT'].includes(error.code)) throw error;
      }
      take(bytes.subarray(0, read), line);
    }
  } finally {
    closeSync(memory);
  }
}

function inMemory(pid) {
  const found = [];
  eachRegion(pid, (bytes, line) => found.push(...foundIn(bytes).map((name) => `${name} in ${line.split(/\s+/).slice(5).join(' ') || 'anonymous'}`)));
  return found;
}

test('ST-09: the worker\'s memory has none once the requests are over', async () => {
  const { pid } = stack.worker;
  if (process.getuid() !== 0) {
    // It is not dumpable: not even its own user can look.
    assert.throws(() => inMemory(pid), { code: 'EACCES' });
    return;
  }
  let reads = false;
  eachRegion(pid, (bytes) => {
    reads ||= bytes.includes(stack.origin);
  });
  assert.ok(reads, 'its configuration is found, so secrets would be');
  let found = [];
  await until(() => {
    found = inMemory(pid);
    return found.length === 0;
  }, 'the last request is over', 5).catch(() => {});
  assert.deepEqual(found, []);
});

test('ST-09: no core file, not dumpable', () => {
  assert.match(readFileSync(`/proc/${stack.worker.pid}/limits`, 'utf8'), /Max core file size\s+0\s+0/);
  assert.equal(statSync(`/proc/${stack.worker.pid}/mem`).uid, 0);
});
