/** As git tells a binary file: by a NUL near its start. */
const LOOKED_AT_BYTES = 8000;

/**
 * The text of a stream, in chunks as they come; nothing where it is binary, of which `onBinary` is told. Without that
 * nothing counts as binary. UTF-16 is known by its byte order mark, all else is read as UTF-8: a key is ASCII whatever is
 * around it.
 */
export async function* decodedText(
  stream: AsyncIterable<Uint8Array | string>,
  onBinary?: () => void,
): AsyncGenerator<string> {
  let decoder: InstanceType<typeof TextDecoder> | undefined;
  for await (const chunk of stream) {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    if (decoder === undefined) {
      if (onBinary !== undefined && isBinary(bytes)) return onBinary();
      decoder = new TextDecoder(encodingOf(bytes));
    }
    yield decoder.decode(bytes, { stream: true });
  }
  if (decoder !== undefined) yield decoder.decode();
}

function isBinary(bytes: Uint8Array): boolean {
  return encodingOf(bytes) === 'utf-8' && bytes.subarray(0, LOOKED_AT_BYTES).includes(0);
}

function encodingOf(bytes: Uint8Array): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  return bytes[0] === 0xfe && bytes[1] === 0xff ? 'utf-16be' : 'utf-8';
}
