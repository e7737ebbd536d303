import type { LatchkeyError } from '../../keys/errors.ts';
import { printable } from '../../keys/printable.ts';
import type { DeadLetter } from './deadLetters.ts';

export interface EventLogOptions {
  /** Writes one line. The line doesn't end with a line break. */
  readonly write: (line: string) => void;
  /** Returns the current time in epoch milliseconds. */
  readonly now: () => number;
}

/** The fields that may be logged. */
interface LogLine {
  readonly level: 'INFO' | 'WARN' | 'ERROR';
  readonly message: string;
  readonly code?: 'EVENT_BURIED' | 'EVENT_DELAYED' | 'EVENT_RUN_FAILED' | 'CONFIG_INVALID';
  readonly [field: string]: string | number | undefined;
}

/** Writes one JSON line for each run, and for each event that could not be sent. It doesn't log a key's fields. */
export class EventLog {
  readonly #options: EventLogOptions;

  constructor(options: EventLogOptions) {
    this.#options = options;
  }

  /** Logs a record that went to the dead-letter queue. */
  buried({ eventId, keyId, sequenceNumber, code: cause }: DeadLetter): void {
    const message = 'fault';
    this.#write({ level: 'ERROR', message, code: 'EVENT_BURIED', eventId, keyId, sequenceNumber, cause });
  }

  /** Logs a failure after which the stream delivers the record and the following ones again. */
  delayed(event: { readonly eventId: string; readonly id?: string } | undefined, cause: string): void {
    const message = 'event tried again';
    this.#write({ level: 'WARN', message, code: 'EVENT_DELAYED', eventId: event?.eventId, keyId: event?.id, cause });
  }

  /** Logs the summary of a scheduled run. */
  ran(run: string, counts: Readonly<Record<string, number>>): void {
    this.#write({ level: 'INFO', message: 'scheduled events sent', run, ...counts });
  }

  /** Logs a scheduled run that failed. */
  runFailed(run: string, cause: string): void {
    this.#write({ level: 'ERROR', message: 'fault', code: 'EVENT_RUN_FAILED', run, cause });
  }

  /** Logs an invalid setting that stops the cold start. */
  notStarted({ message: detail }: LatchkeyError): void {
    this.#write({ level: 'ERROR', message: 'fault', code: 'CONFIG_INVALID', detail });
  }

  #write(line: LogLine): void {
    const { write, now } = this.#options;
    write(printable(JSON.stringify({ timestamp: new Date(now()).toISOString(), ...line })));
  }
}
