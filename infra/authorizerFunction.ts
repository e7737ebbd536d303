import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { Annotations, AspectPriority, Aspects, Duration, type IAspect, RemovalPolicy, Token } from 'aws-cdk-lib';
import { LambdaDeploymentGroup } from 'aws-cdk-lib/aws-codedeploy';
import { Policy, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  ApplicationLogLevel,
  Architecture,
  CfnFunction,
  Code,
  Function as LambdaFunction,
  type FunctionProps,
  type IFunction,
  LoggingFormat,
  Runtime,
  SystemLogLevel,
  Tracing,
} from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct, IConstruct } from 'constructs';
import type { ApiKeyAuthorizerProps } from './apiKeyAuthorizerProps.ts';
import { acknowledge } from './nag.ts';
import { isKnown } from './propChecks.ts';

const BUNDLE = functionBundle('authorizer');

/** What Lambda does to reach a VPC ("Lambda execution role permissions" of VPC functions); it has no narrower resource. */
const VPC_ACTIONS: readonly string[] = [
  'ec2:AssignPrivateIpAddresses',
  'ec2:CreateNetworkInterface',
  'ec2:DeleteNetworkInterface',
  'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeSubnets',
  'ec2:UnassignPrivateIpAddresses',
];

const NO_NARROWER_RESOURCE = {
  'AwsSolutions-IAM5[Resource::*]': 'Lambda’s calls to EC2 for a VPC, and those to X-Ray, know no narrower resource.',
};

const CODE_DEPLOY_ROLE = {
  'AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSCodeDeployRoleForLambdaLimited]':
    'The policy is AWS’s own for CodeDeploy and Lambda, and the CDK gives the deployment group’s role no other.',
};

/** The alias of the version that is asked, where there is one. */
export const LIVE_ALIAS = 'live';

/** What API Gateway asks, and what stands behind it. */
export interface AuthorizerFunction {
  readonly function: LambdaFunction;
  readonly logGroup: LogGroup;
  /** What is asked: the alias of the live version where there is one, and else the function itself. */
  readonly handler: IFunction;
  /** Moves requests to a new version in steps. */
  readonly deploymentGroup: LambdaDeploymentGroup | undefined;
}

/** Makes the function with its log group and a role that can do nothing beyond its work. */
export function authorizerFunction(
  scope: Construct,
  props: ApiKeyAuthorizerProps,
  environment: Readonly<Record<string, string>>,
): AuthorizerFunction {
  const logGroup = new LogGroup(scope, 'Logs', {
    retention: props.logRetention ?? RetentionDays.ONE_MONTH,
    removalPolicy: RemovalPolicy.DESTROY,
  });
  const role = roleOf(scope, props, logGroup);
  const lambda = new LambdaFunction(scope, 'Function', {
    description: 'Latchkey: decides on API keys',
    code: Code.fromAsset(BUNDLE),
    handler: 'index.handler',
    runtime: Runtime.NODEJS_24_X,
    architecture: Architecture.ARM_64,
    memorySize: props.memorySize ?? 256,
    // Faults are answered within 4 seconds; what takes longer than this is a hang.
    timeout: Duration.seconds(6),
    environment,
    role,
    logGroup,
    loggingFormat: LoggingFormat.JSON,
    // Lambda's own lines of invocations that succeed would be most of the log, and of its price; those of failures stay.
    systemLogLevelV2: SystemLogLevel.WARN,
    // Lambda drops lines below INFO otherwise.
    ...(mayLogSamples(props) ? { applicationLogLevelV2: ApplicationLogLevel.DEBUG } : {}),
    ...(props.tracing === true ? { tracing: Tracing.ACTIVE } : {}),
    ...networkOf(props),
    ...(props.reservedConcurrentExecutions === undefined
      ? {}
      : { reservedConcurrentExecutions: props.reservedConcurrentExecutions }),
  });
  if (props.vpc !== undefined || props.tracing === true) acknowledgeWildcard(role);
  warnOfLogLevel(lambda);
  return { function: lambda, logGroup, ...liveVersion(scope, props, lambda) };
}

/** Returns true for a token too, because the deployment may resolve it to a share above 0. */
function mayLogSamples({ debugSampleRate = 0 }: ApiKeyAuthorizerProps): boolean {
  return debugSampleRate > 0 || !isKnown(debugSampleRate);
}

