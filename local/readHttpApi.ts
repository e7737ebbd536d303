import {
  DEFAULT_RESULT_TTL_SECONDS,
  expectValue,
  ownedBy,
  readAuthorizerId,
  readStage,
  type ApiConfig,
  type AuthorizerConfig,
  type FunctionNameOf,
  type RouteConfig,
} from './apiConfig.ts';
import type { Resource, Template } from './template.ts';

export interface HttpApiConfig extends ApiConfig {
  readonly cors: CorsConfig | undefined;
}

export interface CorsConfig {
  readonly allowOrigins: readonly string[];
  readonly allowMethods: readonly string[];
  readonly allowHeaders: readonly string[];
  readonly exposeHeaders: readonly string[];
  readonly allowCredentials: boolean;
  readonly maxAgeSeconds: number | undefined;
}

/**
 * Reads an HTTP API.
 *
 * @throws GatewayError `TEMPLATE_UNSUPPORTED`
 */
export function readHttpApi(template: Template, api: Resource, functionName: FunctionNameOf): HttpApiConfig {
  const own = ownedBy(api.id, template, 'AWS::ApiGatewayV2', 'ApiId');
  const integrations = new Map(own('Integration').map((resource) => [`integrations/${resource.id}`, resource]));
  const authorizers = new Map(
    own('Authorizer').map((resource) => [resource.id, readHttpAuthorizer(resource, functionName)]),
  );
  const readRoute = (route: Resource): RouteConfig => {
    const [method = '', path = ''] = route.text('RouteKey').split(' ');
    const integration = integrations.get(route.text('Target')) ?? route.unsupported('Target', 'an integration');
    expectValue(integration, 'IntegrationType', 'AWS_PROXY');
    expectValue(integration, 'PayloadFormatVersion', '2.0');
    return {
      id: route.id,
      ...(method === '$default' ? { method: 'ANY', path: '$default' } : { method, path }),
      authorizerId: readAuthorizerId(route, authorizers),
      integration: {
        kind: 'lambda',
        functionName: functionName(integration, 'IntegrationUri'),
        removed: readRemoved(integration),
      },
    };
  };
  return {
    ...readStage(own('Stage'), api.id, 'StageVariables'),
    authorizers,
    routes: own('Route').map(readRoute),
    cors: readCors(api),
  };
}

function readHttpAuthorizer(resource: Resource, functionName: FunctionNameOf): AuthorizerConfig {
  expectValue(resource, 'AuthorizerType', 'REQUEST');
  const payloadVersion = resource.value('AuthorizerPayloadFormatVersion');
  if (payloadVersion !== '1.0' && payloadVersion !== '2.0') {
    return resource.unsupported('AuthorizerPayloadFormatVersion', '1.0 or 2.0');
  }
  const identitySources = resource.texts('IdentitySource');
  const ttlSeconds = resource.optionalNumber('AuthorizerResultTtlInSeconds') ?? DEFAULT_RESULT_TTL_SECONDS;
  return {
    functionName: functionName(resource, 'AuthorizerUri'),
    type: 'REQUEST',
    payloadVersion,
    identitySources,
    tokenPattern: undefined,
    resultTtlSeconds: identitySources.length === 0 ? 0 : ttlSeconds,
    simpleResponses: payloadVersion === '2.0' && resource.value('EnableSimpleResponses') === true,
  };
}

/** Of all parameter mappings only removals are understood: what the function gets is then less, and never other. */
function readRemoved(integration: Resource): ReadonlySet<string> {
  const names = Object.keys(integration.textMap('RequestParameters'));
  return new Set(
    names.map((name) => {
      const [, place, parameter = ''] = /^remove:(header|querystring)\.(.+)$/.exec(name) ?? [];
      if (place === undefined)
        return integration.unsupported('RequestParameters', 'remove:header.X or remove:querystring.X');
      return `${place}.${place === 'header' ? parameter.toLowerCase() : parameter}`;
    }),
  );
}

function readCors(api: Resource): CorsConfig | undefined {
  if (api.value('CorsConfiguration') === undefined) return undefined;
  return {
    allowOrigins: api.texts('CorsConfiguration.AllowOrigins'),
    allowMethods: api.texts('CorsConfiguration.AllowMethods'),
    allowHeaders: api.texts('CorsConfiguration.AllowHeaders'),
    exposeHeaders: api.texts('CorsConfiguration.ExposeHeaders'),
    allowCredentials: api.value('CorsConfiguration.AllowCredentials') === true,
    maxAgeSeconds: api.optionalNumber('CorsConfiguration.MaxAge'),
  };
}
