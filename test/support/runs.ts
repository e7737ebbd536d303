/** Returns the number of cases for a property: all with `npm run test:long`, a tenth with `npm test`. */
export function runs(whole: number): { readonly numRuns: number } {
  return { numRuns: process.env['LATCHKEY_TEST_RUNS'] === 'whole' ? whole : whole / 10 };
}
