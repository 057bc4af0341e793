// MF-02, MF-03: codes that oathtool makes, of random secrets at random times and at the edges of steps.
import test from 'node:test';
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import { join } from 'node:path';
import { build } from '../support/harness.mjs';

const run = (program, args, input) => {
  const done = spawnSync(program, args, { input, encoding: 'utf8' });
  assert.equal(done.status, 0, `${program}: ${done.error ?? done.stderr}`);
  return done.stdout.trim().split('\n');
};
const oracle = (key, seconds, ...more) => run('oathtool', ['--totp', '--now', `@${seconds}`, ...more, '-'], key)[0];
const ours = (questions) => run(join(build, 'tests', 'totp'), [], questions.map((question) => `${question.join(' ')}\n`).join(''))
  .map((line) => line.split(' '));
const edges = [0, 29, 30, 59, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32];

test('what oathtool makes is right for its step and the next, not before and not after', () => {
  const times = [...edges, ...Array.from({ length: 32 }, () => randomInt(0, 2 ** 33))];
  const made = times.map((seconds) => {
    const secret = randomBytes(20).toString('hex');
    const near = [-2, -1, 0, 1, 2].map((off) => seconds + 30 * off).filter((at) => at >= 0);
    return { secret, seconds, near, step: Math.floor(seconds / 30), code: oracle(secret, seconds) };
  });
  // Near codes that happen to be the same would be right too.
  const codes = new Map(made.flatMap(({ secret, near }) => near.map((at) => [`${secret} ${Math.floor(at / 30)}`, oracle(secret, at)])));
  const questions = made.flatMap(({ secret, near, code }) => near.map((at) => [secret, code, at * 1e6 + randomInt(0, 1e6)]));
  const answers = ours(questions);
  assert.equal(answers.length, questions.length);
  let right = 0;
  questions.forEach(([secret, code, now], i) => {
    const step = Math.floor(now / 30e6);
    const wanted = [step, step - 1].find((one) => codes.get(`${secret} ${one}`) === code);
    assert.equal(answers[i][1], wanted === undefined ? 'wrong' : `${wanted}`, `${secret} ${code} at ${now}`);
    right += wanted === undefined ? 0 : 1;
  });
  assert.ok(right >= 2 * made.length, `${right} were right`);
});

test('oathtool makes the same code of the secret that a person types', () => {
  const secrets = Array.from({ length: 16 }, () => randomBytes(20).toString('hex'));
  const seconds = 1800000000;
  const typed = ours(secrets.map((secret) => [secret, '000000', 0])).map(([text]) => text);
  secrets.forEach((secret, i) => {
    assert.match(typed[i], /^[A-Z2-7]{32}$/);
    assert.equal(oracle(typed[i], seconds, '--base32'), oracle(secret, seconds));
  });
});
