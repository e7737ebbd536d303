import { type Duration, Names } from 'aws-cdk-lib';
import { type IRestApi, type RestApiBase, SpecRestApi } from 'aws-cdk-lib/aws-apigateway';
import { CfnApi, type IHttpApi } from 'aws-cdk-lib/aws-apigatewayv2';
import type { IRole } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import type { Config } from '../lambda/config.ts';
import { allowToInvoke, type HttpApiPayloadFormat, invocationUri } from './authorizers.ts';
import { warnOfCachedAnswers } from './cachedAnswersWarning.ts';
import { checkTokenSource, httpIdentitySources, mayCache, restIdentitySources } from './keySources.ts';
import { AUTHORIZER_EXTENSION, OpenApiDefinition } from './openApiDefinition.ts';
import { checkText } from './propChecks.ts';

/** Options of `securityScheme`. */
export interface SecuritySchemeOptions {
  /**
   * The type of API that the definition describes.
   *
   * @default 'rest'
   */
  readonly apiType?: 'rest' | 'http';

  /**
   * The type of the Lambda authorizer of a REST API. A `TOKEN` authorizer requires exactly one key source: `bearer`,
   * `basic` or a header.
   *
   * @default 'REQUEST'
   */
  readonly type?: 'REQUEST' | 'TOKEN';

  /**
   * The payload format of the requests that an HTTP API sends to the function.
   *
   * @default '2.0'
   */
  readonly payloadFormat?: HttpApiPayloadFormat;

  /**
   * The role with which API Gateway invokes the function. `apigateway.amazonaws.com` must be able to assume it. The
   * role gets the permission to invoke the function. The API then doesn't need `addApiPermission`.
   *
   * @default - API Gateway invokes the function with the permission from `addApiPermission`
   */
  readonly invocationRole?: IRole;
}

/** An API with a definition: a `SpecRestApi`, an imported API, or a `CfnApi` with a `body`. */
export type DefinedApi = IRestApi | RestApiBase | IHttpApi | CfnApi;

interface SchemeProps {
  /** The construct whose path is in the errors. */
  readonly owner: Construct;
  readonly handler: IFunction;
  readonly config: Config;
  /** The prop `resultsCacheTtl`. It may be a token. */
  readonly resultsCacheTtl: Duration;
}

/**
 * Returns an entry of the definition's security schemes, in Swagger 2 of its security definitions. API Gateway reads
 * only the extension. `name` and `in` describe the first key source, and are `Unused` for a source that isn't a header
 * ("x-amazon-apigateway-authorizer object", API Gateway Developer Guide).
 *
 * @throws LatchkeyError `CONFIG_INVALID` for an unknown option, a `TOKEN` authorizer of an HTTP API, or a `TOKEN`
 * authorizer with several key sources, or with one other than `bearer`, `basic` or a header
 */
export function securityScheme(props: SchemeProps, options: SecuritySchemeOptions): { [name: string]: unknown } {
  const { config, handler } = props;
  const { apiType = 'rest', invocationRole } = options;
  checkOptions(props.owner, options);
  const authorizer = {
    ...(apiType === 'rest' ? restAuthorizer(props, options) : httpAuthorizer(props, options)),
    authorizerUri: invocationUri(handler),
    authorizerResultTtlInSeconds: props.resultsCacheTtl.toSeconds(),
    ...(invocationRole && { authorizerCredentials: invocationRole.roleArn }),
  };
  return {
    type: 'apiKey',
    name: headerName(config) ?? 'Unused',
    in: 'header',
    // HTTP APIs know only IAM's type.
    ...(apiType === 'rest' && { 'x-amazon-apigateway-authtype': 'custom' }),
    [AUTHORIZER_EXTENSION]: authorizer,
  };
}

/** Checks the options, because callers in JavaScript and through jsii may pass any string. */
function checkOptions(
  owner: Construct,
  { apiType = 'rest', type = 'REQUEST', payloadFormat = '2.0' }: SecuritySchemeOptions,
): void {
  checkText(owner, 'apiType', apiType, ['rest', 'http']);
  checkText(owner, 'type', type, apiType === 'http' ? ['REQUEST'] : ['REQUEST', 'TOKEN']);
  checkText(owner, 'payloadFormat', payloadFormat, ['1.0', '2.0']);
}

