import { Command, CommanderError, type Option } from 'commander';
import { LatchkeyError } from '../keys/errors.ts';
import { maskKeys } from '../keys/findKeys.ts';
import { CliError, isOutputClosed } from '../operator/errors.ts';
import type { AddCommand, CommandDeps } from './command.ts';
import { addHelp, formatHelp } from './help.ts';
import { addLocalOption } from './options.ts';
import { fillParagraphs } from './wrap.ts';

interface CommandEntry {
  readonly name: string;
  readonly description: string;
  /** Loads the command's module. Most runs load only one module. */
  readonly load: () => Promise<AddCommand>;
}

interface CommandGroup {
  readonly heading: string;
  readonly commands: readonly CommandEntry[];
}

/** The least width of a description in the help. */
const MIN_HELP_WIDTH = 20;
const DONE = 0;
const FAILED = 1;
const BAD_USAGE = 2;

/** Matches Commander's suggestion. It's on its own line, after text that may repeat an argument. */
const SUGGESTION = /\n(\(Did you mean [^\n]*\))$/;
const OTHER = 'Other:';
/** The groups of commands, in the order of the help. */
const GROUPS: readonly CommandGroup[] = [
  {
    heading: 'Issue keys:',
    commands: [
      {
        name: 'create',
        description: 'Issue a key. You see it only once.',
        load: async () => (await import('./commands/create.ts')).addCreateCommand,
      },
      {
        name: 'seed',
        description: 'Issue a key for each entry of a file.',
        load: async () => (await import('./commands/seed.ts')).addSeedCommand,
      },
    ],
  },
  {
    heading: 'Find keys:',
    commands: [
      {
        name: 'list',
        description: 'List keys with their states and last uses.',
        load: async () => (await import('./commands/list.ts')).addListCommand,
      },
      {
        name: 'show',
        description: 'Show the record of a key, without the key itself, and what is left of its plan.',
        load: async () => (await import('./commands/show.ts')).addShowCommand,
      },
      {
        name: 'identify',
        description: "Look up a key's record.",
        load: async () => (await import('./commands/identify.ts')).addIdentifyCommand,
      },
      {
        name: 'stats',
        description: 'Count keys by state, use and expiry.',
        load: async () => (await import('./commands/stats.ts')).addStatsCommand,
      },
      {
        name: 'usage',
        description: 'Show how many requests keys made, by hour, day or month.',
        load: async () => (await import('./commands/usage.ts')).addUsageCommand,
      },
      {
        name: 'history',
        description: 'Show who changed a key, what they changed and when.',
        load: async () => (await import('./commands/history.ts')).addHistoryCommand,
      },
      {
        name: 'plans',
        description: 'List plans with their limits and their numbers of keys.',
        load: async () => (await import('./commands/plans.ts')).addPlansCommand,
      },
      {
        name: 'scan',
        description: 'Find leaked keys in files, directories and diffs.',
        load: async () => (await import('./commands/scan.ts')).addScanCommand,
      },
      {
        name: 'console',
        description: 'Show and change keys in the browser.',
        load: async () => (await import('./commands/console.ts')).addConsoleCommand,
      },
    ],
  },
  {
    heading: 'Change keys:',
    commands: [
      {
        name: 'update',
        description: "Change a key's label, owner, scopes, plan, metadata or expiry.",
        load: async () => (await import('./commands/update.ts')).addUpdateCommand,
      },
      {
        name: 'rotate',
        description: 'Issue a successor to a key. The old key expires later.',
        load: async () => (await import('./commands/rotate.ts')).addRotateCommand,
      },
      {
        name: 'disable',
        description: 'Disable a key. You can enable it again.',
        load: async () => (await import('./commands/disable.ts')).addDisableCommand,
      },
      {
        name: 'enable',
        description: 'Enable a disabled key.',
        load: async () => (await import('./commands/disable.ts')).addEnableCommand,
      },
      {
        name: 'revoke',
        description: 'Revoke a key. This cannot be undone.',
        load: async () => (await import('./commands/revoke.ts')).addRevokeCommand,
      },
      {
        name: 'reset-quota',
        description: 'Reset the quota of a key, or of all keys of an owner.',
        load: async () => (await import('./commands/resetQuota.ts')).addResetQuotaCommand,
      },
    ],
  },
  {
    heading: 'Move keys:',
    commands: [
      {
        name: 'import',
        description: 'Import keys of another system by their hashes.',
        load: async () => (await import('./commands/import.ts')).addImportCommand,
      },
      {
        name: 'export',
        description: 'Write all keys with their hashes, to move or back them up.',
        load: async () => (await import('./commands/export.ts')).addExportCommand,
      },
    ],
  },
  {
    heading: OTHER,
    commands: [
      {
        name: 'completion',
        description: 'Print a completion script for your shell.',
        load: async () => (await import('./commands/completion.ts')).addCompletionCommand,
      },
    ],
  },
];

const ENTRIES = GROUPS.flatMap(({ commands }) => commands);

const DETAILS = `
Irreversible commands ask for confirmation. Pass --yes to skip the prompt; it's required without a terminal. For help on a command, run latchkey help COMMAND.

Exit codes: 0 success, 1 failure, 2 bad usage, 130 interrupted by Ctrl-C.`;

