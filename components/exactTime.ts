import { toEpochMs, type Timestamp } from '../keys/timestamp.ts';

/** The language of a time. */
export interface TimeFormat {
  /** A BCP 47 tag. */
  readonly timeLocale: string;
  /** An IANA name. Absent for the browser's time zone. */
  readonly timeZone?: string;
}

const FORMATS = new Map<string, Intl.DateTimeFormat>();

/** Formats a time in the browser's time zone with the zone's name, such as `30 Nov 2026, 15:13 GMT+1`. */
export function exactTime(at: Timestamp | number, format: TimeFormat): string {
  return getFormat(format).format(typeof at === 'number' ? at : toEpochMs(at));
}

/** Formats only the time of day with seconds, such as `15:13:06`. */
export function timeOfDay(atMs: number, { timeLocale, timeZone }: TimeFormat): string {
  return new Date(atMs).toLocaleTimeString(timeLocale, { timeZone });
}

/** Returns a format. Creates it once, because a format is slow to create. */
function getFormat({ timeLocale, timeZone }: TimeFormat): Intl.DateTimeFormat {
  const name = `${timeLocale} ${timeZone ?? ''}`;
  const known = FORMATS.get(name);
  if (known !== undefined) return known;
  const format = new Intl.DateTimeFormat(timeLocale, {
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    timeZoneName: 'short',
    timeZone,
  });
  FORMATS.set(name, format);
  return format;
}
