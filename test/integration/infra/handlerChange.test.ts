import { App, Stack } from 'aws-cdk-lib';
import { MockIntegration, RestApi } from 'aws-cdk-lib/aws-apigateway';
import { HttpApi, WebSocketApi } from 'aws-cdk-lib/aws-apigatewayv2';
import { WebSocketMockIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { Template } from 'aws-cdk-lib/assertions';
import { LambdaDeploymentConfig } from 'aws-cdk-lib/aws-codedeploy';
import { describe, expect, test } from '@jest/globals';
import { ApiKeyAuthorizer } from '../../../infra/apiKeyAuthorizer.ts';
import { ApiKeyTable } from '../../../infra/apiKeyTable.ts';
import { addHttpRoute, type AuthorizerProps } from './authorizerUnderTest.ts';

// CloudFormation creates and updates resources in the order of their dependencies, and deletes what the new template lacks, and
// what an update replaced, last of all. An authorizer whose handler API Gateway may not invoke answers every request with 500.

interface TemplateResource {
  readonly Type: string;
  readonly Properties: Readonly<Record<string, unknown>>;
}

type Resources = Readonly<Record<string, TemplateResource>>;
type AddApi = (stack: Stack, authorizer: ApiKeyAuthorizer) => void;

const REST_AUTHORIZER = 'AWS::ApiGateway::Authorizer';
const AUTHORIZERS: readonly string[] = [REST_AUTHORIZER, 'AWS::ApiGatewayV2::Authorizer'];

const KINDS: Readonly<Record<string, AddApi>> = {
  'a REST API with a REQUEST authorizer': (stack, authorizer) => {
    const guard = authorizer.forRestApi();
    new RestApi(stack, 'Api').root.addMethod('GET', new MockIntegration(), { authorizer: guard });
  },
  'a REST API with a TOKEN authorizer': (stack, authorizer) => {
    const guard = authorizer.forRestApi('Keys', { type: 'TOKEN' });
    new RestApi(stack, 'Api').root.addMethod('GET', new MockIntegration(), { authorizer: guard });
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

const CASES = Object.entries(KINDS).flatMap(([kind, addApi]) =>
  Object.entries(CHANGES).flatMap(([prop, props]) =>
    [true, false].map((isTurnedOn) => ({ kind, addApi, prop, props, isTurnedOn, change: isTurnedOn ? 'on' : 'off' })),
  ),
);

function resourcesWith(addApi: AddApi, props: AuthorizerProps): Resources {
  const stack = new Stack(new App(), 'Test');
  const table = new ApiKeyTable(stack, 'Keys');
  addApi(stack, new ApiKeyAuthorizer(stack, 'Authorizer', { table, keySources: ['bearer'], ...props }));
  return Template.fromStack(stack).toJSON()['Resources'];
}

function referencesIn(part: unknown): readonly string[] {
  if (typeof part !== 'object' || part === null) return [];
  return Object.entries(part).flatMap(([name, value]: [string, unknown]) => {
    if (name === 'Ref' || name === 'DependsOn') return [value].flat().map(String);
    if (name === 'Fn::GetAtt') return [String([value].flat()[0])];
    return referencesIn(value);
  });
}

/** The ids in an order that CloudFormation may take: `first` as early as its dependencies let it be. */
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

const idsOf = (resources: Resources, types: readonly string[]) =>
  Object.keys(resources).filter((id) => types.includes(resources[id]?.Type ?? ''));

/** The function or the alias that the resource invokes, or that it permits to invoke. */
const handlerOf = (resource: TemplateResource | undefined) => {
  const { AuthorizerUri, FunctionName } = resource?.Properties ?? {};
  return referencesIn(AuthorizerUri ?? FunctionName).find((id) => !id.startsWith('AWS::'));
};

/** The permissions that are there at some moment: those of `resources`, and the old ones that are not deleted yet. */
function mayInvoke(authorizer: string, handler: string | undefined, current: Resources, old: Resources): boolean {
  const { RestApiId, ApiId } = current[authorizer]?.Properties ?? {};
  const [api = ''] = referencesIn(RestApiId ?? ApiId);
  const permissions = [...Object.values(current), ...Object.values(old)].filter(
    ({ Type }) => Type === 'AWS::Lambda::Permission',
  );
  return permissions.some((permission) => {
    const named = referencesIn(permission.Properties['SourceArn']);
    const ofAll = JSON.stringify(permission.Properties['SourceArn']).includes('/authorizers/*"');
    return handlerOf(permission) === handler && named.includes(api) && (ofAll || named.includes(authorizer));
  });
}

/** The steps of the update after which an API invokes a handler that it has no permission for. */
function gapsIn(before: Resources, after: Resources): readonly string[] {
  const authorizers = idsOf(after, AUTHORIZERS);
  const stages = idsOf(after, ['AWS::ApiGateway::Stage']);
  const order = orderOf(after, [...authorizers, ...stages]);
  const current = { ...before };
  // A stage of a REST API serves the authorizer as it was when the stage was deployed.
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

describe('no step of the update leaves the API without permission to invoke its authorizer’s handler', () => {
  test.each(CASES)('when $prop is turned $change behind $kind', ({ addApi, props, isTurnedOn }) => {
    const [off, on] = [resourcesWith(addApi, {}), resourcesWith(addApi, props)];
    const [before, after] = isTurnedOn ? [off, on] : [on, off];
    const [authorizer = ''] = idsOf(after, AUTHORIZERS);
    expect(handlerOf(after[authorizer])).not.toBe(handlerOf(before[authorizer]));
    expect(gapsIn(before, after)).toEqual([]);
  });
});

test('the permission to invoke the function keeps its logical id from before there were two', () => {
  const ids = Object.values(KINDS).flatMap((addApi) => idsOf(resourcesWith(addApi, {}), ['AWS::Lambda::Permission']));
  expect(ids).toEqual([
    'AuthorizerRestApiPermissionB20B048E',
    'AuthorizerKeysPermission864C22F1',
    'ApiTestApiHttpApiACA9B5DFPermissionD489563B',
    'ApiTestApiWebSocketApi098C29D9PermissionDCBB6D82',
  ]);
});
