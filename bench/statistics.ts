/** The middle of what was measured, and how far it spread. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** @throws Error where there is no value, or one that is no number */
export function spreadOf(values: readonly number[]): Spread {
  if (values.length === 0 || !values.every(Number.isFinite)) throw new Error('wanted at least one number');
  const sorted = values.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return {
    median: (at(sorted, Math.floor(middle)) + at(sorted, Math.ceil(middle))) / 2,
    min: at(sorted, 0),
    max: at(sorted, sorted.length - 1),
  };
}

/** How many times the base a case took, round by round: what slows a whole round down cancels out. */
export function pairedRatios(values: readonly number[], base: readonly number[]): readonly number[] {
  if (values.length !== base.length) throw new Error('wanted as many rounds of each');
  return values.map((value, round) => value / at(base, round));
}

function at(values: readonly number[], index: number): number {
  const value = values[index];
  if (value === undefined) throw new Error(`wanted a value at ${index}`);
  return value;
}
