import { LatchkeyError } from './errors.ts';
import { isPlainObject, isJsonObject, type JsonObject } from './json.ts';
import type { KeyEvent } from './keyEvent.ts';
import { printable } from './printable.ts';
import { parseTimestamp, type Timestamp, toEpochMs } from './timestamp.ts';

/** The attribute names of the history table. Its partition key is `keyId`, its sort key `at`. */
export const HISTORY_ATTRIBUTE = {
  keyId: 'keyId',
  at: 'at',
  type: 'type',
  detail: 'detail',
  purgeAfter: 'purgeAfter',
} as const;

/** The default duration for which the table keeps an event. */
export const HISTORY_RETENTION_DAYS = 400;

/** An event of a key, from the history table. */
export interface HistoryEntry {
  /** The event's detail type, such as `KeyRevoked`. A newer release of Latchkey may write others. */
  readonly type: string;
  /** The time of the change, or of the run that found the state. */
  readonly time: Timestamp;
  /** The event's id. */
  readonly eventId: string;
  /** The actor of the change. */
  readonly actor?: string;
  /** The whole detail of the event, in the format of docs/events.md. */
  readonly detail: JsonObject;
}

const SECONDS_PER_DAY = 86_400;

/**
 * Converts an event to an item for lib-dynamodb. Returns `undefined` for an event that isn't about one key. The sort key
 * has the event's id, so a repeat replaces the item by the same one.
 */
export function serialiseEvent({ type, detail }: KeyEvent, retentionDays: number): Record<string, unknown> | undefined {
  const { id, time, eventId } = detail;
  if (id === undefined) return undefined;
  return {
    [HISTORY_ATTRIBUTE.keyId]: id,
    [HISTORY_ATTRIBUTE.at]: `${time}#${eventId}`,
    [HISTORY_ATTRIBUTE.type]: type,
    [HISTORY_ATTRIBUTE.detail]: detail,
    [HISTORY_ATTRIBUTE.purgeAfter]: Math.floor(toEpochMs(time) / 1000) + retentionDays * SECONDS_PER_DAY,
  };
}

/** Returns the first and the last sort key of a time range, for a query. */
export function historyKey(since: Timestamp | undefined, until: Timestamp | undefined) {
  // `~` follows the `#` after the time.
  return { ':first': since ?? '0', ':last': `${until ?? '9999'}~` };
}

/** Parses an item. Calls `onCorrupt` and returns `undefined` if it's unreadable. */
export function parseHistoryEntry(
  item: Readonly<Record<string, unknown>>,
  onCorrupt: (error: LatchkeyError) => void,
): HistoryEntry | undefined {
  const { keyId, type, detail } = item;
  const { eventId, time: text, actor } = isPlainObject(detail) ? detail : {};
  const time = parseTimestamp(text);
  if (typeof type === 'string' && typeof eventId === 'string' && time !== undefined && isJsonObject(detail)) {
    return { type, time, eventId, ...(typeof actor === 'string' && { actor }), detail };
  }
  const id = typeof keyId === 'string' ? keyId : undefined;
  onCorrupt(
    new LatchkeyError('RECORD_CORRUPT', `an event of key ${printable(id ?? '(no id)')} is unreadable`, { keyId: id }),
  );
  return undefined;
}

/** Returns the CreateTable input of the history table, for DynamoDB engines without CloudFormation. */
export function createHistoryTableInput(tableName: string) {
  const { keyId, at } = HISTORY_ATTRIBUTE;
  return {
    TableName: tableName,
    BillingMode: 'PAY_PER_REQUEST' as const,
    AttributeDefinitions: [keyId, at].map((name) => ({ AttributeName: name, AttributeType: 'S' as const })),
    KeySchema: [
      { AttributeName: keyId, KeyType: 'HASH' as const },
      { AttributeName: at, KeyType: 'RANGE' as const },
    ],
  };
}
