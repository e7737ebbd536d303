import * as z from 'zod';

// The schemas of responses, from which the OpenAPI document is generated.

/** A timestamp in responses. */
const timestamp = z.string().meta({ format: 'date-time', examples: ['2026-12-01T09:30:00.000Z'] });

const state = z
  .enum(['active', 'disabled', 'expired', 'revoked'])
  .meta({ description: 'The state at the time of the response. The authorizer accepts only active keys.' });

/** A key in the responses to operators. */
export const recordSchema = z
  .object({
    id: z.string().meta({ description: 'The id of the key.', examples: ['0b9f6a52-6f0d-4f0c-9d6e-2f1f9f1c7a11'] }),
    label: z.string().meta({ description: 'The purpose of the key.' }),
    state,
    keyPrefix: z
      .string()
      .optional()
      .meta({ description: 'The first characters of the key.', examples: ['sk_w6F3Jrzf'] }),
    owner: z.string().optional().meta({ description: 'The customer or team that the key was issued to.' }),
    scopes: z.array(z.string()).optional().meta({
      description: 'The scopes of the key. Without this field, it may do everything. With an empty list, nothing.',
    }),
    plan: z.string().optional().meta({ description: 'The plan that the requests of the key count against.' }),
    metadata: z.record(z.string(), z.unknown()).optional().meta({ description: 'A JSON object of the operator.' }),
    allowedIps: z.array(z.string()).optional().meta({
      description: 'The addresses and CIDR ranges from which the key works. Without this field, it works everywhere.',
    }),
    createdAt: timestamp.meta({ description: 'The time of issue.' }),
    createdBy: z.string().optional().meta({ description: 'The actor who issued the key.' }),
    changedAt: timestamp.optional().meta({ description: 'The time of the last change.' }),
    changedBy: z.string().optional().meta({ description: 'The actor who made the last change.' }),
    lastUsedAt: timestamp.optional().meta({ description: 'The time of the last use, precise to some minutes.' }),
    expiresAt: timestamp.optional().meta({ description: 'The expiry.' }),
    disabledAt: timestamp.optional().meta({ description: 'The time when the key was disabled.' }),
    disabledBy: z.string().optional().meta({ description: 'The actor who disabled the key.' }),
    revokedAt: timestamp.optional().meta({ description: 'The time when the key was revoked.' }),
    revokedBy: z.string().optional().meta({ description: 'The actor who revoked the key.' }),
    revokedReason: z.string().optional().meta({ description: 'The reason for the revocation.' }),
    rotatedFrom: z.string().optional().meta({ description: 'The id of the key that this one replaced.' }),
    rotatedTo: z.string().optional().meta({ description: 'The id of the successor.' }),
    rootId: z.string().optional().meta({ description: 'The id of the first key of the rotation chain.' }),
    limitsResetAt: timestamp.optional().meta({ description: "The time of the last reset of the key's limits." }),
    purgeAfter: z.number().optional().meta({ description: 'The time after which the record is deleted, in seconds.' }),
    version: z.int().optional().meta({ description: 'The version of the record. Without this field, it is 0.' }),
  })
  .meta({ id: 'Key', description: 'A key without its secret.' });

/** A key in the responses to its owner, without metadata and actors. */
export const ownersRecordSchema = recordSchema
  .pick({
    id: true,
    label: true,
    state: true,
    keyPrefix: true,
    scopes: true,
    plan: true,
    allowedIps: true,
    createdAt: true,
    lastUsedAt: true,
    expiresAt: true,
    disabledAt: true,
    revokedAt: true,
    revokedReason: true,
    rotatedFrom: true,
    rotatedTo: true,
    version: true,
  })
  .meta({ id: 'OwnersKey', description: 'A key as its owner sees it, without its secret.' });

const secret = z.string().optional().meta({
  description: 'The key itself. No other response contains it. It is absent if the request repeats an earlier one.',
});
const cursor = z
  .string()
  .nullable()
  .meta({ description: 'The position of the next page, or null after the last one.' });
const corrupt = z.array(z.string()).meta({ description: 'One line for each unreadable record of the page.' });

