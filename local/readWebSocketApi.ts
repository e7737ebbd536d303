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

export interface WebSocketApiConfig extends StageConfig {
  /** The authorizer of `$connect`. No other route can have one. */
  readonly authorizer: AuthorizerConfig | undefined;
}

/**
 * Reads a WebSocket API. Its integrations are ignored: the gateway echoes messages.
 *
 * @throws GatewayError `TEMPLATE_UNSUPPORTED`
 */
export function readWebSocketApi(template: Template, api: Resource, functionName: FunctionNameOf): WebSocketApiConfig {
  const own = ownedBy(api.id, template, 'AWS::ApiGatewayV2', 'ApiId');
  const authorizers = new Map(
    own('Authorizer').map((resource) => [resource.id, readAuthorizer(resource, functionName)]),
  );
  let connectAuthorizerId: string | undefined;
  for (const route of own('Route')) {
    const authorizerId = readAuthorizerId(route, authorizers);
    if (route.text('RouteKey') === '$connect') connectAuthorizerId = authorizerId;
    else if (authorizerId !== undefined) route.unsupported('AuthorizerId', 'none, which only $connect can have');
  }
  return {
    ...readStage(own('Stage'), api.id, 'StageVariables'),
    authorizer: authorizers.get(connectAuthorizerId ?? ''),
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
