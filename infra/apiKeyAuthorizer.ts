import { Annotations, Duration, FeatureFlags } from 'aws-cdk-lib';
import type { IAuthorizer, RestApi } from 'aws-cdk-lib/aws-apigateway';
import {
  ParameterMapping,
  type IHttpRouteAuthorizer,
  type IWebSocketRouteAuthorizer,
} from 'aws-cdk-lib/aws-apigatewayv2';
import { AuthorizationType, type AuthorizationMode } from 'aws-cdk-lib/aws-appsync';
import { Stats, type Alarm, type Metric, type MetricOptions } from 'aws-cdk-lib/aws-cloudwatch';
import type { LambdaDeploymentGroup } from 'aws-cdk-lib/aws-codedeploy';
import { Function as LambdaFunction, type IFunction } from 'aws-cdk-lib/aws-lambda';
import type { ILogGroup, MetricFilter } from 'aws-cdk-lib/aws-logs';
import { APPSYNC_GRAPHQLAPI_SCOPE_LAMBDA_FUNCTION_PERMISSION } from 'aws-cdk-lib/cx-api';
import { Construct } from 'constructs';
import { ANY_KEYS } from '../keys/state.ts';
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
import { AuthorizerMetrics, rolloutAlarm, unauthorizedFilter } from './authorizerMetrics.ts';
import { addGatewayResponses } from './gatewayResponses.ts';
import { hideCredential, httpIdentitySources, restIdentitySources, webSocketIdentitySources } from './keySources.ts';
import { KeyPlans, planNamespace } from './keyPlans.ts';
import { propError } from './propChecks.ts';
import { requireApiKeys, type ApplyPlansOptions } from './requireApiKeys.ts';

/** How a REST API asks the function. */
export interface RestApiAuthorizerOptions {
  /**
   * The kind of authorizer. `TOKEN` gets one header and nothing else of the request, so it needs exactly one key source,
   * `bearer` or a header.
   *
   * @default 'REQUEST'
   */
  readonly type?: 'REQUEST' | 'TOKEN';

  /**
   * Where the authorizer and its permission to ask the function stand. They need the API and the API's methods need them: give the
   * API itself where it is in another stack than this construct, nested or not.
   *
   * @default - this construct
   */
  readonly scope?: Construct;
}

/** How GraphQL APIs ask the function. */
export interface AppSyncAuthorizerOptions {
  /**
   * Where the permissions to ask the function stand. They need the API, and the API needs the function: give a construct of the
   * API's stack where that is another one than this construct's, nested or not.
   *
   * @default - the function
   */
  readonly scope?: Construct;
}

/** How an HTTP API asks the function. */
export interface HttpApiAuthorizerOptions {
  /**
   * How API Gateway puts a request to the function. An answer to format 1.0 is a policy always, whatever `httpApiResponse` says.
   *
   * @default '2.0'
   */
  readonly payloadFormat?: HttpApiPayloadFormat;
}

/** The Lambda function that decides on API keys, and an authorizer for each API that asks it. */
export class ApiKeyAuthorizer extends Construct {
  /**
   * The function itself, for alarms and the like. Lambda holds all its variables to 4 KB, those too that are added here later,
   * when the synthesis has measured its own.
   */
  readonly function: LambdaFunction;

  /** Where the function logs each denial and fault. */
  readonly logGroup: ILogGroup;

  /** What moves requests to a new version, where there is a `rollout`: tell it what alarms of yours take one back. */
  readonly deploymentGroup: LambdaDeploymentGroup | undefined;

  /**
   * The version that a `rollout` moves requests to fails, which has `deploymentGroup` take it back. Absent without a `rollout`, and
   * where the prop `rolloutAlarm` is false.
   */
  readonly rolloutAlarm: Alarm | undefined;

  /**
   * The longest that a key may still be accepted after it was revoked: `recordCacheTtl` and `resultsCacheTtl` together. While
   * DynamoDB is down, `staleIfError` counts in place of a shorter `recordCacheTtl`. A WebSocket connection that is open already
   * is not ended by a revocation at all.
   */
  readonly revocationDelay: Duration;

  /** The keys that the authorizer accepts, for the output `AcceptedKeys`: `any` with `acceptForeignKeys`, or else the key prefix. */
  readonly acceptedKeys: string;

  /** The plans as API Gateway has them; absent where there are none. */
  readonly plans: KeyPlans | undefined;

