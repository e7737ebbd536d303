import { shownPrefixOf, type KeySecret } from '../../keys/secret.ts';
import type { Position } from './diffPosition.ts';
import { findKeys } from '../../keys/findKeys.ts';
import { linePieces, type LinePiece } from './linePieces.ts';

/** A key that was found. The secret is for asking the table, and is not told. */
export interface Leak extends Position {
  readonly keyPrefix: string;
  readonly secret: KeySecret;
}

export interface ScanTextOptions {
  /** Where a piece of the text is told to be, or `undefined` where it is not looked at. */
  readonly positionOf: (piece: LinePiece) => Position | undefined;
  readonly prefix?: string | undefined;
}

/** Every key in a text that comes in chunks, each place once, in the order of the text. */
export async function* scanText(
  chunks: AsyncIterable<string>,
  { positionOf, prefix }: ScanTextOptions,
): AsyncGenerator<Leak> {
  let lastLine = 0;
  let lastEnd = 0;
  for await (const piece of linePieces(chunks)) {
    const position = positionOf(piece);
    if (position === undefined) continue;
    for (const { secret, prefix: ownPrefix, index } of findKeys(piece.text, prefix)) {
      const end = piece.column + index + secret.length;
      // The parts of a long line overlap.
      if (piece.line === lastLine && end <= lastEnd) continue;
      [lastLine, lastEnd] = [piece.line, end];
      yield { ...position, column: position.column + index, keyPrefix: shownPrefixOf(secret, ownPrefix), secret };
    }
  }
}
