import { askHidden } from './askHidden.ts';
import { CliError } from './cliError.ts';
import type { CommandDeps } from './commandDeps.ts';
import { decodedText } from './leaks/decodedText.ts';

const MAX_CHARACTERS = 1024 * 1024;

/**
 * Reads the text that holds a raw key, from a prompt without echo on a terminal, and else from standard input in UTF-8 or, with
 * a byte order mark, in UTF-16. At most 1 MB.
 *
 * @throws CliError `USAGE_INVALID` if there is no text, or too much. `INTERRUPTED`
 */
export async function readSecret(question: string, deps: CommandDeps): Promise<string> {
  const isTerminal = deps.stdin.isTTY === true;
  const text = isTerminal ? await askHidden(question, deps) : await readAll(decodedText(deps.stdin));
  if (text.trim() !== '') return text;
  throw new CliError('USAGE_INVALID', 'got no key: give one on standard input, or at the prompt');
}

async function readAll(chunks: AsyncIterable<string>): Promise<string> {
  let text = '';
  for await (const chunk of chunks) {
    text += chunk;
    if (text.length > MAX_CHARACTERS) {
      throw new CliError('USAGE_INVALID', 'got more than 1 MB: look for keys in large texts with latchkey scan');
    }
  }
  return text;
}
