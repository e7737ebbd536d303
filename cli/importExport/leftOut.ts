import { countText } from '../counts.ts';

/** Counts the parts of a file that the import can't keep, so that one warning reports each. */
export class LeftOut {
  readonly #counts = new Map<string, number>();

  /** Counts one key that has a part that isn't kept. `what` describes the part, and its consequence. */
  add(what: string): void {
    this.#counts.set(what, (this.#counts.get(what) ?? 0) + 1);
  }

  /** Reports each part with its number of keys. */
  report(warn: (warning: string) => void): void {
    for (const [what, count] of this.#counts) warn(`${countText(count, 'key')}: ${what}`);
  }
}
