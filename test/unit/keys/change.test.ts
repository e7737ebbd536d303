import { describe, expect, test } from '@jest/globals';
import { updateExpressions, type Change } from '../../../keys/changes.ts';
import type { KeyRegistry } from '../../../keys/registry.ts';
import { answeredRegistry } from '../../support/answeredRegistry.ts';
import { failure, recordAnswer, REFUSED } from '../../support/answeringClient.ts';
import { failureOf } from '../../support/failureOf.ts';
import { at, makeKey } from '../../support/keys.ts';

const { record } = makeKey();
const FOUND = recordAnswer(record);

describe('the expressions of a change', () => {
  const BARE: Change = { operation: 'x', done: 'x', conditions: [], isApplied: () => false, refusal: () => undefined };
  const EXISTS = 'attribute_exists(#keyHash) AND #id = :id';
  const CAN_COUNT = '(attribute_not_exists(#version) OR attribute_type(#version, :number))';
  const NAMES = { '#keyHash': 'keyHash', '#id': 'id', '#version': 'version' };
  const COUNTED = { ':id': 'the id', ':one': 1, ':number': 'N' };

  test.each<[string, Partial<Change>, object]>([
    [
      'set attributes',
      { set: { label: 'a', owner: 'b' } },
      {
        UpdateExpression: 'SET #label = :label, #owner = :owner ADD #version :one',
        ConditionExpression: `${EXISTS} AND ${CAN_COUNT}`,
        ExpressionAttributeNames: { ...NAMES, '#label': 'label', '#owner': 'owner' },
        ExpressionAttributeValues: { ...COUNTED, ':label': 'a', ':owner': 'b' },
      },
    ],
    [
      'remove attributes',
      { remove: ['plan', 'owner'] },
      {
        UpdateExpression: 'REMOVE #plan, #owner ADD #version :one',
        ConditionExpression: `${EXISTS} AND ${CAN_COUNT}`,
        ExpressionAttributeNames: { ...NAMES, '#plan': 'plan', '#owner': 'owner' },
        ExpressionAttributeValues: COUNTED,
      },
    ],
    [
      'do both under conditions with their own values',
      {
        set: { label: 'a' },
        remove: ['plan'],
        conditions: ['#owner = :ownerRead', 'attribute_type(#plan, :null)'],
        values: { ownerRead: 'acme', unused: 'unused' },
      },
      {
        UpdateExpression: 'SET #label = :label REMOVE #plan ADD #version :one',
        ConditionExpression: `${EXISTS} AND #owner = :ownerRead AND attribute_type(#plan, :null) AND ${CAN_COUNT}`,
        ExpressionAttributeNames: { ...NAMES, '#label': 'label', '#plan': 'plan', '#owner': 'owner' },
        ExpressionAttributeValues: { ...COUNTED, ':label': 'a', ':ownerRead': 'acme', ':null': 'NULL' },
      },
    ],
    [
      'compare the version',
      { remove: ['plan'], expectedVersion: 3 },
      {
        UpdateExpression: 'SET #version = :nextVersion REMOVE #plan',
        ConditionExpression: `${EXISTS} AND #version = :expectedVersion`,
        ExpressionAttributeNames: { ...NAMES, '#plan': 'plan' },
        ExpressionAttributeValues: { ':id': 'the id', ':expectedVersion': 3, ':nextVersion': 4 },
      },
    ],
    [
      'read an absent version as 0',
      { remove: ['plan'], expectedVersion: 0 },
      {
        UpdateExpression: 'SET #version = :nextVersion REMOVE #plan',
        ConditionExpression: `${EXISTS} AND ((attribute_not_exists(#version) OR attribute_type(#version, :null)) OR #version = :expectedVersion)`,
        ExpressionAttributeNames: { ...NAMES, '#plan': 'plan' },
        ExpressionAttributeValues: { ':id': 'the id', ':null': 'NULL', ':expectedVersion': 0, ':nextVersion': 1 },
      },
    ],
    [
      'replace a version that is not a number',
      { remove: ['plan'], replacesVersion: true },
      {
        UpdateExpression: 'SET #version = :one REMOVE #plan',
        ConditionExpression: `${EXISTS} AND NOT attribute_type(#version, :number)`,
        ExpressionAttributeNames: { ...NAMES, '#plan': 'plan' },
        ExpressionAttributeValues: COUNTED,
      },
    ],
  ])('%s, and name nothing that they do not use', (_, change, expected) => {
    expect(updateExpressions('the id', { ...BARE, ...change })).toStrictEqual(expected);
  });
});

const CHANGES: readonly (readonly [string, (registry: KeyRegistry) => Promise<unknown>, string, string])[] = [
  ['update', (registry) => registry.update(record.id, { label: 'other' }), 'write', 'changed'],
  ['disable', (registry) => registry.disable(record.id), 'write', 'disabled'],
  ['enable', (registry) => registry.enable(record.id), 'write', 'enabled'],
  ['revoke', (registry) => registry.revoke(record.id), 'revocation', 'revoked'],
];

describe('a change', () => {
  test.each(CHANGES)('by %s that the store fails is a fault, which names it', async (_, change, operation) => {
    const registry = answeredRegistry(FOUND, failure('ResourceNotFoundException'));
    await expect(change(registry)).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: expect.stringMatching(new RegExp(`${operation}.*ResourceNotFoundException`)),
    });
  });

  test.each(CHANGES)(
    'by %s that leaves a corrupt record says that it was made',
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
    'by %s that is refused without a reason in the record is a conflict, with its cause',
    async (_, change) => {
      await expect(change(answeredRegistry(FOUND, REFUSED, FOUND))).rejects.toMatchObject({
        code: 'CONFLICT',
        keyId: record.id,
        message: expect.stringContaining(record.id),
        cause: { name: 'ConditionalCheckFailedException' },
      });
    },
  );

  test.each(CHANGES)('by %s of a revoked key is refused, and tells when and by whom it was', async (_, change) => {
    const revoked = { ...record, revokedAt: at(-1), revokedBy: 'somebody' };
    const error = await failureOf(change(answeredRegistry(FOUND, REFUSED, recordAnswer(revoked))));
    expect(error).toMatchObject({ code: 'ALREADY_REVOKED', keyId: record.id });
    for (const told of [record.id, '2030-06-15T11:59:59.999Z', 'somebody']) expect(String(error)).toContain(told);
  });

  test('of a key that nobody is said to have revoked tells the time alone', async () => {
    const revoked = recordAnswer({ ...record, revokedAt: at(-1) });
    await expect(answeredRegistry(FOUND, REFUSED, revoked).revoke(record.id)).rejects.toMatchObject({
      code: 'ALREADY_REVOKED',
      message: expect.stringMatching(/2030-06-15T11:59:59\.999Z$/),
    });
  });
});
