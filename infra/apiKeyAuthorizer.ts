import { Annotations, AspectPriority, Aspects, type Duration, Stage as AppStage } from 'aws-cdk-lib';
import type { IAuthorizer, IRestApi, RestApiBase, Stage } from 'aws-cdk-lib/aws-apigateway';
import {
  type IHttpRouteAuthorizer,
  type IWebSocketRouteAuthorizer,
  type IWebSocketStage,
  type ParameterMapping,
  WebSocketApi,
} from 'aws-cdk-lib/aws-apigatewayv2';
import type { AppSyncAuthProvider, AuthorizationMode } from 'aws-cdk-lib/aws-appsync';
import { Stats, type Alarm, type Metric, type MetricOptions } from 'aws-cdk-lib/aws-cloudwatch';
import type { LambdaDeploymentGroup } from 'aws-cdk-lib/aws-codedeploy';
import type { Connections, IConnectable } from 'aws-cdk-lib/aws-ec2';
import type { IGrantable, IPrincipal } from 'aws-cdk-lib/aws-iam';
import type { Function as LambdaFunction, IFunction } from 'aws-cdk-lib/aws-lambda';
import type { ILogGroup, MetricFilter } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { LatchkeyError } from '../keys/errors.ts';
import type { MetricName } from '../lambda/metrics.ts';
import { ApiAuthorizers } from './apiAuthorizers.ts';
import type { ApiKeyAuthorizerProps } from './apiKeyAuthorizerProps.ts';
import type { IApiKeyLimits } from './apiKeyLimits.ts';
import {
  authorizerSettings,
  type AuthorizerSettings,
  type VerifySettings,
  verifySettings,
} from './authorizerSettings.ts';
import { authorizerFunction, LIVE_ALIAS } from './authorizerFunction.ts';
import { invocationUri } from './authorizers.ts';
import { functionMetric, rolloutAlarm, unauthorizedFilter } from './authorizerMetrics.ts';
import { addGatewayResponses, type GatewayResponsesOptions } from './gatewayResponses.ts';
import type {
  AppSyncAuthorizerOptions,
  HttpApiAuthorizerOptions,
  IApiKeyAuthorizer,
  RestApiAuthorizerOptions,
} from './iApiKeyAuthorizer.ts';
import { type ApiKeyAuthorizerAttributes, ImportedApiKeyAuthorizer } from './importedApiKeyAuthorizer.ts';
import { KeyPlans, planNamespace } from './keyPlans.ts';
import { hasLimits, provideLimits } from './limitChecks.ts';
import { OpenRootWarning } from './openRootWarning.ts';
import { plansEnforcedBy } from './planProps.ts';
import { plansOutput } from './plansOutput.ts';
import { propError } from './propChecks.ts';
import { requireApiKeys, type ApplyPlansOptions } from './requireApiKeys.ts';
import { requireWebSocketKeys } from './requireWebSocketKeys.ts';
import {
  addApiPermission,
  type DefinedApi,
  hasSimpleResponses,
  securityScheme,
  type SecuritySchemeOptions,
} from './securityScheme.ts';

/** A Lambda function that authorizes requests by API key, and an authorizer for each API that uses the function. */
export class ApiKeyAuthorizer extends Construct implements IApiKeyAuthorizer, IGrantable, IConnectable {
  /**
   * Imports an authorizer of another stack or app by the ARN of its function. If that authorizer has the alias `live`,
   * pass the alias's ARN. Use `fromFunctionAttributes` if the authorizer doesn't have the default key sources, or if
   * it has a `resultsCacheTtl`.
   *
   * @throws LatchkeyError `CONFIG_INVALID` if the text isn't the ARN of a Lambda function, or if the function is in
   * another Region
   */
  static fromFunctionArn(scope: Construct, id: string, functionArn: string): IApiKeyAuthorizer {
    return new ImportedApiKeyAuthorizer(scope, id, { functionArn });
  }

  /**
   * Imports an authorizer of another stack or app by its attributes. Pass the `functionArn` of the other construct, and
   * the values of its props.
   *
   * @throws LatchkeyError `CONFIG_INVALID`, with a list of every invalid attribute
   */
  static fromFunctionAttributes(
    scope: Construct,
    id: string,
    attributes: ApiKeyAuthorizerAttributes,
  ): IApiKeyAuthorizer {
    return new ImportedApiKeyAuthorizer(scope, id, attributes);
  }

