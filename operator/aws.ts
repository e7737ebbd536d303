import { CALL_LIMITS, CALL_TIMEOUT_MS, withinMs } from '../keys/dynamodb.ts';
import { LatchkeyError } from '../keys/errors.ts';
import { CliError } from './errors.ts';

/** The parts of a call's error that determine the explanation. */
export interface Failure {
  /** The error's name, from the SDK or the service. */
  readonly name: string;
  readonly message: string;
  /** The system's code, such as `ECONNREFUSED`. It's empty if the error lacks a code. */
  readonly code: string;
  /** The status of the response, or 0 without a response. */
  readonly httpStatus: number;
}

/** The part of a table's location that an explanation includes. */
interface NamedTable {
  readonly kind: 'aws' | 'local';
  readonly tableName: string;
  readonly endpoint: string | undefined;
  /** The Region, the host and the account of the request, and the profile that was passed. Absent if unknown. */
  readonly region?: string | undefined;
  readonly host?: string | undefined;
  readonly account?: string | undefined;
  readonly profile?: string | undefined;
}

interface Explanation {
  readonly matches: (failure: Failure) => boolean;
  readonly text: (location: NamedTable, failure: Failure) => string;
}

/** In order of precedence. The first match is printed. */
const EXPLANATIONS: readonly Explanation[] = [
  {
    matches: isDenied,
    text: ({ tableName }, { message }) => {
      // The action belongs to KMS if the table has its own key.
      const [, action] = /\bperform:? +([a-z0-9-]+:\w+)/.exec(message) ?? [];
      // The call may have been to another of the deployment's tables.
      const [, denied = tableName] = /:table\/([\w.-]+)/.exec(message) ?? [];
      const permission = action === undefined ? 'permission to use it' : `permission for ${action}`;
      return `access to the table ${quote(denied)} was denied: these credentials need ${permission}`;
    },
  },
  {
    matches: named('ResourceNotFoundException'),
    text: (location) =>
      location.kind === 'local'
        ? `there is no table ${quote(location.tableName)} here: restart the gateway with npm start`
        : `there is no table ${quote(location.tableName)}${namePlace(location)}: check the name, AWS_REGION and AWS_PROFILE, and that its stack is deployed`,
  },
  {
    matches: named('ProvisionedThroughputExceededException', 'ThrottlingException', 'RequestLimitExceeded'),
    text: () => 'DynamoDB is throttling requests: try again in a minute',
  },
  {
    matches: named('ValidationException'),
    text: ({ tableName }) => `DynamoDB rejected the request as invalid: is ${quote(tableName)} a Latchkey table?`,
  },
  {
    matches: named('SyntaxError', 'UnreadableAnswer'),
    text: ({ endpoint }, { name }) =>
      `the response of ${nameDynamoDb(endpoint)} cannot be read (${name}): check the endpoint, and any proxy in between`,
  },
  {
    matches: isUnreachable,
    text: ({ kind, endpoint, host, region }, failure) => {
      if (kind === 'local') {
        return `${nameDynamoDb(endpoint)} cannot be reached (${toCause(failure)}): start the gateway with npm start`;
      }
      const where = endpoint ?? host;
      const place = region === undefined ? '' : `, Region ${region},`;
      return `${nameDynamoDb(where)}${place} cannot be reached (${toCause(failure)}): check the network, ${endpoint === undefined ? 'the Region' : 'AWS_ENDPOINT_URL_DYNAMODB'} and any proxy`;
    },
  },
];

/**
 * Explains a failure of the store in one line, with advice. Returns any other error unchanged. The line omits AWS's own
 * message, because that message contains account ids and the input.
 */
export function explainFault(error: unknown, location: NamedTable): unknown {
  if (!(error instanceof LatchkeyError) || error.code !== 'STORE_UNAVAILABLE') return error;
  const failure = toFailure(error.cause);
  const explanation = EXPLANATIONS.find(({ matches }) => matches(failure));
  const ofTable = { ...location, tableName: error.tableName ?? location.tableName };
  const text = awsAdvice(failure) ?? explanation?.text(ofTable, failure) ?? error.message;
  return new CliError('STORE_UNAVAILABLE', text, { cause: error });
}

function nameDynamoDb(endpoint: string | undefined): string {
  return endpoint === undefined ? 'DynamoDB' : `DynamoDB at ${endpoint}`;
}

/** Returns the Region of a table and its account, or the profile if the account is unknown. */
function namePlace({ region, account, profile }: NamedTable): string {
  const place = region === undefined ? '' : ` in Region ${region}`;
  if (account !== undefined) return `${place} of account ${account}`;
  return profile === undefined ? place : `${place} of the profile ${quote(profile)}`;
}

function quote(tableName: string): string {
  return JSON.stringify(tableName);
}

/** Codes of connections that failed before a request was sent. */
const NOT_SENT = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN']);

/** Returns whether a failed write may have changed the table: it was sent, and wasn't rejected. */
export function isOutcomeUnknown(error: unknown): boolean {
  if (!(error instanceof LatchkeyError) || error.code !== 'STORE_UNAVAILABLE') return false;
  const failure = toFailure(error.cause);
  const isRefused = failure.httpStatus >= 400 && failure.httpStatus < 500;
  return !isRefused && !NOT_SENT.has(failure.code) && awsAdvice(failure) === undefined;
}

/** An AWS account and region. The SDK determines omitted values. */
export interface AwsAccount {
  readonly region?: string | undefined;
  readonly profile?: string | undefined;
}

/**
 * A logger that discards all messages. The SDK would warn that the profile takes precedence over keys in environment
 * variables. This precedence is the purpose of `--profile`.
 */
