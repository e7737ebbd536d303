import type { JsonValue } from '../keys/json.ts';
import { isPlainObject } from '../keys/json.ts';
import { printable } from '../keys/printable.ts';
import type { HistoryEntry, KeyHistory } from '../keys/registry.ts';
import type { Output } from './output.ts';
import { wrap } from './wrap.ts';

/** The history of a key, with what its record says. */
export interface ReportedHistory {
  readonly id: string;
  /** Absent if the table of keys has no readable record. */
  readonly label?: string | undefined;
  readonly history: KeyHistory;
}

/** Returns a history as JSON, as lines for people on a terminal, or tab-separated fields, with a newline at its end. */
export function formatHistory(
  reported: ReportedHistory,
  { json }: { readonly json?: boolean },
  output: Output,
): string {
  const { id, history } = reported;
  const { events } = history;
  if (json === true) {
    return `${JSON.stringify({ id, events: events.map(({ type, detail }) => ({ type, ...detail })) })}\n`;
  }
  if (output.isTerminal) return `${historyLines(reported, output)}\n`;
  return events.map((entry) => `${toCells(entry).join('\t')}\n`).join('');
}

function toCells({ time, type, actor = '', detail }: HistoryEntry): readonly string[] {
  return [time, printable(type), printable(actor), String(detail['version'] ?? ''), JSON.stringify(detail)];
}

function historyLines(reported: ReportedHistory, output: Pick<Output, 'columns' | 'colors'>): string {
  const { id, label, history } = reported;
  const name = label === undefined ? 'the deleted key' : `“${printable(label)}”`;
  const title = `History of ${name} (${printable(id)})`;
  if (history.events.length === 0) return `${title}\n\nNo events.`;
  return [title, ...history.events.map((entry) => entryLines(entry, output))].join('\n\n');
}

function entryLines(entry: HistoryEntry, { columns, colors }: Pick<Output, 'columns' | 'colors'>): string {
  const { time, type, actor } = entry;
  const by = actor === undefined ? '' : ` by ${printable(actor)}`;
  const first = `${printable(type)}${by}`;
  const indented = detailLines(entry).flatMap((line) => wrap(line, Math.max(20, columns - INDENT.length)));
  return [`${colors.dim(time)}  ${first}`, ...indented.map((line) => INDENT + line)].join('\n');
}

const INDENT = '    ';

/** The fields of the detail that say something new, after the changes. */
const TOLD = ['rotatedFrom', 'rotatedTo', 'reason', 'expiresAt', 'lastUsedAt', 'withinDays', 'unusedDays', 'percent'];

function detailLines({ detail }: HistoryEntry): readonly string[] {
  const { changes, changedMetadata } = detail;
  const changed = isPlainObject(changes) ? changes : {};
  const lines = Object.entries(changed).map(([field, change]) => {
    const { from, to } = Object(change);
    return `${printable(field)}: ${valueText(from)} → ${valueText(to)}`;
  });
  const metadata = Array.isArray(changedMetadata)
    ? [`metadata: changed ${changedMetadata.map(String).join(', ')}`]
    : [];
  const told = TOLD.filter((field) => detail[field] !== undefined && !(field in changed));
  return [...lines, ...metadata.map(printable), ...told.map((field) => `${field}: ${valueText(detail[field])}`)];
}

function valueText(value: JsonValue | undefined): string {
  if (value === undefined || value === null) return 'none';
  return printable(typeof value === 'string' ? value : JSON.stringify(value));
}
