import { Option, type Command } from 'commander';
import type { LatchkeyError } from '../../keys/errors.ts';
import { checkImportedKey } from '../../keys/importedKey.ts';
import type { KeyRecord } from '../../keys/record.ts';
import { CliError } from '../../operator/errors.ts';
import type { CommandDeps } from '../command.ts';
import { addHelp } from '../help.ts';
import { addTableOptions } from '../options.ts';
import { CSV, exportedFields, JSON_LINES, type ExportFormat } from '../importExport/csv.ts';
import { readJsonEntry } from '../importExport/readEntry.ts';
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
const UNIMPORTABLE_ADVICE = 'fix the fields with update, or in the export before you import it';

const DETAILS = `
The export contains the hash and all fields of every key, so treat it as confidential. Another table needs the hashes to
accept the keys. Neither the table nor the export contains the raw keys. You can import both formats without loss. The
read is strongly consistent, so the export includes even the latest revocation.

Export warns about a key that import rejects today, such as one with a control character in its label. Change the field
with update, or in the export before you import it.

An apostrophe precedes a string in CSV that a spreadsheet would run as a formula. Import removes the apostrophe only if
the header row is exactly the one from the export.`;

/** Fills `latchkey export`, which writes every key in a format that `import` reads. */
export function addExportCommand(command: Command, deps: CommandDeps): void {
  addHelp(command, {
    examples: ['latchkey export --table keys --out keys.jsonl', 'latchkey export --table keys --csv > keys.csv'],
    details: DETAILS,
  })
    .option('--csv', 'write CSV with a header row')
    .addOption(new Option('--jsonl', 'write JSON Lines (the default)').conflicts('csv'))
    .option('--out <file>', 'write to this new file with mode 0600');
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
      // Keeps an export that lacks only unreadable records. Any other partial export would look like a complete one.
      if (isIncomplete(error)) await file.keep();
      else await file.discard();
      throw error;
    }
    await file.keep();
  });
}

function isIncomplete(error: unknown): boolean {
  return error instanceof CliError && error.code === 'RECORDS_CORRUPT';
}

async function exportTo(options: ExportOptions, run: ExportRun): Promise<void> {
  const { output } = run.deps;
  await withRegistry(options, run.deps, async (registry) => {
    const corrupt: LatchkeyError[] = [];
    const onCorrupt = (error: LatchkeyError) => {
      corrupt.push(error);
      output.note(`warning: ${error.message}`);
    };
    output.progress.start();
    let [count, unimportable] = [0, 0];
    const review = (record: KeyRecord): void => {
      const problem = whyNotImportable(record, run.deps.now());
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
    throw new CliError('RECORDS_CORRUPT', `unreadable records, not in the export: ${corrupt.length}`);
  });
}

/**
 * Returns why `import` would reject the record. Returns `undefined` if it would accept the record. Another version or
 * another tool may have stored the record.
 */
function whyNotImportable(record: KeyRecord, nowMs: number): string | undefined {
  const read = readJsonEntry(1, exportedFields(record));
  const checked = 'entry' in read ? checkImportedKey(read.entry, { actor: 'export', nowMs }) : read;
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
