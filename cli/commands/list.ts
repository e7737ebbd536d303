import { InvalidArgumentError, Option, type Command } from 'commander';
import { isRefused, REFUSED_ADVICE } from '../../keys/acceptedKeys.ts';
import { keyState } from '../../keys/state.ts';
import type { LatchkeyError } from '../../keys/errors.ts';
import type { KeyRecord } from '../../keys/record.ts';
import type { KeyRegistry, ListPage } from '../../keys/registry.ts';
import { CliError } from '../../operator/errors.ts';
import type { CommandDeps } from '../command.ts';
import { addHelp } from '../help.ts';
import { countText } from '../counts.ts';
import { addFilterOptions, keyFilter, type KeyFilterOptions } from '../keyFilter.ts';
import { withPager } from '../pager.ts';
import { listFormat } from '../records.ts';
import { sortRecords, type RecordSort, type SortField } from '../../keys/recordOrder.ts';
import { addTableOptions, parseNonEmpty } from '../options.ts';
import { withRegistry, type RegistryOptions } from '../withRegistry.ts';

interface ListOptions extends RegistryOptions, KeyFilterOptions {
  readonly owner?: string;
  readonly sort?: keyof typeof SORTS;
  readonly reverse?: boolean;
  readonly all?: boolean;
  readonly limit?: number;
  readonly cursor?: string;
  readonly csv?: boolean;
  readonly json?: boolean;
  /** `false` if the user passes `--no-pager`. */
  readonly pager: boolean;
}

/** The options after the choice of the page size. */
type PageOptions = ListOptions & Required<Pick<ListOptions, 'limit'>>;

const MAX_LIMIT = 1000;
/** The number of keys in the table for people. */
const TERMINAL_LIMIT = 50;

const SORTS = {
  created: 'createdAt',
  label: 'label',
  owner: 'owner',
  'last-used': 'lastUsedAt',
  expires: 'expiresAt',
} as const satisfies Record<string, SortField>;
const OLDEST_FIRST: RecordSort = { field: 'createdAt', isDescending: false };

const DETAILS = `
list prints a table on a terminal, and tab-separated fields elsewhere. The table shortens the ids on a narrow terminal,
and omits columns. Other commands accept the shortened ids. Times in the table are distances from now, such as 3d.

A key must pass all filters. --search matches the same fields as the console's search. A key without a scope list may do
everything, but --scope doesn't match it. --stale includes every key that was never used, even a new one.

--limit counts the listed keys. list reads the table until enough keys pass the filters, or until the table ends. Each
page begins with its oldest key. --sort reads the whole table and sorts all keys before it applies --limit. Keys without
the field come last.

A table that is longer than the terminal opens in a pager: LATCHKEY_PAGER, PAGER or less, in this order. Set
LATCHKEY_PAGER to an empty string or pass --no-pager to turn the pager off. list sets LESS to FRX unless you set it.

With --stack, the table shows the state "active, refused" for an active key that the deployment's prefixes exclude.
--csv, tab-separated fields and --state use the record's own state. --json prints records without a state.`;

/** Fills `latchkey list`, which prints one page of the table's keys, or all keys. */
export function addListCommand(command: Command, deps: CommandDeps): void {
  addHelp(command, {
    examples: [
      'latchkey list --table keys',
      "latchkey list --search 'acme ci' --scope orders:write",
      'latchkey list --expiring 30d --sort expires',
      'latchkey list --sort last-used --limit 20 --stack Orders',
      'latchkey list --stale 90d --all --csv > stale.csv',
    ],
    details: DETAILS,
  }).option('--owner <owner>', 'list only keys of this owner', parseNonEmpty('an owner'));
  addFilterOptions(command)
    .addOption(new Option('--sort <field>', 'sort all keys by this field').choices(Object.keys(SORTS)))
    .addOption(new Option('--reverse', 'reverse the order of --sort'))
    .option(
      '--limit <number>',
      `the maximum number of keys, from 1 to ${MAX_LIMIT} (default: ${TERMINAL_LIMIT} for a table, ${MAX_LIMIT} elsewhere)`,
      parseLimit,
    )
    .addOption(
      new Option('--cursor <cursor>', 'the cursor that list printed after the previous page')
        .argParser(parseNonEmpty('a cursor from list'))
        .conflicts('sort'),
    )
    .option('--all', 'print every page, with --limit as the page size')
    .option('--no-pager', 'print a long table without a pager')
    .addOption(new Option('--csv', 'print CSV with a header row').conflicts('json'))
    .option(
      '--json',
      'print one JSON document, {"records","cursor"}; the cursor is null after the last page and with --sort',
    );
  addTableOptions(command).action((options: ListOptions) => list(options, deps));
}

