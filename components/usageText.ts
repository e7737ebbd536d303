import type { UsageRow } from '../keys/usageReport.ts';
import type { UsageCounts } from '../keys/usage.ts';
import { fill, type Language, plural } from './language.ts';

/** The span of a chart: the last 24 hours by hour, or the last 30 days by day. */
export type UsageSpan = 'hour' | 'day';

/** The kinds of requests, in the order of a chart's bars from the bottom. Each has the name of its colour. */
export const OUTCOMES: readonly (keyof UsageCounts)[] = ['allowed', 'limited', 'refused'];

/** Returns the name of a row in UTC: `21:00` or `Nov 30`. */
export function rowName({ start }: Pick<UsageRow, 'start'>, span: UsageSpan, { locale }: Language): string {
  if (span === 'hour') return start.slice(11, 16);
  return new Date(start).toLocaleDateString(locale, { day: 'numeric', month: 'short', timeZone: 'UTC' });
}

/** Returns the counts of a row, such as `1,200 allowed, 3 limited`. Omits the zeros beside other counts. */
export function countsText(counts: UsageCounts, language: Language): string {
  const parts = OUTCOMES.filter((outcome) => counts[outcome] > 0).map((outcome) =>
    countText(outcome, counts[outcome], language),
  );
  return parts.length === 0 ? language.texts.noRequests : parts.join(', ');
}

/** Returns the count of one kind of requests, such as `1,200 allowed`. */
export function countText(outcome: keyof UsageCounts, count: number, { texts, locale }: Language): string {
  return fill(texts.count, { count: count.toLocaleString(locale), outcome: texts[outcome] });
}

/** Describes a chart for screen readers. Omits the rows without requests. */
export function describeRows(rows: readonly UsageRow[], span: UsageSpan, language: Language): string {
  const busy = rows
    .filter(({ total }) => total > 0)
    .map((row) => `${rowName(row, span, language)}: ${countsText(row, language)}`);
  const rest = rows.length - busy.length;
  return [...busy, ...(rest === 0 ? [] : [plural(language, `${span}sWithout`, rest)])].join('; ');
}