  readonly #settings: AuthorizerSettings;
  readonly #handler: IFunction;
  readonly #metrics: AuthorizerMetrics;
  /** Those of `forRestApi`, in whatever stack they stand. */
  readonly #restAuthorizers = new Set<IAuthorizer>();
  // The keys of these maps are the options, so that the same options return the same authorizer.
  readonly #restByOptions = new Map<string, IAuthorizer>();
  readonly #httpByOptions = new Map<string, HttpApiKeyAuthorizer>();
  readonly #webSocketByOptions = new Map<string, WebSocketKeyAuthorizer>();
  #unauthorized: MetricFilter | undefined;
  #hasWarnedOfPolicy = false;
  readonly #handlersElsewhere = new Map<Construct, IFunction>();

  /** Throws LatchkeyError `CONFIG_INVALID`, listing every prop that is wrong. */
  constructor(scope: Construct, id: string, props: ApiKeyAuthorizerProps) {
    super(scope, id);
    const namespace = planNamespace(this);
    this.#settings = authorizerSettings(this, props, namespace);
    const { environment, config } = this.#settings;
    const { acceptForeignKeys, prefix } = config.keyFormat;
    // `config` has the default prefix if only the deployment knows the prop; the environment has the token.
    this.acceptedKeys = acceptForeignKeys ? ANY_KEYS : (environment['LATCHKEY_KEY_PREFIX'] ?? prefix);
    this.revocationDelay = Duration.seconds(config.recordCacheSeconds + config.resultsCacheSeconds);

    const made = authorizerFunction(this, props, environment);
    this.function = made.function;
    this.logGroup = made.logGroup;
    this.deploymentGroup = made.deploymentGroup;
    this.#handler = made.handler;
    this.#metrics = new AuthorizerMetrics(this, made.function, { isCounted: config.metrics });
    this.rolloutAlarm = props.rolloutAlarm === false ? undefined : this.#rolloutAlarm();

    const { table, plans, logRetention } = props;
    this.plans = plans && new KeyPlans(this, 'Plans', { plans, table, namespace, logRetention });
  }

  /**
   * Returns an authorizer for one REST API. You can call it for each method: the same options return the same authorizer. A second
   * REST API needs its own id, as in `forRestApi('SecondApi')`. A revoked key is refused after the revocation delay.
   *
   * What changes in how it asks the function takes effect with a deployment of the API, which the construct sees to. Where the API
   * deploys itself, `deploy: false`, or was made elsewhere, deploy it anew after a change of `keySources`, `resultsCacheTtl`,
   * `rollout` or `provisionedConcurrentExecutions`: until then its stage goes on as before, and with the last two, which have
   * another function asked, answers every request with 500.
   *
   * @param id names the authorizer. The default is `RestApi`; the default for a second type in the same scope has a suffix
   * @throws LatchkeyError `CONFIG_INVALID` if a `TOKEN` authorizer has several key sources or a query parameter, if a construct with
   * other options has the id, or if methods of two REST APIs use the authorizer
   */
  forRestApi(id?: string, { type = 'REQUEST', scope = this }: RestApiAuthorizerOptions = {}): IAuthorizer {
    const authorizerId = this.#idOf('forRestApi', id, type);
    const authorizer = getOrCreate(this.#restByOptions, [scope.node.path, authorizerId.id, type], () =>
      this.#restAuthorizer(scope, authorizerId, type),
    );
    this.#restAuthorizers.add(authorizer);
    this.#warnOfPolicy();
    return authorizer;
  }

