import { countText } from '../counts.ts';
import type { ReadEntry } from './readEntry.ts';

/** Counts the keys of which the import can't keep a part, so that one warning reports each part. */
export class LeftOut {
  readonly #counts = new Map<string, number>();

  /** Counts a key. Each text describes a part of it that isn't kept. A rejected key doesn't count. */
  add(read: ReadEntry, parts: readonly string[]): ReadEntry {
    if ('entry' in read) for (const part of parts) this.#counts.set(part, (this.#counts.get(part) ?? 0) + 1);
    return read;
  }

  /** Reports each part with its number of keys. */
  report(warn: (warning: string) => void): void {
    for (const [what, count] of this.#counts) warn(`${countText(count, 'key')}: ${what}`);
  }
}
