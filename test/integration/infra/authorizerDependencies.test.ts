import { App, Stack, NestedStack } from 'aws-cdk-lib';
import { MockIntegration, RestApi } from 'aws-cdk-lib/aws-apigateway';
import { HttpApi, WebSocketApi } from 'aws-cdk-lib/aws-apigatewayv2';
import { WebSocketMockIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { Template } from 'aws-cdk-lib/assertions';
import { LambdaDeploymentConfig } from 'aws-cdk-lib/aws-codedeploy';
import { describe, expect, test } from '@jest/globals';
import { ApiKeyAuthorizer } from '../../../infra/apiKeyAuthorizer.ts';
import { ApiKeyTable } from '../../../infra/apiKeyTable.ts';
import {
  addHttpRoute,
  type AuthorizerProps,
  authorizerUnderTest,
  FAST,
  sharedTemplate,
} from './authorizerUnderTest.ts';
import { Definition, GraphqlApi } from 'aws-cdk-lib/aws-appsync';
import { APPSYNC_GRAPHQLAPI_SCOPE_LAMBDA_FUNCTION_PERMISSION } from 'aws-cdk-lib/cx-api';

// CloudFormation creates and updates resources in the order of their dependencies. It deletes removed and replaced resources last.
// API Gateway answers every request with 500 if it lacks permission to invoke the authorizer's handler.

interface TemplateResource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
}

type Resources = Readonly<Record<string, TemplateResource>>;
type AddApi = (stack: Stack, authorizer: ApiKeyAuthorizer) => void;

const REST_AUTHORIZER = 'AWS::ApiGateway::Authorizer';
const AUTHORIZERS: readonly string[] = [REST_AUTHORIZER, 'AWS::ApiGatewayV2::Authorizer'];

const APIS: Readonly<Record<string, AddApi>> = {
  'a REST API with a REQUEST authorizer': (stack, authorizer) => {
    const restAuthorizer = authorizer.forRestApi();
    new RestApi(stack, 'Api').root.addMethod('GET', new MockIntegration(), { authorizer: restAuthorizer });
  },
  'a REST API with a TOKEN authorizer': (stack, authorizer) => {
    const restAuthorizer = authorizer.forRestApi('Keys', { type: 'TOKEN' });
    new RestApi(stack, 'Api').root.addMethod('GET', new MockIntegration(), { authorizer: restAuthorizer });
  },
  'an HTTP API': (stack, authorizer) => addHttpRoute(new HttpApi(stack, 'Api'), authorizer.forHttpApi()),
  'a WebSocket API': (stack, authorizer) => {
    const integration = new WebSocketMockIntegration('Integration');
    new WebSocketApi(stack, 'Api', { connectRouteOptions: { integration, authorizer: authorizer.forWebSocketApi() } });
  },
};

const CHANGES: Readonly<Record<string, AuthorizerProps>> = {
  rollout: { rollout: LambdaDeploymentConfig.CANARY_10PERCENT_5MINUTES },
  provisionedConcurrentExecutions: { provisionedConcurrentExecutions: 1 },
};

const HANDLER_CASES = Object.keys(APIS).flatMap((kind) =>
  Object.entries(CHANGES).flatMap(([prop, props]) =>
    [true, false].map((isTurnedOn) => ({ kind, prop, props, isTurnedOn, change: isTurnedOn ? 'on' : 'off' })),
  ),
);

const templateWith = sharedTemplate((kind: string, props: AuthorizerProps) => {
  const { stack, authorizer } = authorizerUnderTest({ keySources: ['bearer'], ...props });
  APIS[kind]?.(stack, authorizer);
  return stack;
});

const resourcesWith = (...given: Parameters<typeof templateWith>): Resources =>
  templateWith(...given).toJSON()['Resources'];

/** Returns the ids to which a part of a template refers. */
function referencesIn(part: unknown): readonly string[] {
  if (typeof part !== 'object' || part === null) return [];
  return Object.entries(part).flatMap(([name, value]: [string, unknown]) => {
    if (name === 'Ref' || name === 'DependsOn') return [value].flat().map(String);
    if (name === 'Fn::GetAtt') return [String([value].flat()[0])];
    if (name === 'Fn::Sub') return [...String(value).matchAll(/\$\{([^}.]+)/g)].map(([, id = '']) => id);
    return referencesIn(value);
  });
}

/** Returns the ids in a possible order of CloudFormation. The ids in `first` come as early as their dependencies allow. */
function orderOf(resources: Resources, first: readonly string[]): readonly string[] {
  const order = new Set<string>();
  const visit = (id: string) => {
    if (order.has(id) || resources[id] === undefined) return;
    for (const needed of referencesIn(resources[id])) visit(needed);
    order.add(id);
  };
  for (const id of [...first, ...Object.keys(resources)]) visit(id);
  return [...order];
}

