const NUMBER = new Intl.NumberFormat('en');

/** Returns a whole number with separators, such as `2,990`. */
export function numberText(count: number): string {
  return NUMBER.format(count);
}

/** Returns a count with its noun, such as `2,990 keys`, `1 entry` or `no keys`. */
export function countText(count: number, one: string, several = `${one}s`): string {
  return `${count === 0 ? 'no' : numberText(count)} ${count === 1 ? one : several}`;
}
