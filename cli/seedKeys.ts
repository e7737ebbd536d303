import { type KeyRecord, publicRecord } from '../keys/record.ts';
import type { IssuedKey, KeyRegistry } from '../keys/registry.ts';
import { CliError, isOutputClosed } from '../operator/errors.ts';
import type { CommandDeps } from './command.ts';
import { countText, listTexts, numberText } from './counts.ts';
import { warnIfUnknownPlans } from './keyPlan.ts';
import { issuedKeyJson, issuedKeyLine, type Output } from './output.ts';
import { PrivateFile } from './privateFile.ts';
import { parseSeed, readSeedFile } from './seedFile.ts';
import { planSeed, readExistingKeys, type SeedPlan, type SeedPlanOptions } from './seedPlan.ts';
import { type RegistryOptions, withActingRegistry } from './withRegistry.ts';

export interface SeedOptions extends RegistryOptions, SeedPlanOptions {
  readonly out?: string;
  readonly json?: boolean;
}

interface SeedRun {
  readonly plan: SeedPlan;
  readonly registry: KeyRegistry;
  readonly report: SeedReport;
  readonly secretsFile: PrivateFile | undefined;
  readonly deps: CommandDeps;
}

interface Outcome {
  issuedCount: number;
  /** A key that was printed or saved, but may not be stored. */
  unconfirmed: IssuedKey | undefined;
}

/**
 * Issues a key for each entry of a file, or of standard input for `-`. It prints or saves each key before it stores the
 * key.
 *
 * @throws CliError `FILE_UNUSABLE`; `SEED_INVALID`; `INTERRUPTED`; `OUTPUT_UNUSABLE`
 */
export async function seedKeys(file: string, options: SeedOptions, deps: CommandDeps): Promise<void> {
  const { output, interruption } = deps;
  const newKeys = parseSeed(await readSeedFile(file, deps.stdin), file, deps.now());
  await withActingRegistry(options, deps, async (registry, location) => {
    const existing = await readExistingKeys(registry, output, options);
    await interruption.deferSignals(async () => {
      const secretsFile = await openSecretsFile(options);
      try {
        const plan = planSeed(newKeys, existing, secretsFile?.kept ?? [], options);
        noteRepeated(plan, output);
        warnIfUnknownPlans(new Set(plan.fresh.map((newKey) => newKey.plan)), location, output);
        const report = new SeedReport({ output, json: options.json === true, skipped: plan.skipped });
        await run({ plan, registry, report, secretsFile, deps });
      } finally {
        await secretsFile?.close();
      }
    });
  });
}

const REMEDY = 'pass another, or --skip-existing to resume it';

async function openSecretsFile({ out, skipExisting }: SeedOptions): Promise<PrivateFile | undefined> {
  return out === undefined
    ? undefined
    : PrivateFile.openForKeys(out, { resume: skipExisting === true, remedy: REMEDY });
}

async function run(seedRun: SeedRun): Promise<void> {
  const { report } = seedRun;
  const outcome: Outcome = { issuedCount: 0, unconfirmed: undefined };
  try {
    await report.begin();
    await issueAll(seedRun, outcome);
  } catch (error) {
    noteStop(seedRun, outcome);
    // Reports the first error even if stdout has lost its reader.
    await report.end(outcome.unconfirmed?.record).catch(() => {});
    throw isOutputClosed(error) ? unusable(error) : error;
  }
  const closed = await report.end(undefined).catch((error: unknown) => {
    if (isOutputClosed(error)) return error;
    throw error;
  });
  noteDone(seedRun, outcome);
  // Keys in a file are safe even if the output is lost.
  if (closed !== undefined && seedRun.secretsFile === undefined) throw unusable(closed);
}

/** Returns the error of a command whose output was closed before its end. */
function unusable(cause: CliError): CliError {
  return new CliError('OUTPUT_UNUSABLE', 'the output was closed before the end', { cause });
}

