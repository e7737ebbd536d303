import { MAX_KEY_LENGTH } from '../../keys/findKeys.ts';

/** A line of a text, or a part of one that is very long. */
export interface LinePiece {
  /** Both from 1: where the piece begins. */
  readonly line: number;
  readonly column: number;
  readonly text: string;
}

const MAX_PIECE = 1024 * 1024;
const OVERLAP = MAX_KEY_LENGTH - 1;

/** The lines of a text that comes in chunks. The parts of a long line overlap, so that no key falls between two. */
export async function* linePieces(chunks: AsyncIterable<string>): AsyncGenerator<LinePiece> {
  let line = 1;
  let column = 1;
  let held = '';
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf('\n'); end >= 0; end = chunk.indexOf('\n', start)) {
      yield { line, column, text: held + chunk.slice(start, end) };
      line++;
      column = 1;
      held = '';
      start = end + 1;
    }
    held += chunk.slice(start);
    if (held.length <= MAX_PIECE) continue;
    yield { line, column, text: held };
    column += held.length - OVERLAP;
    held = held.slice(-OVERLAP);
  }
  if (held !== '') yield { line, column, text: held };
}
