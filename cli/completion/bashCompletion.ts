import type { CommandModel, ValueModel } from './commandModel.ts';

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
