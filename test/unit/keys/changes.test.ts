import { describe, expect, test } from '@jest/globals';
import {
  authorOf,
  type Change,
  checkChanges,
  type KeyChanges,
  revokeChange,
  updateChange,
  updateExpressions,
  versionRefusal,
} from '../../../keys/changes.ts';
import type { KeyRecord } from '../../../keys/record.ts';
import type { KeyRegistry } from '../../../keys/registry.ts';
import type { TestKeyFields } from '../../../testing/createTestKey.ts';
import { answeredRegistry } from '../../support/answeredRegistry.ts';
import { failure, recordAnswer, REFUSED, THROTTLED } from '../../support/answeringClient.ts';
import { deepValue } from '../../support/deepJson.ts';
import { failureOf } from '../../support/failureOf.ts';
import { at, makeKey, NOW_MS } from '../../support/keys.ts';

const ALL_FIELDS = 'label, owner, scopes, plan, allowedIps, expiresAt, metadata';

describe('checkChanges', () => {
  test.each([
    ['null', null],
    ['a string', ''],
    ['an empty object', {}],
    ['an undefined field', { label: undefined }],
  ])('rejects %s with an error that names the fields', (_, changes) => {
    expect(() => checkChanges(changes, NOW_MS)).toThrow(
      expect.objectContaining({
        code: 'INPUT_INVALID',
        message: expect.stringMatching(new RegExp(`^changes: expected .*${ALL_FIELDS}, got none`)),
      }),
    );
  });

  test.each(['label', 'metadata'])('rejects a %s that is 25,000 lists deep', (name) => {
    expect(() => checkChanges({ [name]: deepValue(25_000) }, NOW_MS)).toThrow(
      expect.objectContaining({ code: 'INPUT_INVALID' }),
    );
  });

  test('copies every list and object of the input', () => {
    const scopes = ['a'];
    const metadata = { list: ['a'] };
    const checked = checkChanges({ scopes, metadata, owner: null }, NOW_MS);
    scopes.push('bad,scope');
    metadata.list.push('b');
    expect(checked).toStrictEqual({ scopes: ['a'], metadata: { list: ['a'] }, owner: null });
  });

  test('throws one error that names each invalid field', () => {
    expect(() => checkChanges({ label: '', owner: 'acme', colour: 'red' }, NOW_MS)).toThrow(
      expect.objectContaining({
        code: 'INPUT_INVALID',
        message: expect.stringMatching(new RegExp(`^label: expected [^;]+, got ""; .*${ALL_FIELDS}.*"colour"$`)),
      }),
    );
  });
});

const KEY = makeKey({ owner: 'acme', plan: 'free' }).record;

const IS_NOT_REVOKED = '(attribute_not_exists(#revokedAt) OR attribute_type(#revokedAt, :null))';
const HAS_NO_END = '(attribute_not_exists(#expiresAt) OR attribute_type(#expiresAt, :null))';
const IS_NOT_ROTATED = '(attribute_not_exists(#rotatedTo) OR attribute_type(#rotatedTo, :null))';

describe('updateChange', () => {
  test.each<[string, KeyChanges, Parameters<typeof updateChange>[1], readonly string[]]>([
    ["allows a new label for any key that isn't revoked", { label: 'b' }, { read: undefined }, []],
    [
      'allows a new expiry only if the expiry and the rotation are unchanged since the read',
      { label: 'b', expiresAt: at(1) },
      { read: KEY },
      [HAS_NO_END, IS_NOT_ROTATED],
    ],
    [
      'compares the times and ids that were read',
      { expiresAt: at(1) },
      { read: { ...KEY, expiresAt: at(2), rotatedTo: 'successor' } },
      ['#expiresAt = :expiresAtRead', '#rotatedTo = :rotatedToRead'],
    ],
  ])('%s', (_, changes, context, compared) => {
    const change = updateChange(changes, context);
    expect(change.conditions).toEqual([IS_NOT_REVOKED, ...compared]);
    const { expiresAt: expiresAtRead, rotatedTo: rotatedToRead } = context.read ?? {};
    expect(change.values).toEqual(JSON.parse(JSON.stringify({ expiresAtRead, rotatedToRead })));
  });

  test("rejects the removal of a rotated key's expiry with an error that names the successor", () => {
    const read = { ...KEY, expiresAt: at(1), rotatedTo: 'successor' };
    expect(() => updateChange({ expiresAt: null }, { read })).toThrow(
      expect.objectContaining({
        code: 'CONFLICT',
        keyId: KEY.id,
        message: expect.stringContaining('successor'),
      }),
    );
  });

  test.each<[string, KeyChanges]>([
    ['a new expiry', { expiresAt: at(1) }],
    ['the removal of the expiry, even if the key was rotated', { expiresAt: null }],
  ])('rejects a change of a revoked key: %s', (_, changes) => {
    const read = { ...KEY, revokedAt: at(-1), rotatedTo: 'successor' };
    expect(() => updateChange(changes, { read })).toThrow(
      expect.objectContaining({ code: 'ALREADY_REVOKED', keyId: KEY.id }),
    );
  });
});

