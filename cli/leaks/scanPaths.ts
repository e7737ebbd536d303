import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { STDIN } from '../seedFile.ts';
import { decodedText } from './decodedText.ts';
import { DiffPosition } from './diffPosition.ts';
import { filesUnder } from './filesUnder.ts';
import { scanText, type Leak } from './scanText.ts';

export interface ScanDeps {
  readonly stdin: Readable;
  /** Takes a file or directory that could not be read. */
  readonly onError: (path: string, error: NodeJS.ErrnoException) => void;
}

/** What was looked at. */
export interface ScanCount {
  scanned: number;
  binary: number;
}

const STDIN_NAME = '<stdin>';

/** The keys in the files that the paths name, and in standard input for `-`, which may be a diff. It counts as it goes. */
export async function* scanPaths(
  paths: readonly string[],
  prefix: string | undefined,
  count: ScanCount,
  deps: ScanDeps,
): AsyncGenerator<Leak> {
  const onBinary = () => {
    count.binary++;
    count.scanned--;
  };
  for (const path of paths) {
    if (path === STDIN) {
      count.scanned++;
      const diff = new DiffPosition(STDIN_NAME);
      // A diff is a text whatever the files hold that it is of: one NUL in one of them must not have all passed over.
      yield* scanText(decodedText(deps.stdin), { positionOf: (piece) => diff.of(piece), prefix });
      continue;
    }
    for await (const file of filesUnder(path, deps)) {
      count.scanned++;
      try {
        const chunks = decodedText(createReadStream(file), onBinary);
        yield* scanText(chunks, { positionOf: ({ line, column }) => ({ file, line, column }), prefix });
      } catch (error) {
        count.scanned--;
        deps.onError(file, error as NodeJS.ErrnoException);
      }
    }
  }
}
