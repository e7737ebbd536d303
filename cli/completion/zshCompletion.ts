import type { CommandModel, OptionModel, ValueModel } from './commandModel.ts';

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