async function issueAll(seedRun: SeedRun, outcome: Outcome): Promise<void> {
  const { plan, registry, report, secretsFile, deps } = seedRun;
  const { progress } = deps.output;
  progress.start(getCount(plan));
  try {
    for (const issued of prepareKeys(seedRun)) {
      if (deps.interruption.exitCode !== undefined) throw new CliError('INTERRUPTED', 'interrupted');
      outcome.unconfirmed = issued;
      // The key is printed before it's stored. Otherwise, a crash could lose the secret of a stored key.
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

function* prepareKeys({ plan: { pending, fresh }, registry }: SeedRun): Generator<IssuedKey> {
  if (pending !== undefined) yield pending;
  for (const newKey of fresh) yield registry.prepare(newKey);
}

function getCount({ pending, fresh }: SeedPlan): number {
  return fresh.length + (pending === undefined ? 0 : 1);
}

function noteRepeated({ repeated }: SeedPlan, output: Output): void {
  if (repeated.length === 0) return;
  const repeat = 'in the table already, and';
  const what = countText(repeated.length, `label is ${repeat} gets`, `labels are ${repeat} get`);
  output.note(`warning: ${what} another key: ${listTexts(repeated)}; pass --skip-existing to skip them`);
}

function noteStop({ plan, secretsFile, deps }: SeedRun, { issuedCount, unconfirmed }: Outcome): void {
  const { output } = deps;
  output.note(`Issued ${numberText(issuedCount)} of ${countText(getCount(plan), 'key')}.${skippedText(plan)}`);
  if (unconfirmed !== undefined && secretsFile === undefined) {
    const { label, id } = unconfirmed.record;
    output.note(`the last key, for ${JSON.stringify(label)}, is valid only if the table has the id ${id}`);
  }
  output.note('to resume, run the same command again with --skip-existing');
}

function noteDone({ plan, secretsFile, deps }: SeedRun, { issuedCount }: Outcome): void {
  const [they, them] = issuedCount === 1 ? ['It is', 'it'] : ['They are', 'them'];
  const where =
    secretsFile === undefined
      ? ` Save ${them} now, because you see ${them} only once.`
      : ` ${they} in ${secretsFile.path}.`;
  const advice = issuedCount === 0 ? '' : where;
  deps.output.note(`Issued ${countText(issuedCount, 'key')}.${advice}${skippedText(plan)}`);
}

function skippedText({ skipped }: SeedPlan): string {
  if (skipped.length === 0) return '';
  const what = countText(skipped.length, 'label that is', 'labels that are');
  return ` Skipped ${what} in the table already, without a new key: ${listTexts(skipped)}.`;
}

interface SeedReportOptions {
  readonly output: Output;
  readonly json: boolean;
  /** The labels that the table already contains. */
  readonly skipped: readonly string[];
}

/**
 * Prints each key when it's issued, because the process can end at any time. The output is lines, or one JSON document
 * in pieces.
 */
class SeedReport {
  readonly #options: SeedReportOptions;
  #separator = '\n';

  constructor(options: SeedReportOptions) {
    this.#options = options;
  }

  async begin(): Promise<void> {
    const { output, json, skipped } = this.#options;
    if (json) await output.print(`{"skipped":${JSON.stringify(skipped)},"keys":[`);
  }

  /** Prints a key with its secret. */
  async addKey(issued: IssuedKey): Promise<void> {
    const { output, json } = this.#options;
    const width = output.isTerminal ? output.columns : Infinity;
    await (json ? this.#addJson(issuedKeyJson(issued)) : output.print(`${issuedKeyLine(issued, width)}\n`));
  }

  /** Prints a key whose secret is in a file. It doesn't print anything without `--json`. */
  async addRecord(record: KeyRecord): Promise<void> {
    if (this.#options.json) await this.#addJson(JSON.stringify({ record: publicRecord(record) }));
  }

  /** Completes the document. `unconfirmed` is the record of a key that may not be stored. */
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
