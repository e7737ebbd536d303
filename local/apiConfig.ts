import { GatewayError } from './gatewayError.ts';
import type { GatewayResponseConfig, GatewayResponses } from './gatewayReply.ts';
import type { Route } from './gatewayRequest.ts';
import type { JwtAuthorizerConfig } from './jwtAuthorizer.ts';
import type { Resource, Template } from './template.ts';

export interface AuthorizerConfig {
  readonly functionName: string;
  readonly type: 'TOKEN' | 'REQUEST';
  /** The payload format of an HTTP API's authorizer. */
  readonly payloadVersion?: '1.0' | '2.0';
  readonly identitySources: readonly string[];
  readonly tokenPattern?: RegExp | undefined;
  readonly resultTtlSeconds: number;
  /** `true` if the function may return `{isAuthorized}`. HTTP APIs allow it if simple responses are on. */
  readonly simpleResponses?: boolean;
  /** `true` if context values become strings and may not be objects or arrays. HTTP APIs pass on any JSON. */
  readonly stringContext: boolean;
}

export type Integration =
  | {
      readonly kind: 'lambda';
      readonly functionName: string;
      /** Parameters hidden from the function: `header.authorization` (lower case), `querystring.api_key`. */
      readonly removedParameters: ReadonlySet<string>;
    }
  | { readonly kind: 'mock'; readonly statusCode: number; readonly headers: Readonly<Record<string, string>> };

/** The caller's proof that a route of an HTTP API needs. A Lambda authorizer is in `authorizerId` instead. */
export type RouteProof =
  | { readonly kind: 'iam' }
  | { readonly kind: 'jwt'; readonly authorizerId: string; readonly scopes: readonly string[] };

export interface HttpRouteConfig extends RouteConfig {
  readonly proof: RouteProof | undefined;
}

export interface RouteConfig extends Route {
  /** The logical id of the route, or of the REST resource. */
  readonly id: string;
  /** The key of the API's authorizer, or `undefined` if the route is open. */
  readonly authorizerId: string | undefined;
  readonly integration: Integration;
}

/** A stage of an API. */
export interface StageConfig {
  /** The API's id. */
  readonly id: string;
  readonly stageName: string;
  readonly stageVariables: Readonly<Record<string, string>>;
  /** The format of the stage's access log, or `undefined` if it doesn't have one. */
  readonly accessLogFormat?: string | undefined;
}

interface ApiConfig extends StageConfig {
  readonly routes: readonly RouteConfig[];
  readonly authorizers: ReadonlyMap<string, AuthorizerConfig>;
}

export interface RestApiConfig extends ApiConfig {
  readonly routes: readonly RestRouteConfig[];
  readonly gatewayResponses: GatewayResponses;
}

interface RestRouteConfig extends RouteConfig {
  /** `true` if the method requires a `usageIdentifierKey` in the authorizer's response. */
  readonly requiresUsageIdentifier: boolean;
}

export interface HttpApiConfig extends ApiConfig {
  readonly routes: readonly HttpRouteConfig[];
  readonly jwtAuthorizers: ReadonlyMap<string, JwtAuthorizerConfig>;
  readonly cors: CorsConfig | undefined;
}

export type CorsConfig = NonNullable<ReturnType<typeof readCors>>;

export interface WebSocketApiConfig extends StageConfig {
  /** The authorizer of `$connect`. Other routes can't have an authorizer. */
  readonly authorizer: AuthorizerConfig | undefined;
  /** `true` if `$connect` requires a `usageIdentifierKey` in the authorizer's response. */
  readonly requiresUsageIdentifier: boolean;
  /** The function of the proxy integration of `$connect`. */
  readonly connectFunctionName: string | undefined;
}

/** Returns the name of the function whose ARN a property contains. Throws GatewayError `TEMPLATE_UNSUPPORTED`. */
export type GetFunctionName = (resource: Resource, uriPath: string) => string;

/** API Gateway's default TTL. */
const DEFAULT_RESULT_TTL_SECONDS = 300;

