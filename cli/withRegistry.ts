import { KeyRegistry } from '../keys/registry.ts';
import { DEFAULT_KEY_PREFIX, isKeyPrefix, KEY_PREFIX_WANTED } from '../keys/secret.ts';
import { CliError } from './cliError.ts';
import { connect } from './client.ts';
import { explainFault } from './explainFault.ts';
import {
  findTable,
  setting,
  type Environment,
  type FindTableDeps,
  type TableLocation,
  type TableOptions,
} from './findTable.ts';

export interface RegistryOptions extends TableOptions {
  readonly keyPrefix?: string;
}

export interface RegistryDeps extends FindTableDeps {
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/**
 * Runs the work with the registry of the table that the options name.
 *
 * @throws CliError of `findTable`; `USAGE_INVALID` for a bad `LATCHKEY_KEY_PREFIX`; `STORE_UNAVAILABLE`, saying what to
 * do; and whatever else the work throws
 */
export async function withRegistry<T>(
  options: RegistryOptions,
  deps: RegistryDeps,
  work: (registry: KeyRegistry, location: TableLocation) => Promise<T>,
): Promise<T> {
  const location = findTable(options, deps);
  const keyPrefix = options.keyPrefix ?? keyPrefixOf(deps.env);
  const { client, close } = connect(location);
  const { tableName } = location;
  try {
    const actor = actorOf(deps.env);
    return await work(new KeyRegistry({ client, tableName, keyPrefix, actor, now: deps.now }), location);
  } catch (error) {
    throw explainFault(error, location);
  } finally {
    close();
  }
}

function keyPrefixOf(env: Environment): string {
  const keyPrefix = setting(env, 'LATCHKEY_KEY_PREFIX') ?? DEFAULT_KEY_PREFIX;
  if (isKeyPrefix(keyPrefix)) return keyPrefix;
  throw new CliError(
    'USAGE_INVALID',
    `LATCHKEY_KEY_PREFIX: got ${JSON.stringify(keyPrefix)}, wanted ${KEY_PREFIX_WANTED}`,
  );
}

/** Who is at this machine, as far as the environment tells: for the audit, where IAM knows better. */
function actorOf(env: Environment): string {
  return setting(env, 'USER') ?? setting(env, 'USERNAME') ?? 'latchkey cli';
}
