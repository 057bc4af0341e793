// The release build that is measured, below build/bench. Sets where tests/support looks for programs: import it first.
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
export const build = join(root, 'build/bench');
process.env.GATEPOST_BUILD = build;
process.env.GATEPOST_SOURCE = root;

// A measuring program: bench('bare').
export const bench = (name) => join(build, `bench/bench_${name}`);

export function must(command, args, options = {}) {
  const run = spawnSync(command, args, { encoding: 'utf8', ...options });
  if (run.status !== 0) throw new Error(`${command}: ${run.stderr ?? ''}${run.stdout ?? ''}${run.error ?? ''}`);
  return run.stdout;
}

export function makeBuild() {
  must('cmake', ['--preset', 'release', '-B', build, '-DGATEPOST_BENCH=ON', '-DGATEPOST_TESTS=OFF'], { cwd: root });
  must('cmake', ['--build', build], { cwd: root });
}