  /**
   * The Lambda function. Use it for alarms and permissions. Lambda limits the total size of the environment variables
   * to 4 KB. The synthesis doesn't count environment variables that you add here.
   */
  readonly function: LambdaFunction;

  readonly functionArn: string;

  /** The function's role. Use it to grant the function further permissions. */
  readonly grantPrincipal: IPrincipal;

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
   * The keys that the authorizer accepts, separated by commas: the prefixes of issued keys (`sk_live_`), and the
   * prefixes of external keys with a star (`acme-*`) or `any`. Use it for the output `AcceptedKeys`.
   */
  readonly acceptedKeys: string;

  /** The usage plans in API Gateway. They're absent without a plan that API Gateway enforces. */
  readonly plans: KeyPlans | undefined;

  /**
   * The table in which the function counts the requests of plans with `enforce: 'authorizer'`: the prop `limits`, or a
   * table that the construct created. It's absent without such a plan.
   */
  readonly limits: IApiKeyLimits | undefined;

  /** The limits of every plan as JSON. Use it for the output `Plans`, which `latchkey plans --stack` reads. */
  readonly planLimits: string;

  readonly #settings: AuthorizerSettings;
  readonly #handler: IFunction;
  readonly #apis: ApiAuthorizers;
  #unauthorized: MetricFilter | undefined;
  #hasWarnedOfPolicySize = false;
  #hasSchemeWithoutRole = false;
  #hasApiPermission = false;

