/** The same in an order drawn anew. `random` gives numbers from 0 to 1, and never 1. */
export function shuffled<T>(items: readonly T[], random: () => number = Math.random): readonly T[] {
  const order = items.map((item) => ({ item, key: random() }));
  return order.toSorted((a, b) => a.key - b.key).map(({ item }) => item);
}
