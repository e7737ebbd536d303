import { App, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { AwsSolutionsChecks } from 'cdk-nag';
import { expect, test } from '@jest/globals';
import { LatchkeyStack, type LatchkeyStackProps } from '../../../infra/app/latchkeyStack.ts';
import { FAST } from './authorizerUnderTest.ts';

const OWNERS = { issuer: 'https://issuer.example', audience: ['app'] };
const template = Template.fromStack(new LatchkeyStack(new App(), 'LatchkeyStack'));

test('LatchkeyStack deploys the tables, the authorizer, an API of each type and the management API', () => {
  template.resourceCountIs('AWS::DynamoDB::GlobalTable', 5);
  template.resourceCountIs('AWS::ApiGateway::RestApi', 1);
  template.resourcePropertiesCountIs('AWS::ApiGatewayV2::Api', { ProtocolType: 'HTTP' }, 2);
  template.resourcePropertiesCountIs('AWS::ApiGatewayV2::Api', { ProtocolType: 'WEBSOCKET' }, 1);
  template.resourceCountIs('AWS::Lambda::Function', 5);
});

test.each([
  'TableName',
  'UsageTableName',
  'HistoryTableName',
  'RestApiUrl',
  'HttpApiUrl',
  'WebSocketApiUrl',
  'KeyManagementUrl',
])('LatchkeyStack has the output %s', (name) => {
  template.hasOutput(name, { Value: Match.anyValue() });
});

test('LatchkeyStack outputs the revocation delay in seconds and the accepted keys', () => {
  template.hasOutput('RevocationDelaySeconds', { Value: '60' });
  template.hasOutput('AcceptedKeys', { Value: 'sk_' });
});

test('LatchkeyStack outputs its table of limits and the limits of the plan demo', () => {
  const [limits] = resourcesOf('AWS::DynamoDB::GlobalTable').find(([id]) => id.includes('Limits')) ?? [];
  template.hasOutput('LimitsTableName', { Value: { Ref: limits } });
  const { Value } = template.findOutputs('Plans')['Plans'] ?? {};
  expect(JSON.parse(Value)).toEqual({
    demo: {
      throttle: { rateLimit: 5, burstLimit: 10 },
      quota: { limit: 60, period: 'minute' },
      per: 'key',
      enforce: 'authorizer',
    },
  });
});

/** Returns the authorization of each route and method outside the portal. */
function authorizationIn(of: Template): Record<string, string> {
  const methods = Object.values(of.findResources('AWS::ApiGateway::Method'));
  const routes = Object.values(of.findResources('AWS::ApiGatewayV2::Route'));
  const types = [...methods, ...routes].map(
    ({ Properties: { RouteKey, HttpMethod, AuthorizationType } }) =>
      [String(RouteKey ?? HttpMethod), AuthorizationType] as const,
  );
  return Object.fromEntries(types.filter(([key]) => !/ \/portal(\/|$)/.test(key)));
}

test('LatchkeyStack protects every route except messages on an authorized connection, the portal and its document', () => {
  const byIam = Object.entries(authorizationIn(template)).filter(([key]) => / \/(keys|portal-sessions)/.test(key));
  expect(byIam).toHaveLength(11);
  expect(authorizationIn(template)).toEqual({
    GET: 'CUSTOM',
    'GET /whoami': 'CUSTOM',
    $connect: 'CUSTOM',
    $default: 'NONE',
    ...Object.fromEntries(byIam.map(([key]) => [key, 'AWS_IAM'])),
    'GET /openapi.json': 'NONE',
  });
});

test('LatchkeyStack lets owners manage their keys if it gets an issuer', () => {
  const withOwners = templateWith({ owners: OWNERS });
  const byJwt = Object.entries(authorizationIn(withOwners)).filter(([, type]) => type === 'JWT');
  expect(byJwt).toHaveLength(10);
  expect(byJwt.filter(([key]) => !/ \/me(\/|$)/.test(key))).toEqual([]);
  withOwners.hasResourceProperties('AWS::ApiGatewayV2::Authorizer', {
    JwtConfiguration: { Issuer: 'https://issuer.example', Audience: ['app'] },
  });
});

test('the WebSocket API of LatchkeyStack responds to every message', () => {
  const [webSocketApi] = Object.keys(
    template.findResources('AWS::ApiGatewayV2::Api', { Properties: { ProtocolType: 'WEBSOCKET' } }),
  );
  const [messages] = Object.keys(
    template.findResources('AWS::ApiGatewayV2::Route', { Properties: { RouteKey: '$default' } }),
  );
  template.hasResourceProperties('AWS::ApiGatewayV2::Route', {
    RouteKey: '$default',
    RouteResponseSelectionExpression: '$default',
  });
  template.hasResourceProperties('AWS::ApiGatewayV2::RouteResponse', {
    ApiId: { Ref: webSocketApi },
    RouteId: { Ref: messages },
    RouteResponseKey: '$default',
  });
  template.hasResourceProperties('AWS::ApiGatewayV2::Stage', {
    ApiId: { Ref: webSocketApi },
    StageName: 'prod',
    AutoDeploy: true,
  });
});

test('the HTTP API of LatchkeyStack logs the key’s id and the reason of a denial', () => {
  template.hasResourceProperties('AWS::ApiGatewayV2::Stage', {
    StageName: '$default',
    AccessLogSettings: {
      Format: Match.stringLikeRegexp('authorizer.keyId.*authorizer.errorCode'),
      DestinationArn: Match.anyValue(),
    },
  });
});

test('LatchkeyStack has termination protection only if you ask for it', () => {
  const protectionOf = (props: LatchkeyStackProps) => {
    const assembly = stackWith(props).node.root as App;
    return assembly.synth().getStackByName('LatchkeyStack').terminationProtection ?? false;
  };
  expect(protectionOf({ terminationProtection: true })).toBe(true);
  expect(protectionOf({})).toBe(false);
});

test('LatchkeyStack counts the HTTP API by its access log, and each API if it may set the account’s role', () => {
  const logged = templateWith({ accountLogRole: true });
  const countedIn = (of: Template) => {
    const [rollUp] = Object.values(of.findResources('AWS::Lambda::Function', { Properties: { Timeout: 900 } }));
    const { LATCHKEY_USAGE_ACCESS_LOGS } = rollUp?.['Properties'].Environment.Variables ?? {};
    const logs = JSON.stringify(LATCHKEY_USAGE_ACCESS_LOGS);
    return ['HttpApi', 'RestApi', 'WebSocketApi'].filter((api) => new RegExp(`"Ref":"${api}[0-9A-F]{8}"`).test(logs));
  };
  expect(countedIn(template)).toEqual(['HttpApi']);
  expect(countedIn(logged)).toEqual(['HttpApi', 'RestApi', 'WebSocketApi']);
});

test('LatchkeyStack throttles every stage', () => {
  const limits = { ThrottlingRateLimit: 50, ThrottlingBurstLimit: 100 };
  template.hasResourceProperties('AWS::ApiGateway::Stage', {
    MethodSettings: [Match.objectLike({ HttpMethod: '*', ResourcePath: '/*', ...limits })],
  });
  template.resourcePropertiesCountIs('AWS::ApiGatewayV2::Stage', { DefaultRouteSettings: limits }, 3);
  template.resourceCountIs('AWS::ApiGatewayV2::Stage', 3);
});

test('the REST API of LatchkeyStack has a regional endpoint', () => {
  template.hasResourceProperties('AWS::ApiGateway::RestApi', { EndpointConfiguration: { Types: ['REGIONAL'] } });
});

test('LatchkeyStack has alarms by default, and a dashboard only if you ask for it', () => {
  template.resourceCountIs('AWS::CloudWatch::Alarm', 8);
  template.resourceCountIs('AWS::CloudWatch::Dashboard', 0);
  const full = templateWith({ monitoring: 'dashboard' });
  full.resourceCountIs('AWS::CloudWatch::Alarm', 8);
  full.resourceCountIs('AWS::CloudWatch::Dashboard', 1);
  const none = templateWith({ monitoring: 'none' });
  none.resourceCountIs('AWS::CloudWatch::Alarm', 0);
  none.resourceCountIs('AWS::Logs::MetricFilter', 0);
});

test('LatchkeyStack leaves the account’s settings unchanged by default', () => {
  template.resourceCountIs('AWS::ApiGateway::Account', 0);
});

test('LatchkeyStack logs the key’s id and the reason of a denial on every API if it may set the account’s role', () => {
  const logged = templateWith({ accountLogRole: true });
  const format = Match.stringLikeRegexp('authorizer.keyId.*authorizer.errorCode');
  const [account] = Object.keys(logged.findResources('AWS::ApiGateway::Account'));
  logged.hasResourceProperties('AWS::ApiGateway::Stage', { AccessLogSetting: { Format: format } });
  logged.resourcePropertiesCountIs('AWS::ApiGatewayV2::Stage', { AccessLogSettings: { Format: format } }, 2);
  for (const type of ['AWS::ApiGateway::Stage', 'AWS::ApiGatewayV2::Stage'])
    logged.hasResource(type, { DependsOn: Match.arrayWith([account]) });
  // Other APIs of the account use the role, too.
  logged.hasResource('AWS::ApiGateway::Account', { DeletionPolicy: 'Retain' });
});

test.each([{}, { monitoring: 'dashboard' }, { accountLogRole: true }, { owners: OWNERS }] as const)(
  'LatchkeyStack passes cdk-nag’s AwsSolutionsChecks with the props %j',
  (props) => {
    expect(findingsOf((app) => new LatchkeyStack(app, 'LatchkeyStack', props))).toEqual([]);
  },
);

test('cdk-nag’s AwsSolutionsChecks find a bucket without protection', () => {
  expect(findingsOf((app) => new Bucket(new Stack(app, 'Planted'), 'Bucket'))).toContain('AwsSolutions-S1');
});

function stackWith(props: LatchkeyStackProps): LatchkeyStack {
  return new LatchkeyStack(new App({ context: FAST }), 'LatchkeyStack', props);
}

function templateWith(props: LatchkeyStackProps): Template {
  return Template.fromStack(stackWith(props));
}

function findingsOf(add: (app: App) => unknown): string[] {
  const app = new App();
  add(app);
  return new AwsSolutionsChecks(app).validateScope(app).violations.map(({ ruleName }) => ruleName);
}

interface Statement {
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
  readonly Condition?: unknown;
}

/** Returns the statements of every policy in the template by its role. */
function statementsByRole(): Record<string, readonly string[]> {
  const policies = resourcesOf('AWS::IAM::Policy').map(([, { Properties }]) => Properties);
  return Object.fromEntries(
    policies.map(({ Roles, PolicyDocument }) => [
      String(Roles.map(({ Ref }: { Ref: string }) => nameOf(Ref))),
      PolicyDocument.Statement.flatMap(toLines),
    ]),
  );
}

/** Returns one line for each action on each resource. */
function toLines({ Effect, Action, Resource, Condition }: Statement): string[] {
  const condition = Condition === undefined ? '' : ` if ${JSON.stringify(Condition)}`;
  return [Action]
    .flat()
    .flatMap((action) =>
      [Resource].flat().map((resource) => `${Effect} ${action} on ${describeResource(resource)}${condition}`),
    );
}

function describeResource(resource: unknown): string {
  const text = JSON.stringify(resource);
  const [, logicalId = ''] = /^\{"Fn::GetAtt":\["(\w+)","Arn"\]\}$/.exec(text) ?? [];
  const [, streamed = ''] = /^\{"Fn::GetAtt":\["(\w+)","StreamArn"\]\}$/.exec(text) ?? [];
  const [, indexed = '', index = ''] =
    /^\{"Fn::Join":\["",\[\{"Fn::GetAtt":\["(\w+)","Arn"\]\},"\/index\/(\w+)"/.exec(text) ?? [];
  if (streamed !== '') return `the stream of ${nameOf(streamed)}`;
  if (indexed !== '') return `the index ${index} of ${nameOf(indexed)}`;
  if (text.includes(':event-bus/default"')) return 'the default event bus';
  return logicalId === '' ? text : nameOf(logicalId);
}

/** Returns the logical id without the hash that the CDK appends. */
const nameOf = (logicalId: string) => logicalId.replace(/[0-9A-F]{8}$/, '');

const resourcesOf = (type: string) => Object.entries(template.findResources(type));

const logsOf = (group: string) =>
  ['logs:CreateLogStream', 'logs:PutLogEvents'].map((action) => `Allow ${action} on ${group}`);

test('LatchkeyStack grants its roles only the actions that this test lists', () => {
  const lastUsedOnly = JSON.stringify({
    'ForAllValues:StringEquals': { 'dynamodb:Attributes': ['keyHash', 'lastUsedAt'] },
    Null: { 'dynamodb:Attributes': 'false' },
    StringEqualsIfExists: { 'dynamodb:ReturnValues': 'NONE' },
  });
  const countersOnly = JSON.stringify({
    'ForAllValues:StringEquals': {
      'dynamodb:Attributes': 'subject granted tat plan limit period rateLimit burstLimit purgeAfter'.split(' '),
    },
    Null: { 'dynamodb:Attributes': 'false' },
    StringEqualsIfExists: { 'dynamodb:ReturnValues': 'UPDATED_NEW' },
  });
  const marksOnly = JSON.stringify({
    'ForAllValues:StringEquals': { 'dynamodb:Attributes': ['subject', 'warned'] },
    Null: { 'dynamodb:Attributes': 'false' },
    StringEqualsIfExists: { 'dynamodb:ReturnValues': 'NONE' },
  });
  expect(statementsByRole()).toEqual({
    AuthorizerRole: [
      ...logsOf('AuthorizerLogs'),
      'Allow dynamodb:GetItem on KeysTable',
      `Allow dynamodb:UpdateItem on KeysTable if ${lastUsedOnly}`,
      `Allow dynamodb:UpdateItem on AuthorizerLimitsTable if ${countersOnly}`,
    ],
    ManagementRole: [
      ...logsOf('ManagementLogs'),
      ...['BatchGetItem', 'DeleteItem', 'GetItem', 'PutItem', 'UpdateItem', 'Scan'].map(
        (action) => `Allow dynamodb:${action} on KeysTable`,
      ),
      'Allow dynamodb:Query on the index byId of KeysTable',
      'Allow dynamodb:Query on the index byOwner of KeysTable',
      ...['DeleteItem', 'GetItem', 'PutItem', 'UpdateItem'].map(
        (action) => `Allow dynamodb:${action} on ManagementState`,
      ),
      `Allow dynamodb:UpdateItem on AuthorizerLimitsTable if ${countersOnly}`,
      'Allow dynamodb:Query on UsageTable',
    ],
    EventsRole: [
      ...logsOf('EventsLogs'),
      ...['DescribeStream', 'GetRecords', 'GetShardIterator', 'ListStreams'].map(
        (action) => `Allow dynamodb:${action} on the stream of KeysTable`,
      ),
      'Allow dynamodb:Scan on KeysTable',
      'Allow dynamodb:Scan on AuthorizerLimitsTable',
      `Allow dynamodb:UpdateItem on AuthorizerLimitsTable if ${marksOnly}`,
      'Allow dynamodb:GetItem on KeysTable',
      'Allow dynamodb:Query on the index byId of KeysTable',
      'Allow dynamodb:PutItem on EventsHistory',
      'Allow events:PutEvents on the default event bus if {"StringEquals":{"events:source":"latchkey"}}',
      'Allow sqs:SendMessage on EventsDeadLetters',
      'Allow sqs:SendMessage on EventsDeadLetters',
      'Allow sqs:GetQueueAttributes on EventsDeadLetters',
      'Allow sqs:GetQueueUrl on EventsDeadLetters',
    ],
    UsageRole: [
      ...logsOf('UsageLogs'),
      'Allow dynamodb:PutItem on UsageTable',
      'Allow logs:FilterLogEvents on AuthorizerLogs',
      'Allow logs:FilterLogEvents on HttpApiLogs',
    ],
    WhoamiRole: logsOf('WhoamiLogs'),
  });
});

test('LatchkeyStack does not attach managed or inline policies to its roles', () => {
  const roles = resourcesOf('AWS::IAM::Role').map(([, { Properties }]) => Object.keys(Properties ?? {}));
  expect(roles).toEqual(Array.from({ length: 5 }, () => ['AssumeRolePolicyDocument']));
  const types = Object.values<{ Type: string }>(template.toJSON()['Resources']).map(({ Type }) => Type);
  expect(types.filter((type) => type.startsWith('AWS::IAM::') && !/::(Role|Policy)$/.test(type))).toEqual([]);
});
