import { Argument, type Command, type Option } from 'commander';
import type { CommandDeps } from '../command.ts';

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

/** What a shell can be told of one command. */
export interface CommandModel {
  readonly name: string;
  readonly description: string;
  readonly options: readonly OptionModel[];
  /** What it offers for its arguments. */
  readonly argument: ValueModel;
}

export interface OptionModel {
  /** With its dashes. */
  readonly flag: string;
  readonly description: string;
  /** `undefined` where it takes no value. */
  readonly value: ValueModel | undefined;
}

/** A file, one of some words, or what a shell cannot know. */
export type ValueModel = 'file' | 'unknown' | readonly string[];

/** The commands of a program with all their options, as it defines them itself. */
export function commandModels(program: Command): readonly CommandModel[] {
  const help = program.createHelp();
  return help.visibleCommands(program).map((command) => ({
    name: command.name(),
    description: help.subcommandDescription(command),
    options: help.visibleOptions(command).flatMap(optionModel),
    argument: argumentModel(program, command),
  }));
}

function optionModel({ long, description, required, optional, argChoices, flags }: Option): OptionModel[] {
  if (long === undefined || long === null) return [];
  return [{ flag: long, description, value: required || optional ? (argChoices ?? valueNamed(flags)) : undefined }];
}

/** Of `help` the arguments are the other commands. */
function argumentModel(program: Command, command: Command): ValueModel {
  if (command.name() === 'help') return program.commands.map((other) => other.name());
  const [argument] = command.registeredArguments;
  if (argument === undefined) return 'unknown';
  return argument.argChoices ?? valueNamed(`<${argument.name()}>`);
}

function valueNamed(name: string): ValueModel {
  return /[<[](file|path|directory)/.test(name) ? 'file' : 'unknown';
}

/** A script for bash 3.2, which macOS has, and later. */
export function bashCompletion(commands: readonly CommandModel[]): string {
  return `# bash completion for latchkey: source <(latchkey completion bash)
_latchkey() {
  local word=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD - 1]} command=\${COMP_WORDS[1]}
  local IFS=$' \\t\\n'
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
    COMPREPLY=($(compgen -W '${commands.map(({ name }) => name).join(' ')} --help' -- "$word"))
    return
  fi
  case "$command $previous" in
${commands.flatMap(valueCases).join('\n')}
  esac
  case "$command $word" in
${commands.map(optionCase).join('\n')}
  esac
  case "$command" in
${commands.flatMap(argumentCase).join('\n')}
  esac
}
complete -F _latchkey latchkey
`;
}

function valueCases({ name, options }: CommandModel): string[] {
  return options.flatMap(({ flag, value }) =>
    value === undefined ? [] : [`    '${name} ${flag}') ${offer(value)}return ;;`],
  );
}

function optionCase({ name, options }: CommandModel): string {
  return `    '${name} -'*) COMPREPLY=($(compgen -W '${options.map(({ flag }) => flag).join(' ')}' -- "$word")); return ;;`;
}

function argumentCase({ name, argument }: CommandModel): string[] {
  return argument === 'unknown' ? [] : [`    '${name}') ${offer(argument)}return ;;`];
}

function offer(value: ValueModel): string {
  if (value === 'unknown') return '';
  // A name with spaces is one name.
  if (value === 'file') return `IFS=$'\\n'; compopt -o filenames 2> /dev/null; COMPREPLY=($(compgen -f -- "$word")); `;
  return `COMPREPLY=($(compgen -W '${value.join(' ')}' -- "$word")); `;
}

/** A script for zsh 5 and later. */
export function zshCompletion(commands: readonly CommandModel[]): string {
  return `#compdef latchkey
# zsh completion for latchkey: source <(latchkey completion zsh), after compinit
_latchkey() {
  local -a commands
  commands=(
${commands.map(({ name, description }) => `    ${quote(`${name}:${description}`)}`).join('\n')}
  )
  if ((CURRENT == 2)); then
    _describe command commands
    return
  fi
  local command=$words[2]
  shift words
  ((CURRENT--))
  case $command in
${commands.map(commandCase).join('\n')}
  esac
}
compdef _latchkey latchkey
`;
}

function commandCase({ name, options, argument }: CommandModel): string {
  const specs = [...options.map(optionSpec), `*:argument:${action(argument)}`];
  return `    ${name}) _arguments ${specs.map(quote).join(' ')} ;;`;
}

function optionSpec({ flag, description, value }: OptionModel): string {
  const spec = `*${flag}[${description.replaceAll(/[\\[\]:]/g, String.raw`\$&`)}]`;
  return value === undefined ? spec : `${spec}:value:${action(value)}`;
}

function action(value: ValueModel): string {
  if (value === 'unknown') return ' ';
  return value === 'file' ? '_files' : `(${value.join(' ')})`;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

/** A script for fish 3 and later. */
export function fishCompletion(commands: readonly CommandModel[]): string {
  return `# fish completion for latchkey: latchkey completion fish | source
complete -c latchkey -f
${commands.map(({ name, description }) => `complete -c latchkey -n __fish_use_subcommand -a ${name} -d ${quoteInFish(description)}`).join('\n')}
${commands.flatMap(commandLines).join('\n')}
`;
}

function commandLines({ name, options, argument }: CommandModel): string[] {
  const seen = `complete -c latchkey -n '__fish_seen_subcommand_from ${name}'`;
  const argumentLines = argument === 'unknown' ? [] : [`${seen} ${offerInFish(argument)}`];
  return [...options.map((option) => `${seen} ${optionArguments(option)}`), ...argumentLines];
}

function optionArguments({ flag, description, value }: OptionModel): string {
  const takes = value === undefined ? '' : ` -r${value === 'unknown' ? '' : ` ${offerInFish(value)}`}`;
  return `-l ${flag.replace(/^--/, '')} -d ${quoteInFish(description)}${takes}`;
}

function offerInFish(value: ValueModel): string {
  return value === 'file' ? '-F' : `-a ${quoteInFish(Array.isArray(value) ? value.join(' ') : '')}`;
}

function quoteInFish(text: string): string {
  return `'${text.replaceAll(/[\\']/g, String.raw`\$&`)}'`;
}
