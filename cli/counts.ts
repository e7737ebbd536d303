const NUMBER = new Intl.NumberFormat('en');

/** Returns a whole number with separators, such as `2,990`. */
export function numberText(count: number): string {
  return NUMBER.format(count);
}

/** Returns a count with its noun, such as `2,990 keys`, `1 entry` or `no keys`. */
export function countText(count: number, one: string, several = `${one}s`): string {
  return `${count === 0 ? 'no' : numberText(count)} ${count === 1 ? one : several}`;
}

const MAX_LISTED = 20;

/** Returns quoted texts, such as `"a", "b", and 3 more`. */
export function listTexts(texts: readonly string[]): string {
  const listed = texts.slice(0, MAX_LISTED).map((text) => JSON.stringify(text));
  const more = texts.length > MAX_LISTED ? [`and ${numberText(texts.length - MAX_LISTED)} more`] : [];
  return [...listed, ...more].join(', ');
}
