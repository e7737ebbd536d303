import { KEY_EVENT_SOURCE, KEY_EVENT_TYPES, type KeyEventType, TRACKED_FIELDS } from '../keys/keyEvent.ts';
import type { JsonObject } from '../keys/json.ts';

const TEXT = { type: 'string' };
const TEXTS = { type: 'array', items: TEXT };
const WHOLE = { type: 'integer', minimum: 0 };
const TIME = { type: 'string', pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z$' };
const TRUE = { const: true };
const VALUE = { anyOf: [{ type: 'null' }, TEXT, TEXTS] };
const CHANGE = { type: 'object', properties: { from: VALUE, to: VALUE }, required: ['from', 'to'] };

/** The fields of a detail: the required ones, and those that may be absent. */
interface Fields {
  readonly required: JsonObject;
  readonly optional?: JsonObject;
}

const BASIS: JsonObject = { eventId: { type: 'string', minLength: 1 }, time: TIME };
const KEY: Required<Fields> = {
  required: { ...BASIS, id: TEXT, label: TEXT, version: WHOLE },
  optional: { owner: TEXT, plan: TEXT, keyPrefix: TEXT },
};
const CHANGED: Required<Fields> = {
  required: {
    changes: { type: 'object', properties: Object.fromEntries(TRACKED_FIELDS.map((field) => [field, CHANGE])) },
  },
  optional: { actor: TEXT, changedMetadata: TEXTS, truncated: TRUE },
};

/** The fields of each detail besides `KEY`. */
const OF_KEYS: Readonly<Record<Exclude<KeyEventType, 'QuotaNearlySpent'>, Fields>> = {
  KeyCreated: {
    required: { actor: TEXT },
    optional: {
      scopes: TEXTS,
      allowedIps: TEXTS,
      expiresAt: TIME,
      rotatedFrom: TEXT,
      imported: TRUE,
      disabledAt: TIME,
      revokedAt: TIME,
      truncated: TRUE,
    },
  },
  KeyUpdated: CHANGED,
  KeyRotated: {
    required: { ...CHANGED.required, rotatedTo: TEXT },
    optional: { ...CHANGED.optional, expiresAt: TIME },
  },
  KeyDisabled: CHANGED,
  KeyEnabled: CHANGED,
  KeyRevoked: { required: CHANGED.required, optional: { ...CHANGED.optional, reason: TEXT } },
  KeyPurged: { required: { reason: { enum: ['expired', 'deleted'] } }, optional: { rotatedFrom: TEXT } },
  KeyExpiring: {
    required: { expiresAt: TIME, withinDays: { enum: [30, 14, 7, 1] } },
    optional: { rotatedTo: TEXT },
  },
  KeyUnused: { required: { unusedDays: WHOLE }, optional: { lastUsedAt: TIME } },
};

const QUOTA: Fields = {
  required: {
    ...BASIS,
    plan: TEXT,
    per: { enum: ['key', 'owner', 'plan'] },
    percent: { enum: [80, 100] },
    used: { type: 'number', minimum: 0 },
    limit: { type: 'number', minimum: 0 },
    period: { enum: ['day', 'week', 'month'] },
    window: TEXT,
    resetsAt: TIME,
  },
  optional: { id: TEXT, label: TEXT, owner: TEXT },
};

/**
 * The JSON Schema (2020-12) of each event in EventBridge, by its detail type. A later release of Latchkey may add
 * fields, so the schemas allow unknown ones. docs/key-events.schema.json has the same schemas.
 */
export const keyEventSchemas: Readonly<Record<KeyEventType, JsonObject>> = schemas();

function schemas(): Readonly<Record<KeyEventType, JsonObject>> {
  const entries = KEY_EVENT_TYPES.map((type): [KeyEventType, JsonObject] => [type, schemaOf(type)]);
  return Object.fromEntries(entries) as Record<KeyEventType, JsonObject>;
}

function schemaOf(type: KeyEventType): JsonObject {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: type,
    type: 'object',
    properties: {
      source: { const: KEY_EVENT_SOURCE },
      'detail-type': { const: type },
      resources: { type: 'array', items: TEXT, minItems: 1 },
      detail: detailOf(type),
    },
    required: ['source', 'detail-type', 'resources', 'detail'],
  };
}

function detailOf(type: KeyEventType): JsonObject {
  if (type === 'QuotaNearlySpent') return object(QUOTA);
  const { required, optional } = OF_KEYS[type];
  return object({ required: { ...KEY.required, ...required }, optional: { ...KEY.optional, ...optional } });
}

function object({ required, optional }: Fields): JsonObject {
  return { type: 'object', properties: { ...required, ...optional }, required: Object.keys(required) };
}
