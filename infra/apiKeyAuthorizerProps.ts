import type { Duration } from 'aws-cdk-lib';
import type { ILambdaDeploymentConfig } from 'aws-cdk-lib/aws-codedeploy';
import type { ISecurityGroup, IVpc, SubnetSelection } from 'aws-cdk-lib/aws-ec2';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { HttpApiResponse } from '../lambda/config.ts';
import type { KeySourceSetting } from '../lambda/credentials.ts';
import type { IApiKeyTable } from './apiKeyTable.ts';
import type { ScopeMapping } from './propChecks.ts';
import type { PlanMapping } from './planProps.ts';

/** Which keys are accepted, for how long they are trusted, and what the function runs on. */
export interface ApiKeyAuthorizerProps {
  /**
   * Where the keys are. The function may read them by hash, and write when they were last used. What is written to it counts
   * after the revocation delay.
   *
   * The table must be in the Region of this construct's stack, or have a replica there. If it's in another account, the function
   * reads it by its ARN, and the table's resource policy must allow the function's role.
   */
  readonly table: IApiKeyTable;

  /**
   * What every key of this deployment begins with: `[a-z][a-z0-9]*_`, at most 16 characters. After a change, keys of the
   * old prefix are refused as soon as the new function runs.
   *
   * @default 'sk_'
   */
  readonly keyPrefix?: string;

  /**
   * Where a request may carry its key, in order of preference. AppSync ignores these and always reads the `Authorization` header. The
   * function ignores the case of header names. The identity sources of REST and WebSocket APIs keep your spelling, because AWS says
   * that mappings of REST methods are case-sensitive. Spell each header as your callers do.
   *
   * @default ['bearer', 'query:api_key']
   */
  readonly keySources?: readonly KeySourceSetting[];

  /**
   * Whether keys that were issued elsewhere are accepted once their hash is in the table. Neither prefix nor checksum is
   * asked for then, so every text of 16 to 255 visible characters costs a read. They are revoked as fast as all others.
   *
   * @default false
   */
  readonly acceptForeignKeys?: boolean;

  /**
   * The least time between two last-used writes of one key. Last-used dates are precise to this, `recordCacheTtl` and
   * `resultsCacheTtl` together. The revocation delay does not depend on it.
   *
   * @default Duration.minutes(15)
   */
  readonly lastUsedInterval?: Duration;

  /**
   * How long an environment of the function answers from a record that it has read. A revoked key may be accepted for this
   * long and `resultsCacheTtl`.
   *
   * @default Duration.seconds(60)
   */
  readonly recordCacheTtl?: Duration;

  /**
   * How long API Gateway and AppSync answer from what the function has said of a key, at most an hour. It needs exactly one
   * key source. A revoked key may be accepted for this long and `recordCacheTtl`. WebSocket APIs keep no answers: a client
   * stays connected, whatever becomes of its key.
   *
   * @default Duration.seconds(0) - the function is asked on every request
   */
  readonly resultsCacheTtl?: Duration;

  /**
   * How old a record may answer while DynamoDB is down. During an outage it counts in place of a shorter `recordCacheTtl` in
   * the revocation delay.
   *
   * @default Duration.seconds(0) - an outage is answered with 500
   */
  readonly staleIfError?: Duration;

  /**
   * What HTTP APIs of payload format 2.0 are answered with: an IAM policy, or `isAuthorized`. Those of format 1.0 are answered
   * with a policy always. Either is kept for `resultsCacheTtl`: a policy for all routes, `isAuthorized` for its route alone
   * where scopes are mapped.
   *
   * @default 'iam'
   */
  readonly httpApiResponse?: HttpApiResponse;

  /**
   * Which routes each scope opens: scope → patterns `METHOD /path`, `$connect` for WebSocket APIs, `GRAPHQL /graphql` for
   * AppSync; a `*` stands for any run of characters, and for any method of API Gateway. A scope has no spaces, commas,
   * quotes, braces, brackets or backslashes. A key without scopes may use every
   * route, one whose scopes open none may use nothing. A change of the mapping takes effect with the deployment, and where
   * answers are kept after `resultsCacheTtl`; a change of a key's own scopes after the revocation delay.
   *
   * The synthesis rejects a mapping that is over a limit of Lambda or API Gateway: 4 KB for all environment variables, and 512
   * characters for a resource of a policy. It warns if a REST or HTTP API would get a policy longer than 8 KB for a key with every
   * scope: AWS documents no limit there. The estimate assumes a stage name of 128 characters, the maximum. About 36 routes fit without
   * a warning, or 25 if a path has a `*`, because the policy then denies ambiguous paths. The policy writes out a `*` for the method
   * as every method.
   *
   * A pattern may hold a token, such as a parameter of the stack. The function checks that pattern when it starts.
   *
   * @default {} - scopes are handed on to the integration and close no route
   */
  readonly scopes?: ScopeMapping;

