import type { Command } from 'commander';
import type { NewKey } from '../../keys/fields.ts';
import { type KeyRecord, publicRecord } from '../../keys/record.ts';
import type { IssuedKey, KeyRegistry } from '../../keys/registry.ts';
import { CliError, isOutputClosed } from '../../operator/errors.ts';
import type { CommandDeps } from '../command.ts';
import { addActorOption, addKeyPrefixOption, addTableOptions } from '../options.ts';
import { issuedKeyJson, issuedKeyLine, type Output } from '../output.ts';
import { PrivateFile } from '../privateFile.ts';
import { parseSeed, pendingKey, readSeedFile } from '../seedFile.ts';
import { type RegistryOptions, withActingRegistry } from '../withRegistry.ts';

interface SeedOptions extends RegistryOptions {
  readonly skipExisting?: boolean;
  readonly out?: string;
  readonly json?: boolean;
}

/** What the table holds before the first key is drawn; nothing, where nobody asked. */
interface Existing {
  readonly labels: ReadonlySet<string>;
  readonly ids: ReadonlySet<string>;
}

interface Plan {
  /** A key that an interrupted run kept in the file but may not have stored: it goes first. */
  readonly pending: IssuedKey | undefined;
  /** What new keys are to be drawn for. */
  readonly fresh: readonly NewKey[];
  /** Labels that are left out. */
  readonly skipped: readonly string[];
}

interface Outcome {
  issuedCount: number;
  /** A key that was written out, and of which it is not known whether the table holds it. */
  unconfirmed: IssuedKey | undefined;
}

interface SeedRun {
  readonly plan: Plan;
  readonly registry: KeyRegistry;
  readonly report: SeedReport;
  readonly secretsFile: PrivateFile | undefined;
  readonly deps: CommandDeps;
}

const OTHER_FILE = 'give another, or --skip-existing to go on with it';

const HELP = `
FILE is a JSON array, or JSON Lines, of objects:

  {"label":"ci","owner":"acme","scopes":["orders:read"],"plan":"free","metadata":{"seats":3}}
  {"label":"partner","expiresAt":"2030-01-31T12:00:00Z"}

Only the label is required, and it stands in the file once. scopes may also be one text
with spaces or commas between them. expiresAt is a time in ISO 8601 with its zone, or a date, which
is the end of that day in UTC. All entries are checked before the first key is issued.

Each key is written out before it is stored, so that whatever ends the run, no key is in the table whose secret is lost.
Ctrl-C stops after the key in hand. To go on, run it again with --skip-existing: labels that the table holds, in
whatever state, are left out. --out FILE must not exist, or with --skip-existing must be a file that seed wrote; it is
then added to, and its mode set to 0600. Without --out, the last key that a killed run printed may never have been
stored; the next run then issues that label anew.

  latchkey seed keys.json --out made.jsonl --stack LatchkeyStack
  latchkey seed keys.json --out made.jsonl --skip-existing --stack LatchkeyStack`;

/** Adds `latchkey seed`, which issues a key for each entry of a file. */
export function addSeedCommand(program: Command, deps: CommandDeps): void {
  const command = program
    .command('seed')
    .description('Issue a key for each entry of a file. The keys are shown once.')
    .argument('<file>', 'the entries, as JSON or JSON Lines; - reads standard input')
    .option('--skip-existing', 'issue none for a label that the table holds: to go on after an interruption')
    .option('--out <file>', 'write the keys to this file, as JSON Lines of {"key","record"} with mode 0600')
    .option('--json', 'print one JSON document, {"keys":[{"key","record"}],"skipped"}; with --out no "key"')
    .addHelpText('after', HELP);
  addTableOptions(addActorOption(addKeyPrefixOption(command))).action((file: string, options: SeedOptions) =>
    seed(file, options, deps),
  );
}

async function seed(file: string, options: SeedOptions, deps: CommandDeps): Promise<void> {
  const { output, interruption } = deps;
  const newKeys = parseSeed(await readSeedFile(file, deps.stdin), file, deps.now());
  await withActingRegistry(options, deps, async (registry) => {
    const existing = await readExisting(registry, options, deps);
    await interruption.deferSignals(async () => {
      const secretsFile = await openSecretsFile(options);
      try {
        const plan = planOf(newKeys, existing, secretsFile);
        const report = new SeedReport({ output, json: options.json === true, skipped: plan.skipped });
        await run({ plan, registry, report, secretsFile, deps });
      } finally {
        await secretsFile?.close();
      }
    });
  });
}

/**
 * The read is consistent, so that the last key of a run that was just stopped is seen. Where none is to be skipped, one
 * record is read all the same: a table that cannot be reached is told before a key is drawn.
 */
async function readExisting(
  registry: KeyRegistry,
  { skipExisting }: SeedOptions,
  { output }: CommandDeps,
): Promise<Existing> {
  const labels = new Set<string>();
  const ids = new Set<string>();
  if (!skipExisting) {
    await registry.list({ limit: 1 });
    return { labels, ids };
  }
  for await (const { records, corrupt } of registry.pages({ consistentRead: true })) {
    for (const { label, id } of records) {
      labels.add(label);
      ids.add(id);
    }
    for (const { message, keyId } of corrupt) {
      output.note(`warning: ${message}; its label is not known`);
      if (keyId !== undefined) ids.add(keyId);
    }
  }
  return { labels, ids };
}

async function openSecretsFile({ out, skipExisting }: SeedOptions): Promise<PrivateFile | undefined> {
  return out === undefined
    ? undefined
    : PrivateFile.openForKeys(out, { resume: skipExisting === true, remedy: OTHER_FILE });
}

