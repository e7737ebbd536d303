import { GatewayError } from './gatewayError.ts';
import type { GatewayResponseConfig, GatewayResponses } from './gatewayReply.ts';
import type { Routable } from './gatewayRequest.ts';
import type { Resource, Template } from './template.ts';

export interface AuthorizerConfig {
  readonly functionName: string;
  readonly type: 'TOKEN' | 'REQUEST';
  /** HTTP APIs only. */
  readonly payloadVersion?: '1.0' | '2.0';
  readonly identitySources: readonly string[];
  readonly tokenPattern: RegExp | undefined;
  readonly resultTtlSeconds: number;
  readonly simpleResponses: boolean;
}

export interface LambdaIntegration {
  readonly kind: 'lambda';
  readonly functionName: string;
  /** What is kept from the function, as `header.authorization` (in lower case) or `querystring.api_key`. */
  readonly removed: ReadonlySet<string>;
}

export type Integration =
  | LambdaIntegration
  | { readonly kind: 'mock'; readonly statusCode: number; readonly headers: Readonly<Record<string, string>> };

export interface RouteConfig extends Routable {
  /** Of the route, or of the REST resource. */
  readonly id: string;
  /** Key into the API's authorizers; absent where the route is open. */
  readonly authorizerId: string | undefined;
  readonly integration: Integration;
}

/** A stage of an API, as its events name it. */
export interface StageConfig {
  readonly id: string;
  readonly stageName: string;
  readonly stageVariables: Readonly<Record<string, string>>;
}

/** An API whose routes are methods and paths. */
export interface ApiConfig extends StageConfig {
  readonly routes: readonly RouteConfig[];
  readonly authorizers: ReadonlyMap<string, AuthorizerConfig>;
}

/** The name of the function that a property's URI or ARN calls. Throws GatewayError `TEMPLATE_UNSUPPORTED`. */
export type FunctionNameOf = (resource: Resource, uriPath: string) => string;

/** API Gateway's own, where the template gives no TTL. */
export const DEFAULT_RESULT_TTL_SECONDS = 300;

/** Finds the resources that belong to an API by the property that names it. */
export function ownedBy(apiId: string, template: Template, service: string, idProperty: string) {
  return (type: string): readonly Resource[] =>
    template.ofType(`${service}::${type}`).filter((resource) => resource.text(idProperty) === apiId);
}

/** Reads the first stage. Throws GatewayError `TEMPLATE_UNSUPPORTED` where there is none. */
export function readStage([stage]: readonly Resource[], id: string, variables: string): StageConfig {
  if (stage === undefined) throw new GatewayError('TEMPLATE_UNSUPPORTED', `${id} has no stage`);
  return { id, stageName: stage.text('StageName'), stageVariables: stage.textMap(variables) };
}

/** A route whose authorizer is not in the template would be open to all: throws GatewayError `TEMPLATE_UNSUPPORTED`. */
export function readAuthorizerId(
  route: Resource,
  authorizers: ReadonlyMap<string, AuthorizerConfig>,
): string | undefined {
  const type = route.optionalText('AuthorizationType') ?? 'NONE';
  if (type === 'NONE') return undefined;
  expectValue(route, 'AuthorizationType', 'CUSTOM');
  const id = route.text('AuthorizerId');
  return authorizers.has(id) ? id : route.unsupported('AuthorizerId', 'an authorizer of the same API');
}

/** Throws GatewayError `TEMPLATE_UNSUPPORTED` where the property is another; `undefined` wants none. */
export function expectValue(resource: Resource, path: string, wanted: string | undefined): void {
  if (resource.value(path) !== wanted) resource.unsupported(path, wanted ?? 'none');
}

export interface RestRouteConfig extends RouteConfig {
  /** Whether a request is refused that the authorizer does not say what to count by. */
  readonly isCounted: boolean;
}

export interface RestApiConfig extends ApiConfig {
  readonly routes: readonly RestRouteConfig[];
  readonly gatewayResponses: GatewayResponses;
}

/**
 * Reads a REST API.
 *
 * @throws GatewayError `TEMPLATE_UNSUPPORTED`
 */
