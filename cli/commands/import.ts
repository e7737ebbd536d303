import { type Command, InvalidArgumentError, Option } from 'commander';
import type { ImportedKey, KeyRegistry } from '../../keys/registry.ts';
import { CliError } from '../../operator/errors.ts';
import type { CommandDeps } from '../command.ts';
import { addHelp } from '../help.ts';
import { warnIfUnknownPlans } from '../keyPlan.ts';
import { addColumns, type ColumnMap } from '../importExport/columnMap.ts';
import { findExportFiles } from '../importExport/exportFolder.ts';
import { hasDecisiveLine, isWholeStart, readFileStart } from '../importExport/fileStart.ts';
import {
  checkTakesMap,
  detectFormat,
  FORMATS,
  getPositionUnit,
  IMPORT_FORMATS,
  MAPPED_FORMATS,
  type ImportFormat,
} from '../importExport/formats.ts';
import type { Positions } from '../importExport/importFormat.ts';
import { ImportReport } from '../importExport/importReport.ts';
import type { ReadEntry } from '../importExport/readEntry.ts';
import { ReviewedKeys, type ReviewedKey } from '../importExport/reviewedKeys.ts';
import { type PlanKeys, type PlanMap, parsePlanMap, readPlanKeys } from '../importExport/sourcePlans.ts';
import { addActorOption, addTableOptions, parseNonEmpty } from '../options.ts';
import { STDIN, TextSource } from '../textSource.ts';
import { withActingRegistry, withRegistry, type RegistryOptions } from '../withRegistry.ts';
import { wrap } from '../wrap.ts';