const SILENT = { trace() {}, debug() {}, info() {}, warn() {}, error() {} };

/** Returns the client settings for the account, which apply to any AWS service. */
export function accountConfig({ region, profile }: AwsAccount) {
  return {
    ...CALL_LIMITS,
    ...(region === undefined ? {} : { region }),
    ...(profile === undefined ? {} : { profile, logger: SILENT }),
  };
}

/**
 * Returns the caller's ARN for the account's credentials. Every caller has permission for this call (AWS STS API
 * Reference, GetCallerIdentity).
 *
 * @throws CliError `ACTOR_UNKNOWN`, with advice in the message
 */
export async function callerArn(account: AwsAccount): Promise<string> {
  // Loaded on demand, like every client, because most commands don't use it.
  const { GetCallerIdentityCommand, STSClient } = await import('@aws-sdk/client-sts');
  const client = new STSClient(accountConfig(account));
  try {
    const { Arn } = await withinMs(CALL_TIMEOUT_MS, (abortSignal) =>
      client.send(new GetCallerIdentityCommand({}), { abortSignal }),
    );
    if (Arn) return Arn;
  } catch (cause) {
    throw actorUnknown(explainStsFailure(toFailure(cause), await inRegion(client)), cause);
  } finally {
    client.destroy();
  }
  throw actorUnknown('AWS STS returned no ARN');
}

/** Returns the Region of a client for a message, such as ` in Region eu-west-1`. It's empty if the SDK finds none. */
export async function inRegion(client: {
  readonly config: { readonly region: () => Promise<string> };
}): Promise<string> {
  try {
    return ` in Region ${await client.config.region()}`;
  } catch {
    return '';
  }
}

/** Returns the account in a caller's ARN, or `undefined` for another actor. */
export function accountOf(actor: string): string | undefined {
  return /^arn:[^:]*:(?:iam|sts)::(\d{12}):/.exec(actor)?.[1];
}

function explainStsFailure(failure: Failure, place: string): string {
  const advice = awsAdvice(failure);
  if (advice !== undefined) return advice;
  if (isUnreachable(failure)) return `AWS STS${place} cannot be reached (${toCause(failure)})`;
  return `AWS STS failed: ${failure.name || 'no reason given'}`;
}

function actorUnknown(why: string, cause?: unknown): CliError {
  return new CliError('ACTOR_UNKNOWN', `cannot find out who you are, for the record: ${why}; or pass --actor`, {
    cause,
  });
}

/** In order of precedence. The first match is printed. */
const ADVICE: readonly (readonly [matches: (failure: Failure) => boolean, advice: string])[] = [
  [
    ({ name, message }) => /Expired/.test(name) || (isCredentialFailure(name) && /expired/i.test(message)),
    'the AWS session has expired: sign in again, for example with `aws sso login`',
  ],
  [
    ({ name, message }) => isCredentialFailure(name) && /\bSSO\b|sso login/.test(message),
    'there is no AWS session: sign in with `aws sso login`',
  ],
  [
    ({ name, message }) => isCredentialFailure(name) && /multi-factor|\bMFA\b/i.test(message),
    'the profile requires MFA, and latchkey does not prompt for a code: get a session with `aws sts assume-role` or `aws sts get-session-token` and the code, and set AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN to its credentials',
  ],
  [
    ({ name }) => isCredentialFailure(name),
    'no AWS credentials were found: check --profile or AWS_PROFILE, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY',
  ],
  [
    named('UnrecognizedClientException', 'InvalidClientTokenId', 'MissingAuthenticationTokenException'),
    'AWS does not know these credentials: check AWS_PROFILE, or the AWS_ variables that set them',
  ],
  [
    named('InvalidSignatureException', 'SignatureDoesNotMatch', 'IncompleteSignatureException'),
    "AWS rejected the signature: check AWS_SECRET_ACCESS_KEY and this machine's clock",
  ],
  [
    ({ message }) => /^Region (is missing|not accepted)/.test(message),
    'no usable AWS region is set: pass --region, set AWS_REGION, or set a region in the profile',
  ],
];

/**
 * Returns the advice for a failure that any AWS call can have, such as missing credentials. Otherwise, returns
 * `undefined`.
 */
export function awsAdvice(failure: Failure): string | undefined {
  return ADVICE.find(([matches]) => matches(failure))?.[1];
}

function isCredentialFailure(name: string): boolean {
  return name === 'CredentialsProviderError' || name === 'TokenProviderError';
}

/** Returns the parts of an SDK error that determine the explanation. */
export function toFailure(cause: unknown): Failure {
  if (!(cause instanceof Error)) return { name: '', message: '', code: '', httpStatus: 0 };
  const { code, $metadata } = cause as NodeJS.ErrnoException & { $metadata?: { httpStatusCode?: number } };
  return {
    name: cause.name,
    message: cause.message,
    code: typeof code === 'string' ? code : '',
    httpStatus: $metadata?.httpStatusCode ?? 0,
  };
}

/** Returns whether the service didn't respond, or its certificate isn't trusted. */
export function isUnreachable({ name, code }: Failure): boolean {
  return name === 'TimeoutError' || /^(E[A-Z_]+|CERT_\w+|DEPTH_ZERO_\w+|SELF_\w+)$/.test(code);
}

/** Returns why a service is unreachable. The text belongs in parentheses in a message. */
export function toCause({ code }: Failure): string {
  return code || 'no response in time';
}

/** Returns whether the caller lacks a permission. */
export function isDenied({ name, message }: Failure): boolean {
  return /AccessDenied/.test(name) || /is not authorized to perform/.test(message);
}

function named(...names: string[]): (failure: Failure) => boolean {
  return ({ name }) => names.includes(name);
}
