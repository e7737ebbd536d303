import { dirname, join, resolve } from 'node:path';
import { existsSync } from 'node:fs';
import { GatewayError } from './gatewayError.ts';
import type { GatewayResponses } from './gatewayResponse.ts';
import type { Routable } from './routeMatch.ts';
import { readJson, Template, type Resource } from './template.ts';

export interface FunctionConfig {
  readonly name: string;
  readonly arn: string;
  /** The module of the code asset that holds the handler. */
  readonly file: string;
  readonly handlerName: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutSeconds: number;
  readonly memoryMb: number;
}

export interface AuthorizerConfig {
  readonly functionName: string;
  readonly type: 'TOKEN' | 'REQUEST';
  readonly identitySources: readonly string[];
  readonly tokenPattern: RegExp | undefined;
  readonly resultTtlSeconds: number;
  readonly simpleResponses: boolean;
}

export type Integration =
  | { readonly kind: 'lambda'; readonly functionName: string }
  | { readonly kind: 'mock'; readonly statusCode: number; readonly headers: Readonly<Record<string, string>> };

export interface RouteConfig extends Routable {
  /** Of the route, or of the REST resource. */
  readonly id: string;
  /** Key into the API's authorizers; absent where the route is open. */
  readonly authorizerId: string | undefined;
  readonly integration: Integration;
}

interface ApiConfig {
  readonly id: string;
  readonly stageName: string;
  readonly stageVariables: Readonly<Record<string, string>>;
  readonly routes: readonly RouteConfig[];
  readonly authorizers: ReadonlyMap<string, AuthorizerConfig>;
}

export interface RestApiConfig extends ApiConfig {
  readonly gatewayResponses: GatewayResponses;
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

/** What a synthesized stack asks of API Gateway and Lambda. */
export interface CloudAssembly {
  readonly restApis: readonly RestApiConfig[];
  readonly httpApis: readonly HttpApiConfig[];
  /** Those that a route or an authorizer calls, by name. */
  readonly functions: ReadonlyMap<string, FunctionConfig>;
}

/** API Gateway's own, where the template gives no TTL. */
const DEFAULT_RESULT_TTL_SECONDS = 300;

/**
 * Reads `X.template.json` and the asset manifest `X.assets.json` beside it.
 *
 * @throws GatewayError `TEMPLATE_UNREADABLE`; `TEMPLATE_UNSUPPORTED`, naming the resource and the property
 */
export async function readCloudAssembly(templateFile: string): Promise<CloudAssembly> {
  const template = new Template(await readJson(templateFile));
  const manifestFile = templateFile.replace(/\.template\.json$/, '.assets.json');
  const assets = parseManifest(await readJson(manifestFile), dirname(manifestFile));
  const resources = template.ofType('AWS::Lambda::Function');
  const functions = new Map<string, FunctionConfig>();

  /** Functions are read as they are met: a template may hold others that nothing local calls. */
  const functionName = (resource: Resource, uriPath: string): string => {
    const [arn = '', name = ''] = /arn:[\w-]+:lambda:[^:]*:\d*:function:([\w-]+)/.exec(resource.text(uriPath)) ?? [];
    const called = resources.find((candidate) => nameOf(candidate) === name);
    if (called === undefined) return resource.unsupported(uriPath, 'a function of the same template');
    if (!functions.has(name)) functions.set(name, readFunction(called, arn, assets));
    return name;
  };

  return {
    restApis: template.ofType('AWS::ApiGateway::RestApi').map(({ id }) => readRestApi(template, id, functionName)),
    httpApis: template
      .ofType('AWS::ApiGatewayV2::Api')
      .filter((api) => api.text('ProtocolType') === 'HTTP')
      .map((api) => readHttpApi(template, api, functionName)),
    functions,
  };
}

type FunctionNameOf = (resource: Resource, uriPath: string) => string;

function nameOf(resource: Resource): string {
  return resource.optionalText('FunctionName') ?? resource.id;
}

function readFunction(resource: Resource, arn: string, assets: ReadonlyMap<string, string>): FunctionConfig {
  const directory = assets.get(resource.text('Code.S3Key')) ?? resource.unsupported('Code', 'an asset of the manifest');
  const [module = '', handlerName = ''] = resource.text('Handler').split('.');
  const files = ['.mjs', '.js', '.cjs'].map((extension) => join(directory, module + extension));
  return {
    name: nameOf(resource),
    arn,
    file: files.find((file) => existsSync(file)) ?? resource.unsupported('Handler', `a module in ${directory}`),
    handlerName,
    environment: resource.textMap('Environment.Variables'),
    timeoutSeconds: resource.optionalNumber('Timeout') ?? 3,
    memoryMb: resource.optionalNumber('MemorySize') ?? 128,
  };
}

function readRestApi(template: Template, id: string, functionName: FunctionNameOf): RestApiConfig {
  const own = (type: string) =>
    template.ofType(`AWS::ApiGateway::${type}`).filter((resource) => resource.text('RestApiId') === id);
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
      integration: readRestIntegration(method, functionName),
    })),
    gatewayResponses: new Map(
      own('GatewayResponse').map((resource) => [resource.text('ResponseType'), readGatewayResponse(resource)]),
    ),
  };
}

