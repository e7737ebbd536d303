import * as z from 'zod';
import { LatchkeyError } from '../keys/errors.ts';
import { expectedFor, show } from '../keys/fields.ts';
import { MAX_ALLOWED_IPS } from '../keys/ipRanges.ts';

/**
 * The schemas that check the shape of requests, and from which the OpenAPI document is generated. Each message is the
 * expected format. The registry also checks the values.
 */

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
    prefix: z.string('a prefix of the deployment').optional(),
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

/** The body of a request to check a key. */
export const verifySchema = z
  .strictObject({
    key: z.string('a key').meta({ description: 'The key that a client has presented.' }),
    requiredScopes: z
      .array(z.string('a scope'), 'a list of scopes')
      .optional()
      .meta({ description: 'The scopes that the request needs.' }),
    sourceIp: z
      .union([z.ipv4(), z.ipv6()], 'an IPv4 or IPv6 address')
      .optional()
      .meta({ description: "The client's address. A key with allowedIps is refused without it." }),
  })
  .meta({ id: 'KeyToVerify' });

/** A timestamp in responses. */
const timestamp = z.string().meta({ format: 'date-time', examples: ['2026-12-01T09:30:00.000Z'] });

/** A key in responses. Owners don't see every field. */
export const recordSchema = z
  .object({
    id: z.string().meta({ examples: ['0b9f6a52-6f0d-4f0c-9d6e-2f1f9f1c7a11'] }),
    label: z.string(),
    state: z.enum(['active', 'disabled', 'expired', 'revoked']),
    keyPrefix: z.string().optional(),
    owner: z.string().optional(),
    scopes: z.array(z.string()).optional(),
    plan: z.string().optional(),
    metadata: z.record(z.string(), z.unknown()).optional(),
    allowedIps: z.array(z.string()).optional(),
    createdAt: timestamp,
    createdBy: z.string().optional(),
    changedAt: timestamp.optional(),
    changedBy: z.string().optional(),
    lastUsedAt: timestamp.optional(),
    expiresAt: timestamp.optional(),
    disabledAt: timestamp.optional(),
    disabledBy: z.string().optional(),
    revokedAt: timestamp.optional(),
    revokedBy: z.string().optional(),
    revokedReason: z.string().optional(),
    rotatedFrom: z.string().optional(),
    rotatedTo: z.string().optional(),
    rootId: z.string().optional(),
    limitsResetAt: timestamp.optional(),
    purgeAfter: z.number().optional(),
    version: z.int().optional(),
  })
  .meta({ id: 'Key' });

export const oneRecordSchema = z.object({ record: recordSchema }).meta({ id: 'OneKey' });

const secret = z.string().optional().meta({
  description: 'The key itself. No other response contains it. It is absent if the request repeats an earlier one.',
});

export const issuedSchema = z.object({ key: secret, record: recordSchema }).meta({ id: 'IssuedKey' });

export const rotatedSchema = z
  .object({ key: secret, record: recordSchema, previous: recordSchema })
  .meta({ id: 'RotatedKey' });

export const pageSchema = z
  .object({
    records: z.array(recordSchema),
    corrupt: z.array(z.string()).optional().meta({ description: 'One line for each unreadable record.' }),
    cursor: z.string().nullable().meta({ description: 'The position of the next page, or null after the last.' }),
  })
  .meta({ id: 'KeyPage' });

export const verifiedSchema = z
  .union([
    z.object({ valid: z.literal(true), record: recordSchema }),
    z.object({ valid: z.literal(false), code: z.string(), message: z.string() }),
  ])
  .meta({ id: 'VerifiedKey' });

const counts = { allowed: z.int(), limited: z.int(), refused: z.int(), total: z.int() };
const latency = z.object({ p50: z.number(), p90: z.number(), p99: z.number() }).optional();
const usage = { ...counts, statuses: z.record(z.string(), z.int()), latency, sources: z.array(z.string()) };

export const usageSchema = z
  .object({
    since: timestamp,
    until: timestamp,
    by: z.enum(['hour', 'day', 'month']),
    rows: z.array(z.object({ start: timestamp, ...usage })),
    total: z.object(usage),
    corrupt: z.array(z.string()),
  })
  .meta({ id: 'KeyUsage' });

export const ownerSchema = z
  .object({
    owner: z.string(),
    scopes: z.array(z.string()).nullable(),
    plans: z.array(z.string()).nullable(),
    maxLifetimeSeconds: z.int().nullable(),
    maxKeys: z.int(),
    revocationDelaySeconds: z.int().nullable(),
    hasUsage: z.boolean(),
    name: z.string().optional().meta({ description: 'The name of the product, in a portal session.' }),
    returnUrl: z.string().optional().meta({ description: 'The page to return to, in a portal session.' }),
  })
  .meta({ id: 'Owner' });

export const problemSchema = z
  .object({
    type: z.literal('about:blank'),
    title: z.string(),
    status: z.int(),
    detail: z.string().meta({ description: 'What is wrong, for people. It never contains a key.' }),
    code: z.string().meta({ description: 'The code, for programs.', examples: ['NOT_FOUND'] }),
    keyId: z.string().optional(),
  })
  .meta({ id: 'Problem' });

/** The query of a list of keys. */
export const listQuerySchema = z.strictObject({
  limit: z.coerce.number('a whole number from 1 to 1000').optional(),
  cursor: z.string().optional(),
  state: z.enum(['active', 'disabled', 'expired', 'revoked'], 'active, disabled, expired or revoked').optional(),
  owner: z.string().optional(),
});

/** The query of an owner's list of keys. */
export const ownersListQuerySchema = listQuerySchema.omit({ owner: true }).strict();

/** The query of a usage report. */
export const usageQuerySchema = z.strictObject({
  by: z.enum(['hour', 'day', 'month'], 'hour, day or month').optional(),
  since: z.string().optional(),
  until: z.string().optional(),
});

/** A failed check of a request. */
interface FailedCheck {
  readonly error: { readonly issues: readonly CheckIssue[] };
  readonly data?: unknown;
  /** The names of the expected fields. */
  readonly fields: readonly string[];
}

interface CheckIssue {
  readonly code?: string;
  readonly path: readonly PropertyKey[];
  readonly message: string;
  readonly keys?: readonly string[];
}

const MAX_NAMED = 3;

/**
 * Converts a failed check to an error with the field, the expected and the given value.
 *
 * @returns LatchkeyError `INPUT_INVALID`
 */
export function toInputError({ error, data, fields }: FailedCheck, target: string): LatchkeyError {
  const place = target === 'json' ? 'body' : target;
  const problems = error.issues.map((issue) => {
    const at = issue.path.map(String).join('.') || place;
    if (issue.code === 'unrecognized_keys') {
      const names = (issue.keys ?? []).slice(0, MAX_NAMED).map(show).join(', ');
      return `${at}: expected ${fields.length === 0 ? 'no fields' : `only the fields ${fields.join(', ')}`}, got ${names}`;
    }
    const expected = issue.path.length === 0 ? 'a JSON object' : issue.message;
    return `${at}: expected ${expected}, got ${show(valueAt(data, issue.path))}`;
  });
  return new LatchkeyError('INPUT_INVALID', problems.join('; '));
}

function valueAt(data: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, name) => (Object.hasOwn(Object(value), name) ? Object(value)[name] : undefined),
    data,
  );
}
