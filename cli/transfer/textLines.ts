/** A line of a text, without its end. */
export interface TextLine {
  /** From 1. */
  readonly line: number;
  /** `undefined` where the line is longer than was asked for: it was read past, and not kept. */
  readonly text: string | undefined;
}

/** The lines of a text that comes in pieces. No more than one line is held at a time, and of it no more than `maxLength`. */
export async function* textLines(chunks: AsyncIterable<string>, maxLength: number): AsyncGenerator<TextLine> {
  let line = 1;
  let held = '';
  let isTooLong = false;
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf('\n'); end >= 0; end = chunk.indexOf('\n', start)) {
      const text = held + chunk.slice(start, end);
      yield { line, text: isTooLong || text.length > maxLength ? undefined : text.replace(/\r$/, '') };
      line++;
      start = end + 1;
      held = '';
      isTooLong = false;
    }
    held += chunk.slice(start);
    isTooLong ||= held.length > maxLength;
    if (isTooLong) held = '';
  }
  if (isTooLong || held !== '') yield { line, text: isTooLong ? undefined : held };
}