describe('versionRefusal', () => {
  const versioned = (version: number | undefined) => ({ ...KEY, ...(version === undefined ? {} : { version }) });

  test.each<[number | undefined, number | undefined]>([
    [undefined, undefined],
    [3, undefined],
    [undefined, 0],
    [0, 0],
    [3, 3],
  ])('allows a record of version %p if version %p is expected', (version, expected) => {
    expect(versionRefusal(versioned(version), expected)).toBeUndefined();
  });

  test.each<[number | undefined, number]>([
    [undefined, 1],
    [1, 0],
    [4, 3],
  ])('rejects a record of version %p if version %p is expected', (version, expected) => {
    expect(versionRefusal(versioned(version), expected)).toMatchObject({
      code: 'CONFLICT',
      keyId: KEY.id,
      message: expect.stringMatching(new RegExp(`other fields.*version ${expected}, got ${version ?? 0}\\b`)),
    });
  });
});

const { record } = makeKey();
const FOUND = recordAnswer(record);

describe('the update expressions', () => {
  const BARE: Change = { operation: 'x', done: 'x', conditions: [], isApplied: () => false, refusal: () => undefined };
  const EXISTS = 'attribute_exists(#keyHash) AND #id = :id';
  const CAN_COUNT = '(attribute_not_exists(#version) OR attribute_type(#version, :number))';
  const AUTHOR = '#changedAt = :changedAt, #changedBy = :changedBy';
  const AUTHOR_VALUES = { ':changedAt': at(0), ':changedBy': 'ops' };
  const NAMES = {
    '#keyHash': 'keyHash',
    '#id': 'id',
    '#version': 'version',
    '#changedAt': 'changedAt',
    '#changedBy': 'changedBy',
  };
  const COUNTED = { ...AUTHOR_VALUES, ':id': 'the id', ':one': 1, ':number': 'N' };

  test.each<[string, Partial<Change>, object]>([
    [
      'set attributes',
      { set: { label: 'a', owner: 'b' } },
      {
        UpdateExpression: `SET #label = :label, #owner = :owner, ${AUTHOR} ADD #version :one`,
        ConditionExpression: `${EXISTS} AND ${CAN_COUNT}`,
        ExpressionAttributeNames: { ...NAMES, '#label': 'label', '#owner': 'owner' },
        ExpressionAttributeValues: { ...COUNTED, ':label': 'a', ':owner': 'b' },
      },
    ],
    [
      'remove attributes',
      { remove: ['plan', 'owner'] },
      {
        UpdateExpression: `SET ${AUTHOR} REMOVE #plan, #owner ADD #version :one`,
        ConditionExpression: `${EXISTS} AND ${CAN_COUNT}`,
        ExpressionAttributeNames: { ...NAMES, '#plan': 'plan', '#owner': 'owner' },
        ExpressionAttributeValues: COUNTED,
      },
    ],
    [
      'set and remove attributes under conditions',
      {
        set: { label: 'a' },
        remove: ['plan'],
        conditions: ['#owner = :ownerRead', 'attribute_type(#plan, :null)'],
        values: { ownerRead: 'acme', unused: 'unused' },
      },
      {
        UpdateExpression: `SET #label = :label, ${AUTHOR} REMOVE #plan ADD #version :one`,
        ConditionExpression: `${EXISTS} AND #owner = :ownerRead AND attribute_type(#plan, :null) AND ${CAN_COUNT}`,
        ExpressionAttributeNames: { ...NAMES, '#label': 'label', '#plan': 'plan', '#owner': 'owner' },
        ExpressionAttributeValues: { ...COUNTED, ':label': 'a', ':ownerRead': 'acme', ':null': 'NULL' },
      },
    ],
    [
      'compare the version',
      { remove: ['plan'], expectedVersion: 3 },
      {
        UpdateExpression: `SET ${AUTHOR}, #version = :nextVersion REMOVE #plan`,
        ConditionExpression: `${EXISTS} AND #version = :expectedVersion`,
        ExpressionAttributeNames: { ...NAMES, '#plan': 'plan' },
        ExpressionAttributeValues: { ...AUTHOR_VALUES, ':id': 'the id', ':expectedVersion': 3, ':nextVersion': 4 },
      },
    ],
    [
      'read an absent version as 0',
      { remove: ['plan'], expectedVersion: 0 },
      {
        UpdateExpression: `SET ${AUTHOR}, #version = :nextVersion REMOVE #plan`,
        ConditionExpression: `${EXISTS} AND ((attribute_not_exists(#version) OR attribute_type(#version, :null)) OR #version = :expectedVersion)`,
        ExpressionAttributeNames: { ...NAMES, '#plan': 'plan' },
        ExpressionAttributeValues: {
          ...AUTHOR_VALUES,
          ':id': 'the id',
          ':null': 'NULL',
          ':expectedVersion': 0,
          ':nextVersion': 1,
        },
      },
    ],
    [
      'replace a version that is not a number',
      { remove: ['plan'], replacesVersion: true },
      {
        UpdateExpression: `SET ${AUTHOR}, #version = :one REMOVE #plan`,
        ConditionExpression: `${EXISTS} AND NOT attribute_type(#version, :number)`,
        ExpressionAttributeNames: { ...NAMES, '#plan': 'plan' },
        ExpressionAttributeValues: COUNTED,
      },
    ],
  ])('%s without unused names or values', (_, change, expected) => {
    expect(updateExpressions('the id', { ...BARE, ...change }, authorOf('ops', NOW_MS))).toStrictEqual(expected);
  });
});

