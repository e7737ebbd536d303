import type { Command, Option } from 'commander';

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
