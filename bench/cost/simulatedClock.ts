interface Planned {
  readonly atMs: number;
  readonly run: () => void;
}

/** A clock that stands still until it is told to go on, and what is planned for a time to come. */
export class SimulatedClock {
  #nowMs: number;
  /** The latest first. */
  readonly #planned: Planned[] = [];

  constructor(startMs: number) {
    this.#nowMs = startMs;
  }

  /** Epoch milliseconds, whole as `Date.now` gives them. */
  readonly now = (): number => Math.floor(this.#nowMs);

  /** Resolves when so much time has passed. */
  wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const atMs = this.#nowMs + ms;
      let index = this.#planned.length;
      while (index > 0 && (this.#planned[index - 1]?.atMs ?? 0) <= atMs) index--;
      this.#planned.splice(index, 0, { atMs, run: resolve });
    });
  }

  /** How much is waiting for its time. */
  get waiting(): number {
    return this.#planned.length;
  }

  /** When the next of it is due, in epoch milliseconds; never, where nothing waits. */
  get nextMs(): number {
    return this.#planned.at(-1)?.atMs ?? Infinity;
  }

  /** Goes to the time of what is planned next, and has it happen. */
  runNext(): void {
    const next = this.#planned.pop();
    if (next === undefined) return;
    this.#nowMs = next.atMs;
    next.run();
  }

  /** Goes to a time, given as epoch milliseconds, before which nothing is planned. */
  advanceTo(ms: number): void {
    this.#nowMs = ms;
  }
}
