import { App, Duration, Stack } from 'aws-cdk-lib';
import { MockIntegration, RestApi } from 'aws-cdk-lib/aws-apigateway';
import { HttpApi } from 'aws-cdk-lib/aws-apigatewayv2';
import { Template } from 'aws-cdk-lib/assertions';
import { SecurityGroup, SubnetType, Vpc, type IVpc } from 'aws-cdk-lib/aws-ec2';
import { LambdaDeploymentConfig } from 'aws-cdk-lib/aws-codedeploy';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { describe, expect, test } from '@jest/globals';
import { ApiKeyAuthorizer } from '../../../infra/apiKeyAuthorizer.ts';
import { ApiKeyTable } from '../../../infra/apiKeyTable.ts';
import { readAppContext } from '../../../infra/app/appContext.ts';
import { planNamespace } from '../../../infra/keyPlans.ts';
import { LatchkeyStack } from '../../../infra/app/latchkeyStack.ts';
import { addHttpRoute, type AuthorizerProps } from './authorizerUnderTest.ts';

// CloudFormation replaces a resource whose logical id changes: the table would be a new one, without a key in it.

function tablesOf(stack: Stack): Record<string, unknown> {
  return Template.fromStack(stack).findResources('AWS::DynamoDB::GlobalTable');
}

/** A user's stack: a table and an authorizer in it. */
function usersStack(propsIn: (stack: Stack) => AuthorizerProps = () => ({})) {
  const stack = new Stack(new App(), 'Orders');
  const table = new ApiKeyTable(stack, 'Keys');
  const authorizer = new ApiKeyAuthorizer(stack, 'Authorizer', { table, ...propsIn(stack) });
  return { stack, authorizer };
}

describe('the logical id of the table', () => {
  test('is pinned in LatchkeyStack, whatever the context says', () => {
    const contexts = [
      {},
      { name: 'Orders', keySources: 'header:X-Api-Key', scopes: '{"orders:read":["GET /orders"]}' },
    ];
    for (const context of contexts) {
      const { stackName, ...settings } = readAppContext(context);
      const stack = new LatchkeyStack(new App(), stackName, settings);
      expect(Object.keys(tablesOf(stack))).toEqual(['KeysTableF42AC009']);
    }
  });

  test("is pinned in a user's stack, by the ids that the user gives", () => {
    expect(Object.keys(tablesOf(usersStack().stack))).toEqual(['KeysTableF42AC009']);
    const stack = new Stack(new App(), 'Invoices');
    new ApiKeyTable(stack, 'InvoiceKeys');
    expect(Object.keys(tablesOf(stack))).toEqual(['InvoiceKeysTable9EADC0CF']);
  });

  test('is that of its construct, whatever becomes of the props of the table itself', () => {
    const stack = new Stack(new App(), 'Orders', { env: { region: 'eu-west-1' } });
    new ApiKeyTable(stack, 'Keys', { tableName: 'orders', deletionProtection: false, replicaRegions: ['us-east-1'] });
    expect(Object.keys(tablesOf(stack))).toEqual(['KeysTableF42AC009']);
  });
});

/** The CDK's class has `undefined` where its interface leaves out, which exact optional properties tell apart. */
const networkIn = (stack: Stack) => new Vpc(stack, 'Vpc') as IVpc;