export function readRestApi(template: Template, api: Resource, functionName: FunctionNameOf): RestApiConfig {
  const { id } = api;
  const own = ownedBy(id, template, 'AWS::ApiGateway', 'RestApiId');
  const resources = new Map(own('Resource').map((resource) => [resource.id, resource]));
  const pathOf = (resourceId: string): string => {
    const resource = resources.get(resourceId);
    return resource === undefined ? '' : `${pathOf(resource.text('ParentId'))}/${resource.text('PathPart')}`;
  };
  const authorizers = new Map(
    own('Authorizer').map((resource) => [resource.id, readRestAuthorizer(resource, functionName)]),
  );
  return {
    ...readStage(own('Stage'), id, 'Variables'),
    authorizers,
    routes: own('Method').map((method) => ({
      id: method.text('ResourceId'),
      method: method.text('HttpMethod'),
      path: pathOf(method.text('ResourceId')) || '/',
      authorizerId: readAuthorizerId(method, authorizers),
      isCounted: readIsCounted(method, api),
      integration: readRestIntegration(method, functionName),
    })),
    gatewayResponses: new Map(
      own('GatewayResponse').map((resource) => [resource.text('ResponseType'), readGatewayResponse(resource)]),
    ),
  };
}

/** A key of API Gateway's own in a header is known to nobody here. */
function readIsCounted(method: Resource, api: Resource): boolean {
  if (method.value('ApiKeyRequired') !== true) return false;
  if (api.value('ApiKeySourceType') === 'AUTHORIZER') return true;
  return method.unsupported('ApiKeyRequired', 'an API with ApiKeySourceType AUTHORIZER');
}

function readRestAuthorizer(resource: Resource, functionName: FunctionNameOf): AuthorizerConfig {
  const type = resource.text('Type');
  if (type !== 'TOKEN' && type !== 'REQUEST') return resource.unsupported('Type', 'TOKEN or REQUEST');
  return {
    functionName: functionName(resource, 'AuthorizerUri'),
    type,
    identitySources: (resource.optionalText('IdentitySource') ?? '')
      .split(',')
      .map((source) => source.trim())
      .filter(Boolean),
    tokenPattern: resource.optionalPattern('IdentityValidationExpression'),
    resultTtlSeconds: resource.optionalNumber('AuthorizerResultTtlInSeconds') ?? DEFAULT_RESULT_TTL_SECONDS,
    simpleResponses: false,
  };
}

function readRestIntegration(method: Resource, functionName: FunctionNameOf): Integration {
  if (method.text('Integration.Type') !== 'MOCK') {
    expectValue(method, 'Integration.Type', 'AWS_PROXY');
    return { kind: 'lambda', functionName: functionName(method, 'Integration.Uri'), removed: new Set() };
  }
  const statusCode = method.optionalNumber('Integration.IntegrationResponses.0.StatusCode') ?? 200;
  const parameters = method.textMap('Integration.IntegrationResponses.0.ResponseParameters');
  const { headers, headersOfRequest } = readHeaders(method, parameters, 'method.response.header.');
  if (Object.keys(headersOfRequest).length > 0)
    method.unsupported('Integration.IntegrationResponses', 'static headers');
  return { kind: 'mock', statusCode, headers };
}

function readGatewayResponse(resource: Resource): GatewayResponseConfig {
  return {
    statusCode: resource.optionalNumber('StatusCode'),
    ...readHeaders(resource, resource.textMap('ResponseParameters'), 'gatewayresponse.header.'),
    bodyTemplate: resource.textMap('ResponseTemplates')['application/json'],
  };
}

/** Understood are static values, in single quotes, and headers of the request: `'*'`, `method.request.header.Origin`. */
function readHeaders(resource: Resource, parameters: Readonly<Record<string, string>>, prefix: string) {
  const headers: Record<string, string> = {};
  const headersOfRequest: Record<string, string> = {};
  for (const [parameter, value] of Object.entries(parameters)) {
    const name = parameter.slice(prefix.length);
    const [, text] = /^'(.*)'$/.exec(value) ?? [];
    const [, header] = /^method\.request\.header\.(.+)$/.exec(value) ?? [];
    if (!parameter.startsWith(prefix) || (text ?? header) === undefined) {
      const message = `${resource.id}: the local gateway cannot map ${parameter} to ${value}`;
      throw new GatewayError('TEMPLATE_UNSUPPORTED', message);
    }
    if (text !== undefined) headers[name] = text;
    else if (header !== undefined) headersOfRequest[name] = header;
  }
  return { headers, headersOfRequest };
}

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
