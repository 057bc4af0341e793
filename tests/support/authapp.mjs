// An authenticator app: oathtool, which is not ours.
import { spawnSync } from 'node:child_process';
import { until } from './stack.mjs';

const STEP = 30;
const seconds = () => Math.floor(Date.now() / 1000);

// The six digits of a secret (base32) that show so many steps from now.
export function codeOf(secret, steps = 0) {
  const done = spawnSync('oathtool', ['--totp', '--base32', '--now', `@${seconds() + STEP * steps}`, '-'], { input: secret, encoding: 'utf8' });
  if (done.status !== 0) throw new Error(`oathtool: ${done.error ?? done.stderr}`);
  return done.stdout.trim();
}

// A code that is right neither now nor in the steps around.
export function wrongCodeOf(secret) {
  const right = [-2, -1, 0, 1, 2].map((steps) => codeOf(secret, steps));
  for (let i = 0; ; i++) {
    const code = String(i).padStart(6, '0');
    if (!right.includes(code)) return code;
  }
}

// No step ends within the next seconds: what a code is of stays so while a test uses two.
export const inStep = () => until(() => seconds() % STEP < STEP - 5, 'a step has time left');
