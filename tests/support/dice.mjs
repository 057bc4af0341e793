// Chance that a number repeats.
import { randomInt } from 'node:crypto';

// GATEPOST_SEED, or a new one; the test prints it.
export const seedOfRun = () => (process.env.GATEPOST_SEED ? Number(process.env.GATEPOST_SEED) : randomInt(2 ** 31));

// mulberry32
export function dice(seed) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (n) => Math.floor(next() * n);
  return {
    below,
    chance: (p) => next() < p,
    pick: (list) => list[below(list.length)],
    // [[weight, thing], …]
    weighted(pairs) {
      let left = next() * pairs.reduce((sum, [weight]) => sum + weight, 0);
      for (const [weight, thing] of pairs) {
        left -= weight;
        if (left < 0) return thing;
      }
      return pairs[pairs.length - 1][1];
    },
  };
}
