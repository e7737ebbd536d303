/** Returns the JSON of nested lists. Many levels exhaust the stack of recursive code. */
export function deepJson(levels: number): string {
  return '['.repeat(levels) + ']'.repeat(levels);
}

/** Returns the parsed value of the same lists. */
export function deepValue(levels: number): unknown {
  return JSON.parse(deepJson(levels));
}
