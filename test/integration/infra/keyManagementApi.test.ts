import { App, Duration, Fn, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Runtime } from 'aws-cdk-lib/aws-lambda';
import { AwsSolutionsChecks } from 'cdk-nag';
import { describe, expect, test } from '@jest/globals';
import { ApiKeyAuthorizer } from '../../../infra/apiKeyAuthorizer.ts';
import { ApiKeyLimits } from '../../../infra/apiKeyLimits.ts';
import { ApiKeyTable } from '../../../infra/apiKeyTable.ts';
import { ApiKeyUsage } from '../../../infra/apiKeyUsage.ts';
import { KeyManagementApi } from '../../../infra/keyManagementApi.ts';
import type { KeyManagementApiProps } from '../../../infra/keyManagementProps.ts';
import { LimitPeriod } from '../../../infra/planProps.ts';
import { authorizerUnderTest, type AuthorizerProps, FAST, problemOf, sharedTemplate } from './authorizerUnderTest.ts';

type Props = Omit<KeyManagementApiProps, 'table'>;

const OWNERS = { issuer: 'https://issuer.example', audience: ['app'] };
const PORTAL = { name: 'Acme', returnOrigins: ['https://app.example'] };
const EVERYONE = { owners: OWNERS, portal: PORTAL, ownerRules: {} };
const PLANS = { demo: { enforce: 'authorizer', quota: { limit: 1, period: LimitPeriod.DAY } } } as const;

function build(props: Props = {}) {
  const stack = new Stack(new App({ context: FAST }), 'Test');
  const table = new ApiKeyTable(stack, 'Keys');
  return { stack, management: new KeyManagementApi(stack, 'Management', { table, ...props }) };
}

/** Creates an API for the keys of an authorizer. */
function buildWithAuthorizer(authorizerProps: AuthorizerProps, props: Props = {}) {
  const { stack, authorizer } = authorizerUnderTest(authorizerProps);
  const table = ApiKeyTable.fromTable(stack, 'Same', stack.node.findChild('Keys').node.findChild('Table') as never);
  const management = new KeyManagementApi(stack, 'Management', { table, authorizer, ...props });
  return { stack, authorizer, management };
}

const templateOf = sharedTemplate((props: Props = {}) => build(props).stack);

/** Returns the environment variables of the function, with its settings parsed. */
function variablesIn(template: Template) {
  const [found] = Object.values(template.findResources('AWS::Lambda::Function', { Properties: { Timeout: 15 } }));
  const { LATCHKEY_MANAGEMENT: settings, ...others } = found?.['Properties'].Environment.Variables ?? {};
  return { settings: JSON.parse(settings), ...others };
}

/** Returns the authorization of each route, such as `GET /keys`. */
function routesIn(template: Template): Record<string, string> {
  const routes = Object.values(template.findResources('AWS::ApiGatewayV2::Route'));
  return Object.fromEntries(
    routes.map(({ Properties: { RouteKey, AuthorizationType } }) => [RouteKey, AuthorizationType]),
  );
}

