import { describe, expect, test } from '@jest/globals';
import { explainFault, toFailure, isUnreachable } from '../../../operator/aws.ts';
import { CliError } from '../../../operator/errors.ts';
import type { TableLocation } from '../../../operator/findTable.ts';
import { LatchkeyError } from '../../../keys/errors.ts';
import { translateStoreFault } from '../../../keys/dynamodb.ts';

const AWS: TableLocation = { kind: 'aws', tableName: 'keys-table', endpoint: undefined };
const LOCAL: TableLocation = { kind: 'local', tableName: 'keys-table', endpoint: 'http://127.0.0.1:1', region: 'r' };

/** The failure as the registry throws it. */
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
  ['no such table', faultOf('ResourceNotFoundException', 'Requested resource not found'), /"keys-table".*deploy/],
  ['no credentials', faultOf('CredentialsProviderError', 'Could not load credentials'), /AWS_PROFILE/],
  ['an expired session', faultOf('ExpiredTokenException', 'The security token is expired'), /aws sso login/],
  ['an expired SSO session', faultOf('CredentialsProviderError', 'The SSO session has expired.'), /expired.*sso login/],
  ['an expired SSO token', faultOf('TokenProviderError', 'Token is expired.'), /expired.*sso login/],
  ['no SSO session', faultOf('CredentialsProviderError', 'The SSO session is invalid.'), /sso login/],
  ['credentials unknown to AWS', faultOf('UnrecognizedClientException'), /does not know.*AWS_PROFILE/],
  ['credentials unknown to STS', faultOf('InvalidClientTokenId'), /does not know.*AWS_PROFILE/],
  ['credentials without a token', faultOf('MissingAuthenticationTokenException'), /does not know.*AWS_PROFILE/],
  ['a wrong signature', faultOf('InvalidSignatureException'), /AWS_SECRET_ACCESS_KEY.*clock/],
  ['a wrong signature for STS', faultOf('SignatureDoesNotMatch'), /AWS_SECRET_ACCESS_KEY.*clock/],
  ['half a signature', faultOf('IncompleteSignatureException'), /AWS_SECRET_ACCESS_KEY.*clock/],
  ['access denied', faultOf('AccessDeniedException', DENIED), /denied.*dynamodb:Scan/],
  [
    'access to the KMS key denied',
    faultOf('AccessDeniedException', KMS_DENIED),
    /denied.*need permission for kms:Decrypt$/,
  ],
  ['access denied without a word', faultOf('AccessDeniedException'), /denied.*need permission to use it$/],
  ['a profile with MFA', faultOf('CredentialsProviderError', MFA_NEEDED), /MFA.*get-session-token/],
  ['no region', faultOf('Error', 'Region is missing'), /AWS_REGION/],
  ['a region that is no host name', faultOf('Error', 'Region not accepted: region="x y"'), /AWS_REGION/],
  ['an unreachable endpoint', faultOf('Error', 'connect ECONNREFUSED', 'ECONNREFUSED'), /cannot be reached/],
  ['two unreachable addresses', faultOf('AggregateError', '', 'ECONNREFUSED'), /cannot be reached/],
  ['an unknown host', faultOf('Error', 'getaddrinfo ENOTFOUND', 'ENOTFOUND'), /cannot be reached/],
  ['a host that DNS cannot look up now', faultOf('Error', '', 'EAI_AGAIN'), /cannot be reached/],
  ['a connection that was reset', faultOf('Error', '', 'ECONNRESET'), /cannot be reached/],
  [
    'a certificate that has expired',
    faultOf('Error', '', 'CERT_HAS_EXPIRED'),
    /cannot be reached \(CERT_HAS_EXPIRED\)/,
  ],
  ['a certificate of its own', faultOf('Error', '', 'DEPTH_ZERO_SELF_SIGNED_CERT'), /cannot be reached/],
  ['a certificate of a chain of its own', faultOf('Error', '', 'SELF_SIGNED_CERT_IN_CHAIN'), /cannot be reached/],
  ['no answer', faultOf('TimeoutError'), /no response in time/],
  ['throttling', faultOf('ThrottlingException'), /throttling.*again/],
  ['throttling of a table', faultOf('ProvisionedThroughputExceededException'), /throttling.*again/],
  ['throttling of an account', faultOf('RequestLimitExceeded'), /throttling.*again/],
  ['an answer that is not JSON', faultOf('SyntaxError'), /response of DynamoDB cannot be read \(SyntaxError\)/],
  ['an answer of another kind', faultOf('UnreadableAnswer'), /response of DynamoDB cannot be read/],
  ['a table of another kind', faultOf('ValidationException'), /"keys-table"/],
  ['what nobody foresaw', faultOf('InternalServerError'), /InternalServerError/],
];

