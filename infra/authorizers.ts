import { AspectPriority, Aspects, type Duration, Lazy, Names, Stack } from 'aws-cdk-lib';
import {
  type Authorizer,
  type CfnAuthorizerProps,
  RequestAuthorizer,
  type RequestAuthorizerProps,
  RestApiBase,
  TokenAuthorizer,
  type TokenAuthorizerProps,
} from 'aws-cdk-lib/aws-apigateway';
import {
  AuthorizerPayloadVersion,
  HttpAuthorizer,
  HttpAuthorizerType,
  type HttpRouteAuthorizerBindOptions,
  type HttpRouteAuthorizerConfig,
  type IHttpApi,
  type IHttpRouteAuthorizer,
  type IWebSocketApi,
  type IWebSocketRouteAuthorizer,
  WebSocketAuthorizer,
  WebSocketAuthorizerType,
  type WebSocketRouteAuthorizerBindOptions,
  type WebSocketRouteAuthorizerConfig,
} from 'aws-cdk-lib/aws-apigatewayv2';
import { ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Alias, type IFunction } from 'aws-cdk-lib/aws-lambda';
import type { Construct, IConstruct } from 'constructs';
import { propError } from './propChecks.ts';

/** The CDK's REQUEST authorizer, with the permission in the authorizer's scope instead of the function's. */
export class RestRequestKeyAuthorizer extends RequestAuthorizer {
  constructor(scope: Construct, id: string, props: RequestAuthorizerProps) {
    super(scope, id, props);
    redeployOnChange(this, this.authorizerProps, () => this.restApiId);
  }

  protected override setupPermissions(): void {
    allowRestApi(this, this.handler, () => this.restApiId);
  }
}

/** The CDK's TOKEN authorizer, with the permission in the authorizer's scope instead of the function's. */
export class RestTokenKeyAuthorizer extends TokenAuthorizer {
  constructor(scope: Construct, id: string, props: TokenAuthorizerProps) {
    super(scope, id, props);
    redeployOnChange(this, this.authorizerProps, () => this.restApiId);
  }

  protected override setupPermissions(): void {
    allowRestApi(this, this.handler, () => this.restApiId);
  }
}

/**
 * Makes a change to the authorizer trigger a new deployment of the API. A stage would use the old authorizer until
 * then. The old authorizer may have lost its permission to invoke the function. The CDK triggers a deployment only with
 * the feature flag `@aws-cdk/aws-apigateway:authorizerChangeDeploymentLogicalId`. The deployment also waits for the
 * permission, which is a child of the authorizer.
 *
 * The authorizer doesn't know its API before a method uses it, so an aspect finds the API.
 */
function redeployOnChange(
  authorizer: Authorizer,
  latchkeyAuthorizer: CfnAuthorizerProps,
  getRestApiId: () => string | undefined,
): void {
  const visit = (node: IConstruct) => {
    if (node !== authorizer) return;
    const apis = node.node.root.node.findAll().filter((one) => one instanceof RestApiBase);
    for (const { latestDeployment, restApiId } of apis) {
      if (latestDeployment === undefined || restApiId !== getRestApiId()) continue;
      latestDeployment.node.addDependency(authorizer);
      latestDeployment.addToLogicalId({ latchkeyAuthorizer });
    }
  };
  Aspects.of(authorizer).add({ visit }, { priority: AspectPriority.MUTATING });
}

/**
 * Lets the REST API's authorizer invoke the function. The CDK's own permission is in the function's stack. That stack
 * and the API's stack would then depend on each other.
 */
function allowRestApi(authorizer: Authorizer, handler: IFunction, restApiId: () => string | undefined): void {
  const { defaultChild } = authorizer.node;
  if (defaultChild === undefined) return;
  allowToInvoke(defaultChild, {
    scope: authorizer,
    id: 'Permission',
    handler,
    api: authorizer,
    apiId: Lazy.string({ produce: restApiId }),
  });
}

/** The format of the event that API Gateway sends to the function. */
export type HttpApiPayloadFormat = '1.0' | '2.0';

