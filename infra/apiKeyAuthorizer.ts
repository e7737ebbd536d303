import { Annotations, Duration, FeatureFlags } from 'aws-cdk-lib';
import type { IAuthorizer, RestApi, Stage } from 'aws-cdk-lib/aws-apigateway';
import {
  ParameterMapping,
  WebSocketApi,
  type IHttpRouteAuthorizer,
  type IWebSocketRouteAuthorizer,
  type IWebSocketStage,
} from 'aws-cdk-lib/aws-apigatewayv2';
import {
  AppSyncAuthorizationType,
  AuthorizationType,
  type AppSyncAuthProvider,
  type AuthorizationMode,
} from 'aws-cdk-lib/aws-appsync';
import { Stats, type Alarm, type Metric, type MetricOptions } from 'aws-cdk-lib/aws-cloudwatch';
import type { LambdaDeploymentGroup } from 'aws-cdk-lib/aws-codedeploy';
import { Function as LambdaFunction, type IFunction } from 'aws-cdk-lib/aws-lambda';
import type { ILogGroup, MetricFilter } from 'aws-cdk-lib/aws-logs';
import { APPSYNC_GRAPHQLAPI_SCOPE_LAMBDA_FUNCTION_PERMISSION } from 'aws-cdk-lib/cx-api';
import { Construct } from 'constructs';
import type { MetricName } from '../lambda/metrics.ts';
import type { ApiKeyAuthorizerProps } from './apiKeyAuthorizerProps.ts';
import { authorizerSettings, type AuthorizerSettings } from './authorizerSettings.ts';
import { authorizerFunction, LIVE_ALIAS } from './authorizerFunction.ts';
import {
  type AuthorizerId,
  freeIdIn,
  HttpApiKeyAuthorizer,
  type HttpApiPayloadFormat,
  RestRequestKeyAuthorizer,
  RestTokenKeyAuthorizer,
  WebSocketKeyAuthorizer,
} from './authorizers.ts';
import { functionMetric, rolloutAlarm, unauthorizedFilter } from './authorizerMetrics.ts';
import { addGatewayResponses } from './gatewayResponses.ts';
import {
  hideCredential,
  httpIdentitySources,
  isTokenSource,
  restIdentitySources,
  webSocketIdentitySources,
} from './keySources.ts';
import { KeyPlans, planNamespace } from './keyPlans.ts';
import { propError } from './propChecks.ts';
import { requireApiKeys, type ApplyPlansOptions } from './requireApiKeys.ts';
import { requireWebSocketKeys } from './requireWebSocketKeys.ts';

/** Options of `forRestApi`. */
export interface RestApiAuthorizerOptions {
  /**
   * The type of the Lambda authorizer. A `TOKEN` authorizer requires exactly one key source, `bearer` or a header. API
   * Gateway passes only that header to it.
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

/** A Lambda function that authorizes requests by API key, and an authorizer for each API that uses the function. */
export class ApiKeyAuthorizer extends Construct {
  /**
   * The Lambda function. Use it for alarms and permissions. Lambda limits the total size of the environment variables
   * to 4 KB. The synthesis doesn't count environment variables that you add here.
   */
  readonly function: LambdaFunction;

  /** The function's log group. It contains one line for each denial and fault. */
  readonly logGroup: ILogGroup;

  /**
   * The CodeDeploy group that shifts traffic to a new version. To roll back a version on other conditions, add your own
   * alarms to the group. It's absent without a `rollout`.
   */
  readonly deploymentGroup: LambdaDeploymentGroup | undefined;

  /**
   * The alarm that is raised if the new version of a `rollout` fails. `deploymentGroup` then rolls the version back.
   * It's absent without a `rollout`, or if the prop `rolloutAlarm` is `false`.
   */
  readonly rolloutAlarm: Alarm | undefined;

