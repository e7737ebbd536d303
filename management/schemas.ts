import { isIP } from 'node:net';
import * as z from 'zod';
import { expectedFor, isText, TEXT_EXPECTED } from '../keys/fields.ts';
import { MAX_ALLOWED_IPS } from '../keys/ipRanges.ts';
import { isScope, SCOPES_EXPECTED } from '../keys/scope.ts';

// The schemas that check the shape of requests, and from which the OpenAPI document is generated. Each message is the
// expected format. The registry also checks the values.

const text = (field: 'label' | 'owner' | 'plan', maxLength = 256) =>
  z.string(expectedFor(field)).min(1, expectedFor(field)).max(maxLength, expectedFor(field));

const label = text('label').meta({ description: 'The purpose of the key.', examples: ['CI of the web shop'] });
const owner = text('owner').meta({
  description: 'The customer or team that the key is issued to.',
  examples: ['acme'],
});
const scopes = z
  .array(z.string(expectedFor('scopes')), expectedFor('scopes'))
  .meta({ description: 'The scopes of the key. A key without scopes may do everything.', examples: [['orders:read']] });
const plan = text('plan', 64).meta({
  description: 'The plan that the requests of the key count against.',
  examples: ['gold'],
});
const expiresAt = z.string(expectedFor('expiresAt')).meta({
  description: 'The expiry: a future time in ISO 8601 with a zone, or a date, which means the end of that day in UTC.',
  examples: ['2030-12-31'],
});
const allowedIps = z
  .array(z.string(expectedFor('allowedIps')), expectedFor('allowedIps'))
  .min(1, expectedFor('allowedIps'))
  .max(MAX_ALLOWED_IPS, expectedFor('allowedIps'))
  .meta({
    description: 'The IP addresses and CIDR ranges from which the key works.',
    examples: [['203.0.113.0/24', '2001:db8::/32']],
  });
const metadata = z
  .record(z.string(), z.unknown(), expectedFor('metadata'))
  .meta({ description: 'A JSON object of the operator, of at most 1024 bytes.', examples: [{ ticket: 'OPS-7' }] });

/** The body of a request for a new key. An owner may send only some of the fields. */
export const newKeySchema = z
  .strictObject({
    label,
    owner: owner.optional(),
    scopes: scopes.optional(),
    plan: plan.optional(),
    expiresAt: expiresAt.optional(),
    allowedIps: allowedIps.optional(),
    metadata: metadata.optional(),
    prefix: z
      .string('a prefix of the deployment')
      .optional()
      .meta({ description: 'The prefix of the key, if the deployment has several.', examples: ['sk_test_'] }),
  })
  .meta({ id: 'NewKey' });

/** The body of a change: the fields to change. `null` removes a field (RFC 7396). */
export const keyChangesSchema = z
  .strictObject({
    label: label.optional(),
    owner: owner.nullable().optional(),
    scopes: scopes.nullable().optional(),
    plan: plan.nullable().optional(),
    expiresAt: expiresAt.nullable().optional(),
    allowedIps: allowedIps.nullable().optional(),
    metadata: metadata.nullable().optional(),
  })
  .meta({ id: 'KeyChanges' });

/** The fields that an owner may set. */
const OWNER_FIELDS = { label: true, scopes: true, plan: true, expiresAt: true, allowedIps: true } as const;

/** The body of an owner's request for a new key. */
export const ownersNewKeySchema = newKeySchema.pick(OWNER_FIELDS).strict().meta({ id: 'OwnersNewKey' });

/** The body of an owner's change. */
export const ownersKeyChangesSchema = keyChangesSchema.pick(OWNER_FIELDS).strict().meta({ id: 'OwnersKeyChanges' });

/** The body of a rotation. */
export const rotationSchema = z
  .strictObject({
    graceSeconds: z.int('a whole number of seconds').meta({
      description: 'The time for which the old key still works.',
      examples: [86_400],
    }),
    expiresAt: expiresAt.nullable().optional(),
    prefix: z
      .string('a prefix of the deployment')
      .optional()
      .meta({ description: "The prefix of the successor. The default is the old key's." }),
  })
  .meta({ id: 'KeyRotation' });