async function list(options: ListOptions, deps: CommandDeps): Promise<void> {
  if (options.reverse === true && options.sort === undefined) {
    throw new CliError('USAGE_INVALID', '--reverse: expected --sort, whose order it reverses');
  }
  const isTable = deps.output.isTerminal && options.json !== true && options.csv !== true;
  const limit = options.limit ?? (isTable && options.all !== true ? TERMINAL_LIMIT : MAX_LIMIT);
  const print = () => printList({ ...options, limit }, deps);
  await (isTable && options.pager ? withPager(deps, print) : print());
}

async function printList(options: PageOptions, deps: CommandDeps): Promise<void> {
  const { output } = deps;
  const format = listFormat(options, output, deps.now());
  const listed = { count: 0, corruptCount: 0, cursor: null as string | null, leftOut: 0, refused: 0 };
  await withRegistry(options, deps, async (registry, { acceptedKeys }) => {
    let begin = format.begin;
    for await (const { records, corrupt, cursor, leftOut } of listPages(registry, options, deps.now())) {
      // Prints `begin` only after the first page arrives, because a command that fails early must not print to stdout.
      await output.print(begin);
      begin = '';
      for (const error of corrupt) output.note(`warning: ${error.message}`);
      if (records.length > 0) {
        await output.print(format.page(records, { isFirst: listed.count === 0, acceptedKeys }), format);
      }
      listed.count += records.length;
      listed.corruptCount += corrupt.length;
      listed.cursor = cursor;
      listed.leftOut = leftOut;
      listed.refused += records.filter((record) => isActiveButRefused(record, acceptedKeys, deps.now())).length;
    }
  });
  await output.print(format.end(listed.cursor));
  if (!options.json) noteRest(listed, deps);
  if (listed.refused > 0) output.note(`active but refused: ${listed.refused}; ${REFUSED_ADVICE}`);
  if (listed.corruptCount === 0) return;
  const where = options.all === true || options.sort !== undefined ? 'records' : 'records on this page';
  throw new CliError('RECORDS_CORRUPT', `${listed.corruptCount} of the ${where} cannot be read`);
}

/** A page of keys, in the same order in every format. */
interface OrderedPage extends ListPage {
  /** The number of keys that pass the filters, but aren't on a page. */
  readonly leftOut: number;
}

/** Yields the requested page, and each page after it with `--all`. */
async function* listPages(registry: KeyRegistry, options: PageOptions, nowMs: number): AsyncGenerator<OrderedPage> {
  if (options.sort !== undefined) return yield* sortedPages(registry, options, nowMs);
  const { owner, limit } = options;
  const filter = keyFilter(options, nowMs);
  let cursor = options.cursor ?? null;
  let isLast = false;
  do {
    const page: ListPage = await registry.list({ owner, limit, cursor, filter });
    yield { ...page, records: sortRecords(page.records, OLDEST_FIRST, nowMs), leftOut: 0 };
    cursor = page.cursor;
    isLast = options.all !== true || cursor === null;
  } while (!isLast);
}

/**
 * Sorts the whole table and yields it in pages. Only `--limit` keys and the current page stay in memory without
 * `--all`.
 */
async function* sortedPages(registry: KeyRegistry, options: PageOptions, nowMs: number): AsyncGenerator<OrderedPage> {
  const { owner, sort = 'created', reverse = false, all, limit } = options;
  const order = { field: SORTS[sort], isDescending: reverse };
  const filter = keyFilter(options, nowMs);
  const corrupt: LatchkeyError[] = [];
  let records: KeyRecord[] = [];
  let leftOut = 0;
  for await (const page of registry.pages({ owner })) {
    records.push(...page.records.filter(filter));
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

function noteRest(
  { count, cursor, leftOut }: { readonly count: number; readonly cursor: string | null; readonly leftOut: number },
  { output }: CommandDeps,
): void {
  if (count === 0 && cursor === null) output.note('no keys');
  if (cursor !== null && output.isTerminal) {
    output.noteOwn(`${countText(count, 'key')} shown; to see more, pass --limit, --all, or --cursor ${cursor}`);
  } else if (cursor !== null) output.noteOwn(`more keys may follow: pass --cursor ${cursor}`);
  if (leftOut === 0) return;
  output.note(`${leftOut} more ${leftOut === 1 ? 'key is' : 'keys are'} not shown: increase --limit, or pass --all`);
}

function isActiveButRefused(record: KeyRecord, acceptedKeys: string | undefined, nowMs: number): boolean {
  return keyState(record, nowMs) === 'active' && isRefused(record, acceptedKeys);
}

function parseLimit(text: string): number {
  const limit = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (limit >= 1 && limit <= MAX_LIMIT) return limit;
  throw new InvalidArgumentError(`Expected a whole number from 1 to ${MAX_LIMIT}.`);
}
