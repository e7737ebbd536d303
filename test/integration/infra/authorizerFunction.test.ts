import { App, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { MockIntegration, RestApi } from 'aws-cdk-lib/aws-apigateway';
import { HttpApi, WebSocketApi } from 'aws-cdk-lib/aws-apigatewayv2';
import { WebSocketMockIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { LambdaDeploymentConfig } from 'aws-cdk-lib/aws-codedeploy';
import { SecurityGroup, SubnetType, Vpc, type IVpc } from 'aws-cdk-lib/aws-ec2';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { AwsSolutionsChecks } from 'cdk-nag';
import { describe, expect, test } from '@jest/globals';
import { ApiKeyAuthorizer } from '../../../infra/apiKeyAuthorizer.ts';
import { ApiKeyTable } from '../../../infra/apiKeyTable.ts';
import { addHttpRoute, authorizerTemplate, authorizerUnderTest, type AuthorizerProps } from './authorizerUnderTest.ts';

const FUNCTION = 'AWS::Lambda::Function';
const ALIAS = 'AWS::Lambda::Alias';
const ROLLOUT = { rollout: LambdaDeploymentConfig.CANARY_10PERCENT_5MINUTES };

function inVpc(more: (stack: Stack, vpc: IVpc) => AuthorizerProps = () => ({})) {
  const stack = new Stack(new App(), 'Test');
  const vpc = Vpc.fromVpcAttributes(stack, 'Vpc', {
    vpcId: 'vpc-0123456789abcdef0',
    availabilityZones: ['us-east-1a', 'us-east-1b'],
    isolatedSubnetIds: ['subnet-1', 'subnet-2'],
  });
  const table = new ApiKeyTable(stack, 'Keys');
  const vpcSubnets = { subnetType: SubnetType.PRIVATE_ISOLATED };
  new ApiKeyAuthorizer(stack, 'Authorizer', { table, vpc, vpcSubnets, ...more(stack, vpc) });
  return stack;
}

const isWildcard = ({ Resource }: { Resource: unknown }) => Resource === '*';

function wildcardActionsOf(template: Template): unknown[] {
  const statements = Object.values(template.findResources('AWS::IAM::Policy')).flatMap(
    ({ Properties }) => Properties.PolicyDocument.Statement,
  );
  return statements.filter(isWildcard).flatMap(({ Action }) => Action);
}

describe('the authorizer’s function', () => {
  test('has the memory size and the reserved concurrency from the props', () => {
    authorizerTemplate({ memorySize: 512, reservedConcurrentExecutions: 20 }).hasResourceProperties(FUNCTION, {
      MemorySize: 512,
      ReservedConcurrentExecutions: 20,
    });
  });

  test('lacks reserved concurrency and an alias by default', () => {
    const template = authorizerTemplate({});
    template.hasResourceProperties(FUNCTION, { ReservedConcurrentExecutions: Match.absent() });
    template.resourceCountIs(ALIAS, 0);
  });

  test('has provisioned concurrency on its alias for the newest version', () => {
    const template = authorizerTemplate({ provisionedConcurrentExecutions: 5 });
    const [version] = Object.keys(template.findResources('AWS::Lambda::Version'));
    template.hasResourceProperties(ALIAS, {
      Name: 'live',
      FunctionVersion: { 'Fn::GetAtt': [version, 'Version'] },
      ProvisionedConcurrencyConfig: { ProvisionedConcurrentExecutions: 5 },
    });
  });
});

describe('the log group of the authorizer’s function', () => {
  test('keeps log events for the time in logRetention', () => {
    authorizerTemplate({ logRetention: RetentionDays.ONE_YEAR }).hasResourceProperties('AWS::Logs::LogGroup', {
      RetentionInDays: 365,
    });
  });
});

describe('a rollout', () => {
  test('lets CodeDeploy shift the alias’s traffic in steps', () => {
    const template = authorizerTemplate(ROLLOUT);
    template.hasResourceProperties('AWS::CodeDeploy::DeploymentGroup', {
      DeploymentConfigName: 'CodeDeployDefault.LambdaCanary10Percent5Minutes',
    });
    template.hasResource(ALIAS, { UpdatePolicy: { CodeDeployLambdaAliasUpdate: Match.anyValue() } });
  });

  test('creates a new version of the function if a prop changes', () => {
    const versionOf = (props: AuthorizerProps) =>
      Object.keys(authorizerTemplate({ ...ROLLOUT, ...props }).findResources('AWS::Lambda::Version'));
    expect(versionOf({})).not.toEqual(versionOf({ keyPrefixes: ['acme_'] }));
    expect(versionOf({})).toEqual(versionOf({}));
  });
});

describe('an alias', () => {
  test('receives the invocations of every type of API', () => {
    const { stack, authorizer } = authorizerUnderTest(ROLLOUT);
    const rest = new RestApi(stack, 'Rest');
    rest.root.addMethod('GET', new MockIntegration(), { authorizer: authorizer.forRestApi() });
    addHttpRoute(new HttpApi(stack, 'Http'), authorizer.forHttpApi());
    const integration = new WebSocketMockIntegration('Integration');
    new WebSocketApi(stack, 'WebSocket', {
      connectRouteOptions: { integration, authorizer: authorizer.forWebSocketApi() },
    });
    const template = Template.fromStack(stack);
    const [alias = ''] = Object.keys(template.findResources(ALIAS));
    const authorizers = [
      ...Object.values(template.findResources('AWS::ApiGateway::Authorizer')),
      ...Object.values(template.findResources('AWS::ApiGatewayV2::Authorizer')),
    ];
    expect(authorizers).toHaveLength(3);
    for (const { Properties } of authorizers) expect(JSON.stringify(Properties.AuthorizerUri)).toContain(alias);
    const invoked = Object.values(template.findResources('AWS::Lambda::Permission')).map(
      ({ Properties }) => Properties.FunctionName,
    );
    expect(invoked).toEqual(invoked.map(() => ({ Ref: alias })));
    expect(invoked).toHaveLength(3);
  });
});

describe('an authorizer’s function in a VPC', () => {
  test('runs in the subnets of its VPC', () => {
    const template = Template.fromStack(inVpc());
    template.hasResourceProperties(FUNCTION, { VpcConfig: { SubnetIds: ['subnet-1', 'subnet-2'] } });
    template.hasResourceProperties('AWS::IAM::Role', { ManagedPolicyArns: Match.absent() });
    expect(wildcardActionsOf(template)).toEqual([
      'ec2:AssignPrivateIpAddresses',
      'ec2:CreateNetworkInterface',
      'ec2:DeleteNetworkInterface',
      'ec2:DescribeNetworkInterfaces',
      'ec2:DescribeSubnets',
      'ec2:UnassignPrivateIpAddresses',
    ]);
  });

  test('uses the security groups that you pass', () => {
    const stack = inVpc((scope, vpc) => ({ securityGroups: [new SecurityGroup(scope, 'Group', { vpc })] }));
    const template = Template.fromStack(stack);
    const [group] = Object.keys(template.findResources('AWS::EC2::SecurityGroup'));
    template.resourceCountIs('AWS::EC2::SecurityGroup', 1);
    template.hasResourceProperties(FUNCTION, {
      VpcConfig: { SecurityGroupIds: [{ 'Fn::GetAtt': [group, 'GroupId'] }] },
    });
  });
});

test('tracing allows the authorizer’s function to send traces to X-Ray', () => {
  const traced = authorizerTemplate({ tracing: true });
  traced.hasResourceProperties(FUNCTION, { TracingConfig: { Mode: 'Active' } });
  expect(wildcardActionsOf(traced)).toEqual(['xray:PutTraceSegments', 'xray:PutTelemetryRecords']);
  const plain = authorizerTemplate({});
  plain.hasResourceProperties(FUNCTION, { TracingConfig: Match.absent() });
  expect(wildcardActionsOf(plain)).toEqual([]);
});

test('an authorizer with all optional features passes cdk-nag’s AwsSolutionsChecks', () => {
  const stack = inVpc(() => ({ ...ROLLOUT, tracing: true, provisionedConcurrentExecutions: 1 }));
  const { violations } = new AwsSolutionsChecks(stack.node.root).validateScope(stack.node.root);
  expect(violations.map(({ ruleName }) => ruleName)).toEqual([]);
});

test('the system log level of the authorizer’s function is WARN', () => {
  authorizerTemplate({}).hasResourceProperties(FUNCTION, {
    LoggingConfig: { LogFormat: 'JSON', SystemLogLevel: 'WARN' },
  });
});

describe('the application log level', () => {
  const levelOf = (level: unknown) => ({ LoggingConfig: { ApplicationLogLevel: level } });

  test('equals DEBUG if the debug sample rate is above 0', () => {
    authorizerTemplate({ debugSampleRate: 0.01 }).hasResourceProperties(FUNCTION, levelOf('DEBUG'));
  });

  test.each<[string, AuthorizerProps]>([
    ['a missing sample rate', {}],
    ['a sample rate of 0', { debugSampleRate: 0 }],
  ])('equals Lambda’s default with %s', (_, props) => {
    authorizerTemplate(props).hasResourceProperties(FUNCTION, levelOf(Match.absent()));
  });
});
