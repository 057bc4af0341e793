// TH-08, TH-14: who has a session has no more guesses than others; what step-up and password change then answer.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { startStack } from '../support/harness.mjs';

let stack;
before(async () => {
  stack = await startStack({ users: ['alice', 'bob'] });
});
after(() => stack?.stop());

const wrong = 'this is not the password';
const fresh = 'seven purple kettles hum quietly';

function isThrottled(answer, what) {
  assert.equal(answer.status, 429, `${what}: ${answer.body.slice(0, 200)}`);
  const seconds = Number(answer.headers['retry-after']);
  assert.ok(seconds > 0 && seconds <= 3600, `${what}: Retry-After ${answer.headers['retry-after']}`);
}

// Guesses until one is not answered 401 any more: how many were judged, and that answer.
async function guess(attempt) {
  for (let judged = 0; judged < 40; judged++) {
    const answer = await attempt();
    if (answer.status !== 401) return { judged, answer };
  }
  return assert.fail('guessing was never stopped');
}

test('by the API: 15 guesses, then 429 for step-up and password change; a right password is not judged, the session stays', async () => {
  const { session_handle: handle } = await stack.signIn(stack.users.alice);
  const call = (method, path, json) => stack.withHandle(handle, method, path, { json });
  const stepUp = (password) => call('POST', '/session/reauth', { method: 'password', password });
  const { judged, answer } = await guess(() => stepUp(wrong));
  assert.equal(judged, 15, 'ten as a known session, five of the account');
  for (const [what, refused] of [
    ['step-up', answer],
    ['step-up with the right password', await stepUp(stack.users.alice.password)],
    ['password change', await call('PUT', '/password', { current_password: stack.users.alice.password, new_password: fresh })],
  ]) {
    isThrottled(refused, what);
    assert.match(refused.headers['content-type'], /^application\/problem\+json/);
    assert.equal(refused.json.code, 'too_many_attempts');
  }
  assert.equal((await call('GET', '/session')).status, 200);
  stack.must(['throttle', 'clear', '--all']);
  assert.equal((await stepUp(stack.users.alice.password)).status, 200, 'the password is the old one');
});

test('by the pages: 429 with the form, how long to wait, and nothing that was typed', async () => {
  const visitor = stack.visitor();
  await visitor.signIn(stack.users.bob);
  const csrf_token = await visitor.token('/reauth');
  const { answer } = await guess(() => visitor.post('/reauth', { csrf_token, password: wrong }));
  const change = await visitor.post('/account/password', {
    csrf_token, current_password: stack.users.bob.password, new_password: fresh,
  });
  for (const [what, page] of [['step-up', answer], ['password change', change]]) {
    isThrottled(page, what);
    assert.match(page.headers['content-type'], /^text\/html/);
    assert.match(page.body, /too many attempts\. Please try again in \d+ (second|minute|hour)/);
    assert.match(page.body, /<form/);
    for (const typed of [wrong, fresh, stack.users.bob.password]) assert.ok(!page.body.includes(typed), what);
  }
  assert.equal((await visitor.get('/account')).status, 200, 'still signed in');
});
