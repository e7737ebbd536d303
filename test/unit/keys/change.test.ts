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
  const BARE: Change = { operation: 'x', done: 'x', conditions: [], isIn: () => false, refusal: () => undefined };

  test.each<[string, Partial<Change>, object]>([
    [
      'what is set',
      { set: { label: 'a', owner: 'b' } },
      {
        UpdateExpression: 'SET #label = :label, #owner = :owner',
        ConditionExpression: 'attribute_exists(#keyHash) AND #id = :id',
        ExpressionAttributeNames: { '#label': 'label', '#owner': 'owner', '#keyHash': 'keyHash', '#id': 'id' },
        ExpressionAttributeValues: { ':label': 'a', ':owner': 'b', ':id': 'the id' },
      },
    ],
    [
      'what is removed',
      { remove: ['plan', 'owner'] },
      {
        UpdateExpression: 'REMOVE #plan, #owner',
        ConditionExpression: 'attribute_exists(#keyHash) AND #id = :id',
        ExpressionAttributeNames: { '#plan': 'plan', '#owner': 'owner', '#keyHash': 'keyHash', '#id': 'id' },
        ExpressionAttributeValues: { ':id': 'the id' },
      },
    ],
    [
      'both, and the conditions with their own names and values',
      {
        set: { label: 'a' },
        remove: ['plan'],
        conditions: ['#metadata.#n0 = :v0', 'attribute_type(#plan, :null)'],
        names: { n0: 'seats', n1: 'unused' },
        values: { v0: 3, v1: 'unused' },
      },
      {
        UpdateExpression: 'SET #label = :label REMOVE #plan',
        ConditionExpression:
          'attribute_exists(#keyHash) AND #id = :id AND #metadata.#n0 = :v0 AND attribute_type(#plan, :null)',
        ExpressionAttributeNames: {
          '#label': 'label',
          '#plan': 'plan',
          '#keyHash': 'keyHash',
          '#id': 'id',
          '#metadata': 'metadata',
          '#n0': 'seats',
        },
        ExpressionAttributeValues: { ':label': 'a', ':id': 'the id', ':v0': 3, ':null': 'NULL' },
      },
    ],
  ])('name %s, and nothing that they do not use', (_, change, expected) => {
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