function readHttpApi(template: Template, api: Resource, functionName: FunctionNameOf): HttpApiConfig {
  const own = (type: string) =>
    template.ofType(`AWS::ApiGatewayV2::${type}`).filter((resource) => resource.text('ApiId') === api.id);
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
      integration: { kind: 'lambda', functionName: functionName(integration, 'IntegrationUri') },
    };
  };
  return {
    ...readStage(own('Stage'), api.id, 'StageVariables'),
    authorizers,
    routes: own('Route').map(readRoute),
    cors: readCors(api),
  };
}

function readStage([stage]: readonly Resource[], id: string, variables: string) {
  if (stage === undefined) throw new GatewayError('TEMPLATE_UNSUPPORTED', `${id} has no stage`);
  return { id, stageName: stage.text('StageName'), stageVariables: stage.textMap(variables) };
}

/** A route whose authorizer is not in the template would be open to all: refused here. */
function readAuthorizerId(route: Resource, authorizers: ReadonlyMap<string, AuthorizerConfig>): string | undefined {
  const type = route.optionalText('AuthorizationType') ?? 'NONE';
  if (type === 'NONE') return undefined;
  expectValue(route, 'AuthorizationType', 'CUSTOM');
  const id = route.text('AuthorizerId');
  return authorizers.has(id) ? id : route.unsupported('AuthorizerId', 'an authorizer of the same API');
}

function readRestAuthorizer(resource: Resource, functionName: FunctionNameOf): AuthorizerConfig {
  const type = resource.text('Type');
  if (type !== 'TOKEN' && type !== 'REQUEST') return resource.unsupported('Type', 'TOKEN or REQUEST');
  const pattern = resource.optionalText('IdentityValidationExpression');
  return {
    functionName: functionName(resource, 'AuthorizerUri'),
    type,
    identitySources: (resource.optionalText('IdentitySource') ?? '').split(/\s*,\s*/).filter(Boolean),
    tokenPattern: pattern === undefined ? undefined : new RegExp(pattern),
    resultTtlSeconds: resource.optionalNumber('AuthorizerResultTtlInSeconds') ?? DEFAULT_RESULT_TTL_SECONDS,
    simpleResponses: false,
  };
}

function readHttpAuthorizer(resource: Resource, functionName: FunctionNameOf): AuthorizerConfig {
  expectValue(resource, 'AuthorizerType', 'REQUEST');
  expectValue(resource, 'AuthorizerPayloadFormatVersion', '2.0');
  const identitySources = resource.texts('IdentitySource');
  const ttlSeconds = resource.optionalNumber('AuthorizerResultTtlInSeconds') ?? DEFAULT_RESULT_TTL_SECONDS;
  return {
    functionName: functionName(resource, 'AuthorizerUri'),
    type: 'REQUEST',
    identitySources,
    tokenPattern: undefined,
    resultTtlSeconds: identitySources.length === 0 ? 0 : ttlSeconds,
    simpleResponses: resource.value('EnableSimpleResponses') === true,
  };
}

function readRestIntegration(method: Resource, functionName: FunctionNameOf): Integration {
  if (method.text('Integration.Type') !== 'MOCK') {
    expectValue(method, 'Integration.Type', 'AWS_PROXY');
    return { kind: 'lambda', functionName: functionName(method, 'Integration.Uri') };
  }
  const statusCode = method.optionalNumber('Integration.IntegrationResponses.0.StatusCode') ?? 200;
  const parameters = method.textMap('Integration.IntegrationResponses.0.ResponseParameters');
  return { kind: 'mock', statusCode, headers: staticHeaders(method, parameters, 'method.response.header.') };
}

function readGatewayResponse(resource: Resource) {
  return {
    statusCode: resource.optionalNumber('StatusCode'),
    headers: staticHeaders(resource, resource.textMap('ResponseParameters'), 'gatewayresponse.header.'),
    bodyTemplate: resource.textMap('ResponseTemplates')['application/json'],
  };
}

/** Only static values, in single quotes, are understood: `'*'`. */
function staticHeaders(resource: Resource, parameters: Readonly<Record<string, string>>, prefix: string) {
  const headers = Object.entries(parameters).map(([name, value]) => {
    const [, text] = /^'(.*)'$/.exec(value) ?? [];
    if (text !== undefined && name.startsWith(prefix)) return [name.slice(prefix.length), text] as const;
    throw new GatewayError('TEMPLATE_UNSUPPORTED', `${resource.id}: the local gateway cannot map ${name} to ${value}`);
  });
  return Object.fromEntries(headers);
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

function expectValue(resource: Resource, path: string, wanted: string): void {
  if (resource.value(path) !== wanted) resource.unsupported(path, wanted);
}

/** The directory of each asset by its object key. */
function parseManifest(manifest: unknown, directory: string): ReadonlyMap<string, string> {
  const { files = {} } = manifest as AssetManifest;
  return new Map(
    Object.values(files).flatMap(({ source, destinations }) =>
      Object.values(destinations).map(({ objectKey }) => [objectKey, resolve(directory, source.path ?? '')] as const),
    ),
  );
}

/** What of CDK's asset manifest is read. */
interface AssetManifest {
  readonly files?: Readonly<
    Record<
      string,
      {
        readonly source: { readonly path?: string };
        readonly destinations: Readonly<Record<string, { readonly objectKey: string }>>;
      }
    >
  >;
}
