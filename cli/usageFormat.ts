import { type KeyRecord, type PublicRecord, publicRecord } from '../keys/record.ts';
import type { UsageRow } from '../keys/registry.ts';
import { csvRows } from './importExport/csvRows.ts';
import type { Output } from './output.ts';
import { type ReportedUsage, usageChart } from './usageChart.ts';

interface UsageFormatOptions {
  readonly csv?: boolean;
  readonly json?: boolean;
}

const CSV_COLUMNS = ['start', 'allowed', 'limited', 'refused', 'total', 'p50', 'p90', 'p99', 'statuses', 'sources'];

/** Returns a report as JSON, CSV, a chart on a terminal, or tab-separated fields, with a newline at its end. */
export function formatUsage(reported: ReportedUsage, { csv, json }: UsageFormatOptions, output: Output): string {
  const { rows } = reported.report;
  if (json === true) return `${usageJson(reported)}\n`;
  if (csv === true) return csvRows([CSV_COLUMNS, ...rows.map(toCells)]);
  if (output.isTerminal) return `${usageChart(reported, output)}\n`;
  return `${rows.map((row) => toCells(row).join('\t')).join('\n')}\n`;
}

function toCells({ start, allowed, limited, refused, total, latency, statuses, sources }: UsageRow) {
  const { p50 = '', p90 = '', p99 = '' } = latency ?? {};
  const byStatus = Object.keys(statuses).length === 0 ? '' : JSON.stringify(statuses);
  return [start, allowed, limited, refused, total, p50, p90, p99, byStatus, sources.join(' ')];
}

function usageJson({ subject, report, busiest: records }: ReportedUsage): string {
  const { since, until, by, rows, total, busiest } = report;
  return JSON.stringify({
    ...(subject.kind === 'key' ? { id: subject.id } : {}),
    ...(subject.kind === 'owner' ? { owner: subject.owner } : {}),
    since,
    until,
    by,
    rows,
    total,
    busiest: busiest?.map((key) => Object.assign({}, key, { record: toPublic(records.get(key.keyId)) })),
  });
}

/** Returns `null` for a deleted key. */
function toPublic(record: KeyRecord | undefined): PublicRecord | null {
  return record === undefined ? null : publicRecord(record);
}
