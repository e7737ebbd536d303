import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { CliError } from './cliError.ts';
import type { CommandDeps } from './commandDeps.ts';

/**
 * Asks on the terminal and takes a line that is not shown while it is typed. Nothing at all is an empty line.
 *
 * @throws CliError `INTERRUPTED` on Ctrl-C, which a terminal that shows nothing hands over as a character
 */
export async function askHidden(question: string, { output, stdin, interruption }: CommandDeps): Promise<string> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: stdin, output: nowhere, terminal: true, historySize: 0 });
  let isInterrupted = false;
  // Only now is nothing shown.
  output.ask(question);
  const line = await new Promise<string>((resolve) => {
    lines.once('line', resolve);
    lines.once('close', () => resolve(''));
    lines.once('SIGINT', () => {
      isInterrupted = true;
      lines.close();
    });
  });
  lines.close();
  output.note('');
  if (!isInterrupted) return line;
  interruption.receive('SIGINT');
  throw new CliError('INTERRUPTED', 'interrupted');
}