  /**
   * The maximum time for which the authorizer may accept a revoked key. It's the sum of `recordCacheTtl` and
   * `resultsCacheTtl`. `staleIfError` replaces a shorter `recordCacheTtl` while DynamoDB is unavailable. A revocation
   * doesn't close open WebSocket connections.
   */
  readonly revocationDelay: Duration;

  /**
   * The keys that the authorizer accepts, separated by commas: the prefixes of issued keys (`sk_live_`), and the prefixes
   * of external keys with a star (`acme-*`) or `any`. Use it for the output `AcceptedKeys`.
   */
  readonly acceptedKeys: string;

  /** The usage plans in API Gateway. They're absent without the prop `plans`. */
  readonly plans: KeyPlans | undefined;

  readonly #settings: AuthorizerSettings;
  readonly #handler: IFunction;
  /** The authorizers from `forRestApi` in all stacks. */
  readonly #restAuthorizers = new Set<IAuthorizer>();
  // Options → authorizer, because the same options must return the same construct.
  readonly #restByOptions = new Map<string, IAuthorizer>();
  readonly #httpByOptions = new Map<string, HttpApiKeyAuthorizer>();
  readonly #webSocketByOptions = new Map<string, WebSocketKeyAuthorizer>();
  readonly #importedByScope = new Map<string, IFunction>();
  #unauthorized: MetricFilter | undefined;
  #hasWarnedOfPolicySize = false;

  /**
   * Creates the function with its role and its log group.
   *
   * @throws LatchkeyError `CONFIG_INVALID`, with a list of every invalid prop
   */
  constructor(scope: Construct, id: string, props: ApiKeyAuthorizerProps) {
    super(scope, id);
    const namespace = planNamespace(this);
    this.#settings = authorizerSettings(this, props, namespace);
    const { environment, config, acceptedKeys } = this.#settings;
    this.acceptedKeys = acceptedKeys;
    this.revocationDelay = Duration.seconds(config.recordCacheSeconds + config.resultsCacheSeconds);

    const created = authorizerFunction(this, props, environment);
    this.function = created.function;
    this.logGroup = created.logGroup;
    this.deploymentGroup = created.deploymentGroup;
    this.#handler = created.handler;
    this.rolloutAlarm = props.rolloutAlarm === false ? undefined : this.#createRolloutAlarm();

    const { table, plans, logRetention } = props;
    this.plans = plans && new KeyPlans(this, 'Plans', { plans, table, namespace, logRetention });
  }

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
   * @throws LatchkeyError `CONFIG_INVALID` if a `TOKEN` authorizer has several key sources, or one outside a header. Also
   * thrown if another construct has the id, or if methods of two REST APIs use the authorizer
   */
  forRestApi(id?: string, { type = 'REQUEST', scope = this }: RestApiAuthorizerOptions = {}): IAuthorizer {
    const authorizerId = this.#getId('forRestApi', id, type);
    const authorizer = getOrCreate(this.#restByOptions, [scope.node.path, authorizerId.id, type], () =>
      this.#createRestAuthorizer(scope, authorizerId, type),
    );
    this.#restAuthorizers.add(authorizer);
    this.#warnOfPolicySize();
    return authorizer;
  }

