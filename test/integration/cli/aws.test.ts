import { describe, expect, test } from '@jest/globals';
import { explainFault, isOutcomeUnknown, isUnreachable, toFailure } from '../../../operator/aws.ts';
import { CliError } from '../../../operator/errors.ts';
import type { TableLocation } from '../../../operator/findTable.ts';
import { LatchkeyError } from '../../../keys/errors.ts';
import { translateStoreFault } from '../../../keys/dynamodb.ts';

const AWS: TableLocation = { kind: 'aws', tableName: 'keys-table', endpoint: undefined };
const LOCAL: TableLocation = { kind: 'local', tableName: 'keys-table', endpoint: 'http://127.0.0.1:1', region: 'r' };

/** Returns the error that the registry throws for this failure. */
function faultOf(name: string, message = '', code?: string): unknown {
  const cause = Object.assign(new Error(message), { name }, code === undefined ? {} : { code });
  try {
    return translateStoreFault('scan')(cause);
  } catch (error) {
    return error;
  }
}

function explain(fault: unknown, location: TableLocation = AWS): string {
  const error = explainFault(fault, location);
  if (error instanceof CliError && error.code === 'STORE_UNAVAILABLE') return error.message;
  throw new Error('not explained');
}

const DENIED =
  'User: arn:aws:iam::111122223333:user/x is not authorized to perform: dynamodb:Scan on resource: arn:aws:dynamodb:eu-west-1:111122223333:table/keys-table';

const KMS_DENIED =
  'User: arn:aws:iam::111122223333:user/x is not authorized to perform: kms:Decrypt on the resource associated with this ciphertext because no identity-based policy allows the kms:Decrypt action';
const MFA_NEEDED = 'Profile x requires multi-factor authentication, but no MFA code callback was provided.';

const CAUSES: [string, unknown, RegExp][] = [
  ['a missing table', faultOf('ResourceNotFoundException', 'Requested resource not found'), /"keys-table".*deploy/],
  ['missing credentials', faultOf('CredentialsProviderError', 'Could not load credentials'), /AWS_PROFILE/],
  ['an expired session', faultOf('ExpiredTokenException', 'The security token is expired'), /aws sso login/],
  ['an expired SSO session', faultOf('CredentialsProviderError', 'The SSO session has expired.'), /expired.*sso login/],
  ['an expired SSO token', faultOf('TokenProviderError', 'Token is expired.'), /expired.*sso login/],
  ['an invalid SSO session', faultOf('CredentialsProviderError', 'The SSO session is invalid.'), /sso login/],
  ['credentials unknown to AWS', faultOf('UnrecognizedClientException'), /does not know.*AWS_PROFILE/],
  ['credentials unknown to STS', faultOf('InvalidClientTokenId'), /does not know.*AWS_PROFILE/],
  ['credentials without a token', faultOf('MissingAuthenticationTokenException'), /does not know.*AWS_PROFILE/],
  ['a wrong signature', faultOf('InvalidSignatureException'), /AWS_SECRET_ACCESS_KEY.*clock/],
  ['a wrong signature for STS', faultOf('SignatureDoesNotMatch'), /AWS_SECRET_ACCESS_KEY.*clock/],
  ['an incomplete signature', faultOf('IncompleteSignatureException'), /AWS_SECRET_ACCESS_KEY.*clock/],
  ['denied access', faultOf('AccessDeniedException', DENIED), /denied.*dynamodb:Scan/],
  [
    'denied access to the KMS key',
    faultOf('AccessDeniedException', KMS_DENIED),
    /denied.*need permission for kms:Decrypt$/,
  ],
  ['denied access without a message', faultOf('AccessDeniedException'), /denied.*need permission to use it$/],
  ['a profile with MFA', faultOf('CredentialsProviderError', MFA_NEEDED), /MFA.*get-session-token/],
  ['a missing region', faultOf('Error', 'Region is missing'), /AWS_REGION/],
  ['a region with a space', faultOf('Error', 'Region not accepted: region="x y"'), /AWS_REGION/],
  ['an unreachable endpoint', faultOf('Error', 'connect ECONNREFUSED', 'ECONNREFUSED'), /cannot be reached/],
  ['two unreachable addresses', faultOf('AggregateError', '', 'ECONNREFUSED'), /cannot be reached/],
  ['an unknown host', faultOf('Error', 'getaddrinfo ENOTFOUND', 'ENOTFOUND'), /cannot be reached/],
  ['a host that DNS temporarily cannot resolve', faultOf('Error', '', 'EAI_AGAIN'), /cannot be reached/],
  ['a connection that was reset', faultOf('Error', '', 'ECONNRESET'), /cannot be reached/],
  [
    'a certificate that has expired',
    faultOf('Error', '', 'CERT_HAS_EXPIRED'),
    /cannot be reached \(CERT_HAS_EXPIRED\)/,
  ],
  ['a self-signed certificate', faultOf('Error', '', 'DEPTH_ZERO_SELF_SIGNED_CERT'), /cannot be reached/],
  ['a self-signed certificate chain', faultOf('Error', '', 'SELF_SIGNED_CERT_IN_CHAIN'), /cannot be reached/],
  ['a response that is overdue', faultOf('TimeoutError'), /no response in time/],
  ['throttling', faultOf('ThrottlingException'), /throttling.*again/],
  ['throttling of a table', faultOf('ProvisionedThroughputExceededException'), /throttling.*again/],
  ['throttling of an account', faultOf('RequestLimitExceeded'), /throttling.*again/],
  ['a response that is not JSON', faultOf('SyntaxError'), /response of DynamoDB cannot be read \(SyntaxError\)/],
  ['a response with the wrong fields', faultOf('UnreadableAnswer'), /response of DynamoDB cannot be read/],
  ['a table with another schema', faultOf('ValidationException'), /"keys-table"/],
  ['an unexpected error', faultOf('InternalServerError'), /InternalServerError/],
];

