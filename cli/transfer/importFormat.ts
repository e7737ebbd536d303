import { CliError } from '../cliError.ts';
import { parseJson } from '../parseJson.ts';
import { fieldNamed } from './importLine.ts';

/** What `import` reads. */
export const IMPORT_FORMATS = ['soulsync', 'csv', 'jsonl', 'env'] as const;
export type ImportFormat = (typeof IMPORT_FORMATS)[number];

/**
 * The format of a text by how it begins.
 *
 * @throws CliError `USAGE_INVALID` where that does not tell
 */
export function detectFormat(head: string): ImportFormat {
  const lines = head.split(/\r?\n/).map((line) => line.trim());
  const first = lines.find((line) => line !== '' && !line.startsWith('#'));
  // Nothing, or comments alone: any format is right.
  if (first === undefined) return 'env';
  if (first.startsWith('[')) return 'soulsync';
  if (first.startsWith('{')) return isEntry(parseJson(first)) ? 'jsonl' : 'soulsync';
  if (first.split(/[,;\t]/).some((cell) => fieldNamed(cell.replaceAll('"', '')) === 'keyHash')) return 'csv';
  if (/^(?:export\s+)?[A-Za-z_][\w.-]*\s*=/.test(first)) return 'env';
  throw new CliError('USAGE_INVALID', `how is it written? It was not seen: give --format ${IMPORT_FORMATS.join('|')}`);
}

function isEntry(value: unknown): boolean {
  return (
    typeof value === 'object' && value !== null && Object.keys(value).some((name) => fieldNamed(name) === 'keyHash')
  );
}
