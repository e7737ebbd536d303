import type { Writable } from 'node:stream';
import { SingleBar } from 'cli-progress';

export type TerminalStream = Writable & { readonly isTTY?: boolean; readonly columns?: number };

/** Known steps; a share of something that is measured otherwise, such as bytes; or a count without an end in sight. */
export type ProgressKind = 'steps' | 'share' | 'count';

const FORMATS: Readonly<Record<ProgressKind, string>> = {
  steps: '[{bar}] {value}/{total}',
  share: '[{bar}] {percentage}%, keys: {count}',
  count: 'keys: {count}',
};

/** A progress bar that is drawn on a terminal only, and makes room for what is printed meanwhile. */
export class ProgressBar {
  readonly #stream: TerminalStream;
  #bar: SingleBar | undefined;
  #done = 0;
  #total = 0;
  #count = 0;
  #isRunning = false;

  constructor(stream: TerminalStream) {
    this.#stream = stream;
  }

  start(total: number, kind: ProgressKind = 'steps'): void {
    this.#total = total;
    this.#isRunning = true;
    if (this.#stream.isTTY !== true) return;
    this.#bar = new SingleBar({
      stream: this.#stream,
      format: FORMATS[kind],
      clearOnComplete: true,
      linewrap: true,
      // Signals are the program's own affair.
      gracefulExit: false,
    });
    this.#draw();
  }

  /** One step further; for a share, as far as `done` says. */
  advance(done: number = this.#done + 1): void {
    this.#done = done;
    this.#bar?.update(done, { count: ++this.#count });
  }

  stop(): void {
    this.#isRunning = false;
    this.#bar?.stop();
  }

  /** Takes the bar off the screen, and puts it back under what was printed. */
  async aside(print: () => Promise<void>): Promise<void> {
    if (!this.#isRunning) return print();
    this.#bar?.stop();
    await print();
    if (this.#isRunning) this.#draw();
  }

  #draw(): void {
    this.#bar?.start(this.#total, this.#done, { count: this.#count });
  }
}