interface ImportOptions extends RegistryOptions {
  readonly format?: ImportFormat;
  readonly map?: ColumnMap;
  readonly allowWeak?: boolean;
  readonly planMap?: PlanMap;
  readonly planKeys?: string;
  readonly dryRun?: boolean;
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

/** The widths of the help's columns for formats. Both fit in a terminal of 60 columns. */
const NAME_WIDTH = 13;
const MEANING_WIDTH = 44;

const FORMAT_HELP = IMPORT_FORMATS.flatMap((name) => {
  const { details, meaning } = FORMATS[name];
  const [first = '', ...rest] = wrap(details ?? meaning, MEANING_WIDTH);
  return [`  ${name.padEnd(NAME_WIDTH)}${first}`, ...rest.map((line) => `  ${' '.repeat(NAME_WIDTH)}${line}`)];
}).join('\n');

const DETAILS = `
Import detects and reports the format if you omit --format. Formats:

${FORMAT_HELP}

  fields  keyHash and label are required. Optional: id,
          keyPrefix, owner, scopes, plan, metadata,
          createdAt, createdBy, lastUsedAt, expiresAt,
          disabledAt, disabledBy, revokedAt, revokedBy,
          revokedReason, rotatedFrom, rotatedTo, rootId.
          Names may also be in snake case, such as key_hash

A hash is the SHA-256 of the whole key, in hex, base64 or base64url. Other hashes, such as bcrypt, cannot be looked up.
A time has an ISO 8601 format, in UTC unless it has a zone. A file may be compressed with gzip. Import reads the whole
file before it stores the first key. Several entries with one hash become one key with the restrictions of all of them.
Import exits with 1 if it rejects an entry. It never stores or shows raw keys.

--map reads fields from columns of other names. It works with ${MAPPED_FORMATS.join(', ')}: --map keyHash=hash,owner=customer. Besides
the fields, it accepts key for raw keys, and enabled, disabled, revoked or status for a key's state. Add :seconds or
:milliseconds to the column of a time if it has numbers: --map expiresAt=ttl:seconds.

Import skips a hash that is already in the table, and doesn't change its record. To resume an interrupted import, run
the same command again. DynamoDB deletes the record of a key 90 days after its revocation or expiry. Import then
reactivates the key if an old file lists it as active, so remove ended keys from an old file first.

--dry-run reads and checks the whole file, and looks up its hashes and ids in the table. It prints a line for each key
that import would store or skip, and each rejection. It needs only read access.

Import rejects settings of an env file that aren't keys, and weak keys unless you pass --allow-weak. Only a deployment
with externalKeys accepts keys of other systems. docs/import.md in Latchkey's repository has the rules and a recipe
for each system.`;

const JSON_HELP =
  'print one JSON document: {"format", "imported":[ids], "ended", "external", "labels", "skipped", "duplicates":[{"place", "line", "firstPlace", "firstLine", "applied"}], "rejected":[{"place", "line", "problem"}]}; for a JSON document, "entry" and "firstEntry" instead of "line" and "firstLine"; with --dry-run also "dryRun", and null for an id that the file lacks';

const PLAN_MAP_HELP =
  "Latchkey's names of the usage plans of api-gateway and the policies of tyk; the default is their ids, ID= means no plan";
const PLAN_KEYS_HELP =
  "a file that lists the usage plans of api-gateway's keys: the id of a key and the id of its usage plan on each line";

const HOW_TO_RETRY = 'fix the rejected entries, and run the command again';
const HOW_TO_RESUME = 'to resume, run the same command again; it skips the keys that are stored';

/** Fills `latchkey import`, which stores the keys of another system or table by their hashes. */
export function addImportCommand(command: Command, deps: CommandDeps): void {
  addHelp(command, {
    examples: [
      'latchkey import config.json --dry-run --table keys',
      'latchkey import keys.jsonl --stack Orders',
      'latchkey import keys.csv --map owner=customer --table keys',
    ],
    details: DETAILS,
  })
    .argument('<file>', 'the file to read, or the folder of a DynamoDB export; - reads standard input')
    .addOption(
      new Option('--format <format>', 'the file format; detected if omitted')
        .choices(IMPORT_FORMATS)
        .argParser(parseImportFormat),
    )
    .option(
      '--map <field=column>',
      'read a field from a column of another name, such as keyHash=hash,owner=customer; may be repeated',
      addColumns,
    )
    .option('--allow-weak', 'import weak raw keys: below 112 bits, or consisting of words')
    .option('--plan-map <id=name>', PLAN_MAP_HELP, parsePlanMap)
    .option('--plan-keys <file>', PLAN_KEYS_HELP, parseNonEmpty('the path of a file'))
    .option('--dry-run', 'print what import would do, without a write to the table')
    .option('--json', JSON_HELP);
  addTableOptions(addActorOption(command)).action((file: string, options: ImportOptions) =>
    importKeys(file, options, deps),
  );
}

/** Parses `--format`. Also accepts `soulsync`, the old name of the `json` format. */
function parseImportFormat(text: string): ImportFormat {
  const format = text === 'soulsync' ? 'json' : IMPORT_FORMATS.find((known) => known === text);
  if (format !== undefined) return format;
  throw new InvalidArgumentError(`Allowed choices are ${IMPORT_FORMATS.join(', ')}.`);
}

async function importKeys(file: string, options: ImportOptions, deps: CommandDeps): Promise<void> {
  const { output, interruption } = deps;
  const isDryRun = options.dryRun === true;
  const report = new ImportReport(output, { isJson: options.json === true, isDryRun });
  const withTable = isDryRun ? withRegistry : withActingRegistry;
  await withTable(options, deps, (registry, location) =>
    interruption.deferSignals(async () => {
      const parts = file === STDIN ? undefined : await findExportFiles(file);
      const source = await TextSource.open(file, deps.stdin, parts);
      interruption.signal.addEventListener('abort', () => source.close());
      try {
        await run({ source, options, registry, acceptedKeys: location.acceptedKeys, report, deps });
        warnIfUnknownPlans(report.plans, location, output);
      } catch (error) {
        // A signal can truncate the text, and an error about its end would then be misleading.
        throw interruption.exitCode !== undefined && isAboutText(error) ? interrupted(error) : error;
      } finally {
        source.close();
      }
    }),
  );
  if (report.rejectedCount > 0) throw new CliError('ENTRIES_REJECTED', HOW_TO_RETRY);
}

function isAboutText(error: unknown): boolean {
  return error instanceof CliError && (error.code === 'IMPORT_INVALID' || error.code === 'USAGE_INVALID');
}

function interrupted(cause?: unknown): CliError {
  return new CliError('INTERRUPTED', `interrupted: ${HOW_TO_RESUME}`, { cause });
}

async function run(importRun: ImportRun): Promise<void> {
  const { source, options, report, deps } = importRun;
  const head = await source.peek(options.format === undefined ? isWholeStart : hasDecisiveLine);
  const start = readFileStart(head);
  const format = options.format ?? (start === undefined ? undefined : detectFormat(start, options.map));
  if (format !== undefined && options.map !== undefined) checkTakesMap(format);
  if (options.format === undefined && format !== undefined && options.json !== true) {
    deps.output.note(`reading ${source.name} as ${format} (${FORMATS[format].meaning})`);
  }
  if (format !== undefined) checkPlanOptions(format, options);
  const planKeys = options.planKeys === undefined ? undefined : await readPlanKeys(options.planKeys, deps.stdin);
  const unit = format === undefined ? 'line' : getPositionUnit(format, start);
  const placeOf: Positions['placeOf'] = (position) =>
    unit === 'line' ? source.placeOf(position) : `entry ${position}`;
  try {
    await report.begin(format, { unit, placeOf }, importRun.acceptedKeys);
    await importAll(
      format === undefined ? noEntries() : readEntries(format, head, planKeys, importRun),
      { unit, placeOf },
      importRun,
    );
  } finally {
    await report.end();
  }
  if (deps.interruption.exitCode !== undefined) throw interrupted();
}

/** @throws CliError `USAGE_INVALID` if an option about plans has no effect */
function checkPlanOptions(format: ImportFormat, options: ImportOptions): void {
  if (options.planKeys === STDIN)
    throw new CliError('USAGE_INVALID', '--plan-keys: expected the path of a file, got -');
  const uses = FORMATS[format].planOptions ?? [];
  for (const [name, flag] of PLAN_OPTIONS) {
    if (options[name] === undefined || uses.includes(name)) continue;
    const formats = IMPORT_FORMATS.filter((other) => FORMATS[other].planOptions?.includes(name)).join(' or ');
    throw new CliError('USAGE_INVALID', `${flag}: expected the format ${formats}, got ${format}`);
  }
}

const PLAN_OPTIONS = [
  ['planMap', '--plan-map'],
  ['planKeys', '--plan-keys'],
] as const;

async function* noEntries(): AsyncGenerator<ReadEntry> {}

function readEntries(
  format: ImportFormat,
  head: string,
  planKeys: PlanKeys | undefined,
  { source, options, deps }: ImportRun,
): AsyncIterable<ReadEntry> {
  return FORMATS[format].read({
    head,
    chunks: source.chunks(),
    warn: (warning) => deps.output.note(warning),
    nowMs: deps.now(),
    options: {
      allowWeak: options.allowWeak === true,
      ...(options.map === undefined ? {} : { map: options.map }),
      ...(options.planMap === undefined ? {} : { planMap: options.planMap }),
      ...(planKeys === undefined ? {} : { planKeys }),
    },
  });
}

/** Reads the whole text before it stores the first key, because later entries can restrict a key. */
async function importAll(entries: AsyncIterable<ReadEntry>, positions: Positions, importRun: ImportRun): Promise<void> {
  const { report, deps } = importRun;
  const { output } = deps;
  const keys = await ReviewedKeys.read(entries, {
    actor: 'import',
    nowMs: deps.now(),
    positions,
    reject: (position, problem) => report.addRejected(position, problem),
    goesOn: () => goesOn(report, deps),
  });
  try {
    output.progress.start(keys.count);
    await store(keys, importRun);
  } finally {
    output.progress.stop();
    await keys.close();
  }
}

async function store(keys: ReviewedKeys, { registry, report, options, deps }: ImportRun): Promise<void> {
  // Keys in progress, by index. The registry's concurrency limits their number.
  const inProgress = new Map<number, ReviewedKey>();
  const entries = toEntries(keys, inProgress, () => goesOn(report, deps));
  for await (const { index, outcome, id, problem } of registry.importHashes(entries, { dryRun: options.dryRun })) {
    const key = inProgress.get(index);
    inProgress.delete(index);
    if (key === undefined) continue;
    if (outcome === 'imported') await report.addImported(id, key);
    else if (outcome === 'skipped') await report.addSkipped(key);
    else report.addRejectedKey(key, problem);
    deps.output.progress.advance(index + 1);
  }
}

/** Yields the entries until a signal arrives or the output is closed. */
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
