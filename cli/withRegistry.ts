import { show } from '../keys/fields.ts';
import type { KeyRegistry } from '../keys/registry.ts';
import { KEY_PREFIXES_EXPECTED, parseKeyPrefixes } from '../keys/keyFormat.ts';
import { DEFAULT_KEY_PREFIX } from '../keys/keyPrefix.ts';
import { accountOf, callerArn, explainFault } from '../operator/aws.ts';
import { CliError } from '../operator/errors.ts';
import {
  type Environment,
  findTable,
  type FindTableDeps,
  setting,
  type TableLocation,
  type TableOptions,
} from '../operator/findTable.ts';
import { checkProfile } from '../operator/profiles.ts';

export interface RegistryOptions extends TableOptions {
  /** The prefix of new keys. */
  readonly prefix?: string;
  /** The actor to record for changes. */
  readonly actor?: string;
}

export interface RegistryDeps extends FindTableDeps {
  /** Returns the current time in epoch milliseconds. */
  readonly now: () => number;
}

type Work<T> = (registry: KeyRegistry, location: TableLocation, actor: string) => Promise<T>;

/**
 * Runs read-only work with a registry for the table that the options select. The actor is `--actor` or the user of this
 * machine. AWS doesn't verify it.
 *
 * @throws CliError of `checkProfile` and `findTable`; `USAGE_INVALID` for an invalid `LATCHKEY_KEY_PREFIXES`; `STORE_UNAVAILABLE` with
 * advice; any error of the work
 */
export async function withRegistry<T>(options: RegistryOptions, deps: RegistryDeps, work: Work<T>): Promise<T> {
  return run(await locate(options, deps), options, deps, { actor: options.actor ?? getUser(deps.env), work });
}

/**
 * Runs work that changes something, with a registry for the table that the options select. The actor is `--actor` or
 * the caller's ARN in AWS.
 *
 * @throws CliError of `withRegistry`; `ACTOR_UNKNOWN` if AWS doesn't return the caller's ARN
 */
export async function withActingRegistry<T>(options: RegistryOptions, deps: RegistryDeps, work: Work<T>): Promise<T> {
  const location = await locate(options, deps);
  const actor = options.actor ?? (await getActor(location, deps.env));
  return run(location, options, deps, { actor, work });
}

async function locate(options: RegistryOptions, deps: RegistryDeps): Promise<TableLocation> {
  if (options.profile !== undefined) await checkProfile(options.profile, deps.env);
  return findTable(options, deps);
}

async function getActor(location: TableLocation, env: Environment): Promise<string> {
  return location.kind === 'local' || isEmulated(location, env) ? getUser(env) : callerArn(location);
}

/**
 * Returns whether the table is in an emulator. Its endpoint then doesn't use TLS, and the environment variables don't
 * set an STS endpoint. The real STS doesn't know the emulator's credentials.
 */
function isEmulated({ endpoint }: TableLocation, env: Environment): boolean {
  const hasStsEndpoint = ['AWS_ENDPOINT_URL_STS', 'AWS_ENDPOINT_URL'].some((name) => setting(env, name) !== undefined);
  return endpoint?.startsWith('http:') === true && !hasStsEndpoint;
}

/** Returns the name of this machine's user, if an environment variable contains it. */
function getUser(env: Environment): string {
  return setting(env, 'USER') ?? setting(env, 'USERNAME') ?? 'latchkey cli';
}

async function run<T>(
  location: TableLocation,
  options: RegistryOptions,
  deps: RegistryDeps,
  { actor, work }: { readonly actor: string; readonly work: Work<T> },
): Promise<T> {
  const prefix = options.prefix ?? getPrefix(deps.env);
  // Loaded on demand, because help, completion and most errors don't use the AWS SDK.
  const { openRegistry } = await import('./openRegistry.ts');
  const { registry, findTarget, close } = openRegistry(location, { prefix, actor, now: deps.now });
  try {
    return await work(registry, location, actor);
  } catch (error) {
    throw explainFault(error, { ...location, ...(await findTarget()), account: accountOf(actor) });
  } finally {
    close();
  }
}

/** Returns the first prefix that the functions' environment variable lists. The old variable must not be overlooked. */
function getPrefix(env: Environment): string {
  if (setting(env, 'LATCHKEY_KEY_PREFIX') !== undefined) {
    throw new CliError('USAGE_INVALID', 'LATCHKEY_KEY_PREFIX: was renamed, set LATCHKEY_KEY_PREFIXES instead');
  }
  const text = setting(env, 'LATCHKEY_KEY_PREFIXES') ?? DEFAULT_KEY_PREFIX;
  const [prefix] = parseKeyPrefixes(text) ?? [];
  if (prefix !== undefined) return prefix;
  throw new CliError('USAGE_INVALID', `LATCHKEY_KEY_PREFIXES: expected ${KEY_PREFIXES_EXPECTED}, got ${show(text)}`);
}
