import { constants } from 'node:os';

export interface InterruptionDeps {
  /** Ends the process. */
  readonly exit: (exitCode: number) => void;
  /** Prints one line for the user. */
  readonly note: (line: string) => void;
}

/** Handles Ctrl-C and other signals. A signal ends the process immediately, unless work has deferred signals. */
export class Interruption {
  readonly #deps: InterruptionDeps;
  /** One notice for each deferral. The innermost comes last. */
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

  /** The abort signal, which aborts at the first process signal. Use it for work that waits. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /**
   * Handles one signal. A second signal is ignored, because npm repeats a Ctrl-C that the terminal has already sent.
   */
  receive(signal: NodeJS.Signals): void {
    if (this.#exitCode !== undefined) return;
    this.#exitCode = 128 + constants.signals[signal];
    const notice = this.#deferrals.at(-1);
    if (notice === undefined) return this.#deps.exit(this.#exitCode);
    if (notice !== '') this.#deps.note(notice);
    this.#controller.abort();
  }

  /**
   * Runs the work to its end, and prints the notice if a signal arrives, unless the notice is empty. Work with several
   * steps must check `exitCode` between them.
   */
  async deferSignals<T>(work: () => Promise<T>, notice = 'stopping after the current key'): Promise<T> {
    this.#deferrals.push(notice);
    try {
      return await work();
    } finally {
      this.#deferrals.splice(this.#deferrals.lastIndexOf(notice), 1);
    }
  }
}
