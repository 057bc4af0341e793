// TK-22: signing keys are rotated again and again while clients work with two workers: no valid token is refused.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { randomBytes, webcrypto } from 'node:crypto';
import { freeze, start, until } from '../support/stack.mjs';
import { programs, startStack } from '../support/harness.mjs';
import { accessToken } from '../support/services.mjs';

// Node.js 18 has it, but not as a global.
globalThis.crypto ??= webcrypto;
const jose = await import('jose');

const CLIENTS = 8;
const ROTATIONS = 4;
const audience = 'https://orders.example';

let stack;
before(async () => {
  stack = await startStack({ users: ['alice'], sharing: 2, settings: { 'client app': { audience } } });
});
after(() => stack?.stop());

const headers = { 'User-Agent': 'Example/1.0' };
const keys = () => JSON.parse(stack.must(['key', 'list', '--json']).stdout).keys;
const the = (state) => keys().find((key) => key.state === state).kid;
const kidOf = (token) => jose.decodeProtectedHeader(token).kid;
// So long ago that all who keep the published keys know the next one.
const age = () => stack.sql('UPDATE signing_key SET made_at = made_at - 3600000000 WHERE state = 1');
const jwks = async () => (await stack.client.get('/auth/.well-known/jwks.json')).json;
const check = (token) => stack.client.get('/auth/api/v1/session', { headers: { Authorization: `Bearer ${token}` } });

// With only this worker: the other takes nothing meanwhile.
async function by(worker, act) {
  const others = stack.workers.filter((other) => other !== worker);
  try {
    for (const { pid } of others) await freeze(pid);
    return await act();
  } finally {
    for (const { pid } of others) process.kill(pid, 'SIGCONT');
  }
}

const knows = (worker, kid) => by(worker, async () => (await jwks()).keys.some((key) => key.kid === kid));
async function allKnow(kid, seconds) {
  for (const worker of stack.workers) await until(() => knows(worker, kid), 'the worker knows the key', seconds);
}

async function reload() {
  const lines = () => stack.workerLog().filter(({ event }) => event === 'reloaded').length;
  const before = lines();
  for (const { pid } of stack.workers) process.kill(pid, 'SIGHUP');
  await until(() => lines() >= before + stack.workers.length, 'the workers have reloaded');
}

async function signIn() {
  const answer = await stack.client.post('/auth/api/v1/sessions', { json: { ...stack.users.alice, transport: 'token' }, headers });
  assert.equal(answer.status, 201, answer.body);
  return answer.json;
}

// Programs that check with any token that has not expired, refresh, and have each new one verified elsewhere.
function load() {
  const remote = jose.createRemoteJWKSet(new URL(`${stack.base}/.well-known/jwks.json`), {
    cooldownDuration: 0,
    [jose.customFetch]: async () => new Response(JSON.stringify(await jwks())),
  });
  const running = { going: true, refused: [], checks: 0, newest: [] };
  const verify = (token) => jose.jwtVerify(token, remote, { issuer: stack.base, audience, typ: 'at+jwt' });
  const client = async (i) => {
    let { access_token: access, refresh_token: refresh } = await signIn();
    const tokens = [access];
    while (running.going) {
      running.newest[i] = access;
      await verify(access).catch((error) => running.refused.push(`jose: ${error.message}`));
      // The oldest one of all, the newest, and one between.
      for (const token of [tokens[0], access, tokens[tokens.length >> 1]]) {
        const answer = await check(token);
        if (answer.status !== 200) running.refused.push(`${answer.status} ${answer.body}`);
        running.checks++;
      }
      const answer = await stack.client.post('/auth/oauth/token', { form: { grant_type: 'refresh_token', refresh_token: refresh }, headers });
      assert.equal(answer.status, 200, answer.body);
      ({ access_token: access, refresh_token: refresh } = answer.json);
      tokens.push(access);
    }
    return tokens;
  };
  const all = Promise.all(Array.from({ length: CLIENTS }, (_, i) => client(i)));
  all.catch(() => {});
  return Object.assign(running, {
    async stop() {
      running.going = false;
      return all;
    },
  });
}

