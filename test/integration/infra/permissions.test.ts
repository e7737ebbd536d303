import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { expect, test } from '@jest/globals';
import { LatchkeyStack } from '../../../infra/app/latchkeyStack.ts';

interface Statement {
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
  readonly Condition?: unknown;
}

const template = Template.fromStack(new LatchkeyStack(new App(), 'LatchkeyStack'));

/** Every statement of every policy in the template, by the role that has it. */
function statementsByRole(): Record<string, readonly string[]> {
  const policies = resourcesOf('AWS::IAM::Policy').map(([, { Properties }]) => Properties);
  return Object.fromEntries(
    policies.map(({ Roles, PolicyDocument }) => [
      String(Roles.map(({ Ref }: { Ref: string }) => nameOf(Ref))),
      PolicyDocument.Statement.flatMap(linesOf),
    ]),
  );
}

/** One line for each action on each resource. */
function linesOf({ Effect, Action, Resource, Condition }: Statement): string[] {
  const condition = Condition === undefined ? '' : ` if ${JSON.stringify(Condition)}`;
  return [Action]
    .flat()
    .flatMap((action) =>
      [Resource].flat().map((resource) => `${Effect} ${action} on ${placeOf(resource)}${condition}`),
    );
}

function placeOf(resource: unknown): string {
  const [, logicalId = ''] = /^\{"Fn::GetAtt":\["(\w+)","Arn"\]\}$/.exec(JSON.stringify(resource)) ?? [];
  return logicalId === '' ? JSON.stringify(resource) : nameOf(logicalId);
}

/** A logical id without the CDK's hash at its end. */
const nameOf = (logicalId: string) => logicalId.replace(/[0-9A-F]{8}$/, '');

const resourcesOf = (type: string) => Object.entries(template.findResources(type));

const logsOf = (group: string) =>
  ['logs:CreateLogStream', 'logs:PutLogEvents'].map((action) => `Allow ${action} on ${group}`);

test('the roles of the stack may do this, and nothing else', () => {
  const lastUsedOnly = JSON.stringify({
    'ForAllValues:StringEquals': { 'dynamodb:Attributes': ['keyHash', 'lastUsedAt'] },
    Null: { 'dynamodb:Attributes': 'false' },
    StringEqualsIfExists: { 'dynamodb:ReturnValues': 'NONE' },
  });
  expect(statementsByRole()).toEqual({
    AuthorizerRole: [
      ...logsOf('AuthorizerLogs'),
      'Allow dynamodb:GetItem on KeysTable',
      `Allow dynamodb:UpdateItem on KeysTable if ${lastUsedOnly}`,
    ],
    WhoamiRole: logsOf('WhoamiLogs'),
  });
});

test('no role has a policy by another way', () => {
  const roles = resourcesOf('AWS::IAM::Role').map(([, { Properties }]) => Object.keys(Properties ?? {}));
  expect(roles).toEqual([['AssumeRolePolicyDocument'], ['AssumeRolePolicyDocument']]);
  const types = Object.values<{ Type: string }>(template.toJSON()['Resources']).map(({ Type }) => Type);
  expect(types.filter((type) => type.startsWith('AWS::IAM::') && !/::(Role|Policy)$/.test(type))).toEqual([]);
});
