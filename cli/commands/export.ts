import { Option, type Command } from 'commander';
import type { LatchkeyError } from '../../keys/errors.ts';
import { checkImportedKey } from '../../keys/importedKey.ts';
import type { KeyRecord } from '../../keys/record.ts';
import { CliError } from '../../operator/errors.ts';
import type { CommandDeps } from '../command.ts';
import { addTableOptions } from '../options.ts';
import { CSV, exportedFields, JSON_LINES, type ExportFormat } from '../importExport/csv.ts';
import { objectLine } from '../importExport/importLine.ts';
import { PrivateFile } from '../privateFile.ts';
import { withRegistry, type RegistryOptions } from '../withRegistry.ts';

interface ExportOptions extends RegistryOptions {
  readonly csv?: boolean;
  readonly out?: string;
}

interface ExportRun {
  readonly format: ExportFormat;
  readonly write: (text: string) => Promise<void>;
  readonly deps: CommandDeps;
}

const BATCH = 500;
const UNIMPORTABLE_ADVICE = 'set the fields right with update, or in the export before you import it';

const HELP = `
The export holds the hash of every key, with all that is known of it: without the hashes no other table could accept the
keys. No hash opens anything by itself, but treat the export as confidential. The keys themselves are in no table and in
no export. import reads both formats, and nothing is lost on the way. The read is a consistent one, so that a revocation of
just now is in it.

An older version may have stored a field that import rejects today, such as a label with a control character. The export has
such a key too, and a warning names the key and the field. Change the field with update before you export, or in the export
before you import it.

In CSV what a spreadsheet would run as a formula has an apostrophe in front. Import removes it again, but only if the header
row is exactly that of the export: if you remove, rename or move a column, the apostrophes stay.

  latchkey export --table keys --out keys.jsonl
  latchkey export --table keys --csv > keys.csv`;

/** Adds `latchkey export`, which writes out every key for `import` to read. */
export function addExportCommand(program: Command, deps: CommandDeps): void {
  const command = program
    .command('export')
    .description('Write out all keys with their hashes, to move or to keep them. Treat it as confidential.')
    .option('--csv', 'as CSV with a header row')
    .addOption(new Option('--jsonl', 'as JSON Lines; so unless --csv is given').conflicts('csv'))
    .option('--out <file>', 'write to this file, which must not exist, with mode 0600')
    .addHelpText('after', HELP);
  addTableOptions(command).action((options: ExportOptions) => exportKeys(options, deps));
}

async function exportKeys(options: ExportOptions, deps: CommandDeps): Promise<void> {
  const format = options.csv === true ? CSV : JSON_LINES;
  const { out } = options;
  if (out === undefined) {
    return exportTo(options, { format, write: (text) => deps.output.print(text), deps });
  }
  await deps.interruption.deferSignals(async () => {
    const file = await PrivateFile.create(out);
    try {
      await exportTo(options, { format, write: (text) => file.write(text), deps });
    } catch (error) {
      // What could be read is of use; half a file that looks like a whole one is not.
      if (isIncomplete(error)) await file.keep();
      else await file.discard();
      throw error;
    }
    await file.keep();
  });
}

async function exportTo(options: ExportOptions, run: ExportRun): Promise<void> {
  const { output } = run.deps;
  await withRegistry(options, run.deps, async (registry) => {
    const corrupt: LatchkeyError[] = [];
    const onCorrupt = (error: LatchkeyError) => {
      corrupt.push(error);
      output.note(`warning: ${error.message}`);
    };
    output.progress.start(0, 'count');
    let [count, unimportable] = [0, 0];
    const review = (record: KeyRecord): void => {
      const problem = importProblem(record, run.deps.now());
      if (problem === undefined) return;
      unimportable++;
      output.note(`warning: import would reject the key ${record.id}: ${problem}`);
    };
    try {
      count = await writeAll(registry.records({ onCorrupt, consistentRead: true }), review, run);
    } finally {
      output.progress.stop();
    }
    output.note(`keys exported: ${count}${options.out === undefined ? '' : `; they are in ${options.out}`}`);
    if (unimportable > 0) output.note(`keys that import would reject: ${unimportable}; ${UNIMPORTABLE_ADVICE}`);
    if (corrupt.length === 0) return;
    throw new CliError('RECORDS_CORRUPT', `${corrupt.length} of the records cannot be read and are not in the export`);
  });
}

/** Returns why `import` would reject the record, if it would: another version may have stored it, or another tool. */
function importProblem(record: KeyRecord, nowMs: number): string | undefined {
  const line = objectLine(1, exportedFields(record));
  const checked = 'entry' in line ? checkImportedKey(line.entry, { actor: 'export', nowMs }) : line;
  return 'problem' in checked ? checked.problem : undefined;
}

async function writeAll(
  records: AsyncIterable<KeyRecord>,
  review: (record: KeyRecord) => void,
  { format, write, deps }: ExportRun,
): Promise<number> {
  const { output, interruption } = deps;
  let count = 0;
  let batch: KeyRecord[] = [];
  await write(format.header);
  for await (const record of records) {
    if (interruption.exitCode !== undefined) throw new CliError('INTERRUPTED', 'interrupted: nothing was exported');
    review(record);
    batch.push(record);
    count++;
    output.progress.advance();
    if (batch.length < BATCH) continue;
    await write(format.rows(batch));
    batch = [];
  }
  await write(format.rows(batch));
  return count;
}

function isIncomplete(error: unknown): boolean {
  return error instanceof CliError && error.code === 'RECORDS_CORRUPT';
}
