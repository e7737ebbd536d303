import type { IAuthorizer, IRestApi, RestApiBase } from 'aws-cdk-lib/aws-apigateway';
import type { IHttpRouteAuthorizer, IWebSocketRouteAuthorizer, ParameterMapping } from 'aws-cdk-lib/aws-apigatewayv2';
import type { AppSyncAuthProvider, AuthorizationMode } from 'aws-cdk-lib/aws-appsync';
import type { Construct, IConstruct } from 'constructs';
import type { HttpApiPayloadFormat } from './authorizers.ts';
import type { GatewayResponsesOptions } from './gatewayResponses.ts';

/** Options of `forRestApi`. */
export interface RestApiAuthorizerOptions {
  /**
   * The type of the Lambda authorizer. A `TOKEN` authorizer requires exactly one key source: `bearer`, `basic` or a
   * header. API Gateway passes only that header to it.
   *
   * @default 'REQUEST'
   */
  readonly type?: 'REQUEST' | 'TOKEN';

  /**
   * The scope of the authorizer and of its permission to invoke the function. Both depend on the API. The API's methods
   * depend on them. Pass the API itself if it belongs to another stack than this construct. A nested stack also counts
   * as another stack.
   *
   * @default - this construct
   */
  readonly scope?: Construct;
}

/** Options of `forAppSync` and `forEventApi`. */
export interface AppSyncAuthorizerOptions {
  /**
   * The scope of the permissions to invoke the function. They depend on the API, which depends on the function. Pass a
   * construct of the API's stack if this construct belongs to another stack. A nested stack also counts as another
   * stack.
   *
   * @default - the function
   */
  readonly scope?: Construct;
}

/** Options of `forHttpApi`. */
export interface HttpApiAuthorizerOptions {
  /**
   * The payload format of the requests that API Gateway sends to the function. The response to format 1.0 is always a
   * policy, even if `httpApiResponse` is `simple`.
   *
   * @default '2.0'
   */
  readonly payloadFormat?: HttpApiPayloadFormat;
}

/** An authorizer of API keys, from this stack or another source. */
export interface IApiKeyAuthorizer extends IConstruct {
  /** The ARN of the alias `live` if it exists, otherwise the function's ARN. APIs invoke it. */
  readonly functionArn: string;

  /**
   * Returns an authorizer for one REST API. You can call this method for each API method. The same options return the
   * same authorizer. A second REST API needs its own id, such as `forRestApi('SecondApi')`. The authorizer rejects a
   * revoked key after the revocation delay.
   *
   * A change to the authorizer takes effect with the next deployment of the API. The construct triggers that
   * deployment. If the API has `deploy: false` or isn't from this app, deploy it yourself. You need a deployment after
   * a change to `keySources`, `resultsCacheTtl`, `rollout` or `provisionedConcurrentExecutions`. The stage uses the old
   * authorizer until then. A change to `rollout` or `provisionedConcurrentExecutions` also changes the invoked
   * function. The stage then responds to every request with 500 until the deployment.
   *
   * @param id the authorizer's id. The default is `RestApi`, with a suffix for a second type in the same scope
   * @throws LatchkeyError `CONFIG_INVALID` if a `TOKEN` authorizer has several key sources, or one other than `bearer`,
   * `basic` or a header. Also thrown if another construct has the id. The CDK throws an error if methods of two REST
   * APIs use the authorizer
   */
  forRestApi(id?: string, options?: RestApiAuthorizerOptions): IAuthorizer;

  /**
   * Returns an authorizer for HTTP APIs. You can call this method for each route. The same options return the same
   * authorizer. Each API that uses it gets one authorizer resource. The authorizer rejects a revoked key after the
   * revocation delay.
   *
   * Preflight requests don't need a key if the API answers them through `corsPreflight`. A `$default` or `ANY` route
   * behind the authorizer also matches OPTIONS. For such a route, add `OPTIONS /{proxy+}` without an authorizer (AWS,
   * "Configure CORS for HTTP APIs").
   *
   * @param id the authorizer's id in the API. The default is `HttpApi`, with a suffix for a second payload format in the
   * same API
   * @throws LatchkeyError `CONFIG_INVALID` when you add the route if the API already has a construct with that id
   */
  forHttpApi(id?: string, options?: HttpApiAuthorizerOptions): IHttpRouteAuthorizer;

