import { constants } from 'node:os';

export interface InterruptionDeps {
  /** Ends the process. */
  readonly exit: (exitCode: number) => void;
  /** Takes a line for the user. */
  readonly note: (line: string) => void;
}

/** Ctrl-C and its kin. They end the process at once, except while a key is in hand. */
export class Interruption {
  readonly #deps: InterruptionDeps;
  /** What to tell for each work that is held off for. */
  readonly #heldOff: string[] = [];
  #exitCode: number | undefined;
  readonly #controller = new AbortController();

  constructor(deps: InterruptionDeps) {
    this.#deps = deps;
  }

  /** What a shell expects of a process that a signal ended: 130 for SIGINT. Absent until one came. */
  get exitCode(): number | undefined {
    return this.#exitCode;
  }

  /** Aborted with the first signal, for work that waits. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** A second signal changes nothing: npm hands on a Ctrl-C that the terminal has sent already. */
  receive(signal: NodeJS.Signals): void {
    if (this.#exitCode !== undefined) return;
    this.#exitCode = 128 + constants.signals[signal];
    const told = this.#heldOff.at(-1);
    if (told === undefined) return this.#deps.exit(this.#exitCode);
    this.#deps.note(told);
    this.#controller.abort();
  }

  /** Lets the work finish, and tells so. Work of several steps looks at `exitCode` between them. */
  async deferSignals<T>(work: () => Promise<T>, told = 'stopping after the key in hand'): Promise<T> {
    this.#heldOff.push(told);
    try {
      return await work();
    } finally {
      this.#heldOff.splice(this.#heldOff.lastIndexOf(told), 1);
    }
  }
}
