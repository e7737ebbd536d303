import { expect, test } from '@jest/globals';
import { createTableInput, LAST_USED_ATTRIBUTES } from '../../../keys/table.ts';

test('a table is keyed by the hash, and keys are found in it by id, and by owner in the order of their issue', () => {
  expect(createTableInput('keys')).toStrictEqual({
    TableName: 'keys',
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [
      { AttributeName: 'keyHash', AttributeType: 'S' },
      { AttributeName: 'id', AttributeType: 'S' },
      { AttributeName: 'owner', AttributeType: 'S' },
      { AttributeName: 'createdAt', AttributeType: 'S' },
    ],
    KeySchema: [{ AttributeName: 'keyHash', KeyType: 'HASH' }],
    GlobalSecondaryIndexes: [
      {
        IndexName: 'byId',
        KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
        Projection: { ProjectionType: 'KEYS_ONLY' },
      },
      {
        IndexName: 'byOwner',
        KeySchema: [
          { AttributeName: 'owner', KeyType: 'HASH' },
          { AttributeName: 'createdAt', KeyType: 'RANGE' },
        ],
        Projection: { ProjectionType: 'KEYS_ONLY' },
      },
    ],
  });
});

test('a use may be written to no attribute but the last use', () => {
  expect(LAST_USED_ATTRIBUTES).toEqual(['keyHash', 'lastUsedAt']);
});
