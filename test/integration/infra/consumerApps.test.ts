import { readdirSync, readFileSync } from 'node:fs';
import { App, Stack } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import { AwsSolutionsChecks } from 'cdk-nag';
import { describe, expect, test } from '@jest/globals';
import { FAST } from './authorizerUnderTest.ts';
import { CONSUMER_APPS, type ConsumerApp } from './consumerApps/index.ts';

interface SynthesizedApp {
  readonly app: App;
  readonly stacks: readonly Stack[];
  readonly templates: readonly Template[];
}

interface Resource {
  readonly Type: string;
  // A template's properties are JSON of any shape.
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly Properties: any;
}

const synthesized = new Map<ConsumerApp, SynthesizedApp>();

/** Synthesizes the app once. `Template.fromStack` throws an error for circular dependencies. */
function synthesize(name: ConsumerApp): SynthesizedApp {
  const known = synthesized.get(name);
  if (known !== undefined) return known;
  const app = new App({ context: FAST });
  CONSUMER_APPS[name](app);
  const stacks = app.node.findAll().filter((node) => Stack.isStack(node));
  const result = { app, stacks, templates: stacks.map((stack) => Template.fromStack(stack)) };
  synthesized.set(name, result);
  return result;
}

function resourcesOf(template: Template): readonly (readonly [id: string, resource: Resource])[] {
  return Object.entries(template.toJSON()['Resources'] ?? {});
}

/** Returns the app's resources of a type in all stacks. */
const find = (name: ConsumerApp, type: string): readonly Resource[] =>
  synthesize(name)
    .templates.flatMap(resourcesOf)
    .flatMap(([, resource]) => (resource.Type === type ? [resource] : []));

/** Returns the properties of the app's resources of a type in all stacks. */
const propertiesOf = (name: ConsumerApp, type: string) => find(name, type).map(({ Properties }) => Properties);

/** Returns the paths of the authorizers that no permission in their stack lets invoke the function. */
function uninvocable(template: Template): string[] {
  const resources = resourcesOf(template);
  const permissions = resources.flatMap(([, { Type, Properties }]) =>
    Type === 'AWS::Lambda::Permission' ? [Properties] : [],
  );
  return resources.flatMap(([id, { Type, Properties }]) => {
    if (!/^AWS::ApiGateway(V2)?::Authorizer$/.test(Type) || Properties.AuthorizerUri === undefined) return [];
    const api = JSON.stringify(Properties.RestApiId ?? Properties.ApiId).replaceAll(/^"|"$/g, '');
    const isPermitted = permissions.some(
      ({ FunctionName, SourceArn }) =>
        JSON.stringify(Properties.AuthorizerUri).includes(JSON.stringify(FunctionName)) &&
        JSON.stringify(SourceArn).includes(api) &&
        JSON.stringify(SourceArn).includes('/authorizers/*'),
    );
    return isPermitted ? [] : [id];
  });
}

/** Returns the routes without an authorizer, such as `GET /health`. Preflights don't count. */
function openRoutes(template: Template): string[] {
  const resources = new Map(resourcesOf(template));
  const pathOf = ({ Ref: id }: { readonly Ref?: string }): string => {
    const resource = resources.get(id ?? '');
    return resource === undefined ? '' : `${pathOf(resource.Properties.ParentId)}/${resource.Properties.PathPart}`;
  };
  return [...resources.values()].flatMap(({ Type, Properties }) => {
    if (Properties?.AuthorizerId !== undefined || Properties?.AuthorizationType === 'AWS_IAM') return [];
    if (Type === 'AWS::ApiGatewayV2::Route') return [Properties.RouteKey];
    if (Type !== 'AWS::ApiGateway::Method' || Properties.HttpMethod === 'OPTIONS') return [];
    return [`${Properties.HttpMethod} ${pathOf(Properties.ResourceId) || '/'}`];
  });
}

