import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { CALL_LIMITS, CALL_TIMEOUT_MS, withinMs } from '../keys/dynamodb.ts';
import { LatchkeyError } from '../keys/errors.ts';
import { CliError } from './errors.ts';

/** What an SDK or the system said of a call that failed. */
export interface Failure {
  /** The name that the SDK or the service gave it. */
  readonly name: string;
  readonly message: string;
  /** The system's code, such as `ECONNREFUSED`; empty where it has none. */
  readonly code: string;
  /** Of the answer; 0 where there was none. */
  readonly httpStatus: number;
}

/** The first that matches is told. */
const ADVICE: readonly (readonly [matches: (failure: Failure) => boolean, advice: string])[] = [
  [
    ({ name, message }) => /Expired/.test(name) || (isCredentialFailure(name) && /expired/i.test(message)),
    'the AWS session has expired: sign in again, such as with `aws sso login`',
  ],
  [
    ({ name, message }) => isCredentialFailure(name) && /\bSSO\b|sso login/.test(message),
    'there is no AWS session: sign in with `aws sso login`',
  ],
  [
    ({ name, message }) => isCredentialFailure(name) && /multi-factor|\bMFA\b/i.test(message),
    'the profile needs MFA, and this command does not ask for a code: get a session with `aws sts assume-role` or `aws sts get-session-token` and the code, and set AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN to what it gives',
  ],
  [
    ({ name }) => isCredentialFailure(name),
    'no AWS credentials were found: check --profile or AWS_PROFILE, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY',
  ],
  [
    named('UnrecognizedClientException', 'InvalidClientTokenId', 'MissingAuthenticationTokenException'),
    'AWS does not know these credentials: check AWS_PROFILE, or the AWS_ variables that give them',
  ],
  [
    named('InvalidSignatureException', 'SignatureDoesNotMatch', 'IncompleteSignatureException'),
    'AWS refused the signature: check AWS_SECRET_ACCESS_KEY, and that the clock of this machine is right',
  ],
  [
    ({ message }) => /^Region (is missing|not accepted)/.test(message),
    'no usable AWS region is set: give --region, set AWS_REGION, or set a region in the profile',
  ],
];

/** What to do about a failure that any call to AWS would have met; `undefined` where it is of another kind. */
export function awsAdvice(failure: Failure): string | undefined {
  return ADVICE.find(([matches]) => matches(failure))?.[1];
}

/** The error that an SDK threw, as what is told of it may depend on it. */
export function failureOf(cause: unknown): Failure {
  if (!(cause instanceof Error)) return { name: '', message: '', code: '', httpStatus: 0 };
  const { code, $metadata } = cause as NodeJS.ErrnoException & { $metadata?: { httpStatusCode?: number } };
  return {
    name: cause.name,
    message: cause.message,
    code: typeof code === 'string' ? code : '',
    httpStatus: $metadata?.httpStatusCode ?? 0,
  };
}

/** Whether nothing answered, or nobody who can be trusted. */
export function isUnreachable({ name, code }: Failure): boolean {
  return name === 'TimeoutError' || /^(E[A-Z_]+|CERT_\w+|DEPTH_ZERO_\w+|SELF_\w+)$/.test(code);
}

/** Whether the caller lacks a right. */
export function isDenied({ name, message }: Failure): boolean {
  return /AccessDenied/.test(name) || /is not authorized to perform/.test(message);
}

/** Whether the failure has one of the names. */
export function named(...names: string[]): (failure: Failure) => boolean {
  return ({ name }) => names.includes(name);
}

function isCredentialFailure(name: string): boolean {
  return name === 'CredentialsProviderError' || name === 'TokenProviderError';
}

/** The part of a table's location that an explanation names. */
interface NamedTable {
  readonly kind: 'aws' | 'local';
  readonly tableName: string;
  readonly endpoint: string | undefined;
}

interface Explanation {
  readonly matches: (failure: Failure) => boolean;
  readonly text: (location: NamedTable, failure: Failure) => string;
}

