import { InvalidArgumentError, type Command } from 'commander';
import type { ListPage } from '../../keys/registry.ts';
import { CliError } from '../cliError.ts';
import type { CommandDeps } from '../commandDeps.ts';
import { publicRecord } from '../publicRecord.ts';
import { recordLines, recordTable } from '../recordTable.ts';
import { addTableOptions } from '../tableOptions.ts';
import { withRegistry, type RegistryOptions } from '../withRegistry.ts';

interface ListOptions extends RegistryOptions {
  readonly limit: number;
  readonly cursor?: string;
  readonly json?: boolean;
}

const MAX_LIMIT = 1000;

/** Adds `latchkey list`, which shows one page of the table's keys. */
export function addListCommand(program: Command, deps: CommandDeps): void {
  const command = program
    .command('list')
    .description('List keys, a page at a time: a table on a terminal, else lines of fields parted by tabs.')
    .option('--limit <number>', `how many at most, from 1 to ${MAX_LIMIT}`, parseLimit, MAX_LIMIT)
    .option('--cursor <cursor>', 'where to go on: the cursor that the page before ended with', parseCursor)
    .option('--json', 'print one JSON document, {"records","cursor"}; the cursor is null at the end');
  addTableOptions(command).action((options: ListOptions) => list(options, deps));
}

async function list(options: ListOptions, deps: CommandDeps): Promise<void> {
  const { output } = deps;
  const page = await withRegistry(options, deps, (registry) => registry.list(options));
  for (const error of page.corrupt) output.note(`warning: ${error.message}`);
  if (options.json) await output.print(pageJson(page));
  else await printPage(page, output.isTerminal ? recordTable : recordLines, deps);
  if (page.corrupt.length === 0) return;
  throw new CliError('RECORDS_CORRUPT', `${page.corrupt.length} of the records on this page cannot be read`);
}

function pageJson({ records, cursor }: ListPage): string {
  return `${JSON.stringify({ records: records.map(publicRecord), cursor })}\n`;
}

async function printPage(
  { records, cursor }: ListPage,
  format: typeof recordTable,
  { output, now }: CommandDeps,
): Promise<void> {
  if (records.length > 0) await output.print(`${format(records, now())}\n`);
  else if (cursor === null) output.note('no keys');
  if (cursor !== null) output.note(`more keys may follow: --cursor ${cursor}`);
}

function parseLimit(text: string): number {
  const limit = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (limit >= 1 && limit <= MAX_LIMIT) return limit;
  throw new InvalidArgumentError(`Wanted a whole number from 1 to ${MAX_LIMIT}.`);
}

function parseCursor(text: string): string {
  if (text !== '') return text;
  throw new InvalidArgumentError('Wanted a cursor that list gave.');
}
