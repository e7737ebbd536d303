import { generateSecret } from '../../keys/secret.ts';
import type { TestRequest } from '../../testing/request.ts';
import { at, makeKey, MINUTE_MS } from './keys.ts';

/** An active key with every optional field of the authorizer's context. */
export const ACTIVE = makeKey({
  label: 'build server',
  owner: 'acme',
  scopes: ['orders:read', 'orders:write'],
  plan: 'free',
  metadata: { plan: 'pro', seats: 3 },
  expiresAt: at(MINUTE_MS * 60),
});
export const EXPIRED = makeKey({ id: 'expired', expiresAt: at(0) });
export const DISABLED = makeKey({ id: 'disabled', disabledAt: at(-1) });
export const REVOKED = makeKey({ id: 'revoked', revokedAt: at(-1), expiresAt: at(-1) });
/** The records of the keys above. */
export const RECORDS = [ACTIVE, EXPIRED, DISABLED, REVOKED].map(({ record }) => record);

/** A key that the handler denies. */
export interface Refusal {
  readonly what: string;
  readonly secret: string;
  readonly errorCode: string;
  readonly errorMessage: string;
  readonly principalId: string;
}

const INVALID = { errorCode: 'INVALID_KEY', errorMessage: 'Invalid API key.', principalId: 'anonymous' };
/** A key for each reason of a denial, with the response to it. */
export const REFUSALS: readonly Refusal[] = [
  { what: 'an unknown', secret: generateSecret('sk_'), ...INVALID },
  { what: 'a malformed', secret: 'sk_nonsense', ...INVALID },
  {
    what: 'an expired',
    secret: EXPIRED.secret,
    errorCode: 'KEY_EXPIRED',
    errorMessage: 'This API key has expired.',
    principalId: 'expired',
  },
  {
    what: 'a disabled',
    secret: DISABLED.secret,
    errorCode: 'KEY_DISABLED',
    errorMessage: 'This API key is disabled.',
    principalId: 'disabled',
  },
  {
    what: 'a revoked',
    secret: REVOKED.secret,
    errorCode: 'KEY_REVOKED',
    errorMessage: 'This API key has been revoked.',
    principalId: 'revoked',
  },
];

/** Returns a request with the key in a bearer header. */
export const bearing = (secret: string): TestRequest => ({ headers: [['Authorization', `Bearer ${secret}`]] });
