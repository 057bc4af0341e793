// Effect size of a difference between two samples.

/*
 * Vargha and Delaney's A12: how often a value of the first is the greater one, ties half; 0.5 is no difference, 0 and 1
 * no overlap. Unlike a test of significance it does not grow with the number of samples.
 */
export function a12(first, second) {
  if (first.length === 0 || second.length === 0) throw new Error('a12 wants samples');
  const all = [...first.map((value) => ({ value, mine: true })), ...second.map((value) => ({ value, mine: false }))].sort((a, b) => a.value - b.value);
  let ranks = 0;
  for (let at = 0; at < all.length;) {
    let end = at;
    while (end < all.length && all[end].value === all[at].value) end++;
    const rank = (at + 1 + end) / 2; // the middle of those that are equal
    for (; at < end; at++) if (all[at].mine) ranks += rank;
  }
  return (ranks / first.length - (first.length + 1) / 2) / second.length;
}

export const effect = (first, second) => Math.abs(a12(first, second) - 0.5);

// A copy in an order that dice (0 ≤ dice() < 1) decide.
export function shuffled(list, dice = Math.random) {
  const copy = [...list];
  for (let i = copy.length - 1; i > 0; i--) {
    const j = Math.floor(dice() * (i + 1));
    [copy[i], copy[j]] = [copy[j], copy[i]];
  }
  return copy;
}