/** The first that matches is told. */
const EXPLANATIONS: readonly Explanation[] = [
  {
    matches: isDenied,
    text: ({ tableName }, { message }) => {
      // Of KMS, where the table has a key of its own.
      const [, action] = /\bperform:? +([a-z0-9-]+:\w+)/.exec(message) ?? [];
      const grant = action === undefined ? 'a grant to use it' : `a grant of ${action}`;
      return `access to the table ${quote(tableName)} was denied: these credentials need ${grant}`;
    },
  },
  {
    matches: named('ResourceNotFoundException'),
    text: ({ kind, tableName }) =>
      kind === 'local'
        ? `there is no table ${quote(tableName)} here: start the gateway anew with npm start`
        : `there is no table ${quote(tableName)}: check the name, AWS_REGION and AWS_PROFILE, and that its stack is deployed`,
  },
  {
    matches: named('ProvisionedThroughputExceededException', 'ThrottlingException', 'RequestLimitExceeded'),
    text: () => 'DynamoDB is throttling: try again in a minute',
  },
  {
    matches: named('ValidationException'),
    text: ({ tableName }) => `DynamoDB refused the request as invalid: is ${quote(tableName)} a table of Latchkey's?`,
  },
  {
    matches: named('SyntaxError', 'UnreadableAnswer'),
    text: ({ endpoint }, { name }) => {
      const where = endpoint === undefined ? 'DynamoDB' : `DynamoDB at ${endpoint}`;
      return `the answer of ${where} cannot be read (${name}): check the endpoint, and what is between`;
    },
  },
  {
    matches: isUnreachable,
    text: ({ kind, endpoint }, { code }) => {
      const where = endpoint === undefined ? 'DynamoDB' : `DynamoDB at ${endpoint}`;
      const remedy = kind === 'local' ? 'start the gateway with npm start' : 'check the network and the endpoint';
      return `${where} cannot be reached (${code || 'no answer in time'}): ${remedy}`;
    },
  },
];

/**
 * A failure of the store as one line that says what to do; any other error unchanged. AWS's own message is left out: it
 * holds account ids and the input.
 */
export function explainFault(error: unknown, location: NamedTable): unknown {
  if (!(error instanceof LatchkeyError) || error.code !== 'STORE_UNAVAILABLE') return error;
  const failure = failureOf(error.cause);
  const explanation = EXPLANATIONS.find(({ matches }) => matches(failure));
  const text = awsAdvice(failure) ?? explanation?.text(location, failure) ?? error.message;
  return new CliError('STORE_UNAVAILABLE', text, { cause: error });
}

function quote(tableName: string): string {
  return JSON.stringify(tableName);
}

/** Of a connection that was not made, so that nothing went over it. */
const NOT_SENT = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN']);

/** Whether a write that failed may have been made all the same: it was sent, and nothing refused it. */
export function isOutcomeUnknown(error: unknown): boolean {
  if (!(error instanceof LatchkeyError) || error.code !== 'STORE_UNAVAILABLE') return false;
  const failure = failureOf(error.cause);
  const isRefused = failure.httpStatus >= 400 && failure.httpStatus < 500;
  return !isRefused && !NOT_SENT.has(failure.code) && awsAdvice(failure) === undefined;
}

/** Which account and region, as far as somebody said; the rest the SDK finds by itself. */
export interface AwsAccount {
  readonly region?: string | undefined;
  readonly profile?: string | undefined;
}

/** The SDK would warn that it takes the profile before keys of the environment, which is what was asked for. */
const SILENT = { trace() {}, debug() {}, info() {}, warn() {}, error() {} };

/** What a client of any service needs to work in the account. */
export function accountConfig({ region, profile }: AwsAccount) {
  return {
    ...CALL_LIMITS,
    ...(region === undefined ? {} : { region }),
    ...(profile === undefined ? {} : { profile, logger: SILENT }),
  };
}

/**
 * The ARN of whoever calls AWS with the account's credentials. IAM grants the question to everybody (AWS STS API
 * Reference, GetCallerIdentity).
 *
 * @throws CliError `ACTOR_UNKNOWN`, saying what to do
 */
export async function callerArn(account: AwsAccount): Promise<string> {
  const client = new STSClient(accountConfig(account));
  try {
    const { Arn } = await withinMs(CALL_TIMEOUT_MS, (abortSignal) =>
      client.send(new GetCallerIdentityCommand({}), { abortSignal }),
    );
    if (Arn) return Arn;
  } catch (cause) {
    throw unknown(reasonOf(failureOf(cause)), cause);
  } finally {
    client.destroy();
  }
  throw unknown('AWS STS names no ARN');
}

function reasonOf(failure: Failure): string {
  const advice = awsAdvice(failure);
  if (advice !== undefined) return advice;
  if (isUnreachable(failure)) return `AWS STS cannot be reached (${failure.code || 'no answer in time'})`;
  return `AWS STS does not tell: ${failure.name || 'no reason given'}`;
}

function unknown(why: string, cause?: unknown): CliError {
  return new CliError('ACTOR_UNKNOWN', `who you are could not be found out for the record: ${why}; or give --actor`, {
    cause,
  });
}
