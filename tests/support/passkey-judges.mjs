// What @simplewebauthn/server and Gatepost (tests/support/passkey.c) make of the same ceremonies.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { webcrypto } from 'node:crypto';
import { join } from 'node:path';
import { b64 } from './ceremonies.mjs';
import { build } from './harness.mjs';

// Node.js 18 has it, but not as a global.
globalThis.crypto ??= webcrypto;
const { verifyAuthenticationResponse, verifyRegistrationResponse } = await import('@simplewebauthn/server');
const { decodeCredentialPublicKey } = await import('@simplewebauthn/server/helpers');

export const offered = [-7, -8, -257];

/*
 * A question is {label, kind ('create' or 'get'), answer (of a browser), asked: {challenge, origin, rpId, verified}}, and of
 * 'get' the credential that both have, as `register` makes it.
 */
const line = ({ kind, answer, asked, credential }) =>
  [kind, asked.challenge, asked.origin, asked.rpId, asked.verified ? 'verified' : 'present', ...(kind === 'get' ? [credential.ours] : []), JSON.stringify(answer)].join(' ');

// {verdict, and if it is right: credential (the words that get wants), key, id, count, backedUp, verified}
function read(kind, said) {
  if (!said.startsWith('right ')) return { verdict: said };
  const words = said.split(' ');
  const [count, backedUp, verified] = [Number(words.at(-3)), words.at(-2) === 'yes', words.at(-1) === 'yes'];
  const made = kind === 'create' ? { credential: words.slice(1, 5).join(' '), key: words[2], id: words[4] } : {};
  return { verdict: 'right', ...made, count, backedUp, verified };
}

export function ours(questions) {
  const run = spawnSync(join(build, 'tests/passkey'), [], { input: questions.map((question) => `${line(question)}\n`).join(''), encoding: 'utf8', maxBuffer: 1 << 28 });
  assert.equal(run.status, 0, `${run.error ?? run.stderr}`);
  const answers = run.stdout.trim().split('\n');
  assert.equal(answers.length, questions.length);
  return answers.map((said, i) => read(questions[i].kind, said));
}

// In the form in which libfido2 keeps it.
function plainKey(cose) {
  const key = decodeCredentialPublicKey(cose);
  const parts = { 1: [-2], 2: [-2, -3], 3: [-1, -2] }[key.get(1)];
  return b64(Buffer.concat(parts.map((label) => key.get(label))));
}

async function ask({ kind, answer, asked, credential }) {
  const options = { response: answer, expectedChallenge: asked.challenge, expectedOrigin: asked.origin, expectedRPID: asked.rpId, requireUserVerification: asked.verified };
  if (kind === 'create') {
    const { verified, registrationInfo: made } = await verifyRegistrationResponse({ ...options, supportedAlgorithmIDs: offered });
    return verified ? { authenticator: made, key: () => plainKey(made.credentialPublicKey), id: b64(made.credentialID), count: made.counter, backedUp: made.credentialBackedUp, verified: made.userVerified } : undefined;
  }
  const { verified, authenticationInfo: got } = await verifyAuthenticationResponse({ ...options, authenticator: credential.theirs });
  return verified ? { count: got.newCounter, backedUp: got.credentialBackedUp, verified: got.userVerified } : undefined;
}

export async function theirs(question) {
  try {
    const said = await ask(question);
    return said ? { verdict: 'right', ...said } : { verdict: 'not verified' };
  } catch (error) {
    return { verdict: error.message };
  }
}

// Both judgements of each, and that they read the same where both take it.
export async function judge(questions) {
  const own = ours(questions);
  const results = [];
  for (const [i, question] of questions.entries()) {
    const other = await theirs(question);
    if (own[i].verdict === 'right' && other.verdict === 'right') {
      const seen = ({ count, backedUp, verified, key, id }) => ({ count, backedUp, verified, ...(question.kind === 'create' ? { key: typeof key === 'function' ? key() : key, id } : {}) });
      assert.deepEqual(seen(own[i]), seen(other), question.label);
    }
    results.push({ question, ours: own[i], theirs: other });
  }
  return results;
}

// The credential of a registration that both take.
export async function register(question) {
  const [{ ours: own, theirs: other }] = await judge([question]);
  assert.deepEqual([own.verdict, other.verdict], ['right', 'right'], question.label);
  return { ours: own.credential, theirs: other.authenticator };
}
