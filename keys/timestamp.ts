/** A time as it is stored: `YYYY-MM-DDTHH:mm:ss.sssZ`, of fixed width, so that strings compare as times. */
export type Timestamp = string & { readonly __brand: 'Timestamp' };

const FIXED_WIDTH = 24;

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