describe('KeyManagementApi', () => {
  test('has routes only for operators by default, each with IAM', () => {
    expect(routesIn(templateOf())).toEqual({
      'GET /keys': 'AWS_IAM',
      'POST /keys': 'AWS_IAM',
      'GET /keys/{id}': 'AWS_IAM',
      'PATCH /keys/{id}': 'AWS_IAM',
      'POST /keys/{id}/rotate': 'AWS_IAM',
      'POST /keys/{id}/disable': 'AWS_IAM',
      'POST /keys/{id}/enable': 'AWS_IAM',
      'POST /keys/{id}/revoke': 'AWS_IAM',
      'GET /keys/{id}/usage': 'AWS_IAM',
      'POST /keys/verify': 'AWS_IAM',
      'GET /openapi.json': 'NONE',
    });
  });

  test('checks the tokens of owners by a JWT authorizer of API Gateway', () => {
    const template = templateOf({ owners: OWNERS, ownerRules: {} });
    template.hasResourceProperties('AWS::ApiGatewayV2::Authorizer', {
      AuthorizerType: 'JWT',
      IdentitySource: ['$request.header.Authorization'],
      JwtConfiguration: { Issuer: 'https://issuer.example', Audience: ['app'] },
    });
    const owners = Object.entries(routesIn(template)).filter(([key]) => / \/me/.test(key));
    expect(owners).toHaveLength(10);
    expect(new Set(owners.map(([, type]) => type))).toEqual(new Set(['JWT']));
  });

  test('leaves only the portal and the document open', () => {
    const open = Object.entries(routesIn(templateOf(EVERYONE))).filter(([, type]) => type === 'NONE');
    expect(open.map(([key]) => key).filter((key) => !/ \/portal(\/|$)/.test(key))).toEqual(['GET /openapi.json']);
  });

  test('has no route for any method, which would catch preflight requests', () => {
    expect(Object.keys(routesIn(templateOf(EVERYONE))).filter((key) => /ANY|\$default/.test(key))).toEqual([]);
  });

  test('leaves out the routes of operators if you turn them off', () => {
    const routes = routesIn(templateOf({ operators: false, owners: OWNERS, ownerRules: {} }));
    expect(Object.values(routes)).not.toContain('AWS_IAM');
    expect(routes).toHaveProperty(['GET /me/keys'], 'JWT');
  });

  test('gives the function the rules of owners, their rate and the revocation delay', () => {
    const { stack } = buildWithAuthorizer(
      { recordCacheTtl: Duration.seconds(30) },
      {
        owners: { ...OWNERS, orgClaim: 'org' },
        portal: { ...PORTAL, accentColor: '#0b6e4f' },
        ownerRules: { scopes: ['a'], maxLifetime: Duration.days(1), maxKeysPerOwner: 5, rateLimit: 2 },
      },
    );
    const rules = { scopes: ['a'], maxLifetimeSeconds: 86_400, maxKeysPerOwner: 5 };
    expect(variablesIn(Template.fromStack(stack)).settings).toEqual({
      operators: true,
      owners: { orgClaim: 'org', ...rules },
      portal: { ...PORTAL, accentColor: '#0b6e4f', ...rules },
      rateLimit: { rateLimit: 2, burstLimit: 20 },
      revocationDelaySeconds: 30,
    });
  });

  test('shares the authorizer’s settings of keys and limits, and its table of limits', () => {
    const { stack, authorizer, management } = buildWithAuthorizer({
      keyPrefixes: ['sk_test_'],
      plans: PLANS,
      staleIfError: Duration.seconds(9),
      scopes: { a: ['GET /a'] },
      debugSampleRate: 0.5,
    });
    expect(management.limits).toBe(authorizer.limits);
    const variables = Object.keys(variablesIn(Template.fromStack(stack))).toSorted();
    expect(variables).toEqual([
      'LATCHKEY_KEY_PREFIXES',
      'LATCHKEY_LIMITS_TABLE',
      'LATCHKEY_PLANS',
      'LATCHKEY_STALE_IF_ERROR_SECONDS',
      'LATCHKEY_STATE_TABLE',
      'LATCHKEY_TABLE',
      'settings',
    ]);
  });

  test('creates a table for the owners’ rate unless it gets one', () => {
    expect(build().management.limits).toBeUndefined();
    expect(build({ portal: PORTAL, ownerRules: {} }).management.limits).toBeInstanceOf(ApiKeyLimits);
    const { stack } = build();
    const limits = new ApiKeyLimits(stack, 'Own');
    const table = new ApiKeyTable(stack, 'OtherKeys');
    const management = new KeyManagementApi(stack, 'Other', { table, limits, owners: OWNERS, ownerRules: {} });
    expect(management.limits).toBe(limits);
  });

  test('lets the function query the usage table if it gets one', () => {
    const { stack, authorizer } = authorizerUnderTest();
    const usage = new ApiKeyUsage(stack, 'Usage', { authorizer });
    const table = new ApiKeyTable(stack, 'OtherKeys');
    new KeyManagementApi(stack, 'Management', { table, usage });
    const template = Template.fromStack(stack);
    expect(variablesIn(template)).toHaveProperty('LATCHKEY_USAGE_TABLE');
    template.hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          {
            Effect: 'Allow',
            Action: 'dynamodb:Query',
            Resource: { 'Fn::GetAtt': [Match.stringLikeRegexp('^UsageTable'), 'Arn'] },
          },
        ]),
      },
    });
  });

  test('doesn’t let the function list the keys of all owners without operators', () => {
    const template = templateOf({ operators: false, owners: OWNERS, ownerRules: {} });
    expect(JSON.stringify(template.findResources('AWS::IAM::Policy'))).not.toContain('dynamodb:Scan');
  });

  test('lets API Gateway invoke the function by one permission, which names the API', () => {
    const permissions = Object.values(templateOf(EVERYONE).findResources('AWS::Lambda::Permission'));
    expect(permissions).toHaveLength(1);
    expect(JSON.stringify(permissions[0]?.['Properties'].SourceArn)).toMatch(/"Ref":"ManagementApi\w+"/);
  });

  test('grants operators only the routes of operators', () => {
    const { stack, management } = build(EVERYONE);
    management.grantInvoke(new Role(stack, 'Operator', { assumedBy: new ServicePrincipal('ec2.amazonaws.com') }));
    const policies = Object.entries(Template.fromStack(stack).findResources('AWS::IAM::Policy'));
    const policy = policies.find(([id]) => id.startsWith('Operator'))?.[1];
    const [statement] = policy?.['Properties'].PolicyDocument.Statement ?? [];
    expect(statement).toMatchObject({ Effect: 'Allow', Action: 'execute-api:Invoke' });
    const ends = statement.Resource.map((arn: object) => /\/\$default\/[^"]+/.exec(JSON.stringify(arn))?.[0]);
    expect(ends).toEqual([
      '/$default/GET/keys',
      '/$default/POST/keys',
      '/$default/GET/keys/*',
      '/$default/PATCH/keys/*',
      '/$default/POST/keys/*/rotate',
      '/$default/POST/keys/*/disable',
      '/$default/POST/keys/*/enable',
      '/$default/POST/keys/*/revoke',
      '/$default/GET/keys/*/usage',
      '/$default/POST/keys/verify',
      '/$default/POST/portal-sessions',
    ]);
  });

  test('grants nothing without routes of operators', () => {
    const { stack, management } = build({ operators: false, owners: OWNERS, ownerRules: {} });
    const role = new Role(stack, 'Operator', { assumedBy: new ServicePrincipal('ec2.amazonaws.com') });
    expect(management.grantInvoke(role).success).toBe(false);
  });

  test('logs the caller and the route of a request, and no path, header or query', () => {
    const [stage] = Object.values(templateOf().findResources('AWS::ApiGatewayV2::Stage'));
    const { AccessLogSettings, DefaultRouteSettings } = stage?.['Properties'] ?? {};
    const variables = Object.values(JSON.parse(AccessLogSettings.Format));
    expect(variables).toContain('$context.identity.userArn');
    expect(variables).toContain('$context.routeKey');
    expect(variables.filter((name) => /path|header|query|claims$/i.test(String(name)))).toEqual([]);
    expect(DefaultRouteSettings).toEqual({ ThrottlingRateLimit: 50, ThrottlingBurstLimit: 100 });
  });

  test('answers preflight requests of the origins that you allow, without credentials', () => {
    templateOf({ corsOrigins: ['https://app.example'] }).hasResourceProperties('AWS::ApiGatewayV2::Api', {
      CorsConfiguration: {
        AllowOrigins: ['https://app.example'],
        AllowMethods: ['GET', 'POST', 'PATCH'],
        AllowHeaders: ['authorization', 'content-type', 'idempotency-key', 'if-match'],
        AllowCredentials: Match.absent(),
      },
    });
    templateOf().hasResourceProperties('AWS::ApiGatewayV2::Api', { CorsConfiguration: Match.absent() });
  });

  test('deletes the state table with the stack unless you retain it', () => {
    const state = (of: Template) =>
      Object.entries(of.findResources('AWS::DynamoDB::GlobalTable')).find(([id]) => id.includes('State'))?.[1];
    expect(state(templateOf())).toMatchObject({ DeletionPolicy: 'Delete' });
    expect(state(templateOf({ removalPolicy: RemovalPolicy.RETAIN }))).toMatchObject({ DeletionPolicy: 'Retain' });
  });

  test.each<[string, Props]>([
    ['operators: expected true, or the props owners or portal', { operators: false }],
    ['operators: expected true with a portal', { operators: false, portal: PORTAL, ownerRules: {} }],
    ['ownerRules: expected what owners may do, because of the prop owners, got nothing', { owners: OWNERS }],
    ['ownerRules: expected what owners may do, because of the prop portal, got nothing', { portal: PORTAL }],
    ['ownerRules: expected the prop owners or portal', { ownerRules: {} }],
    ['owners.issuer: expected an https URL', { ...EVERYONE, owners: { ...OWNERS, issuer: 'http://issuer.example' } }],
    ['owners.audience: expected at least one audience', { ...EVERYONE, owners: { ...OWNERS, audience: [] } }],
    ['owners.orgClaim: expected the name of a claim', { ...EVERYONE, owners: { ...OWNERS, orgClaim: '' } }],
    [
      'ownerRules.maxLifetime: expected whole seconds from 1',
      { ...EVERYONE, ownerRules: { maxLifetime: Duration.seconds(0) } },
    ],
    ['ownerRules.maxKeysPerOwner: expected a whole number', { ...EVERYONE, ownerRules: { maxKeysPerOwner: 0 } }],
    ['ownerRules.rateLimit: expected a whole number', { ...EVERYONE, ownerRules: { rateLimit: 0.5 } }],
    ['corsOrigins: expected origins such as', { corsOrigins: ['https://app.example/'] }],
    ['portal.returnOrigins: expected a list of origins', { ...EVERYONE, portal: { ...PORTAL, returnOrigins: ['*'] } }],
    ['ownerRules.scopes: expected a list of different scopes', { ...EVERYONE, ownerRules: { scopes: ['a b'] } }],
    ['ownerRules.plans: expected a list of one or more', { ...EVERYONE, ownerRules: { plans: [] } }],
    ['portal.accentColor: expected a colour', { ...EVERYONE, portal: { ...PORTAL, accentColor: 'red' } }],
    ['runtime: expected Node.js 20 or newer', { runtime: Runtime.NODEJS_18_X }],
  ])('rejects props with the message %s', (message, props) => {
    expect(problemOf(() => build(props))).toContain(message);
  });

  test('accepts values that only the deployment knows', () => {
    const { stack } = build({
      owners: {
        issuer: Fn.importValue('issuer'),
        audience: [Fn.importValue('audience')],
        ownerClaim: Fn.importValue('claim'),
      },
      portal: {
        name: Fn.importValue('name'),
        logoUrl: Fn.importValue('logo'),
        returnOrigins: [Fn.importValue('origin')],
      },
      ownerRules: { scopes: [Fn.importValue('scope')] },
      corsOrigins: [Fn.importValue('origin')],
    });
    expect(JSON.stringify(Template.fromStack(stack))).toContain('"Fn::ImportValue":"logo"');
  });

  test('lists every problem in one message', () => {
    const problem = problemOf(() => build({ operators: false, ownerRules: { burstLimit: 0 }, corsOrigins: ['x'] }));
    expect(problem.split('; ')).toHaveLength(4);
  });

  test('rejects an authorizer with another table of limits', () => {
    const { stack, authorizer } = authorizerUnderTest({ plans: PLANS });
    const limits = new ApiKeyLimits(stack, 'Own');
    const table = new ApiKeyTable(stack, 'OtherKeys');
    expect(problemOf(() => new KeyManagementApi(stack, 'Management', { table, authorizer, limits }))).toContain(
      'limits: expected the limits of the authorizer, got another table',
    );
  });

  test('rejects an authorizer of another table that the synthesis knows', () => {
    const { stack } = authorizerUnderTest();
    const of = (name: string) => ApiKeyTable.fromTableName(stack, name, name);
    const authorizer = new ApiKeyAuthorizer(stack, 'One', { table: of('one-keys') });
    expect(
      problemOf(() => new KeyManagementApi(stack, 'Management', { table: of('other-keys'), authorizer })),
    ).toContain('authorizer: expected one with the table other-keys, got one with one-keys');
  });

  test('passes cdk-nag’s AwsSolutionsChecks with every audience', () => {
    const app = new App();
    const stack = new Stack(app, 'Test');
    new KeyManagementApi(stack, 'Management', { table: new ApiKeyTable(stack, 'Keys'), ...EVERYONE });
    const { violations } = new AwsSolutionsChecks(app).validateScope(app);
    expect(violations.map(({ ruleName }) => ruleName)).toEqual([]);
  });
});
