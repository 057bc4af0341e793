// Native clients as they are: curl with a handle and with its cookie jar, and a language's own jar.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { source, startStack } from '../support/harness.mjs';

let stack;
before(async () => {
  stack = await startStack();
});
after(() => stack?.stop());

function curl(args, input = '') {
  const run = spawnSync('curl', ['-sS', '--noproxy', '*', '--cacert', stack.caFile, '-w', '\n%{http_code}', ...args], { input, encoding: 'utf8' });
  assert.equal(run.status, 0, run.stderr);
  const lines = run.stdout.split('\n');
  return { status: Number(lines.pop()), body: lines.join('\n') };
}

const json = ['-H', 'Content-Type: application/json', '--data-binary', '@-'];
const body = (transport) => JSON.stringify({ ...stack.users.alice, transport });

test('curl as an app: handle, list, end one, 401 at once', () => {
  const one = JSON.parse(curl([`${stack.api}/sessions`, ...json], body('handle')).body);
  const two = JSON.parse(curl([`${stack.api}/sessions`, ...json], body('handle')).body);
  const as = ({ session_handle: handle }) => ['-H', `X-Session-Id: ${handle}`];
  const list = JSON.parse(curl([`${stack.api}/sessions`, ...as(one)]).body);
  assert.equal(list.sessions.length, 2);
  assert.equal(curl(['-X', 'DELETE', `${stack.api}/sessions/${two.session.id}`, ...as(one)]).status, 204);
  assert.equal(curl([`${stack.api}/session`, ...as(two)]).status, 401);
  assert.equal(curl([`${stack.api}/session`, '-H', `Authorization: Bearer ${one.session_handle}`]).status, 200);
});

test('curl\'s cookie jar', () => {
  const jar = join(stack.dir, 'curl.jar');
  const jarred = ['-b', jar, '-c', jar];
  const signedIn = curl([`${stack.api}/sessions`, ...jarred, ...json], body('cookie'));
  assert.equal(signedIn.status, 201);
  assert.match(readFileSync(jar, 'utf8'), /#HttpOnly_localhost\tFALSE\t\/\tTRUE\t0\t__Host-gatepost\t/);
  assert.equal(curl([`${stack.api}/session`, ...jarred]).status, 200);
  assert.equal(curl(['-X', 'DELETE', `${stack.api}/session`, ...jarred]).status, 403);
  const token = JSON.parse(signedIn.body).session.csrf_token;
  assert.equal(curl(['-X', 'DELETE', `${stack.api}/session`, ...jarred, '-H', `X-CSRF-Token: ${token}`]).status, 204);
  assert.equal(curl([`${stack.api}/session`, ...jarred]).status, 401);
});

test('a jar that speaks RFC 2109, as the JDK\'s does of cookies with a Max-Age: the value in quotes', () => {
  const jar = join(stack.dir, 'remember.jar');
  assert.equal(curl([`${stack.api}/sessions`, '-c', jar, ...json], JSON.stringify({ ...stack.users.alice, transport: 'cookie', remember: true })).status, 201);
  const [, value] = /\t__Host-gatepost\t(\S+)/.exec(readFileSync(jar, 'utf8'));
  const quoted = `$Version="1"; __Host-gatepost="${value}";$Path="/";$Domain="localhost.local"`;
  assert.equal(curl([`${stack.api}/session`, '-b', quoted]).status, 200);
  assert.equal(curl([`${stack.api}/session`, '-b', quoted.replace(value, `${value}"`)]).status, 401);
});

test('a language\'s own cookie jar: Java\'s where a JDK is present, else Python\'s', () => {
  const folder = join(source, 'tests/e2e/native');
  const java = spawnSync('javac', ['-version']).status === 0;
  const command = java ? ['java', join(folder, 'CookieClient.java')] : ['python3', join(folder, 'cookie_client.py')];
  const run = spawnSync(command[0], [command[1], stack.api, stack.caFile], { input: body('cookie'), encoding: 'utf8' });
  assert.equal(run.status, 0, run.stderr);
  assert.deepEqual(run.stdout.trim().split('\n'), ['POST /sessions 201', 'GET /session 200', 'DELETE /session 204', 'GET /session 401']);
});
