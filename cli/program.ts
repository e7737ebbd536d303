import { Command, CommanderError } from 'commander';
import { LatchkeyError } from '../keys/errors.ts';
import { CliError } from './cliError.ts';
import type { CommandDeps } from './commandDeps.ts';
import { addCreateCommand } from './commands/create.ts';
import { addListCommand } from './commands/list.ts';
import { addRevokeCommand } from './commands/revoke.ts';
import { addSeedCommand } from './commands/seed.ts';

const DONE = 0;
const FAILED = 1;
const BAD_USAGE = 2;

const EXITS = `
Exits 0 when done, 1 when it failed, 2 on bad usage, 130 when Ctrl-C stopped it.`;

/** Runs one command line, tells what went wrong on stderr, and resolves to the exit code. It never rejects. */
export async function runProgram(args: readonly string[], deps: CommandDeps): Promise<number> {
  let help = '';
  const program = createProgram(deps, (text) => (help += text));
  try {
    await program.parseAsync(args, { from: 'user' }).catch(async (error: unknown) => {
      if (!isHelp(error)) throw error;
      await deps.output.print(`${help.trimEnd()}\n`);
    });
    return DONE;
  } catch (error) {
    return report(error, deps);
  }
}

function createProgram(deps: CommandDeps, writeHelp: (text: string) => void): Command {
  const program = new Command('latchkey')
    .description('Issues, lists and revokes the API keys of a Latchkey table.')
    .addHelpText('after', EXITS)
    .exitOverride()
    .configureOutput({ writeOut: writeHelp, writeErr: (text) => deps.output.note(text.trimEnd()) });
  addCreateCommand(program, deps);
  addListCommand(program, deps);
  addRevokeCommand(program, deps);
  addSeedCommand(program, deps);
  return program;
}

/** Commander throws to end the process, also after the help that was asked for. */
function isHelp(error: unknown): boolean {
  return error instanceof CommanderError && error.exitCode === 0;
}

function report(error: unknown, { output, interruption }: CommandDeps): number {
  // Commander has printed its own line.
  if (error instanceof CommanderError) return BAD_USAGE;
  // `latchkey list | head` has what it wanted.
  if (error instanceof CliError && error.code === 'OUTPUT_CLOSED') return DONE;
  output.note(`error: ${messageOf(error)}`);
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
