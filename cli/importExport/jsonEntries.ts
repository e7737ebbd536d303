import { parseJson } from '../options.ts';
import { textLines } from '../textSource.ts';
import { readJsonList } from './jsonParts.ts';
import { type EntryFields, type ReadEntry, readJsonEntry } from './readEntry.ts';

/** The list of keys in a JSON document, such as SoulSync's configuration. */
export const LIST_NAME = 'api_keys';

/**
 * Reads a JSON document that is a list, or that has a list `api_keys` at its top level. SoulSync's configuration is
 * such a document. Ignores the rest of the document. Positions count the entries of the list.
 *
 * @throws CliError `IMPORT_INVALID`
 */
export async function* readJsonDocument(chunks: AsyncIterable<string>, head: string): AsyncGenerator<ReadEntry> {
  let position = 0;
  for await (const { value } of readJsonList(chunks, head, [LIST_NAME])) {
    yield readJsonEntry(++position, value, withLabel);
  }
}

/** Replaces an empty label with the key's prefix or id. SoulSync's page also shows the prefix instead. */
function withLabel(fields: EntryFields): EntryFields {
  return { ...fields, label: fields.label || fields.keyPrefix || fields.id };
}

/** The maximum length of a line in characters. It's far more than a key with all its fields requires. */
const MAX_JSON_LINE = 64 * 1024;

/** Reads JSON Lines with hashes, in the format of `export`. */
export async function* readJsonLines(chunks: AsyncIterable<string>): AsyncGenerator<ReadEntry> {
  for await (const { line, text } of textLines(chunks, MAX_JSON_LINE)) {
    if (text === undefined) yield { position: line, problem: `the line is longer than ${MAX_JSON_LINE} characters` };
    else if (text.trim() !== '') yield readJsonEntry(line, parseJson(text));
  }
}