test(`${ROTATIONS} rotations under load: who kept the keys from before knows each new one, and no valid token is refused`, { timeout: 300000 }, async (t) => {
  const running = load();
  t.after(() => running.stop());
  await until(() => running.newest.filter(Boolean).length === CLIENTS, 'all work');
  for (let i = 0; i < ROTATIONS; i++) {
    const kept = jose.createLocalJWKSet(await jwks());
    const next = the('next');
    age();
    stack.must(['key', 'rotate']);
    assert.equal(the('active'), next);
    // On their own within a minute; the others are told, so that this ends sooner.
    if (i > 0) await reload();
    await allKnow(the('next'), 60);
    await until(() => running.newest.every((token) => kidOf(token) === next), 'all have tokens of the new key', 60);
    for (const token of running.newest) await jose.jwtVerify(token, kept, { issuer: stack.base, audience });
    assert.deepEqual(running.refused, []);
  }
  const tokens = (await running.stop()).flat();
  assert.deepEqual(running.refused, []);
  assert.ok(new Set(tokens.map(kidOf)).size >= ROTATIONS + 1, 'tokens of every key were in use');
  t.diagnostic(`${tokens.length} tokens, ${running.checks} checks`);
});

test('two rotations at once: one happens, and what it made is whole', { timeout: 120000 }, async () => {
  for (let i = 0; i < 3; i++) {
    age();
    const [next, before] = [the('next'), keys().length];
    const runs = [0, 1].map(() => start(programs.ctl, ['--config', stack.config.file, 'key', 'rotate']));
    const codes = (await Promise.all(runs.map(({ exited }) => exited))).map(({ code }) => code);
    assert.deepEqual(codes.sort(), [0, 1], runs.map((run) => run.output()).join('\n'));
    const now = keys();
    assert.equal(now.length, before + 1);
    for (const state of ['active', 'next']) assert.equal(now.filter((key) => key.state === state).length, 1, state);
    assert.equal(the('active'), next);
  }
});

test('an unknown key makes a worker look once: known from then on; names that nobody made, hardly ever', { timeout: 120000 }, async () => {
  const { access_token: mine } = await signIn();
  await reload();
  // Twice: now a key signs that no worker has seen yet.
  for (let i = 0; i < 2; i++) {
    age();
    stack.must(['key', 'rotate']);
  }
  const token = accessToken(stack, 'alice');
  for (const worker of stack.workers) {
    // Not more often than every few seconds, whoever asked last.
    await by(worker, () => until(async () => (await check(token)).status === 200, 'the worker takes it', 30));
    assert.ok(await knows(worker, kidOf(token)));
  }

  const [header, payload, signature] = mine.split('.');
  const forged = () => {
    const head = { ...JSON.parse(Buffer.from(header, 'base64url')), kid: randomBytes(32).toString('base64url') };
    return [Buffer.from(JSON.stringify(head)).toString('base64url'), payload, signature].join('.');
  };
  const began = Date.now();
  stack.mariadb.sql("SET GLOBAL log_output = 'TABLE'; TRUNCATE mysql.general_log; SET GLOBAL general_log = ON");
  try {
    for (let i = 0; i < 100; i++) assert.equal((await check(forged())).status, 401);
  } finally {
    stack.mariadb.sql('SET GLOBAL general_log = OFF');
  }
  const seconds = (Date.now() - began) / 1000;
  const looks = stack.mariadb.sql("SELECT 1 FROM mysql.general_log WHERE command_type = 'Execute' AND argument LIKE '%FROM signing_key%'").length;
  // Of each worker: one, one more every 5 s, and its housekeeper's two every half a minute.
  const most = stack.workers.length * (1 + Math.floor(seconds / 5) + 2 * (1 + Math.floor(seconds / 30)));
  assert.ok(looks <= most, `${looks} looks in ${seconds} s`);
  assert.equal((await check(mine)).status, 200);
});