/** The routes of the portal that check the cookie of its session. */
const PORTAL_ROUTES = [
  'GET /portal/me',
  'GET /portal/me/keys',
  'POST /portal/me/keys',
  'GET /portal/me/keys/{id}',
  'PATCH /portal/me/keys/{id}',
  'GET /portal/me/keys/{id}/usage',
  ...['rotate', 'disable', 'enable', 'revoke'].map((verb) => `POST /portal/me/keys/{id}/${verb}`),
];

const OPEN: Partial<Record<ConsumerApp, readonly string[]>> = {
  'an existing REST API of 40 routes': ['GET /health'],
  'an HTTP API with a default authorizer and public routes': ['GET /status', 'GET /docs/{proxy+}'],
  'a WebSocket API': ['$disconnect', '$default', 'send'],
  'a construct of a team’s own': ['GET /health'],
  'limits on an HTTP API and on messages': ['$default'],
  'the management API in a stack of its own': [
    'GET /openapi.json',
    'GET /portal',
    'GET /portal/{file+}',
    'POST /portal/session',
    'DELETE /portal/session',
    ...PORTAL_ROUTES,
  ],
};

const NAMES = Object.keys(CONSUMER_APPS) as ConsumerApp[];

describe.each(NAMES)('an app with %s', (name) => {
  test('synthesizes without errors, and without warnings from Latchkey', () => {
    // A nested stack's messages are in its parent's manifest.
    const stacks = synthesize(name).stacks.filter((stack) => !stack.nested);
    for (const stack of stacks) {
      expect(Annotations.fromStack(stack).findError('*', Match.anyValue())).toEqual([]);
      const warnings = Annotations.fromStack(stack).findWarning('*', Match.anyValue());
      expect(warnings.filter(({ entry }) => JSON.stringify(entry.data).includes('latchkey:'))).toEqual([]);
    }
  });

  test('lets each authorizer invoke the function', () => {
    expect(synthesize(name).templates.flatMap(uninvocable)).toEqual([]);
  });

  test('protects every route that is not public', () => {
    expect(synthesize(name).templates.flatMap(openRoutes).toSorted()).toEqual((OPEN[name] ?? []).toSorted());
  });
});

test('consumer apps import nothing of Latchkey except its public entry', () => {
  const directory = new URL('consumerApps/', import.meta.url);
  const files = readdirSync(directory).filter((file) => file.endsWith('.ts') && file !== 'index.ts');
  expect(files).toHaveLength(NAMES.length);
  for (const file of files) {
    const imports = readFileSync(new URL(file, directory), 'utf8').matchAll(/from '(?<path>\.[^']*)'/g);
    expect([...imports].map(({ groups }) => groups?.['path'])).toEqual(['../../../../infra/index.ts']);
  }
});

