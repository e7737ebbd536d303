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