describe('a failure of the store', () => {
  test.each(CAUSES)('%s is told in one line that says what to do', (_, fault, expected) => {
    const text = explain(fault);
    expect(text).toMatch(expected);
    expect(text).not.toContain('\n');
  });

  test.each(CAUSES)('%s is told without an account id', (_, fault) => {
    expect(explain(fault)).not.toMatch(/\d{12}/);
  });

  test('of the local gateway is mended by npm start', () => {
    expect(explain(faultOf('Error', '', 'ECONNREFUSED'), LOCAL)).toMatch(/http:\/\/127\.0\.0\.1:1 .*npm start/);
    expect(explain(faultOf('ResourceNotFoundException'), LOCAL)).toMatch(/npm start/);
  });
});

describe('the remedy fits where the table is', () => {
  const UNREACHABLE = faultOf('Error', '', 'ECONNREFUSED');

  test('a table in AWS sends the user to the network, and not to the local gateway', () => {
    expect(explain(UNREACHABLE)).toMatch(/^DynamoDB cannot be reached \(ECONNREFUSED\): .*network/);
    expect(explain(UNREACHABLE)).not.toMatch(/gateway/);
  });

  test('an endpoint is named by its URL', () => {
    const location: TableLocation = { ...AWS, endpoint: 'http://127.0.0.1:8000' };
    expect(explain(UNREACHABLE, location)).toContain('DynamoDB at http://127.0.0.1:8000 cannot be reached');
    expect(explain(faultOf('SyntaxError'), location)).toContain('DynamoDB at http://127.0.0.1:8000 cannot be read');
  });

  test('the action that was denied is named in each wording of AWS', () => {
    const denied = (message: string) => explain(faultOf('AccessDeniedException', message));
    expect(denied('x is not authorized to perform:   dynamodb:Scan on resource: y')).toMatch(
      /permission for dynamodb:Scan$/,
    );
    expect(denied('x is not authorized to perform dynamodb:Query')).toMatch(/permission for dynamodb:Query$/);
  });

  test('the fault is kept as the cause', () => {
    expect(explainFault(UNREACHABLE, AWS)).toMatchObject({ cause: UNREACHABLE });
  });
});

describe('toFailure', () => {
  test.each([['a text'], [undefined], [{ name: 'TimeoutError', code: 'ECONNREFUSED' }]])(
    'finds nothing in %p, which is not an error',
    (thrown) => {
      expect(toFailure(thrown)).toEqual({ name: '', message: '', code: '', httpStatus: 0 });
    },
  );

  test('leaves out a code that is a number', () => {
    expect(toFailure(Object.assign(new Error('no'), { code: 7 }))).toMatchObject({ name: 'Error', code: '' });
  });
});

test.each(['XCONNREFUSED', 'Econnrefused', 'ENOENT ', 'X_CERT_HAS_EXPIRED'])(
  'the code %j does not make DynamoDB unreachable',
  (code) => {
    expect(isUnreachable(toFailure(Object.assign(new Error('no'), { code })))).toBe(false);
  },
);

test('any other error stays what it is', () => {
  const error = new LatchkeyError('INPUT_INVALID', 'label: got nothing');
  expect(explainFault(error, AWS)).toBe(error);
});
