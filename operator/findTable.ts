import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CloudFormationClient, DescribeStacksCommand, type Output } from '@aws-sdk/client-cloudformation';
import { CALL_TIMEOUT_MS, withinMs } from '../keys/dynamodb.ts';
import { show } from '../keys/fields.ts';
import { isKeyPrefix } from '../keys/secret.ts';
import { ANY_KEYS } from '../keys/state.ts';
import { accountConfig, type AwsAccount, awsAdvice, failureOf, isDenied, isUnreachable } from './aws.ts';
import { CliError } from './errors.ts';

/** The environment as a command reads it. */
export type Environment = Readonly<Record<string, string | undefined>>;

export interface TableOptions {
  readonly table?: string;
  readonly stack?: string;
  readonly local?: boolean;
  readonly region?: string;
  readonly profile?: string;
}

/** Where a table is. In AWS the SDK finds, unless they are given, the account, the region and the endpoint by itself. */
export type TableLocation = AwsTable | LocalTable;

interface AwsTable extends DeployedTable, AwsAccount {
  readonly kind: 'aws';
  readonly endpoint: string | undefined;
}

interface LocalTable extends DeployedTable {
  readonly kind: 'local';
  readonly endpoint: string;
  readonly region: string;
}

interface DeployedTable {
  readonly tableName: string;
  /** How long the authorizers in front of the table may go by what they read before; absent where nobody told. */
  readonly revocationDelaySeconds?: number | undefined;
  /** `any`, or the prefix of the keys that the authorizers accept; absent if unknown. See `isRefusedAsForeign`. */
  readonly acceptedKeys?: string | undefined;
}

export interface FindTableDeps {
  readonly env: Environment;
  /** The file in which a running local gateway notes itself; `undefined` in a package without the gateway. */
  readonly noteFile: string | undefined;
}

const ENDPOINT_VARIABLE = 'AWS_ENDPOINT_URL_DYNAMODB';
const LOCAL_REGION = 'us-east-1';

/**
 * Finds the table by `--local`, by `--stack`, by `--table` or by `LATCHKEY_TABLE`; the options come before the
 * environment.
 *
 * @throws CliError `USAGE_INVALID` where none of them is given, or the endpoint of the environment is no URL;
 * `GATEWAY_NOT_RUNNING` where `--local` finds no gateway; `STACK_UNUSABLE` where the stack does not name a table
 */
export async function findTable(options: TableOptions, { env, noteFile }: FindTableDeps): Promise<TableLocation> {
  const endpoint = endpointOf(env);
  if (options.local === true) return findLocalTable(endpoint, { env, noteFile });
  const account: AwsAccount = { region: regionOf(options, env), profile: options.profile };
  if (options.stack !== undefined) {
    return { kind: 'aws', ...account, ...(await readStack(options.stack, account)), endpoint };
  }
  const tableName = options.table ?? setting(env, 'LATCHKEY_TABLE');
  if (tableName !== undefined) return { kind: 'aws', ...account, tableName, endpoint };
  const local = noteFile === undefined ? '' : ', or --local for the one that npm start serves';
  throw new CliError('USAGE_INVALID', `which table? Give --table NAME or --stack NAME, or set LATCHKEY_TABLE${local}`);
}

/** The value of a variable; an empty one counts as not set, as it does in a shell's `${NAME:-}`. */
export function setting(env: Environment, name: string): string | undefined {
  return env[name] === '' ? undefined : env[name];
}

/** As the AWS CLI finds it: the SDK for JavaScript does not look at `AWS_DEFAULT_REGION`. */
function regionOf({ region }: TableOptions, env: Environment): string | undefined {
  if (region !== undefined) return region;
  return setting(env, 'AWS_REGION') === undefined ? setting(env, 'AWS_DEFAULT_REGION') : undefined;
}

