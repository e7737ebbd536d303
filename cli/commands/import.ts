import { type Command, InvalidArgumentError, Option } from 'commander';
import type { ImportedKey, KeyRegistry } from '../../keys/registry.ts';
import { CliError } from '../../operator/errors.ts';
import type { CommandDeps } from '../command.ts';
import { readCsv } from '../importExport/csv.ts';
import {
  DECISIVE_LINE,
  detectFormat,
  FORMAT_MEANING,
  getPositionUnit,
  IMPORT_FORMATS,
  type ImportFormat,
  readEnv,
  readJsonDocument,
  readJsonLines,
} from '../importExport/formats.ts';
import { ImportReport } from '../importExport/importReport.ts';
import type { ReadEntry } from '../importExport/readEntry.ts';
import { ReviewedKeys, type ReviewedKey } from '../importExport/reviewedKeys.ts';
import { addActorOption, addTableOptions } from '../options.ts';
import { TextSource } from '../textSource.ts';
import { withActingRegistry, type RegistryOptions } from '../withRegistry.ts';

interface ImportOptions extends RegistryOptions {
  readonly format?: ImportFormat;
  readonly allowWeak?: boolean;
  readonly json?: boolean;
}

interface ImportRun {
  readonly source: TextSource;
  readonly options: ImportOptions;
  readonly registry: KeyRegistry;
  /** The keys that the deployment accepts, if known. */
  readonly acceptedKeys: string | undefined;
  readonly report: ImportReport;
  readonly deps: CommandDeps;
}

const HELP = `
Without --format, import detects the format and reports it. Formats:

  json      a JSON document with a list "api_keys" at its top level, such as
            SoulSync's configuration, or only that list. An entry has some of
            the fields below, such as "id", "label" and "key_hash". A key
            without a label gets its prefix as the label, or its id
  csv       a header row with some of the fields below, then a row for each
            key. The separator is a comma, a semicolon, a tab, or the character
            that a first line such as sep=; sets. Lines with # before the
            header are skipped. Unknown columns are ignored with a warning. A
            column such as "revoked" or "status" may mean that a key has ended,
            and is an error: rename or remove it. Outside quotes, \\N, NULL and
            null are empty
  jsonl     a JSON object with some of these fields on each line, as export
            writes it
  env       raw keys as NAME=key, with or without quotes, export and comments.
            Import hashes each key and uses its name as the label

  fields    keyHash and label are required. Optional: id, keyPrefix, owner,
            scopes, plan, metadata, createdAt, createdBy, lastUsedAt,
            expiresAt, disabledAt, disabledBy, revokedAt, revokedBy,
            revokedReason, rotatedFrom, rotatedTo. Names may also be in snake
            case, such as key_hash

A hash is the SHA-256 of the whole key, in hex. A time is ISO 8601, in UTC if it has no zone. A date means the start of that day
in UTC, and as expiresAt its end. Zero times (0, year 1, the start of 1970) count as absent. Scopes are a list, or one text with
spaces or commas between them, with or without braces. Files are UTF-8, or UTF-16 with a byte order mark.

An env file contains more than keys. Import rejects URLs, e-mail and network addresses, paths, placeholders, hashes, times,
options, lists such as a=b;c=d, UUIDs of other versions than 4, and settings with names such as DATABASE_URL, LOG_LEVEL or
NEXT_PUBLIC_KEY. It prints the name and the reason, and the labels of the keys that it imported. If it rejects a real key,
rename the setting, or import the key's hash as csv or jsonl. Raw keys are never stored or shown.

Import rejects a weak key unless you pass --allow-weak. A key is weak if it is made of words and short numbers, or has only
letters of one case. It is also weak below 112 bits: its length, without a prefix such as sk_ and without repeats, times log2
of the alphabet seen in it (10 for digits, 26 for small and 26 for capital letters, 2 for - and _, 30 for the rest, 16 if
all is hex).

Import reads the whole file before it stores the first key. Several entries with one hash give one key: the first entry's
record, with the restrictions of all entries (a revocation, a disabling, the earliest expiry). If one of them is rejected, all
are.

Import skips a hash that the table has, and doesn't change its record. To resume an interrupted import, run the same command
again. But DynamoDB deletes the record of a key 90 days after it was revoked or expired. If an old file has that key as
active, import makes it active again. Remove ended keys from an old file before you import it.

Only a deployment with acceptForeignKeys accepts keys that were issued elsewhere. Import counts the keys that were
certainly issued elsewhere. If you pass --stack and the stack has the output AcceptedKeys, import, list and show report the
active keys that the deployment refuses.

  latchkey import config.json --table keys
  latchkey export --table old | latchkey import - --table new`;

const JSON_HELP =
  'print one JSON document: {"format", "imported":[ids], "ended", "foreign", "labels", "skipped", "duplicates":[{"place", "line", "firstPlace", "firstLine", "applied"}], "rejected":[{"place", "line", "problem"}]}; for --format json, "entry" and "firstEntry" instead of "line" and "firstLine"';

const HOW_TO_RESUME = 'to resume, run the same command again; it skips the keys that are stored';

