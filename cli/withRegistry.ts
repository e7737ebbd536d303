import { isRefused, issuedPrefixesIn } from '../keys/acceptedKeys.ts';
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
import { warnIfUnknownPlans } from './keyPlan.ts';
import type { Output } from './output.ts';

export interface RegistryOptions extends TableOptions {
  /** The prefix of new keys. */
  readonly prefix?: string;
  /** The actor to record for changes. */
  readonly actor?: string;
}

export interface ActingOptions extends RegistryOptions {
  /** The plan of new or changed keys. `false` if the command removes it. */
  readonly plan?: string | false;
}

export interface RegistryDeps extends FindTableDeps {
  /** Receives a warning about a prefix or a plan that the deployment refuses. */
  readonly output: Output;
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
export async function withActingRegistry<T>(options: ActingOptions, deps: RegistryDeps, work: Work<T>): Promise<T> {
  const location = await locate(options, deps);
  const actor = options.actor ?? (await getActor(location, deps.env));
  warnIfRefused(options.prefix, location, deps);
  warnIfUnknownPlans(options.plan ? [options.plan] : [], location, deps.output);
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
  const keyPrefixes = getKeyPrefixes(location, deps.env);
  const prefix = options.prefix ?? keyPrefixes?.[0] ?? DEFAULT_KEY_PREFIX;
  // Loaded on demand, because help, completion and most errors don't use the AWS SDK.
  const { openRegistry } = await import('./openRegistry.ts');
  const { registry, findTarget, close } = openRegistry(location, {
    prefix,
    ...(keyPrefixes && { keyPrefixes }),
    actor,
    now: deps.now,
  });
  try {
    return await work(registry, location, actor);
  } catch (error) {
    throw explainFault(error, { ...location, ...(await findTarget()), account: accountOf(actor) });
  } finally {
    close();
  }
}

/** Warns about new keys that the deployment refuses. A deployment may follow that accepts them. */
function warnIfRefused(prefix: string | undefined, { acceptedKeys }: TableLocation, { output }: RegistryDeps): void {
  if (prefix === undefined || acceptedKeys === undefined) return;
  if (!isRefused({ keyPrefix: `${prefix}00000000` }, acceptedKeys)) return;
  output.note(`warning: --prefix: the deployment refuses keys with ${prefix}; it accepts ${acceptedKeys}`);
}

/**
 * Returns the prefixes of the keys that the deployment issues, or `undefined` if they're unknown. The deployment's own
 * outputs take precedence over the environment variable. The variable's old name must not be overlooked.
 */
function getKeyPrefixes({ acceptedKeys }: TableLocation, env: Environment): readonly string[] | undefined {
  if (setting(env, 'LATCHKEY_KEY_PREFIX') !== undefined) {
    throw new CliError('USAGE_INVALID', 'LATCHKEY_KEY_PREFIX: was renamed, set LATCHKEY_KEY_PREFIXES instead');
  }
  const text = setting(env, 'LATCHKEY_KEY_PREFIXES');
  const ofVariable = text === undefined ? undefined : parseKeyPrefixes(text);
  if (text !== undefined && ofVariable === undefined) {
    throw new CliError('USAGE_INVALID', `LATCHKEY_KEY_PREFIXES: expected ${KEY_PREFIXES_EXPECTED}, got ${show(text)}`);
  }
  const ofDeployment = acceptedKeys === undefined ? [] : issuedPrefixesIn(acceptedKeys);
  return ofDeployment.length > 0 ? ofDeployment : ofVariable;
}
