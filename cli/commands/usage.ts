import { type Command, Option } from 'commander';
import { LatchkeyError } from '../../keys/errors.ts';
import { isLongestId } from '../../keys/keyId.ts';
import type { KeyRecord } from '../../keys/record.ts';
import type { KeyRegistry, UsageReport } from '../../keys/registry.ts';
import { USAGE_PERIODS, type UsagePeriod } from '../../keys/usagePeriods.ts';
import { CliError } from '../../operator/errors.ts';
import type { TableLocation } from '../../operator/findTable.ts';
import type { CommandDeps } from '../command.ts';
import { addHelp } from '../help.ts';
import { inTurns } from '../inTurns.ts';
import { addTableOptions, addUsageTableOption, PAST_FORMS, parseNonEmpty, parsePast } from '../options.ts';
import { addExactIdOption, getKey, ID_HELP, type KeyIdOptions } from '../prompt.ts';
import { type RegistryOptions, withRegistry } from '../withRegistry.ts';
import type { ReportedUsage, UsageSubject } from '../usageChart.ts';
import { formatUsage } from '../usageFormat.ts';

interface UsageCommandOptions extends RegistryOptions, KeyIdOptions {
  readonly owner?: string;
  readonly all?: boolean;
  readonly by?: UsagePeriod;
  readonly since?: string;
  readonly until?: string;
  readonly csv?: boolean;
  readonly json?: boolean;
}

const DETAILS = `
usage prints a chart on a terminal. Elsewhere it prints tab-separated fields: the start of the row, the allowed, limited
and refused requests, their sum, the 50th, 90th and 99th percentile of the latency in milliseconds, the counts by
status code as JSON, and the sources. A request that a limit of the key's plan refused counts as limited.

Rows are whole hours, days or months in UTC. The first row contains --since, and the last one contains --until. Rows
without requests have zeros. The default is 24 hours, 30 days or 12 months.

Access logs count every request, with its status code and latency. Minute lines count what the authorizer decided, so
they lack requests that API Gateway's cache answered. See docs/usage.md.

--owner sums the keys that the owner has now. Keys that were deleted from the table don't count. A rotated key and its
successor count separately. --all lists the 10 busiest keys on a terminal and with --json.`;

/** Fills `latchkey usage`, which reports the requests of a key, of an owner's keys or of all keys. */
export function addUsageCommand(command: Command, deps: CommandDeps): void {
  addHelp(command, {
    examples: [
      'latchkey usage 0f8c1a52 --stack Orders',
      'latchkey usage --owner acme --by month --csv --stack Orders > acme.csv',
      'latchkey usage --all --by hour --since 7d --stack Orders',
    ],
    details: DETAILS,
  })
    .argument('[id]', ID_HELP)
    .option('--owner <owner>', 'sum the usage of all keys of this owner', parseNonEmpty('an owner'))
    .option('--all', 'show the usage of all keys, and the busiest keys')
    .addOption(new Option('--by <period>', 'the length of a row').choices(USAGE_PERIODS).default('day'))
    .option('--since <time>', `the start: ${PAST_FORMS}`, (text: string) => parsePast(text, deps.now()))
    .option('--until <time>', 'the end, in the same forms; a date means the end of that day in UTC', (text: string) =>
      parsePast(text, deps.now()),
    )
    .option('--csv', 'print CSV with a header')
    .addOption(
      new Option('--json', 'print one JSON document, {"since", "until", "by", "rows", "total"}').conflicts('csv'),
    );
  addTableOptions(addUsageTableOption(addExactIdOption(command))).action(
    (id: string | undefined, options: UsageCommandOptions) => usage(id, options, deps),
  );
}

async function usage(idStart: string | undefined, options: UsageCommandOptions, deps: CommandDeps): Promise<void> {
  checkSubject(idStart, options);
  const { output } = deps;
  const reported = await withRegistry(options, deps, async (registry, location) => {
    requireUsageTable(location, options);
    return report(idStart, options, registry);
  });
  const { corrupt } = reported.report;
  for (const error of corrupt) output.note(`warning: ${error.message}`);
  await output.printIfRead(formatUsage(reported, options, output), { isColored: true });
  if (corrupt.length === 0) return;
  throw new CliError('RECORDS_CORRUPT', `${corrupt.length} items of usage cannot be read and are not counted`);
}

