import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from '@jest/globals';
import { KEY_EVENT_TYPES, type KeyEvent, type KeyEventType } from '../../../keys/keyEvent.ts';
import { type EventEntry, EventPublisher } from '../../../lambda/keyEvents/publisher.ts';
import { dailyEvents } from '../../../lambda/keyEvents/keysRun.ts';
import { spentQuota } from '../../../lambda/keyEvents/quotaRun.ts';
import { toKeyEvent } from '../../../lambda/keyEvents/toKeyEvent.ts';
import { createTestKeyEvent, keyEventSchemas } from '../../../testing/index.ts';
import { at, CHANGED, fullItem, makeKey, NOW_MS } from '../../support/keys.ts';
import { keyStreamRecord, TABLE_ARN } from '../../support/keyStream.ts';

const ajv = new Ajv2020({ allErrors: true, strict: true, strictRequired: false });

/** Returns the problems of an event. Unlike a receiver, it rejects fields that the schema doesn't declare. */
function problemsOf(type: KeyEventType, event: unknown) {
  const schema = JSON.parse(JSON.stringify(keyEventSchemas[type]), (name, value) =>
    name === 'detail' || name === 'changes' ? closed(value) : value,
  );
  const validate = ajv.compile(schema);
  return validate(event)
    ? []
    : (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}

const closed = (schema: object) => ('properties' in schema ? { ...schema, additionalProperties: false } : schema);

/** Returns the event as the function sends it to EventBridge. */
async function sent(event: KeyEvent | undefined) {
  const entries: EventEntry[] = [];
  const send = async (all: readonly EventEntry[]) => {
    entries.push(...all);
    return all.map(() => ({}));
  };
  await new EventPublisher({ send, busName: 'bus', tableArn: TABLE_ARN, wait: async () => {} }).publish(
    event === undefined ? [] : [event],
  );
  return entries.map(({ Source, DetailType, Detail, Resources }) => ({
    source: Source,
    'detail-type': DetailType as KeyEventType,
    resources: Resources,
    detail: JSON.parse(Detail),
  }));
}

const { record } = makeKey({ owner: 'acme', plan: 'free', scopes: ['a'] });
const change = (fields: object, before: object = {}) =>
  toKeyEvent(keyStreamRecord({ ...record, ...before }, { ...record, ...before, ...CHANGED, version: 1, ...fields }));
const quota = { subject: 'quota/day/2030-06-15/key/a', granted: 8, limit: 10, plan: 'free' };
const spent = spentQuota(quota, { timeMs: NOW_MS, tableName: 'limits' });
const ending = makeKey({ expiresAt: at(60_000), lastUsedAt: at(-90 * 86_400_000) }).record;

const REAL: readonly (readonly [KeyEventType, KeyEvent | undefined])[] = [
  ['KeyCreated', toKeyEvent(keyStreamRecord(undefined, { ...fullItem(), allowedIps: ['192.0.2.0/24'] }))],
  ['KeyCreated', toKeyEvent(keyStreamRecord(undefined, { ...fullItem(), importedBy: 'ops' }))],
  ['KeyCreated', toKeyEvent(keyStreamRecord(undefined, { ...record, scopes: ['x'.repeat(300_000)] }))],
  ['KeyUpdated', change({ label: 'other', owner: null, scopes: [], metadata: { a: 1 }, allowedIps: ['::1/128'] })],
  ['KeyUpdated', change({ scopes: ['x'.repeat(300_000)] })],
  ['KeyRotated', change({ rotatedTo: 'b', expiresAt: at(0) })],
  ['KeyDisabled', change({ disabledAt: at(0) })],
  ['KeyEnabled', change({ disabledAt: null }, { disabledAt: at(-1) })],
  ['KeyRevoked', change({ revokedAt: at(0), revokedReason: 'left' })],
  ['KeyPurged', toKeyEvent(keyStreamRecord(fullItem(), undefined, { isByTtl: true }))],
  ['KeyExpiring', dailyEvents(ending, { timeMs: NOW_MS })[0]],
  ['KeyUnused', dailyEvents(ending, { timeMs: NOW_MS, unusedDays: 90 })[1]],
  ['QuotaNearlySpent', spent && { type: 'QuotaNearlySpent', detail: spent.detail }],
];

describe('keyEventSchemas', () => {
  test.each(REAL)('accepts a real %s without a field that it does not declare', async (type, event) => {
    const [delivered] = await sent(event);
    expect(delivered?.['detail-type']).toBe(type);
    expect(problemsOf(type, delivered)).toEqual([]);
  });

  test('has a real event of each type in this test', () => {
    expect(new Set(REAL.map(([type]) => type))).toEqual(new Set(KEY_EVENT_TYPES));
  });

  test.each(KEY_EVENT_TYPES)('rejects a %s without an id, a time or the right source', (type) => {
    const event = createTestKeyEvent(type);
    const { eventId: _eventId, time: _time, ...detail } = event.detail;
    expect(problemsOf(type, { ...event, source: 'others', detail })).toHaveLength(3);
  });

  test('are the schemas in the docs (after a change: npm run docs:events)', () => {
    const file = new URL('../../../docs/key-events.schema.json', import.meta.url);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(keyEventSchemas);
  });
});

describe('createTestKeyEvent', () => {
  test.each(KEY_EVENT_TYPES)('returns a valid %s', (type) => {
    expect(problemsOf(type, createTestKeyEvent(type))).toEqual([]);
  });

  test('replaces the given fields of the detail', () => {
    const event = createTestKeyEvent('KeyExpiring', { owner: 'globex', withinDays: 1, time: at(1234) });
    expect(event).toMatchObject({
      'detail-type': 'KeyExpiring',
      source: 'latchkey',
      time: '2030-06-15T12:00:01Z',
      detail: { owner: 'globex', withinDays: 1, label: 'test' },
    });
  });
});
