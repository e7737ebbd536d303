import { dirname, join, resolve } from 'node:path';
import { existsSync } from 'node:fs';
import type { FunctionNameOf } from './apiConfig.ts';
import { GatewayError } from './gatewayError.ts';
import { readHttpApi, type HttpApiConfig } from './readHttpApi.ts';
import { readRestApi, type RestApiConfig } from './readRestApi.ts';
import { readWebSocketApi, type WebSocketApiConfig } from './readWebSocketApi.ts';
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

/** What a synthesized stack asks of API Gateway and Lambda. */
export interface CloudAssembly {
  readonly restApis: readonly RestApiConfig[];
  readonly httpApis: readonly HttpApiConfig[];
  readonly webSocketApis: readonly WebSocketApiConfig[];
  /** Those that a route or an authorizer calls, by name. */
  readonly functions: ReadonlyMap<string, FunctionConfig>;
  /** The longest that a revoked key may still be accepted, where the stack has it as an output. */
  readonly revocationDelaySeconds: number | undefined;
}

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
  const functionName: FunctionNameOf = (resource, uriPath) => {
    const [arn = '', name = ''] = /arn:[\w-]+:lambda:[^:]*:\d*:function:([\w-]+)/.exec(resource.text(uriPath)) ?? [];
    const called = resources.find((candidate) => nameOf(candidate) === name);
    if (called === undefined) return resource.unsupported(uriPath, 'a function of the same template');
    if (!functions.has(name)) functions.set(name, readFunction(called, arn, assets));
    return name;
  };

  const ofProtocol = (protocol: string) =>
    template.ofType('AWS::ApiGatewayV2::Api').filter((api) => api.text('ProtocolType') === protocol);
  return {
    restApis: template.ofType('AWS::ApiGateway::RestApi').map((api) => readRestApi(template, api, functionName)),
    httpApis: ofProtocol('HTTP').map((api) => readHttpApi(template, api, functionName)),
    webSocketApis: ofProtocol('WEBSOCKET').map((api) => readWebSocketApi(template, api, functionName)),
    functions,
    revocationDelaySeconds: readRevocationDelay(template),
  };
}

function readRevocationDelay(template: Template): number | undefined {
  const value = template.output('RevocationDelaySeconds');
  if (value === undefined || /^\d+$/.test(String(value))) return value === undefined ? undefined : Number(value);
  const problem = `Outputs.RevocationDelaySeconds: got ${JSON.stringify(value)}, the local gateway wanted whole seconds`;
  throw new GatewayError('TEMPLATE_UNSUPPORTED', problem);
}

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
