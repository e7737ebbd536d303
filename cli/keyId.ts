import type { Command } from 'commander';
import { LatchkeyError } from '../keys/errors.ts';
import { isLongestId } from '../keys/keyId.ts';
import type { KeyRegistry } from '../keys/registry.ts';
import type { KeyRecord } from '../keys/record.ts';
import { CliError } from './cliError.ts';
import { confirm, type ConfirmDeps } from './confirm.ts';
import { keyName } from './keyName.ts';

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