/** Returns the header of a definition's scheme in the spelling of `keySources`. */
function headerName({ keySources }: Config): string | undefined {
  const [source] = restIdentitySources(keySources.slice(0, 1));
  return /^method\.request\.header\.(.+)$/.exec(source ?? '')?.[1];
}

function restAuthorizer({ owner, config: { keySources } }: SchemeProps, { type = 'REQUEST' }: SecuritySchemeOptions) {
  const sources = restIdentitySources(keySources);
  if (type === 'TOKEN') checkTokenSource(owner, keySources);
  return { type: type.toLowerCase(), ...(sources.length > 0 && { identitySource: sources.join(', ') }) };
}

function httpAuthorizer({ owner, config, resultsCacheTtl }: SchemeProps, options: SecuritySchemeOptions) {
  const { payloadFormat = '2.0' } = options;
  const { keySources, scopes } = config;
  const enableSimpleResponses = hasSimpleResponses(config, options);
  const isCached = enableSimpleResponses && mayCache(resultsCacheTtl);
  if (isCached) warnOfCachedAnswers(owner);
  const perRoute = isCached && !scopes.isEmpty;
  const sources = httpIdentitySources(keySources, { perRoute });
  return {
    type: 'request',
    ...(sources.length > 0 && { identitySource: sources.join(', ') }),
    authorizerPayloadFormatVersion: payloadFormat,
    ...(payloadFormat === '2.0' && { enableSimpleResponses }),
  };
}

/** Returns whether the function answers the API with `isAuthorized` instead of a policy. */
export function hasSimpleResponses(
  { httpApiResponse }: Config,
  { apiType, payloadFormat = '2.0' }: SecuritySchemeOptions,
): boolean {
  return apiType === 'http' && payloadFormat === '2.0' && httpApiResponse === 'simple';
}

/**
 * Lets the authorizer of the API's definition invoke the function, and checks the definition if it's inline. A
 * deployment of the API waits for the permission.
 */
export function addApiPermission(owner: Construct, handler: IFunction, api: DefinedApi): void {
  const id = `Latchkey-${Names.uniqueId(owner)}-Permission`;
  allowToInvoke(latestDeployment(api), { scope: api, id, handler, api, apiId: apiIdOf(api) });
  if (api instanceof SpecRestApi) {
    api.node.addValidation({ validate: () => definitionProblems(api, invocationUri(handler)) });
  }
}

function apiIdOf(api: DefinedApi): string {
  if (api instanceof CfnApi) return api.ref;
  return 'restApiId' in api ? api.restApiId : api.apiId;
}

function latestDeployment(api: DefinedApi) {
  return 'latestDeployment' in api ? api.latestDeployment : undefined;
}

/** Returns the problems of a definition whose operations would accept requests without a key. */
function definitionProblems(api: SpecRestApi, authorizerUri: string): string[] {
  const definition = OpenApiDefinition.of(api);
  if (definition === undefined) return [];
  const unknown = definition.operationsWithUnknownScheme();
  if (unknown.length > 0) {
    return [
      `addApiPermission: expected security that names schemes of the definition, got an unknown one in ${unknown.join(', ')}: API ` +
        'Gateway ignores it, and may accept requests without a key',
    ];
  }
  const schemes = definition.schemesOf(authorizerUri);
  const open = definition.operationsOpenByMistake(schemes);
  if (open.length > 0) {
    return [
      `addApiPermission: expected security in each operation, got it at the root, which REST APIs ignore. ${open.join(', ')} would ` +
        'accept requests without a key. To leave one open, set its security to []',
    ];
  }
  if (definition.operationsBehind(schemes).length > 0) return [];
  return [
    'addApiPermission: expected an operation whose security names the entry from securityScheme(), got a definition without one: ' +
      'every operation would accept requests without a key',
  ];
}
