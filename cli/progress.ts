import type { Writable } from 'node:stream';
import { SingleBar } from 'cli-progress';
import { countText, numberText } from './counts.ts';

/** A line that shows the progress on a terminal. It stays below the text that is printed in the meantime. */
export class Progress {
  readonly #stream: Writable & { readonly isTTY?: boolean };
  readonly #now: () => number;
  #line: SingleBar | undefined;
  #done = 0;
  #total: number | undefined;
  #isRunning = false;

  constructor(stream: Writable & { readonly isTTY?: boolean }, now: () => number) {
    this.#stream = stream;
    this.#now = now;
  }

  /** Shows the line. Omit `total` if the number of keys is unknown. */
  start(total?: number): void {
    this.#total = total;
    this.#isRunning = true;
    if (this.#stream.isTTY !== true) return;
    const startedMs = this.#now();
    this.#line = new SingleBar({
      stream: this.#stream,
      format: () => progressText(this.#done, this.#total, this.#now() - startedMs),
      clearOnComplete: true,
      linewrap: true,
      // The program handles signals itself.
      gracefulExit: false,
    });
    this.#show();
  }

  /** Advances to `done`, or by one key. */
  advance(done: number = this.#done + 1): void {
    this.#done = done;
    this.#line?.update(done);
  }

  /** Removes the line. */
  stop(): void {
    this.#isRunning = false;
    this.#line?.stop();
  }

  /** Hides the line while `print` runs, and shows it again below the printed text. */
  async aside(print: () => Promise<void>): Promise<void> {
    if (!this.#isRunning) return print();
    this.#line?.stop();
    await print();
    if (this.#isRunning) this.#show();
  }

  #show(): void {
    this.#line?.start(this.#total ?? 0, this.#done);
  }
}

/** The time before the first estimate. An earlier one would be wrong, because connections open first. */
const MIN_ELAPSED_MS = 1000;

/**
 * Returns a line such as `1,299 of 3,000 · 210/s · 8 s left`. It omits the speed during the first second, and the rest
 * of the time without a total.
 */
export function progressText(done: number, total: number | undefined, elapsedMs: number): string {
  const keys = done === 0 ? '0 keys' : countText(done, 'key');
  const count = total === undefined ? keys : `${numberText(done)} of ${numberText(total)}`;
  const perSecond = elapsedMs < MIN_ELAPSED_MS ? 0 : (done * 1000) / elapsedMs;
  if (perSecond === 0) return count;
  const speed = perSecond < 10 ? perSecond.toFixed(1) : numberText(Math.round(perSecond));
  const left = total === undefined ? [] : [`${durationText((total - done) / perSecond)} left`];
  return [count, `${speed}/s`, ...left].join(' · ');
}

function durationText(seconds: number): string {
  if (seconds < 60) return `${Math.ceil(seconds)} s`;
  return seconds < 3600 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}