  /**
   * Returns an authorizer for HTTP APIs. You can call it for each route: the same options return the same authorizer. Each API that
   * uses it gets one authorizer resource. A revoked key is refused after the revocation delay.
   *
   * Preflights that `corsPreflight` has the API answer need no key. A `$default` or `ANY` route behind the authorizer takes
   * OPTIONS too: there, add a route `OPTIONS /{proxy+}` without one (AWS, "Configure CORS for HTTP APIs").
   *
   * @param id names the authorizer in the API. The default is `HttpApi`; the default for a second payload format in the same API has
   * a suffix
   * @throws LatchkeyError `CONFIG_INVALID` when you add the route, if the API already has a construct with that id
   */
  forHttpApi(id?: string, { payloadFormat = '2.0' }: HttpApiAuthorizerOptions = {}): IHttpRouteAuthorizer {
    const { keySources, scopes, httpApiResponse, resultsCacheSeconds } = this.#settings.config;
    const simpleResponses = payloadFormat === '2.0' && httpApiResponse === 'simple';
    const perRoute = simpleResponses && resultsCacheSeconds > 0 && !scopes.isEmpty;
    const authorizerId = this.#idOf('forHttpApi', id, payloadFormat);
    if (!simpleResponses) this.#warnOfPolicy();
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
   * Returns an authorizer for the `$connect` routes of WebSocket APIs. The same id returns the same authorizer. Each API that uses it
   * gets one authorizer resource.
   *
   * API Gateway asks it when a client connects and keeps no answer: a revoked key opens no connection once `recordCacheTtl` is
   * over, but a client that is connected stays so, for up to two hours. Close its connection to end that sooner.
   *
   * @param id names the authorizer in the API. The default is `WebSocketApi`
   * @throws LatchkeyError `CONFIG_INVALID` when you add the route, if the API already has a construct with that id
   */
  forWebSocketApi(id?: string): IWebSocketRouteAuthorizer {
    const identitySources = webSocketIdentitySources(this.#settings.config.keySources);
    const authorizerId = this.#idOf('forWebSocketApi', id, 'connect');
    const props = { handler: this.#handler, identitySources };
    return getOrCreate(
      this.#webSocketByOptions,
      [authorizerId.id],
      () => new WebSocketKeyAuthorizer(authorizerId, props),
    );
  }

  /**
   * An authorization mode of AppSync, for `authorizationConfig` of as many GraphQL APIs as there are. The key is the
   * `Authorization` header, with or without `Bearer`, whatever `keySources` says. A revoked key is refused after the
   * revocation delay, which AppSync's cache is told with each answer; a subscription that is open goes on.
   *
   * Set the CDK's feature flag `@aws-cdk/aws-appsync:appSyncGraphQLAPIScopeLambdaPermission`: without it the CDK lets every
   * AppSync API of the world invoke the function, and the synthesis warns.
   *
   * The permission names the API, so CloudFormation updates the API before it creates the permission. If you change `rollout` or
   * `provisionedConcurrentExecutions`, requests fail between those two steps.
   */
  forAppSync({ scope }: AppSyncAuthorizerOptions = {}): AuthorizationMode {
    if (!FeatureFlags.of(this).isEnabled(APPSYNC_GRAPHQLAPI_SCOPE_LAMBDA_FUNCTION_PERMISSION)) {
      Annotations.of(this).addWarningV2(
        'latchkey:appSyncPermission',
        `Without the feature flag ${APPSYNC_GRAPHQLAPI_SCOPE_LAMBDA_FUNCTION_PERMISSION} the CDK lets every AppSync API invoke the authorizer: set it in cdk.json.`,
      );
    }
    const handler = scope === undefined ? this.#handler : this.#handlerFrom(scope);
    return {
      authorizationType: AuthorizationType.LAMBDA,
      lambdaAuthorizerConfig: { handler, resultsCacheTtl: this.#resultsCacheTtl },
    };
  }

  /**
   * Has an HTTP API take the key out of a request before the integration gets it: every header and query parameter of
   * `keySources`, for `parameterMapping` of an integration. What the mapping given does already is kept. It changes nothing
   * about the revocation delay: the authorizer reads the request as it came. That a Lambda integration's `rawQueryString` goes
   * without the parameter too has not been tried on a live account.
   *
   * @throws LatchkeyError `CONFIG_INVALID` for a key source in a header that API Gateway reserves, `bearer` among them
   */
  hideCredential(mapping = new ParameterMapping()): ParameterMapping {
    return hideCredential(this, this.#settings.config.keySources, mapping);
  }

  /**
   * Puts a REST API under the plans: API Gateway counts and limits the requests to each method behind an authorizer of `forRestApi`,
   * in whichever stack you add the method. If a method sets `apiKeyRequired` itself, its value stays: `false` exempts the method from
   * limits. You can call this for several REST APIs; they share a key's limits. A revoked key is refused after the revocation delay,
   * as without plans.
   *
   * The plans get every stage of the API, including stages that you add later, or only the `stages` that you name. All stages serve
   * the same methods, so a stage without a plan would refuse every key. The synthesis fails for such a stage and names it.
   *
   * @throws LatchkeyError `CONFIG_INVALID`, before it changes anything, if the authorizer has no `plans`, the API has no stage, a
   * stage belongs to another API, or the API reads API Gateway's own keys from a header
   */
  applyPlans(api: RestApi, options: ApplyPlansOptions = {}): void {
    if (this.plans === undefined) {
      throw propError(this, 'applyPlans: got an authorizer without plans, wanted the prop plans set');
    }
    requireApiKeys({ api, authorizers: this.#restAuthorizers, plans: this.plans, ...options });
  }

  /**
   * Has a REST API word its refusals and faults in Latchkey's envelope, with `WWW-Authenticate` on 401, and with the CORS
   * headers of the root's `defaultCorsPreflightOptions`; where that names several origins, without
   * `Access-Control-Allow-Credentials`. An HTTP API has no such responses: its bodies are API Gateway's own.
   *
   * Responses that the API has already stay as they are. One that is added for the same type later fails the synthesis: API
   * Gateway has one of each.
   */
  addGatewayResponses(api: RestApi): void {
    addGatewayResponses(api, { keySources: this.#settings.config.keySources, hasPlans: this.plans !== undefined });
  }

  /** Requests that were allowed; with `dimensionsMap: { ApiType: 'http-api' }` those of one kind of API. */
  metricAllowed(options?: MetricOptions): Metric {
    return this.#metrics.metric('Allowed', options);
  }

  /**
   * Requests that were refused, those without a key among them; with the dimensions `ApiType` and `Reason` together, those of one
   * reason.
   */
  metricDenied(options?: MetricOptions): Metric {
    return this.#metrics.metric('Denied', options);
  }

  /**
   * Requests that could not be decided and were answered with an error; with the dimensions `ApiType` and `Reason` together, those
   * of one reason.
   */
  metricFaults(options?: MetricOptions): Metric {
    return this.#metrics.metric('Faults', options);
  }

  /**
   * Requests without a key that were answered by an error of the function, which Lambda counts among its own: those of every kind of
   * API but AppSync. A metric filter on the log counts them, whatever the prop `metrics` says; it is made when this is first asked for.
   */
  metricUnauthorized(options?: MetricOptions): Metric {
    this.#unauthorized ??= unauthorizedFilter(this, this.function, this.logGroup);
    return this.#unauthorized.metric({ statistic: Stats.SUM, ...options });
  }

  /** Requests with a well-formed key that were answered without a read of their own. */
  metricCacheHits(options?: MetricOptions): Metric {
    return this.#metrics.metric('CacheHits', options);
  }

  /** How long reads of a key took, in milliseconds: the 99th percentile of a sample, unless the options say otherwise. */
  metricLookupLatency(options?: MetricOptions): Metric {
    return this.#metrics.metric('LookupLatency', options);
  }

  /** Last-used writes that were made. */
  metricLastUsedWrites(options?: MetricOptions): Metric {
    return this.#metrics.metric('LastUsedWrites', options);
  }

  /** Allowed requests that made no last-used write, because none was due or somebody else had made it. */
  metricLastUsedWritesSkipped(options?: MetricOptions): Metric {
    return this.#metrics.metric('LastUsedWritesSkipped', options);
  }

  /** Last-used writes that failed. The requests were allowed all the same. */
  metricLastUsedWriteFailures(options?: MetricOptions): Metric {
    return this.#metrics.metric('LastUsedWriteFailures', options);
  }

  #rolloutAlarm(): Alarm | undefined {
    if (this.deploymentGroup === undefined) return undefined;
    const unauthorized = this.metricUnauthorized();
    const alarm = rolloutAlarm(this, { lambda: this.function, aliasName: LIVE_ALIAS, unauthorized });
    this.deploymentGroup.addAlarm(alarm);
    return alarm;
  }

  #warnOfPolicy(): void {
    const { policyWarning } = this.#settings;
    if (policyWarning === undefined || this.#hasWarnedOfPolicy) return;
    this.#hasWarnedOfPolicy = true;
    Annotations.of(this).addWarningV2('latchkey:policySize', `scopes: ${policyWarning}.`);
  }

  #idOf(method: AuthorizerId['method'], id: string | undefined, variant: string): AuthorizerId {
    return { owner: this, method, id: id ?? method.slice('for'.length), isGiven: id !== undefined, variant };
  }

  #restAuthorizer(scope: Construct, authorizerId: AuthorizerId, type: 'REQUEST' | 'TOKEN'): IAuthorizer {
    const { keySources } = this.#settings.config;
    const identitySources = restIdentitySources(keySources);
    const [identitySource] = identitySources;
    if (type === 'TOKEN' && identitySource?.startsWith('method.request.header.') !== true) {
      const got = keySources.map(({ kind }) => kind).join(', ');
      throw propError(
        this,
        `type: got "${type}" with the key sources ${got}, wanted exactly one key source, bearer or a header`,
      );
    }
    const id = freeIdIn(scope, authorizerId);
    const shared = { handler: this.#handler, resultsCacheTtl: this.#resultsCacheTtl };
    return type === 'TOKEN' && identitySource !== undefined
      ? new RestTokenKeyAuthorizer(scope, id, { ...shared, identitySource })
      : new RestRequestKeyAuthorizer(scope, id, { ...shared, identitySources });
  }

  /** The function as the CDK sees one that was made elsewhere: permissions to invoke it are below `scope`. */
  #handlerFrom(scope: Construct): IFunction {
    const { functionArn } = this.#handler;
    const id = `Latchkey-${this.node.addr}`;
    const handler =
      this.#handlersElsewhere.get(scope) ??
      LambdaFunction.fromFunctionAttributes(scope, id, { functionArn, sameEnvironment: true });
    this.#handlersElsewhere.set(scope, handler);
    return handler;
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
