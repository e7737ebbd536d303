import { CliError } from '../cliError.ts';
import { parseJson } from '../parseJson.ts';
import { entryLines } from './entryLines.ts';
import { objectLine, type EntryFields, type ImportLine } from './importLine.ts';

/** A configuration is read as a whole, unlike the other formats. */
const MAX_LENGTH = 64 * 1024 * 1024;
const LIST_NAME = 'api_keys';

/**
 * Reads a JSON document that has a list `api_keys` at its top level among whatever else it holds, as SoulSync's
 * configuration does, or that is such a list itself. Nothing else of the document is looked at.
 *
 * @throws CliError `IMPORT_INVALID`
 */
export async function* readConfig(chunks: AsyncIterable<string>): AsyncGenerator<ImportLine> {
  let text = '';
  for await (const chunk of chunks) {
    text += chunk;
    if (text.length > MAX_LENGTH) throw invalid('it is larger than 64 MiB: bring the keys as JSON Lines or CSV');
  }
  const document = parseJson(text);
  if (document === undefined) throw invalid('it is not one JSON document');
  const entries = Array.isArray(document) ? document : (document as Record<string, unknown> | null)?.[LIST_NAME];
  if (!Array.isArray(entries)) throw invalid(`it has no list "${LIST_NAME}" at its top level`);
  const lines = entryLines(text, Array.isArray(document) ? undefined : LIST_NAME);
  for (const entry of entries) yield objectLine(lines.next().value ?? 1, entry, withLabel);
}

/** SoulSync keeps an empty label where none was given. Its page then tells keys apart by what it shows of them. */
function withLabel(fields: EntryFields): EntryFields {
  return { ...fields, label: fields.label || fields.keyPrefix || fields.id };
}

function invalid(why: string): CliError {
  return new CliError('IMPORT_INVALID', `the file cannot be read as a JSON configuration: ${why}`);
}