const idsByType = (resources: Resources, types: readonly string[]) =>
  Object.keys(resources).filter((id) => types.includes(resources[id]?.Type ?? ''));

/** Returns the function or the alias that an authorizer invokes, or that a permission is for. */
const handlerOf = (resource: TemplateResource | undefined) => {
  const { AuthorizerUri, FunctionName } = resource?.Properties ?? {};
  return referencesIn(AuthorizerUri ?? FunctionName).find((id) => !id.startsWith('AWS::'));
};

/** Returns whether a current permission, or an old one that CloudFormation hasn't deleted yet, allows the invocation. */
function mayInvoke(authorizer: string, handler: string | undefined, current: Resources, old: Resources): boolean {
  const { RestApiId, ApiId } = current[authorizer]?.Properties ?? {};
  const [api = ''] = referencesIn(RestApiId ?? ApiId);
  const permissions = [...Object.values(current), ...Object.values(old)].filter(
    ({ Type }) => Type === 'AWS::Lambda::Permission',
  );
  return permissions.some((permission) => {
    const named = referencesIn(permission.Properties?.['SourceArn']);
    const ofAll = JSON.stringify(permission.Properties?.['SourceArn']).includes('/authorizers/*"');
    return handlerOf(permission) === handler && named.includes(api) && (ofAll || named.includes(authorizer));
  });
}

/** Returns the steps of the update after which an API lacks permission to invoke its handler. */
function gapsIn(before: Resources, after: Resources): readonly string[] {
  const authorizers = idsByType(after, AUTHORIZERS);
  const stages = idsByType(after, ['AWS::ApiGateway::Stage']);
  const order = orderOf(after, [...authorizers, ...stages]);
  const current = { ...before };
  // A stage of a REST API uses the authorizer of its deployment.
  const served = new Map(authorizers.map((id) => [id, handlerOf(before[id])]));
  const gaps: string[] = [];
  const check = (step: string) => {
    for (const id of authorizers) {
      const handlers = [served.get(id), handlerOf(current[id])];
      if (!handlers.every((handler) => mayInvoke(id, handler, current, step === 'cleanup' ? {} : before)))
        gaps.push(step);
    }
  };
  for (const id of order) {
    const resource = after[id];
    if (resource === undefined) continue;
    current[id] = resource;
    for (const authorizer of authorizers) {
      const isServedAtOnce = resource.Type !== REST_AUTHORIZER && id === authorizer;
      if (isServedAtOnce || stages.includes(id)) served.set(authorizer, handlerOf(current[authorizer]));
    }
    check(id);
  }
  for (const id of Object.keys(current)) if (after[id] === undefined) delete current[id];
  check('cleanup');
  return gaps;
}

describe('CloudFormation', () => {
  test.each(HANDLER_CASES)(
    'keeps the permission to invoke the function or alias if you turn $prop $change for $kind',
    ({ kind, props, isTurnedOn }) => {
      const [off, on] = [resourcesWith(kind, {}), resourcesWith(kind, props)];
      const [before, after] = isTurnedOn ? [off, on] : [on, off];
      const [authorizer = ''] = idsByType(after, AUTHORIZERS);
      expect(handlerOf(after[authorizer])).not.toBe(handlerOf(before[authorizer]));
      expect(gapsIn(before, after)).toEqual([]);
    },
  );
});

test('permissions to invoke the authorizer’s function keep their logical ids', () => {
  const ids = Object.keys(APIS).flatMap((kind) => idsByType(resourcesWith(kind, {}), ['AWS::Lambda::Permission']));
  expect(ids).toEqual([
    'AuthorizerRestApiPermissionB20B048E',
    'AuthorizerKeysPermission864C22F1',
    'ApiTestApiHttpApiACA9B5DFPermissionD489563B',
    'ApiTestApiWebSocketApi098C29D9PermissionDCBB6D82',
  ]);
});

const restApi =
  (type: 'REQUEST' | 'TOKEN'): AddApi =>
  (stack, authorizer) => {
    const api = new RestApi(stack, 'Api', { cloudWatchRole: false });
    const restAuthorizer = authorizer.forRestApi('Keys', { type, scope: api });
    api.root.addMethod('GET', new MockIntegration(), { authorizer: restAuthorizer });
    authorizer.addGatewayResponses(api);
  };

function addGraphqlApi(stack: Stack, authorizer: ApiKeyAuthorizer, id = 'Api'): void {
  new GraphqlApi(stack, id, {
    name: id,
    definition: Definition.fromFile('test/integration/infra/schema.graphql'),
    authorizationConfig: { defaultAuthorization: authorizer.forAppSync({ scope: stack }) },
  });
}

