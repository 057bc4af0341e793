// What Apache and lighttpd make of each answer that an authorizer can give, by one that gives them all: why Gatepost gives
// none of the dangerous ones (guard-socket.test.mjs), and what a process that takes its port while it is down could do. A
// server that reads one of them otherwise than it did fails here.
import { describe, test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { chmodSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { END, STDOUT, record } from '../support/fastcgi.mjs';
import { guardServers, startGuarded } from '../support/guardsites.mjs';
import { freePort } from '../support/stack.mjs';

const end = (status = 0) => record(END, Buffer.from([0, 0, 0, 0, status, 0, 0, 0]));
const said = (text) => Buffer.concat([record(STDOUT, Buffer.from(text)), record(STDOUT), end()]);
const GRANT = 'granted';

// answer: the octets, then the connection is closed. What each server's client gets: GRANT, or a status. Where the shipped
// snippet has an ErrorDocument, that is of Gatepost's own, which decides anew: 401 for a stranger.
const table = {
  'Status: 200': { answer: said('Status: 200 OK\r\n\r\n'), lighttpd: GRANT, apache: GRANT },
  'Status: 200 and a variable': { answer: said('Status: 200 OK\r\nVariable-REMOTE_USER: eve\r\n\r\n'), lighttpd: GRANT, apache: GRANT },
  'no status': { answer: said('X-Other: a\r\n\r\n'), lighttpd: GRANT, apache: GRANT },
  'no status, a body': { answer: said('Content-Type: text/plain\r\n\r\nno\n'), lighttpd: GRANT, apache: GRANT },
  'an address alone': { answer: said('Location: https://localhost/auth/login\r\n\r\n'), lighttpd: GRANT, apache: GRANT },
  'a path alone': { answer: said('Location: /free/page.txt\r\n\r\n'), lighttpd: GRANT, apache: GRANT },
  'an end without output': { answer: end(), lighttpd: GRANT, apache: 500 },
  'an end without output, after an empty record': { answer: Buffer.concat([record(STDOUT), end()]), lighttpd: GRANT, apache: 500 },
  FCGI_OVERLOADED: { answer: end(2), lighttpd: GRANT, apache: 500 },
  FCGI_UNKNOWN_ROLE: { answer: end(3), lighttpd: GRANT, apache: 500 },
  FCGI_CANT_MPX_CONN: { answer: end(1), lighttpd: GRANT, apache: 500 },
  'closed at once': { answer: Buffer.alloc(0), lighttpd: 500, apache: 500 },
  'half a header': { answer: record(STDOUT, Buffer.from('Status: 200 OK\r\nVar')), lighttpd: 500, apache: 500 },
  'half a record': { answer: said('Status: 200 OK\r\n\r\n').subarray(0, 14), lighttpd: 500, apache: 500 },
  'a header before the status': { answer: said('X-Before: a\r\nStatus: 403 Forbidden\r\n\r\n'), lighttpd: 403, apache: 401 },
  'a status of refusal': { answer: said('Status: 403 Forbidden\r\n\r\n'), lighttpd: 403, apache: 401 },
  'a status of refusal, FCGI_OVERLOADED behind it': { answer: Buffer.concat([record(STDOUT, Buffer.from('Status: 503 Service Unavailable\r\n\r\n')), end(2)]), lighttpd: 503, apache: 401 },
  'Status: 204': { answer: said('Status: 204 No Content\r\n\r\n'), lighttpd: 204, apache: 204 },
  'Status: 303': { answer: said('Status: 303 See Other\r\nLocation: https://localhost/x\r\n\r\n'), lighttpd: 303, apache: 303 },
  'a refusal with a variable': { answer: said('Status: 418 Teapot\r\nVariable-REMOTE_USER: eve\r\n\r\n'), lighttpd: 418, apache: 418, header: ['variable-remote_user', { lighttpd: 'eve', apache: 'eve' }] },
  'a body that is a path': { answer: said('Status: 429 Too Many Requests\r\nContent-Type: text/plain\r\n\r\n/free/page.txt'), lighttpd: 429, apache: 429, bytes: 'apache' },
  'a body that is an address': { answer: said('Status: 418 Teapot\r\nContent-Type: text/plain\r\n\r\nhttp://evil.test/'), lighttpd: 418, apache: 302, header: ['location', { apache: 'http://evil.test/' }] },
};

for (const server of guardServers) describe(server, () => {
  let stack, fake, answer;
  let asked = 0;
  before(async () => {
    const port = await freePort();
    stack = await startGuarded(server, { guard: server === 'apache' ? `fcgi://127.0.0.1:${port}/` : '@DIR@/run/fake.sock' });
    // Everything that comes is answered alike, once its parameters have ended.
    fake = createServer((socket) => {
      let got = Buffer.alloc(0);
      socket.on('error', () => {}).on('data', (chunk) => {
        got = Buffer.concat([got, chunk]);
        for (let at = 0; at + 8 <= got.length; at += 8 + got.readUInt16BE(at + 4) + got[at + 6]) {
          if (got[at + 1] !== 4 || got.readUInt16BE(at + 4) !== 0 || socket.writableEnded) continue;
          asked++;
          socket.end(answer);
        }
      });
    });
    const address = server === 'apache' ? { port, host: '127.0.0.1' } : { path: join(stack.dir, 'run/fake.sock') };
    await new Promise((resolve, reject) => { fake.once('error', reject).listen(address, resolve); });
    if (address.path) chmodSync(address.path, 0o666);
  });
  after(async () => {
    await stack?.stop();
    fake?.close();
  });

  for (const [what, { answer: octets, header, bytes, ...made }] of Object.entries(table)) {
    test(`${what}: ${made[server]}`, async () => {
      answer = octets;
      const before = asked;
      const got = await stack.ask('/private/page.txt');
      assert.equal(asked, before + 1, 'it was asked');
      const isGranted = got.body.includes(`${stack.secret} of private`);
      assert.equal(isGranted ? GRANT : got.status, made[server], got.body.slice(0, 300));
      if (isGranted) assert.equal(got.status, 200);
      if (header) assert.equal(got.headers[header[0]], header[1][server]);
      // Apache goes to what a body names, whatever that is.
      assert.equal(got.body.includes(`${stack.secret} of free`), bytes === server);
    });
  }

  test('nobody listens: refused', async () => {
    await new Promise((resolve) => { fake.close(resolve); });
    const got = await stack.ask('/private/page.txt');
    assert.ok(!stack.has(got));
    assert.equal(got.status, server === 'apache' ? 500 : 503);
  });
});
