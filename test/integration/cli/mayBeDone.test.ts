import { expect, test } from '@jest/globals';
import { isOutcomeUnknown } from '../../../operator/aws.ts';
import { LatchkeyError } from '../../../keys/errors.ts';
import { translateStoreFault } from '../../../keys/dynamodb.ts';

interface FaultFields {
  readonly name?: string;
  readonly code?: string;
  readonly httpStatus?: number;
}

/** A failed write as the registry throws it. */
function failedWrite({ name = 'Error', code, httpStatus }: FaultFields): unknown {
  const metadata = httpStatus === undefined ? {} : { $metadata: { httpStatusCode: httpStatus } };
  const cause = Object.assign(new Error('no'), { name }, code === undefined ? {} : { code }, metadata);
  try {
    return translateStoreFault('write')(cause);
  } catch (error) {
    return error;
  }
}

test.each<[string, FaultFields]>([
  ['refused the connection', { code: 'ECONNREFUSED' }],
  ['refused the connection at each of its addresses', { name: 'AggregateError', code: 'ECONNREFUSED' }],
  ['has no address', { code: 'ENOTFOUND' }],
  ['has an address that DNS cannot look up now', { code: 'EAI_AGAIN' }],
  ['answered 400', { name: 'ValidationException', httpStatus: 400 }],
  ['answered 413', { name: 'RequestEntityTooLarge', httpStatus: 413 }],
  ['answered 499', { name: 'Unknown', httpStatus: 499 }],
  ['was never asked, for lack of credentials', { name: 'CredentialsProviderError' }],
])('a write cannot have been made if DynamoDB %s', (_, fields) => {
  expect(isOutcomeUnknown(failedWrite(fields))).toBe(false);
});

test.each<[string, FaultFields]>([
  ['the connection is reset', { code: 'ECONNRESET' }],
  ['the connection breaks', { code: 'EPIPE' }],
  ['the connection times out', { code: 'ETIMEDOUT' }],
  ['no answer comes in time', { name: 'TimeoutError' }],
  ['DynamoDB answers 399', { name: 'Unknown', httpStatus: 399 }],
  ['DynamoDB answers 500', { name: 'InternalServerError', httpStatus: 500 }],
  ['DynamoDB answers 503', { name: 'ServiceUnavailable', httpStatus: 503 }],
  ['the answer is not JSON', { name: 'SyntaxError', httpStatus: 200 }],
])('a write may have been made if %s', (_, fields) => {
  expect(isOutcomeUnknown(failedWrite(fields))).toBe(true);
});

test.each<[string, unknown]>([
  ['an invalid input', new LatchkeyError('INPUT_INVALID', 'label: got nothing')],
  ['a conflict', new LatchkeyError('CONFLICT', 'changed meanwhile')],
  ['an error that is not Latchkey’s', Object.assign(new Error('no'), { code: 'STORE_UNAVAILABLE' })],
])('a write cannot have been made if it failed with %s', (_, error) => {
  expect(isOutcomeUnknown(error)).toBe(false);
});