/** The responses that contain keys. Owners don't see every field of a key. */
export const KEY_RESPONSES = {
  operator: {
    one: z.object({ record: recordSchema }).meta({ id: 'OneKey' }),
    issued: z.object({ key: secret, record: recordSchema }).meta({ id: 'IssuedKey' }),
    rotated: z.object({ key: secret, record: recordSchema, previous: recordSchema }).meta({ id: 'RotatedKey' }),
    page: z.object({ records: z.array(recordSchema), corrupt, cursor }).meta({ id: 'KeyPage' }),
  },
  owner: {
    one: z.object({ record: ownersRecordSchema }).meta({ id: 'OwnersOneKey' }),
    issued: z.object({ key: secret, record: ownersRecordSchema }).meta({ id: 'OwnersIssuedKey' }),
    rotated: z
      .object({ key: secret, record: ownersRecordSchema, previous: ownersRecordSchema })
      .meta({ id: 'OwnersRotatedKey' }),
    page: z.object({ records: z.array(ownersRecordSchema), cursor }).meta({ id: 'OwnersKeyPage' }),
  },
} as const;

export const verifiedSchema = z
  .union([
    z.object({ valid: z.literal(true), record: recordSchema }),
    z.object({
      valid: z.literal(false),
      code: z.string().meta({ description: "The authorizer's code.", examples: ['KEY_REVOKED'] }),
      message: z.string().meta({ description: "The authorizer's message." }),
    }),
  ])
  .meta({ id: 'VerifiedKey', description: 'The decision on a key.' });

const count = z.int();
const counts = {
  allowed: count.meta({ description: 'Requests that passed.' }),
  limited: count.meta({ description: 'Requests above a limit.' }),
  refused: count.meta({ description: 'Requests that were refused for another reason.' }),
  total: count.meta({ description: 'The sum of the other three counts.' }),
};
const latency = z
  .object({ p50: z.number(), p90: z.number(), p99: z.number() })
  .optional()
  .meta({ description: 'Latencies in milliseconds. Only access logs have them.' });
const usage = {
  ...counts,
  statuses: z.record(z.string(), z.int()).meta({ description: 'The counts by status code.' }),
  latency,
  sources: z.array(z.string()).meta({ description: 'The logs that the counts come from.' }),
};

export const usageSchema = z
  .object({
    since: timestamp,
    until: timestamp,
    by: z.enum(['hour', 'day', 'month']),
    rows: z.array(z.object({ start: timestamp, ...usage })).meta({ description: 'One row a period, oldest first.' }),
    total: z.object(usage),
    corrupt: z.array(z.string()).meta({ description: 'One line for each unreadable count.' }),
  })
  .meta({ id: 'KeyUsage', description: 'The requests of a key.' });

const ownerFields = {
  owner: z.string().meta({ description: 'The owner of the keys: a user, or an organisation.' }),
  scopes: z.array(z.string()).nullable().meta({ description: 'The scopes that the owner may give, or null.' }),
  plans: z.array(z.string()).nullable().meta({ description: 'The plans that the owner may choose, or null.' }),
  maxLifetimeSeconds: z.int().nullable().meta({ description: 'Maximum lifetime of a key in seconds, or null.' }),
  maxKeys: z.int().meta({ description: 'Maximum number of active and disabled keys.' }),
  revocationDelaySeconds: z.int().nullable().meta({
    description: 'The time after which a revoked key is refused everywhere, in seconds, or null if it is unknown.',
  }),
  hasUsage: z.boolean().meta({ description: 'Whether the deployment stores usage.' }),
};

export const ownerSchema = z
  .object(ownerFields)
  .meta({ id: 'Owner', description: 'The owner, and what the owner may do.' });

export const portalOwnerSchema = z
  .object({
    ...ownerFields,
    name: z.string().meta({ description: "The portal's name." }),
    returnUrl: z.string().nullable().meta({ description: 'The URL that leads back to the application.' }),
  })
  .meta({ id: 'PortalOwner', description: 'The owner of a portal session, and what the owner may do.' });

export const portalCodeSchema = z
  .object({
    code: z.string().meta({ description: 'The code, which works once, for 15 minutes.' }),
    url: z.string().meta({ description: 'The URL to redirect the customer to. Its fragment contains the code.' }),
    expiresAt: timestamp.meta({ description: 'The expiry of the code.' }),
  })
  .meta({ id: 'PortalCode' });

export const problemSchema = z
  .object({
    type: z.literal('about:blank').meta({ description: 'The status has the meaning (RFC 9457 §4.2.1).' }),
    title: z.string().meta({ description: 'The status in words.', examples: ['Not Found'] }),
    status: z.int().meta({ description: 'The status code.', examples: [404] }),
    detail: z.string().meta({ description: 'What is wrong, for people. It never contains a key.' }),
    code: z.string().meta({ description: 'The code, for programs.', examples: ['NOT_FOUND'] }),
    keyId: z.string().optional().meta({ description: 'The id of the key that the problem concerns.' }),
  })
  .meta({ id: 'Problem', description: 'Problem details (RFC 9457).' });