describe('the consumer app with', () => {
  test('an existing REST API keeps its gateway responses and gets those it lacks', () => {
    const responses = propertiesOf('an existing REST API of 40 routes', 'AWS::ApiGateway::GatewayResponse');
    const bodies = Object.fromEntries(
      responses.map(({ ResponseType, ResponseTemplates }) => [ResponseType, ResponseTemplates?.['application/json']]),
    );
    expect(bodies).toMatchObject({
      ACCESS_DENIED: '{"message":$context.error.messageString}',
      DEFAULT_4XX: undefined,
      UNAUTHORIZED: expect.stringContaining('AUTH_REQUIRED'),
    });
    const methods = propertiesOf('an existing REST API of 40 routes', 'AWS::ApiGateway::Method');
    expect(methods.filter(({ AuthorizationType }) => AuthorizationType === 'CUSTOM')).toHaveLength(40);
    expect(propertiesOf('an existing REST API of 40 routes', 'AWS::ApiGateway::Authorizer')).toMatchObject([
      { Type: 'REQUEST', IdentitySource: 'method.request.header.X-Api-Key', AuthorizerResultTtlInSeconds: 300 },
    ]);
  });

  test('a SpecRestApi requires the authorizer and a plan’s key in the REST definition only', () => {
    const [rest] = propertiesOf('a SpecRestApi', 'AWS::ApiGateway::RestApi');
    const [http] = propertiesOf('a SpecRestApi', 'AWS::ApiGatewayV2::Api');
    expect(rest.Body.paths['/orders/{id}']['x-amazon-apigateway-any-method'].security).toEqual([
      { latchkey: [], api_key: [] },
    ]);
    expect(rest.Body.paths['/orders'].options.security).toBeUndefined();
    expect(http.Body.paths['/orders'].get.security).toEqual([{ latchkey: [] }]);
    expect(http.Body.components.securitySchemes.latchkey['x-amazon-apigateway-authorizer']).toMatchObject({
      type: 'request',
      identitySource: '$request.header.Authorization',
      authorizerPayloadFormatVersion: '2.0',
    });
    const sources = propertiesOf('a SpecRestApi', 'AWS::Lambda::Permission').map(({ SourceArn }) => SourceArn);
    expect(sources).toHaveLength(2);
  });

  test('a LambdaRestApi has a TOKEN authorizer in front of the root and the proxy', () => {
    const [authorizer, ...others] = propertiesOf('a LambdaRestApi', 'AWS::ApiGateway::Authorizer');
    expect(others).toEqual([]);
    expect(authorizer).toMatchObject({ Type: 'TOKEN', IdentitySource: 'method.request.header.Authorization' });
    const methods = propertiesOf('a LambdaRestApi', 'AWS::ApiGateway::Method');
    const custom = methods.filter(({ AuthorizationType }) => AuthorizationType === 'CUSTOM');
    expect(custom.map(({ HttpMethod }) => HttpMethod)).toEqual(['ANY', 'ANY']);
  });

  test('a default authorizer shares it among the routes', () => {
    const authorizers = propertiesOf(
      'an HTTP API with a default authorizer and public routes',
      'AWS::ApiGatewayV2::Authorizer',
    );
    expect(authorizers).toMatchObject([{ EnableSimpleResponses: true, AuthorizerPayloadFormatVersion: '2.0' }]);
  });

  test('a JWT authorizer keeps the authorizer of each route', () => {
    const name = 'an HTTP API with a JWT authorizer beside ours';
    const types = find(name, 'AWS::ApiGatewayV2::Authorizer').map(({ Properties }) => Properties.AuthorizerType);
    expect(types.toSorted()).toEqual(['JWT', 'JWT', 'REQUEST']);
    const routes = propertiesOf(name, 'AWS::ApiGatewayV2::Route');
    const byRoute = Object.fromEntries(routes.map(({ RouteKey, AuthorizationType }) => [RouteKey, AuthorizationType]));
    expect(byRoute).toEqual({
      'GET /me': 'JWT',
      'GET /admin': 'JWT',
      'ANY /machines/orders': 'CUSTOM',
      'ANY /machines/{proxy+}': 'CUSTOM',
    });
  });

  test('AppSync lets only its own API invoke the function', () => {
    const [api] = propertiesOf('an AppSync API', 'AWS::AppSync::GraphQLApi');
    expect(api.AdditionalAuthenticationProviders).toMatchObject([{ AuthenticationType: 'AWS_LAMBDA' }]);
    const [permission] = propertiesOf('an AppSync API', 'AWS::Lambda::Permission');
    expect(permission).toMatchObject({
      Principal: 'appsync.amazonaws.com',
      SourceArn: { 'Fn::GetAtt': [expect.stringMatching(/^Api/), 'Arn'] },
    });
  });

  test('other stacks makes them depend on the authorizer’s stack, never the reverse', () => {
    const { stacks } = synthesize('APIs in other stacks and in a nested stack');
    const dependencies = stacks
      .filter((stack) => !stack.nested)
      .map((stack) => [stack.node.id, stack.dependencies.map(({ node }) => node.id)]);
    expect(Object.fromEntries(dependencies)).toEqual({
      'shop-data': [],
      'shop-auth': ['shop-data'],
      'shop-api': ['shop-auth'],
    });
  });

  test('a pipeline gives the resources of both environments the same logical ids', () => {
    const [, testing, production] = synthesize('a pipeline with two stages').templates.map((template) =>
      resourcesOf(template).map(([id]) => id.replace(/^ApiDeployment[A-Z0-9]{8}[0-9a-f]{32}$/, 'ApiDeployment')),
    );
    expect(production).toEqual(expect.arrayContaining(testing ?? ['no template']));
  });

  test('an imported table grants the use of its KMS key only through DynamoDB', () => {
    const name = 'an imported table with its own KMS key';
    expect(find(name, 'AWS::DynamoDB::GlobalTable')).toEqual([]);
    const statements = propertiesOf(name, 'AWS::IAM::Policy').map(({ PolicyDocument }) => PolicyDocument.Statement);
    expect(statements).toHaveLength(2);
    for (const statement of statements) {
      expect(statement).toContainEqual(
        expect.objectContaining({
          Action: expect.arrayContaining(['kms:Decrypt']),
          Condition: { StringEquals: { 'kms:ViaService': 'dynamodb.eu-central-1.amazonaws.com' } },
        }),
      );
    }
  });

  test('replicas reads the table of each other Region by its name', () => {
    const [table] = propertiesOf('a table with replicas', 'AWS::DynamoDB::GlobalTable');
    expect(table.Replicas).toHaveLength(3);
    const functions = propertiesOf('a table with replicas', 'AWS::Lambda::Function');
    const tables = functions.flatMap(({ Environment }) => Environment?.Variables.LATCHKEY_TABLE ?? []);
    expect(tables).toEqual([{ 'Fn::ImportValue': expect.stringContaining('Keys') }, 'global-keys', 'global-keys']);
  });

  test('a VPC runs the function in the given subnets and security group', () => {
    const [{ VpcConfig }] = propertiesOf('a function in a VPC', 'AWS::Lambda::Function') as [Resource['Properties']];
    expect(VpcConfig.SecurityGroupIds).toEqual(['sg-0123456789abcdef0']);
    expect(VpcConfig.SubnetIds).toHaveLength(2);
  });

  test('a permissions boundary has it on every role, and keeps the changes of aspects', () => {
    const name = 'a permissions boundary with aspects and cdk-nag';
    for (const { PermissionsBoundary } of propertiesOf(name, 'AWS::IAM::Role'))
      expect(JSON.stringify(PermissionsBoundary)).toContain(':policy/developer-boundary');
    for (const { Environment } of propertiesOf(name, 'AWS::Lambda::Function'))
      expect(Environment.Variables).toMatchObject({ COST_CENTRE: '4711' });
    for (const { RetentionInDays } of propertiesOf(name, 'AWS::Logs::LogGroup')) expect(RetentionInDays).toBe(365);
    const [table] = propertiesOf(name, 'AWS::DynamoDB::GlobalTable');
    expect(table.Replicas).toMatchObject([{ DeletionProtectionEnabled: false }]);
  });

  test('cdk-nag gets no finding for a construct of Latchkey', () => {
    const { app } = synthesize('a permissions boundary with aspects and cdk-nag');
    const { violations } = new AwsSolutionsChecks(app).validateScope(app);
    const paths = violations.flatMap(({ ruleName, violatingResources }) =>
      violatingResources.map(({ constructPath }) => `${ruleName} ${constructPath}`),
    );
    expect(paths.filter((path) => / Orders\/(Authorizer|Keys)\//.test(path))).toEqual([]);
    expect(paths.length).toBeGreaterThan(0);
  });

  test('several stages adds each of them to each usage plan', () => {
    const plans = propertiesOf('a REST API with several stages', 'AWS::ApiGateway::UsagePlan');
    expect(plans.map(({ ApiStages }) => ApiStages.length)).toEqual([3, 3, 3]);
    const methods = propertiesOf('a REST API with several stages', 'AWS::ApiGateway::Method');
    const required = Object.fromEntries(methods.map((method) => [method.HttpMethod, method.ApiKeyRequired]));
    expect(required).toEqual({ GET: true, POST: true, HEAD: false });
  });

  test('a REST API of another app deploys after its methods, with their authorizer', () => {
    const [authorizer] = propertiesOf('a REST API of another app', 'AWS::ApiGateway::Authorizer');
    expect(authorizer).toMatchObject({ RestApiId: 'a1b2c3d4e5', Type: 'REQUEST' });
    expect(find('a REST API of another app', 'AWS::ApiGateway::GatewayResponse')).not.toHaveLength(0);
  });

  test('two authorizers with one table gives each its own function and identity source', () => {
    const name = 'two authorizers with one table';
    expect(find(name, 'AWS::DynamoDB::GlobalTable')).toHaveLength(1);
    expect(find(name, 'AWS::Lambda::Function')).toHaveLength(2);
    const sources = propertiesOf(name, 'AWS::ApiGateway::Authorizer').map(({ IdentitySource }) => IdentitySource);
    expect(sources).toEqual(['method.request.header.X-Partner-Key', 'method.request.header.Authorization']);
  });

  test('limits grants each role only its own use of the counts', () => {
    const policies = propertiesOf('limits on an HTTP API and on messages', 'AWS::IAM::Policy');
    const uses = policies.map(({ Roles, PolicyDocument }) => {
      const statements: { Action: string | string[]; Resource: unknown }[] = PolicyDocument.Statement;
      const ofLimits = statements.filter(({ Resource }) => JSON.stringify(Resource).includes('LimitsTable'));
      return [Roles[0].Ref.replace(/(ServiceRole)?[0-9A-F]{8}$/, ''), ofLimits.flatMap(({ Action }) => Action)];
    });
    expect(Object.fromEntries(uses)).toEqual({
      AuthorizerRole: ['dynamodb:UpdateItem'],
      MessagesFn: ['dynamodb:UpdateItem'],
      Support: ['dynamodb:BatchGetItem', 'dynamodb:UpdateItem'],
    });
  });

  test('tokens passes each of them to the template', () => {
    const name = 'tokens in every prop that takes them';
    const functions = propertiesOf(name, 'AWS::Lambda::Function');
    const authorizer = functions.find(({ Environment }) => Environment.Variables.LATCHKEY_SCOPES !== undefined);
    expect(authorizer).toMatchObject({
      MemorySize: { Ref: 'Memory' },
      ReservedConcurrentExecutions: { Ref: 'Reserved' },
      Environment: {
        Variables: {
          LATCHKEY_KEY_PREFIXES: { 'Fn::Join': [',', { Ref: 'KeyPrefixes' }] },
          LATCHKEY_EXTERNAL_KEYS: { 'Fn::Join': ['', expect.arrayContaining([{ Ref: 'ExternalPrefix' }])] },
          LATCHKEY_LAST_USED_SECONDS: { Ref: 'LastUsedSeconds' },
          LATCHKEY_SCOPES: { 'Fn::Join': ['', expect.arrayContaining([{ Ref: 'Collection' }])] },
        },
      },
    });
    expect(propertiesOf(name, 'AWS::ApiGateway::UsagePlan')).toContainEqual(
      expect.objectContaining({
        Throttle: { RateLimit: { Ref: 'Rate' }, BurstLimit: { Ref: 'Burst' } },
        Quota: { Limit: { Ref: 'Quota' }, Period: 'DAY' },
      }),
    );
  });
});