  /**
   * Returns an authorizer for HTTP APIs. You can call this method for each route. The same options return the same
   * authorizer. Each API that uses it gets one authorizer resource. The authorizer rejects a revoked key after the
   * revocation delay.
   *
   * Preflight requests don't need a key if the API answers them through `corsPreflight`. A `$default` or `ANY` route
   * behind the authorizer also matches OPTIONS. For such a route, add `OPTIONS /{proxy+}` without an authorizer (AWS,
   * "Configure CORS for HTTP APIs").
   *
   * @param id the authorizer's id in the API. The default is `HttpApi`, with a suffix for a second payload format in the same API
   * @throws LatchkeyError `CONFIG_INVALID` when you add the route if the API already has a construct with that id
   */
  forHttpApi(id?: string, { payloadFormat = '2.0' }: HttpApiAuthorizerOptions = {}): IHttpRouteAuthorizer {
    const { keySources, scopes, httpApiResponse, resultsCacheSeconds } = this.#settings.config;
    const simpleResponses = payloadFormat === '2.0' && httpApiResponse === 'simple';
    const perRoute = simpleResponses && resultsCacheSeconds > 0 && !scopes.isEmpty;
    const authorizerId = this.#getId('forHttpApi', id, payloadFormat);
    if (!simpleResponses) this.#warnOfPolicySize();
    const props = {
      handler: this.#handler,
      payloadFormat,
      identitySources: httpIdentitySources(keySources, { perRoute }),
      resultsCacheTtl: this.#resultsCacheTtl,
      simpleResponses,
    };
    return getOrCreate(
      this.#httpByOptions,
      [authorizerId.id, payloadFormat],
      () => new HttpApiKeyAuthorizer(authorizerId, props),
    );
  }

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
  forWebSocketApi(id?: string): IWebSocketRouteAuthorizer {
    const identitySources = webSocketIdentitySources(this.#settings.config.keySources);
    const authorizerId = this.#getId('forWebSocketApi', id, 'connect');
    const props = { handler: this.#handler, identitySources };
    return getOrCreate(
      this.#webSocketByOptions,
      [authorizerId.id],
      () => new WebSocketKeyAuthorizer(authorizerId, props),
    );
  }

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
  forAppSync({ scope }: AppSyncAuthorizerOptions = {}): AuthorizationMode {
    if (!FeatureFlags.of(this).isEnabled(APPSYNC_GRAPHQLAPI_SCOPE_LAMBDA_FUNCTION_PERMISSION)) {
      Annotations.of(this).addWarningV2(
        'latchkey:appSyncPermission',
        `Without the feature flag ${APPSYNC_GRAPHQLAPI_SCOPE_LAMBDA_FUNCTION_PERMISSION} the CDK lets every AppSync API invoke the authorizer. Set it in cdk.json.`,
      );
    }
    const handler = scope === undefined ? this.#handler : this.#importHandler(scope);
    return {
      authorizationType: AuthorizationType.LAMBDA,
      lambdaAuthorizerConfig: { handler, resultsCacheTtl: this.#resultsCacheTtl },
    };
  }

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
  forEventApi({ scope }: AppSyncAuthorizerOptions = {}): AppSyncAuthProvider {
    const handler = scope === undefined ? this.#handler : this.#importHandler(scope);
    return {
      authorizationType: AppSyncAuthorizationType.LAMBDA,
      lambdaAuthorizerConfig: { handler, resultsCacheTtl: this.#resultsCacheTtl },
    };
  }

  /**
   * Returns a `parameterMapping` for the integration of an HTTP API. The mapping removes every header and query
   * parameter in `keySources` before the request reaches the integration. It also contains the changes that `mapping`
   * makes. The authorizer still receives the whole request, so the revocation delay stays the same. A Lambda
   * integration's `rawQueryString` may still contain the parameter. We haven't tested this on a live account.
   *
   * @throws LatchkeyError `CONFIG_INVALID` for a key source in a header that API Gateway reserves, such as `bearer`, and
   * for a cookie, because API Gateway can't remove one of several cookies
   */
  hideCredential(mapping = new ParameterMapping()): ParameterMapping {
    return hideCredential(this, this.#settings.config.keySources, mapping);
  }

  /**
   * Applies the plans to a REST API or a WebSocket API. API Gateway then counts and limits the requests to each method
   * behind an authorizer from `forRestApi`. On a WebSocket API, it counts and limits connections. The plans also count
   * requests to methods that other stacks add. A method's or route's own `apiKeyRequired` stays unchanged. `false`
   * exempts the method from limits. You can call this method for several APIs. They share a key's limits. The
   * revocation delay stays the same.
   *
   * The plans get every stage of the API by default, including stages that you add later. Pass `stages` to select
   * stages. All stages serve the same methods, so a stage without a plan would reject every key. The synthesis fails
   * for such a stage with an error that includes its name. It also fails for a method that requires an API key without
   * an authorizer, because API Gateway reads the API keys of the whole API from its authorizers.
   *
   * Without `plans`, the call requires `usageIdentifier: 'presented-key'`. API Gateway's own keys then count on their
   * own usage plans.
   *
   * @throws LatchkeyError `CONFIG_INVALID` before any change, if the authorizer lacks `plans` or the API lacks a stage.
   * Also thrown if a stage belongs to another API, or if the API reads API Gateway keys from a header
   */
  applyPlans(api: RestApi | WebSocketApi, { stages }: ApplyPlansOptions = {}): void {
    const { plans } = this;
    if (plans === undefined && this.#settings.config.usageIdentifier === 'plan') {
      throw propError(this, 'applyPlans: expected the prop plans to be set, got an authorizer without plans');
    }
    // Each function rejects stages of another API.
    if (api instanceof WebSocketApi) {
      const own = stages && { stages: stages as readonly IWebSocketStage[] };
      requireWebSocketKeys({ api, authorizers: this.#webSocketByOptions, plans, ...own });
    } else {
      const own = stages && { stages: stages as readonly Stage[] };
      requireApiKeys({ api, authorizers: this.#restAuthorizers, plans, ...own });
    }
  }

  /**
   * Adds gateway responses to a REST API. Denials and faults then have Latchkey's JSON body. A 401 has a
   * `WWW-Authenticate` header. The responses include the CORS headers of the root resource's
   * `defaultCorsPreflightOptions`. The responses omit `Access-Control-Allow-Credentials` if those options list several
   * origins. HTTP APIs don't support gateway responses. Their error bodies come from API Gateway.
   *
   * Existing gateway responses of the API stay unchanged. The synthesis fails if you add another response of the same
   * type later. An API can have only one response of each type.
   */
  addGatewayResponses(api: RestApi): void {
    addGatewayResponses(api, { keySources: this.#settings.config.keySources, hasPlans: this.#hasUsagePlans });
  }

  /**
   * Returns the metric for the number of allowed requests. Add `dimensionsMap: { ApiType: 'http-api' }` for one type of
   * API.
   */
  metricAllowed(options?: MetricOptions): Metric {
    return this.#metric('Allowed', options);
  }

  /**
   * Returns the metric for the number of denied requests, including requests without a key. Add both dimensions
   * `ApiType` and `Reason` for one reason.
   */
  metricDenied(options?: MetricOptions): Metric {
    return this.#metric('Denied', options);
  }

  /**
   * Returns the metric for the number of faults: requests that the authorizer couldn't decide and answered with an
   * error. Add both dimensions `ApiType` and `Reason` for one reason.
   */
  metricFaults(options?: MetricOptions): Metric {
    return this.#metric('Faults', options);
  }

  /**
   * Returns the metric for the number of requests without a key that the function answered with an error. AppSync
   * requests don't count. Lambda counts these requests as errors. A metric filter on the log counts them, even if the
   * prop `metrics` is `false`. The first call creates the filter.
   */
  metricUnauthorized(options?: MetricOptions): Metric {
    this.#unauthorized ??= unauthorizedFilter(this, this.function, this.logGroup);
    return this.#unauthorized.metric({ statistic: Stats.SUM, ...options });
  }

  /** Returns the metric for the number of requests with a well-formed key that didn't make a read of their own. */
  metricCacheHits(options?: MetricOptions): Metric {
    return this.#metric('CacheHits', options);
  }

  /**
   * Returns the metric for the latency of key lookups, in milliseconds. The default statistic is the 99th percentile of
   * a sample.
   */
  metricLookupLatency(options?: MetricOptions): Metric {
    return this.#metric('LookupLatency', options);
  }

  /** Returns the metric for the number of successful last-used writes. */
  metricLastUsedWrites(options?: MetricOptions): Metric {
    return this.#metric('LastUsedWrites', options);
  }

  /**
   * Returns the metric for the number of allowed requests without a last-used write. Either the write wasn't due, or
   * another execution environment made it.
   */
  metricLastUsedWritesSkipped(options?: MetricOptions): Metric {
    return this.#metric('LastUsedWritesSkipped', options);
  }

  /** Returns the metric for the number of failed last-used writes. The authorizer still allowed their requests. */
  metricLastUsedWriteFailures(options?: MetricOptions): Metric {
    return this.#metric('LastUsedWriteFailures', options);
  }

  /** Rejects a metric that the function doesn't emit, because an alarm on it would never be raised. */
  #metric(metricName: MetricName, options?: MetricOptions): Metric {
    if (this.#settings.config.metrics) return functionMetric(this.function, metricName, options);
    throw propError(this, `metrics: expected true for the metric ${metricName}, got false`);
  }

  #createRolloutAlarm(): Alarm | undefined {
    if (this.deploymentGroup === undefined) return undefined;
    const unauthorized = this.metricUnauthorized();
    const alarm = rolloutAlarm(this, { lambda: this.function, aliasName: LIVE_ALIAS, unauthorized });
    this.deploymentGroup.addAlarm(alarm);
    return alarm;
  }

  #warnOfPolicySize(): void {
    const { policyWarning } = this.#settings;
    if (policyWarning === undefined || this.#hasWarnedOfPolicySize) return;
    this.#hasWarnedOfPolicySize = true;
    Annotations.of(this).addWarningV2('latchkey:policySize', `scopes: ${policyWarning}.`);
  }

  #getId(method: AuthorizerId['method'], id: string | undefined, variant: string): AuthorizerId {
    return { owner: this, method, id: id ?? method.slice('for'.length), isGiven: id !== undefined, variant };
  }

  #createRestAuthorizer(scope: Construct, authorizerId: AuthorizerId, type: 'REQUEST' | 'TOKEN'): IAuthorizer {
    const { keySources } = this.#settings.config;
    const identitySources = restIdentitySources(keySources);
    const [identitySource] = identitySources;
    if (type === 'TOKEN' && !(identitySources.length === 1 && keySources.every(isTokenSource))) {
      const got = keySources.map(({ kind }) => kind).join(', ');
      throw propError(
        this,
        `type: expected exactly one key source for "${type}", bearer, basic or a header, got the key sources ${got}`,
      );
    }
    const id = freeIdIn(scope, authorizerId);
    const shared = { handler: this.#handler, resultsCacheTtl: this.#resultsCacheTtl };
    return type === 'TOKEN' && identitySource !== undefined
      ? new RestTokenKeyAuthorizer(scope, id, { ...shared, identitySource })
      : new RestRequestKeyAuthorizer(scope, id, { ...shared, identitySources });
  }

  /** Imports the function, because the CDK creates permissions for an imported function in `scope`. */
  #importHandler(scope: Construct): IFunction {
    const { functionArn } = this.#handler;
    return getOrCreate(this.#importedByScope, [scope.node.path], () =>
      LambdaFunction.fromFunctionAttributes(scope, `Latchkey-${this.node.addr}`, {
        functionArn,
        sameEnvironment: true,
      }),
    );
  }

  /** `true` if API Gateway may count requests, so it may reject them with the codes of plans. */
  get #hasUsagePlans(): boolean {
    return this.plans !== undefined || this.#settings.config.usageIdentifier === 'presented-key';
  }

  get #resultsCacheTtl(): Duration {
    return Duration.seconds(this.#settings.config.resultsCacheSeconds);
  }
}

function getOrCreate<T>(byOptions: Map<string, T>, options: readonly string[], create: () => T): T {
  const key = JSON.stringify(options);
  const value = byOptions.get(key) ?? create();
  byOptions.set(key, value);
  return value;
}
