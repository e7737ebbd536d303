import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readDeployedPlans } from '../keys/readDeployedPlans.ts';
import { show } from '../keys/fields.ts';
import type { AwsAccount } from './aws.ts';
import { CliError } from './errors.ts';
import { type OtherTables, readStack } from './stackOutputs.ts';

/** The environment variables that a command reads. */
export type Environment = Readonly<Record<string, string | undefined>>;

export interface TableOptions {
  readonly table?: string;
  readonly stack?: string;
  readonly local?: boolean;
  readonly region?: string;
  readonly profile?: string;
  readonly limitsTable?: string;
  readonly usageTable?: string;
  readonly historyTable?: string;
}

/** The location of a table. The SDK determines an omitted account, region or endpoint in AWS. */
export type TableLocation = AwsTable | LocalTable;

interface AwsTable extends DeployedTable, AwsAccount {
  readonly kind: 'aws';
  readonly endpoint: string | undefined;
  /** The stack of `--stack`. */
  readonly stackName?: string;
  /** The account of the stack. Absent if unknown. */
  readonly accountId?: string | undefined;
}

interface LocalTable extends DeployedTable {
  readonly kind: 'local';
  readonly endpoint: string;
  readonly region: string;
}

interface DeployedTable extends OtherTables {
  readonly tableName: string;
  /** The maximum time for which the table's authorizers may use cached records. Absent if unknown. */
  readonly revocationDelaySeconds?: number | undefined;
  /** The keys that the authorizers accept. Absent if unknown. See `formatAcceptedKeys`. */
  readonly acceptedKeys?: string | undefined;
  /** A URL of an API that checks the table's keys. Absent if unknown. */
  readonly apiUrl?: string | undefined;
}

export interface FindTableDeps {
  readonly env: Environment;
  /** The state file of the local gateway. `undefined` in a package without the gateway. */
  readonly gatewayStateFile: string | undefined;
}

const ENDPOINT_VARIABLE = 'AWS_ENDPOINT_URL_DYNAMODB';
const LOCAL_REGION = 'us-east-1';

/**
 * Finds the table from `--local`, `--stack`, `--table` or `LATCHKEY_TABLE`. An option takes precedence
 * over `LATCHKEY_TABLE`. Finds the tables of limits, usage and history in the same place: the gateway's state file, the
 * stack's outputs, or `LATCHKEY_LIMITS_TABLE`, `LATCHKEY_USAGE_TABLE` and `LATCHKEY_HISTORY_TABLE`. `--limits-table`,
 * `--usage-table` and `--history-table` take precedence.
 *
 * @throws CliError `USAGE_INVALID` if all of them are missing, or if `AWS_ENDPOINT_URL_DYNAMODB` isn't a URL.
 * `GATEWAY_NOT_RUNNING` if `--local` doesn't find a gateway. `STACK_UNUSABLE` if the stack lacks a table
 */
export async function findTable(
  options: TableOptions,
  { env, gatewayStateFile }: FindTableDeps,
): Promise<TableLocation> {
  const endpoint = getEndpoint(env);
  const given = givenTables(options);
  if (options.local === true) return { ...findLocalTable(endpoint, { env, gatewayStateFile }), ...given };
  const account: AwsAccount = { region: getRegion(options, env), profile: options.profile };
  if (options.stack !== undefined) {
    return { kind: 'aws', ...account, ...(await readStack(options.stack, account)), ...given, endpoint };
  }
  const tableName = options.table ?? setting(env, 'LATCHKEY_TABLE');
  if (tableName !== undefined) return { kind: 'aws', ...account, tableName, ...setTables(env), ...given, endpoint };
  const local = gatewayStateFile === undefined ? '' : '; or pass --local for the table of npm start';
  throw new CliError(
    'USAGE_INVALID',
    `no table given: pass --table NAME or --stack NAME, or set LATCHKEY_TABLE${local}`,
  );
}

/** Returns the tables of `--limits-table`, `--usage-table` and `--history-table`. */
function givenTables({ limitsTable, usageTable, historyTable }: TableOptions): OtherTables {
  return {
    ...(limitsTable === undefined ? {} : { limitsTableName: limitsTable }),
    ...(usageTable === undefined ? {} : { usageTableName: usageTable }),
    ...(historyTable === undefined ? {} : { historyTableName: historyTable }),
  };
}

/**
 * Returns the tables of the environment variables. `--stack` ignores them, because they may belong to another
 * deployment.
 */
function setTables(env: Environment): OtherTables {
  return {
    limitsTableName: setting(env, 'LATCHKEY_LIMITS_TABLE'),
    usageTableName: setting(env, 'LATCHKEY_USAGE_TABLE'),
    historyTableName: setting(env, 'LATCHKEY_HISTORY_TABLE'),
  };
}

