import { expect, test } from '@jest/globals';
import { areAsRead } from '../../../keys/changes.ts';
import { changing, updateExpressions } from '../../../keys/changes.ts';
import type { JsonObject } from '../../../keys/json.ts';
import type { KeyRecord } from '../../../keys/record.ts';
import { endOf, ending } from '../../../keys/rotation.ts';
import { at, makeKey, NOW_MS } from '../../support/keys.ts';

const SCOPES = Array.from({ length: 512 }, (_, index) => String.fromCharCode(97 + (index % 26)));
const DEEP: JsonObject = JSON.parse(`${'{"a":'.repeat(28)}1${'}'.repeat(28)}`);
const METADATA: readonly (readonly [string, JsonObject])[] = [
  ['many numbers', { x: Array.from({ length: 500 }, () => 1) }],
  ['many names', Object.fromEntries(Array.from({ length: 140 }, (_, index) => [`${index}`, 1]))],
  ['many levels', { x: DEEP, y: DEEP, z: DEEP }],
  ['many empty lists', { x: Array.from({ length: 300 }, () => []) }],
];

/** DynamoDB's quotas for an expression (Developer Guide, "Expression parameters"). */
function expectToFit(expression: string): void {
  expect(expression.length).toBeLessThanOrEqual(4096);
  expect(expression.match(/ AND | OR |NOT | = | > |\w+\(/g)?.length).toBeLessThanOrEqual(300);
}

test.each(METADATA)('an update of every field of a key with %s fits into an expression', (_, metadata) => {
  const optional: readonly Partial<KeyRecord>[] = [
    {},
    { owner: 'acme', plan: 'free', expiresAt: at(1), rotatedTo: 'x' },
  ];
  for (const fields of optional) {
    const { record } = makeKey({ ...fields, scopes: SCOPES, metadata });
    const changes = { label: 'b', owner: null, plan: null, scopes: null, metadata: null, expiresAt: at(2) };
    const change = changing(changes, { read: record, expected: record });
    expectToFit(updateExpressions(record.id, change).ConditionExpression);
  }
});

test('so does a rotation of a key with many scopes', () => {
  const { record, secret } = makeKey({ scopes: SCOPES });
  const drawn = { record, secret, previous: record, previousEndsAt: endOf(record, { graceSeconds: 1 }, NOW_MS) };
  expectToFit(updateExpressions(record.id, ending(drawn, NOW_MS)).ConditionExpression);
});

test('a list of 50 is compared to its last element', () => {
  const { record } = makeKey({ scopes: SCOPES.slice(0, 50) });
  const { conditions } = areAsRead(['scopes'], record);
  expect(conditions).toHaveLength(51);
  expect(conditions.at(-1)).toContain('#scopes[49]');
});

test('of a longer list the first 50 elements are compared, also where there is room for more', () => {
  const { record } = makeKey({ scopes: SCOPES });
  const { conditions } = areAsRead(['scopes'], record);
  expect(conditions).toHaveLength(51);
  expect(conditions.at(-1)).toContain('#scopes[49]');
});
