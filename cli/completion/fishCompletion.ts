import type { CommandModel, OptionModel, ValueModel } from './commandModel.ts';

/** A script for fish 3 and later. */
export function fishCompletion(commands: readonly CommandModel[]): string {
  return `# fish completion for latchkey: latchkey completion fish | source
complete -c latchkey -f
${commands.map(({ name, description }) => `complete -c latchkey -n __fish_use_subcommand -a ${name} -d ${quote(description)}`).join('\n')}
${commands.flatMap(commandLines).join('\n')}
`;
}

function commandLines({ name, options, argument }: CommandModel): string[] {
  const seen = `complete -c latchkey -n '__fish_seen_subcommand_from ${name}'`;
  const argumentLines = argument === 'unknown' ? [] : [`${seen} ${offer(argument)}`];
  return [...options.map((option) => `${seen} ${optionArguments(option)}`), ...argumentLines];
}

function optionArguments({ flag, description, value }: OptionModel): string {
  const takes = value === undefined ? '' : ` -r${value === 'unknown' ? '' : ` ${offer(value)}`}`;
  return `-l ${flag.replace(/^--/, '')} -d ${quote(description)}${takes}`;
}

function offer(value: ValueModel): string {
  return value === 'file' ? '-F' : `-a ${quote(Array.isArray(value) ? value.join(' ') : '')}`;
}

function quote(text: string): string {
  return `'${text.replaceAll(/[\\']/g, String.raw`\$&`)}'`;
}