/**
 * Returns the value of an environment variable. An empty variable counts as unset. A shell's `${NAME:-}` works in the
 * same way.
 */
export function setting(env: Environment, name: string): string | undefined {
  return env[name] === '' ? undefined : env[name];
}

/** Returns the region by the rules of the AWS CLI, because the SDK for JavaScript ignores `AWS_DEFAULT_REGION`. */
function getRegion({ region }: TableOptions, env: Environment): string | undefined {
  if (region !== undefined) return region;
  return setting(env, 'AWS_REGION') === undefined ? setting(env, 'AWS_DEFAULT_REGION') : undefined;
}

function getEndpoint(env: Environment): string | undefined {
  const endpoint = setting(env, ENDPOINT_VARIABLE);
  if (endpoint === undefined || (/^https?:\/\//.test(endpoint) && URL.canParse(endpoint))) return endpoint;
  throw new CliError('USAGE_INVALID', `${ENDPOINT_VARIABLE}: expected an http(s) URL, got ${show(endpoint)}`);
}

/**
 * Finds the table of the local gateway. Ignores the state file of a gateway that has ended. The gateway doesn't have to
 * be running if `AWS_ENDPOINT_URL_DYNAMODB` is set.
 */
function findLocalTable(endpoint: string | undefined, { env, gatewayStateFile }: FindTableDeps): TableLocation {
  const state = gatewayStateFile === undefined ? undefined : readGatewayState(gatewayStateFile);
  if (endpoint !== undefined) {
    const tableName = state?.tableName ?? setting(env, 'LATCHKEY_TABLE');
    if (tableName === undefined) throw notRunning('no gateway has stored the name of its table');
    const { revocationDelaySeconds, acceptedKeys, plans } = state?.endpoint === endpoint ? state : {};
    const region = state?.region ?? LOCAL_REGION;
    const { limitsTableName, usageTableName } = state ?? setTables(env);
    const others = { limitsTableName, usageTableName, plans };
    return { kind: 'local', tableName, endpoint, region, revocationDelaySeconds, acceptedKeys, ...others };
  }
  if (state === undefined) throw notRunning('no local gateway is running');
  if (!isGatewayRunning(state)) throw notRunning('the local gateway has died');
  const { url, pid: _, ...table } = state;
  return { kind: 'local', ...table, apiUrl: `${url}/rest/whoami` };
}

function notRunning(why: string): CliError {
  return new CliError('GATEWAY_NOT_RUNNING', `--local: ${why}: start one with npm start`);
}

/** The path of the local gateway's state file, under the project's root. */
export const GATEWAY_STATE_PATH = join('.latchkey', 'local.json');

/** The state that a running local gateway stores for other programs of this project, such as `latchkey --local`. */
export interface GatewayState extends OtherTables {
  readonly url: string;
  /** The endpoint of DynamoDB. */
  readonly endpoint: string;
  readonly tableName: string;
  readonly region: string;
  readonly pid: number;
  /** The maximum time for which the gateway may accept a revoked key. Absent if unknown. */
  readonly revocationDelaySeconds?: number | undefined;
  /** The keys that the gateway accepts. Absent if unknown. See `formatAcceptedKeys`. */
  readonly acceptedKeys?: string | undefined;
}

/** Reads a gateway's state file. Returns `undefined` if the file is missing or invalid. */
export function readGatewayState(file: string): GatewayState | undefined {
  try {
    return parseGatewayState(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return undefined;
  }
}

/** Returns whether the gateway's process exists. The state file stays behind if the gateway is killed. */
export function isGatewayRunning({ pid }: GatewayState): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // The process exists, but belongs to another user, so it can't be signalled.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function parseGatewayState(state: Record<string, unknown>): GatewayState | undefined {
  const { url, endpoint, tableName, region, pid, revocationDelaySeconds, acceptedKeys } = state;
  const { limitsTableName, usageTableName } = state;
  const plans = readDeployedPlans(state['plans']);
  if (typeof url !== 'string' || typeof endpoint !== 'string' || !URL.canParse(endpoint)) return undefined;
  if (typeof tableName !== 'string' || typeof region !== 'string') return undefined;
  if (typeof pid !== 'number' || !Number.isInteger(pid) || pid <= 0) return undefined;
  return {
    url,
    endpoint,
    tableName,
    region,
    pid,
    ...(isDelay(revocationDelaySeconds) ? { revocationDelaySeconds } : {}),
    ...(typeof acceptedKeys === 'string' ? { acceptedKeys } : {}),
    ...(typeof limitsTableName === 'string' ? { limitsTableName } : {}),
    ...(typeof usageTableName === 'string' ? { usageTableName } : {}),
    ...(plans === undefined ? {} : { plans }),
  };
}

function isDelay(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}
