import type { Duration } from 'aws-cdk-lib';
import type { ILambdaDeploymentConfig } from 'aws-cdk-lib/aws-codedeploy';
import type { ISecurityGroup, IVpc, SubnetSelection } from 'aws-cdk-lib/aws-ec2';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { HttpApiResponse } from '../lambda/config.ts';
import type { KeySourceSetting } from '../lambda/credentials.ts';
import type { IApiKeyTable } from './apiKeyTable.ts';
import type { PlanMapping } from './keyPlans.ts';
import type { ScopeMapping } from './propChecks.ts';

/** Properties of `ApiKeyAuthorizer`: which keys it accepts, how long it caches them, and how its function runs. */
export interface ApiKeyAuthorizerProps {
  /**
   * The table of keys. The function may read keys by their hash and write when they were last used. Changes to a key apply after the
   * revocation delay.
   *
   * The table must be in the Region of this construct's stack, or have a replica there. If it's in another account, the function
   * reads it by its ARN. The table's resource policy must then allow the function's role.
   */
  readonly table: IApiKeyTable;

  /**
   * The prefix of every key of this deployment: `[a-z][a-z0-9]*_`, at most 16 characters. After a change, the new function refuses
   * keys with the old prefix immediately.
   *
   * @default 'sk_'
   */
  readonly keyPrefix?: string;

  /**
   * The places where a request may carry its key, in order of preference. AppSync ignores these and always reads the `Authorization`
   * header. The function ignores the case of header names. The identity sources of REST and WebSocket APIs keep your spelling, because
   * AWS says that mappings of REST methods are case-sensitive. Spell each header as your callers do.
   *
   * @default ['bearer', 'query:api_key']
   */
  readonly keySources?: readonly KeySourceSetting[];

  /**
   * Whether to accept keys that another system issued, once their hash is in the table. The function then checks neither prefix nor
   * checksum, so every text of 16 to 255 visible characters costs a read. The revocation delay is the same for these keys.
   *
   * @default false
   */
  readonly acceptForeignKeys?: boolean;

  /**
   * The least time between two last-used writes of one key. Last-used dates are precise to the sum of this interval, `recordCacheTtl`
   * and `resultsCacheTtl`. The revocation delay doesn't depend on it.
   *
   * @default Duration.minutes(15)
   */
  readonly lastUsedInterval?: Duration;

  /**
   * How long an environment of the function caches a record. A revoked key may be accepted for the sum of this TTL and
   * `resultsCacheTtl`.
   *
   * @default Duration.seconds(60)
   */
  readonly recordCacheTtl?: Duration;

  /**
   * How long API Gateway and AppSync cache the function's response for a key, at most one hour. It requires exactly one key source. A
   * revoked key may be accepted for the sum of this TTL and `recordCacheTtl`. WebSocket APIs don't cache responses: a client stays
   * connected, whatever happens to its key.
   *
   * @default Duration.seconds(0) - API Gateway invokes the function for every request
   */
  readonly resultsCacheTtl?: Duration;

  /**
   * Maximum age of a cached record that may be used while DynamoDB is unavailable. During an outage it replaces a shorter
   * `recordCacheTtl` in the revocation delay.
   *
   * @default Duration.seconds(0) - during an outage, requests are answered with 500
   */
  readonly staleIfError?: Duration;

  /**
   * The function's response for HTTP APIs with payload format 2.0: an IAM policy, or `isAuthorized`. The response to format 1.0 is
   * always a policy. API Gateway caches both for `resultsCacheTtl`. A policy applies to all routes. `isAuthorized` applies only to its
   * own route if scopes are mapped.
   *
   * @default 'iam'
   */
  readonly httpApiResponse?: HttpApiResponse;

  /**
   * The routes that each scope opens: scope → patterns. A pattern is `METHOD /path`, `$connect` for WebSocket APIs, or `GRAPHQL
   * /graphql` for AppSync. A `*` in the path matches any run of characters; as the method it matches any method of API Gateway. A
   * scope can't contain spaces, commas, quotes, braces, brackets or backslashes.
   *
   * A key without scopes may use every route. A key whose scopes open no route may use none. A change of the mapping applies after the
   * deployment, and after `resultsCacheTtl` if responses are cached. A change of a key's own scopes applies after the revocation
   * delay.
   *
   * The synthesis rejects a mapping over a limit of Lambda or API Gateway. All environment variables may have 4 KB, and each resource
   * of a policy 512 characters. The synthesis warns if a REST or HTTP API would get a policy longer than 8 KB for a key with every
   * scope. AWS documents no limit there. The estimate assumes a stage name of 128 characters, the maximum. About 36 routes fit without
   * a warning. If a path has a `*`, about 25 fit, because the policy then denies ambiguous paths. The policy writes out a `*` for the
   * method as every method.
   *
   * A pattern may contain a token, such as a parameter of the stack. The function checks that pattern when it starts.
   *
   * @default {} - scopes are passed on to the integration and restrict no route
   */
  readonly scopes?: ScopeMapping;

