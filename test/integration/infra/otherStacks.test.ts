import { App, NestedStack, Stack } from 'aws-cdk-lib';
import { MockIntegration, RestApi } from 'aws-cdk-lib/aws-apigateway';
import { HttpApi, WebSocketApi } from 'aws-cdk-lib/aws-apigatewayv2';
import { WebSocketMockIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { Definition, GraphqlApi } from 'aws-cdk-lib/aws-appsync';
import { Template } from 'aws-cdk-lib/assertions';
import { LambdaDeploymentConfig } from 'aws-cdk-lib/aws-codedeploy';
import { APPSYNC_GRAPHQLAPI_SCOPE_LAMBDA_FUNCTION_PERMISSION } from 'aws-cdk-lib/cx-api';
import { describe, expect, test } from '@jest/globals';
import { ApiKeyAuthorizer } from '../../../infra/apiKeyAuthorizer.ts';
import { ApiKeyTable } from '../../../infra/apiKeyTable.ts';
import { addHttpRoute, type AuthorizerProps } from './authorizerUnderTest.ts';

type AddApi = (stack: Stack, authorizer: ApiKeyAuthorizer) => void;

const restApi =
  (type: 'REQUEST' | 'TOKEN'): AddApi =>
  (stack, authorizer) => {
    const api = new RestApi(stack, 'Api', { cloudWatchRole: false });
    const guard = authorizer.forRestApi('Keys', { type, scope: api });
    api.root.addMethod('GET', new MockIntegration(), { authorizer: guard });
    authorizer.addGatewayResponses(api);
  };

function addGraphqlApi(stack: Stack, authorizer: ApiKeyAuthorizer, id = 'Api'): void {
  new GraphqlApi(stack, id, {
    name: id,
    definition: Definition.fromFile('test/integration/infra/schema.graphql'),
    authorizationConfig: { defaultAuthorization: authorizer.forAppSync({ scope: stack }) },
  });
}

const KINDS: readonly (readonly [string, AddApi])[] = [
  ['REST', restApi('REQUEST')],
  ['REST, of type TOKEN,', restApi('TOKEN')],
  ['HTTP', (stack, authorizer) => addHttpRoute(new HttpApi(stack, 'Api'), authorizer.forHttpApi())],
  [
    'WebSocket',
    (stack, authorizer) => {
      const integration = new WebSocketMockIntegration('Integration');
      new WebSocketApi(stack, 'Api', {
        connectRouteOptions: { integration, authorizer: authorizer.forWebSocketApi() },
      });
    },
  ],
  ['AppSync', addGraphqlApi],
];

const PROPS: readonly (readonly [string, AuthorizerProps])[] = [
  ['the function', {}],
  ['the alias', { rollout: LambdaDeploymentConfig.CANARY_10PERCENT_5MINUTES }],
];

const CASES = KINDS.flatMap(([kind, addApi]) => PROPS.map(([asked, props]) => ({ kind, addApi, asked, props })));

/** An authorizer, and an API in a stack that `stackIn` makes. */
function split(stackIn: (home: Stack) => Stack, props: AuthorizerProps, addApi: AddApi) {
  const app = new App({ context: { [APPSYNC_GRAPHQLAPI_SCOPE_LAMBDA_FUNCTION_PERMISSION]: true } });
  const home = new Stack(app, 'Home');
  const table = new ApiKeyTable(home, 'Keys');
  const authorizer = new ApiKeyAuthorizer(home, 'Authorizer', { table, keySources: ['bearer'], ...props });
  const other = stackIn(home);
  addApi(other, authorizer);
  return { app, home, other };
}

const besideHome = (home: Stack) => new Stack(home.node.root, 'Other');
const inHome = (home: Stack) => new NestedStack(home, 'Other');

type Resources = Readonly<Record<string, unknown>>;

function resourcesOf(stack: Stack): Resources {
  return Template.fromStack(stack, { skipCyclicalDependenciesCheck: true }).toJSON()['Resources'];
}

/** The ids that a part of a template refers to. */
function referencesIn(part: unknown): readonly string[] {
  if (typeof part !== 'object' || part === null) return [];
  return Object.entries(part).flatMap(([name, value]: [string, unknown]) => {
    if (name === 'Ref' || name === 'DependsOn') return [value].flat().map(String);
    if (name === 'Fn::GetAtt') return [String([value].flat()[0])];
    if (name === 'Fn::Sub') return [...String(value).matchAll(/\$\{([^}.]+)/g)].map(([, id = '']) => id);
    return referencesIn(value);
  });
}

/** The resource that CloudFormation would refuse for waiting on itself, over others or not. */
function inCycle(resources: Resources): string | undefined {
  const reached = (from: string, seen = new Set<string>()): ReadonlySet<string> => {
    for (const id of referencesIn(resources[from])) {
      if (seen.has(id)) continue;
      seen.add(id);
      reached(id, seen);
    }
    return seen;
  };
  return Object.keys(resources).find((id) => reached(id).has(id));
}

const typesOf = (stack: Stack) => Object.values(resourcesOf(stack)).map((resource) => Object(resource).Type);

describe('an API of another stack than the authorizer', () => {
  test.each(CASES)('of the kind $kind needs that stack, and not the other way round: $asked', ({ props, addApi }) => {
    const { app, home, other } = split(besideHome, props, addApi);
    app.synth();
    expect(other.dependencies).toEqual([home]);
    expect(home.dependencies).toEqual([]);
    for (const stack of [home, other]) expect(inCycle(resourcesOf(stack))).toBeUndefined();
    expect(typesOf(other)).toContain('AWS::Lambda::Permission');
    expect(typesOf(home)).not.toContain('AWS::Lambda::Permission');
  });
});

describe('an API of a nested stack', () => {
  test.each(CASES)('of the kind $kind waits for the function, and not the other way round: $asked', (given) => {
    const { home, other } = split(inHome, given.props, given.addApi);
    for (const stack of [home, other]) expect(inCycle(resourcesOf(stack))).toBeUndefined();
    expect(typesOf(other)).toContain('AWS::Lambda::Permission');
  });

  test('is found in a cycle where its authorizer is left beside the function', () => {
    const { home } = split(inHome, {}, (stack, authorizer) => {
      const api = new RestApi(stack, 'Api');
      api.root.addMethod('GET', new MockIntegration(), { authorizer: authorizer.forRestApi() });
    });
    expect(inCycle(resourcesOf(home))).toEqual(expect.any(String));
  });
});

test('GraphQL APIs of one stack and several authorizers share what stands there', () => {
  const { app, home, other } = split(besideHome, {}, (stack, authorizer) => {
    addGraphqlApi(stack, authorizer, 'One');
    addGraphqlApi(stack, authorizer, 'Two');
  });
  const second = new ApiKeyAuthorizer(home, 'Second', { table: new ApiKeyTable(home, 'SecondKeys') });
  addGraphqlApi(other, second, 'Three');
  app.synth();
  expect(typesOf(other).filter((type) => type === 'AWS::Lambda::Permission')).toHaveLength(3);
});

describe('plans', () => {
  const PLANS: AuthorizerProps = { plans: { free: { shared: true } } };
  const addPlannedApi: AddApi = (stack, authorizer) => {
    const api = new RestApi(stack, 'Api', { cloudWatchRole: false });
    api.root.addMethod('GET', new MockIntegration(), { authorizer: authorizer.forRestApi('Keys', { scope: api }) });
    authorizer.applyPlans(api);
  };

  test('are asked for by the methods of an API in a nested stack, too', () => {
    const { home, other } = split(inHome, PLANS, addPlannedApi);
    Template.fromStack(other).hasResourceProperties('AWS::ApiGateway::Method', { ApiKeyRequired: true });
    expect(inCycle(resourcesOf(home))).toBeUndefined();
  });

  test('of an API in another stack would need it, as it needs the function: the CDK refuses that, as docs/recipes.md says', () => {
    const { app } = split(besideHome, PLANS, addPlannedApi);
    expect(() => app.synth()).toThrow(/cyclic reference/);
  });
});
