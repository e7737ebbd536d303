import { expect, test } from '@jest/globals';
import { describeSession } from '../../../console/server/describeSession.ts';
import type { TableLocation } from '../../../operator/findTable.ts';

const ARN = 'arn:aws:dynamodb:eu-west-1:111122223333:table/Shop-Keys1A2B3C4D-1A2B3C4D5E6F';
const CALLER = 'arn:aws:sts::444455556666:assumed-role/admin/alice';

function describeTable(location: Partial<TableLocation>, actor = 'alice') {
  const all = { kind: 'aws', tableName: 'keys', endpoint: undefined, ...location } as TableLocation;
  return describeSession({ location: all, actor, isReadOnly: false, command: 'latchkey console' }).table;
}

test.each<[string, Partial<TableLocation>, string]>([
  ['the stack of --stack', { tableName: 'Shop-Keys1A2B3C4D-1A2B3C4D5E6F', stackName: 'Shop' }, 'Shop'],
  ["the stack in CloudFormation's name", { tableName: 'Shop-prod-Keys1A2B3C4D-1A2B3C4D5E6F' }, 'Shop-prod'],
  ["the stack in a table's ARN", { tableName: ARN }, 'Shop'],
  ['a name that a person chose', { tableName: 'api-keys' }, 'api-keys'],
])('the session uses %s as the title of the table', (_, location, title) => {
  expect(describeTable(location).title).toBe(title);
});

test.each<[string, Partial<TableLocation>, string, string | null]>([
  ["the table's ARN", { tableName: ARN, accountId: '777788889999' }, CALLER, '111122223333'],
  ['the stack', { accountId: '777788889999' }, CALLER, '777788889999'],
  ["the caller's ARN", {}, CALLER, '444455556666'],
  ['nothing, if the actor is a name', {}, 'alice', null],
  ['nothing, if the table is local', { kind: 'local', endpoint: 'http://x', region: 'us-east-1' }, CALLER, null],
])('the session takes the account from %s', (_, location, actor, account) => {
  expect(describeTable(location, actor).account).toBe(account);
});

test("the session takes the region from the table's ARN if no region is set", () => {
  expect(describeTable({ tableName: ARN }).region).toBe('eu-west-1');
  expect(describeTable({ tableName: ARN, region: 'eu-north-1' }).region).toBe('eu-north-1');
});

test.each<[string | undefined, string | undefined, readonly string[]]>([
  ['sk_live_,sk_test_,acme-*', undefined, ['sk_live_', 'sk_test_']],
  ['sk_live_,sk_test_', 'sk_test_', []],
  [undefined, undefined, []],
])(
  'the session offers the prefixes of the keys %s for new keys unless --prefix is %s',
  (acceptedKeys, prefix, offered) => {
    const location = { kind: 'aws', tableName: 'keys', endpoint: undefined, acceptedKeys } as TableLocation;
    const session = describeSession({
      location,
      actor: 'alice',
      isReadOnly: false,
      prefix,
      command: 'latchkey console',
    });
    expect(session.keyPrefixes).toEqual(offered);
  },
);
