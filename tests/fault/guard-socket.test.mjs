// IN-16, IN-17: what the authorizer's own sockets answer, octet by octet: always in the one form that every web server reads alike.
import { describe, test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { dice, seedOfRun } from '../support/dice.mjs';
import { END, PARAMS, STDIN, STDOUT, begin, exchange, params, record } from '../support/fastcgi.mjs';
import { startStack } from '../support/harness.mjs';

const STDERR = 7;
// Answers to management records (FastCGI §4): they belong to no request.
const MANAGEMENT = [10, 11];
const RECORD = 8192;
const range = (n) => Array.from({ length: n }, (_, i) => i);

let stack, handle, cookie;
let sockets;
before(async () => {
  stack = await startStack({
    guard: true,
    settings: {
      'protect "/admin/"': { require: 'role:admin, max-age:5m' },
      'protect "/strong/"': { require: 'aal2' },
      'protect "/open/"': { require: 'public' },
      'protect "/read/"': { require: 'user', methods: 'GET' },
      'protect "/near/"': { require: 'network:192.0.2.0/24' },
      guard: { ticket: 'shop' },
    },
  });
  handle = (await stack.signIn(stack.users.alice)).session_handle;
  const visitor = await stack.client.post('/auth/api/v1/sessions', { json: { ...stack.users.bob, transport: 'cookie' } });
  cookie = visitor.headers['set-cookie'].map((line) => line.split(';')[0]).find((pair) => pair.startsWith('__Host-gatepost='));
  sockets = { 'unix socket': join(stack.dir, 'run/guard.sock'), 'TCP port': { host: '127.0.0.1', port: stack.guardPort } };
});
after(() => stack?.stop());

const question = (values, { role = 2, id = 1, stdin = false } = {}) => {
  const all = { REQUEST_METHOD: 'GET', REQUEST_URI: '/private/', HTTPS: 'on', REMOTE_ADDR: '127.0.0.1', HTTP_HOST: new URL(stack.origin).host, ...values };
  const bytes = Buffer.concat([begin({ role }), record(PARAMS, params(all)), record(PARAMS), ...(stdin ? [record(STDIN)] : [])]);
  if (id !== 1) for (let at = 0; at < bytes.length; at += 8 + bytes.readUInt16BE(at + 4)) bytes.writeUInt16BE(id, at + 2);
  return bytes;
};

/*
 * An answer, or nothing at all: → its status, undefined for none. Whatever else it is, it is no half, no empty end, has its
 * status first, is one record, and a refusal has none of the variables and nothing that Apache would go to.
 */
function form({ records, cut, silent }, what, isOwn = () => true) {
  assert.ok(!silent, `${what}: no end`);
  const own = records.filter((one) => !MANAGEMENT.includes(one.type) && one.type !== STDERR && isOwn(one));
  if (own.length === 0) return undefined;
  assert.ok(!cut, what);
  const out = own.filter(({ type, content }) => type === STDOUT && content.length > 0);
  const ends = own.filter(({ type }) => type === END);
  assert.equal(out.length, 1, `${what}: ${out.length} records of output`);
  assert.ok(out[0].content.length < RECORD, what);
  assert.ok(own.indexOf(ends[0]) > own.indexOf(out[0]), what);
  assert.equal(ends.length, 1, what);
  assert.equal(ends[0].content[4], 0, `${what}: FCGI_REQUEST_COMPLETE`);
  const [head, ...rest] = out[0].content.toString('latin1').split('\r\n\r\n');
  assert.ok(rest.length > 0, `${what}: the head ends`);
  const [first, ...lines] = head.split('\r\n');
  const [, text] = /^Status: (\d{3}) [A-Z][A-Za-z ]+$/.exec(first) ?? assert.fail(`${what}: ${first}`);
  const status = Number(text);
  const body = rest.join('\r\n\r\n');
  assert.equal(lines.filter((line) => /^status:/i.test(line)).length, 0, what);
  if (status === 200) {
    assert.deepEqual(lines.filter((line) => !line.startsWith('Variable-')), [], `${what}: a grant`);
    assert.ok(lines.includes('Variable-GATEPOST_VERDICT: granted'), what);
    assert.equal(body, '', what);
  } else {
    assert.ok(status >= 300, `${what}: ${status}`);
    assert.doesNotMatch(head, /Variable-/i, what);
    assert.doesNotMatch(body, /^\s*(\/|https?:)/i, what);
    assert.ok(lines.some((line) => line === 'Cache-Control: no-store'), what);
  }
  return status;
}

const ask = async (at, bytes, what, options) => form(await exchange(at, bytes, options), what, options?.isOwn);
// What libfcgi itself says to a second beginning on one connection, which no web server that asks authorizers sends: they
// take a connection for each question. lighttpd would read it as a grant.
const isNotSecondBeginning = ({ type, content }) => type !== END || content[4] !== 1;

// A corpus that differs in all that matters, and whether it is to be granted.
function corpus() {
  const paths = {
    '/private/': 'user', '/private/a?b=/x': 'user', '/open/x': 'all', '/admin/x': 'none', '/strong/x': 'none', '/read/x': 'user', '/near/x': 'none',
    '/open/../private/': 'none', '/open//x': 'none', '/open%2f..': 'none', '/open/%00': 'none', '/open/x;y': 'none', '': 'none', '*': 'none', '/auth/login': 'all',
    '//evil.test/': 'none', 'https://evil.test/private/': 'user', [`/private/${'a'.repeat(2030)}`]: 'user', [`/private/${'%21'.repeat(600)}`]: 'user',
    [`/private/${'a'.repeat(9000)}`]: 'none', [`/private/?${'http://evil.test/'.repeat(400)}`]: 'user',
  };
  const callers = {
    nobody: [{}, false], handle: [{ HTTP_X_SESSION_ID: handle }, true], cookie: [{ HTTP_COOKIE: `a=b; ${cookie}` }, true], bearer: [{ HTTP_AUTHORIZATION: `Bearer ${handle}` }, true],
    wrong: [{ HTTP_X_SESSION_ID: `gps_${'A'.repeat(43)}` }, false], malformed: [{ HTTP_AUTHORIZATION: 'Bearer /private/' }, false],
    forged: [{ HTTP_VARIABLE_REMOTE_USER: 'admin', HTTP_REMOTE_USER: 'admin', REMOTE_USER: 'admin', HTTP_STATUS: '200' }, false],
  };
  const manners = [{}, { FCGI_ROLE: 'AUTHORIZER', FCGI_APACHE_ROLE: 'AUTHENTICATOR' }, { HTTP_SEC_FETCH_MODE: 'navigate', HTTP_ACCEPT: 'text/html' }, { HTTP_ACCEPT: 'text/html', REQUEST_METHOD: 'HEAD' }, { HTTP_ACCEPT: 'image/png', REQUEST_METHOD: 'GET', CONTENT_LENGTH: '' }];
  return Object.entries(paths).flatMap(([path, who], p) => Object.entries(callers).flatMap(([caller, [credential, known]], c) => range(2).map((n) => {
    const manner = manners[(p + c + 2 * n) % manners.length];
    return { what: `${caller} ${path.slice(0, 60)} ${JSON.stringify(manner)}`, values: { REQUEST_URI: path, ...credential, ...manner }, granted: who === 'all' || (who === 'user' && known) };
  })));
}

for (const name of ['unix socket', 'TCP port']) describe(name, () => {
  test('some hundred questions: one form of answer, and a grant to whom it is due only', async () => {
    const at = sockets[name];
    const questions = corpus();
    assert.ok(questions.length >= 200);
    const seen = {};
    for (let from = 0; from < questions.length; from += 20) {
      await Promise.all(questions.slice(from, from + 20).map(async ({ what, values, granted }) => {
        const status = await ask(at, question(values), what);
        assert.equal(status === 200, granted, `${what}: ${status}`);
        seen[status] = (seen[status] ?? 0) + 1;
      }));
    }
    for (const status of [200, 303, 400, 401, 403]) assert.ok(seen[status] > 0, `${status} ${JSON.stringify(seen)}`);
    // mod_authnz_fcgi sends no STDIN at all, lighttpd an empty one.
    assert.equal(await ask(at, question({ HTTP_X_SESSION_ID: handle }, { stdin: true }), 'with STDIN'), 200);
    assert.equal(await ask(at, question({ HTTP_X_SESSION_ID: handle, CONTENT_LENGTH: '100', REQUEST_METHOD: 'POST', REQUEST_URI: '/private/' }), 'a body that never comes'), 200);
  });

  test('asked in another role: a complete refusal', async () => {
    for (const role of [1, 3, 0, 4, 77, 255, 256 + 2]) {
      const bytes = question({ REQUEST_URI: '/open/', HTTP_X_SESSION_ID: handle }, { stdin: true });
      bytes.writeUInt16BE(role, 8);
      const status = await ask(sockets[name], bytes, `role ${role}`);
      assert.ok(status === undefined || status === 503, `role ${role}: ${status}`);
      if (role === 1) assert.equal(status, 503);
    }
  });

  test('garbage: a complete refusal or a closed connection, and the worker lives on', { timeout: 300000 }, async (t) => {
    const seed = seedOfRun();
    t.diagnostic(`seed ${seed} (GATEPOST_SEED repeats it)`);
    const { below, pick, chance } = dice(seed);
    const at = sockets[name];
    const { pid } = stack.worker;
    // Lengths that are together over 2 GiB make libfcgi (2.4.2-2+deb12u1) ask for more memory than there is, which ends the
    // worker. Nobody but a web server can connect to the unix socket; at a TCP port, where anybody on this host can, it must not.
    const octet = name === 'TCP port' ? 256 : 128;
    const noise = (n) => Buffer.from(range(n).map(() => below(octet)));
    const whole = question({ REQUEST_URI: '/private/', HTTP_X_SESSION_ID: `gps_${'A'.repeat(43)}` }, { stdin: true });
    const kinds = {
      noise: () => noise(1 + below(200)),
      'noise behind a beginning': () => Buffer.concat([begin({ role: 2 }), noise(1 + below(200))]),
      'noise as parameters': () => Buffer.concat([begin({ role: 2 }), record(PARAMS, noise(below(2000))), record(PARAMS)]),
      'lengths that lie': () => Buffer.concat([begin({ role: 2 }), record(PARAMS, Buffer.concat([Buffer.from(octet === 256 ? [0xff - below(4), below(256), below(256), below(256), 0xff - below(4)] : [0x80, below(64), below(256), below(256), below(128)]), noise(below(100))])), record(PARAMS)]),
      ...(octet === 256 && {
        'a huge pair behind much': () => Buffer.concat([begin({ role: 2 }), ...range(3).map(() => record(PARAMS, params({ X: 'x'.repeat(60000) }))), record(PARAMS, Buffer.alloc(8, 0xff)), record(PARAMS)]),
        'a huge wish': () => Buffer.concat([record(9, Buffer.alloc(8, 0xff)), whole]),
      }),
      'a pair cut off': () => {
        const pairs = params({ REQUEST_METHOD: 'GET', REQUEST_URI: '/open/', HTTP_HOST: new URL(stack.origin).host });
        return Buffer.concat([begin({ role: 2 }), record(PARAMS, pairs.subarray(0, 1 + below(pairs.length - 1))), record(PARAMS)]);
      },
      'the end is missing': () => whole.subarray(0, 1 + below(whole.length - 30)),
      'octets changed': () => {
        const bytes = Buffer.from(whole);
        for (const _ of range(1 + below(4))) bytes[below(bytes.length)] = below(octet);
        return bytes;
      },
      'types changed': () => {
        const bytes = Buffer.from(whole);
        for (let from = 0; from < bytes.length;) {
          const length = 8 + bytes.readUInt16BE(from + 4);
          if (chance(0.4)) bytes[from + 1] = pick([0, 1, 2, 3, 4, 5, 6, 8, 9, 11, 200]);
          from += length;
        }
        return bytes;
      },
      'aborted': () => Buffer.concat([begin({ role: 2 }), record(2)]),
      'no parameters': () => Buffer.concat([begin({ role: 2 }), record(PARAMS)]),
      'begun twice': () => Buffer.concat([begin({ role: 2 }), whole]),
      'two requests': () => Buffer.concat([whole, whole]),
      'a wish for values': () => Buffer.concat([record(9, params({ FCGI_MAX_CONNS: '', FCGI_MPXS_CONNS: '' })), whole]),
      'names of noise': () => Buffer.concat([begin({ role: 2 }), record(PARAMS, params(Object.fromEntries(range(20).map(() => [noise(1 + below(20)).toString('latin1'), noise(below(50)).toString('latin1')])))), record(PARAMS)]),
    };
    const seen = {};
    // All at once: what stops in the middle is waited for a while.
    await Promise.all(range(20).flatMap((round) => Object.entries(kinds).map(async ([kind, make]) => {
      const bytes = make();
      const status = await ask(at, bytes, `${kind} (${round}): ${bytes.toString('hex').slice(0, 400)}`, { end: true, isOwn: isNotSecondBeginning });
      assert.notEqual(status, 200, kind);
      seen[`${kind}: ${status}`] = (seen[`${kind}: ${status}`] ?? 0) + 1;
    })));
    t.diagnostic(JSON.stringify(seen));
    assert.equal(stack.worker.pid, pid);
    assert.ok(stack.worker.running());
    assert.equal(await ask(at, question({ HTTP_X_SESSION_ID: handle }), 'as ever'), 200);
    assert.equal(await ask(at, question({}), 'as ever'), 401);
  });
});

test('the socket of requests is none for authorizers', async () => {
  const at = join(stack.dir, 'run/gatepost.sock');
  for (const values of [{ REQUEST_URI: '/open/' }, { REQUEST_URI: '/private/', HTTP_X_SESSION_ID: handle }, { REQUEST_URI: '/auth/login' }, { REQUEST_URI: '/open/', FCGI_APACHE_ROLE: 'AUTHENTICATOR' }]) {
    assert.equal(await ask(at, question(values), JSON.stringify(values)), 503);
  }
});

// What nginx passes on is what the visitor accepts of somebody else.
test('verify-access answers 200, 401 and 403 only, whatever is accepted', async () => {
  const at = join(stack.dir, 'run/gatepost.sock');
  for (const accept of ['text/event-stream', 'image/png', 'text/html', '*/*', '']) {
    for (const [path, credential, status] of [['/private/', handle, 200], ['/private/', undefined, 401], ['/admin/x', handle, 403], ['/open/', undefined, 200]]) {
      const { records } = await exchange(at, question({ REQUEST_URI: '/auth/verify-access', GATEPOST_URI: path, GATEPOST_METHOD: 'GET', HTTP_ACCEPT: accept, ...(credential && { HTTP_X_SESSION_ID: credential }) }, { role: 1, stdin: true }));
      const text = records.filter(({ type }) => type === STDOUT).map(({ content }) => content.toString('latin1')).join('');
      assert.match(text, new RegExp(`^Status: ${status} `), `${accept} ${path}`);
    }
  }
});
