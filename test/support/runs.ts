/** Returns the number of cases for a property. `npm run test:long` runs all, and `npm test` a tenth. */
export function runs(whole: number): { readonly numRuns: number } {
  return { numRuns: process.env['LATCHKEY_TEST_RUNS'] === 'whole' ? whole : whole / 10 };
}