export interface HttpApiKeyAuthorizerProps {
  readonly handler: IFunction;
  readonly payloadFormat: HttpApiPayloadFormat;
  readonly identitySources: string[];
  readonly resultsCacheTtl: Duration;
  /** Makes the function return `isAuthorized` instead of a policy. Format 1.0 supports only policies. */
  readonly simpleResponses: boolean;
}

/**
 * A Lambda authorizer for the routes of HTTP APIs. Each API gets one authorizer resource, which all its routes share.
 * The CDK's own authorizer uses payload format 2.0 only for simple responses. This one also uses it for policies.
 */
export class HttpApiKeyAuthorizer implements IHttpRouteAuthorizer {
  readonly #id: AuthorizerId;
  readonly #props: HttpApiKeyAuthorizerProps;
  readonly #authorizers = new Map<IHttpApi, HttpAuthorizer>();

  constructor(id: AuthorizerId, props: HttpApiKeyAuthorizerProps) {
    this.#id = id;
    this.#props = props;
  }

  /**
   * Returns the API's authorizer, and creates it for the first route. The CDK calls this for each route.
   *
   * @throws LatchkeyError `CONFIG_INVALID` if the API already has a construct with the authorizer's id
   */
  bind(options: HttpRouteAuthorizerBindOptions): HttpRouteAuthorizerConfig {
    const { httpApi } = options.route;
    const authorizer = this.#authorizers.get(httpApi) ?? this.#create(options);
    this.#authorizers.set(httpApi, authorizer);
    return { authorizerId: authorizer.authorizerId, authorizationType: 'CUSTOM' };
  }

  #create({ route, scope }: HttpRouteAuthorizerBindOptions): HttpAuthorizer {
    const { handler, payloadFormat, identitySources, resultsCacheTtl, simpleResponses } = this.#props;
    const { httpApi } = route;
    const authorizer = new HttpAuthorizer(scope, freeIdIn(scope, this.#id), {
      httpApi,
      type: HttpAuthorizerType.LAMBDA,
      ...(payloadFormat === '1.0'
        ? { payloadFormatVersion: AuthorizerPayloadVersion.VERSION_1_0 }
        : { payloadFormatVersion: AuthorizerPayloadVersion.VERSION_2_0, enableSimpleResponses: simpleResponses }),
      identitySource: identitySources,
      resultsCacheTtl,
      authorizerUri: invocationUri(handler),
    });
    const id = `${Names.nodeUniqueId(authorizer.node)}-Permission`;
    allowToInvoke(authorizer, { scope, id, handler, api: route, apiId: httpApi.apiId });
    return authorizer;
  }
}

export interface WebSocketKeyAuthorizerProps {
  readonly handler: IFunction;
  readonly identitySources: string[];
}

/**
 * A Lambda authorizer for the `$connect` routes of WebSocket APIs. Each API gets one authorizer resource. The CDK's own
 * authorizer supports only one API. CloudFormation creates that authorizer before its permission to invoke the
 * function.
 */
export class WebSocketKeyAuthorizer implements IWebSocketRouteAuthorizer {
  readonly #id: AuthorizerId;
  readonly #props: WebSocketKeyAuthorizerProps;
  readonly #authorizers = new Map<IWebSocketApi, WebSocketAuthorizer>();

  constructor(id: AuthorizerId, props: WebSocketKeyAuthorizerProps) {
    this.#id = id;
    this.#props = props;
  }

  /**
   * Returns the API's authorizer, and creates it for the first route. The CDK calls this for each route.
   *
   * @throws LatchkeyError `CONFIG_INVALID` if the API already has a construct with the authorizer's id
   */
  bind(options: WebSocketRouteAuthorizerBindOptions): WebSocketRouteAuthorizerConfig {
    const { webSocketApi } = options.route;
    const authorizer = this.#authorizers.get(webSocketApi) ?? this.#create(options);
    this.#authorizers.set(webSocketApi, authorizer);
    return { authorizerId: authorizer.authorizerId, authorizationType: 'CUSTOM' };
  }