describe('explainFault', () => {
  test.each(CAUSES)('explains %s in one line with a remedy', (_, fault, expected) => {
    const text = explain(fault);
    expect(text).toMatch(expected);
    expect(text).not.toContain('\n');
  });

  test.each(CAUSES)('explains %s without an account id', (_, fault) => {
    expect(explain(fault)).not.toMatch(/\d{12}/);
  });

  test('recommends `npm start` if the local gateway causes the error', () => {
    expect(explain(faultOf('Error', '', 'ECONNREFUSED'), LOCAL)).toMatch(/http:\/\/127\.0\.0\.1:1 .*npm start/);
    expect(explain(faultOf('ResourceNotFoundException'), LOCAL)).toMatch(/npm start/);
  });
});

describe('explainFault', () => {
  const UNREACHABLE = faultOf('Error', '', 'ECONNREFUSED');

  test('recommends checking the network instead of the gateway if the table is in AWS', () => {
    expect(explain(UNREACHABLE)).toMatch(/^DynamoDB cannot be reached \(ECONNREFUSED\): .*network/);
    expect(explain(UNREACHABLE)).not.toMatch(/gateway/);
  });

  test('includes the URL of a custom endpoint', () => {
    const location: TableLocation = { ...AWS, endpoint: 'http://127.0.0.1:8000' };
    expect(explain(UNREACHABLE, location)).toContain('DynamoDB at http://127.0.0.1:8000 cannot be reached');
    expect(explain(faultOf('SyntaxError'), location)).toContain('DynamoDB at http://127.0.0.1:8000 cannot be read');
  });

  test("extracts the denied action from both wordings of AWS's message", () => {
    const denied = (message: string) => explain(faultOf('AccessDeniedException', message));
    expect(denied('x is not authorized to perform:   dynamodb:Scan on resource: y')).toMatch(
      /permission for dynamodb:Scan$/,
    );
    expect(denied('x is not authorized to perform dynamodb:Query')).toMatch(/permission for dynamodb:Query$/);
  });

  test('returns an error whose cause is the AWS error', () => {
    expect(explainFault(UNREACHABLE, AWS)).toMatchObject({ cause: UNREACHABLE });
  });
});

describe('toFailure', () => {
  test.each([['a text'], [undefined], [{ name: 'TimeoutError', code: 'ECONNREFUSED' }]])(
    'returns empty fields if the thrown value is %p instead of an Error',
    (thrown) => {
      expect(toFailure(thrown)).toEqual({ name: '', message: '', code: '', httpStatus: 0 });
    },
  );

  test('ignores an error code that is a number', () => {
    expect(toFailure(Object.assign(new Error('no'), { code: 7 }))).toMatchObject({ name: 'Error', code: '' });
  });
});

test.each(['XCONNREFUSED', 'Econnrefused', 'ENOENT ', 'X_CERT_HAS_EXPIRED'])(
  'isUnreachable returns false for the error code %j',
  (code) => {
    expect(isUnreachable(toFailure(Object.assign(new Error('no'), { code })))).toBe(false);
  },
);

test('explainFault returns a LatchkeyError unchanged', () => {
  const error = new LatchkeyError('INPUT_INVALID', 'label: got nothing');
  expect(explainFault(error, AWS)).toBe(error);
});

interface FaultFields {
  readonly name?: string;
  readonly code?: string;
  readonly httpStatus?: number;
}

/** Returns the error that the registry throws for a failed write. */
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
  ['does not have an address', { code: 'ENOTFOUND' }],
  ['has an address that DNS temporarily cannot resolve', { code: 'EAI_AGAIN' }],
  ['responded with 400', { name: 'ValidationException', httpStatus: 400 }],
  ['responded with 413', { name: 'RequestEntityTooLarge', httpStatus: 413 }],
  ['responded with 499', { name: 'Unknown', httpStatus: 499 }],
  ['did not receive the request because credentials are missing', { name: 'CredentialsProviderError' }],
])('isOutcomeUnknown returns false if DynamoDB %s', (_, fields) => {
  expect(isOutcomeUnknown(failedWrite(fields))).toBe(false);
});

test.each<[string, FaultFields]>([
  ['the connection is reset', { code: 'ECONNRESET' }],
  ['the connection breaks', { code: 'EPIPE' }],
  ['the connection times out', { code: 'ETIMEDOUT' }],
  ['the response times out', { name: 'TimeoutError' }],
  ['DynamoDB responds with 399', { name: 'Unknown', httpStatus: 399 }],
  ['DynamoDB responds with 500', { name: 'InternalServerError', httpStatus: 500 }],
  ['DynamoDB responds with 503', { name: 'ServiceUnavailable', httpStatus: 503 }],
  ['the response is not JSON', { name: 'SyntaxError', httpStatus: 200 }],
])('isOutcomeUnknown returns true if %s', (_, fields) => {
  expect(isOutcomeUnknown(failedWrite(fields))).toBe(true);
});

test.each<[string, unknown]>([
  ['an invalid input', new LatchkeyError('INPUT_INVALID', 'label: got nothing')],
  ['a conflict', new LatchkeyError('CONFLICT', 'changed meanwhile')],
  ['an error of another class', Object.assign(new Error('no'), { code: 'STORE_UNAVAILABLE' })],
])('isOutcomeUnknown returns false if the write failed with %s', (_, error) => {
  expect(isOutcomeUnknown(error)).toBe(false);
});