/** Reads a REST API. Throws GatewayError `TEMPLATE_UNSUPPORTED`. */
export function readRestApi(template: Template, api: Resource, getFunctionName: GetFunctionName): RestApiConfig {
  const getOwn = ownResources(template, api, 'AWS::ApiGateway', 'RestApiId');
  const resources = new Map(getOwn('Resource').map((resource) => [resource.id, resource]));
  const getPath = (resourceId: string): string => {
    const resource = resources.get(resourceId);
    return resource === undefined ? '' : `${getPath(resource.text('ParentId'))}/${resource.text('PathPart')}`;
  };
  const authorizers = new Map(
    getOwn('Authorizer').map((resource) => [resource.id, readRestAuthorizer(resource, getFunctionName)]),
  );
  return {
    ...readStage(getOwn('Stage'), api.id, 'Variables'),
    authorizers,
    routes: getOwn('Method').map((method) => ({
      id: method.text('ResourceId'),
      method: method.text('HttpMethod'),
      path: getPath(method.text('ResourceId')) || '/',
      authorizerId: readAuthorizerId(method, authorizers),
      requiresUsageIdentifier: readRequiresUsageIdentifier(method, api),
      integration: readRestIntegration(method, getFunctionName),
    })),
    gatewayResponses: new Map(
      getOwn('GatewayResponse').map((resource) => [resource.text('ResponseType'), readGatewayResponse(resource)]),
    ),
  };
}

function readRestAuthorizer(resource: Resource, getFunctionName: GetFunctionName): AuthorizerConfig {
  const type = resource.text('Type');
  if (type !== 'TOKEN' && type !== 'REQUEST') return resource.unsupported('Type', 'TOKEN or REQUEST');
  const identitySources = (resource.optionalText('IdentitySource') ?? '').split(',').map((source) => source.trim());
  return {
    functionName: getFunctionName(resource, 'AuthorizerUri'),
    type,
    identitySources: identitySources.filter(Boolean),
    tokenPattern: resource.optionalPattern('IdentityValidationExpression'),
    resultTtlSeconds: resource.optionalNumber('AuthorizerResultTtlInSeconds') ?? DEFAULT_RESULT_TTL_SECONDS,
    stringContext: true,
  };
}

/** Rejects API key sources other than AUTHORIZER, because API Gateway's API keys don't exist locally. */
function readRequiresUsageIdentifier(method: Resource, api: Resource): boolean {
  if (method.value('ApiKeyRequired') !== true) return false;
  if (api.value('ApiKeySourceType') === 'AUTHORIZER') return true;
  return method.unsupported('ApiKeyRequired', 'an API with ApiKeySourceType AUTHORIZER');
}

function readRestIntegration(method: Resource, getFunctionName: GetFunctionName): Integration {
  if (method.text('Integration.Type') !== 'MOCK') {
    method.expect('Integration.Type', 'AWS_PROXY');
    const functionName = getFunctionName(method, 'Integration.Uri');
    return { kind: 'lambda', functionName, removedParameters: new Set() };
  }
  const response = 'Integration.IntegrationResponses.0';
  const statusCode = method.optionalNumber(`${response}.StatusCode`) ?? 200;
  const parameters = method.textMap(`${response}.ResponseParameters`);
  const { headers, mappedHeaders } = readHeaders(method, parameters, 'method.response.header.');
  if (Object.keys(mappedHeaders).length > 0) method.unsupported('Integration.IntegrationResponses', 'static headers');
  return { kind: 'mock', statusCode, headers };
}

function readGatewayResponse(resource: Resource): GatewayResponseConfig {
  return {
    statusCode: resource.optionalNumber('StatusCode'),
    ...readHeaders(resource, resource.textMap('ResponseParameters'), 'gatewayresponse.header.'),
    bodyTemplate: resource.textMap('ResponseTemplates')['application/json'],
  };
}

/** Reads static headers such as `'*'`, and headers of the request such as `method.request.header.Origin`. */
function readHeaders(resource: Resource, parameters: Readonly<Record<string, string>>, prefix: string) {
  const headers: Record<string, string> = {};
  const mappedHeaders: Record<string, string> = {};
  for (const [parameter, value] of Object.entries(parameters)) {
    const name = parameter.slice(prefix.length);
    const [, text] = /^'(.*)'$/.exec(value) ?? [];
    const [, header] = /^method\.request\.header\.(.+)$/.exec(value) ?? [];
    if (!parameter.startsWith(prefix) || (text ?? header) === undefined) {
      const problem = `${resource.id}: the local gateway cannot map ${parameter} to ${value}`;
      throw new GatewayError('TEMPLATE_UNSUPPORTED', problem);
    }
    if (text !== undefined) headers[name] = text;
    else if (header !== undefined) mappedHeaders[name] = header;
  }
  return { headers, mappedHeaders };
}