const CHANGES: readonly (readonly [string, (registry: KeyRegistry) => Promise<unknown>, string, string])[] = [
  ['update', (registry) => registry.update(record.id, { label: 'other' }), 'write', 'changed'],
  ['disable', (registry) => registry.disable(record.id), 'write', 'disabled'],
  ['enable', (registry) => registry.enable(record.id), 'write', 'enabled'],
  ['revoke', (registry) => registry.revoke(record.id), 'revocation', 'revoked'],
];

describe('each change of a key', () => {
  test.each(CHANGES)(
    '%s throws STORE_UNAVAILABLE with the name of the operation if DynamoDB fails',
    async (_, change, operation) => {
      const registry = answeredRegistry(FOUND, failure('ResourceNotFoundException'));
      await expect(change(registry)).rejects.toMatchObject({
        code: 'STORE_UNAVAILABLE',
        message: expect.stringMatching(new RegExp(`${operation}.*ResourceNotFoundException`)),
      });
    },
  );

  test.each(CHANGES)(
    '%s throws an error that confirms the change if the record becomes unreadable',
    async (_, change, _operation, done) => {
      const registry = answeredRegistry(FOUND, { body: { Attributes: { id: { S: record.id } } } });
      await expect(change(registry)).rejects.toMatchObject({
        code: 'RECORD_CORRUPT',
        keyId: record.id,
        message: expect.stringMatching(new RegExp(`\\b${done}\\b`)),
      });
    },
  );

  test.each(CHANGES.filter(([name]) => name !== 'enable'))(
    "%s throws CONFLICT with a cause if the record doesn't contain the reason for the rejection",
    async (_, change) => {
      await expect(change(answeredRegistry(FOUND, REFUSED, FOUND))).rejects.toMatchObject({
        code: 'CONFLICT',
        keyId: record.id,
        message: expect.stringContaining(record.id),
        cause: { name: 'ConditionalCheckFailedException' },
      });
    },
  );

  test.each(CHANGES)(
    '%s rejects a revoked key with an error that contains the time and the actor of the revocation',
    async (_, change) => {
      const revoked = { ...record, revokedAt: at(-1), revokedBy: 'somebody' };
      const error = await failureOf(change(answeredRegistry(FOUND, REFUSED, recordAnswer(revoked))));
      expect(error).toMatchObject({ code: 'ALREADY_REVOKED', keyId: record.id });
      for (const shown of [record.id, '2030-06-15T11:59:59.999Z', 'somebody']) expect(String(error)).toContain(shown);
    },
  );

  test('revoke throws an error without an actor if the key was revoked without an actor', async () => {
    const revoked = recordAnswer({ ...record, revokedAt: at(-1) });
    await expect(answeredRegistry(FOUND, REFUSED, revoked).revoke(record.id)).rejects.toMatchObject({
      code: 'ALREADY_REVOKED',
      message: expect.stringMatching(/2030-06-15T11:59:59\.999Z$/),
    });
  });
});