  /** Returns the id of the API's authorizer, or `undefined` if none of its routes uses this authorizer. */
  authorizerIdOf(api: IWebSocketApi): string | undefined {
    return this.#authorizers.get(api)?.authorizerId;
  }

  #create({ route, scope }: WebSocketRouteAuthorizerBindOptions): WebSocketAuthorizer {
    const { handler, identitySources } = this.#props;
    const { webSocketApi } = route;
    const authorizerName = freeIdIn(scope, this.#id);
    const authorizer = new WebSocketAuthorizer(scope, authorizerName, {
      webSocketApi,
      authorizerName,
      identitySource: identitySources,
      type: WebSocketAuthorizerType.LAMBDA,
      authorizerUri: invocationUri(handler),
    });
    const id = `${Names.nodeUniqueId(authorizer.node)}-Permission`;
    allowToInvoke(authorizer, { scope, id, handler, api: route, apiId: webSocketApi.apiId });
    return authorizer;
  }
}

/** The id of an authorizer, with the method and the options that determine it. */
export interface AuthorizerId {
  /** The construct whose method creates the authorizer. */
  readonly owner: Construct;
  readonly method: 'forRestApi' | 'forHttpApi' | 'forWebSocketApi';
  readonly id: string;
  /** `true` if the caller chose the id. A default id may get a suffix. */
  readonly isGiven: boolean;
  /** The type or payload format, which distinguishes the authorizer from others of the same owner. */
  readonly variant: string;
}

/**
 * Returns the id for the authorizer in the scope. The first authorizer of a scope gets its plain id, because deployed
 * stacks must keep their logical ids. A further authorizer with a default id gets its owner and its variant as a
 * suffix.
 *
 * @throws LatchkeyError `CONFIG_INVALID` if the scope already has the id that the caller chose, or the suffixed id
 */
export function freeIdIn(scope: Construct, { owner, method, id, isGiven, variant }: AuthorizerId): string {
  const candidates = isGiven ? [id] : [id, `${id}-${owner.node.id}-${variant}`];
  const free = candidates.find((candidate) => scope.node.tryFindChild(candidate) === undefined);
  if (free !== undefined) return free;
  const problem =
    `${method}: id: expected an unused id such as ${method}('${id}2'), got ${JSON.stringify(id)}, which ${scope.node.path} already ` +
    'has for a construct with other options';
  throw propError(owner, problem);
}

export interface InvokePermissionProps {
  /** The scope of the permission. It belongs to the API's stack. */
  readonly scope: Construct;
  readonly id: string;
  readonly handler: IFunction;
  readonly api: IConstruct;
  readonly apiId: string;
}

/**
 * Lets the authorizers of one API invoke the handler, and makes `authorizer` depend on that permission.
 *
 * The API invokes an alias instead of the function if there is a `rollout` or provisioned concurrency. After a change
 * between the two, the new permission must exist before the authorizer invokes the new handler. The old permission must
 * outlast that step. CloudFormation creates and updates resources in dependency order, and deletes them last. The
 * permission therefore doesn't refer to the authorizer. Its logical id differs between the function and the alias.
 */
export function allowToInvoke(
  authorizer: IConstruct | undefined,
  { scope, id, handler, api, apiId }: InvokePermissionProps,
): void {
  const permissionId = handler instanceof Alias ? `${id}-${handler.aliasName}` : id;
  handler.addPermission(permissionId, {
    scope,
    principal: new ServicePrincipal('apigateway.amazonaws.com'),
    sourceArn: Stack.of(api).formatArn({ service: 'execute-api', resource: apiId, resourceName: 'authorizers/*' }),
  });
  const permission = scope.node.tryFindChild(permissionId);
  if (permission !== undefined) authorizer?.node.addDependency(permission);
}

/** Returns the URI through which an authorizer of an HTTP or WebSocket API invokes the handler. */
export function invocationUri(handler: IFunction): string {
  const { partition, region } = Stack.of(handler);
  return `arn:${partition}:apigateway:${region}:lambda:path/2015-03-31/functions/${handler.functionArn}/invocations`;
}