/** Runs one command line, reports errors on stderr, and returns the exit code. The promise never rejects. */
export async function runProgram(args: readonly string[], deps: CommandDeps): Promise<number> {
  deps.output.hideTyped(args);
  const hint = `see latchkey ${findName(args) ?? ''} --help`.replace('  ', ' ');
  let help = '';
  try {
    const program = await createProgram(args, hint, deps, (text) => (help += text));
    await program.parseAsync(toKnown(args), { from: 'user' }).catch(async (error: unknown) => {
      if (!isHelp(error)) throw error;
      await deps.output.print(`${fillParagraphs(help.trimEnd(), deps.output.columns)}\n`);
    });
    return DONE;
  } catch (error) {
    return report(error, hint, deps);
  }
}

/** Returns the name of the command that the arguments run, or whose help they show. */
function findName(args: readonly string[]): string | undefined {
  const [first, second] = args.filter((arg) => !arg.startsWith('-'));
  const name = first === 'help' ? second : first;
  return ENTRIES.some((entry) => entry.name === name) ? name : undefined;
}

/** Returns the arguments so that `help` with an unknown command fails like that command. */
function toKnown(args: readonly string[]): readonly string[] {
  const [first, second] = args;
  const isUnknown = first === 'help' && second !== undefined && second !== 'help' && findName(args) === undefined;
  return isUnknown ? args.slice(1) : args;
}

/** Creates the program. Each command is a stub, except those that the arguments require. */
async function createProgram(
  args: readonly string[],
  hint: string,
  deps: CommandDeps,
  writeHelp: (text: string) => void,
): Promise<Command> {
  const hasLocalGateway = deps.gatewayStateFile !== undefined;
  const helpWidth = () => deps.output.columns;
  const program = new Command('latchkey')
    .description('Issues, finds, changes, rotates and revokes the API keys of a Latchkey table.')
    .version(deps.version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'show this help')
    .addHelpCommand(new Command('help').argument('[command]').description('Show help for a command.').helpGroup(OTHER))
    .exitOverride()
    .configureHelp({ formatHelp, commandDescription: () => '', minWidthToWrap: MIN_HELP_WIDTH })
    .configureOutput({
      writeOut: writeHelp,
      writeErr: (help) => deps.output.noteHelp(fillParagraphs(help.trimEnd(), deps.output.columns)),
      outputError: (text) => deps.output.note(withHint(maskKeys(text.trimEnd()).replace(SUGGESTION, ' $1'), hint)),
      getOutHelpWidth: helpWidth,
      getErrHelpWidth: helpWidth,
    });
  const examples = ['latchkey create --label ci --stack Orders'];
  if (hasLocalGateway) examples.push('latchkey create --label ci --local');
  const choice = hasLocalGateway ? '--table, --stack or --local' : '--table or --stack';
  addHelp(program, { examples, details: `Choose the table with ${choice}, or set LATCHKEY_TABLE. ${DETAILS.trim()}` });
  const name = findName(args);
  for (const { heading, commands } of GROUPS) {
    program.commandsGroup(heading);
    for (const entry of commands) {
      const command = program.command(entry.name).description(entry.description);
      // A completion script requires every command.
      if (name !== 'completion' && entry.name !== name) continue;
      const addCommand = await entry.load();
      addCommand(command, deps);
      if (hasLocalGateway) addLocalOption(command);
      rejectOpposites(command);
    }
  }
  return program;
}

/** Ends a usage error with the command that shows the help. */
function withHint(message: string, hint: string): string {
  return `${message.replace(/\.$/, '')}; ${hint}`;
}

/**
 * Rejects `--x` together with `--no-x`. Commander would use the later one, so a mistake in a script could remove a
 * field.
 */
function rejectOpposites(command: Command): void {
  for (const negative of command.options.filter(({ negate }) => negate)) {
    const name = negative.attributeName();
    const positive = command.options.find((option) => !option.negate && option.attributeName() === name);
    if (positive === undefined) continue;
    const given = new Set<Option>();
    for (const option of [positive, negative]) {
      command.on(`option:${option.name()}`, () => {
        if (given.add(option).size < 2) return;
        command.error(`error: option '${negative.flags}' cannot be used with option '${positive.flags}'`);
      });
    }
  }
}

/** Returns whether Commander threw the error only to end the process after it printed help. */
function isHelp(error: unknown): boolean {
  return error instanceof CommanderError && error.exitCode === 0;
}

function report(error: unknown, hint: string, { output, interruption }: CommandDeps): number {
  // Commander has already printed its own message.
  if (error instanceof CommanderError) return BAD_USAGE;
  // For example, `head` in `latchkey list | head` has read enough. A command whose exit code is a result throws another
  // error.
  if (isOutputClosed(error)) return DONE;
  if (error instanceof CliError && error.code === 'NOT_CONFIRMED') {
    output.note(error.message);
    return FAILED;
  }
  const details = error instanceof CliError ? error.details : [];
  const hasHint = isBadUsage(error) && details.length === 0;
  output.note(`error: ${hasHint ? withHint(toMessage(error), hint) : toMessage(error)}`);
  for (const detail of details) output.note(`  ${detail}`);
  if (error instanceof CliError && error.code === 'INTERRUPTED') return interruption.exitCode ?? FAILED;
  return isBadUsage(error) ? BAD_USAGE : FAILED;
}

function isBadUsage(error: unknown): boolean {
  if (error instanceof CliError) return error.code === 'USAGE_INVALID';
  return error instanceof LatchkeyError && error.code === 'INPUT_INVALID';
}

/** Returns any error as one line. */
function toMessage(error: unknown): string {
  if (error instanceof CliError || error instanceof LatchkeyError) return error.message;
  if (!(error instanceof Error)) return `unexpected error: ${String(error)}`;
  return `unexpected error: ${error.name}: ${error.message.split('\n', 1)[0]}`;
}
