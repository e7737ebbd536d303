import type { Duration, RemovalPolicy } from 'aws-cdk-lib';
import type { ILambdaDeploymentConfig } from 'aws-cdk-lib/aws-codedeploy';
import type { ISecurityGroup, IVpc, SubnetSelection } from 'aws-cdk-lib/aws-ec2';
import type { IRole } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { Architecture, Runtime } from 'aws-cdk-lib/aws-lambda';
import type { ILogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { ExternalKeys } from '../keys/secret.ts';
import type { HttpApiResponse, OnLimit, OnLimiterFailure, UsageIdentifier } from '../lambda/config.ts';
import type { KeySourceSetting } from '../lambda/keySources.ts';
import type { KeySource } from './keySource.ts';
import type { IApiKeyLimits } from './apiKeyLimits.ts';
import type { IApiKeyTable } from './apiKeyTable.ts';
import type { PlanMapping } from './planProps.ts';
import type { ScopeMapping } from './propChecks.ts';

/** Properties of `ApiKeyAuthorizer`: the accepted keys, the cache TTLs and the settings of its function. */
export interface ApiKeyAuthorizerProps {
  /**
   * The table of keys. The function can only read keys by their hash and write the time of their last use. A change to
   * a key takes effect after the revocation delay.
   *
   * The table or one of its replicas must be in the Region of this construct's stack. The function reads a table in
   * another account by its ARN. The table's resource policy must then allow the function's role.
   */
  readonly table: IApiKeyTable;

  /**
   * The prefixes of the issued keys that this deployment accepts, such as `['sk_live_']`. Each has one or more segments
   * `[a-z][a-z0-9]*_`, and at most 24 characters. The function refuses keys with another prefix before it reads the
   * table. After a change, the new function immediately refuses keys whose prefix isn't in the list.
   *
   * @default ['sk_']
   */
  readonly keyPrefixes?: readonly string[];

  /**
   * The parts of a request that may contain the key, in order of preference: key sources, or their texts `bearer`,
   * `basic`, `header:NAME`, `header:NAME:SCHEME`, `query:NAME`, `cookie:NAME` and `websocket-protocol`. AppSync ignores
   * this prop and always reads the `Authorization` header.
   *
   * The function matches header names case-insensitively. The identity sources of REST and WebSocket APIs keep your
   * spelling. AWS documents that mappings of REST methods are case-sensitive. Spell each header as your callers do.
   *
   * @default ['bearer', 'query:api_key']
   */
  readonly keySources?: readonly (KeySource | KeySourceSetting)[];

  /**
   * Accepts keys of other systems if their hash is in the table. `true` accepts 16 to 255 visible ASCII characters
   * without a comma. An object narrows this by prefix and length, and allows up to 1024 characters. These keys have no
   * checksum, so every string in this format costs a read. The function refuses all others before it reads the table.
   * The revocation delay is the same for these keys.
   *
   * @default false
   */
  readonly externalKeys?: ExternalKeys | boolean;

  /**
   * Minimum time between two last-used writes for one key. The last-used time is precise to the sum of this interval,
   * `recordCacheTtl` and `resultsCacheTtl`. This prop doesn't affect the revocation delay.
   *
   * @default Duration.minutes(15)
   */
  readonly lastUsedInterval?: Duration;

  /**
   * The time for which an execution environment of the function caches a record. The authorizer may accept a revoked
   * key for the sum of this TTL and `resultsCacheTtl`.
   *
   * @default Duration.seconds(60)
   */
  readonly recordCacheTtl?: Duration;

  /**
   * The time for which API Gateway and AppSync cache the function's response for a key, at most one hour. Caching
   * requires exactly one key source. The authorizer may accept a revoked key for the sum of this TTL and
   * `recordCacheTtl`. WebSocket APIs don't cache responses. A connected client stays connected even if its key is
   * revoked.
   *
   * @default Duration.seconds(0) - API Gateway invokes the function for every request
   */
  readonly resultsCacheTtl?: Duration;

  /**
   * Maximum age of a cached record that may be used while DynamoDB is unavailable. During an outage, it replaces a
   * shorter `recordCacheTtl` in the revocation delay.
   *
   * @default Duration.seconds(0) - during an outage, the authorizer responds with 500
   */
  readonly staleIfError?: Duration;

  /**
   * The proxies whose `X-Forwarded-For` counts for keys with `allowedIps`: the number of proxies before the API, such as
   * 1 for CloudFront, or their IP addresses and CIDR blocks. The function reads the header from the right. A number is
   * safe only if clients can't bypass the proxies. This prop requires `resultsCacheTtl` to be 0, because API Gateway
   * would compare the address of the proxy. docs/responses.md describes the client's address on every type of API.
   *
   * @default - the header is ignored, and the client's address is that of the connection
   */
  readonly trustedProxies?: readonly string[] | number;

  /**
   * The function's response for HTTP APIs with payload format 2.0: an IAM policy, or `isAuthorized`. The response to
   * format 1.0 is always a policy. API Gateway caches both for `resultsCacheTtl`. A policy applies to all routes.
   * `isAuthorized` applies only to its own route if scopes are mapped. A key with `allowedIps` is refused if
   * `isAuthorized` is cached, because API Gateway would reuse it for other addresses.
   *
   * @default 'iam'
   */
  readonly httpApiResponse?: HttpApiResponse;

  /**
   * The routes that each scope opens: scope → patterns. A pattern is `METHOD /path`, `$connect` for WebSocket APIs, or
   * `GRAPHQL /graphql` for AppSync GraphQL APIs. For AppSync Event APIs, it's `SUBSCRIBE /channel` or
   * `PUBLISH /channel`. A `*` in the path matches any sequence of characters. A `*` as the method matches any method of
   * API Gateway. A scope can't contain spaces, commas, quotes, braces, brackets or backslashes.
   *
   * A key without scopes may use every route. A key may not use any route if its scopes don't open one. A change to the
   * mapping takes effect after the deployment, plus `resultsCacheTtl` if responses are cached. A change to a key's own
   * scopes takes effect after the revocation delay.
   *
   * The synthesis rejects a mapping that exceeds a limit of Lambda or API Gateway. The limits are 4 KB for all
   * environment variables and 512 characters for each resource in a policy. The synthesis warns if a REST or HTTP API
   * could get a policy longer than 8 KB. It assumes a key with every scope. AWS doesn't document a limit for these
   * policies. The estimate assumes a stage name of 128 characters, the maximum. About 36 routes fit without a warning.
   * About 25 fit if a path contains a `*`, because the policy then denies ambiguous paths. The policy expands a `*` for
   * the method to all methods.
   *
   * A pattern may contain a token, such as a parameter of the stack. The function checks such a pattern at its cold
   * start.
   *
   * @default {} - every key may use every route, and the integration receives the scopes
   */
  readonly scopes?: ScopeMapping;

  /**
   * Logs the function's counts in the embedded metric format, which CloudWatch converts to metrics. AWS bills each
   * metric by the hour. docs/operations.md lists the metrics and their price. This prop doesn't affect the revocation
   * delay.
   *
   * @default true
   */
  readonly metrics?: boolean;

  /**
   * Reads the table once in a new execution environment before its first request, to open the connection. The function
   * reads a hash that doesn't belong to a key, which costs half a read unit. The read may delay a cold start by one
   * second if DynamoDB doesn't respond.
   *
   * @default true
   */
  readonly prime?: boolean;

  /**
   * The share of requests, from 0 to 1, that the function logs at the level `DEBUG`. The sample includes allowed
   * requests. A line contains the decision, the key's id and the duration of the read. It doesn't contain any part of
   * the request or of a secret.
   *
   * @default 0 - the function doesn't log allowed requests
   */
  readonly debugSampleRate?: number;

  /**
   * The limits of each plan: plan name → limits. They apply to each key, to all keys of an owner, or to all keys of the
   * plan together. Keys without a plan aren't limited.
   *
   * Without `enforce`, API Gateway enforces the limits, on the REST and WebSocket APIs for which you call `applyPlans`.
   * These APIs reject a key whose plan isn't listed here. HTTP and AppSync APIs don't support usage plans. Limits are
   * best effort (AWS, "Usage plans and API keys for REST APIs"). docs/plans.md lists how much of the account's quotas
   * each plan uses.
   *
   * With `enforce: 'authorizer'`, the function enforces the limits on every type of API. docs/limits.md describes what
   * they guarantee and cost. They require `resultsCacheTtl` to be 0, because a cached response wouldn't be counted. The
   * function then denies a key whose plan isn't listed here, with `PLAN_UNAVAILABLE`.
   *
   * A change to a key's plan takes effect after the revocation delay.
   *
   * @default - keys aren't limited, and the integration only receives the name of the key's plan
   */
  readonly plans?: PlanMapping;

  /**
   * The table in which the function counts the requests of plans with `enforce: 'authorizer'`. The function can only
   * update the counts. The table must be in the Region of this construct's stack.
   *
   * @default - a new table if a plan needs one: the property `limits`
   */
  readonly limits?: IApiKeyLimits;

  /**
   * The response to a request over a limit of a plan with `enforce: 'authorizer'`. `deny` rejects the request: with 403
   * on REST, HTTP and WebSocket APIs, because an authorizer can't respond with 429. `tell` allows the request. The
   * context then has `limited`, `errorCode` and `retryAfterSeconds`. Your integration must respond with 429.
   *
   * @default 'deny'
   */
  readonly onLimit?: OnLimit;

  /**
   * The response if DynamoDB doesn't respond within 300 ms to a request of a plan with `enforce: 'authorizer'`. `allow`
   * allows the request without a count. `deny` responds with an error, such as 500 on REST APIs. The metric
   * `LimiterFailures` counts both.
   *
   * @default 'allow'
   */
  readonly onLimiterFailure?: OnLimiterFailure;

  /**
   * The value by which API Gateway counts a request after `applyPlans`. `plan` is the identifier of the key's plan.
   * `presented-key` is for a move from API Gateway's own keys. An imported key of 20 to 128 characters then identifies
   * itself, and its own usage plans count on. A key that Latchkey issued still has the identifier of its plan. API
   * Gateway rejects it if the authorizer lacks `plans`.
   *
   * API Gateway also rejects an imported key that isn't one of its own API keys. docs/migrating-from-api-gateway-keys.md
   * describes the move. The function returns the key only to API Gateway. It doesn't store or log it.
   *
   * @default 'plan'
   */
  readonly usageIdentifier?: UsageIdentifier;

  /**
   * The function's name. CloudFormation can't replace a function that has a name of your own.
   *
   * @default - CloudFormation generates a name
   */
  readonly functionName?: string;

  /**
   * The function's execution role. Lambda must be able to assume it. The construct grants it the function's
   * permissions, unless it's an imported role with `mutable: false`. The function that syncs usage plans always has its
   * own role.
   *
   * @default - a new role
   */
  readonly role?: IRole;

  /**
   * The Node.js runtime of the authorizer's functions, Node.js 20 or newer.
   *
   * @default Runtime.NODEJS_24_X
   */
  readonly runtime?: Runtime;

  /**
   * The instruction set of the authorizer's functions. Latchkey doesn't contain native code.
   *
   * @default Architecture.ARM_64
   */
  readonly architecture?: Architecture;

  /**
   * The KMS key that encrypts the environment variables of the authorizer's functions. They don't contain secrets. The
   * construct grants the functions the permission to decrypt them.
   *
   * @default - a key that AWS manages
   */
  readonly environmentEncryption?: IKey;

  /**
   * The function's memory, from 128 to 10,240 MB. Lambda allocates CPU in proportion to the memory.
   *
   * @default 256
   */
  readonly memorySize?: number;

  /**
   * The number of execution environments that Lambda keeps running (provisioned concurrency). AWS bills them by the
   * hour. Further requests start more execution environments. The construct creates an alias, `live`, which API Gateway
   * then invokes. The maximum is `reservedConcurrentExecutions`, if you set it.
   *
   * @default - execution environments start when requests arrive
   */
  readonly provisionedConcurrentExecutions?: number;

  /**
   * The maximum number of concurrent execution environments, reserved from the account's limit. Lambda throttles
   * further requests. API Gateway responds to those with 500. The number therefore limits both the cost of a flood and
   * the traffic of your callers.
   *
   * @default - all of the account's unreserved concurrency
   */
  readonly reservedConcurrentExecutions?: number;

  /**
   * The VPC that the function runs in. The VPC needs a route to DynamoDB: a gateway endpoint or a NAT gateway.
   *
   * @default - Lambda's own network
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
   * @default - a new group that allows only outbound traffic
   */
  readonly securityGroups?: readonly ISecurityGroup[];

  /**
   * The function's log group, for example one that your own KMS key encrypts. Its metric filters also count the lines
   * of other functions in the group. Set its retention and removal policy on the group itself. The function that syncs
   * usage plans always has its own log group.
   *
   * @default - a new log group
   */
  readonly logGroup?: ILogGroup;

  /**
   * The time for which CloudWatch keeps the logs of the authorizer's functions. They contain one line for each denial
   * and fault.
   *
   * @default RetentionDays.ONE_MONTH
   */
  readonly logRetention?: RetentionDays;

  /**
   * The removal policy of the log groups that the construct creates.
   *
   * @default RemovalPolicy.DESTROY
   */
  readonly logRemovalPolicy?: RemovalPolicy;

  /**
   * The configuration with which CodeDeploy shifts traffic to a new version of the function, for example
   * `LambdaDeploymentConfig.CANARY_10PERCENT_5MINUTES`. The construct creates an alias, `live`, which API Gateway then
   * invokes. The `rolloutAlarm` rolls back a version that fails. A change to `keyPrefixes`, `scopes` or `keySources`
   * applies to only some of the requests while both versions run.
   *
   * @default - shifts all traffic immediately
   */
  readonly rollout?: ILambdaDeploymentConfig;

  /**
   * Rolls a `rollout` back if the new version fails. A version fails if at least two requests and 10 % of its requests
   * fail in two of three minutes. Requests without a key don't count, although API Gateway requires an error response
   * for them. The alarm takes two to four minutes, so an `ALL_AT_ONCE` rollout ends before it. docs/operations.md lists
   * the alarm's metrics and cost.
   *
   * @default true
   */
  readonly rolloutAlarm?: boolean;

  /**
   * Sends the function's traces to AWS X-Ray. AWS bills each trace.
   *
   * @default false
   */
  readonly tracing?: boolean;
}
