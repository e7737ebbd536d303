/** A time in the stored form `YYYY-MM-DDTHH:mm:ss.sssZ`. The width is fixed, so string comparison orders times. */
export type Timestamp = string & { readonly __brand: 'Timestamp' };

const FIXED_WIDTH = 24;
/** The first time that can be stored, and the end of the last year. */
const FIRST_MS = /* @__PURE__ */ Date.UTC(-1, 12);
const END_MS = /* @__PURE__ */ Date.UTC(10_000, 0);

/**
 * Formats epoch milliseconds as a stored time. Throws `RangeError` outside the years 0 to 9999, because the width would
 * differ.
 */
export function toTimestamp(epochMs: number): Timestamp {
  const text = new Date(epochMs).toISOString();
  if (text.length !== FIXED_WIDTH) throw new RangeError('time outside the years 0 to 9999');
  return text as Timestamp;
}

/**
 * Returns the string if it's exactly in the stored form. Otherwise, returns `undefined`: for 30 February, another zone
 * or missing milliseconds.
 */
export function parseTimestamp(text: unknown): Timestamp | undefined {
  if (typeof text !== 'string' || text.length !== FIXED_WIDTH) return undefined;
  const epochMs = Date.parse(text);
  if (Number.isNaN(epochMs) || new Date(epochMs).toISOString() !== text) return undefined;
  return text as Timestamp;
}

/** Converts a stored time to epoch milliseconds. */
export function toEpochMs(timestamp: Timestamp): number {
  return Date.parse(timestamp);
}

/** Options of `readTime` for incomplete times. */
export interface TimeDefaults {
  /**
   * The meaning of a date without a time: the first or the last millisecond of that day in UTC. An expiry means the end
   * of its day.
   *
   * @default 'start'
   */
  readonly dateAs?: 'start' | 'end';
  /**
   * The zone of a time that lacks one.
   *
   * @default - a time without a zone is unreadable
   */
  readonly zone?: 'UTC';
}

/** The time formats that `readTime` accepts, as worded in error messages. */
export const TIME_EXPECTED =
  'a time in ISO 8601 with its zone, such as 2030-01-31T12:00:00Z, or a date, such as 2030-01-31';

const ISO_8601 =
  /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?(?: ?(?:(Z|UTC)|([+-])(\d{2})(?::?(\d{2}))?))?)?$/i;
const MINUTE_MS = 60_000;

/**
 * Parses a time from a person, a program or a database. Returns the stored form, or `undefined` if it's unreadable.
 * Accepts a date or ISO 8601, with `T` or a space, with or without seconds. The zone is `Z`, `UTC` or an offset
 * (`+01:00`, `+0100`, `+01`). It truncates a fraction of up to 9 digits to milliseconds. Days, hours and seconds that
 * don't exist are unreadable. Leap seconds and times outside the years 0 to 9999 are also unreadable.
 */
export function readTime(value: unknown, { dateAs = 'start', zone }: TimeDefaults = {}): Timestamp | undefined {
  const parts = typeof value === 'string' ? ISO_8601.exec(value) : null;
  if (parts === null) return undefined;
  const [, date, minute, second = '00', fraction = '', utc, sign, hours, minutes] = parts;
  if (minute === undefined) return parseTimestamp(`${date}T${dateAs === 'end' ? '23:59:59.999' : '00:00:00.000'}Z`);
  if (utc === undefined && sign === undefined && zone === undefined) return undefined;
  // parseTimestamp rejects days and hours that don't exist.
  const local = parseTimestamp(`${date}T${minute}:${second}.${fraction.slice(0, 3).padEnd(3, '0')}Z`);
  const epochMs = local === undefined ? Number.NaN : toEpochMs(local) - offsetMs(sign, hours, minutes);
  // An offset can move the time out of the years 0 to 9999.
  return epochMs >= FIRST_MS && epochMs < END_MS ? toTimestamp(epochMs) : undefined;
}

/** Returns `NaN` for an offset that doesn't exist. */
function offsetMs(sign: string | undefined, hours = '00', minutes = '00'): number {
  if (Number(hours) > 23 || Number(minutes) > 59) return Number.NaN;
  return (Number(hours) * 60 + Number(minutes)) * MINUTE_MS * (sign === '-' ? -1 : 1);
}

/** The number of days for which the table keeps an expired or revoked record for the audit. */
const PURGE_AFTER_DAYS = 90;

/** Returns the record's TTL in epoch seconds. `endMs` is the key's revocation or expiry in epoch milliseconds. */
export function getPurgeAfter(endMs: number): number {
  return Math.floor(endMs / 1000) + PURGE_AFTER_DAYS * 24 * 3600;
}
