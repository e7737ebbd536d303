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

/** Returns the template of a stack in `env` with an authorizer for the table from `makeTable`. */
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

describe.each(Object.entries(IMPORTS))('tableReference for a table from %s', (_, from) => {
  test('returns the ARN if the table is in another account', () => {
    const template = templateOf(HERE, imported(OTHER_ACCOUNT_ARN, from));
    expectTable(template, OTHER_ACCOUNT_ARN);
    const Statement = Match.arrayWith([
      Match.objectLike({ Action: 'dynamodb:GetItem', Resource: OTHER_ACCOUNT_ARN }),
      Match.objectLike({ Action: 'dynamodb:UpdateItem', Resource: OTHER_ACCOUNT_ARN }),
    ]);
    template.hasResourceProperties('AWS::IAM::Policy', { PolicyDocument: { Statement } });
  });

  test('returns the name if the table is in this account', () => {
    expectTable(templateOf(HERE, imported('arn:aws:dynamodb:eu-west-1:111111111111:table/keys', from)), 'keys');
  });

  test('returns the ARN if the stack’s account is unknown at synthesis', () => {
    expectTable(templateOf({}, imported(OTHER_ACCOUNT_ARN, from)), OTHER_ACCOUNT_ARN);
  });

  test('rejects a table in another Region', () => {
    const action = () => templateOf(HERE, imported('arn:aws:dynamodb:us-east-1:111111111111:table/keys', from));
    expect(refusalOf(action)).toEqual({
      path: 'Test/Authorizer',
      problem: expect.stringMatching(
        /^table: expected a table in eu-west-1, .+, got Test\/Table in us-east-1: .+replicaRegions.+fromTableName/,
      ),
    });
  });

  test('rejects a table in another Region even if its account, partition or name is a token', () => {
    const homeArn = (stack: Stack) =>
      stack.formatArn({ service: 'dynamodb', region: 'us-east-1', resource: 'table/keys' });
    const agnostic = (stack: Stack) => homeArn(new Stack(stack.node.scope, 'Agnostic'));
    const withName = ({ account }: Stack) => `arn:aws:dynamodb:us-east-1:${account}:table/${Fn.importValue('Name')}`;
    for (const arnOf of [homeArn, agnostic, withName]) {
      const makeTable = (stack: Stack) => ApiKeyTable.fromTable(stack, 'Keys', from(stack, arnOf(stack)));
      expect(refusalOf(() => templateOf(HERE, makeTable)).problem).toMatch(
        /^table: expected a table in eu-west-1, .+, got Test\/Table in us-east-1/,
      );
    }
  });

  test('returns the ARN if the table’s account is unknown at synthesis', () => {
    const arn = `arn:aws:dynamodb:eu-west-1:${Fn.importValue('Account')}:table/keys`;
    expectTable(templateOf(HERE, imported(arn, from)), {
      'Fn::Join': ['', ['arn:aws:dynamodb:eu-west-1:', { 'Fn::ImportValue': 'Account' }, ':table/keys']],
    });
  });

  test('returns the name if table and stack have the same unknown account', () => {
    const makeTable = (stack: Stack) => {
      const arn = stack.formatArn({ service: 'dynamodb', resource: 'table', resourceName: 'keys' });
      return ApiKeyTable.fromTable(stack, 'Keys', from(stack, arn));
    };
    expectTable(templateOf({}, makeTable), 'keys');
  });

  test('accepts a table with a token as its ARN', () => {
    expect(() => templateOf(HERE, imported(Fn.importValue('Arn'), from))).not.toThrow();
  });
});

test('tableReference rejects a table that the app creates in another Region', () => {
  const app = new App();
  const home = new Stack(app, 'Home', { env: { ...HERE, region: 'us-east-1' } });
  const table = new ApiKeyTable(home, 'Keys', { tableName: 'keys' });
  const stack = new Stack(app, 'Test', { env: HERE });
  expect(refusalOf(() => new ApiKeyAuthorizer(stack, 'Authorizer', { table })).problem).toMatch(
    /^table: expected a table in eu-west-1, .+, got Home\/Keys\/Table in us-east-1/,
  );
});

test('tableReference returns the name of a replica in the same Region', () => {
  const makeTable = (stack: Stack) =>
    ApiKeyTable.fromTable(stack, 'Keys', TableV2.fromTableName(stack, 'Replica', 'keys'));
  expectTable(templateOf(HERE, makeTable), 'keys');
});

test('tableReference returns the name of a table in the authorizer’s own stack', () => {
  for (const env of [{}, HERE]) {
    const template = templateOf(env, (stack) => new ApiKeyTable(stack, 'Keys'));
    const [table] = Object.keys(template.findResources('AWS::DynamoDB::GlobalTable'));
    expectTable(template, { Ref: table });
  }
});

test('KeyReader accepts a table ARN instead of a name', async () => {
  const { tableName } = readConfig({ LATCHKEY_TABLE: OTHER_ACCOUNT_ARN });
  const inputs: unknown[] = [];
  const client = { send: async ({ input }: { input: unknown }) => (inputs.push(input), {}) };
  await new KeyReader({ client: client as never, tableName }).get(makeKey().record.keyHash);
  expect(inputs).toEqual([expect.objectContaining({ TableName: OTHER_ACCOUNT_ARN })]);
});