/** Returns the result of a rejected change, after which the record has these fields. */
async function refused(
  operation: 'disable' | 'enable',
  fields: Partial<KeyRecord>,
  tries: 'at once' | 'sent again' = 'at once',
): Promise<unknown> {
  const earlier = tries === 'at once' ? [] : [THROTTLED];
  const registry = answeredRegistry(FOUND, ...earlier, REFUSED, recordAnswer({ ...record, ...fields }));
  return registry[operation](record.id).catch((error: unknown) => error);
}

describe('disable', () => {
  test('succeeds on a retry if the same actor disabled the key at the same time', async () => {
    const fields = { disabledAt: at(0), disabledBy: 'tests' };
    expect(await refused('disable', fields, 'sent again')).toMatchObject({ disabledAt: at(0) });
  });

  test.each<[string, Partial<KeyRecord>]>([
    ['another actor disabled the key', { disabledAt: at(0), disabledBy: 'others' }],
    ['the same actor disabled the key earlier', { disabledAt: at(-1), disabledBy: 'tests' }],
  ])('throws CONFLICT on a retry if %s', async (_, fields) => {
    expect(await refused('disable', fields, 'sent again')).toMatchObject({ code: 'CONFLICT' });
  });

  test('rejects a disabled key with an error that contains the time and the actor', async () => {
    const error = await refused('disable', { disabledAt: at(-1), disabledBy: 'somebody' });
    expect(error).toMatchObject({ code: 'CONFLICT', keyId: record.id });
    expect(error).not.toHaveProperty('cause');
    for (const shown of [record.id, '2030-06-15T11:59:59.999Z', 'somebody']) expect(String(error)).toContain(shown);
  });

  test('throws an error without an actor if the key was disabled without an actor', async () => {
    expect(String(await refused('disable', { disabledAt: at(-1) }))).toMatch(/2030-06-15T11:59:59\.999Z$/);
  });
});

describe('enable', () => {
  test('succeeds on a retry if the key is neither disabled nor revoked', async () => {
    const { id, keyHash } = record;
    expect(await refused('enable', {}, 'sent again')).toMatchObject({ id, keyHash });
  });

  test.each<[string, Partial<KeyRecord>]>([
    ['CONFLICT on a retry if the key is disabled', { disabledAt: at(-1) }],
    ['ALREADY_REVOKED on a retry if the key is revoked', { revokedAt: at(-1) }],
  ])('throws %s', async (outcome, fields) => {
    expect(await refused('enable', fields, 'sent again')).toMatchObject({ code: outcome.split(' ')[0] });
  });

  test("rejects a key that isn't disabled", async () => {
    const error = await refused('enable', {});
    expect(error).toMatchObject({ code: 'CONFLICT', keyId: record.id });
    expect(error).not.toHaveProperty('cause');
  });

  test('throws CONFLICT with a cause if the key is disabled again in the meantime', async () => {
    expect(await refused('enable', { disabledAt: at(-1) })).toMatchObject({
      code: 'CONFLICT',
      cause: { name: 'ConditionalCheckFailedException' },
    });
  });
});

describe('revokeChange', () => {
  test.each(['', 'x'.repeat(257)])(
    'rejects the reason %p with an error that names the field and its limits',
    (reason) => {
      expect(() => revokeChange({ reason }, 'ops', NOW_MS)).toThrow(
        expect.objectContaining({
          code: 'INPUT_INVALID',
          message: expect.stringMatching(/^reason: expected 1 to 256/),
        }),
      );
    },
  );

  const REVOKED = { revokedAt: at(0), revokedBy: 'ops', revokedReason: 'leaked' };

  test('recognizes its own revocation by the time, the actor and the reason', () => {
    const { record } = makeKey(REVOKED);
    expect(revokeChange({ reason: 'leaked' }, 'ops', NOW_MS).isApplied(record)).toBe(true);
  });

  test.each<[string, TestKeyFields]>([
    ['at another time', { ...REVOKED, revokedAt: at(1) }],
    ['by another actor', { ...REVOKED, revokedBy: 'other' }],
    ['for another reason', { ...REVOKED, revokedReason: 'lost' }],
    ['without a reason', { revokedAt: at(0), revokedBy: 'ops' }],
  ])("doesn't recognize a revocation %s as its own", (_, fields) => {
    const { record } = makeKey(fields);
    expect(revokeChange({ reason: 'leaked' }, 'ops', NOW_MS).isApplied(record)).toBe(false);
  });
});
