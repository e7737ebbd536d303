import { InvalidArgumentError, Option, type Command } from 'commander';
import {
  FOREIGN_ADVICE,
  isNeverUsed,
  isRefusedAsForeign,
  isUnusedFor,
  keyState,
  type KeyState,
} from '../../keys/state.ts';
import type { LatchkeyError } from '../../keys/errors.ts';
import type { KeyRecord } from '../../keys/record.ts';
import type { KeyRegistry, ListPage } from '../../keys/registry.ts';
import { CliError } from '../../operator/errors.ts';
import type { CommandDeps } from '../command.ts';
import { listFormat } from '../records.ts';
import { sortRecords, type RecordSort, type SortField } from '../../keys/recordOrder.ts';
import { addTableOptions, parseDuration, type Duration } from '../options.ts';
import { withRegistry, type RegistryOptions } from '../withRegistry.ts';

interface ListOptions extends RegistryOptions {
  readonly owner?: string;
  readonly plan?: string;
  readonly state?: KeyState;
  readonly stale?: Duration;
  readonly sort?: keyof typeof SORTS;
  readonly reverse?: boolean;
  readonly all?: boolean;
  readonly limit: number;
  readonly cursor?: string;
  readonly csv?: boolean;
  readonly json?: boolean;
}

const MAX_LIMIT = 1000;
const STATES: readonly KeyState[] = ['active', 'expired', 'disabled', 'revoked'];

const SORTS = {
  created: 'createdAt',
  label: 'label',
  'last-used': 'lastUsedAt',
  expires: 'expiresAt',
} as const satisfies Record<string, SortField>;
const OLDEST_FIRST: RecordSort = { field: 'createdAt', isDescending: false };

const HELP = `
--limit counts the keys that are listed: the table is read until the filters let so many through, or it ends. A record that
cannot be read counts too. Within a page the oldest key comes first; the pages follow the table's own order, or with --owner
the keys' age. --sort puts all keys in order before --limit cuts the list. It reads the whole table and gives no cursor.
Keys without the field come last. --stale counts a key that was never used, however new it is. A last use more than a
minute ahead of the clock counts as never.
On a narrow terminal ids are cut to their first characters, which other commands take too, and the time of creation, the
prefix and the plan are left out. A table where no key is on a plan has no column for it.
With --stack, the state on a terminal is "active, refused" if the deployment refuses an active key because it was issued
elsewhere. The state in --csv, in lines of fields and for --state is the record's own; --json has the record without a state.

  latchkey list --table keys
  latchkey list --plan free --state active --table keys
  latchkey list --sort last-used --limit 20 --table keys
  latchkey list --owner acme --state active --stale 90d --all --csv > stale.csv`;

/** Adds `latchkey list`, which shows one page of the table's keys, or all. */
export function addListCommand(program: Command, deps: CommandDeps): void {
  const command = program
    .command('list')
    .description('List keys, a page at a time: a table on a terminal, else lines of fields parted by tabs.')
    .option('--owner <owner>', 'only keys that were issued to this owner', parseText('an owner'))
    .option('--plan <name>', 'only keys that are on this plan', parseText('the name of a plan'))
    .addOption(new Option('--state <state>', 'only keys in this state').choices(STATES))
    .option('--stale <span>', 'only keys that were never used, or not for so long, such as 90d', parseDuration)
    .addOption(new Option('--sort <field>', 'all keys in the order of this field').choices(Object.keys(SORTS)))
    .addOption(new Option('--reverse', 'with --sort: the other way round'))
    .option('--limit <number>', `how many keys at most, from 1 to ${MAX_LIMIT}`, parseLimit, MAX_LIMIT)
    .addOption(
      new Option('--cursor <cursor>', 'where to go on: the cursor that the page before ended with')
        .argParser(parseText('a cursor that list gave'))
        .conflicts('sort'),
    )
    .option('--all', 'every page, one after the other; --limit is then the size of a page')
    .addOption(new Option('--csv', 'as CSV with a header row').conflicts('json'))
    .option('--json', 'print one JSON document, {"records","cursor"}; the cursor is null at the end, and with --sort')
    .addHelpText('after', HELP);
  addTableOptions(command).action((options: ListOptions) => list(options, deps));
}

