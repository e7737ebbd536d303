import { LatchkeyError } from '../keys/errors.ts';
import { CliError } from './cliError.ts';
import type { TableLocation } from './findTable.ts';

interface Failure {
  /** The name that the SDK or DynamoDB gave it. */
  readonly name: string;
  readonly message: string;
  /** The system's code, such as `ECONNREFUSED`; empty where it has none. */
  readonly code: string;
}

interface Explanation {
  readonly matches: (failure: Failure) => boolean;
  readonly text: (location: TableLocation, failure: Failure) => string;
}

/** The first that matches is told. */
const EXPLANATIONS: readonly Explanation[] = [
  {
    matches: ({ name, message }) => /Expired/.test(name) || (isCredentialFailure(name) && /expired/i.test(message)),
    text: () => 'the AWS session has expired: sign in again, such as with `aws sso login`',
  },
  {
    matches: ({ name, message }) => isCredentialFailure(name) && /\bSSO\b|sso login/.test(message),
    text: () => 'there is no AWS session: sign in with `aws sso login`',
  },
  {
    matches: ({ name }) => isCredentialFailure(name),
    text: () => 'no AWS credentials were found: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY',
  },
  {
    matches: named('UnrecognizedClientException', 'InvalidClientTokenId', 'MissingAuthenticationTokenException'),
    text: () => 'AWS does not know these credentials: check AWS_PROFILE, or the AWS_ variables that give them',
  },
  {
    matches: named('InvalidSignatureException', 'SignatureDoesNotMatch', 'IncompleteSignatureException'),
    text: () => 'AWS refused the signature: check AWS_SECRET_ACCESS_KEY, and that the clock of this machine is right',
  },
  {
    matches: ({ name, message }) => /AccessDenied/.test(name) || /is not authorized to perform/.test(message),
    text: ({ tableName }, { message }) => {
      const [action = 'to use it'] = /\bdynamodb:\w+/.exec(message) ?? [];
      return `access to the table ${quote(tableName)} was denied: these credentials need a grant of ${action}`;
    },
  },
  {
    matches: ({ message }) => message === 'Region is missing',
    text: () => 'no AWS region is set: set AWS_REGION, or a region in the profile',
  },
  {
    matches: named('ResourceNotFoundException'),
    text: ({ kind, tableName }) =>
      kind === 'local'
        ? `there is no table ${quote(tableName)} here: start the gateway anew with npm start`
        : `there is no table ${quote(tableName)}: check the name, AWS_REGION and AWS_PROFILE, or deploy it with npm run deploy`,
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
    matches: ({ name, code }) => name === 'TimeoutError' || /^(E[A-Z_]+|CERT_\w+|DEPTH_ZERO_\w+|SELF_\w+)$/.test(code),
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
export function explainFault(error: unknown, location: TableLocation): unknown {
  if (!(error instanceof LatchkeyError) || error.code !== 'STORE_UNAVAILABLE') return error;
  const failure = failureOf(error.cause);
  const explanation = EXPLANATIONS.find(({ matches }) => matches(failure));
  const text = explanation === undefined ? error.message : explanation.text(location, failure);
  return new CliError('STORE_UNAVAILABLE', text, { cause: error });
}

function failureOf(cause: unknown): Failure {
  if (!(cause instanceof Error)) return { name: '', message: '', code: '' };
  const { code } = cause as NodeJS.ErrnoException;
  return { name: cause.name, message: cause.message, code: typeof code === 'string' ? code : '' };
}

function named(...names: string[]): Explanation['matches'] {
  return ({ name }) => names.includes(name);
}

function isCredentialFailure(name: string): boolean {
  return name === 'CredentialsProviderError' || name === 'TokenProviderError';
}

function quote(tableName: string): string {
  return JSON.stringify(tableName);
}
