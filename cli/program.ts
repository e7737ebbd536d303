import { Command, CommanderError, type Option } from 'commander';
import { LatchkeyError } from '../keys/errors.ts';
import { maskKeys } from '../keys/findKeys.ts';
import { CliError, isOutputClosed } from '../operator/errors.ts';
import type { AddCommand, CommandDeps } from './command.ts';
import { addLocalOption } from './options.ts';
import { fillParagraphs } from './output.ts';

interface CommandEntry {
  readonly name: string;
  /** Loads the command's module. Most runs load only one module. */
  readonly load: () => Promise<AddCommand>;
}

interface CommandGroup {
  readonly heading: string;
  readonly commands: readonly CommandEntry[];
}

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
      { name: 'create', load: async () => (await import('./commands/create.ts')).addCreateCommand },
      { name: 'seed', load: async () => (await import('./commands/seed.ts')).addSeedCommand },
    ],
  },
  {
    heading: 'Find keys:',
    commands: [
      { name: 'list', load: async () => (await import('./commands/list.ts')).addListCommand },
      { name: 'show', load: async () => (await import('./commands/show.ts')).addShowCommand },
      { name: 'identify', load: async () => (await import('./commands/identify.ts')).addIdentifyCommand },
      { name: 'stats', load: async () => (await import('./commands/stats.ts')).addStatsCommand },
      { name: 'scan', load: async () => (await import('./commands/scan.ts')).addScanCommand },
      { name: 'console', load: async () => (await import('./commands/console.ts')).addConsoleCommand },
    ],
  },
  {
    heading: 'Change keys:',
    commands: [
      { name: 'update', load: async () => (await import('./commands/update.ts')).addUpdateCommand },
      { name: 'rotate', load: async () => (await import('./commands/rotate.ts')).addRotateCommand },
      { name: 'disable', load: async () => (await import('./commands/disable.ts')).addDisableCommand },
      { name: 'enable', load: async () => (await import('./commands/disable.ts')).addEnableCommand },
      { name: 'revoke', load: async () => (await import('./commands/revoke.ts')).addRevokeCommand },
    ],
  },
  {
    heading: 'Move keys:',
    commands: [
      { name: 'import', load: async () => (await import('./commands/import.ts')).addImportCommand },
      { name: 'export', load: async () => (await import('./commands/export.ts')).addExportCommand },
    ],
  },
  {
    heading: OTHER,
    commands: [
      { name: 'completion', load: async () => (await import('./commands/completion.ts')).addCompletionCommand },
    ],
  },
];

const helpEnd = (hasLocalGateway: boolean) => `
Choose the table with --table${hasLocalGateway ? ', --stack or --local' : ' or --stack'}, or set LATCHKEY_TABLE. Irreversible commands ask for confirmation. Pass --yes to skip the prompt; it's required without a terminal. For help on a command, run latchkey help COMMAND.

  latchkey create --label ci --stack LatchkeyStack${hasLocalGateway ? '\n  latchkey create --label ci --local' : ''}

Exit codes: 0 success, 1 failure, 2 bad usage, 130 interrupted by Ctrl-C.`;

/** Runs one command line, reports errors on stderr, and returns the exit code. The promise never rejects. */
export async function runProgram(args: readonly string[], deps: CommandDeps): Promise<number> {
  deps.output.hideTyped(args);
  let help = '';
  try {
    const program = await createProgram(args[0], deps, (text) => (help += text));
    await program.parseAsync(args, { from: 'user' }).catch(async (error: unknown) => {
      if (!isHelp(error)) throw error;
      await deps.output.print(`${fillParagraphs(help.trimEnd(), deps.output.columns)}\n`);
    });
    return DONE;
  } catch (error) {
    return report(error, deps);
  }
}

async function createProgram(
  name: string | undefined,
  deps: CommandDeps,
  writeHelp: (text: string) => void,
): Promise<Command> {
  const hasLocalGateway = deps.gatewayStateFile !== undefined;
  const helpWidth = () => deps.output.columns;
  const program = new Command('latchkey')
    .description('Issues, finds, changes, rotates and revokes the API keys of a Latchkey table.')
    .addHelpText('after', helpEnd(hasLocalGateway))
    .addHelpCommand(new Command('help').argument('[command]').description('Show help for a command.').helpGroup(OTHER))
    .exitOverride()
    .configureOutput({
      writeOut: writeHelp,
      writeErr: (help) => deps.output.noteHelp(help.trimEnd()),
      outputError: (text) => deps.output.note(maskKeys(text.trimEnd()).replace(SUGGESTION, ' $1')),
      getOutHelpWidth: helpWidth,
      getErrHelpWidth: helpWidth,
    });
  // The help, a suggestion and a completion script require all commands.
  const needsAll = !isCommand(name) || name === 'completion';
  for (const { heading, commands } of GROUPS) {
    program.commandsGroup(heading);
    for (const command of commands) {
      if (!needsAll && command.name !== name) continue;
      const addCommand = await command.load();
      addCommand(program, deps);
    }
  }
  if (hasLocalGateway) addLocalOption(program);
  for (const command of program.commands) rejectOpposites(command);
  return program;
}

function isCommand(name: string | undefined): boolean {
  return GROUPS.some(({ commands }) => commands.some((command) => command.name === name));
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

function report(error: unknown, { output, interruption }: CommandDeps): number {
  // Commander has already printed its own message.
  if (error instanceof CommanderError) return BAD_USAGE;
  // For example, `head` in `latchkey list | head` has read enough. A command whose exit code is a result throws another
  // error.
  if (isOutputClosed(error)) return DONE;
  output.note(`error: ${toMessage(error)}`);
  if (error instanceof CliError) for (const detail of error.details) output.note(`  ${detail}`);
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
