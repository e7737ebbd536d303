import type { Command } from 'commander';
import { LatchkeyError } from '../../keys/errors.ts';
import { isLongestId } from '../../keys/keyId.ts';
import { CliError } from '../../operator/errors.ts';
import type { TableLocation } from '../../operator/findTable.ts';
import type { CommandDeps } from '../command.ts';
import { addHelp } from '../help.ts';
import { formatHistory, type ReportedHistory } from '../historyFormat.ts';
import { addHistoryTableOption, addTableOptions, PAST_FORMS, parsePast } from '../options.ts';
import { addExactIdOption, getKey, ID_HELP, type KeyIdOptions } from '../prompt.ts';
import { type RegistryOptions, withRegistry } from '../withRegistry.ts';
import type { KeyRegistry } from '../../keys/registry.ts';

interface HistoryCommandOptions extends RegistryOptions, KeyIdOptions {
  readonly since?: string;
  readonly until?: string;
  readonly json?: boolean;
}

const DETAILS = `
history prints the events of the key, oldest first. Elsewhere than on a terminal it prints tab-separated fields: the
time, the type of the event, the actor, the version of the record, and the whole event as JSON.

The history begins when ApiKeyEvents is deployed with a history, and has events of 400 days unless you set another time.
An event is in it some seconds after its change. It never has the key's hash or the values of metadata. A key that was
deleted from the table still has its history: pass its whole id. See docs/events.md.`;

/** Fills `latchkey history`, which shows the events of a key. */
export function addHistoryCommand(command: Command, deps: CommandDeps): void {
  addHelp(command, {
    examples: [
      'latchkey history 0f8c1a52 --stack Orders',
      'latchkey history 0f8c1a52 --since 30d --json --stack Orders > history.json',
    ],
    details: DETAILS,
  })
    .argument('<id>', ID_HELP)
    .option('--since <time>', `the time of the first event: ${PAST_FORMS}`, (text: string) =>
      parsePast(text, deps.now()),
    )
    .option(
      '--until <time>',
      'the time of the last event, in the same forms; a date means the end of that day in UTC',
      (text: string) => parsePast(text, deps.now()),
    )
    .option('--json', 'print one JSON document, {"id", "events"}');
  addTableOptions(addHistoryTableOption(addExactIdOption(command))).action(
    (id: string, options: HistoryCommandOptions) => history(id, options, deps),
  );
}

async function history(idStart: string, options: HistoryCommandOptions, deps: CommandDeps): Promise<void> {
  const { output } = deps;
  const reported = await withRegistry(options, deps, async (registry, location) => {
    requireHistoryTable(location, options);
    return report(idStart, options, registry);
  });
  const { corrupt } = reported.history;
  for (const error of corrupt) output.note(`warning: ${error.message}`);
  await output.printIfRead(formatHistory(reported, options, output), { isColored: true });
  if (corrupt.length === 0) return;
  throw new CliError('RECORDS_CORRUPT', `${corrupt.length} events cannot be read and are missing`);
}

function requireHistoryTable({ historyTableName }: TableLocation, { stack, local }: HistoryCommandOptions): void {
  if (historyTableName !== undefined) return;
  if (local === true) {
    const message = '--local: the local table keeps no history, because it has no stream: deploy ApiKeyEvents for one';
    throw new CliError('USAGE_INVALID', message);
  }
  if (stack === undefined) {
    const message =
      'no table of events given: pass --history-table NAME or --stack NAME, or set LATCHKEY_HISTORY_TABLE';
    throw new CliError('USAGE_INVALID', message);
  }
  const why =
    'it has no output HistoryTableName: add ApiKeyEvents with a history to it (docs/events.md), or pass --history-table NAME';
  throw new CliError('STACK_UNUSABLE', `--stack ${JSON.stringify(stack)}: ${why}`);
}

/** Reads the history of a key. The history table still has the events of a key that the table of keys has deleted. */
async function report(
  idStart: string,
  options: HistoryCommandOptions,
  registry: KeyRegistry,
): Promise<ReportedHistory> {
  const { since, until } = options;
  const { id, label, problem } = await findKey(idStart, options, registry);
  const history = await registry.history({ id, since, until }).catch(rethrowOption);
  if (problem !== undefined && history.events.length + history.corrupt.length === 0) throw problem;
  return { id, label, history };
}

interface FoundKey {
  readonly id: string;
  /** Absent if the table of keys has no readable record. */
  readonly label?: string;
  /** The reason why a complete id has no readable record. */
  readonly problem?: unknown;
}

async function findKey(idStart: string, options: HistoryCommandOptions, registry: KeyRegistry): Promise<FoundKey> {
  try {
    return await getKey(idStart, options, registry);
  } catch (problem) {
    const isFull = options.exactId === true || isLongestId(idStart);
    const isAboutRecord = problem instanceof LatchkeyError && ['NOT_FOUND', 'RECORD_CORRUPT'].includes(problem.code);
    if (isFull && isAboutRecord) return { id: idStart, problem };
    throw problem;
  }
}

/** Names the options of the registry like those of the command. */
function rethrowOption(error: unknown): never {
  if (error instanceof LatchkeyError && error.code === 'INPUT_INVALID') {
    throw new CliError('USAGE_INVALID', error.message.replace(/^(since|until):/, '--$1:'), { cause: error });
  }
  throw error;
}
