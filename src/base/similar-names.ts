/** Returns at most `count` names the user may have meant, nearest first: they contain the given name, share its beginning, or differ by a typo. */
export function findSimilarNames(name: string, candidates: readonly string[], count = 5): string[] {
  return candidates
    .map((candidate) => ({ candidate, distance: distanceOf(name, candidate) }))
    .filter(({ distance }) => distance <= Math.max(2, Math.floor(name.length / 3)))
    .sort((a, b) => a.distance - b.distance || a.candidate.localeCompare(b.candidate))
    .slice(0, count)
    .map(({ candidate }) => candidate)
}

function distanceOf(name: string, candidate: string): number {
  if (candidate.includes(name) || (candidate.length >= 3 && name.includes(candidate))) return 0
  const [stem] = name.split('-')
  if (stem !== undefined && stem.length >= 3 && candidate.startsWith(stem)) return 1
  return editDistance(name.slice(0, 64), candidate.slice(0, 64))
}

/** Returns whether a name is a typo of another: one letter differs, or letters are swapped. */
export function isTypo(name: string, meant: string): boolean {
  const sort = (text: string) => [...text].sort().join('')
  return sort(name) === sort(meant) || editDistance(name.slice(0, 64), meant.slice(0, 64)) === 1
}

/** Returns the Levenshtein distance, computed one row at a time. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}