  /**
   * Returns an authorizer for the `$connect` routes of WebSocket APIs. The same id returns the same authorizer. Each
   * API that uses it gets one authorizer resource.
   *
   * API Gateway invokes the authorizer when a client connects. It doesn't cache the response. A revoked key can't open
   * a connection after `recordCacheTtl`. A connected client stays connected for up to two hours. To disconnect the
   * client sooner, close its connection.
   *
   * @param id the authorizer's id in the API. The default is `WebSocketApi`
   * @throws LatchkeyError `CONFIG_INVALID` when you add the route if the API already has a construct with that id
   */
  forWebSocketApi(id?: string): IWebSocketRouteAuthorizer;

  /**
   * Returns an authorization mode for `authorizationConfig` of AppSync GraphQL APIs. You can use it for several APIs.
   * AppSync always reads the key from the `Authorization` header, with or without `Bearer`. It ignores `keySources`.
   * The authorizer rejects a revoked key after the revocation delay. Each response includes the TTL for AppSync's
   * cache. An open subscription continues.
   *
   * Set the CDK's feature flag `@aws-cdk/aws-appsync:appSyncGraphQLAPIScopeLambdaPermission`. The CDK otherwise lets
   * every AppSync API in AWS invoke the function. The synthesis then warns.
   *
   * The permission refers to the API, so CloudFormation updates the API before it creates the permission. Requests fail
   * between those two steps if you change `rollout` or `provisionedConcurrentExecutions`.
   */
  forAppSync(options?: AppSyncAuthorizerOptions): AuthorizationMode;

  /**
   * Returns an authorization provider for `authProviders` of AppSync Event APIs. You can use it for several APIs. Also
   * list `AppSyncAuthorizationType.LAMBDA` among the API's authorization types. AppSync always reads the key from the
   * `Authorization` header, with or without `Bearer`. It ignores `keySources`.
   *
   * AppSync invokes the authorizer for each connection, subscription and publication. The `scopes` patterns `SUBSCRIBE
   * /orders/*` and `PUBLISH /orders/*` open channels. A key with a pattern for any channel may connect. The authorizer
   * rejects a revoked key after the revocation delay. An open subscription continues. AppSync may not cache a response
   * for a key with scopes.
   */
  forEventApi(options?: AppSyncAuthorizerOptions): AppSyncAuthProvider;

  /**
   * Returns a `parameterMapping` for the integration of an HTTP API. The mapping removes every header and query
   * parameter in `keySources` before the request reaches the integration. It also contains the changes that `mapping`
   * makes. The authorizer still receives the whole request, so the revocation delay stays the same. A Lambda
   * integration's `rawQueryString` may still contain the parameter. We haven't tested this on a live account.
   *
   * @throws LatchkeyError `CONFIG_INVALID` for a key source in a header that API Gateway reserves, such as `bearer`. Also
   * thrown for a cookie, because API Gateway can't remove one of several cookies
   */
  hideCredential(mapping?: ParameterMapping): ParameterMapping;

  /**
   * Adds gateway responses to a REST API. Denials and faults then have Latchkey's JSON body. A 401 has a
   * `WWW-Authenticate` header. The responses include the CORS headers of the root resource's
   * `defaultCorsPreflightOptions`. The responses omit `Access-Control-Allow-Credentials` if those options list several
   * origins. HTTP APIs don't support gateway responses. Their error bodies come from API Gateway.
   *
   * Existing gateway responses of the API stay unchanged. The synthesis fails if you add another response of the same
   * type later. An API can have only one response of each type.
   *
   * The inline definition of a `SpecRestApi` gets the responses itself, because API Gateway may drop others when the
   * definition changes. An imported API shows them after you deploy it.
   */
  addGatewayResponses(api: IRestApi | RestApiBase, options?: GatewayResponsesOptions): void;
}