  /**
   * Creates the function with its role and its log group.
   *
   * @throws LatchkeyError `CONFIG_INVALID`, with a list of every invalid prop
   */
  constructor(scope: Construct, id: string, props: ApiKeyAuthorizerProps) {
    super(scope, id);
    const namespace = planNamespace(this);
    this.limits = provideLimits(this, props);
    const { limits } = this;
    this.#settings = authorizerSettings(this, { ...props, ...(limits && { limits }) }, namespace);
    const { environment, config, acceptedKeys, resultsCacheTtl } = this.#settings;
    this.acceptedKeys = acceptedKeys;
    this.planLimits = plansOutput(this, props.plans);

    const created = authorizerFunction(this, props, environment, limits);
    this.function = created.function;
    this.logGroup = created.logGroup;
    this.deploymentGroup = created.deploymentGroup;
    this.#handler = created.handler;
    this.functionArn = created.handler.functionArn;
    this.grantPrincipal = created.function.grantPrincipal;
    this.#apis = new ApiAuthorizers(this, {
      handler: created.handler,
      keySources: config.keySources,
      resultsCacheTtl,
      hasSimpleResponses: config.httpApiResponse === 'simple',
      hasScopes: !config.scopes.isEmpty,
      onPolicy: () => this.#warnOfPolicySize(),
    });
    this.rolloutAlarm = props.rolloutAlarm === false ? undefined : this.#createRolloutAlarm();

    const plans = plansEnforcedBy('gateway', props.plans);
    const hasUsagePlans = props.plans !== undefined && (Object.keys(plans).length > 0 || !hasLimits(props));
    this.plans = hasUsagePlans ? KeyPlans._create(this, 'Plans', { ...props, plans, namespace }) : undefined;
    this.node.addValidation({ validate: () => this.#permissionProblems() });
    // Aspects of an App don't visit its Stages (aws/aws-cdk#20468).
    const aspects = Aspects.of(AppStage.of(this) ?? this.node.root);
    aspects.add(new OpenRootWarning(this.#apis.restAuthorizers), { priority: AspectPriority.READONLY });
  }

  /**
   * The settings by which another function issues and verifies keys like this authorizer.
   *
   * @internal
   */
  get _verifySettings(): VerifySettings {
    return verifySettings(this.#settings);
  }

  /**
   * The maximum time for which the authorizer may accept a revoked key. It's the sum of `recordCacheTtl` and
   * `resultsCacheTtl`. `staleIfError` replaces a shorter `recordCacheTtl` while DynamoDB is unavailable. A revocation
   * doesn't close open WebSocket connections.
   *
   * @throws LatchkeyError `CONFIG_INVALID` if one TTL is a token and the other isn't 0, because CloudFormation can't add
   * them
   */
  get revocationDelay(): Duration {
    return this.#settings.revocationDelay();
  }

  /**
   * The function's security groups. Use it to allow or deny the function's traffic.
   *
   * @throws Error without the prop `vpc`
   */
  get connections(): Connections {
    return this.function.connections;
  }

  forRestApi(id?: string, options?: RestApiAuthorizerOptions): IAuthorizer {
    return this.#apis.forRestApi(id, options);
  }

  forHttpApi(id?: string, options?: HttpApiAuthorizerOptions): IHttpRouteAuthorizer {
    return this.#apis.forHttpApi(id, options);
  }

  forWebSocketApi(id?: string): IWebSocketRouteAuthorizer {
    return this.#apis.forWebSocketApi(id);
  }

  /**
   * Returns an entry for `components.securitySchemes` of an OpenAPI definition, or `securityDefinitions` in Swagger 2.
   * Its `x-amazon-apigateway-authorizer` makes API Gateway create the authorizer. Name the entry in the `security` of
   * each operation that requires a key. REST APIs ignore `security` at the root of the definition.
   *
   * Then call `addApiPermission` with the API, or pass an `invocationRole`. The synthesis fails without either, because
   * the API couldn't invoke the function. The authorizer rejects a revoked key after the revocation delay. HTTP APIs
   * don't support `TOKEN` authorizers.
   *
   * @throws LatchkeyError `CONFIG_INVALID` for an unknown option, a `TOKEN` authorizer of an HTTP API, or a `TOKEN`
   * authorizer with several key sources, or with one other than `bearer`, `basic` or a header
   */
  securityScheme(options: SecuritySchemeOptions = {}): { [name: string]: unknown } {
    if (options.invocationRole === undefined) this.#hasSchemeWithoutRole = true;
    else this.function.grantInvoke(options.invocationRole);
    const { config, resultsCacheTtl } = this.#settings;
    if (!hasSimpleResponses(config, options)) this.#warnOfPolicySize();
    return securityScheme({ owner: this, handler: this.#handler, config, resultsCacheTtl }, options);
  }

  /**
   * Lets an API that has the entry from `securityScheme` in its definition invoke the function. The API may belong to
   * another stack. The synthesis checks the inline definition of a `SpecRestApi`: it fails if no operation requires a
   * key, if only the root of the definition does, or if an operation names an unknown scheme.
   *
   * The permission contains the API's id, so CloudFormation creates it after the API. A REST API's new deployment waits
   * for it. An HTTP API with `autoDeploy` doesn't: its requests fail for a moment if you change `rollout` or
   * `provisionedConcurrentExecutions`. An `invocationRole` avoids that.
   */
  addApiPermission(api: DefinedApi): void {
    this.#hasApiPermission = true;
    addApiPermission(this, this.#handler, api);
  }

  forAppSync(options?: AppSyncAuthorizerOptions): AuthorizationMode {
    return this.#apis.forAppSync(options);
  }

  forEventApi(options?: AppSyncAuthorizerOptions): AppSyncAuthProvider {
    return this.#apis.forEventApi(options);
  }

  hideCredential(mapping?: ParameterMapping): ParameterMapping {
    return this.#apis.hideCredential(mapping);
  }

  /**
   * Applies the plans that API Gateway enforces to a REST API or a WebSocket API. Keys on other plans count as keys
   * without a plan there, and the authorizer limits them. API Gateway then counts and limits the requests to each method
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
   * In the inline definition of a `SpecRestApi`, each operation behind an entry from `securityScheme` also requires an
   * API key of API Gateway. The synthesis warns if it can't read the definition, or if the API is imported. Set the API
   * key source and the requirements there yourself.
   *
   * @throws LatchkeyError `CONFIG_INVALID` before any change, if the authorizer lacks a plan that API Gateway enforces,
   * or the API lacks a stage. Also thrown if a stage belongs to another API, or if the API reads API Gateway keys from a header
   */
  applyPlans(api: IRestApi | RestApiBase | WebSocketApi, { stages }: ApplyPlansOptions = {}): void {
    const { plans } = this;
    if (plans === undefined && this.#settings.config.usageIdentifier === 'plan') throw this.#noUsagePlans();
    if (!(api instanceof WebSocketApi || 'restApiId' in api)) {
      throw propError(
        this,
        'applyPlans: expected a REST API or a WebSocket API, got another API, which has no usage plans',
      );
    }
    // Each function rejects stages of another API.
    if (api instanceof WebSocketApi) {
      const own = stages && { stages: stages as readonly IWebSocketStage[] };
      requireWebSocketKeys({ api, authorizers: this.#apis.webSocketAuthorizers, plans, ...own });
    } else {
      const own = stages && { stages: stages as readonly Stage[] };
      const authorizerUri = invocationUri(this.#handler);
      requireApiKeys({ api, authorizers: this.#apis.restAuthorizers, authorizerUri, plans, ...own });
    }
  }

  addGatewayResponses(api: IRestApi | RestApiBase, options: GatewayResponsesOptions = {}): void {
    const { keySources } = this.#settings.config;
    addGatewayResponses(api, { keySources, hasPlans: this.#hasUsagePlans, ...options });
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

  /**
   * Returns the metric for the number of requests over a limit of a plan with `enforce: 'authorizer'`. It also counts
   * requests that `onLimit: 'tell'` allows.
   *
   * @throws LatchkeyError `CONFIG_INVALID` without such a plan
   */
  metricLimited(options?: MetricOptions): Metric {
    return this.#limitMetric('Limited', options);
  }

  /**
   * Returns the metric for the number of writes to the table of limits. A write takes the right to several requests.
   *
   * @throws LatchkeyError `CONFIG_INVALID` without a plan of `enforce: 'authorizer'`
   */
  metricLimitWrites(options?: MetricOptions): Metric {
    return this.#limitMetric('LimitWrites', options);
  }

  /**
   * Returns the metric for the number of requests whose limits the function couldn't check, because DynamoDB didn't
   * respond within 300 ms. `onLimiterFailure` decides about these requests.
   *
   * @throws LatchkeyError `CONFIG_INVALID` without a plan of `enforce: 'authorizer'`
   */
  metricLimiterFailures(options?: MetricOptions): Metric {
    return this.#limitMetric('LimiterFailures', options);
  }

  /** Returns the metric for the number of failed last-used writes. The authorizer still allowed their requests. */
  metricLastUsedWriteFailures(options?: MetricOptions): Metric {
    return this.#metric('LastUsedWriteFailures', options);
  }

  #noUsagePlans(): LatchkeyError {
    const got =
      this.limits === undefined
        ? 'an authorizer without plans'
        : "only plans of enforce: 'authorizer', which apply to every API without this call";
    return propError(this, `applyPlans: expected the prop plans to have plans that API Gateway enforces, got ${got}`);
  }

  /** Rejects a metric that the function doesn't emit, because an alarm on it would never be raised. */
  #metric(metricName: MetricName, options?: MetricOptions): Metric {
    if (this.#settings.config.metrics) return functionMetric(this.function, metricName, options);
    throw propError(this, `metrics: expected true for the metric ${metricName}, got false`);
  }

  #limitMetric(metricName: MetricName, options?: MetricOptions): Metric {
    if (this.limits !== undefined) return this.#metric(metricName, options);
    throw propError(this, `plans: expected a plan with enforce: 'authorizer' for the metric ${metricName}, got none`);
  }

  #createRolloutAlarm(): Alarm | undefined {
    if (this.deploymentGroup === undefined) return undefined;
    const unauthorized = this.metricUnauthorized();
    const alarm = rolloutAlarm(this, { lambda: this.function, aliasName: LIVE_ALIAS, unauthorized });
    this.deploymentGroup.addAlarm(alarm);
    return alarm;
  }

  #permissionProblems(): string[] {
    if (!this.#hasSchemeWithoutRole || this.#hasApiPermission) return [];
    return [
      'securityScheme: expected addApiPermission(api) for the API of the definition, or an invocationRole, got neither: API Gateway ' +
        'could not invoke the function',
    ];
  }

  #warnOfPolicySize(): void {
    const { policyWarning } = this.#settings;
    if (policyWarning === undefined || this.#hasWarnedOfPolicySize) return;
    this.#hasWarnedOfPolicySize = true;
    Annotations.of(this).addWarningV2('latchkey:policySize', `scopes: ${policyWarning}.`);
  }

  /** `true` if API Gateway may count requests, so it may reject them with the codes of plans. */
  get #hasUsagePlans(): boolean {
    return this.plans !== undefined || this.#settings.config.usageIdentifier === 'presented-key';
  }
}