/** The body of an owner's rotation. */
export const ownersRotationSchema = rotationSchema.omit({ prefix: true }).strict().meta({ id: 'OwnersKeyRotation' });

/** The body of a revocation. */
export const revocationSchema = z
  .strictObject({
    reason: z
      .string(expectedFor('label'))
      .optional()
      .meta({ description: 'The reason for the revocation.', examples: ['leaked in a log'] }),
  })
  .meta({ id: 'KeyRevocation' });

/** The body of a change without options. */
export const emptySchema = z.strictObject({}).meta({ id: 'NoOptions' });

const ADDRESS_EXPECTED = 'an IPv4 or IPv6 address';

/** The body of a request to check a key. */
export const verifySchema = z
  .strictObject({
    key: z.string('a key').meta({ description: 'The key that a client has presented.' }),
    requiredScopes: z
      .array(z.string('a scope'), 'a list of scopes')
      .optional()
      .meta({ description: 'The scopes that the request needs.' }),
    sourceIp: z
      .string(ADDRESS_EXPECTED)
      .refine((text) => isIP(text) !== 0, ADDRESS_EXPECTED)
      .optional()
      .meta({ description: "The client's address. A key with allowedIps is refused without it." }),
  })
  .meta({ id: 'KeyToVerify' });

/** The body of an operator's request for a portal session. */
export const newPortalSessionSchema = z
  .strictObject({
    owner: z
      .string(TEXT_EXPECTED)
      .refine(isText, TEXT_EXPECTED)
      .meta({ description: 'The customer whose keys the session manages.', examples: ['acme'] }),
    scopes: z
      .array(z.string(SCOPES_EXPECTED).refine(isScope, SCOPES_EXPECTED), SCOPES_EXPECTED)
      .optional()
      .meta({ description: 'The scopes that the session can give. The default is all that the deployment allows.' }),
    returnUrl: z.string('an https URL').meta({
      description: 'The page to return to. Its origin is one of the deployment.',
      examples: ['https://app.example.com/settings'],
    }),
  })
  .meta({ id: 'NewPortalSession' });

/** The body of the portal's request that exchanges a code. */
export const codeToRedeemSchema = z
  .strictObject({
    code: z.string('the code of the link').meta({ description: 'The code from the fragment of the URL.' }),
    switchOwner: z
      .boolean('true or false')
      .optional()
      .meta({ description: 'Whether to end the session of another owner in this browser.' }),
  })
  .meta({ id: 'CodeToRedeem' });

const LIMIT_EXPECTED = 'a whole number from 1 to 1000';

/** The query of a list of keys. */
export const listQuerySchema = z.strictObject({
  limit: z.coerce
    .number(LIMIT_EXPECTED)
    .int(LIMIT_EXPECTED)
    .min(1, LIMIT_EXPECTED)
    .max(1000, LIMIT_EXPECTED)
    .optional()
    .meta({ description: 'Maximum number of keys in the page. The default is 1000.' }),
  cursor: z.string().optional().meta({ description: 'The `cursor` of the previous page.' }),
  state: z
    .enum(['active', 'disabled', 'expired', 'revoked'], 'active, disabled, expired or revoked')
    .optional()
    .meta({ description: 'Lists only keys in this state.' }),
  owner: z.string().optional().meta({ description: 'Lists only keys of this owner, oldest first.' }),
});

/** The query of an owner's list of keys. */
export const ownersListQuerySchema = listQuerySchema.omit({ owner: true }).strict();

/** The query of a usage report. */
export const usageQuerySchema = z.strictObject({
  by: z
    .enum(['hour', 'day', 'month'], 'hour, day or month')
    .optional()
    .meta({ description: 'The period of a row, in UTC. The default is `day`.' }),
  since: z.string().optional().meta({ description: 'The start: a time in ISO 8601 with a zone, or a date in UTC.' }),
  until: z.string().optional().meta({ description: 'The end: a time or a date. A date contains the whole day.' }),
});
