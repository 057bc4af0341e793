// CS-08: CORS headers only for exactly listed origins, never with credentials, never reflected.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { startStack } from '../support/harness.mjs';

const listed = 'https://app.example.org';
let stack;
before(async () => {
  stack = await startStack({ users: ['alice'], settings: { cors: { origins: listed } } });
});
after(() => stack?.stop());

const path = '/auth/api/v1/session';

test('a listed origin may read, and its preflight is answered', async () => {
  const { session_handle: handle } = await stack.signIn(stack.users.alice);
  const read = await stack.client.get(path, { headers: { Origin: listed, 'X-Session-Id': handle } });
  assert.equal(read.status, 200);
  assert.equal(read.headers['access-control-allow-origin'], listed);
  assert.match(read.headers.vary, /Origin/);
  assert.equal(read.headers['access-control-allow-credentials'], undefined);
  const preflight = await stack.client.request('OPTIONS', path, {
    headers: { Origin: listed, 'Access-Control-Request-Method': 'DELETE', 'Access-Control-Request-Headers': 'x-session-id' },
  });
  assert.equal(preflight.status, 204);
  assert.equal(preflight.headers['access-control-allow-origin'], listed);
  assert.match(preflight.headers['access-control-allow-methods'], /DELETE/);
  assert.match(preflight.headers['access-control-allow-headers'].toLowerCase(), /x-session-id/);
});

test('no other origin gets a header', async () => {
  for (const origin of ['https://evil.test', 'null', `${listed}.evil.test`, `${listed}:443`, 'http://app.example.org', listed.toUpperCase(), '*']) {
    const answer = await stack.client.get(path, { headers: { Origin: origin } });
    for (const name of Object.keys(answer.headers)) assert.ok(!name.startsWith('access-control-'), `${origin}: ${name}`);
  }
});