  /**
   * Whether the function counts what it decides, in lines of its log that CloudWatch makes metrics of. They are billed by the
   * metric and the hour; docs/operations.md says what they are and what they come to. The revocation delay does not depend on it.
   *
   * @default true
   */
  readonly metrics?: boolean;

  /**
   * Whether a new environment of the function reads the table once before its first request, which then finds its connection open.
   * The read is of a hash that no key has: half a read unit. It may hold up a start by a second where DynamoDB does not answer.
   *
   * @default true
   */
  readonly prime?: boolean;

  /**
   * The share of requests, from 0 to 1, that the log has a line of at the level `DEBUG`, allowed ones too: the decision, the
   * key's id, and how long the read took. Nothing of the request or of a secret is in it.
   *
   * @default 0 - an allowed request has no line
   */
  readonly debugSampleRate?: number;

  /**
   * How API Gateway limits the keys of each plan on the REST APIs that `applyPlans` names: plan → limits, for each key or for
   * all keys of the plan together. A key without a plan is not limited. A key with a plan that is not listed here is refused on
   * these APIs. HTTP and AppSync APIs have no usage plans, and Latchkey doesn't use those of WebSocket APIs: no key is limited there.
   *
   * Limits are best effort (AWS, "Usage plans and API keys for REST APIs"). A key's change of plan counts after the revocation
   * delay. See docs/plans.md for what each plan takes of the account's quotas.
   *
   * @default - no key is limited, and a key's plan is only handed on
   */
  readonly plans?: PlanMapping;

  /**
   * The function's memory, from 128 to 10,240 MB. Lambda allots CPU in proportion to it.
   *
   * @default 256
   */
  readonly memorySize?: number;

  /**
   * How many environments Lambda keeps started. They are billed by the hour; requests beyond them start others. The construct
   * creates an alias, `live`, which API Gateway then invokes. At most `reservedConcurrentExecutions`, if that is set.
   *
   * @default - environments start when requests come
   */
  readonly provisionedConcurrentExecutions?: number;

  /**
   * How many environments there can be at once, of those that the account has. Requests beyond them are throttled by Lambda,
   * which API Gateway answers with 500: it bounds what a flood can cost, and what callers can use.
   *
   * @default - as many as the account has left
   */
  readonly reservedConcurrentExecutions?: number;

  /**
   * The VPC that the function reaches DynamoDB from. It needs a way there: a gateway endpoint for DynamoDB, or a NAT.
   *
   * @default - none: Lambda's own network
   */
  readonly vpc?: IVpc;

  /**
   * Of `vpc`.
   *
   * @default - the CDK's: private subnets with a way out, where there are any
   */
  readonly vpcSubnets?: SubnetSelection;

  /**
   * Of `vpc`.
   *
   * @default - one of its own, which lets everything out and nothing in
   */
  readonly securityGroups?: readonly ISecurityGroup[];

  /**
   * How long the function's log is kept. It holds one line for each denial and fault.
   *
   * @default RetentionDays.ONE_MONTH
   */
  readonly logRetention?: RetentionDays;

  /**
   * How requests are moved to a new version of the function, by CodeDeploy: for instance
   * `LambdaDeploymentConfig.CANARY_10PERCENT_5MINUTES`. It makes an alias, `live`, which API Gateway then asks. The
   * `rolloutAlarm` takes a version back that fails. While both versions answer, a change of `keyPrefix`, `scopes` or `keySources`
   * holds for some requests and not for others.
   *
   * @default - all at once
   */
  readonly rollout?: ILambdaDeploymentConfig;

  /**
   * Whether a `rollout` takes a new version back where in two of three minutes it failed in 10 % of its requests or more, and in two
   * at least. A request without a key, which API Gateway wants answered by an error, does not count. It takes two to four minutes:
   * `ALL_AT_ONCE` is over before. docs/operations.md says what it reads and costs.
   *
   * @default true
   */
  readonly rolloutAlarm?: boolean;

  /**
   * Whether AWS X-Ray gets a trace of requests. It is billed by the trace.
   *
   * @default false
   */
  readonly tracing?: boolean;
}
