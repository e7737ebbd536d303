/** Returns the JSON of nested lists. Many levels exhaust the stack of recursive code. */
export function deepJson(levels: number): string {
  return '['.repeat(levels) + ']'.repeat(levels);
}

/** Returns the same lists as a value. */
export function deepValue(levels: number): unknown {
  return JSON.parse(deepJson(levels));
}
