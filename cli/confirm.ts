import { createInterface } from 'node:readline/promises';
import type { Readable } from 'node:stream';
import { CliError } from './cliError.ts';
import type { Output } from './output.ts';

export interface ConfirmDeps {
  readonly output: Output;
  readonly stdin: Readable & { readonly isTTY?: boolean };
}

/**
 * Makes sure that somebody can be asked, before anything is done.
 *
 * @throws CliError `USAGE_INVALID` where there is no terminal
 */
export function requireTerminal({ output, stdin }: ConfirmDeps): void {
  if (stdin.isTTY === true && output.canAsk) return;
  throw new CliError('USAGE_INVALID', 'this asks first, and there is no terminal to ask on: give --yes if you mean it');
}

/** Whether a person answers the question with yes. Any other answer, and none, is no. */
export async function confirm(question: string, { output, stdin }: ConfirmDeps): Promise<boolean> {
  output.ask(`${question} [y/N] `);
  // Without an `output`, the line is the terminal's to edit and Ctrl-C the process's own affair.
  const lines = createInterface({ input: stdin });
  try {
    const { value, done } = await lines[Symbol.asyncIterator]().next();
    // Ctrl-D leaves the cursor behind the question.
    if (done === true) output.note('');
    return done !== true && /^\s*y(es)?\s*$/i.test(value);
  } finally {
    lines.close();
  }
}
