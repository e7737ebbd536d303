import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { CfnInclude } from 'aws-cdk-lib/cloudformation-include';
import { describe, expect, test } from '@jest/globals';
import { latchkeyAccessLogFormat } from '../../../infra/accessLogFormat.ts';
import { readConfig } from '../../../lambda/config.ts';
import { authorizerUnderTest } from '../infra/authorizerUnderTest.ts';

const docs = (path: string) => fileURLToPath(new URL(`../../../docs/${path}`, import.meta.url));

const construct = Template.fromStack(authorizerUnderTest({ keySources: ['bearer'] }).stack);
const sam = includedTemplate(docs('sam/template.yaml'));

function includedTemplate(templateFile: string): Template {
  const stack = new Stack(new App(), 'Included');
  new CfnInclude(stack, 'Template', { templateFile });
  return Template.fromStack(stack);
}

/** The one resource of a type whose id begins so. */
function propertiesOf(template: Template, type: string, id = '') {
  const found = Object.entries(template.findResources(type)).filter(([logicalId]) => logicalId.startsWith(id));
  expect(found).toHaveLength(1);
  return found[0]?.[1]['Properties'];
}

/** What the function's role may do, with the table and the log group by these names. */
function rightsOf(statements: unknown): unknown {
  const text = JSON.stringify(statements)
    .replaceAll(/\{"Fn::GetAtt":(\["KeysTable\w+","Arn"\]|"Keys\.Arn")\}|"\$\{table_arn\}"/g, '"TABLE"')
    .replaceAll(
      /\{"Fn::GetAtt":(\["AuthorizerLogs\w+","Arn"\]|"AuthorizerLogs\.Arn")\}|"\$\{log_group_arn\}:\*"/g,
      '"LOG"',
    );
  return JSON.parse(text);
}

const rights = rightsOf(propertiesOf(construct, 'AWS::IAM::Policy').PolicyDocument.Statement);

describe('the SAM template has what the construct makes', () => {
  test('of the table', () => {
    const {
      Replicas,
      WriteOnDemandThroughputSettings: _,
      ...made
    } = propertiesOf(construct, 'AWS::DynamoDB::GlobalTable');
    const [{ DeletionProtectionEnabled, PointInTimeRecoverySpecification }] = Replicas;
    const { AttributeDefinitions: attributes, ...others } = propertiesOf(sam, 'AWS::DynamoDB::Table');
    const { AttributeDefinitions, SSESpecification, ...wanted } = made;
    expect(others).toEqual({ ...wanted, DeletionProtectionEnabled, PointInTimeRecoverySpecification });
    expect(attributes).toEqual(expect.arrayContaining(AttributeDefinitions));
    expect(attributes).toHaveLength(AttributeDefinitions.length);
    // What a table has of itself: a key that DynamoDB owns.
    expect(SSESpecification).toEqual({ SSEEnabled: false });
    sam.hasResource('AWS::DynamoDB::Table', { DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' });
  });

  test('of the rights of the function', () => {
    const [policy, ...others] = propertiesOf(sam, 'AWS::IAM::Role').Policies;
    expect(rightsOf(policy.PolicyDocument.Statement)).toEqual(rights);
    expect(others).toEqual([]);
  });

  test('of the function', () => {
    const { CodeUri, ...own } = propertiesOf(sam, 'AWS::Serverless::Function', 'Authorizer');
    const { Code: _, ...made } = propertiesOf(construct, 'AWS::Lambda::Function', 'AuthorizerFunction');
    const variables = { ...made.Environment.Variables, LATCHKEY_TABLE: { Ref: 'Keys' } };
    expect(own).toEqual({
      ...made,
      Environment: { Variables: variables },
      LoggingConfig: { ...made.LoggingConfig, LogGroup: { Ref: 'AuthorizerLogs' } },
      Role: { 'Fn::GetAtt': 'AuthorizerRole.Arn' },
    });
    expect(CodeUri).toBe('node_modules/latchkey/dist/authorizer');
  });
});

describe('the access log of the HTTP API has the format of the construct library', () => {
  const format: Record<string, string> = JSON.parse(latchkeyAccessLogFormat.http().toString());

  test('in the SAM template', () => {
    expect(JSON.parse(propertiesOf(sam, 'AWS::Serverless::HttpApi').AccessLogSettings.Format)).toEqual(format);
  });

  test('in the Terraform files', () => {
    const text = readFileSync(docs('terraform/main.tf'), 'utf8');
    const [, fields = ''] = /format = jsonencode\(\{(.+?)\}\)/s.exec(text) ?? [];
    const entries = [...fields.matchAll(/(\w+) += "(.+)"/g)].map(([, name, value]) => [name, value]);
    expect(Object.fromEntries(entries)).toEqual(format);
  });
});

test('the policy of the Terraform files has the rights that the construct grants', () => {
  const { Statement } = JSON.parse(readFileSync(docs('terraform/authorizerPolicy.json'), 'utf8'));
  expect(rightsOf(Statement)).toEqual(rights);
});

test('every setting of the function is told, with the value that it has unless set', () => {
  const page = readFileSync(docs('without-cdk.md'), 'utf8');
  const told = [...page.matchAll(/^\| `(LATCHKEY_\w+)` +\| (?:`(.+?)`)?/gm)].map(([, name = '', value]) => ({
    name,
    value,
  }));
  const source = readFileSync(fileURLToPath(new URL('../../../lambda/config.ts', import.meta.url)), 'utf8');
  const read = new Set(source.match(/LATCHKEY_[A-Z_]+/g));
  expect(told.map(({ name }) => name).toSorted()).toEqual([...read].toSorted());
  const defaults = told.flatMap(({ name, value }) => (value === undefined ? [] : [[name, value]]));
  const table = { LATCHKEY_TABLE: 'keys' };
  expect(readConfig({ ...table, ...Object.fromEntries(defaults) })).toEqual(readConfig(table));
});
