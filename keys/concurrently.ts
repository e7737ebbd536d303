/**
 * Runs the work on all items, at most `limit` at the same time. Starts no more work once the work throws.
 *
 * @throws the first error of the work
 */
export async function concurrently<T>(
  items: Iterable<T>,
  limit: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const left = items[Symbol.iterator]();
  const failure = new AbortController();
  const takeTurns = async () => {
    for (let next = left.next(); next.done !== true && !failure.signal.aborted; next = left.next()) {
      await work(next.value).catch((error: unknown) => {
        failure.abort();
        throw error;
      });
    }
  };
  await Promise.all(Array.from({ length: limit }, takeTurns));
}
