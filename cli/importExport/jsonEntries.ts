import type { ImportInput } from './importFormat.ts';
import { readMappedRows } from './mappedRows.ts';
import { type EntryFields, type ReadEntry, readJsonEntry } from './readEntry.ts';
import { readJsonLineRows, readJsonListRows } from './rows.ts';
import type { Row } from './row.ts';

/** The list of keys in a JSON document, such as SoulSync's configuration. */
export const LIST_NAME = 'api_keys';

/**
 * Reads a JSON document that is a list, or that has a list `api_keys` at its top level. SoulSync's configuration is
 * such a document. Ignores the rest of the document. Positions count the entries of the list.
 *
 * @throws CliError `IMPORT_INVALID`
 */
export async function* readJsonDocument(input: ImportInput): AsyncGenerator<ReadEntry> {
  yield* readJsonRows(readJsonListRows(input, [LIST_NAME]), input, withLabel);
}

/** Replaces an empty label with the key's prefix or id. SoulSync's page also shows the prefix instead. */
function withLabel(fields: EntryFields): EntryFields {
  return { ...fields, label: fields.label || fields.keyPrefix || fields.id };
}

/** Reads JSON Lines with hashes, in the format of `export`. */
export async function* readJsonLines(input: ImportInput): AsyncGenerator<ReadEntry> {
  yield* readJsonRows(readJsonLineRows(input.chunks), input);
}

async function* readJsonRows(
  rows: AsyncIterable<Row>,
  input: ImportInput,
  complete?: (fields: EntryFields) => EntryFields,
): AsyncGenerator<ReadEntry> {
  const { map } = input.options;
  if (map !== undefined) {
    yield* readMappedRows(rows, { ...input, map });
    return;
  }
  for await (const row of rows) yield 'problem' in row ? row : readJsonEntry(row.position, row.value, complete);
}
