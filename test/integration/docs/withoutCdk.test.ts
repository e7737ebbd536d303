import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { CfnInclude } from 'aws-cdk-lib/cloudformation-include';
import { describe, expect, test } from '@jest/globals';
import { latchkeyAccessLogFormat } from '../../../infra/accessLogFormat.ts';
import { readConfig, SETTING_INFO, type SettingName, SETTINGS } from '../../../lambda/config.ts';
import { authorizerUnderTest } from '../infra/authorizerUnderTest.ts';

const docs = (path: string) => fileURLToPath(new URL(`../../../docs/${path}`, import.meta.url));

const construct = Template.fromStack(authorizerUnderTest({ keySources: ['bearer'] }).stack);
const sam = includedTemplate(docs('sam/template.yaml'));

function includedTemplate(templateFile: string): Template {
  const stack = new Stack(new App(), 'Included');
  new CfnInclude(stack, 'Template', { templateFile });
  return Template.fromStack(stack);
}

/** Returns the properties of the only resource with this type and id prefix. */
function propertiesOf(template: Template, type: string, id = '') {
  const found = Object.entries(template.findResources(type)).filter(([logicalId]) => logicalId.startsWith(id));
  expect(found).toHaveLength(1);
  return found[0]?.[1]['Properties'];
}

/** Returns the statements with "TABLE" and "LOG" instead of the ARNs, which differ between templates. */
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

describe('the SAM template', () => {
  test('defines the same table as the construct', () => {
    const {
      Replicas,
      WriteOnDemandThroughputSettings: _,
      ...table
    } = propertiesOf(construct, 'AWS::DynamoDB::GlobalTable');
    const [{ DeletionProtectionEnabled, PointInTimeRecoverySpecification }] = Replicas;
    const { AttributeDefinitions: attributes, ...others } = propertiesOf(sam, 'AWS::DynamoDB::Table');
    const { AttributeDefinitions, SSESpecification, ...expected } = table;
    expect(others).toEqual({ ...expected, DeletionProtectionEnabled, PointInTimeRecoverySpecification });
    expect(attributes).toEqual(expect.arrayContaining(AttributeDefinitions));
    expect(attributes).toHaveLength(AttributeDefinitions.length);
    // By default, DynamoDB encrypts a table with a key that it owns.
    expect(SSESpecification).toEqual({ SSEEnabled: false });
    sam.hasResource('AWS::DynamoDB::Table', { DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' });
  });

  test('grants the function’s role the same permissions as the construct', () => {
    const [policy, ...others] = propertiesOf(sam, 'AWS::IAM::Role').Policies;
    expect(rightsOf(policy.PolicyDocument.Statement)).toEqual(rights);
    expect(others).toEqual([]);
  });

  test('defines the same function as the construct', () => {
    const { CodeUri, ...own } = propertiesOf(sam, 'AWS::Serverless::Function', 'Authorizer');
    const { Code: _, ...expected } = propertiesOf(construct, 'AWS::Lambda::Function', 'AuthorizerFunction');
    const variables = { ...expected.Environment.Variables, LATCHKEY_TABLE: { Ref: 'Keys' } };
    expect(own).toEqual({
      ...expected,
      Environment: { Variables: variables },
      LoggingConfig: { ...expected.LoggingConfig, LogGroup: { Ref: 'AuthorizerLogs' } },
      Role: { 'Fn::GetAtt': 'AuthorizerRole.Arn' },
    });
    expect(CodeUri).toBe('node_modules/latchkey/dist/authorizer');
  });
});

describe('the access log format of the HTTP API', () => {
  const format: Record<string, string> = JSON.parse(latchkeyAccessLogFormat.http().toString());

  test('equals the construct’s format in the SAM template', () => {
    expect(JSON.parse(propertiesOf(sam, 'AWS::Serverless::HttpApi').AccessLogSettings.Format)).toEqual(format);
  });

  test('equals the construct’s format in the Terraform files', () => {
    const text = readFileSync(docs('terraform/main.tf'), 'utf8');
    const [, fields = ''] = /format = jsonencode\(\{(.+?)\}\)/s.exec(text) ?? [];
    const entries = [...fields.matchAll(/(\w+) += "(.+)"/g)].map(([, name, value]) => [name, value]);
    expect(Object.fromEntries(entries)).toEqual(format);
  });
});

test('the policy of the Terraform files grants the same permissions as the construct', () => {
  const { Statement } = JSON.parse(readFileSync(docs('terraform/authorizerPolicy.json'), 'utf8'));
  expect(rightsOf(Statement)).toEqual(rights);
});

test('docs/without-cdk.md lists every setting of the authorizer’s function', () => {
  const page = readFileSync(docs('without-cdk.md'), 'utf8');
  const rows = [...page.matchAll(/^\| `(LATCHKEY_\w+)` +\| (?:`(.+?)`)?.*? +\| `(\w+)` +\| (.+?) +\|$/gm)].map(
    ([, variable = '', value, prop, doc]) => ({ variable, value, prop, doc }),
  );
  const settings = Object.entries(SETTINGS).map(([name, { variable }]) => ({
    variable,
    ...SETTING_INFO[name as SettingName],
  }));
  expect(rows.map(({ variable, prop, doc }) => ({ variable, prop, doc }))).toEqual(settings);
  const defaults = rows.flatMap(({ variable, value }) => (value === undefined ? [] : [[variable, value]]));
  const table = { LATCHKEY_TABLE: 'keys' };
  expect(readConfig({ ...table, ...Object.fromEntries(defaults) })).toEqual(readConfig(table));
});
