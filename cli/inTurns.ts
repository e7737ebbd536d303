const MAX_AT_ONCE = 5;

/**
 * Runs the work on all items, at most five at the same time. Starts no more work once `goesOn` returns `false` or the
 * work throws. Returns the results in the order of the items, and `undefined` for an item without a result.
 *
 * @throws the first error of the work
 */
export async function inTurns<T, R>(
  items: readonly T[],
  work: (item: T, index: number) => Promise<R>,
  goesOn: () => boolean = () => true,
): Promise<readonly (R | undefined)[]> {
  const results: (R | undefined)[] = items.map(() => undefined);
  const rest = [...items.entries()];
  const takeTurns = async () => {
    for (let next = rest.shift(); next !== undefined && goesOn(); next = rest.shift()) {
      const [index, item] = next;
      results[index] = await work(item, index).catch((error: unknown) => {
        rest.length = 0;
        throw error;
      });
    }
  };
  await Promise.all(Array.from({ length: MAX_AT_ONCE }, takeTurns));
  return results;
}
