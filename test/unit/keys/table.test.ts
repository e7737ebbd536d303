import { expect, test } from '@jest/globals';
import { createTableInput, LAST_USED_ATTRIBUTES } from '../../../keys/table.ts';

test('createTableInput returns a table with an index by id and an index by owner and time', () => {
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

test("LAST_USED_ATTRIBUTES contains only the key's hash and the last-used time", () => {
  expect(LAST_USED_ATTRIBUTES).toEqual(['keyHash', 'lastUsedAt']);
});
