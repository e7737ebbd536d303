/** How the requests spread over the keys: alike, or the n-th key with a share of 1/n (Zipf's law with the exponent 1). */
export type Popularity = 'uniform' | 'zipf';

/** The share of the requests that each key has; together 1. */
export function sharesOf(popularity: Popularity, keys: number): readonly number[] {
  const weights = Array.from({ length: keys }, (_, index) => (popularity === 'zipf' ? 1 / (index + 1) : 1));
  const sum = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / sum);
}

/** Draws the index of a key by these shares. */
export function keyPicker(shares: readonly number[], random: () => number): () => number {
  let sum = 0;
  const upTo = shares.map((share) => (sum += share));
  return () => {
    const drawn = random() * sum;
    let low = 0;
    let high = upTo.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((upTo[middle] ?? 0) <= drawn) low = middle + 1;
      else high = middle;
    }
    return low;
  };
}