/** Lambda's own managed policies would let the function write to every log group of the account. */
function roleOf(scope: Construct, { table, vpc }: ApiKeyAuthorizerProps, logGroup: LogGroup): Role {
  const role = new Role(scope, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
  logGroup.grantWrite(role);
  table.grantVerify(role);
  if (vpc !== undefined) {
    role.addToPrincipalPolicy(new PolicyStatement({ actions: [...VPC_ACTIONS], resources: ['*'] }));
  }
  return role;
}

function networkOf({ vpc, vpcSubnets, securityGroups }: ApiKeyAuthorizerProps): Partial<FunctionProps> {
  return {
    ...(vpc === undefined ? {} : { vpc }),
    ...(vpcSubnets === undefined ? {} : { vpcSubnets }),
    ...(securityGroups === undefined ? {} : { securityGroups: [...securityGroups] }),
  };
}

function acknowledgeWildcard(role: Role): void {
  for (const child of role.node.children) {
    if (child instanceof Policy) acknowledge(child, NO_NARROWER_RESOURCE);
  }
}

/** Concurrency is provisioned for a version, and requests are moved from one version to the next: both want an alias. */
function liveVersion(
  scope: Construct,
  { provisionedConcurrentExecutions, rollout }: ApiKeyAuthorizerProps,
  lambda: LambdaFunction,
): Pick<AuthorizerFunction, 'handler' | 'deploymentGroup'> {
  if (provisionedConcurrentExecutions === undefined && rollout === undefined) {
    return { handler: lambda, deploymentGroup: undefined };
  }
  const alias = lambda.addAlias(
    LIVE_ALIAS,
    provisionedConcurrentExecutions === undefined ? {} : { provisionedConcurrentExecutions },
  );
  const deploymentGroup = rollout && new LambdaDeploymentGroup(scope, 'Rollout', { alias, deploymentConfig: rollout });
  if (deploymentGroup !== undefined) acknowledge(deploymentGroup, CODE_DEPLOY_ROLE);
  // The CDK's classes have `undefined` where its interfaces leave out, which exact optional properties tell apart.
  return { handler: alias as IFunction, deploymentGroup };
}

/**
 * The folder of a function's built code in this package. It is asked of `require`, because what compiles an app on the fly, as
 * tsx does to CommonJS, has no `import.meta.resolve`.
 */
export function functionBundle(name: 'authorizer' | 'usage-plan-sync'): string {
  return dirname(createRequire(import.meta.url).resolve(`#root/dist/${name}/index.mjs`));
}

/** The log lines and metrics that Lambda drops at each level, in the words of the warning. */
interface LevelLosses {
  readonly WARN: string | undefined;
  readonly ERROR: string | undefined;
  readonly FATAL: string | undefined;
}

/**
 * Lambda treats a line of the embedded metric format, which has no level, as INFO ("Configuring advanced logging controls for Lambda
 * functions"). Denials are INFO too, and failed last-used writes are WARN.
 */
const AUTHORIZER_LOSSES: LevelLosses = {
  WARN: 'every metric of the authorizer and the log line of each denial',
  ERROR: 'every metric of the authorizer and the log line of each denial',
  FATAL: 'every metric of the authorizer and the log line of each denial and each fault',
};

const USAGE_PLAN_LOSSES: LevelLosses = {
  WARN: undefined,
  ERROR: undefined,
  FATAL: 'the log line of each key that gets no API key, and with it the alarm',
};

/** Warns at synthesis if the function has a log level that drops the authorizer's metrics. An aspect may have set it. */
export function warnOfLogLevel(authorizer: LambdaFunction): void {
  warn(authorizer, AUTHORIZER_LOSSES);
}

/** Warns at synthesis if the function that syncs usage plans has a log level that drops its faults. */
export function warnOfUsagePlanLogLevel(lambda: LambdaFunction): void {
  warn(lambda, USAGE_PLAN_LOSSES);
}

/** Adds the aspect with the priority READONLY, so that it runs after aspects that change the level. */
function warn(lambda: LambdaFunction, losses: LevelLosses): void {
  Aspects.of(lambda).add(new LogLevelWarning(losses), { priority: AspectPriority.READONLY });
}

class LogLevelWarning implements IAspect {
  readonly #losses: LevelLosses;

  constructor(losses: LevelLosses) {
    this.#losses = losses;
  }

  visit(node: IConstruct): void {
    if (!(node instanceof CfnFunction)) return;
    const level = applicationLogLevel(node);
    const lost = Object.entries(this.#losses).find(([name]) => name === level)?.[1];
    if (lost === undefined) return;
    Annotations.of(node).addWarningV2(
      'latchkey:applicationLogLevel',
      `ApplicationLogLevel: got ${level}, wanted INFO or DEBUG: at ${level} Lambda drops ${lost}.`,
    );
  }
}

/** Returns the level that the template gets: the override, or else the property. */
function applicationLogLevel(node: CfnFunction): unknown {
  const overrides: unknown = node['rawOverrides'];
  const overridden = memberOf(memberOf(memberOf(overrides, 'Properties'), 'LoggingConfig'), 'ApplicationLogLevel');
  if (overridden !== undefined) return overridden;
  const { loggingConfig } = node;
  return Token.isUnresolved(loggingConfig) ? undefined : memberOf(loggingConfig, 'applicationLogLevel');
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
