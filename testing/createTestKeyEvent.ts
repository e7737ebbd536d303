import { randomUUID } from 'node:crypto';
import { KEY_EVENT_SOURCE, type KeyEventDetails, type KeyEventType } from '../keys/keyEvent.ts';
import { toTimestamp } from '../keys/timestamp.ts';

/** An event as EventBridge delivers it to a target, such as a Lambda function. */
export interface KeyEventBridgeEvent<Type extends KeyEventType = KeyEventType> {
  /** The version of EventBridge's format. */
  readonly version: '0';
  /** EventBridge's own id. A repeat has another one, so compare `detail.eventId`. */
  readonly id: string;
  /** The detail type. */
  readonly 'detail-type': Type;
  readonly source: typeof KEY_EVENT_SOURCE;
  readonly account: string;
  /** The time of the event, in whole seconds. */
  readonly time: string;
  readonly region: string;
  /** The ARN of the table of keys. */
  readonly resources: readonly string[];
  /** What happened, to which key. */
  readonly detail: KeyEventDetails[Type];
}

const TIME = toTimestamp(Date.UTC(2030, 0, 31, 12));
const LATER = toTimestamp(Date.UTC(2030, 1, 7, 12));
const BASIS = { eventId: 'c9fbe7d0261a5163fcb6940593e41797', time: TIME };
const KEY = { ...BASIS, id: '0f8c1a52-5b8e-4c56-9d2f-7a1f6f0a3b11', label: 'test', owner: 'acme', version: 0 };
const CHANGED = { ...KEY, version: 1, actor: 'tests' };
const set = (to: string) => ({ from: null, to });

const DETAILS: KeyEventDetails = {
  KeyCreated: { ...KEY, actor: 'tests' },
  KeyUpdated: { ...CHANGED, changes: { label: { from: 'before', to: 'test' } } },
  KeyRotated: {
    ...CHANGED,
    rotatedTo: '7d3e9b40-1c2f-4f6a-8a57-2f0c9c1d5e22',
    expiresAt: LATER,
    changes: { rotatedTo: set('7d3e9b40-1c2f-4f6a-8a57-2f0c9c1d5e22'), expiresAt: set(LATER) },
  },
  KeyDisabled: { ...CHANGED, changes: { disabledAt: set(TIME) } },
  KeyEnabled: { ...CHANGED, changes: { disabledAt: { from: TIME, to: null } } },
  KeyRevoked: { ...CHANGED, reason: 'left', changes: { revokedAt: set(TIME), revokedReason: set('left') } },
  KeyPurged: { ...KEY, version: 1, reason: 'expired' },
  KeyExpiring: { ...KEY, expiresAt: LATER, withinDays: 7 },
  KeyUnused: { ...KEY, unusedDays: 90 },
  QuotaNearlySpent: {
    ...BASIS,
    id: KEY.id,
    label: KEY.label,
    owner: KEY.owner,
    plan: 'free',
    per: 'key',
    percent: 80,
    used: 800,
    limit: 1000,
    period: 'month',
    window: '2030-01',
    resetsAt: toTimestamp(Date.UTC(2030, 1)),
  },
};

/**
 * Creates an event for the test of a target, in the format of EventBridge. Pass fields to replace those of the detail,
 * such as `createTestKeyEvent('KeyExpiring', { owner: 'acme', withinDays: 1 })`.
 */
export function createTestKeyEvent<Type extends KeyEventType>(
  detailType: Type,
  fields: Partial<KeyEventDetails[Type]> = {},
): KeyEventBridgeEvent<Type> {
  const detail = { ...DETAILS[detailType], ...fields };
  return {
    version: '0',
    id: randomUUID(),
    'detail-type': detailType,
    source: KEY_EVENT_SOURCE,
    account: '123456789012',
    time: `${detail.time.slice(0, 19)}Z`,
    region: 'us-east-1',
    resources: ['arn:aws:dynamodb:us-east-1:123456789012:table/keys'],
    detail,
  };
}