/** Reads an HTTP API. Throws GatewayError `TEMPLATE_UNSUPPORTED`. */
export function readHttpApi(template: Template, api: Resource, getFunctionName: GetFunctionName): HttpApiConfig {
  const getOwn = ownResources(template, api, 'AWS::ApiGatewayV2', 'ApiId');
  const integrations = new Map(getOwn('Integration').map((resource) => [`integrations/${resource.id}`, resource]));
  const [jwt, others] = partition(getOwn('Authorizer'), (resource) => resource.value('AuthorizerType') === 'JWT');
  const authorizers = new Map(others.map((resource) => [resource.id, readHttpAuthorizer(resource, getFunctionName)]));
  const jwtAuthorizers = new Map(jwt.map((resource) => [resource.id, readJwtAuthorizer(resource)]));
  const readRoute = (route: Resource): HttpRouteConfig => {
    const [method = '', path = ''] = route.text('RouteKey').split(' ');
    const integration = integrations.get(route.text('Target')) ?? route.unsupported('Target', 'an integration');
    integration.expect('IntegrationType', 'AWS_PROXY');
    integration.expect('PayloadFormatVersion', '2.0');
    return {
      id: route.id,
      ...(method === '$default' ? { method: 'ANY', path: '$default' } : { method, path }),
      ...readProof(route, authorizers, jwtAuthorizers),
      integration: {
        kind: 'lambda',
        functionName: getFunctionName(integration, 'IntegrationUri'),
        removedParameters: readRemovedParameters(integration),
      },
    };
  };
  const stage = readStage(getOwn('Stage'), api.id, 'StageVariables');
  return { ...stage, authorizers, jwtAuthorizers, routes: getOwn('Route').map(readRoute), cors: readCors(api) };
}

function partition<T>(all: readonly T[], isFirst: (one: T) => boolean): readonly [T[], T[]] {
  return [all.filter(isFirst), all.filter((one) => !isFirst(one))];
}

function readJwtAuthorizer(resource: Resource): JwtAuthorizerConfig {
  return {
    issuer: resource.text('JwtConfiguration.Issuer'),
    audiences: resource.texts('JwtConfiguration.Audience'),
    identitySources: resource.texts('IdentitySource'),
  };
}

/** Reads the proof of a route. Rejects an authorizer outside the template, because the route would be open. */
function readProof(
  route: Resource,
  authorizers: ReadonlyMap<string, AuthorizerConfig>,
  jwtAuthorizers: ReadonlyMap<string, JwtAuthorizerConfig>,
): Pick<HttpRouteConfig, 'authorizerId' | 'proof'> {
  const type = route.optionalText('AuthorizationType');
  if (type === 'AWS_IAM') return { authorizerId: undefined, proof: { kind: 'iam' } };
  if (type !== 'JWT') return { authorizerId: readAuthorizerId(route, authorizers), proof: undefined };
  const authorizerId = route.text('AuthorizerId');
  if (!jwtAuthorizers.has(authorizerId)) route.unsupported('AuthorizerId', 'an authorizer of the same API');
  const scopes = route.texts('AuthorizationScopes');
  return { authorizerId: undefined, proof: { kind: 'jwt', authorizerId, scopes } };
}

function readHttpAuthorizer(resource: Resource, getFunctionName: GetFunctionName): AuthorizerConfig {
  resource.expect('AuthorizerType', 'REQUEST');
  const payloadVersion = resource.value('AuthorizerPayloadFormatVersion');
  if (payloadVersion !== '1.0' && payloadVersion !== '2.0') {
    return resource.unsupported('AuthorizerPayloadFormatVersion', '1.0 or 2.0');
  }
  const identitySources = resource.texts('IdentitySource');
  const ttlSeconds = resource.optionalNumber('AuthorizerResultTtlInSeconds') ?? DEFAULT_RESULT_TTL_SECONDS;
  return {
    functionName: getFunctionName(resource, 'AuthorizerUri'),
    type: 'REQUEST',
    payloadVersion,
    identitySources,
    resultTtlSeconds: identitySources.length === 0 ? 0 : ttlSeconds,
    stringContext: false,
    simpleResponses: payloadVersion === '2.0' && resource.value('EnableSimpleResponses') === true,
  };
}

