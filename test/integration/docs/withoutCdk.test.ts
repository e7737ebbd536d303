import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { CfnInclude } from 'aws-cdk-lib/cloudformation-include';
import { TableEncryptionV2 } from 'aws-cdk-lib/aws-dynamodb';
import { type IKey, Key } from 'aws-cdk-lib/aws-kms';
import { describe, expect, test } from '@jest/globals';
import { latchkeyAccessLogFormat } from '../../../infra/accessLogFormat.ts';
import { ApiKeyAuthorizer } from '../../../infra/apiKeyAuthorizer.ts';
import { ApiKeyTable } from '../../../infra/apiKeyTable.ts';
import { readConfig, SETTING_INFO, type SettingName, SETTINGS } from '../../../lambda/config.ts';
import { authorizerUnderTest } from '../infra/authorizerUnderTest.ts';

const inRoot = (path: string) => fileURLToPath(new URL(`../../../${path}`, import.meta.url));
const docs = (path: string) => inRoot(`docs/${path}`);
const terraform = (path: string) => readFileSync(inRoot(`terraform/${path}`), 'utf8');

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

test('the access log format of the SAM template equals the construct’s format', () => {
  const format = propertiesOf(sam, 'AWS::Serverless::HttpApi').AccessLogSettings.Format;
  expect(JSON.parse(format)).toEqual(JSON.parse(latchkeyAccessLogFormat.http().toString()));
});

describe('the Terraform module', () => {
  test('has the construct’s access log formats', () => {
    const { rest, http, webSocket } = latchkeyAccessLogFormat;
    expect(JSON.parse(terraform('accessLogFormats.json'))).toEqual({
      rest: JSON.parse(rest().toString()),
      http: JSON.parse(http().toString()),
      websocket: JSON.parse(webSocket().toString()),
    });
  });

  test('grants the function’s role the same permissions as the construct', () => {
    expect(rightsOf(JSON.parse(terraform('authorizerPolicy.json')).Statement)).toEqual(rights);
  });

  test('grants the function’s role the same permission on the table of limits as the construct', () => {
    const plans = { free: { enforce: 'authorizer', quota: { limit: 1, period: 'DAY' } } } as const;
    const limited = Template.fromStack(authorizerUnderTest({ plans }).stack);
    const statements: object[] = propertiesOf(limited, 'AWS::IAM::Policy').PolicyDocument.Statement;
    const tables = Object.keys(limited.findResources('AWS::DynamoDB::GlobalTable'));
    const limitsTable = tables.find((id) => id.includes('Limits'));
    const ofLimits = JSON.stringify(statements.slice(-1)).replace(
      JSON.stringify({ 'Fn::GetAtt': [limitsTable, 'Arn'] }),
      '"${limits_table_arn}"',
    );
    expect(JSON.parse(terraform('limitsPolicy.json')).Statement).toEqual(JSON.parse(ofLimits));
  });

  test('has only three policies: the construct’s, one for the table of limits, and one for the tables’ own key', () => {
    const policies = [...terraform('main.tf').matchAll(/^resource "(aws_iam_\w+)" "(\w+)"/gm)].map(([, type, name]) => [
      type,
      name,
    ]);
    expect(policies).toEqual([
      ['aws_iam_role', 'authorizer'],
      ['aws_iam_role_policy', 'authorizer'],
      ['aws_iam_role_policy', 'limits'],
      ['aws_iam_role_policy', 'table_key'],
    ]);
  });

  test('grants the same use of the table’s own key as the construct', () => {
    const stack = new Stack(new App(), 'Encrypted', { env: { region: 'eu-west-1' } });
    const encryption = TableEncryptionV2.customerManagedKey(new Key(stack, 'Key') as IKey);
    new ApiKeyAuthorizer(stack, 'Authorizer', { table: new ApiKeyTable(stack, 'Keys', { encryption }) });
    const statements: { Action: string | string[] }[] = propertiesOf(Template.fromStack(stack), 'AWS::IAM::Policy')
      .PolicyDocument.Statement;
    const expected = statements.flatMap(({ Action }) => Action).filter((action) => action.startsWith('kms:'));
    const granted = [...terraform('main.tf').matchAll(/"(kms:(?!ViaService)\w+)"/g)].map(([, action]) => action);
    expect(granted).toEqual(expected);
  });

  test('passes every setting to the function', () => {
    const variables = [...terraform('main.tf').matchAll(/^ {4}(LATCHKEY_\w+) +=/gm)].map(([, variable]) => variable);
    expect(variables.toSorted()).toEqual(
      Object.values(SETTINGS)
        .map(({ variable }) => variable)
        .toSorted(),
    );
  });

  test('has a README that lists every variable and every output with its description', () => {
    const declared = (file: string) =>
      [...terraform(file).matchAll(/^(?:variable|output) "(\w+)" \{\n +description = "(.+)"$/gm)].map(
        ([, name, description = '']) => [name, JSON.parse(`"${description}"`)],
      );
    const listed = [...terraform('README.md').matchAll(/^\| `(\w+)` +\|(?: [^|]+ \|)? ([^|]+?) +\|$/gm)].map(
      ([, name, description]) => [name, description],
    );
    expect(listed).toEqual([...declared('variables.tf'), ...declared('outputs.tf')]);
  });
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