function checkSubject(idStart: string | undefined, { owner, all }: UsageCommandOptions): void {
  const given = Object.entries({ 'an id': idStart, '--owner': owner, '--all': all });
  const names = given.filter(([, value]) => value !== undefined).map(([name]) => name);
  if (names.length === 1) return;
  const got = names.length === 0 ? 'none of them' : names.join(' and ');
  throw new CliError('USAGE_INVALID', `expected the id of a key, --owner OWNER or --all, got ${got}`);
}

function requireUsageTable({ usageTableName }: TableLocation, { stack, local }: UsageCommandOptions): void {
  if (usageTableName !== undefined) return;
  if (local === true) {
    throw new CliError('GATEWAY_NOT_RUNNING', '--local: the gateway counts no usage: restart it with npm start');
  }
  if (stack === undefined) {
    const message = 'no table of usage given: pass --usage-table NAME or --stack NAME, or set LATCHKEY_USAGE_TABLE';
    throw new CliError('USAGE_INVALID', message);
  }
  const why = 'it has no output UsageTableName: add ApiKeyUsage to it (docs/usage.md), or pass --usage-table NAME';
  throw new CliError('STACK_UNUSABLE', `--stack ${JSON.stringify(stack)}: ${why}`);
}

async function report(
  idStart: string | undefined,
  options: UsageCommandOptions,
  registry: KeyRegistry,
): Promise<ReportedUsage> {
  const { owner, all, by, since, until } = options;
  const span = { by, since, until };
  if (idStart !== undefined) return reportKey(idStart, options, registry);
  const found = await registry.usage({ ...span, owner, all }).catch(rethrowOption);
  const subject: UsageSubject = owner === undefined ? { kind: 'all' } : { kind: 'owner', owner };
  return { subject, report: found, busiest: await recordsOf(found, registry) };
}

/** Reports the usage of a key. The usage table still has the hours of a key that the table of keys has deleted. */
async function reportKey(idStart: string, options: UsageCommandOptions, registry: KeyRegistry): Promise<ReportedUsage> {
  const { by, since, until } = options;
  const key = await findKey(idStart, options, registry);
  const id = key.record?.id ?? idStart;
  const found = await registry.usage({ id, by, since, until }).catch(rethrowOption);
  if (key.problem !== undefined && found.total.total === 0 && found.corrupt.length === 0) throw key.problem;
  return { subject: { kind: 'key', id, record: key.record }, report: found, busiest: new Map() };
}

interface FoundKey {
  readonly record?: KeyRecord;
  /** The reason why a complete id has no readable record. */
  readonly problem?: unknown;
}

async function findKey(idStart: string, options: UsageCommandOptions, registry: KeyRegistry): Promise<FoundKey> {
  const isFull = options.exactId === true || isLongestId(idStart);
  try {
    return { record: await getKey(idStart, options, registry) };
  } catch (problem) {
    if (isFull && isAboutRecord(problem)) return { problem };
    throw problem;
  }
}

function isAboutRecord(error: unknown): boolean {
  return error instanceof LatchkeyError && ['NOT_FOUND', 'RECORD_CORRUPT'].includes(error.code);
}

/** Names the options of the registry like those of the command. */
function rethrowOption(error: unknown): never {
  if (error instanceof LatchkeyError && error.code === 'INPUT_INVALID') {
    throw new CliError('USAGE_INVALID', error.message.replace(/^(since|until|by):/, '--$1:'), { cause: error });
  }
  throw error;
}

/** Returns the records of the busiest keys by their ids. A deleted or unreadable record is absent. */
async function recordsOf(
  { busiest = [] }: UsageReport,
  registry: KeyRegistry,
): Promise<ReadonlyMap<string, KeyRecord>> {
  const records = await inTurns(busiest, async ({ keyId }) =>
    registry.get(keyId).catch((error: unknown) => {
      if (isAboutRecord(error)) return undefined;
      throw error;
    }),
  );
  return new Map(records.flatMap((record) => (record === undefined ? [] : [[record.id, record]])));
}
