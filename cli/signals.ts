import { constants } from 'node:os';

export interface InterruptionDeps {
  /** Ends the process. */
  readonly exit: (exitCode: number) => void;
  /** Prints one line for the user. */
  readonly note: (line: string) => void;
}

/** Handles Ctrl-C and other signals. They end the process at once, unless work has deferred them. */
export class Interruption {
  readonly #deps: InterruptionDeps;
  /** One notice for each deferral, innermost last. */
  readonly #deferrals: string[] = [];
  #exitCode: number | undefined;
  readonly #controller = new AbortController();

  constructor(deps: InterruptionDeps) {
    this.#deps = deps;
  }

  /** The exit code that a shell expects after a signal, such as 130 for SIGINT. Absent until a signal arrives. */
  get exitCode(): number | undefined {
    return this.#exitCode;
  }

  /** Aborts at the first signal. For work that waits. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Handles one signal. A second one changes nothing, because npm repeats a Ctrl-C that the terminal has sent already. */
  receive(signal: NodeJS.Signals): void {
    if (this.#exitCode !== undefined) return;
    this.#exitCode = 128 + constants.signals[signal];
    const notice = this.#deferrals.at(-1);
    if (notice === undefined) return this.#deps.exit(this.#exitCode);
    this.#deps.note(notice);
    this.#controller.abort();
  }

  /** Runs the work to its end, and prints the notice if a signal arrives. Work of several steps checks `exitCode` in between. */
  async deferSignals<T>(work: () => Promise<T>, notice = 'stopping after the current key'): Promise<T> {
    this.#deferrals.push(notice);
    try {
      return await work();
    } finally {
      this.#deferrals.splice(this.#deferrals.lastIndexOf(notice), 1);
    }
  }
}
