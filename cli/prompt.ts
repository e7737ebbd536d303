import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import type { Command } from 'commander';
import { LatchkeyError } from '../keys/errors.ts';
import { isLongestId } from '../keys/fields.ts';
import type { KeyRecord } from '../keys/record.ts';
import type { KeyRegistry } from '../keys/registry.ts';
import { CliError } from '../operator/errors.ts';
import type { CommandDeps, ConfirmDeps } from './command.ts';
import { keyName } from './records.ts';
import { decodeText } from './textSource.ts';

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

/** For `--help`. */
export const ID_HELP = "the key's id as list shows it, or a start that no other id has; never the key itself";

/** How a command is told which key. */
export interface KeyIdOptions {
  /** The id is a whole one, whatever other ids begin with it. */
  readonly exactId?: boolean;
}

export interface Confirmation {
  /** What is asked about the key; `undefined` where the registry will refuse anyhow. */
  readonly question: (record: KeyRecord, name: string) => string | undefined;
  /** What becomes of the key, such as `revoked`. */
  readonly change: string;
}

/** Adds `--exact-id`, for every command whose argument is an id. */
export function addExactIdOption(command: Command): Command {
  return command.option('--exact-id', 'the id is whole: take it also if other ids begin with it');
}

/**
 * The record of the key.
 *
 * @throws LatchkeyError of `get` and `getByIdStart`; of `AMBIGUOUS_ID` the message says how to name the key whose whole id it is
 */
export async function keyOf(idStart: string, { exactId }: KeyIdOptions, registry: KeyRegistry): Promise<KeyRecord> {
  if (exactId === true) return registry.get(idStart);
  return registry.getByIdStart(idStart).catch((error: unknown) => {
    const isExact = error instanceof LatchkeyError && error.code === 'AMBIGUOUS_ID' && error.keyId === idStart;
    if (!isExact) throw error;
    const advice = `add --exact-id to mean the key whose whole id is ${idStart}`;
    throw new LatchkeyError(error.code, `${error.message}; ${advice}`, { cause: error, keyId: error.keyId });
  });
}

/**
 * The id in full. One that is given in full is not looked up, so that also a record that cannot be read can be changed.
 *
 * @throws LatchkeyError of `keyOf`
 */
export async function fullId(idStart: string, options: KeyIdOptions, registry: KeyRegistry): Promise<string> {
  const isFull = options.exactId === true || isLongestId(idStart);
  return isFull ? idStart : (await keyOf(idStart, options, registry)).id;
}

/**
 * The id in full of a key that somebody at the terminal has said yes about.
 *
 * @throws CliError `NOT_CONFIRMED`; LatchkeyError of `keyOf`
 */
export async function confirmedId(
  idStart: string,
  options: KeyIdOptions,
  registry: KeyRegistry,
  { question, change, ...deps }: Confirmation & ConfirmDeps,
): Promise<string> {
  const record = await keyOf(idStart, options, registry);
  const { id } = record;
  const asked = question(record, keyName(record));
  if (asked === undefined || (await confirm(asked, deps))) return id;
  throw new CliError('NOT_CONFIRMED', `key ${id} was not ${change}: the answer was not yes`);
}

const MAX_CHARACTERS = 1024 * 1024;

/**
 * Reads the text that holds a raw key, from a prompt without echo on a terminal, and else from standard input in UTF-8 or, with
 * a byte order mark, in UTF-16. At most 1 MB.
 *
 * @throws CliError `USAGE_INVALID` if there is no text, or too much. `INTERRUPTED`
 */
export async function readSecret(question: string, deps: CommandDeps): Promise<string> {
  const isTerminal = deps.stdin.isTTY === true;
  const text = isTerminal ? await askHidden(question, deps) : await readAll(decodeText(deps.stdin));
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
