/** A time as it is stored: `YYYY-MM-DDTHH:mm:ss.sssZ`, of fixed width, so that strings compare as times. */
export type Timestamp = string & { readonly __brand: 'Timestamp' };

const FIXED_WIDTH = 24;
/** The years that a stored time can have. */
const FIRST_MS = /* @__PURE__ */ Date.UTC(-1, 12);
const END_MS = /* @__PURE__ */ Date.UTC(10_000, 0);

/** Formats epoch milliseconds. Throws `RangeError` outside the years 0 to 9999, which have no fixed width. */
export function toTimestamp(epochMs: number): Timestamp {
  const text = new Date(epochMs).toISOString();
  if (text.length !== FIXED_WIDTH) throw new RangeError('time outside the years 0 to 9999');
  return text as Timestamp;
}

/** Reads exactly the stored form, or `undefined`: 30 February, another zone and missing milliseconds are unreadable. */
export function parseTimestamp(text: unknown): Timestamp | undefined {
  if (typeof text !== 'string' || text.length !== FIXED_WIDTH) return undefined;
  const epochMs = Date.parse(text);
  if (Number.isNaN(epochMs) || new Date(epochMs).toISOString() !== text) return undefined;
  return text as Timestamp;
}

/** Epoch milliseconds of a stored time. */
export function toEpochMs(timestamp: Timestamp): number {
  return Date.parse(timestamp);
}

/** How `readTime` reads what a text leaves open. */
export interface TimeDefaults {
  /**
   * What a date without a time stands for, in UTC: its first millisecond, or its last. An expiry is the end of its day.
   *
   * @default 'start'
   */
  readonly dateAs?: 'start' | 'end';
  /**
   * The zone of a time that has none; without one, such a time is unreadable.
   *
   * @default - none
   */
  readonly zone?: 'UTC';
}

/** The forms that `readTime` takes, for messages. */
export const TIME_EXPECTED =
  'a time in ISO 8601 with its zone, such as 2030-01-31T12:00:00Z, or a date, such as 2030-01-31';

const ISO_8601 =
  /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?(?: ?(?:(Z|UTC)|([+-])(\d{2})(?::?(\d{2}))?))?)?$/i;
const MINUTE_MS = 60_000;

/**
 * Reads a time as people, programs and databases write it, and returns the stored form, or `undefined`. Takes ISO 8601 with
 * `Z`, `UTC` or an offset (`+01:00`, `+0100`, `+01`), with `T` or a space, with or without seconds and a fraction of up to 9
 * digits, which is cut to milliseconds; or a date alone. Days, hours and seconds that do not exist, leap seconds too, are
 * unreadable, as are times outside the years 0 to 9999.
 */
export function readTime(value: unknown, { dateAs = 'start', zone }: TimeDefaults = {}): Timestamp | undefined {
  const parts = typeof value === 'string' ? ISO_8601.exec(value) : null;
  if (parts === null) return undefined;
  const [, date, minute, second = '00', fraction = '', utc, sign, hours, minutes] = parts;
  if (minute === undefined) return parseTimestamp(`${date}T${dateAs === 'end' ? '23:59:59.999' : '00:00:00.000'}Z`);
  if (utc === undefined && sign === undefined && zone === undefined) return undefined;
  // The stored form's own reading rejects days and hours that do not exist.
  const local = parseTimestamp(`${date}T${minute}:${second}.${fraction.slice(0, 3).padEnd(3, '0')}Z`);
  const epochMs = local === undefined ? Number.NaN : toEpochMs(local) - offsetMs(sign, hours, minutes);
  // An offset can lead out of the years that have the stored form.
  return epochMs >= FIRST_MS && epochMs < END_MS ? toTimestamp(epochMs) : undefined;
}

/** `NaN` for an offset that does not exist. */
function offsetMs(sign: string | undefined, hours = '00', minutes = '00'): number {
  if (Number(hours) > 23 || Number(minutes) > 59) return Number.NaN;
  return (Number(hours) * 60 + Number(minutes)) * MINUTE_MS * (sign === '-' ? -1 : 1);
}

/** An expired or revoked record is kept this long for the audit, then left to the table's TTL. */
const PURGE_AFTER_DAYS = 90;

/** When the record of a key that ends then may go, in the epoch seconds that DynamoDB's TTL wants. */
export function purgeAfter(endMs: number): number {
  return Math.floor(endMs / 1000) + PURGE_AFTER_DAYS * 24 * 3600;
}