/** Adds `latchkey import`, which stores the keys of another system or table by their hashes. */
export function addImportCommand(program: Command, deps: CommandDeps): void {
  const command = program
    .command('import')
    .description('Import keys from elsewhere by their hashes. Exits 1 if an entry was rejected.')
    .argument('<file>', 'the file to read; - reads standard input')
    .addOption(
      new Option('--format <format>', 'file format; detected if omitted')
        .choices(IMPORT_FORMATS)
        .argParser(parseImportFormat),
    )
    .option('--allow-weak', 'import weak raw keys: below 112 bits, or made of words')
    .option('--json', JSON_HELP)
    .addHelpText('after', HELP);
  addTableOptions(addActorOption(command)).action((file: string, options: ImportOptions) =>
    importKeys(file, options, deps),
  );
}

/** Also accepts `soulsync`, the old name of the `json` format. */
function parseImportFormat(text: string): ImportFormat {
  const format = text === 'soulsync' ? 'json' : IMPORT_FORMATS.find((known) => known === text);
  if (format !== undefined) return format;
  throw new InvalidArgumentError(`Allowed choices are ${IMPORT_FORMATS.join(', ')}.`);
}

async function importKeys(file: string, options: ImportOptions, deps: CommandDeps): Promise<void> {
  const { output, interruption } = deps;
  const report = new ImportReport(output, options.json === true);
  await withActingRegistry(options, deps, (registry, { acceptedKeys }) =>
    interruption.deferSignals(async () => {
      const source = await TextSource.open(file, deps.stdin);
      interruption.signal.addEventListener('abort', () => source.close());
      try {
        await run({ source, options, registry, acceptedKeys, report, deps });
      } catch (error) {
        // A signal can truncate the text, and an error about its end would then be misleading.
        throw interruption.exitCode !== undefined && isAboutText(error) ? interrupted(error) : error;
      } finally {
        source.close();
      }
    }),
  );
  const { rejectedCount } = report;
  if (rejectedCount === 0) return;
  throw new CliError('ENTRIES_REJECTED', `rejected: ${rejectedCount}; fix them and run the command again`);
}

function isAboutText(error: unknown): boolean {
  return error instanceof CliError && (error.code === 'IMPORT_INVALID' || error.code === 'USAGE_INVALID');
}

function interrupted(cause?: unknown): CliError {
  return new CliError('INTERRUPTED', `interrupted: ${HOW_TO_RESUME}`, { cause });
}

async function run(importRun: ImportRun): Promise<void> {
  const { source, options, report, deps } = importRun;
  const head = await source.peek(DECISIVE_LINE);
  const format = options.format ?? detectFormat(head);
  if (options.format === undefined && format !== undefined && options.json !== true) {
    deps.output.note(`reading ${source.name} as ${format} (${FORMAT_MEANING[format]})`);
  }
  try {
    await report.begin(format, importRun.acceptedKeys);
    await importAll(readEntries(format, head, importRun), format, importRun);
  } finally {
    await report.end();
  }
  if (deps.interruption.exitCode !== undefined) throw interrupted();
}

function readEntries(
  format: ImportFormat | undefined,
  head: string,
  { source, options, deps }: ImportRun,
): AsyncIterable<ReadEntry> {
  switch (format) {
    case 'json':
      return readJsonDocument(source.chunks());
    case 'csv':
      return readCsv(source.chunks(), head, (warning) => deps.output.note(warning));
    case 'jsonl':
      return readJsonLines(source.chunks());
    case 'env':
    case undefined:
      return readEnv(source.chunks(), { allowWeak: options.allowWeak === true });
  }
}

/** Reads the whole text before it stores the first key, because later entries can restrict a key. */
async function importAll(
  entries: AsyncIterable<ReadEntry>,
  format: ImportFormat | undefined,
  importRun: ImportRun,
): Promise<void> {
  const { report, deps } = importRun;
  const { output } = deps;
  const keys = await ReviewedKeys.read(entries, {
    actor: 'import',
    nowMs: deps.now(),
    unit: getPositionUnit(format),
    reject: (position, problem) => report.addRejected(position, problem),
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
  // Keys in progress, by index. The registry's concurrency limits their number.
  const inProgress = new Map<number, ReviewedKey>();
  const entries = toEntries(keys, inProgress, () => goesOn(report, deps));
  for await (const { index, outcome, id, problem } of registry.importHashes(entries)) {
    const key = inProgress.get(index);
    inProgress.delete(index);
    if (key === undefined) continue;
    if (outcome === 'imported') await report.addImported(id, key);
    else if (outcome === 'skipped') report.addSkipped(key);
    else report.addRejectedKey(key, problem);
    deps.output.progress.advance(index + 1);
  }
}

/** Yields the entries until a signal arrives or the output's reader closes it. */
async function* toEntries(
  keys: ReviewedKeys,
  inProgress: Map<number, ReviewedKey>,
  isToContinue: () => boolean,
): AsyncGenerator<ImportedKey> {
  let index = 0;
  for await (const key of keys.keys()) {
    if (!isToContinue()) return;
    inProgress.set(index++, key);
    yield key.entry;
  }
}

/**
 * Returns whether to continue. It returns `false` after a signal, which may have truncated the current line.
 *
 * @throws CliError `OUTPUT_UNUSABLE` if the output's reader has closed it
 */
function goesOn({ hasReader }: ImportReport, { interruption }: CommandDeps): boolean {
  if (interruption.exitCode !== undefined) return false;
  if (!hasReader) throw new CliError('OUTPUT_UNUSABLE', `the output was closed before the end: ${HOW_TO_RESUME}`);
  return true;
}
