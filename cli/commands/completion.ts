import { Argument, type Command } from 'commander';
import type { CommandDeps } from '../commandDeps.ts';
import { bashCompletion } from '../completion/bashCompletion.ts';
import { commandModels, type CommandModel } from '../completion/commandModel.ts';
import { fishCompletion } from '../completion/fishCompletion.ts';
import { zshCompletion } from '../completion/zshCompletion.ts';

const SCRIPTS: Readonly<Record<string, (commands: readonly CommandModel[]) => string>> = {
  bash: bashCompletion,
  zsh: zshCompletion,
  fish: fishCompletion,
};

const HELP = `
The script completes a command of the name latchkey: commands, options, files, and the words that an option takes.

  source <(latchkey completion bash)      in ~/.bashrc
  source <(latchkey completion zsh)       in ~/.zshrc, after compinit
  latchkey completion fish | source       in ~/.config/fish/config.fish`;

/** Adds `latchkey completion`, which prints a script for a shell, made from the program's own commands and options. */
export function addCompletionCommand(program: Command, deps: CommandDeps): void {
  program
    .command('completion')
    .description('Print a script that has a shell complete latchkey.')
    .addArgument(new Argument('<shell>', 'which shell').choices(Object.keys(SCRIPTS)))
    .addHelpText('after', HELP)
    .action((shell: string) => deps.output.print(SCRIPTS[shell]?.(commandModels(program)) ?? ''));
}