function planOf(newKeys: readonly NewKey[], { labels, ids }: Existing, secretsFile: PrivateFile | undefined): Plan {
  const due = newKeys.filter(({ label }) => !labels.has(label));
  const skipped = newKeys.flatMap(({ label }) => (labels.has(label) ? [label] : []));
  const pending = pendingKey(secretsFile?.kept ?? [], { storedIds: ids, due });
  return { pending, fresh: due.filter(({ label }) => label !== pending?.record.label), skipped };
}

async function run(seedRun: SeedRun): Promise<void> {
  const { report } = seedRun;
  const outcome: Outcome = { issuedCount: 0, unconfirmed: undefined };
  try {
    await report.begin();
    await issueAll(seedRun, outcome);
  } catch (error) {
    noteStop(seedRun, outcome);
    // What stdout may have left to say is of no use to a reader that has left.
    await report.end(outcome.unconfirmed?.record).catch(() => {});
    throw isOutputClosed(error) ? unusable(error) : error;
  }
  const closed = await report.end(undefined).catch((error: unknown) => {
    if (isOutputClosed(error)) return error;
    throw error;
  });
  noteDone(seedRun, outcome);
  // Keys that are in a file are not lost with the output.
  if (closed !== undefined && seedRun.secretsFile === undefined) throw unusable(closed);
}

async function issueAll(seedRun: SeedRun, outcome: Outcome): Promise<void> {
  const { plan, registry, report, secretsFile, deps } = seedRun;
  const { progress } = deps.output;
  progress.start(countOf(plan));
  try {
    for (const issued of draw(seedRun)) {
      if (deps.interruption.exitCode !== undefined) throw new CliError('INTERRUPTED', 'interrupted');
      outcome.unconfirmed = issued;
      // Before the table knows the key, so that a crash at any point loses none.
      if (secretsFile === undefined) await report.addKey(issued);
      else if (issued !== plan.pending) await secretsFile.append(issuedKeyJson(issued));
      await registry.store(issued);
      outcome.unconfirmed = undefined;
      outcome.issuedCount++;
      if (secretsFile !== undefined) await report.addRecord(issued.record);
      progress.advance();
    }
  } finally {
    progress.stop();
  }
}

function* draw({ plan: { pending, fresh }, registry }: SeedRun): Generator<IssuedKey> {
  if (pending !== undefined) yield pending;
  for (const newKey of fresh) yield registry.prepare(newKey);
}

function countOf({ pending, fresh }: Plan): number {
  return fresh.length + (pending === undefined ? 0 : 1);
}

function noteDone({ plan, secretsFile, deps }: SeedRun, { issuedCount }: Outcome): void {
  const where =
    secretsFile === undefined ? 'keep them now: they will not be shown again' : `they are in ${secretsFile.path}`;
  deps.output.note(
    `keys issued: ${issuedCount}, skipped: ${plan.skipped.length}${issuedCount > 0 ? `; ${where}` : ''}`,
  );
}

function noteStop({ plan, secretsFile, deps }: SeedRun, { issuedCount, unconfirmed }: Outcome): void {
  const { output } = deps;
  output.note(`keys issued: ${issuedCount} of ${countOf(plan)}, skipped: ${plan.skipped.length}`);
  if (unconfirmed !== undefined && secretsFile === undefined) {
    const { label, id } = unconfirmed.record;
    output.note(`the last key, for ${JSON.stringify(label)}, is good only if the list has the id ${id}`);
  }
  output.note('to go on, run it again with --skip-existing');
}

/** Nobody has seen all that was to be told, so that the end of the output is no success. */
function unusable(cause: CliError): CliError {
  return new CliError('OUTPUT_UNUSABLE', cause.message, { cause });
}

export interface SeedReportOptions {
  readonly output: Output;
  readonly json: boolean;
  /** Labels that are issued already. */
  readonly skipped: readonly string[];
}

/**
 * What a seeding tells on stdout, key by key, so that nothing is lost with the process: lines, or one JSON document in
 * pieces.
 */
export class SeedReport {
  readonly #options: SeedReportOptions;
  #separator = '\n';

  constructor(options: SeedReportOptions) {
    this.#options = options;
  }

  async begin(): Promise<void> {
    const { output, json, skipped } = this.#options;
    if (json) await output.print(`{"skipped":${JSON.stringify(skipped)},"keys":[`);
  }

  /** Tells a key with its secret. */
  async addKey(issued: IssuedKey): Promise<void> {
    const { output, json } = this.#options;
    await (json ? this.#addJson(issuedKeyJson(issued)) : output.print(`${issuedKeyLine(issued)}\n`));
  }

  /** Tells a key whose secret is kept elsewhere. For people, the count at the end is enough. */
  async addRecord(record: KeyRecord): Promise<void> {
    if (this.#options.json) await this.#addJson(JSON.stringify({ record: publicRecord(record) }));
  }

  /** Ends the document; `unconfirmed` is a key of which it is not known whether the table holds it. */
  async end(unconfirmed: KeyRecord | undefined): Promise<void> {
    const { output, json } = this.#options;
    if (!json) return;
    const labels = unconfirmed === undefined ? '' : `,"unconfirmed":${JSON.stringify([unconfirmed.label])}`;
    await output.print(`\n]${labels}}\n`);
  }

  async #addJson(entry: string): Promise<void> {
    const separator = this.#separator;
    this.#separator = ',\n';
    await this.#options.output.print(`${separator}${entry}`);
  }
}
