import { createInterface } from 'node:readline';
import { type Readable, Writable } from 'node:stream';
import type { Command } from 'commander';
import { LatchkeyError } from '../keys/errors.ts';
import { isLongestId } from '../keys/keyId.ts';
import { printable } from '../keys/printable.ts';
import type { KeyRecord } from '../keys/record.ts';
import type { KeyRegistry } from '../keys/registry.ts';
import { CliError } from '../operator/errors.ts';
import { keyName, type Output } from './output.ts';
import type { Interruption } from './signals.ts';
import { decodeText } from './textSource.ts';

export interface PromptDeps {
  readonly output: Output;
  readonly stdin: Readable & { readonly isTTY?: boolean };
}

export interface HiddenPromptDeps extends PromptDeps {
  readonly interruption: Interruption;
}

/** The description of the id argument in `--help`. */
export const ID_HELP = "the key's id, or a unique prefix of it; never the key itself";

export interface KeyIdOptions {
  /** `true` if the id is complete, even if it's a prefix of other ids. */
  readonly exactId?: boolean;
}

/** The message after an answer other than yes. */
export const CANCELLED = 'Cancelled, nothing changed.';

export interface Confirmation {
  /** Returns the question about the key, or `undefined` if the registry will reject the change anyway. */
  readonly question: (record: KeyRecord, name: string) => string | undefined;
}

/** Adds `--exact-id`. Use it for commands whose argument is an id. */
export function addExactIdOption(command: Command): Command {
  return command.option('--exact-id', "treat the id as complete, even if it's a prefix of other ids");
}

/** Maximum number of keys in the error message for an ambiguous prefix. */
const MAX_SHOWN = 5;

/**
 * Reads the record of a key by its id or by a unique prefix of its id.
 *
 * @throws CliError `ID_AMBIGUOUS` with the keys that match. It suggests `--exact-id` if the id is complete.
 * LatchkeyError of `get` and `getByIdStart`
 */
export async function getKey(idStart: string, { exactId }: KeyIdOptions, registry: KeyRegistry): Promise<KeyRecord> {
  if (exactId === true) return registry.get(idStart);
  return registry.getByIdStart(idStart).catch(async (error: unknown) => {
    if (!(error instanceof LatchkeyError) || error.code !== 'AMBIGUOUS_ID') throw error;
    throw await ambiguous(idStart, error, registry);
  });
}

async function ambiguous(idStart: string, error: LatchkeyError, registry: KeyRegistry): Promise<CliError> {
  const { keyId, keyIds } = error;
  const advice =
    keyId === idStart ? `add --exact-id to choose the key with exactly the id ${idStart}` : 'pass more of the id';
  const shown = await Promise.all(
    keyIds.slice(0, MAX_SHOWN).map((id) =>
      registry.get(id).then(
        (record) => `${keyName(record)}${record.owner === undefined ? '' : ` of ${printable(record.owner)}`}`,
        // The list is still useful if a record is unreadable.
        () => printable(id),
      ),
    ),
  );
  const rest = keyIds.length - shown.length;
  const details = rest > 0 ? [...shown, `and ${rest} more`] : shown;
  const message = `several keys have an id that starts ${idStart}: ${advice}`;
  return new CliError('ID_AMBIGUOUS', message, { cause: error, details });
}

/**
 * Returns the full id of a key. It doesn't look up a complete id, so you can still change a corrupt record.
 *
 * @throws LatchkeyError of `getKey`
 */
export async function getId(idStart: string, options: KeyIdOptions, registry: KeyRegistry): Promise<string> {
  const isFull = options.exactId === true || isLongestId(idStart);
  return isFull ? idStart : (await getKey(idStart, options, registry)).id;
}

/**
 * Prompts for confirmation at the terminal, and returns the full id of the key.
 *
 * @throws CliError `NOT_CONFIRMED`; LatchkeyError of `getKey`
 */
export async function getConfirmedId(
  idStart: string,
  options: KeyIdOptions,
  registry: KeyRegistry,
  { question, ...deps }: Confirmation & PromptDeps,
): Promise<string> {
  const record = await getKey(idStart, options, registry);
  const text = question(record, keyName(record));
  if (text === undefined || (await confirm(text, deps))) return record.id;
  throw new CliError('NOT_CONFIRMED', CANCELLED);
}

/**
 * Checks that the process has a terminal for a prompt. Call it before the command does anything.
 *
 * @throws CliError `USAGE_INVALID` without a terminal
 */
export function requireTerminal({ output, stdin }: PromptDeps): void {
  if (stdin.isTTY === true && output.canAsk) return;
  throw new CliError('USAGE_INVALID', 'this command asks for confirmation, but there is no terminal: pass --yes');
}

/** Prompts for an answer, and returns whether it's yes. An empty answer means no. */
export async function confirm(question: string, { output, stdin }: PromptDeps): Promise<boolean> {
  output.ask(`${question} [y/N] `);
  // Without `output`, the terminal edits the line itself, and Ctrl-C still reaches the process.
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

const MAX_CHARACTERS = 1024 * 1024;

/**
 * Reads text that contains a raw key. It shows a prompt without echo on a terminal, and otherwise reads standard
 * input. Standard input is UTF-8, or UTF-16 with a byte order mark, and at most 1 MB.
 *
 * @throws CliError `USAGE_INVALID` if the text is missing or too long; `INTERRUPTED`
 */
export async function readSecret(question: string, deps: HiddenPromptDeps): Promise<string> {
  const isTerminal = deps.stdin.isTTY === true;
  const text = isTerminal ? await askHidden(question, deps) : await readInput(deps.stdin);
  if (text.trim() !== '') return text;
  throw new CliError('USAGE_INVALID', 'expected a key on standard input or at the prompt, got nothing');
}

/**
 * Prompts on the terminal, and reads a line without echo. The end of the input counts as an empty line.
 *
 * @throws CliError `INTERRUPTED` on Ctrl-C. A terminal without echo passes Ctrl-C on as a character
 */
async function askHidden(question: string, { output, stdin, interruption }: HiddenPromptDeps): Promise<string> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: stdin, output: nowhere, terminal: true, historySize: 0 });
  let isInterrupted = false;
  // Echo is off from here on.
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

async function readInput(stdin: Readable): Promise<string> {
  let text = '';
  for await (const chunk of decodeText(stdin)) {
    text += chunk;
    if (text.length > MAX_CHARACTERS) {
      throw new CliError('USAGE_INVALID', 'expected at most 1 MB, got more: search large texts with latchkey scan');
    }
  }
  return text;
}
