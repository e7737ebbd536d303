import { Argument, type Command, type Option } from 'commander';
import type { CommandDeps } from '../command.ts';
import { addHelp } from '../help.ts';

const SCRIPTS: Readonly<Record<string, (commands: readonly CommandModel[]) => string>> = {
  bash: bashCompletion,
  zsh: zshCompletion,
  fish: fishCompletion,
};

const DETAILS = `
The script completes commands, options and file names. It also completes the values of an option with a fixed set of
values. Add the line to the start file of your shell: .bashrc, .zshrc (after compinit) or .config/fish/config.fish.`;

/** Fills `latchkey completion`, which prints a shell's completion script for the program's commands. */
export function addCompletionCommand(command: Command, deps: CommandDeps): void {
  addHelp(command, {
    examples: [
      'source <(latchkey completion bash)',
      'source <(latchkey completion zsh)',
      'latchkey completion fish | source',
    ],
    details: DETAILS,
  })
    .addArgument(new Argument('<shell>', 'your shell').choices(Object.keys(SCRIPTS)))
    .action((shell: string) => {
      const program = command.parent;
      return deps.output.print(program === null ? '' : (SCRIPTS[shell]?.(toModels(program)) ?? ''));
    });
}

/** The completions of one command. */
interface CommandModel {
  readonly name: string;
  readonly description: string;
  readonly options: readonly OptionModel[];
  /** The completions of the command's arguments. */
  readonly argument: ValueModel;
}

interface OptionModel {
  /** The flag with its dashes. */
  readonly flag: string;
  readonly description: string;
  /** The completions of the flag's value, or `undefined` if the flag doesn't take one. */
  readonly value: ValueModel | undefined;
}

/** A file, one of a set of words, or a value that a shell can't complete. */
type ValueModel = 'file' | 'unknown' | readonly string[];

/** Returns the program's commands with all their options. */
function toModels(program: Command): readonly CommandModel[] {
  const help = program.createHelp();
  return help.visibleCommands(program).map((command) => ({
    name: command.name(),
    description: help.subcommandDescription(command),
    options: help.visibleOptions(command).flatMap(toOptionModel),
    argument: toArgumentModel(program, command),
  }));
}

function toOptionModel({ long, description, required, optional, argChoices, flags }: Option): OptionModel[] {
  if (long === undefined || long === null) return [];
  return [{ flag: long, description, value: required || optional ? (argChoices ?? toValueModel(flags)) : undefined }];
}

/** Returns the completions of a command's argument. For `help`, these are the other commands. */
function toArgumentModel(program: Command, command: Command): ValueModel {
  if (command.name() === 'help') return program.commands.map((other) => other.name());
  const [argument] = command.registeredArguments;
  if (argument === undefined) return 'unknown';
  return argument.argChoices ?? toValueModel(`<${argument.name()}>`);
}

function toValueModel(name: string): ValueModel {
  return /[<[](file|path|directory)/.test(name) ? 'file' : 'unknown';
}

/** Returns a script for bash 3.2 (the version in macOS) and later. */
function bashCompletion(commands: readonly CommandModel[]): string {
  return `# bash completion for latchkey: source <(latchkey completion bash)
_latchkey() {
  local word=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD - 1]} command=\${COMP_WORDS[1]}
  local IFS=$' \\t\\n'
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
    COMPREPLY=($(compgen -W '${commands.map(({ name }) => name).join(' ')} --help --version' -- "$word"))
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
  // Splits only at newlines, because a file name may contain spaces.
  if (value === 'file') return `IFS=$'\\n'; compopt -o filenames 2> /dev/null; COMPREPLY=($(compgen -f -- "$word")); `;
  return `COMPREPLY=($(compgen -W '${value.join(' ')}' -- "$word")); `;
}

/** Returns a script for zsh 5 and later. */
function zshCompletion(commands: readonly CommandModel[]): string {
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

/** Returns a script for fish 3 and later. */
function fishCompletion(commands: readonly CommandModel[]): string {
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
