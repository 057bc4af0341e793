// What /proc says of processes.
import { readdirSync, readFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';

const tick = 1e6 / Number(spawnSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }).stdout || 100);

function stat(pid) {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /, '').split(' ');
    return { parent: Number(fields[1]), micros: (Number(fields[11]) + Number(fields[12])) * tick };
  } catch {
    return undefined; // It has ended meanwhile.
  }
}

// CPU time in µs of a process with all its threads, and of its children that run.
export function cpuOf(pid) {
  const all = new Map(readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map((name) => [Number(name), stat(name)]));
  const children = (parent) => [...all.keys()].filter((one) => all.get(one)?.parent === parent);
  const sum = (one) => children(one).reduce((total, child) => total + sum(child), all.get(one)?.micros ?? 0);
  return sum(pid);
}

// Proportional set size in MB (10^6 bytes).
export const pssOf = (pid) => (Number(/^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))[1]) * 1024) / 1e6;
