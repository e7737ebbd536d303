/** Splits a text into very small chunks, because a reader must not depend on the chunks' boundaries. */
export async function* splitIntoChunks(text: string, size = 7): AsyncGenerator<string> {
  const characters = Array.from(text);
  for (let start = 0; start < characters.length; start += size) yield characters.slice(start, start + size).join('');
}

/** Collects the values of an iterable. */
export async function toArray<T>(iterable: AsyncIterable<T>): Promise<readonly T[]> {
  const items: T[] = [];
  for await (const item of iterable) items.push(item);
  return items;
}