const API_KINDS: readonly (readonly [string, AddApi])[] = [
  ['REST', restApi('REQUEST')],
  ['REST of type TOKEN', restApi('TOKEN')],
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

const STACK_CASES = API_KINDS.flatMap(([kind, addApi]) =>
  PROPS.map(([invoked, props]) => ({ kind, addApi, invoked, props })),
);

/** Creates an authorizer in one stack and an API in the stack that `stackIn` creates. */
function split(stackIn: (home: Stack) => Stack, props: AuthorizerProps, addApi: AddApi) {
  const app = new App({ context: { ...FAST, [APPSYNC_GRAPHQLAPI_SCOPE_LAMBDA_FUNCTION_PERMISSION]: true } });
  const home = new Stack(app, 'Home');
  const table = new ApiKeyTable(home, 'Keys');
  const authorizer = new ApiKeyAuthorizer(home, 'Authorizer', { table, keySources: ['bearer'], ...props });
  const other = stackIn(home);
  addApi(other, authorizer);
  return { app, home, other };
}

const siblingStack = (home: Stack) => new Stack(home.node.root, 'Other');
const nestedStack = (home: Stack) => new NestedStack(home, 'Other');

function resourcesOf(stack: Stack): Resources {
  return Template.fromStack(stack, { skipCyclicalDependenciesCheck: true }).toJSON()['Resources'];
}

/** Returns a resource in a dependency cycle, which CloudFormation would reject. */
function findCycle(resources: Resources): string | undefined {
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

describe('an API outside the authorizer’s stack', () => {
  test.each(STACK_CASES)(
    'depends on the authorizer’s stack without a cycle: $kind with $invoked',
    ({ props, addApi }) => {
      const { app, home, other } = split(siblingStack, props, addApi);
      app.synth();
      expect(other.dependencies).toEqual([home]);
      expect(home.dependencies).toEqual([]);
      for (const stack of [home, other]) expect(findCycle(resourcesOf(stack))).toBeUndefined();
      expect(typesOf(other)).toContain('AWS::Lambda::Permission');
      expect(typesOf(home)).not.toContain('AWS::Lambda::Permission');
    },
  );
});

describe('an API in a nested stack', () => {
  test.each(STACK_CASES)('depends on the authorizer’s function without a cycle: $kind with $invoked', (given) => {
    const { home, other } = split(nestedStack, given.props, given.addApi);
    for (const stack of [home, other]) expect(findCycle(resourcesOf(stack))).toBeUndefined();
    expect(typesOf(other)).toContain('AWS::Lambda::Permission');
  });

  test('causes a dependency cycle if its authorizer is in the parent stack', () => {
    const { home } = split(nestedStack, {}, (stack, authorizer) => {
      const api = new RestApi(stack, 'Api');
      api.root.addMethod('GET', new MockIntegration(), { authorizer: authorizer.forRestApi() });
    });
    expect(findCycle(resourcesOf(home))).toEqual(expect.any(String));
  });
});

test('forAppSync creates one permission for each GraphQL API of another stack', () => {
  const { app, home, other } = split(siblingStack, {}, (stack, authorizer) => {
    addGraphqlApi(stack, authorizer, 'One');
    addGraphqlApi(stack, authorizer, 'Two');
  });
  const second = new ApiKeyAuthorizer(home, 'Second', { table: new ApiKeyTable(home, 'SecondKeys') });
  addGraphqlApi(other, second, 'Three');
  app.synth();
  expect(typesOf(other).filter((type) => type === 'AWS::Lambda::Permission')).toHaveLength(3);
});

describe('applyPlans', () => {
  const PLANS: AuthorizerProps = { plans: { free: { shared: true } } };
  const addPlannedApi: AddApi = (stack, authorizer) => {
    const api = new RestApi(stack, 'Api', { cloudWatchRole: false });
    api.root.addMethod('GET', new MockIntegration(), { authorizer: authorizer.forRestApi('Keys', { scope: api }) });
    authorizer.applyPlans(api);
  };

  test('supports an API in a nested stack', () => {
    const { home, other } = split(nestedStack, PLANS, addPlannedApi);
    Template.fromStack(other).hasResourceProperties('AWS::ApiGateway::Method', { ApiKeyRequired: true });
    expect(findCycle(resourcesOf(home))).toBeUndefined();
  });

  test('fails the synthesis for an API in another stack because the stacks would depend on each other', () => {
    const { app } = split(siblingStack, PLANS, addPlannedApi);
    expect(() => app.synth()).toThrow(/cyclic reference/);
  });
});
