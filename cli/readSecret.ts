import { askHidden } from './askHidden.ts';
import { CliError } from './cliError.ts';
import type { CommandDeps } from './commandDeps.ts';

/** Far more than a key can have. */
const MAX_BYTES = 4096;

/**
 * One raw key, from a prompt without echo where there is a terminal, and else from standard input.
 *
 * @throws CliError `USAGE_INVALID` where that is not one word; the text is not told. `INTERRUPTED`
 */
export async function readSecret(question: string, deps: CommandDeps): Promise<string> {
  const isTerminal = deps.stdin.isTTY === true;
  const text = (isTerminal ? await askHidden(question, deps) : await readAll(deps.stdin)).trim();
  if (text === '') throw new CliError('USAGE_INVALID', 'got no key: give one on standard input, or at the prompt');
  if (!/\s/.test(text)) return text;
  throw new CliError('USAGE_INVALID', 'got more than one word: give one key alone');
}

async function readAll(stdin: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of stdin) {
    length += chunk.byteLength;
    if (length > MAX_BYTES) throw new CliError('USAGE_INVALID', 'got more than a key has: give one key alone');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