async function list(options: ListOptions, deps: CommandDeps): Promise<void> {
  const { output } = deps;
  if (options.reverse === true && options.sort === undefined) {
    throw new CliError('USAGE_INVALID', '--reverse: got no --sort, wanted one whose order it turns round');
  }
  const format = listFormat(options, output, deps.now());
  const listed = { count: 0, corruptCount: 0, cursor: null as string | null, leftOut: 0, refused: 0 };
  await withRegistry(options, deps, async (registry, { acceptedKeys }) => {
    let begin = format.begin;
    for await (const { records, corrupt, cursor, leftOut } of listPages(registry, options, deps.now())) {
      // Not before there is a page: what fails at once leaves stdout alone.
      await output.print(begin);
      begin = '';
      for (const error of corrupt) output.note(`warning: ${error.message}`);
      if (records.length > 0) await output.print(format.page(records, { isFirst: listed.count === 0, acceptedKeys }));
      listed.count += records.length;
      listed.corruptCount += corrupt.length;
      listed.cursor = cursor;
      listed.leftOut = leftOut;
      listed.refused += records.filter((record) => isActiveButRefused(record, acceptedKeys, deps.now())).length;
    }
  });
  await output.print(format.end(listed.cursor));
  if (!options.json) tellRest(listed, deps);
  if (listed.refused > 0) output.note(`active but refused: ${listed.refused}; ${FOREIGN_ADVICE}`);
  if (listed.corruptCount === 0) return;
  const where = options.all === true || options.sort !== undefined ? 'records' : 'records on this page';
  throw new CliError('RECORDS_CORRUPT', `${listed.corruptCount} of the ${where} cannot be read`);
}

/** Keys in the order in which every format has them. */
interface OrderedPage extends ListPage {
  /** How many further keys pass the filters, and are on no page. */
  readonly leftOut: number;
}

/** The one page that was asked for, or with `--all` each from there on. */
async function* listPages(registry: KeyRegistry, options: ListOptions, nowMs: number): AsyncGenerator<OrderedPage> {
  if (options.sort !== undefined) return yield* sortedPages(registry, options, nowMs);
  const { owner, limit } = options;
  const filter = (record: KeyRecord) => passes(record, options, nowMs);
  let cursor = options.cursor ?? null;
  let isLast = false;
  do {
    const page: ListPage = await registry.list({ owner, limit, cursor, filter });
    yield { ...page, records: sortRecords(page.records, OLDEST_FIRST, nowMs), leftOut: 0 };
    cursor = page.cursor;
    isLast = options.all !== true || cursor === null;
  } while (!isLast);
}

/** The same of the whole table in the order asked for. Unless all are, no more keys are kept at a time than listed and read. */
async function* sortedPages(registry: KeyRegistry, options: ListOptions, nowMs: number): AsyncGenerator<OrderedPage> {
  const { owner, sort = 'created', reverse = false, all, limit } = options;
  const order = { field: SORTS[sort], isDescending: reverse };
  const corrupt: LatchkeyError[] = [];
  let records: KeyRecord[] = [];
  let leftOut = 0;
  for await (const page of registry.pages({ owner })) {
    records.push(...page.records.filter((record) => passes(record, options, nowMs)));
    corrupt.push(...page.corrupt);
    if (all === true || records.length <= limit) continue;
    leftOut += records.length - limit;
    records = sortRecords(records, order, nowMs).slice(0, limit);
  }
  const sorted = sortRecords(records, order, nowMs);
  for (let at = 0; at === 0 || at < sorted.length; at += limit) {
    yield { records: sorted.slice(at, at + limit), corrupt: at === 0 ? corrupt : [], cursor: null, leftOut };
  }
}

function passes(record: KeyRecord, { plan, state, stale }: ListOptions, nowMs: number): boolean {
  if (plan !== undefined && record.plan !== plan) return false;
  if (state !== undefined && keyState(record, nowMs) !== state) return false;
  return stale === undefined || isNeverUsed(record, nowMs) || isUnusedFor(record, stale.ms, nowMs);
}

function tellRest(
  { count, cursor, leftOut }: { readonly count: number; readonly cursor: string | null; readonly leftOut: number },
  { output }: CommandDeps,
): void {
  if (count === 0 && cursor === null) output.note('no keys');
  if (cursor !== null) output.noteOwn(`more keys may follow: --cursor ${cursor}`);
  if (leftOut === 0) return;
  output.note(`${leftOut} more ${leftOut === 1 ? 'key is' : 'keys are'} not shown: raise --limit, or pass --all`);
}

function isActiveButRefused(record: KeyRecord, acceptedKeys: string | undefined, nowMs: number): boolean {
  return keyState(record, nowMs) === 'active' && isRefusedAsForeign(record, acceptedKeys);
}

function parseText(wanted: string): (text: string) => string {
  return (text) => {
    if (text !== '') return text;
    throw new InvalidArgumentError(`Wanted ${wanted}.`);
  };
}

function parseLimit(text: string): number {
  const limit = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (limit >= 1 && limit <= MAX_LIMIT) return limit;
  throw new InvalidArgumentError(`Wanted a whole number from 1 to ${MAX_LIMIT}.`);
}
