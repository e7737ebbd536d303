import {
  expectValue,
  ownedBy,
  readAuthorizerId,
  readStage,
  type AuthorizerConfig,
  type FunctionNameOf,
  type StageConfig,
} from './apiConfig.ts';
import type { Resource, Template } from './template.ts';

export interface WebSocketRoute {
  readonly functionName: string;
  /** Whether the client gets the function's `body`. */
  readonly isTwoWay: boolean;
}

export interface WebSocketApiConfig extends StageConfig {
  /** Of `$connect`: no other route can have one. */
  readonly authorizer: AuthorizerConfig | undefined;
  /** By route key. */
  readonly routes: ReadonlyMap<string, WebSocketRoute>;
  /** The dotted path in a message that names its route. */
  readonly selectionPath: string;
}

/**
 * Reads a WebSocket API.
 *
 * @throws GatewayError `TEMPLATE_UNSUPPORTED`
 */
export function readWebSocketApi(template: Template, api: Resource, functionName: FunctionNameOf): WebSocketApiConfig {
  const own = ownedBy(api.id, template, 'AWS::ApiGatewayV2', 'ApiId');
  const integrations = new Map(own('Integration').map((resource) => [`integrations/${resource.id}`, resource]));
  const authorizers = new Map(
    own('Authorizer').map((resource) => [resource.id, readAuthorizer(resource, functionName)]),
  );
  const readRoute = (route: Resource): WebSocketRoute => {
    const integration = integrations.get(route.text('Target')) ?? route.unsupported('Target', 'an integration');
    expectValue(integration, 'IntegrationType', 'AWS_PROXY');
    expectValue(integration, 'RequestParameters', undefined);
    const isTwoWay = route.value('RouteResponseSelectionExpression') !== undefined;
    if (isTwoWay) expectValue(route, 'RouteResponseSelectionExpression', '$default');
    return { functionName: functionName(integration, 'IntegrationUri'), isTwoWay };
  };
  const routes = new Map(own('Route').map((route) => [route.text('RouteKey'), route]));
  for (const [key, route] of routes) {
    if (key !== '$connect' && readAuthorizerId(route, authorizers) !== undefined) {
      route.unsupported('AuthorizerId', 'none, which only $connect can have');
    }
  }
  const connect = routes.get('$connect');
  const [, selectionPath] = /^\$\{?request\.body\.([\w.]+)\}?$/.exec(api.text('RouteSelectionExpression')) ?? [];
  return {
    ...readStage(own('Stage'), api.id, 'StageVariables'),
    authorizer: authorizers.get((connect && readAuthorizerId(connect, authorizers)) ?? ''),
    routes: new Map([...routes].map(([key, route]) => [key, readRoute(route)])),
    selectionPath: selectionPath ?? api.unsupported('RouteSelectionExpression', '$request.body.X'),
  };
}

/** Its results are never kept. */
function readAuthorizer(resource: Resource, functionName: FunctionNameOf): AuthorizerConfig {
  expectValue(resource, 'AuthorizerType', 'REQUEST');
  return {
    functionName: functionName(resource, 'AuthorizerUri'),
    type: 'REQUEST',
    identitySources: resource.texts('IdentitySource'),
    tokenPattern: undefined,
    resultTtlSeconds: 0,
    simpleResponses: false,
  };
}
