import { printable } from '../keys/printable.ts';
import type { KeyRecord } from '../keys/record.ts';
import type { Usage, UsageReport, UsageRow } from '../keys/registry.ts';
import type { UsageCounts, UsageSource } from '../keys/usage.ts';
import type { Colors } from '../operator/colors.ts';
import { barChart } from './barChart.ts';
import { numberText } from './counts.ts';
import { keyName, type Output } from './output.ts';
import { findUniqueLength } from './recordTable.ts';
import { cut, type Field, layOutFields, textWidth } from './wrap.ts';

/** The keys whose usage is reported. The record of a deleted key is unknown. */
export type UsageSubject =
  | { readonly kind: 'key'; readonly id: string; readonly record: KeyRecord | undefined }
  | { readonly kind: 'owner'; readonly owner: string }
  | { readonly kind: 'all' };

/** A report of usage with the records of its keys. */
export interface ReportedUsage {
  readonly subject: UsageSubject;
  readonly report: UsageReport;
  /** The records of the busiest keys by id. The record of a deleted key is absent. */
  readonly busiest: ReadonlyMap<string, KeyRecord>;
}

const MAX_WIDTH = 100;
/** The least width for the columns of limited and refused requests. */
const WIDE = 60;
const SOURCES: Readonly<Record<UsageSource, string>> = { 'access-log': 'access logs', 'minute-lines': 'minute lines' };

/** Returns a report for people: a bar for each hour, day or month, the totals, and the busiest keys. */
export function usageChart(reported: ReportedUsage, output: Pick<Output, 'columns' | 'colors'>): string {
  const { report, subject } = reported;
  const width = Math.min(output.columns, MAX_WIDTH);
  const title = `Requests of ${nameSubject(subject)} by ${report.by} in UTC`;
  if (report.total.total === 0) return `${title}\n\nNo requests from ${spanText(report)}.`;
  const parts = [
    title,
    rowChart(report, width, output.colors),
    layOutFields(totalFields(report.total), width),
    ...(report.busiest === undefined ? [] : [`Busiest keys:\n\n${busiestLines(reported, width, output.colors)}`]),
  ];
  return parts.join('\n\n');
}

function nameSubject(subject: UsageSubject): string {
  if (subject.kind === 'all') return 'all keys';
  if (subject.kind === 'owner') return `the keys of ${printable(JSON.stringify(subject.owner))}`;
  return subject.record === undefined ? `the deleted key ${printable(subject.id)}` : keyName(subject.record);
}

function spanText({ rows, by }: UsageReport): string {
  const [first, last] = [rows.at(0), rows.at(-1)];
  return `${first === undefined ? '' : startText(first, by)} to ${last === undefined ? '' : startText(last, by)}`;
}

function startText({ start }: UsageRow, by: UsageReport['by']): string {
  if (by === 'month') return start.slice(0, 7);
  return by === 'day' ? start.slice(0, 10) : start.slice(0, 16).replace('T', ' ');
}

const TOTAL = 'total';

/** Draws a bar for each row. Its colours show the shares of allowed, limited and refused requests. */
function rowChart({ rows, by }: UsageReport, width: number, colors: Colors): string {
  const isWide = width >= WIDE;
  const headings = [by, ...(isWide ? ['allowed', 'limited', 'refused'] : [])];
  const cells = rows.map((row) => [
    startText(row, by),
    ...(isWide ? [row.allowed, row.limited, row.refused].map(String) : []),
  ]);
  const names = alignColumns([headings, ...cells]);
  const nameWidth = names[0]?.length ?? 0;
  const most = Math.max(...rows.map(({ total }) => total));
  const bars = rows.map((row, at) => ({
    name: names[at + 1] ?? '',
    count: row.total,
    paint: (bar: string) => paintShares(bar, row, colors),
  }));
  const heading = `${names[0]}  ${TOTAL.padStart(String(most).length)}`;
  const chart = barChart(bars, { width, nameWidth, scale: most, minCountWidth: TOTAL.length });
  return `${colors.bold(heading.toUpperCase())}\n${chart}`;
}

/** Pads the cells of each column. The first column is a text, and the others are numbers. */
function alignColumns(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const pad = (cell: string, column: number) =>
    column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0);
  return rows.map((row) => row.map(pad).join('  '));
}

/** Colours a bar's columns in proportion. Limited and refused requests get at least one column if there is room. */
function paintShares(bar: string, { allowed, limited, refused }: UsageCounts, { green, yellow, red }: Colors): string {
  const columns = bar.length;
  const share = (count: number) =>
    count === 0 ? 0 : Math.max(1, Math.round((columns * count) / (allowed + limited + refused)));
  const least = allowed === 0 ? 0 : 1;
  const refusedColumns = Math.min(share(refused), columns - least);
  const limitedColumns = Math.min(share(limited), columns - least - refusedColumns);
  const limitedAt = columns - refusedColumns - limitedColumns;
  const refusedAt = columns - refusedColumns;
  const parts = [
    [green, bar.slice(0, limitedAt)],
    [yellow, bar.slice(limitedAt, refusedAt)],
    [red, bar.slice(refusedAt)],
  ] as const;
  return parts.map(([paint, part]) => (part === '' ? '' : paint(part))).join('');
}

function totalFields({ allowed, limited, refused, total, statuses, latency, sources }: Usage): readonly Field[] {
  const byStatus = Object.entries(statuses).map(([status, count]) => `${status}: ${numberText(count)}`);
  const counts = `${numberText(allowed)} allowed, ${numberText(limited)} limited, ${numberText(refused)} refused`;
  const fields: (Field | undefined)[] = [
    ['total', `${numberText(total)} (${counts})`],
    byStatus.length === 0 ? undefined : ['status codes', byStatus.join(', ')],
    latency && [
      'latency',
      `50 % within ${latency.p50} ms, 90 % within ${latency.p90} ms, 99 % within ${latency.p99} ms`,
    ],
    ['counted from', sources.map((source) => SOURCES[source]).join(' and ')],
  ];
  return fields.filter((field) => field !== undefined);
}

const MAX_LABEL = 40;
const MIN_LABEL = 8;
/** The columns for the rest of a line with a busy key: its count and its bar. */
const COUNT_COLUMNS = 24;

function busiestLines({ report: { busiest = [] }, busiest: records }: ReportedUsage, width: number, colors: Colors) {
  if (busiest.length === 0) return 'None: no request had a known key.';
  const idLength = findUniqueLength(busiest.map(({ keyId }) => keyId));
  const labelWidth = Math.min(MAX_LABEL, Math.max(MIN_LABEL, width - idLength - COUNT_COLUMNS));
  const names = busiest.map(({ keyId }) => {
    const record = records.get(keyId);
    const label = record === undefined ? '(deleted)' : printable(record.label);
    return `${printable(keyId).slice(0, idLength).padEnd(idLength)}  ${cut(label, labelWidth)}`;
  });
  const nameWidth = Math.max(...names.map(textWidth));
  const bars = busiest.map((counts, at) => ({
    name: names[at] ?? '',
    count: counts.total,
    paint: (bar: string) => paintShares(bar, counts, colors),
  }));
  return barChart(bars, { width, nameWidth, scale: Math.max(1, ...busiest.map(({ total }) => total)) });
}
