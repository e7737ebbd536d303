/** An entry of a file before its fields are read, or the problem with it. */
export type Row =
  { readonly position: number; readonly value: unknown } | { readonly position: number; readonly problem: string };

/** The problem with an entry that isn't an object. */
export const NOT_AN_OBJECT = 'expected one JSON object';

/** Returns whether the value of an entry is an object. A list isn't. */
export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
