/** A mutation of bytes. */
export interface ByteMutation {
  /** Selects the kind of mutation, modulo the number of kinds. */
  readonly way: number;
  /** The position, modulo the length. */
  readonly at: number;
  /** A byte, a length or a word, depending on the kind. */
  readonly value: number;
}

/** Parts of JSON and of events, which mutations of single bytes rarely produce. */
const WORDS = [
  '"__proto__":',
  '"type":"REQUEST",',
  '"type":"TOKEN",',
  '"version":"2.0",',
  '"headers":null,',
  '"multiValueHeaders":{"authorization":[]},',
  '[',
  ']',
  '{}',
  'null',
  'true',
  '1e999',
  '\\u0000',
  '\\ud800',
  '\\n',
  '"*"',
  '/',
  '$connect',
  'Bearer ',
  ',',
].map((word) => Buffer.from(word));

type Way = (bytes: Buffer, at: number, value: number) => readonly Buffer[];

const WAYS: readonly Way[] = [
  (bytes, at, value) => [bytes.subarray(0, at), Buffer.from([value & 0xff]), bytes.subarray(at + 1)],
  (bytes, at, value) => [
    bytes.subarray(0, at),
    Buffer.from([(bytes[at] ?? 0) ^ (1 << (value & 7))]),
    bytes.subarray(at + 1),
  ],
  (bytes, at, value) => [bytes.subarray(0, at), WORDS[value % WORDS.length] ?? bytes, bytes.subarray(at)],
  (bytes, at, value) => [bytes.subarray(0, at), bytes.subarray(at + (value & 0x1f))],
  (bytes, at, value) => [bytes.subarray(0, at + (value & 0x1f)), bytes.subarray(at)],
  (bytes, at, value) => [bytes.subarray(0, at), bytes.subarray(value % (bytes.length + 1)), bytes.subarray(at)],
];

/** Maximum input size in bytes. Longer inputs are cut, because their parsing is slow. */
const MOST_BYTES = 16_384;

/** Returns the bytes after all mutations, in their order. */
export function mutateBytes(bytes: Buffer, mutations: readonly ByteMutation[]): Buffer {
  let mutated = bytes;
  for (const { way, at, value } of mutations) {
    const change = WAYS[way % WAYS.length];
    if (change !== undefined) mutated = Buffer.concat([...change(mutated, at % (mutated.length + 1), value)]);
    mutated = mutated.subarray(0, MOST_BYTES);
  }
  return mutated;
}

/** Returns the event that the runtime parses from the bytes, or `undefined` if they aren't JSON. */
export function parseEvent(bytes: Buffer): { readonly event: unknown } | undefined {
  try {
    return { event: JSON.parse(bytes.toString()) };
  } catch {
    return undefined;
  }
}
