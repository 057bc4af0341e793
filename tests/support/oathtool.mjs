// An authenticator app that is not ours.
import { spawnSync } from 'node:child_process';
import { until } from './stack.mjs';

// The six digits of now, or of so many seconds from now.
export function code(secret, ahead = 0) {
  const run = spawnSync('oathtool', ['--totp', '--base32', '--now', `@${Math.floor(Date.now() / 1000) + ahead}`, '-'], { input: secret, encoding: 'utf8' });
  if (run.status !== 0) throw new Error(`oathtool: ${run.stderr}`);
  return run.stdout.trim();
}

// The code of the step before is good in this one, and stays so for a while: this one's is left for what comes next.
export async function formerCode(secret) {
  await until(() => Date.now() % 30000 < 15000, 'half of a step is left');
  return code(secret, -30);
}

// A code that is right neither now nor in the steps around.
export function wrongCode(secret) {
  const right = [-60, -30, 0, 30, 60].map((ahead) => code(secret, ahead));
  for (let i = 0; ; i++) {
    const typed = String(i).padStart(6, '0');
    if (!right.includes(typed)) return typed;
  }
}
