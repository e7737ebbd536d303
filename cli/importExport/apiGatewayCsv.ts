import { CliError } from '../../operator/errors.ts';
import { readCsvRows } from './csvRecords.ts';
import type { ImportInput } from './importFormat.ts';
import { showName } from './readEntry.ts';
import type { Row } from './row.ts';

const COLUMNS = ['name', 'key', 'description', 'enabled', 'usageplanids'];
const REQUIRED = ['name', 'key'];

/**
 * Yields the rows of an API key file in CSV by the names of their columns in lower case. Ignores unknown columns with a
 * warning, as API Gateway does. See "API Gateway API key file format" in the API Gateway developer guide.
 *
 * @throws CliError `IMPORT_INVALID` if the header row lacks a required column, or a row is too long
 */
export function readKeyFile({ chunks, head, warn }: ImportInput): AsyncIterable<Row> {
  return readCsvRows(withDoubleQuotes(chunks), head, (header) => toColumns(header, warn));
}

function toColumns(header: readonly string[], warn: ImportInput['warn']): (string | false)[] {
  const columns = header.map((name) => name.trim().toLowerCase());
  const missing = REQUIRED.filter((name) => !columns.includes(name));
  const twice = COLUMNS.filter((name) => columns.indexOf(name) !== columns.lastIndexOf(name));
  if (missing.length > 0 || twice.length > 0) {
    const problems = [
      ...missing.map((name) => `there is no column ${name}`),
      ...twice.map((name) => `${name} appears twice`),
    ];
    const expected = 'expected Name and Key, and some of Description, Enabled, UsagePlanIds';
    throw new CliError('IMPORT_INVALID', `cannot use the header row: ${problems.join('; ')}; ${expected}`);
  }
  const ignored = header.filter((_, at) => !COLUMNS.includes(columns[at] ?? '')).map(showName);
  if (ignored.length > 0) warn(`ignored unknown columns: ${ignored.join(', ')}`);
  return columns.map((name) => COLUMNS.includes(name) && name);
}

const MAX_REST = 64 * 1024;

async function* withDoubleQuotes(chunks: AsyncIterable<string>): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of chunks) {
    const text = rest + chunk;
    const end = text.lastIndexOf('\n') + 1;
    yield text.slice(0, end).split('\n').map(requote).join('\n');
    rest = text.slice(end);
    if (rest.length <= MAX_REST) continue;
    // The parser rejects a row of this length.
    yield rest;
    rest = '';
  }
  yield requote(rest);
}

/** API Gateway accepts single quotes around a list of usage plans. Only double quotes are part of CSV. */
function requote(line: string): string {
  let text = line;
  for (let start = text.indexOf("'"); start >= 0; start = text.indexOf("'", start + 1)) {
    const end = text.indexOf("'", start + 1);
    const isCell =
      end > 0 && [undefined, ','].includes(text[start - 1]) && [undefined, ',', '\r'].includes(text[end + 1]);
    if (isCell) text = `${text.slice(0, start)}"${text.slice(start + 1, end)}"${text.slice(end + 1)}`;
  }
  return text;
}
