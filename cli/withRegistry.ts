import { DynamoDBClient, type DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { CALL_LIMITS } from '../keys/dynamodb.ts';
import { show } from '../keys/fields.ts';
import { KeyRegistry, REGISTRY_TRANSLATION } from '../keys/registry.ts';
import { DEFAULT_KEY_PREFIX, isKeyPrefix, KEY_PREFIX_EXPECTED } from '../keys/secret.ts';
import { accountConfig, callerArn, explainFault } from '../operator/aws.ts';
import { CliError } from '../operator/errors.ts';
import {
  type Environment,
  findTable,
  type FindTableDeps,
  setting,
  type TableLocation,
  type TableOptions,
} from '../operator/findTable.ts';

export interface RegistryOptions extends TableOptions {
  readonly keyPrefix?: string;
  /** Who acts. */
  readonly actor?: string;
}

export interface RegistryDeps extends FindTableDeps {
  /** Epoch milliseconds. */
  readonly now: () => number;
}

type Work<T> = (registry: KeyRegistry, location: TableLocation, actor: string) => Promise<T>;

/**
 * Runs work that only reads with the registry of the table that the options name. Who acts is only told: `--actor`, and else
 * who is at this machine.
 *
 * @throws CliError of `findTable`; `USAGE_INVALID` for a bad `LATCHKEY_KEY_PREFIX`; `STORE_UNAVAILABLE`, saying what to
 * do; and whatever else the work throws
 */
export async function withRegistry<T>(options: RegistryOptions, deps: RegistryDeps, work: Work<T>): Promise<T> {
  return run(await findTable(options, deps), options, deps, { actor: options.actor ?? osUser(deps.env), work });
}

/**
 * Runs work that changes something with the registry of the table that the options name. The registry acts for
 * `--actor`, and else for the caller as AWS knows him.
 *
 * @throws CliError as `withRegistry`; `ACTOR_UNKNOWN` where AWS does not tell who calls
 */
export async function withActingRegistry<T>(options: RegistryOptions, deps: RegistryDeps, work: Work<T>): Promise<T> {
  const location = await findTable(options, deps);
  const actor = options.actor ?? (await callerOf(location, deps.env));
  return run(location, options, deps, { actor, work });
}

async function run<T>(
  location: TableLocation,
  options: RegistryOptions,
  deps: RegistryDeps,
  { actor, work }: { readonly actor: string; readonly work: Work<T> },
): Promise<T> {
  const keyPrefix = options.keyPrefix ?? keyPrefixOf(deps.env);
  const { client, close } = connect(location);
  const { tableName } = location;
  try {
    return await work(new KeyRegistry({ client, tableName, keyPrefix, actor, now: deps.now }), location, actor);
  } catch (error) {
    throw explainFault(error, location);
  } finally {
    close();
  }
}

function keyPrefixOf(env: Environment): string {
  const keyPrefix = setting(env, 'LATCHKEY_KEY_PREFIX') ?? DEFAULT_KEY_PREFIX;
  if (isKeyPrefix(keyPrefix)) return keyPrefix;
  throw new CliError('USAGE_INVALID', `LATCHKEY_KEY_PREFIX: got ${show(keyPrefix)}, wanted ${KEY_PREFIX_EXPECTED}`);
}

async function callerOf(location: TableLocation, env: Environment): Promise<string> {
  return location.kind === 'local' || isEmulated(location, env) ? osUser(env) : callerArn(location);
}

/**
 * Whether the table is not AWS's own, by its endpoint without TLS, and nobody said where an STS would be: then AWS itself
 * is not asked about credentials that mean nothing to it.
 */
function isEmulated({ endpoint }: TableLocation, env: Environment): boolean {
  const hasStsEndpoint = ['AWS_ENDPOINT_URL_STS', 'AWS_ENDPOINT_URL'].some((name) => setting(env, name) !== undefined);
  return endpoint?.startsWith('http:') === true && !hasStsEndpoint;
}

/** Who is at this machine, as far as the environment tells. */
function osUser(env: Environment): string {
  return setting(env, 'USER') ?? setting(env, 'USERNAME') ?? 'latchkey cli';
}

export interface Connection {
  /** For a `KeyRegistry`. */
  readonly client: DynamoDBDocumentClient;
  /** Lets go of the sockets, which would keep the process alive. */
  readonly close: () => void;
}

/** A client for the table. A local one is signed with credentials that mean nothing, so that none of the user's are asked for. */
export function connect(location: TableLocation): Connection {
  const config = location.kind === 'local' ? localConfig(location) : accountConfig(location);
  const client = new DynamoDBClient(config);
  return { client: DynamoDBDocumentClient.from(client, REGISTRY_TRANSLATION), close: () => client.destroy() };
}

function localConfig({ endpoint, region }: Extract<TableLocation, { kind: 'local' }>): DynamoDBClientConfig {
  return { ...CALL_LIMITS, endpoint, region, credentials: { accessKeyId: 'local', secretAccessKey: 'local' } };
}
