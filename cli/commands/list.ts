import { InvalidArgumentError, Option, type Command } from 'commander';
import type { LatchkeyError } from '../../keys/errors.ts';
import { keyState, type KeyState } from '../../keys/keyState.ts';
import type { KeyRecord } from '../../keys/record.ts';
import type { KeyRegistry, ListPage } from '../../keys/registry.ts';
import { CliError } from '../cliError.ts';
import type { CommandDeps } from '../commandDeps.ts';
import { listFormat, type ListFormat } from '../listFormat.ts';
import { parseSpan, type Span } from '../span.ts';
import { isNeverUsed, isUnusedFor } from '../staleness.ts';
import { addTableOptions } from '../tableOptions.ts';
import { withRegistry, type RegistryOptions } from '../withRegistry.ts';

interface ListOptions extends RegistryOptions {
  readonly owner?: string;
  readonly plan?: string;
  readonly state?: KeyState;
  readonly stale?: Span;
  readonly all?: boolean;
  readonly limit: number;
  readonly cursor?: string;
  readonly csv?: boolean;
  readonly json?: boolean;
}

const MAX_LIMIT = 1000;
const STATES: readonly KeyState[] = ['active', 'expired', 'disabled', 'revoked'];

const HELP = `
A page holds the keys among --limit of the table's that the filters let through; it is read on until there is one, or the
end. --stale counts a key that was never used, however new it is; a last use that is more than a minute ahead of the clock
counts as never. On a narrow terminal ids are cut to their first characters, which other commands take too, and the time of
creation, the prefix and the plan are left out. A table where no key is on a plan has no column for it.

  latchkey list --local
  latchkey list --plan free --state active --local
  latchkey list --owner acme --state active --stale 90d --all --csv > stale.csv`;

/** Adds `latchkey list`, which shows one page of the table's keys, or all. */
export function addListCommand(program: Command, deps: CommandDeps): void {
  const command = program
    .command('list')
    .description('List keys, a page at a time: a table on a terminal, else lines of fields parted by tabs.')
    .option('--owner <owner>', 'only keys that were issued to this owner', parseText('an owner'))
    .option('--plan <name>', 'only keys that are on this plan', parseText('the name of a plan'))
    .addOption(new Option('--state <state>', 'only keys in this state').choices(STATES))
    .option('--stale <span>', 'only keys that were never used, or not for so long, such as 90d', parseSpan)
    .option('--limit <number>', `how many at most, from 1 to ${MAX_LIMIT}`, parseLimit, MAX_LIMIT)
    .option(
      '--cursor <cursor>',
      'where to go on: the cursor that the page before ended with',
      parseText('a cursor that list gave'),
    )
    .option('--all', 'every page, one after the other')
    .addOption(new Option('--csv', 'as CSV with a header row').conflicts('json'))
    .option('--json', 'print one JSON document, {"records","cursor"}; the cursor is null at the end')
    .addHelpText('after', HELP);
  addTableOptions(command).action((options: ListOptions) => list(options, deps));
}

async function list(options: ListOptions, deps: CommandDeps): Promise<void> {
  const { output } = deps;
  const format = listFormat(options, output, deps.now());
  const corrupt: LatchkeyError[] = [];
  const { count, cursor } = await withRegistry(options, deps, async (registry) => {
    const listed = { count: 0, cursor: null as string | null };
    let begin = format.begin;
    for await (const page of pages(registry, options, deps.now())) {
      // Not before there is a page: what fails at once leaves stdout alone.
      await output.print(begin);
      begin = '';
      corrupt.push(...page.corrupt);
      for (const error of page.corrupt) output.note(`warning: ${error.message}`);
      await printPage(page, listed.count === 0, format, deps);
      listed.count += page.records.length;
      listed.cursor = page.cursor;
    }
    return listed;
  });
  await output.print(format.end(cursor));
  if (!options.json) tellRest(count, cursor, deps);
  if (corrupt.length === 0) return;
  const where = options.all === true ? 'records' : 'records on this page';
  throw new CliError('RECORDS_CORRUPT', `${corrupt.length} of the ${where} cannot be read`);
}

/** What the filters leave of each page: all pages, or those up to the first that they leave something of. */
async function* pages(registry: KeyRegistry, options: ListOptions, nowMs: number): AsyncGenerator<ListPage> {
  const { owner, limit } = options;
  let cursor = options.cursor ?? null;
  let isEnough = false;
  do {
    const page = await registry.list({ owner, limit, cursor });
    const records = page.records.filter((record) => passes(record, options, nowMs));
    yield { ...page, records };
    cursor = page.cursor;
    isEnough = options.all !== true && (records.length > 0 || page.corrupt.length > 0);
  } while (cursor !== null && !isEnough);
}

function passes(record: KeyRecord, { plan, state, stale }: ListOptions, nowMs: number): boolean {
  if (plan !== undefined && record.plan !== plan) return false;
  if (state !== undefined && keyState(record, nowMs) !== state) return false;
  return stale === undefined || isNeverUsed(record, nowMs) || isUnusedFor(record, stale.ms, nowMs);
}

async function printPage(
  { records }: ListPage,
  isFirst: boolean,
  format: ListFormat,
  { output }: CommandDeps,
): Promise<void> {
  if (records.length > 0) await output.print(format.page(records, isFirst));
}

function tellRest(count: number, cursor: string | null, { output }: CommandDeps): void {
  if (count === 0 && cursor === null) output.note('no keys');
  if (cursor !== null) output.noteOwn(`more keys may follow: --cursor ${cursor}`);
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
