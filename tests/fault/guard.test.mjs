// IN-17, IN-25: whatever becomes of the worker and of the database, a guarded file is never served to whom it is not for.
import { describe, test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { connect } from 'node:http2';
import { connect as connectTls } from 'node:tls';
import { guardServers, startGuarded } from '../support/guardsites.mjs';
import { freeze, until } from '../support/stack.mjs';

const range = (n) => Array.from({ length: n }, (_, i) => i);

for (const server of guardServers) describe(server, () => {
  let stack, alice, admin;
  before(async () => {
    stack = await startGuarded(server);
    alice = (await stack.signIn(stack.users.alice)).session_handle;
    admin = (await stack.signIn(stack.users.admin)).session_handle;
  });
  after(() => stack?.stop());

  const served = (answer, what) => {
    assert.equal(answer.status, 200, `${what}: ${answer.body.slice(0, 300)}`);
    assert.ok(stack.has(answer), what);
  };
  const refused = (answer, statuses, what) => {
    assert.ok(!stack.has(answer), `${what}: the bytes were served`);
    assert.ok(statuses.includes(answer.status), `${what}: ${answer.status} ${answer.body.slice(0, 300)}`);
  };
  // What is not guarded does not notice anything.
  const freely = async () => served(await stack.ask('/free/page.txt'), 'an unguarded file');
  const asBefore = async () => {
    served(await stack.ask('/private/page.txt', alice), 'a user');
    served(await stack.ask('/admin/page.txt', admin), 'an administrator');
    served(await stack.ask('/open/page.txt'), 'a public page');
    refused(await stack.ask('/private/page.txt'), [401], 'a stranger');
    refused(await stack.ask('/admin/page.txt', alice), [403], 'a user without the role');
    await freely();
  };
  const recovers = () => until(async () => {
    await asBefore();
    return true;
  }, 'it is as before');

  // Guarded requests of a user and of a stranger until stop(): how many of each status, and that strangers get no bytes.
  function load(t, clients) {
    const answers = { user: {}, stranger: {} };
    let going = true;
    let served = 0;
    const all = Promise.all(range(clients).map(async (i) => {
      const who = i % 2 === 0 ? 'user' : 'stranger';
      while (going) {
        let what;
        try {
          const answer = await stack.ask('/private/page.txt', who === 'user' ? alice : undefined);
          what = answer.status;
          const bytes = stack.has(answer);
          served += bytes;
          if (bytes !== (what === 200)) what = `${what} ${bytes ? 'with' : 'without'} the bytes`;
        } catch (error) {
          what = error.code ?? error.message;
        }
        answers[who][what] = (answers[who][what] ?? 0) + 1;
      }
    }));
    t.after(() => { going = false; });
    const count = () => Object.values(answers).flatMap((of) => Object.values(of)).reduce((sum, n) => sum + n, 0);
    return {
      more: (n) => {
        const from = count();
        return until(() => count() >= from + n, 'the load goes on', 60);
      },
      servedMore: () => {
        const from = served;
        return until(() => served > from, 'users are served again', 60);
      },
      async stop() {
        going = false;
        await all;
        return answers;
      },
    };
  }
  // Whole answers only, and none that would let somebody in.
  const whole = (answers) => {
    const known = (of, statuses) => assert.deepEqual(Object.keys(of).filter((what) => !statuses.includes(what)), [], JSON.stringify(answers));
    known(answers.user, ['200', '500', '502', '503']);
    known(answers.stranger, ['401', '500', '502', '503']);
  };

  test('as it should be', () => asBefore());

  test('the worker is gone: nothing guarded is served, what is not guarded is', async () => {
    await stack.worker.stop('SIGTERM');
    for (const handle of [undefined, alice, admin]) {
      for (const place of ['private', 'admin', 'open']) refused(await stack.ask(`/${place}/page.txt`, handle), [500, 502, 503], place);
    }
    await freely();
    stack.startWorker();
    await stack.ready();
    await recovers();
  });

  test('killed in the middle of requests, again and again: strangers get no bytes, users get them or a failure', { timeout: 180000 }, async (t) => {
    const running = load(t, 16);
    await running.more(100);
    for (const _ of range(6)) {
      await stack.worker.stop('SIGKILL');
      await running.more(40);
      stack.startWorker();
      await running.servedMore();
      await running.more(40);
    }
    const answers = await running.stop();
    whole(answers);
    assert.ok(answers.user[200] > 0 && answers.stranger[401] > 0);
    await recovers();
  });

  test('ended while requests come: whole answers until the end, which is clean', { timeout: 120000 }, async (t) => {
    const running = load(t, 16);
    await running.more(100);
    const end = await stack.worker.stop('SIGTERM');
    assert.deepEqual({ code: end.code, signal: end.signal }, { code: 0, signal: null });
    await running.more(40);
    stack.startWorker();
    await running.servedMore();
    whole(await running.stop());
    await recovers();
  });

  test('ended while requests wait for the database: refused', { timeout: 120000 }, async () => {
    await freeze(stack.mariadb.pid);
    try {
      const waiting = range(4).map(() => stack.ask('/private/page.txt', alice));
      await freely();
      const ended = stack.worker.stop('SIGTERM');
      for (const answer of await Promise.all(waiting)) refused(answer, [500, 502, 503], 'it waited');
      await ended;
    } finally {
      process.kill(stack.mariadb.pid, 'SIGCONT');
    }
    stack.startWorker();
    await stack.ready();
    await recovers();
  });

  test('the database is gone: users are refused, strangers too; what is public is served', { timeout: 120000 }, async () => {
    await stack.mariadb.kill('SIGKILL');
    try {
      for (const _ of range(5)) {
        refused(await stack.ask('/private/page.txt', alice), [503], 'a user');
        refused(await stack.ask('/admin/page.txt', admin), [503], 'an administrator');
        refused(await stack.ask('/private/page.txt'), [401, 503], 'a stranger');
        served(await stack.ask('/open/page.txt'), 'a public page');
        served(await stack.ask('/open/page.txt', alice), 'a public page, to a user');
        await freely();
      }
    } finally {
      await stack.mariadb.restart();
    }
    await recovers();
  });

  // Somebody else's maintenance, held open in a client of its own until stdin ends.
  function hold(statement) {
    const child = spawn('mariadb', ['--no-defaults', '-uroot', `--socket=${stack.mariadb.socket}`, '--unbuffered', '-N', stack.database.name], { stdio: ['pipe', 'pipe', 'inherit'] });
    const held = new Promise((resolve) => child.stdout.once('data', resolve));
    child.stdin.write(`${statement}; SELECT 1;\n`);
    return { held, release: () => new Promise((resolve) => child.on('exit', resolve).stdin.end()) };
  }
  const slow = {
    'sessions are locked by somebody else': () => hold('LOCK TABLES session WRITE'),
    'the database says nothing': () => ({ held: freeze(stack.mariadb.pid), release: async () => process.kill(stack.mariadb.pid, 'SIGCONT') }),
  };
  for (const [what, begin] of Object.entries(slow)) {
    // All these answers come while it lasts: that is the condition, whatever the clock says.
    test(`${what}: 503 meanwhile, and nothing else waits for it`, { timeout: 120000 }, async () => {
      const lock = begin();
      await lock.held;
      try {
        const waiting = range(4).map(() => stack.ask('/private/page.txt', alice));
        for (const _ of range(50)) await freely();
        for (const _ of range(10)) served(await stack.ask('/open/page.txt'), 'a public page');
        refused(await stack.ask('/private/page.txt'), [401, 503], 'a stranger');
        for (const answer of await Promise.all(waiting)) refused(answer, [503], 'a user');
      } finally {
        await lock.release();
      }
      await recovers();
    });
  }

  test('100 kB of headers: refused or served as ever, and the worker lives on', async () => {
    const { pid } = stack.worker;
    const many = Object.fromEntries(range(90).map((i) => [`X-Long-${i}`, 'a'.repeat(1100)]));
    const shapes = {
      'many headers': many,
      'one header': { 'X-Long': 'a'.repeat(100000) },
      'one cookie': { Cookie: `a=${'b'.repeat(100000)}` },
      'many cookies': { Cookie: range(8000).map((i) => `c${i}=x`).join('; ') },
      'a long Accept': { Accept: 'text/html,'.repeat(700), 'X-Session-Id': `gps_${'A'.repeat(7000)}` },
    };
    for (const [what, headers] of Object.entries(shapes)) {
      for (const handle of [undefined, alice]) {
        let answer;
        try {
          answer = await stack.client.request('GET', '/private/page.txt', { headers: { ...(handle && { 'X-Session-Id': handle }), ...headers } });
        } catch (error) {
          assert.match(error.code ?? '', /^(ECONNRESET|EPIPE)$/, what); // the server has heard enough
          continue;
        }
        if (handle && answer.status === 200) served(answer, what);
        else refused(answer, [400, 401, 413, 431], what);
      }
    }
    assert.equal(stack.worker.pid, pid);
    assert.ok(stack.worker.running());
    await asBefore();
  });

  const bodies = () => [Buffer.from('a=b&c=d'), Buffer.alloc(0), randomBytes(70000), randomBytes(300000)];

  test('a body goes to who is behind, whole, and to nobody for a stranger', async () => {
    for (const body of bodies()) {
      const headers = { 'Content-Type': 'application/octet-stream' };
      refused(await stack.client.post('/private/echo.sh', { headers, body }), [401], 'a stranger');
      refused(await stack.client.post('/admin/echo.sh', { headers: { ...headers, 'X-Session-Id': alice }, body }), [403], 'without the role');
      const text = body.toString('hex');
      const answer = await stack.client.post('/private/echo.sh', { headers: { ...headers, 'X-Session-Id': alice }, body: text });
      assert.equal(answer.status, 200);
      assert.ok(answer.body === `${stack.secret} ${text}`, `${text.length} octets`);
    }
  });
});

// One thread, and a database that keeps it: the others wait for it, and each is answered.
for (const server of guardServers) {
  test(`${server}: overloaded: refused, one after the other, and served again`, { timeout: 180000 }, async (t) => {
    const one = { 'listen guard': { threads: 1 }, 'listen guard-tcp': { threads: 1 } };
    const stack = await startGuarded(server, { settings: one });
    t.after(() => stack.stop());
    const { session_handle: handle } = await stack.signIn(stack.users.alice);
    assert.ok(stack.has(await stack.ask('/private/page.txt', handle)));
    await freeze(stack.mariadb.pid);
    try {
      const waiting = range(8).map((i) => stack.ask('/private/page.txt', i % 4 === 3 ? undefined : handle));
      for (const _ of range(20)) assert.ok(stack.has(await stack.ask('/free/page.txt')));
      for (const answer of await Promise.all(waiting)) {
        assert.ok(!stack.has(answer));
        assert.ok([401, 500, 503].includes(answer.status), `${answer.status}`);
      }
    } finally {
      process.kill(stack.mariadb.pid, 'SIGCONT');
    }
    await until(async () => stack.has(await stack.ask('/private/page.txt', handle)), 'it serves again');
    assert.equal((await stack.ask('/private/page.txt')).status, 401);
  });
}

test('lighttpd: the snippet offers no HTTP/2, by which bodies get lost before 1.4.77', async (t) => {
  const stack = await startGuarded('lighttpd');
  t.after(() => stack.stop());
  const socket = connectTls({ host: 'localhost', port: stack.port, ca: stack.client.ca, servername: 'localhost', ALPNProtocols: ['h2', 'http/1.1'] });
  await new Promise((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject));
  assert.notEqual(socket.alpnProtocol, 'h2');
  socket.destroy();
});

test('lighttpd with HTTP/2: bodies on many streams at once: none goes to a stranger, nor to another\'s request', { timeout: 60000 }, async (t) => {
  const stack = await startGuarded('lighttpd', { append: 'server.feature-flags := ( "server.h2proto" => "enable" )' });
  t.after(() => stack.stop());
  const alice = (await stack.signIn(stack.users.alice)).session_handle;
  const admin = (await stack.signIn(stack.users.admin)).session_handle;
  const session = connect(stack.origin, { ca: stack.client.ca });
  t.after(() => session.destroy());
  const post = (path, handle, body, piece) => new Promise((resolve, reject) => {
    const stream = session.request({
      ':method': 'POST', ':path': path, 'content-type': 'application/octet-stream', 'content-length': body.length, ...(handle && { 'x-session-id': handle }),
    });
    const chunks = [];
    let status;
    stream.on('response', (head) => { status = head[':status']; });
    stream.on('data', (chunk) => chunks.push(chunk)).on('error', reject).on('close', () => resolve({ status, bytes: Buffer.concat(chunks) }));
    for (let at = 0; at < body.length; at += piece) stream.write(body.subarray(at, at + piece));
    stream.end();
  });
  let whole = 0;
  for (const piece of [1000, 16384, 1 << 20]) {
    // So many streams lighttpd takes at once.
    await Promise.all(range(8).map(async (i) => {
      const body = Buffer.concat([Buffer.from(`stream ${i} `), randomBytes(1000 + 9000 * i)]);
      const handle = [alice, undefined, admin][i % 3];
      const { status, bytes } = await post('/private/echo.sh', handle, body, piece);
      if (!handle) {
        // The server may end the stream before all has been sent.
        assert.ok(status === 401 || status === undefined, `${status}`);
        assert.ok(!bytes.includes(stack.secret) && !bytes.includes(`stream ${i} `));
        return;
      }
      assert.equal(status, 200, `${bytes.subarray(0, 200)}`);
      const echoed = bytes.subarray(stack.secret.length + 1);
      // What the web server loses, it loses from the beginning or altogether.
      assert.ok(body.subarray(body.length - echoed.length).equals(echoed), `stream ${i}: ${echoed.length} octets of ${body.length}`);
      whole += echoed.length === body.length;
    }));
  }
  assert.ok(whole > 0);
  assert.equal((await stack.ask('/private/page.txt')).status, 401);
  assert.ok(stack.has(await stack.ask('/private/page.txt', alice)));
});
