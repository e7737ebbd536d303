import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Stack } from '@aws-sdk/client-cloudformation';
import { CALL_TIMEOUT_MS, withinMs } from '../keys/dynamodb.ts';
import { show } from '../keys/fields.ts';
import { isAcceptedKeys } from '../keys/acceptedKeys.ts';
import {
  accountConfig,
  type AwsAccount,
  awsAdvice,
  type Failure,
  inRegion,
  isDenied,
  isUnreachable,
  toCause,
  toFailure,
} from './aws.ts';
import { CliError } from './errors.ts';

/** The environment variables that a command reads. */
export type Environment = Readonly<Record<string, string | undefined>>;

export interface TableOptions {
  readonly table?: string;
  readonly stack?: string;
  readonly local?: boolean;
  readonly region?: string;
  readonly profile?: string;
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

interface DeployedTable {
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
 * over `LATCHKEY_TABLE`.
 *
 * @throws CliError `USAGE_INVALID` if all of them are missing, or if `AWS_ENDPOINT_URL_DYNAMODB` isn't a URL.
 * `GATEWAY_NOT_RUNNING` if `--local` doesn't find a gateway. `STACK_UNUSABLE` if the stack lacks a table
 */
export async function findTable(
  options: TableOptions,
  { env, gatewayStateFile }: FindTableDeps,
): Promise<TableLocation> {
  const endpoint = getEndpoint(env);
  if (options.local === true) return findLocalTable(endpoint, { env, gatewayStateFile });
  const account: AwsAccount = { region: getRegion(options, env), profile: options.profile };
  if (options.stack !== undefined) {
    return { kind: 'aws', ...account, ...(await readStack(options.stack, account)), endpoint };
  }
  const tableName = options.table ?? setting(env, 'LATCHKEY_TABLE');
  if (tableName !== undefined) return { kind: 'aws', ...account, tableName, endpoint };
  const local = gatewayStateFile === undefined ? '' : '; or pass --local for the table of npm start';
  throw new CliError(
    'USAGE_INVALID',
    `no table given: pass --table NAME or --stack NAME, or set LATCHKEY_TABLE${local}`,
  );
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
    const { revocationDelaySeconds, acceptedKeys } = state?.endpoint === endpoint ? state : {};
    const region = state?.region ?? LOCAL_REGION;
    return { kind: 'local', tableName, endpoint, region, revocationDelaySeconds, acceptedKeys };
  }
  if (state === undefined) throw notRunning('no local gateway is running');
  if (!isGatewayRunning(state)) throw notRunning('the local gateway has died');
  const { tableName, endpoint: own, region, url, revocationDelaySeconds, acceptedKeys } = state;
  return {
    kind: 'local',
    tableName,
    endpoint: own,
    region,
    revocationDelaySeconds,
    acceptedKeys,
    apiUrl: `${url}/rest/whoami`,
  };
}

function notRunning(why: string): CliError {
  return new CliError('GATEWAY_NOT_RUNNING', `--local: ${why}: start one with npm start`);
}

interface StackOutputs {
  readonly stackName: string;
  readonly accountId: string | undefined;
  readonly tableName: string;
  /** Absent if the stack lacks this output. */
  readonly revocationDelaySeconds: number | undefined;
  /** See `formatAcceptedKeys`. */
  readonly acceptedKeys: string | undefined;
  readonly apiUrl: string | undefined;
}

/**
 * Reads the outputs `TableName`, `RevocationDelaySeconds`, `AcceptedKeys` and `RestApiUrl` or `HttpApiUrl` of a deployed
 * stack.
 *
 * @throws CliError `STACK_UNUSABLE`, with advice in the message
 */
async function readStack(stackName: string, account: AwsAccount): Promise<StackOutputs> {
  const { CloudFormationClient, DescribeStacksCommand } = await import('@aws-sdk/client-cloudformation');
  const client = new CloudFormationClient(accountConfig(account));
  try {
    const { Stacks = [] } = await withinMs(CALL_TIMEOUT_MS, (abortSignal) =>
      client.send(new DescribeStacksCommand({ StackName: stackName }), { abortSignal }),
    );
    return toStackOutputs(stackName, Stacks[0]);
  } catch (error) {
    if (error instanceof CliError) throw error;
    throw unusable(stackName, explainFailure(toFailure(error), await inRegion(client)), error);
  } finally {
    client.destroy();
  }
}

function toStackOutputs(stackName: string, { StackId, Outputs = [] }: Partial<Stack> = {}): StackOutputs {
  const getValue = (name: string) => Outputs.find(({ OutputKey }) => OutputKey === name)?.OutputValue;
  const tableName = getValue('TableName');
  if (!tableName) throw unusable(stackName, 'it has no output TableName: is it a Latchkey stack?');
  return {
    stackName,
    accountId: /^arn:[\w-]+:cloudformation:[\w-]+:(\d{12}):/.exec(StackId ?? '')?.[1],
    tableName,
    revocationDelaySeconds: readDelay(getValue('RevocationDelaySeconds')),
    acceptedKeys: readAcceptedKeys(getValue('AcceptedKeys')),
    apiUrl: readUrl(getValue('RestApiUrl') ?? getValue('HttpApiUrl')),
  };
}

function readDelay(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}

function readAcceptedKeys(text: string | undefined): string | undefined {
  return text !== undefined && isAcceptedKeys(text) ? text : undefined;
}

function readUrl(text: string | undefined): string | undefined {
  return text !== undefined && /^https:\/\/[\w.-]+(\/[\w./-]*)?$/.test(text) ? text : undefined;
}

/**
 * Explains a failure of CloudFormation at a place such as ` in Region eu-west-1`. Omits AWS's own message, because it
 * contains account ids.
 */
function explainFailure(failure: Failure, place: string): string {
  const advice = awsAdvice(failure);
  if (advice !== undefined) return advice;
  if (isDenied(failure))
    return 'access was denied: these credentials need permission for cloudformation:DescribeStacks';
  if (failure.name === 'ValidationError') {
    return `there is no such stack${place}: check the name, AWS_REGION and AWS_PROFILE, and that it is deployed`;
  }
  if (isUnreachable(failure)) {
    return `CloudFormation${place} cannot be reached (${toCause(failure)}): check the network`;
  }
  return `CloudFormation failed: ${failure.name || 'no reason given'}`;
}

function unusable(stackName: string, why: string, cause?: unknown): CliError {
  return new CliError('STACK_UNUSABLE', `--stack ${JSON.stringify(stackName)}: ${why}`, { cause });
}

/** The path of the local gateway's state file, under the project's root. */
export const GATEWAY_STATE_PATH = join('.latchkey', 'local.json');

/** The state that a running local gateway stores for other programs of this project, such as `latchkey --local`. */
export interface GatewayState {
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
  };
}

function isDelay(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}