  /**
   * Whether the function logs its counts in the embedded metric format, which CloudWatch turns into metrics. AWS bills each metric by
   * the hour; docs/operations.md lists the metrics and their price. The revocation delay doesn't depend on it.
   *
   * @default true
   */
  readonly metrics?: boolean;

  /**
   * Whether a new environment of the function reads the table once before its first request, to open the connection. It reads a hash
   * that no key has, which costs half a read unit. It may delay a start by one second if DynamoDB doesn't answer.
   *
   * @default true
   */
  readonly prime?: boolean;

  /**
   * The share of requests, from 0 to 1, that the function logs at the level `DEBUG`, including allowed ones. A line has the decision,
   * the key's id and the duration of the read. It contains nothing of the request or of a secret.
   *
   * @default 0 - the function logs no allowed request
   */
  readonly debugSampleRate?: number;

  /**
   * The limits of each plan: plan name → limits, for each key or for all keys of the plan together. They apply to the REST APIs that
   * `applyPlans` names. A key without a plan has no limits. These APIs refuse a key with a plan that isn't listed here. HTTP and
   * AppSync APIs have no usage plans, and Latchkey doesn't use those of WebSocket APIs: they limit no key.
   *
   * Limits are best effort (AWS, "Usage plans and API keys for REST APIs"). A change of a key's plan applies after the revocation
   * delay. See docs/plans.md for what each plan uses of the account's quotas.
   *
   * @default - no key has limits, and a key's plan is only passed on
   */
  readonly plans?: PlanMapping;

  /**
   * The function's memory, from 128 to 10,240 MB. Lambda allots CPU in proportion to it.
   *
   * @default 256
   */
  readonly memorySize?: number;

  /**
   * The number of environments that Lambda keeps running. AWS bills them by the hour. Requests beyond them start others. The construct
   * creates an alias, `live`, which API Gateway then invokes. At most `reservedConcurrentExecutions`, if that is set.
   *
   * @default - environments start when requests arrive
   */
  readonly provisionedConcurrentExecutions?: number;

  /**
   * The maximum number of concurrent environments, reserved from the account's limit. Lambda throttles requests beyond them, and API
   * Gateway answers those with 500. So the number limits both the cost of a flood and the traffic of your callers.
   *
   * @default - as many as the account has left
   */
  readonly reservedConcurrentExecutions?: number;

  /**
   * The VPC that the function runs in. It needs a route to DynamoDB: a gateway endpoint or a NAT gateway.
   *
   * @default - none: Lambda's own network
   */
  readonly vpc?: IVpc;

  /**
   * The subnets of `vpc` that the function runs in.
   *
   * @default - the CDK's choice: private subnets with egress, if there are any
   */
  readonly vpcSubnets?: SubnetSelection;

  /**
   * The function's security groups in `vpc`.
   *
   * @default - a new group that allows all outbound traffic and no inbound traffic
   */
  readonly securityGroups?: readonly ISecurityGroup[];

  /**
   * How long CloudWatch keeps the function's log. The log has one line for each denial and fault.
   *
   * @default RetentionDays.ONE_MONTH
   */
  readonly logRetention?: RetentionDays;

  /**
   * How CodeDeploy moves requests to a new version of the function, for example `LambdaDeploymentConfig.CANARY_10PERCENT_5MINUTES`.
   * The construct creates an alias, `live`, which API Gateway then invokes. The `rolloutAlarm` rolls back a version that fails. While
   * both versions run, a change of `keyPrefix`, `scopes` or `keySources` applies to some requests and not to others.
   *
   * @default - all requests at once
   */
  readonly rollout?: ILambdaDeploymentConfig;

  /**
   * Whether a `rollout` is rolled back if the new version fails. It fails if, in two of three minutes, at least two requests and at
   * least 10 % of its requests fail. Requests without a key don't count, although API Gateway requires an error as their answer. The
   * alarm takes two to four minutes, so `ALL_AT_ONCE` ends before it. docs/operations.md lists what the alarm reads and costs.
   *
   * @default true
   */
  readonly rolloutAlarm?: boolean;

  /**
   * Whether the function sends traces to AWS X-Ray. AWS bills each trace.
   *
   * @default false
   */
  readonly tracing?: boolean;
}
