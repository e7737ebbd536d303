import {
  DEFAULT_RESULT_TTL_SECONDS,
  expectValue,
  ownedBy,
  readAuthorizerId,
  readStage,
  type ApiConfig,
  type AuthorizerConfig,
  type FunctionNameOf,
  type Integration,
  type RouteConfig,
} from './apiConfig.ts';
import { GatewayError } from './gatewayError.ts';
import type { GatewayResponseConfig, GatewayResponses } from './gatewayResponse.ts';
import type { Resource, Template } from './template.ts';

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
