// Requests of which a half comes: through the web server, which holds them, and straight at the worker's socket.
import { describe, test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { connect as connectUnix } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { join } from 'node:path';
import { startStack } from '../support/harness.mjs';

const THREADS = 8;
const api = '/auth/api/v1';

// A FastCGI record (specification §3.3).
function record(type, content) {
  const head = Buffer.from([1, type, 0, 1, content.length >> 8, content.length & 255, 0, 0]);
  return Buffer.concat([head, content]);
}
const begin = record(1, Buffer.from([0, 1, 0, 0, 0, 0, 0, 0]));
function params(pairs) {
  return Buffer.concat(Object.entries(pairs).map(([name, value]) => {
    const length = (text) => (text.length < 128 ? Buffer.from([text.length]) : Buffer.from([0x80, 0, text.length >> 8, text.length & 255]));
    return Buffer.concat([length(name), length(value), Buffer.from(name), Buffer.from(value)]);
  }));
}
function whole(stack, body) {
  const all = params({
    REQUEST_METHOD: 'POST', REQUEST_URI: `${api}/sessions`, SERVER_PROTOCOL: 'HTTP/1.1', HTTPS: 'on', HTTP_HOST: `localhost:${stack.port}`,
    REMOTE_ADDR: '127.0.0.1', CONTENT_TYPE: 'application/json', CONTENT_LENGTH: String(body.length),
  });
  return Buffer.concat([begin, record(4, all), record(4, Buffer.alloc(0)), record(5, Buffer.from(body)), record(5, Buffer.alloc(0))]);
}

// A connection that sends these bytes and then says no more: {socket, closed, text()}.
function sender(socket, event, bytes) {
  let text = '';
  socket.setEncoding('latin1').on('data', (chunk) => {
    text += chunk;
  });
  socket.on('error', () => {});
  const closed = new Promise((resolve) => socket.once('close', resolve));
  const sent = new Promise((resolve) => socket.once(event, () => socket.write(bytes, resolve)));
  return { socket, sent, closed, text: () => text };
}
for (const desk of ['yes', 'no']) describe(`desk = ${desk}`, () => {
  let stack;
  let handle;
  before(async () => {
    stack = await startStack({ settings: { server: { desk }, 'listen web': { threads: THREADS } } });
    handle = (await stack.signIn(stack.users.alice)).session_handle;
  });
  after(() => stack?.stop());

  const direct = (bytes) => sender(connectUnix(join(stack.dir, 'run/gatepost.sock')), 'connect', bytes);
  const throughServer = (bytes) =>
    sender(connectTls({ host: 'localhost', port: stack.port, ca: stack.client.ca, servername: 'localhost' }), 'secureConnect', bytes);

  async function assertServed(times) {
    for (let i = 0; i < times; i++) {
      const began = process.hrtime.bigint();
      assert.equal((await stack.withHandle(handle, 'GET', '/session')).status, 200);
      assert.ok(Number(process.hrtime.bigint() - began) < 3e9, 'at once');
    }
  }

  test('200 visitors that send half a head or half a body are no burden: lighttpd holds them', async () => {
    const body = JSON.stringify({ ...stack.users.bob, transport: 'handle' });
    const head = `POST ${api}/sessions HTTP/1.1\r\nHost: localhost:${stack.port}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n`;
    const halves = [head, head.slice(0, 40), `${head}\r\n`, `${head}\r\n${body.slice(0, 20)}`];
    const senders = Array.from({ length: 200 }, (_, i) => throughServer(halves[i % halves.length]));
    await Promise.all(senders.map(({ sent }) => sent));
    await assertServed(50);
    for (const { socket } of senders) socket.destroy();
    await Promise.all(senders.map(({ closed }) => closed));
    await assertServed(10);
    assert.equal(stack.count("session s JOIN user u ON u.id = s.user_id WHERE u.username = 'bob'"), 0, 'half a sign-in is none');
  });

  test('half requests straight at the socket: the others are served meanwhile, and afterwards all threads are there again', async () => {
    const bytes = whole(stack, JSON.stringify({ ...stack.users.bob, transport: 'handle' }));
    // Cut everywhere: in a record's head, in the parameters, between two records, in the body.
    for (let round = 0; round < 12; round++) {
      const cuts = Array.from({ length: THREADS - 2 }, (_, i) => 1 + Math.floor(((round * (THREADS - 2) + i) * (bytes.length - 2)) / (12 * (THREADS - 2))));
      const senders = cuts.map((at) => direct(bytes.subarray(0, at)));
      await Promise.all(senders.map(({ sent }) => sent));
      await assertServed(4);
      for (const { socket } of senders) socket.destroy();
      await Promise.all(senders.map(({ closed }) => closed));
    }
    await assertServed(10);
    // As many at once as there are threads: none hangs.
    const all = await Promise.all(Array.from({ length: 4 * THREADS }, () => stack.withHandle(handle, 'GET', '/session')));
    assert.ok(all.every(({ status }) => status === 200));
    assert.equal(stack.count("session s JOIN user u ON u.id = s.user_id WHERE u.username = 'bob'"), 0, 'half a sign-in is none');
  });

  test('more half requests than threads: when they go, all that waited is served', async () => {
    const bytes = whole(stack, '{}');
    const senders = Array.from({ length: 10 * THREADS }, (_, i) => direct(bytes.subarray(0, 4 + (i % 30))));
    await Promise.all(senders.map(({ sent }) => sent));
    const waiting = Array.from({ length: 10 }, () => stack.withHandle(handle, 'GET', '/session'));
    for (const { socket } of senders) socket.destroy();
    assert.ok((await Promise.all(waiting)).every(({ status }) => status === 200));
    await assertServed(10);
  });

  test('who connects and says nothing, or stops in the middle, keeps no thread for ever', { timeout: 120000 }, async () => {
    const bytes = whole(stack, '{}');
    const asked = () => stack.withHandle(handle, 'GET', '/session');
    // Silent from the beginning: two seconds each, on all threads at once.
    const silent = Array.from({ length: THREADS }, () => direct(Buffer.alloc(0)));
    await Promise.all(silent.map(({ sent }) => sent));
    assert.equal((await asked()).status, 200);
    await Promise.all(silent.map(({ closed }) => closed));
    // Silent later: half a minute.
    const halves = Array.from({ length: THREADS }, (_, i) => direct(bytes.subarray(0, 20 + i)));
    await Promise.all(halves.map(({ sent }) => sent));
    const began = process.hrtime.bigint();
    assert.equal((await asked()).status, 200);
    await Promise.all(halves.map(({ closed }) => closed));
    const seconds = Number(process.hrtime.bigint() - began) / 1e9;
    // The desk takes half requests off everybody's way; threads wait for them as long as for a body.
    assert.ok(seconds > (desk === 'yes' ? 3 : 10) && seconds < 60, `${seconds} s`);
    await assertServed(10);
  });

  test('the whole request, in pieces of one octet, is one request', async () => {
    const bytes = whole(stack, JSON.stringify({ ...stack.users.bob, transport: 'handle' }));
    const { socket, sent, closed, text } = direct(bytes.subarray(0, 1));
    socket.setNoDelay?.(true);
    await sent;
    for (let at = 1; at < bytes.length; at++) await new Promise((resolve) => socket.write(bytes.subarray(at, at + 1), resolve));
    await closed;
    assert.match(text(), /Status: 201/);
  });
});
