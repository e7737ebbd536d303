import type { ImportInput } from '../../cli/importExport/importFormat.ts';
import { splitIntoChunks } from './chunks.ts';
import { NOW_MS } from './keys.ts';

/** Returns the input of an import's reader: the text in small chunks, at `NOW_MS`. */
export function importInput(text: string, options: Partial<ImportInput> = {}): ImportInput {
  return {
    head: text,
    chunks: splitIntoChunks(text),
    warn: () => {},
    nowMs: NOW_MS,
    options: { allowWeak: false },
    ...options,
  };
}
