/** JSON text of so many lists in each other: far more of them exhaust the stack of whatever walks through them by recursion. */
export function deepJson(levels: number): string {
  return '['.repeat(levels) + ']'.repeat(levels);
}

/** That JSON as a value. */
export function deepValue(levels: number): unknown {
  return JSON.parse(deepJson(levels));
}