function endpointOf(env: Environment): string | undefined {
  const endpoint = setting(env, ENDPOINT_VARIABLE);
  if (endpoint === undefined || (/^https?:\/\//.test(endpoint) && URL.canParse(endpoint))) return endpoint;
  throw new CliError('USAGE_INVALID', `${ENDPOINT_VARIABLE}: got ${show(endpoint)}, wanted an http(s) URL`);
}

/** A gateway that died is passed over; where the environment gives the endpoint, it need not be one that left a note. */
function findLocalTable(endpoint: string | undefined, { env, noteFile }: FindTableDeps): TableLocation {
  const note = noteFile === undefined ? undefined : readGatewayState(noteFile);
  if (endpoint !== undefined) {
    const tableName = note?.tableName ?? setting(env, 'LATCHKEY_TABLE');
    if (tableName === undefined) throw notRunning('no gateway has noted the name of its table');
    const { revocationDelaySeconds, acceptedKeys } = note?.endpoint === endpoint ? note : {};
    const region = note?.region ?? LOCAL_REGION;
    return { kind: 'local', tableName, endpoint, region, revocationDelaySeconds, acceptedKeys };
  }
  if (note === undefined) throw notRunning('no local gateway is running');
  if (!isGatewayRunning(note)) throw notRunning('the local gateway has died');
  const { tableName, region, revocationDelaySeconds, acceptedKeys } = note;
  return { kind: 'local', tableName, endpoint: note.endpoint, region, revocationDelaySeconds, acceptedKeys };
}

function notRunning(why: string): CliError {
  return new CliError('GATEWAY_NOT_RUNNING', `--local: ${why}: start one with npm start`);
}

export interface StackOutputs {
  readonly tableName: string;
  /** Absent where the stack does not tell. */
  readonly revocationDelaySeconds: number | undefined;
  /** See `isRefusedAsForeign`. */
  readonly acceptedKeys: string | undefined;
}

/**
 * What a deployed stack says of its table: its outputs `TableName`, `RevocationDelaySeconds` and `AcceptedKeys`.
 *
 * @throws CliError `STACK_UNUSABLE`, saying what to do
 */
export async function readStack(stackName: string, account: AwsAccount): Promise<StackOutputs> {
  const client = new CloudFormationClient(accountConfig(account));
  try {
    const { Stacks = [] } = await withinMs(CALL_TIMEOUT_MS, (abortSignal) =>
      client.send(new DescribeStacksCommand({ StackName: stackName }), { abortSignal }),
    );
    return outputsOf(stackName, Stacks[0]?.Outputs ?? []);
  } catch (error) {
    throw error instanceof CliError ? error : unusable(stackName, reasonOf(error), error);
  } finally {
    client.destroy();
  }
}

function outputsOf(stackName: string, outputs: readonly Output[]): StackOutputs {
  const valueOf = (name: string) => outputs.find(({ OutputKey }) => OutputKey === name)?.OutputValue;
  const tableName = valueOf('TableName');
  if (!tableName) throw unusable(stackName, "it has no output TableName: is it a stack of Latchkey's?");
  return {
    tableName,
    revocationDelaySeconds: readDelay(valueOf('RevocationDelaySeconds')),
    acceptedKeys: readAcceptedKeys(valueOf('AcceptedKeys')),
  };
}

function readDelay(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}

function readAcceptedKeys(text: string | undefined): string | undefined {
  return text !== undefined && (text === ANY_KEYS || isKeyPrefix(text)) ? text : undefined;
}

/** AWS's own message is left out: it holds account ids. */
function reasonOf(error: unknown): string {
  const failure = failureOf(error);
  const advice = awsAdvice(failure);
  if (advice !== undefined) return advice;
  if (isDenied(failure)) return 'access was denied: these credentials need a grant of cloudformation:DescribeStacks';
  if (failure.name === 'ValidationError') {
    return 'there is no such stack here: check the name, AWS_REGION and AWS_PROFILE, and that it is deployed';
  }
  if (isUnreachable(failure)) {
    return `CloudFormation cannot be reached (${failure.code || 'no answer in time'}): check the network`;
  }
  return `CloudFormation does not tell: ${failure.name || 'no reason given'}`;
}

function unusable(stackName: string, why: string, cause?: unknown): CliError {
  return new CliError('STACK_UNUSABLE', `--stack ${JSON.stringify(stackName)}: ${why}`, { cause });
}

/** Where the note lies, under the project's root. */
export const NOTE_PATH = join('.latchkey', 'local.json');

/** What a running local gateway tells other programs of this project, such as `latchkey --local`. */
export interface GatewayState {
  readonly url: string;
  /** DynamoDB's. */
  readonly endpoint: string;
  readonly tableName: string;
  readonly region: string;
  readonly pid: number;
  /** How long the gateway may still accept a key that is revoked; absent where it does not tell. */
  readonly revocationDelaySeconds?: number | undefined;
  /** `any`, or the prefix of the keys that the gateway accepts; absent if it does not say. */
  readonly acceptedKeys?: string | undefined;
}

/** The note as its gateway wrote it, or `undefined` where there is none that can be read. */
export function readGatewayState(file: string): GatewayState | undefined {
  try {
    return parseGatewayState(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return undefined;
  }
}

/** Whether the process that left the note is there. A note outlives a gateway that was killed. */
export function isGatewayRunning({ pid }: GatewayState): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // Somebody else's process may not be signalled, but is there.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function parseGatewayState(note: Record<string, unknown>): GatewayState | undefined {
  const { url, endpoint, tableName, region, pid, revocationDelaySeconds, acceptedKeys } = note;
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
