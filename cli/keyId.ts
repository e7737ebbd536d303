import type { KeyRegistry } from '../keys/registry.ts';
import type { KeyRecord } from '../keys/record.ts';
import { CliError } from './cliError.ts';
import { confirm, type ConfirmDeps } from './confirm.ts';
import { keyName } from './keyName.ts';

/** For `--help`. */
export const ID_HELP = "the key's id as list shows it, or a start that no other id has; never the key itself";

export interface Confirmation {
  /** What is asked about the key; `undefined` where the registry will refuse anyhow. */
  readonly question: (record: KeyRecord, name: string) => string | undefined;
  /** What becomes of the key, such as `revoked`. */
  readonly change: string;
}

/**
 * The id in full. One that is given in full is not looked up, so that also a record that cannot be read can be changed.
 *
 * @throws LatchkeyError of `getByIdStart`
 */
export async function fullId(idStart: string, registry: KeyRegistry): Promise<string> {
  return isFullId(idStart) ? idStart : (await registry.getByIdStart(idStart)).id;
}

/**
 * The id in full of a key that somebody at the terminal has said yes about.
 *
 * @throws CliError `NOT_CONFIRMED`; LatchkeyError of `getByIdStart`
 */
export async function confirmedId(
  idStart: string,
  registry: KeyRegistry,
  { question, change, ...deps }: Confirmation & ConfirmDeps,
): Promise<string> {
  const record = await registry.getByIdStart(idStart);
  const { id } = record;
  const asked = question(record, keyName(record));
  if (asked === undefined || (await confirm(asked, deps))) return id;
  throw new CliError('NOT_CONFIRMED', `key ${id} was not ${change}: the answer was not yes`);
}

function isFullId(id: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id);
}
