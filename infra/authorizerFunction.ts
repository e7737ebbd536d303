import { Duration } from 'aws-cdk-lib';
import { LambdaDeploymentGroup } from 'aws-cdk-lib/aws-codedeploy';
import { type IRole, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import {
  type Alias,
  ApplicationLogLevel,
  CfnAlias,
  type Function as LambdaFunction,
  type FunctionOptions,
  type IFunction,
  SystemLogLevel,
  Tracing,
} from 'aws-cdk-lib/aws-lambda';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import type { ApiKeyAuthorizerProps } from './apiKeyAuthorizerProps.ts';
import type { IApiKeyLimits } from './apiKeyLimits.ts';
import { latchkeyFunction } from './latchkeyFunction.ts';
import { acknowledge, acknowledgeWildcards } from './nag.ts';
import { isKnown } from './propChecks.ts';

/**
 * Lambda's actions for a VPC ("Execution role permissions", Lambda Developer Guide). They don't support a narrower
 * resource than `*`.
 */
const VPC_ACTIONS: readonly string[] = [
  'ec2:AssignPrivateIpAddresses',
  'ec2:CreateNetworkInterface',
  'ec2:DeleteNetworkInterface',
  'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeSubnets',
  'ec2:UnassignPrivateIpAddresses',
];

const NO_NARROWER_RESOURCE = 'Lambda’s calls to EC2 for a VPC and its calls to X-Ray have no narrower resource.';

const CODE_DEPLOY_ROLE = {
  'AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSCodeDeployRoleForLambdaLimited]':
    'AWS made the policy for CodeDeploy with Lambda. The CDK gives the role of the deployment group no other policy.',
};

/**
 * The lines that Lambda drops at each log level. Lines in the embedded metric format don't have a level. Lambda treats
 * them as INFO ("Configuring advanced logging controls for Lambda functions"). Denials and usage lines are also INFO. Failed last-used
 * writes are WARN.
 */
const LOSSES_BY_LOG_LEVEL = {
  WARN: 'every metric and usage line of the authorizer and the log line of each denial',
  ERROR: 'every metric and usage line of the authorizer and the log line of each denial',
  FATAL: 'every metric and usage line of the authorizer and the log line of each denial and each fault',
} as const;

/** The alias of the live version. It exists with provisioned concurrency or a rollout. */
export const LIVE_ALIAS = 'live';

/** The authorizer's function, its log group and the handler that APIs invoke. */
export interface AuthorizerFunction {
  readonly function: LambdaFunction;
  readonly logGroup: ILogGroup;
  /** The alias of the live version if it exists, otherwise the function. */
  readonly handler: IFunction;
  /** The CodeDeploy group that shifts traffic to a new version in steps. */
  readonly deploymentGroup: LambdaDeploymentGroup | undefined;
}

/** Creates the authorizer's function, with a role that has only the required permissions. */
export function authorizerFunction(
  scope: Construct,
  props: ApiKeyAuthorizerProps,
  environment: Readonly<Record<string, string>>,
  limits: IApiKeyLimits | undefined,
): AuthorizerFunction {
  const { table, vpc, tracing, role, logGroup } = props;
  const created = latchkeyFunction(scope, {
    bundle: 'authorizer',
    description: 'Latchkey: decides on API keys',
    // The function responds with a fault within 4 seconds. An invocation that takes longer hangs.
    timeout: Duration.seconds(6),
    environment,
    shared: props,
    role,
    logGroup,
    grant: (grantee) => {
      table.grantVerify(grantee);
      limits?.grantTake(grantee);
      if (vpc !== undefined) grantVpc(grantee);
    },
    lossesByLogLevel: LOSSES_BY_LOG_LEVEL,
    options: functionOptions(props),
  });
  if (vpc !== undefined || tracing === true) acknowledgeWildcards(created.role, ['*'], NO_NARROWER_RESOURCE);
  return { function: created.function, logGroup: created.logGroup, ...liveVersion(scope, props, created.function) };
}

function grantVpc(role: IRole): void {
  role.addToPrincipalPolicy(new PolicyStatement({ actions: [...VPC_ACTIONS], resources: ['*'] }));
}

/** Omits absent props, because the CDK's options don't accept `undefined` under exact optional property types. */
function functionOptions(props: ApiKeyAuthorizerProps): FunctionOptions {
  const { functionName, memorySize, tracing, vpc, vpcSubnets, securityGroups, reservedConcurrentExecutions } = props;
  return {
    // Lambda's lines about successful invocations would make up most of the log and its price. Lambda still logs
    // failures.
    systemLogLevelV2: SystemLogLevel.WARN,
    // Lambda drops lines below INFO by default.
    ...(mayLogSamples(props) && { applicationLogLevelV2: ApplicationLogLevel.DEBUG }),
    ...(functionName !== undefined && { functionName }),
    ...(memorySize !== undefined && { memorySize }),
    ...(tracing === true && { tracing: Tracing.ACTIVE }),
    ...(vpc && { vpc }),
    ...(vpcSubnets && { vpcSubnets }),
    ...(securityGroups && { securityGroups: [...securityGroups] }),
    ...(reservedConcurrentExecutions !== undefined && { reservedConcurrentExecutions }),
  };
}

/** Returns true for a token, because the deployment may resolve it to a share above 0. */
function mayLogSamples({ debugSampleRate = 0 }: ApiKeyAuthorizerProps): boolean {
  return debugSampleRate > 0 || !isKnown(debugSampleRate);
}

/** Creates the alias for provisioned concurrency and rollouts, and the deployment group of a rollout. */
function liveVersion(
  scope: Construct,
  { provisionedConcurrentExecutions, rollout }: ApiKeyAuthorizerProps,
  lambda: LambdaFunction,
): Pick<AuthorizerFunction, 'handler' | 'deploymentGroup'> {
  if (provisionedConcurrentExecutions === undefined && rollout === undefined) {
    return { handler: lambda, deploymentGroup: undefined };
  }
  const alias = lambda.addAlias(LIVE_ALIAS);
  if (provisionedConcurrentExecutions !== undefined) provision(alias, provisionedConcurrentExecutions);
  const deploymentGroup = rollout && new LambdaDeploymentGroup(scope, 'Rollout', { alias, deploymentConfig: rollout });
  if (deploymentGroup !== undefined) acknowledge(deploymentGroup, CODE_DEPLOY_ROLE);
  // The CDK's classes declare `undefined` for properties that its interfaces omit. Exact optional property types
  // require this assertion.
  return { handler: alias as IFunction, deploymentGroup };
}

/** Sets the property of the resource, because older releases of the CDK reject a token in the alias's options. */
function provision(alias: Alias, provisionedConcurrentExecutions: number): void {
  const { defaultChild } = alias.node;
  if (defaultChild instanceof CfnAlias) defaultChild.provisionedConcurrencyConfig = { provisionedConcurrentExecutions };
}
