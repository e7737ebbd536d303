import { LatchkeyError } from '../keys/errors.ts';
import { awsAdvice, failureOf, isDenied, isUnreachable, named, type Failure } from './awsAdvice.ts';
import { CliError } from './cliError.ts';
import type { TableLocation } from './findTable.ts';

interface Explanation {
  readonly matches: (failure: Failure) => boolean;
  readonly text: (location: TableLocation, failure: Failure) => string;
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
export function explainFault(error: unknown, location: TableLocation): unknown {
  if (!(error instanceof LatchkeyError) || error.code !== 'STORE_UNAVAILABLE') return error;
  const failure = failureOf(error.cause);
  const explanation = EXPLANATIONS.find(({ matches }) => matches(failure));
  const text = awsAdvice(failure) ?? explanation?.text(location, failure) ?? error.message;
  return new CliError('STORE_UNAVAILABLE', text, { cause: error });
}

function quote(tableName: string): string {
  return JSON.stringify(tableName);
}
