import { Command, CommanderError, type Option } from 'commander';
import { LatchkeyError } from '../keys/errors.ts';
import { maskKeys } from '../keys/findKeys.ts';
import { CliError, isOutputClosed } from '../operator/errors.ts';
import type { CommandDeps } from './command.ts';
import { addCompletionCommand } from './commands/completion.ts';
import { addConsoleCommand } from './commands/console.ts';
import { addCreateCommand } from './commands/create.ts';
import { addDisableCommand, addEnableCommand } from './commands/disable.ts';
import { addExportCommand } from './commands/export.ts';
import { addIdentifyCommand } from './commands/identify.ts';
import { addImportCommand } from './commands/import.ts';
import { addListCommand } from './commands/list.ts';
import { addRevokeCommand } from './commands/revoke.ts';
import { addRotateCommand } from './commands/rotate.ts';
import { addScanCommand } from './commands/scan.ts';
import { addSeedCommand } from './commands/seed.ts';
import { addShowCommand } from './commands/show.ts';
import { addStatsCommand } from './commands/stats.ts';
import { addUpdateCommand } from './commands/update.ts';
import { addLocalOption } from './options.ts';
import { fillParagraphs } from './output.ts';

type AddCommand = (program: Command, deps: CommandDeps) => void;

const DONE = 0;
const FAILED = 1;
const BAD_USAGE = 2;

/** Commander puts it on a line of its own; all before it may repeat an argument. */
const SUGGESTION = /\n(\(Did you mean [^\n]*\))$/;
const THIS_PROGRAM = 'This program:';
/** In the order of the help. */
const COMMANDS: readonly (readonly [heading: string, commands: readonly AddCommand[]])[] = [
  ['Issue:', [addCreateCommand, addSeedCommand]],
  ['Look:', [addListCommand, addShowCommand, addIdentifyCommand, addStatsCommand, addScanCommand, addConsoleCommand]],
  ['Change:', [addUpdateCommand, addRotateCommand, addDisableCommand, addEnableCommand, addRevokeCommand]],
  ['Move:', [addImportCommand, addExportCommand]],
  [THIS_PROGRAM, [addCompletionCommand]],
];

const helpEnd = (hasLocalGateway: boolean) => `
Name the table with --table${hasLocalGateway ? ', --stack or --local' : ' or --stack'}, or set LATCHKEY_TABLE. For help on a command, run latchkey help COMMAND.

  latchkey create --label ci --stack LatchkeyStack${hasLocalGateway ? '\n  latchkey create --label ci --local' : ''}

Exits 0 when done, 1 when it failed, 2 on bad usage, 130 when Ctrl-C stopped it.`;

/** Runs one command line, tells what went wrong on stderr, and resolves to the exit code. It never rejects. */
export async function runProgram(args: readonly string[], deps: CommandDeps): Promise<number> {
  deps.output.hideTyped(args);
  let help = '';
  const program = createProgram(deps, (text) => (help += text));
  try {
    await program.parseAsync(args, { from: 'user' }).catch(async (error: unknown) => {
      if (!isHelp(error)) throw error;
      await deps.output.print(`${fillParagraphs(help.trimEnd(), deps.output.columns)}\n`);
    });
    return DONE;
  } catch (error) {
    return report(error, deps);
  }
}

function createProgram(deps: CommandDeps, writeHelp: (text: string) => void): Command {
  const helpWidth = () => deps.output.columns;
  const program = new Command('latchkey')
    .description('Issues, finds, changes, rotates and ends the API keys of a Latchkey table.')
    .addHelpText('after', helpEnd(deps.noteFile !== undefined))
    .addHelpCommand(new Command('help').argument('[command]').description('Tell of a command.').helpGroup(THIS_PROGRAM))
    .exitOverride()
    .configureOutput({
      writeOut: writeHelp,
      writeErr: (help) => deps.output.noteHelp(help.trimEnd()),
      outputError: (text) => deps.output.note(maskKeys(text.trimEnd()).replace(SUGGESTION, ' $1')),
      getOutHelpWidth: helpWidth,
      getErrHelpWidth: helpWidth,
    });
  for (const [heading, commands] of COMMANDS) {
    program.commandsGroup(heading);
    for (const addCommand of commands) addCommand(program, deps);
  }
  if (deps.noteFile !== undefined) addLocalOption(program);
  for (const command of program.commands) refuseOppositesOf(command);
  return program;
}

/** Rejects `--x` together with `--no-x`. Commander would keep the later one: a slip in a script would wipe a field. */
function refuseOppositesOf(command: Command): void {
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

/** Commander throws to end the process, also after the help that was asked for. */
function isHelp(error: unknown): boolean {
  return error instanceof CommanderError && error.exitCode === 0;
}

function report(error: unknown, { output, interruption }: CommandDeps): number {
  // Commander has printed its own line.
  if (error instanceof CommanderError) return BAD_USAGE;
  // `latchkey list | head` has what it wanted. A command that has more to tell than its output does not let it come to this.
  if (isOutputClosed(error)) return DONE;
  output.note(`error: ${messageOf(error)}`);
  if (error instanceof CliError) for (const detail of error.details) output.note(`  ${detail}`);
  if (error instanceof CliError && error.code === 'INTERRUPTED') return interruption.exitCode ?? FAILED;
  return isBadUsage(error) ? BAD_USAGE : FAILED;
}

function isBadUsage(error: unknown): boolean {
  if (error instanceof CliError) return error.code === 'USAGE_INVALID';
  return error instanceof LatchkeyError && error.code === 'INPUT_INVALID';
}

/** One line, whatever it was. */
function messageOf(error: unknown): string {
  if (error instanceof CliError || error instanceof LatchkeyError) return error.message;
  if (!(error instanceof Error)) return `unforeseen: ${String(error)}`;
  return `unforeseen: ${error.name}: ${error.message.split('\n', 1)[0]}`;
}