/** Each prop of the authorizer with a value that is not its default: a new prop fails the types here until it is added. */
const CHANGED: { readonly [name in keyof AuthorizerProps]-?: (stack: Stack) => AuthorizerProps } = {
  keyPrefix: () => ({ keyPrefix: 'acme_' }),
  keySources: () => ({ keySources: ['header:X-Api-Key'] }),
  acceptForeignKeys: () => ({ acceptForeignKeys: true }),
  lastUsedInterval: () => ({ lastUsedInterval: Duration.hours(1) }),
  recordCacheTtl: () => ({ recordCacheTtl: Duration.seconds(5) }),
  resultsCacheTtl: () => ({ resultsCacheTtl: Duration.seconds(5), keySources: ['bearer'] }),
  staleIfError: () => ({ staleIfError: Duration.seconds(5) }),
  httpApiResponse: () => ({ httpApiResponse: 'simple' }),
  scopes: () => ({ scopes: { 'orders:read': ['GET /orders'] } }),
  metrics: () => ({ metrics: false }),
  prime: () => ({ prime: false }),
  debugSampleRate: () => ({ debugSampleRate: 0.5 }),
  plans: () => ({ plans: { free: { throttle: { rateLimit: 1, burstLimit: 2 } } } }),
  memorySize: () => ({ memorySize: 512 }),
  provisionedConcurrentExecutions: () => ({ provisionedConcurrentExecutions: 1 }),
  reservedConcurrentExecutions: () => ({ reservedConcurrentExecutions: 10 }),
  vpc: (stack) => ({ vpc: networkIn(stack) }),
  vpcSubnets: (stack) => ({ vpc: networkIn(stack), vpcSubnets: { subnetType: SubnetType.PRIVATE_WITH_EGRESS } }),
  securityGroups: (stack) => {
    const vpc = networkIn(stack);
    return { vpc, securityGroups: [new SecurityGroup(stack, 'Group', { vpc })] };
  },
  logRetention: () => ({ logRetention: RetentionDays.ONE_DAY }),
  rollout: () => ({ rollout: LambdaDeploymentConfig.ALL_AT_ONCE }),
  rolloutAlarm: () => ({ rollout: LambdaDeploymentConfig.ALL_AT_ONCE, rolloutAlarm: false }),
  tracing: () => ({ tracing: true }),
};

const { plans: withPlans, ...others } = CHANGED;

test('the namespace of the plans’ identifiers is pinned: after a change every key on a plan of its own is refused', () => {
  expect(planNamespace(usersStack().authorizer)).toBe('577b356410b8c825');
});

test.each(Object.entries(others))(
  'a change of the authorizer’s %s changes the stack and nothing of the table',
  (_, propsIn) => {
    const { stack } = usersStack(propsIn);
    const before = usersStack().stack;
    expect(Template.fromStack(stack).toJSON()).not.toEqual(Template.fromStack(before).toJSON());
    expect(tablesOf(stack)).toEqual(tablesOf(before));
  },
);

test('plans give the table a stream, which replaces nothing, and change nothing else of it', () => {
  const [before, after] = [usersStack(), usersStack(withPlans)].map(({ stack }) => tablesOf(stack));
  const streamed = { KeysTableF42AC009: { Properties: { StreamSpecification: expect.anything() } } };
  expect(after).toMatchObject(streamed);
  const withoutStream = JSON.parse(
    JSON.stringify(after, (name, value: unknown) => (name === 'StreamSpecification' ? undefined : value)),
  );
  expect(withoutStream).toEqual(before);
});

test('a second API of another kind shares the function and the table, and changes nothing of the first', () => {
  const resourcesWith = (addSecond: boolean): Record<string, unknown> => {
    const { stack, authorizer } = usersStack();
    const api = new RestApi(stack, 'RestApi', { cloudWatchRole: false });
    api.root.addMethod('GET', new MockIntegration(), { authorizer: authorizer.forRestApi() });
    if (addSecond) addHttpRoute(new HttpApi(stack, 'HttpApi'), authorizer.forHttpApi());
    return Template.fromStack(stack).toJSON()['Resources'];
  };
  const before = resourcesWith(false);
  const after = resourcesWith(true);
  expect(after).toEqual(expect.objectContaining(before));
  const added = Object.entries(after).filter(([id]) => !(id in before));
  const types = added.map(([, resource]) => Object(resource).Type);
  expect(types).toEqual(expect.arrayContaining(['AWS::ApiGatewayV2::Api', 'AWS::ApiGatewayV2::Authorizer']));
  expect(types).not.toEqual(expect.arrayContaining([expect.stringMatching(/Lambda::Function|DynamoDB|IAM/)]));
});
