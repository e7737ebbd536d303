const MAX_AT_ONCE = 5;

/**
 * Runs the work on all items, at most five at the same time. Starts no more work once `goesOn` returns `false`. Returns
 * the results in the order of the items, and `undefined` for an item without a result.
 */
export async function inTurns<T, R>(
  items: readonly T[],
  work: (item: T, index: number) => Promise<R>,
  goesOn: () => boolean = () => true,
): Promise<readonly (R | undefined)[]> {
  const results: (R | undefined)[] = items.map(() => undefined);
  const rest = items.entries();
  const takeTurns = async () => {
    for (let next = rest.next(); !next.done && goesOn(); next = rest.next()) {
      const [index, item] = next.value;
      results[index] = await work(item, index);
    }
  };
  await Promise.all(Array.from({ length: MAX_AT_ONCE }, takeTurns));
  return results;
}
