import { parseTimestamp, toEpochMs, toTimestamp, type Timestamp } from '../../keys/timestamp.ts';

const ISO_8601 =
  /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)? ?(?:(Z)|([+-])(\d{2}):?(\d{2})?)?$/i;
const MINUTE_MS = 60_000;

/**
 * A time that another system wrote, in the stored form, or `undefined`: ISO 8601 as Python, SQL and JavaScript write it,
 * with a zone or an offset or, where it has none, in UTC. What is finer than a millisecond is cut off.
 */
export function readForeignTime(value: unknown): Timestamp | undefined {
  const parts = typeof value === 'string' ? ISO_8601.exec(value.trim()) : null;
  if (parts === null) return undefined;
  const [, date, minute, second = '00', fraction = '', , sign, hours = '00', minutes = '00'] = parts;
  // The stored form's own reading refuses days and hours that there are not.
  const local = parseTimestamp(`${date}T${minute}:${second}.${fraction.slice(0, 3).padEnd(3, '0')}Z`);
  if (local === undefined || Number(hours) > 23 || Number(minutes) > 59) return undefined;
  const offsetMs = (Number(hours) * 60 + Number(minutes)) * MINUTE_MS * (sign === '-' ? -1 : 1);
  return withinRange(toEpochMs(local) - offsetMs);
}

/** An offset can lead out of the years that have the stored form. */
function withinRange(epochMs: number): Timestamp | undefined {
  return epochMs >= Date.UTC(-1, 12) && epochMs < Date.UTC(10_000, 0) ? toTimestamp(epochMs) : undefined;
}
