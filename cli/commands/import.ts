import { Option, type Command } from 'commander';
import type { ImportedKey, KeyRegistry } from '../../keys/registry.ts';
import { CliError } from '../../operator/errors.ts';
import type { CommandDeps } from '../command.ts';
import { addActorOption, addTableOptions } from '../options.ts';
import type { ImportLine } from '../importExport/importLine.ts';
import {
  detectFormat,
  FORMAT_MEANING,
  IMPORT_FORMATS,
  type ImportFormat,
  readConfig,
  readJsonLines,
  readKeyList,
} from '../importExport/formats.ts';
import { ImportReport, ImportSource } from '../importExport/importRun.ts';
import { readCsv } from '../importExport/csv.ts';
import { ReviewedKeys, type ReviewedKey } from '../importExport/reviewedKeys.ts';
import { withActingRegistry, type RegistryOptions } from '../withRegistry.ts';

interface ImportOptions extends RegistryOptions {
  readonly format?: ImportFormat;
  readonly allowWeak?: boolean;
  readonly json?: boolean;
}

interface ImportRun {
  readonly source: ImportSource;
  readonly options: ImportOptions;
  readonly registry: KeyRegistry;
  /** Of the deployment, if it is known. */
  readonly acceptedKeys: string | undefined;
  readonly report: ImportReport;
  readonly deps: CommandDeps;
}

const HELP = `
Without --format, the format is detected and reported. Formats:

  soulsync  a JSON document with a list "api_keys" at its top level, of
            {"id","label","key_hash","key_prefix","created_at","last_used_at"};
            a key without a label is called by its prefix, or else its id
  csv       a header row that names some of the fields below, then a row for
            each key; separated by commas, semicolons or tabs, or by what a
            first line such as sep=; says. Lines with # before the header are
            skipped. Unknown columns are ignored with a warning; one such as
            "revoked" or "status", which may say that a key has ended, is an
            error: rename or remove it. \\N, NULL and null outside quotes are
            empty
  jsonl     a JSON object of such fields on each line: what export writes
  env       raw keys as NAME=key, also with quotes, export and comments; each is
            hashed here, and its name becomes the label

  fields    keyHash and label; id, keyPrefix, owner, scopes, plan, metadata,
            createdAt, createdBy, lastUsedAt, expiresAt, disabledAt,
            disabledBy, revokedAt, revokedBy, revokedReason, rotatedFrom,
            rotatedTo; or key_hash and so on

A hash is the SHA-256 of the whole key, in hex. A time is ISO 8601; one without a zone is read as UTC. A date alone is the
start of that day in UTC, and as expiresAt its end. Zero times (0, year 1, the start of 1970) count as absent. Scopes are a
list, or one text with spaces or commas between them, also in braces. Files are UTF-8, or UTF-16 with a byte order mark.

An env file holds more than keys. Import rejects URLs, e-mail and network addresses, paths, placeholders, hashes, times,
options, lists such as a=b;c=d, UUIDs of other versions than 4, and settings with names such as DATABASE_URL, LOG_LEVEL or
NEXT_PUBLIC_KEY. It prints the name and the reason, and the labels of the keys that it imported. If it rejects a real key,
rename the setting, or give the key's hash in csv or jsonl. Raw keys are never stored or shown.

Import rejects a weak key unless you pass --allow-weak. A key is weak if it is made of words and short numbers, or has only
letters of one case. It is also weak below 112 bits: its length, without a prefix such as sk_ and without repeats, times log2
of the alphabet seen in it (10 for digits, 26 for small and 26 for capital letters, 2 for - and _, 30 for the rest, 16 where
all is hex).

The whole file is read before the first key is stored. Several lines with one hash give one key: the first line's record, with
the restrictions of all lines (a revocation, a disabling, the earliest expiry). If one of them is rejected, all are.

Import skips a hash that the table holds and doesn't change its record. To resume an interrupted import, run the same command
again. But the record of a key that was revoked or expired goes 90 days after that, and then nothing tells that the table
ever held it: a file that still has the key as active brings it back. Take out of an old file what has ended since.

Only a deployment with acceptForeignKeys accepts keys that were issued elsewhere. Import counts the keys that are certain to
be such. If you pass --stack and the stack has the output AcceptedKeys, import, list and show tell you which active keys the
deployment refuses.

  latchkey import config.json --table keys
  latchkey export --table old | latchkey import - --table new`;

const GO_ON = 'to go on, run it again; it skips the keys that it stored';

/** Adds `latchkey import`, which takes in keys that another system or table holds. */
export function addImportCommand(program: Command, deps: CommandDeps): void {
  const command = program
    .command('import')
    .description('Take in keys from elsewhere, by their hashes. Exits 1 where a line was rejected.')
    .argument('<file>', 'what to read; - reads standard input')
    .addOption(new Option('--format <format>', 'file format; detected if omitted').choices(IMPORT_FORMATS))
    .option('--allow-weak', 'take raw keys that are weak: of less than 112 bits, or made of words')
    .option(
      '--json',
      'print one JSON document: {"format", "imported":[ids], "ended", "foreign", "labels", "skipped", "duplicates":[{"line", "firstLine", "applied"}], "rejected":[{"line", "problem"}]}',
    )
    .addHelpText('after', HELP);
  addTableOptions(addActorOption(command)).action((file: string, options: ImportOptions) =>
    importKeys(file, options, deps),
  );
}

