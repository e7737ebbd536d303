import type { AwsAccount } from './awsAccount.ts';
import { CliError } from './cliError.ts';
import { isNoteOfRunningGateway, readLocalNote } from './localNote.ts';
import { readStack } from './stack.ts';

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
  throw new CliError('USAGE_INVALID', `${ENDPOINT_VARIABLE}: got ${JSON.stringify(endpoint)}, wanted an http(s) URL`);
}

/** A gateway that died is passed over; where the environment gives the endpoint, it need not be one that left a note. */
function findLocalTable(endpoint: string | undefined, { env, noteFile }: FindTableDeps): TableLocation {
  const note = noteFile === undefined ? undefined : readLocalNote(noteFile);
  if (endpoint !== undefined) {
    const tableName = note?.tableName ?? setting(env, 'LATCHKEY_TABLE');
    if (tableName === undefined) throw notRunning('no gateway has noted the name of its table');
    const { revocationDelaySeconds, acceptedKeys } = note?.endpoint === endpoint ? note : {};
    const region = note?.region ?? LOCAL_REGION;
    return { kind: 'local', tableName, endpoint, region, revocationDelaySeconds, acceptedKeys };
  }
  if (note === undefined) throw notRunning('no local gateway is running');
  if (!isNoteOfRunningGateway(note)) throw notRunning('the local gateway has died');
  const { tableName, region, revocationDelaySeconds, acceptedKeys } = note;
  return { kind: 'local', tableName, endpoint: note.endpoint, region, revocationDelaySeconds, acceptedKeys };
}

function notRunning(why: string): CliError {
  return new CliError('GATEWAY_NOT_RUNNING', `--local: ${why}: start one with npm start`);
}
