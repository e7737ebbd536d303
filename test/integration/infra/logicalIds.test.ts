import { App, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { MockIntegration, RestApi } from 'aws-cdk-lib/aws-apigateway';
import { HttpApi, WebSocketApi } from 'aws-cdk-lib/aws-apigatewayv2';
import { Template } from 'aws-cdk-lib/assertions';
import { SecurityGroup, SubnetType, Vpc, type IVpc } from 'aws-cdk-lib/aws-ec2';
import { LambdaDeploymentConfig } from 'aws-cdk-lib/aws-codedeploy';
import { Role } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Architecture, Runtime } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { describe, expect, test } from '@jest/globals';
import { ApiKeyAuthorizer } from '../../../infra/apiKeyAuthorizer.ts';
import { ApiKeyLimits } from '../../../infra/apiKeyLimits.ts';
import { ApiKeyTable } from '../../../infra/apiKeyTable.ts';
import { readAppContext } from '../../../infra/app/appContext.ts';
import { planNamespace } from '../../../infra/keyPlans.ts';
import { LatchkeyStack } from '../../../infra/app/latchkeyStack.ts';
import { addHttpRoute, type AuthorizerProps, authorizerUnderTest, sharedTemplate } from './authorizerUnderTest.ts';
import { WebSocketMockIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { Definition, GraphqlApi } from 'aws-cdk-lib/aws-appsync';
import { APPSYNC_GRAPHQLAPI_SCOPE_LAMBDA_FUNCTION_PERMISSION } from 'aws-cdk-lib/cx-api';

// CloudFormation replaces a resource if its logical id changes. The new table would be empty.

const TABLE = 'AWS::DynamoDB::GlobalTable';

function tablesOf(stack: Stack): Record<string, unknown> {
  return Template.fromStack(stack).findResources(TABLE);
}

/** Creates a user's stack with a table and an authorizer. */
function usersStack(propsIn: (stack: Stack) => AuthorizerProps = () => ({})) {
  const stack = new Stack(new App(), 'Orders');
  const table = new ApiKeyTable(stack, 'Keys');
  const authorizer = new ApiKeyAuthorizer(stack, 'Authorizer', { table, ...propsIn(stack) });
  return { stack, authorizer };
}

const usersTemplate = sharedTemplate(() => usersStack().stack);

describe('the logical id of the table', () => {
  test('stays the same in LatchkeyStack for every context', () => {
    const contexts = [
      {},
      { name: 'Orders', keySources: 'header:X-Api-Key', scopes: '{"orders:read":["GET /orders"]}' },
    ];
    for (const context of contexts) {
      const { stackName, ...settings } = readAppContext(context);
      const stack = new LatchkeyStack(new App(), stackName, settings);
      expect(Object.keys(tablesOf(stack))).toContain('KeysTableF42AC009');
    }
  });

  test('depends only on the ids that you choose in your stack', () => {
    expect(Object.keys(tablesOf(usersStack().stack))).toEqual(['KeysTableF42AC009']);
    const stack = new Stack(new App(), 'Invoices');
    new ApiKeyTable(stack, 'InvoiceKeys');
    expect(Object.keys(tablesOf(stack))).toEqual(['InvoiceKeysTable9EADC0CF']);
  });

  test('stays the same if you change the table’s props', () => {
    const stack = new Stack(new App(), 'Orders', { env: { region: 'eu-west-1' } });
    new ApiKeyTable(stack, 'Keys', { tableName: 'orders', deletionProtection: false, replicaRegions: ['us-east-1'] });
    expect(Object.keys(tablesOf(stack))).toEqual(['KeysTableF42AC009']);
  });
});

/** Creates a VPC. The assertion is necessary because the CDK's class declares `undefined` for optional properties of its interface. */
const networkIn = (stack: Stack) => new Vpc(stack, 'Vpc') as IVpc;

/** Returns the props of an authorizer that enforces a plan, with a table of limits of another stack. */
const limitedIn = (stack: Stack): AuthorizerProps => ({
  limits: ApiKeyLimits.fromTableName(stack, 'TheirLimits', 'limits'),
  plans: { free: { enforce: 'authorizer', throttle: { rateLimit: 1, burstLimit: 2 } } },
});

/** A value other than the default for each prop. Add a value for each new prop, or this doesn't compile. */
const CHANGED: { readonly [name in keyof AuthorizerProps]-?: (stack: Stack) => AuthorizerProps } = {
  keyPrefixes: () => ({ keyPrefixes: ['acme_'] }),
  keySources: () => ({ keySources: ['header:X-Api-Key'] }),
  externalKeys: () => ({ externalKeys: true }),
  lastUsedInterval: () => ({ lastUsedInterval: Duration.hours(1) }),
  recordCacheTtl: () => ({ recordCacheTtl: Duration.seconds(5) }),
  resultsCacheTtl: () => ({ resultsCacheTtl: Duration.seconds(5), keySources: ['bearer'] }),
  staleIfError: () => ({ staleIfError: Duration.seconds(5) }),
  trustedProxies: () => ({ trustedProxies: 1 }),
  httpApiResponse: () => ({ httpApiResponse: 'simple' }),
  scopes: () => ({ scopes: { 'orders:read': ['GET /orders'] } }),
  metrics: () => ({ metrics: false }),
  prime: () => ({ prime: false }),
  debugSampleRate: () => ({ debugSampleRate: 0.5 }),
  usageIdentifier: () => ({ externalKeys: true, usageIdentifier: 'presented-key' }),
  plans: () => ({ plans: { free: { throttle: { rateLimit: 1, burstLimit: 2 } } } }),
  limits: limitedIn,
  onLimit: (stack) => ({ ...limitedIn(stack), onLimit: 'tell' }),
  onLimiterFailure: (stack) => ({ ...limitedIn(stack), onLimiterFailure: 'deny' }),
  memorySize: () => ({ memorySize: 512 }),
  provisionedConcurrentExecutions: () => ({ provisionedConcurrentExecutions: 1 }),
  reservedConcurrentExecutions: () => ({ reservedConcurrentExecutions: 10 }),
  vpc: (stack) => ({ vpc: networkIn(stack) }),
  vpcSubnets: (stack) => ({ vpc: networkIn(stack), vpcSubnets: { subnetType: SubnetType.PRIVATE_WITH_EGRESS } }),
  securityGroups: (stack) => {
    const vpc = networkIn(stack);
    return { vpc, securityGroups: [new SecurityGroup(stack, 'Group', { vpc })] };
  },
  functionName: () => ({ functionName: 'orders-authorizer' }),
  role: (stack) => ({ role: Role.fromRoleName(stack, 'TheirRole', 'authorizer') }),
  runtime: () => ({ runtime: Runtime.NODEJS_22_X }),
  architecture: () => ({ architecture: Architecture.X86_64 }),
  environmentEncryption: (stack) => ({ environmentEncryption: new Key(stack, 'Key') }),
  logGroup: (stack) => ({ logGroup: LogGroup.fromLogGroupName(stack, 'TheirLogs', 'authorizer') }),
  logRetention: () => ({ logRetention: RetentionDays.ONE_DAY }),
  logRemovalPolicy: () => ({ logRemovalPolicy: RemovalPolicy.RETAIN }),
  rollout: () => ({ rollout: LambdaDeploymentConfig.ALL_AT_ONCE }),
  rolloutAlarm: () => ({ rollout: LambdaDeploymentConfig.ALL_AT_ONCE, rolloutAlarm: false }),
  tracing: () => ({ tracing: true }),
};

const { plans: withPlans, ...others } = CHANGED;

test('planNamespace stays the same in every release', () => {
  expect(planNamespace(usersStack().authorizer)).toBe('577b356410b8c825');
});

test.each(Object.entries(others))('a change of the authorizer’s %s leaves the table unchanged', (_, propsIn) => {
  const [before, after] = [usersTemplate(), Template.fromStack(usersStack(propsIn).stack)];
  expect(after.toJSON()).not.toEqual(before.toJSON());
  expect(after.findResources(TABLE)).toEqual(before.findResources(TABLE));
});

test('plans add only a stream to the table', () => {
  const [before, after] = [usersStack(), usersStack(withPlans)].map(({ stack }) => tablesOf(stack));
  const streamed = { KeysTableF42AC009: { Properties: { StreamSpecification: expect.anything() } } };
  expect(after).toMatchObject(streamed);
  const withoutStream = JSON.parse(
    JSON.stringify(after, (name, value: unknown) => (name === 'StreamSpecification' ? undefined : value)),
  );
  expect(withoutStream).toEqual(before);
});

test('a second API leaves the first API unchanged', () => {
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

type AddApi = (stack: Stack, authorizer: ApiKeyAuthorizer) => unknown;

const KINDS = {
  REST: (stack, authorizer) => {
    const api = new RestApi(stack, 'Rest');
    api.root.addMethod('GET', new MockIntegration(), { authorizer: authorizer.forRestApi() });
    authorizer.addGatewayResponses(api);
  },
  HTTP: (stack, authorizer) => addHttpRoute(new HttpApi(stack, 'Http'), authorizer.forHttpApi()),
  WebSocket: (stack, authorizer) => {
    const integration = new WebSocketMockIntegration('Integration');
    const connectRouteOptions = { integration, authorizer: authorizer.forWebSocketApi() };
    return new WebSocketApi(stack, 'WebSocket', { connectRouteOptions });
  },
  AppSync: (stack, authorizer) =>
    new GraphqlApi(stack, 'AppSync', {
      name: 'api',
      definition: Definition.fromFile(new URL('schema.graphql', import.meta.url).pathname),
      authorizationConfig: { defaultAuthorization: authorizer.forAppSync() },
    }),
} as const satisfies Readonly<Record<string, AddApi>>;

type Kind = keyof typeof KINDS;

const ALL: readonly Kind[] = ['REST', 'HTTP', 'WebSocket', 'AppSync'];
const PAIRS = ALL.flatMap((first) =>
  ALL.filter((second) => second !== first).map((second) => [first, second] as const),
);

const templateOf = sharedTemplate((...kinds: readonly Kind[]) => {
  const context = { [APPSYNC_GRAPHQLAPI_SCOPE_LAMBDA_FUNCTION_PERMISSION]: true };
  const { stack, authorizer } = authorizerUnderTest({}, context);
  for (const kind of kinds) KINDS[kind](stack, authorizer);
  return stack;
});

const resourcesOf = (...kinds: readonly Kind[]): Readonly<Record<string, { readonly Type: string }>> =>
  templateOf(...kinds).toJSON()['Resources'];

test.each(PAIRS)('a stack with a %s API keeps its resources if you add a %s API', (first, second) => {
  const one = resourcesOf(first);
  const two = resourcesOf(first, second);
  expect(Object.fromEntries(Object.entries(two).filter(([id]) => id in one))).toEqual(one);
  expect(Object.keys(two).length).toBeGreaterThan(Object.keys(one).length);
});

test('all types of API share one function, one role and one table', () => {
  const types = Object.values(resourcesOf(...ALL)).map(({ Type }) => Type);
  for (const shared of [
    'AWS::Lambda::Function',
    'AWS::IAM::Policy',
    'AWS::Logs::LogGroup',
    'AWS::DynamoDB::GlobalTable',
  ]) {
    expect(types.filter((type) => type === shared)).toHaveLength(1);
  }
});
