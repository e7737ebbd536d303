import { readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { CliError } from '../../operator/errors.ts';
import { parseJson } from '../options.ts';
import { fieldOf } from './fileStart.ts';

const MANIFEST = 'manifest-files.json';
const SUMMARY = 'manifest-summary.json';

/**
 * Returns the data files of DynamoDB's export to S3 if the path is the folder of one, as `aws s3 cp --recursive` copies
 * it. Returns `undefined` for another path.
 *
 * @throws CliError `IMPORT_INVALID` if the export is incomplete or has another format
 */
export async function findExportFiles(path: string): Promise<readonly string[] | undefined> {
  const manifest = await readFile(join(path, MANIFEST), 'utf8').catch(() => undefined);
  if (manifest === undefined) return undefined;
  await checkSummary(path);
  const keys = manifest
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => fieldOf(parseJson(line), 'dataFileS3Key'));
  const files = keys.map((key) => {
    if (typeof key !== 'string') throw unusableExport(`${MANIFEST} has a line without dataFileS3Key`);
    return join(path, 'data', basename(key));
  });
  for (const file of files) await checkFile(file);
  return files;
}

async function checkFile(file: string): Promise<void> {
  const isThere = await stat(file).then(
    (found) => found.isFile(),
    () => false,
  );
  if (!isThere) throw unusableExport(`data/${basename(file)} is missing; copy the whole export`);
}

async function checkSummary(path: string): Promise<void> {
  const text = await readFile(join(path, SUMMARY), 'utf8').catch(() => '');
  const summary = parseJson(text);
  const [format, type] = [fieldOf(summary, 'outputFormat'), fieldOf(summary, 'exportType')];
  if (format === 'ION') throw unusableExport(ION);
  if (type === 'INCREMENTAL_EXPORT') throw unusableExport(INCREMENTAL);
}

/** The reasons why an export isn't usable, with advice. */
export const ION = 'its format is Amazon Ion; export the table in the format DYNAMODB_JSON';
export const INCREMENTAL = 'it is an incremental export; export the whole table';

/** Returns the error for an export that import can't read. */
export function unusableExport(why: string): CliError {
  return new CliError('IMPORT_INVALID', `cannot read the DynamoDB export: ${why}`);
}
