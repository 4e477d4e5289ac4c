/** The name nearest to what was written, if less than half of it would have to change. */
export function nearest(written: string, names: string[]): string | undefined {
  const near = names
    .map((name) => ({ name, distance: distance(written.toLowerCase(), name.toLowerCase()) }))
    .filter((candidate) => candidate.distance * 2 < candidate.name.length)
    .sort((a, b) => a.distance - b.distance);
  return near[0]?.name;
}

/** Levenshtein's: how many characters are other, missing or too many. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1));
    }
    row = next;
  }
  return row[b.length];
}
