// The release build below the build folder: made once, by one test at a time.
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const source = process.env.GATEPOST_SOURCE ?? join(dirname(fileURLToPath(import.meta.url)), '../..');

export const release = join(process.env.GATEPOST_BUILD ?? join(source, 'build/dev'), 'release');

// Throws with what the compiler said; a warning is an error.
export function buildRelease() {
  for (const args of [['cmake', '--preset', 'release', '-B', release, '-DGATEPOST_WERROR=ON'], ['cmake', '--build', release]]) {
    const done = spawnSync('flock', [`${release}.lock`, ...args], { cwd: source, encoding: 'utf8', maxBuffer: 1 << 26 });
    if (done.error) throw done.error;
    if (done.status !== 0) throw new Error(`${args.join(' ')}: ${(done.stdout + done.stderr).slice(-4000)}`);
  }
}
