import { LatchkeyError } from './errors.ts';
import type { HistoryEntry } from './history.ts';
import type { HistoryStore } from './historyStore.ts';
import { isKeyId } from './keyId.ts';
import { readTime, TIME_EXPECTED, type Timestamp } from './timestamp.ts';

/** Options of `KeyRegistry.history`. */
export interface HistoryOptions {
  /** The id of the key. The history still has the events of a key whose record was deleted. */
  readonly id: string;
  /**
   * The time of the first event: ISO 8601 with a zone, or a date, which means the start of that day in UTC.
   *
   * @default - the first event in the table
   */
  readonly since?: string | undefined;
  /**
   * The time of the last event, in the same format. A date means the end of that day in UTC.
   *
   * @default - the last event in the table
   */
  readonly until?: string | undefined;
}

/** The events of a key. */
export interface KeyHistory {
  /** The events, oldest first. */
  readonly events: readonly HistoryEntry[];
  /** One error for each unreadable item of the history table. */
  readonly corrupt: readonly LatchkeyError[];
}

/** @throws LatchkeyError `CONFIG_INVALID` without a store; `INPUT_INVALID`; `STORE_UNAVAILABLE` */
export async function readHistory(options: HistoryOptions, store: HistoryStore | undefined): Promise<KeyHistory> {
  if (store === undefined) {
    throw new LatchkeyError('CONFIG_INVALID', 'historyTableName: expected the name of the history table, got nothing');
  }
  const { id: keyId } = options;
  if (!isKeyId(keyId)) throw new LatchkeyError('INPUT_INVALID', "id: expected a key's id, such as list shows");
  const since = readOption('since', options.since, 'start');
  const until = readOption('until', options.until, 'end');
  if (since !== undefined && until !== undefined && since > until) {
    throw new LatchkeyError('INPUT_INVALID', `since: expected a time before ${until}, got ${since}`);
  }
  const events: HistoryEntry[] = [];
  const corrupt: LatchkeyError[] = [];
  const onCorrupt = (error: LatchkeyError) => void corrupt.push(error);
  for await (const entry of store.query({ keyId, since, until, onCorrupt })) events.push(entry);
  return { events, corrupt };
}

function readOption(name: string, text: string | undefined, dateAs: 'start' | 'end'): Timestamp | undefined {
  const time = text === undefined ? undefined : readTime(text, { dateAs });
  if (text === undefined || time !== undefined) return time;
  throw new LatchkeyError('INPUT_INVALID', `${name}: expected ${TIME_EXPECTED}`);
}