async function importKeys(file: string, options: ImportOptions, deps: CommandDeps): Promise<void> {
  const { output, interruption } = deps;
  const report = new ImportReport(output, options.json === true);
  await withActingRegistry(options, deps, (registry, { acceptedKeys }) =>
    interruption.deferSignals(async () => {
      const source = await ImportSource.open(file, deps.stdin);
      interruption.signal.addEventListener('abort', () => source.close());
      try {
        await run({ source, options, registry, acceptedKeys, report, deps });
      } catch (error) {
        // A text that was cut short is not what its file says.
        throw interruption.exitCode !== undefined && isAboutText(error) ? interrupted(error) : error;
      } finally {
        source.close();
      }
    }),
  );
  const { rejectedCount } = report;
  if (rejectedCount === 0) return;
  throw new CliError('ENTRIES_REJECTED', `rejected: ${rejectedCount}; set them right and run it again`);
}

async function run(importRun: ImportRun): Promise<void> {
  const { source, options, report, deps } = importRun;
  const head = await source.head();
  const format = options.format ?? detectFormat(head);
  if (options.format === undefined && format !== undefined && options.json !== true) {
    deps.output.note(`reading ${source.name} as ${format} (${FORMAT_MEANING[format]})`);
  }
  try {
    await report.begin(format, importRun.acceptedKeys);
    await takeAll(linesOf(format, head, importRun), importRun);
  } finally {
    await report.end();
  }
  if (deps.interruption.exitCode !== undefined) throw interrupted();
}

function linesOf(
  format: ImportFormat | undefined,
  head: string,
  { source, options, deps }: ImportRun,
): AsyncIterable<ImportLine> {
  switch (format) {
    case 'soulsync':
      return readConfig(source.chunks());
    case 'csv':
      return readCsv(source.chunks(), head, (warning) => deps.output.note(warning));
    case 'jsonl':
      return readJsonLines(source.chunks());
    case 'env':
    case undefined:
      return readKeyList(source.chunks(), { allowWeak: options.allowWeak === true });
  }
}

function isAboutText(error: unknown): boolean {
  return error instanceof CliError && (error.code === 'IMPORT_INVALID' || error.code === 'USAGE_INVALID');
}

function interrupted(cause?: unknown): CliError {
  return new CliError('INTERRUPTED', `interrupted: ${GO_ON}`, { cause });
}

/** Reads the whole text before the first key is stored, so that a key is stored as all its lines say. */
async function takeAll(lines: AsyncIterable<ImportLine>, importRun: ImportRun): Promise<void> {
  const { report, deps } = importRun;
  const { output } = deps;
  const keys = await ReviewedKeys.read(lines, {
    actor: 'import',
    nowMs: deps.now(),
    reject: (line, problem) => report.reject(line, problem),
    goesOn: () => goesOn(report, deps),
  });
  try {
    output.progress.start(keys.count, 'share');
    await store(keys, importRun);
  } finally {
    output.progress.stop();
    await keys.close();
  }
}

async function store(keys: ReviewedKeys, { registry, report, deps }: ImportRun): Promise<void> {
  // Those that are under way: no more than the registry has in hand.
  const underWay = new Map<number, ReviewedKey>();
  for await (const { index, outcome, id, problem } of registry.importHashes(
    entriesOf(keys, underWay, () => goesOn(report, deps)),
  )) {
    const key = underWay.get(index);
    underWay.delete(index);
    if (key === undefined) continue;
    if (outcome === 'imported') await report.addImported(id, key);
    else if (outcome === 'skipped') report.skip(key);
    else report.rejectKey(key, problem);
    deps.output.progress.advance(index + 1);
  }
}

/** The entries, until a signal comes, or nobody reads what is told. */
async function* entriesOf(
  keys: ReviewedKeys,
  underWay: Map<number, ReviewedKey>,
  isToGoOn: () => boolean,
): AsyncGenerator<ImportedKey> {
  let index = 0;
  for await (const key of keys.keys()) {
    if (!isToGoOn()) return;
    underWay.set(index++, key);
    yield key.entry;
  }
}

/**
 * Whether no signal has come: the line that one cut short is not looked at.
 *
 * @throws CliError `OUTPUT_UNUSABLE` if nobody reads the output any more
 */
function goesOn({ hasReader }: ImportReport, { interruption }: CommandDeps): boolean {
  if (interruption.exitCode !== undefined) return false;
  if (!hasReader) throw new CliError('OUTPUT_UNUSABLE', `whatever read the output has left: ${GO_ON}`);
  return true;
}
