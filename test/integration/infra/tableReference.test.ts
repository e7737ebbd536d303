import { App, Fn, Stack, type Environment } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { Table, TableV2, type ITable } from 'aws-cdk-lib/aws-dynamodb';
import { describe, expect, test } from '@jest/globals';
import { ApiKeyAuthorizer } from '../../../infra/apiKeyAuthorizer.ts';
import { ApiKeyTable, type IApiKeyTable } from '../../../infra/apiKeyTable.ts';
import { KeyReader } from '../../../keys/reader.ts';
import { readConfig } from '../../../lambda/config.ts';
import { makeKey } from '../../support/keys.ts';
import { refusalOf } from './authorizerUnderTest.ts';

const HERE = { account: '111111111111', region: 'eu-west-1' };
const OTHER_ACCOUNT_ARN = 'arn:aws:dynamodb:eu-west-1:222222222222:table/keys';

/** The template of a stack in `env` with an authorizer of the table that `makeTable` makes. */
function templateOf(env: Environment, makeTable: (stack: Stack) => IApiKeyTable): Template {
  const stack = new Stack(new App(), 'Test', { env });
  new ApiKeyAuthorizer(stack, 'Authorizer', { table: makeTable(stack) });
  return Template.fromStack(stack);
}

const imported = (arn: string, from: (stack: Stack, arn: string) => ITable) => (stack: Stack) =>
  ApiKeyTable.fromTable(stack, 'Keys', from(stack, arn));

const IMPORTS: Readonly<Record<string, (stack: Stack, arn: string) => ITable>> = {
  'TableV2.fromTableArn': (stack, arn) => TableV2.fromTableArn(stack, 'Table', arn),
  'Table.fromTableArn': (stack, arn) => Table.fromTableArn(stack, 'Table', arn),
};

function expectTable(template: Template, LATCHKEY_TABLE: unknown): void {
  template.hasResourceProperties('AWS::Lambda::Function', {
    Environment: { Variables: Match.objectLike({ LATCHKEY_TABLE }) },
  });
}

describe.each(Object.entries(IMPORTS))('a table by %s', (_, from) => {
  test('of another account is named by its ARN, and granted by it', () => {
    const template = templateOf(HERE, imported(OTHER_ACCOUNT_ARN, from));
    expectTable(template, OTHER_ACCOUNT_ARN);
    const Statement = Match.arrayWith([
      Match.objectLike({ Action: 'dynamodb:GetItem', Resource: OTHER_ACCOUNT_ARN }),
      Match.objectLike({ Action: 'dynamodb:UpdateItem', Resource: OTHER_ACCOUNT_ARN }),
    ]);
    template.hasResourceProperties('AWS::IAM::Policy', { PolicyDocument: { Statement } });
  });

  test('of this account is named by its name', () => {
    expectTable(templateOf(HERE, imported('arn:aws:dynamodb:eu-west-1:111111111111:table/keys', from)), 'keys');
  });

  test('is named by its ARN if only the deployment knows the account of the stack', () => {
    expectTable(templateOf({}, imported(OTHER_ACCOUNT_ARN, from)), OTHER_ACCOUNT_ARN);
  });

  test('of another Region is rejected, with both Regions and the way out', () => {
    const action = () => templateOf(HERE, imported('arn:aws:dynamodb:us-east-1:111111111111:table/keys', from));
    expect(refusalOf(action)).toEqual({
      path: 'Test/Authorizer',
      problem: expect.stringMatching(
        /^table: got Test\/Table of the Region us-east-1, wanted one of eu-west-1, .+replicaRegions.+fromTableName/,
      ),
    });
  });

  test('of another Region is rejected even if only the deployment knows its account, partition and name', () => {
    const homeArn = (stack: Stack) =>
      stack.formatArn({ service: 'dynamodb', region: 'us-east-1', resource: 'table/keys' });
    const agnostic = (stack: Stack) => homeArn(new Stack(stack.node.scope, 'Agnostic'));
    const withName = ({ account }: Stack) => `arn:aws:dynamodb:us-east-1:${account}:table/${Fn.importValue('Name')}`;
    for (const arnOf of [homeArn, agnostic, withName]) {
      const makeTable = (stack: Stack) => ApiKeyTable.fromTable(stack, 'Keys', from(stack, arnOf(stack)));
      expect(refusalOf(() => templateOf(HERE, makeTable)).problem).toMatch(
        /^table: got Test\/Table of the Region us-east-1, wanted one of eu-west-1/,
      );
    }
  });

  test('is named by its ARN if only the deployment knows the account of the table', () => {
    const arn = `arn:aws:dynamodb:eu-west-1:${Fn.importValue('Account')}:table/keys`;
    expectTable(templateOf(HERE, imported(arn, from)), {
      'Fn::Join': ['', ['arn:aws:dynamodb:eu-west-1:', { 'Fn::ImportValue': 'Account' }, ':table/keys']],
    });
  });

  test('of the stack’s own account is named by its name if only the deployment knows that account', () => {
    const makeTable = (stack: Stack) => {
      const arn = stack.formatArn({ service: 'dynamodb', resource: 'table', resourceName: 'keys' });
      return ApiKeyTable.fromTable(stack, 'Keys', from(stack, arn));
    };
    expectTable(templateOf({}, makeTable), 'keys');
  });

  test('whose whole ARN only the deployment knows is taken for one of this Region', () => {
    expect(() => templateOf(HERE, imported(Fn.importValue('Arn'), from))).not.toThrow();
  });
});

test('a table of this app in another Region is rejected', () => {
  const app = new App();
  const home = new Stack(app, 'Home', { env: { ...HERE, region: 'us-east-1' } });
  const table = new ApiKeyTable(home, 'Keys', { tableName: 'keys' });
  const stack = new Stack(app, 'Test', { env: HERE });
  expect(refusalOf(() => new ApiKeyAuthorizer(stack, 'Authorizer', { table })).problem).toMatch(
    /^table: got Home\/Keys\/Table of the Region us-east-1, wanted one of eu-west-1/,
  );
});

test('a replica of this Region is taken, by the name that all replicas have', () => {
  const makeTable = (stack: Stack) =>
    ApiKeyTable.fromTable(stack, 'Keys', TableV2.fromTableName(stack, 'Replica', 'keys'));
  expectTable(templateOf(HERE, makeTable), 'keys');
});

test('a table of the authorizer’s own stack is named by its name, whatever is known of the account', () => {
  for (const env of [{}, HERE]) {
    const template = templateOf(env, (stack) => new ApiKeyTable(stack, 'Keys'));
    const [table] = Object.keys(template.findResources('AWS::DynamoDB::GlobalTable'));
    expectTable(template, { Ref: table });
  }
});

test('the function takes an ARN from its environment and reads the table by it', async () => {
  const { tableName } = readConfig({ LATCHKEY_TABLE: OTHER_ACCOUNT_ARN });
  const asked: unknown[] = [];
  const client = { send: async ({ input }: { input: unknown }) => (asked.push(input), {}) };
  await new KeyReader({ client: client as never, tableName }).get(makeKey().record.keyHash);
  expect(asked).toEqual([expect.objectContaining({ TableName: OTHER_ACCOUNT_ARN })]);
});
