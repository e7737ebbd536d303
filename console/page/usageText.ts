import type { UsageRow } from '../../keys/usageReport.ts';
import type { UsageCounts, UsageSource } from '../../keys/usage.ts';

/** The span of a chart: the last 24 hours by hour, or the last 30 days by day. */
export type UsageSpan = 'hour' | 'day';

/** The kinds of requests, in the order of a chart's bars from the bottom. Each has the name of its colour. */
export const OUTCOMES: readonly (keyof UsageCounts)[] = ['allowed', 'limited', 'refused'];

const DAY_FORMAT = new Intl.DateTimeFormat('en', { day: 'numeric', month: 'short', timeZone: 'UTC' });

/** Returns the name of a row in UTC: `21:00` or `Nov 30`. */
export function rowName({ start }: Pick<UsageRow, 'start'>, span: UsageSpan): string {
  return span === 'hour' ? start.slice(11, 16) : DAY_FORMAT.format(Date.parse(start));
}

/** Returns the counts of a row, such as `1,200 allowed, 3 limited`. Omits the zeros beside other counts. */
export function countsText(counts: UsageCounts): string {
  const parts = OUTCOMES.filter((outcome) => counts[outcome] > 0).map(
    (outcome) => `${counts[outcome].toLocaleString('en')} ${outcome}`,
  );
  return parts.length === 0 ? 'no requests' : parts.join(', ');
}

/** Describes a chart for screen readers. Omits the rows without requests. */
export function describeRows(rows: readonly UsageRow[], span: UsageSpan): string {
  const busy = rows.filter(({ total }) => total > 0).map((row) => `${rowName(row, span)}: ${countsText(row)}`);
  const rest = rows.length - busy.length;
  return [...busy, ...(rest === 0 ? [] : [`${rest} ${span}${rest === 1 ? '' : 's'} without requests`])].join('; ');
}

const SOURCE_NAMES: Readonly<Record<UsageSource, string>> = {
  'access-log': 'access logs',
  'minute-lines': 'minute lines',
};

/** Returns the sources of the counts for the note below a chart. */
export function sourcesText(sources: readonly UsageSource[]): string {
  return `Counted from ${sources.map((source) => SOURCE_NAMES[source]).join(' and ')}, in UTC.`;
}
