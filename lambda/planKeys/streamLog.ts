import { LatchkeyError } from '../../keys/errors.ts';
import { printable } from '../../keys/printable.ts';
import { storeErrorName } from '../../keys/storeFault.ts';

/** What may be logged, and nothing else: nothing of the stream's record but the key's id and its plan. */
interface LogLine {
  readonly level: 'WARN' | 'ERROR';
  readonly message: 'fault' | 'plan key tried again';
  readonly code: 'PLAN_KEY_REFUSED' | 'PLAN_KEY_DELAYED' | 'CONFIG_INVALID';
  readonly requestId?: string | undefined;
  readonly keyId?: string | undefined;
  readonly plan?: string | undefined;
  /** The name that the SDK or the network gave the failure, or Latchkey's own code. */
  readonly cause?: string;
  readonly detail?: string;
}

/** Of which key a line tells, and in which invocation. */
export interface StreamLogOrigin {
  readonly requestId: string | undefined;
  readonly keyId?: string | undefined;
  readonly plan?: string | undefined;
}

export interface StreamLogOptions {
  /** Takes one line without its end. */
  readonly write: (line: string) => void;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** Writes one JSON line for each key that the function could not keep up with, and none for the others. */
export class StreamLog {
  readonly #options: StreamLogOptions;

  constructor(options: StreamLogOptions) {
    this.#options = options;
  }

  /** A key that is passed over: nothing makes it good by itself. */
  refused(origin: StreamLogOrigin, error: unknown): void {
    this.#write({ level: 'ERROR', message: 'fault', code: 'PLAN_KEY_REFUSED', ...origin, cause: causeOf(error) });
  }

  /** A failure that holds up the key and those behind it until the stream brings them again. */
  delayed(origin: StreamLogOrigin, error: unknown): void {
    this.#write({
      level: 'WARN',
      message: 'plan key tried again',
      code: 'PLAN_KEY_DELAYED',
      ...origin,
      cause: causeOf(error),
    });
  }

  /** A setting that keeps the function from starting. */
  notStarted({ message: detail }: LatchkeyError): void {
    this.#write({ level: 'ERROR', message: 'fault', code: 'CONFIG_INVALID', detail });
  }

  #write(line: LogLine): void {
    const { write, now } = this.#options;
    write(printable(JSON.stringify({ timestamp: new Date(now()).toISOString(), ...line })));
  }
}

function causeOf(error: unknown): string {
  return error instanceof LatchkeyError ? error.code : storeErrorName(error);
}
