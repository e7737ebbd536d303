import { toEpochMs, type Timestamp } from '../../keys/timestamp.ts';

const FORMATS = new Map<string | undefined, Intl.DateTimeFormat>();

/**
 * Formats a time in the browser's time zone with the zone's name, such as `30 Nov 2026, 15:13 GMT+1`. Tests pass
 * another zone as an IANA name.
 */
export function exactTime(at: Timestamp | number, timeZone?: string): string {
  return getFormat(timeZone).format(typeof at === 'number' ? at : toEpochMs(at));
}

/** Formats only the time of day with seconds, such as `15:13:06`. */
export function timeOfDay(atMs: number, timeZone?: string): string {
  return new Date(atMs).toLocaleTimeString('en-GB', { timeZone });
}

/** Returns the format of a zone. Creates it once, because a format is slow to create. */
function getFormat(timeZone: string | undefined): Intl.DateTimeFormat {
  const known = FORMATS.get(timeZone);
  if (known !== undefined) return known;
  const format = new Intl.DateTimeFormat('en-GB', {
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    timeZoneName: 'short',
    timeZone,
  });
  FORMATS.set(timeZone, format);
  return format;
}
