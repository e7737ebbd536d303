import type { Writable } from 'node:stream';
import { SingleBar } from 'cli-progress';

export type TerminalStream = Writable & { readonly isTTY?: boolean };

/** A progress bar that is drawn on a terminal only, and makes room for what is printed meanwhile. */
export class ProgressBar {
  readonly #bar: SingleBar | undefined;
  #done = 0;
  #total = 0;
  #isRunning = false;

  constructor(stream: TerminalStream) {
    if (stream.isTTY !== true) return;
    this.#bar = new SingleBar({
      stream,
      format: '[{bar}] {value}/{total}',
      clearOnComplete: true,
      linewrap: true,
      // Signals are the program's own affair.
      gracefulExit: false,
    });
  }

  start(total: number): void {
    this.#total = total;
    this.#isRunning = true;
    this.#bar?.start(total, this.#done);
  }

  advance(): void {
    this.#bar?.update(++this.#done);
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
    if (this.#isRunning) this.#bar?.start(this.#total, this.#done);
  }
}
