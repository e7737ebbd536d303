import { type Command, Help } from 'commander';

/** The parts of a command's help that Commander doesn't have. */
interface HelpTexts {
  /** Command lines, which are never wrapped because readers copy them. */
  readonly examples: readonly string[];
  /** Paragraphs at the end of the help. */
  readonly details?: string;
}

const TEXTS = new WeakMap<Command, HelpTexts>();

/** Adds examples and details to a command's help. */
export function addHelp(command: Command, texts: HelpTexts): Command {
  TEXTS.set(command, texts);
  return command;
}

/**
 * Returns a command's help: its description, usage, examples, arguments, options and details. Pass it and an empty
 * `commandDescription` to Commander's `configureHelp`.
 */
export function formatHelp(command: Command, helper: Help): string {
  const { examples = [], details } = TEXTS.get(command) ?? {};
  const [usage = '', ...rest] = Help.prototype.formatHelp.call(helper, command, helper).trimEnd().split('\n\n');
  const parts = [
    command.description(),
    usage,
    ...(examples.length === 0 ? [] : [['Examples:', ...examples.map((line) => `  ${line}`)].join('\n')]),
    ...rest,
    ...(details === undefined ? [] : [details.trim()]),
  ];
  return `${parts.join('\n\n')}\n`;
}
