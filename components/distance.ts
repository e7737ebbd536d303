import type { Timestamp } from '../keys/timestamp.ts';
import { relativeParts } from '../operator/notices.ts';
import type { Language } from './language.ts';

const FORMATS = new Map<string, Intl.RelativeTimeFormat>();

/** Returns a time relative to now, rounded to its largest unit: `3 days ago`, `in 2 months`. */
export function distance(at: Timestamp, nowMs: number, { texts, locale }: Language): string {
  const { count, unit } = relativeParts(at, nowMs);
  if (unit === undefined) return count > 0 ? texts.soon : texts.justNow;
  return getFormat(locale).format(count, unit);
}

/** Returns a format. Creates it once, because a format is slow to create. */
function getFormat(locale: string): Intl.RelativeTimeFormat {
  const format = FORMATS.get(locale) ?? new Intl.RelativeTimeFormat(locale);
  FORMATS.set(locale, format);
  return format;
}