/** Reads the removals of parameters. Rejects other mappings, because they would change the function's event. */
function readRemovedParameters(integration: Resource): ReadonlySet<string> {
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

function readCors(api: Resource) {
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

/**
 * Reads a WebSocket API. Only the integration of `$connect` is read, because the local gateway echoes messages. Throws
 * GatewayError `TEMPLATE_UNSUPPORTED`.
 */
export function readWebSocketApi(
  template: Template,
  api: Resource,
  getFunctionName: GetFunctionName,
): WebSocketApiConfig {
  const getOwn = ownResources(template, api, 'AWS::ApiGatewayV2', 'ApiId');
  const authorizers = new Map(
    getOwn('Authorizer').map((resource) => [resource.id, readWebSocketAuthorizer(resource, getFunctionName)]),
  );
  let connectAuthorizerId: string | undefined;
  let requiresUsageIdentifier = false;
  let connectFunctionName: string | undefined;
  for (const route of getOwn('Route')) {
    const authorizerId = readAuthorizerId(route, authorizers);
    if (route.text('RouteKey') === '$connect') {
      connectAuthorizerId = authorizerId;
      requiresUsageIdentifier = readConnectRequirement(route, api);
      connectFunctionName = readConnectFunction(route, getOwn('Integration'), getFunctionName);
    } else if (authorizerId !== undefined) route.unsupported('AuthorizerId', 'an authorizer on $connect alone');
  }
  const stage = readStage(getOwn('Stage'), api.id, 'StageVariables');
  const authorizer = authorizers.get(connectAuthorizerId ?? '');
  return { ...stage, authorizer, requiresUsageIdentifier, connectFunctionName };
}

/** Returns `undefined` for other integrations, and for a function that the local gateway can't run. */
function readConnectFunction(
  route: Resource,
  integrations: readonly Resource[],
  getFunctionName: GetFunctionName,
): string | undefined {
  const target = route.optionalText('Target');
  const integration = integrations.find(({ id }) => `integrations/${id}` === target);
  if (integration?.value('IntegrationType') !== 'AWS_PROXY') return undefined;
  try {
    return getFunctionName(integration, 'IntegrationUri');
  } catch (error) {
    if (error instanceof GatewayError) return undefined;
    throw error;
  }
}

/** Rejects API keys from a header, because API Gateway's API keys don't exist locally. */
function readConnectRequirement(route: Resource, api: Resource): boolean {
  if (route.value('ApiKeyRequired') !== true) return false;
  if (api.value('ApiKeySelectionExpression') === FROM_AUTHORIZER) return true;
  return route.unsupported('ApiKeyRequired', `an API with ApiKeySelectionExpression ${FROM_AUTHORIZER}`);
}

const FROM_AUTHORIZER = '$context.authorizer.usageIdentifierKey';

function readWebSocketAuthorizer(resource: Resource, getFunctionName: GetFunctionName): AuthorizerConfig {
  resource.expect('AuthorizerType', 'REQUEST');
  return {
    functionName: getFunctionName(resource, 'AuthorizerUri'),
    type: 'REQUEST',
    identitySources: resource.texts('IdentitySource'),
    // API Gateway doesn't cache the results of WebSocket authorizers.
    resultTtlSeconds: 0,
    stringContext: true,
  };
}

/** Returns a function that finds the API's resources of a type such as `Authorizer`. */
function ownResources(template: Template, api: Resource, service: string, idProperty: string) {
  return (type: string): readonly Resource[] =>
    template.resources(`${service}::${type}`).filter((resource) => resource.text(idProperty) === api.id);
}

function readStage([stage]: readonly Resource[], id: string, variables: string): StageConfig {
  if (stage === undefined) throw new GatewayError('TEMPLATE_UNSUPPORTED', `${id} has no stage`);
  // The property's name differs between REST APIs and the others.
  const accessLogFormat =
    stage.optionalText('AccessLogSetting.Format') ?? stage.optionalText('AccessLogSettings.Format');
  return { id, stageName: stage.text('StageName'), stageVariables: stage.textMap(variables), accessLogFormat };
}

/** Rejects an authorizer outside the template, because the route would be open. */
function readAuthorizerId(route: Resource, authorizers: ReadonlyMap<string, AuthorizerConfig>): string | undefined {
  const type = route.optionalText('AuthorizationType') ?? 'NONE';
  if (type === 'NONE') return undefined;
  route.expect('AuthorizationType', 'CUSTOM');
  const id = route.text('AuthorizerId');
  return authorizers.has(id) ? id : route.unsupported('AuthorizerId', 'an authorizer of the same API');
}
