import { App, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { MockIntegration, RestApi } from 'aws-cdk-lib/aws-apigateway';
import { HttpApi, WebSocketApi } from 'aws-cdk-lib/aws-apigatewayv2';
import { WebSocketMockIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { LambdaDeploymentConfig } from 'aws-cdk-lib/aws-codedeploy';
import { Port, SecurityGroup, SubnetType, Vpc, type IVpc } from 'aws-cdk-lib/aws-ec2';
import { ManagedPolicy, PermissionsBoundary, Role } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Architecture, Runtime } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { AwsSolutionsChecks } from 'cdk-nag';
import { describe, expect, test } from '@jest/globals';
import { ApiKeyAuthorizer } from '../../../infra/apiKeyAuthorizer.ts';
import { ApiKeyTable } from '../../../infra/apiKeyTable.ts';
import {
  addHttpRoute,
  authorizerTemplate,
  authorizerUnderTest,
  type AuthorizerProps,
  problemOf,
} from './authorizerUnderTest.ts';

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

describe('the authorizer’s function with settings of your own', () => {
  test('uses your name, runtime and architecture', () => {
    authorizerTemplate({
      functionName: 'orders-authorizer',
      runtime: Runtime.NODEJS_22_X,
      architecture: Architecture.X86_64,
    }).hasResourceProperties(FUNCTION, {
      FunctionName: 'orders-authorizer',
      Runtime: 'nodejs22.x',
      Architectures: ['x86_64'],
    });
  });

  test('encrypts the variables of every function, and lets each decrypt them', () => {
    const stack = new Stack(new App(), 'Test');
    const environmentEncryption = new Key(stack, 'Key');
    new ApiKeyAuthorizer(stack, 'Authorizer', {
      table: new ApiKeyTable(stack, 'Keys'),
      plans: { free: {} },
      environmentEncryption,
    });
    const template = Template.fromStack(stack);
    const key = { 'Fn::GetAtt': [Object.keys(template.findResources('AWS::KMS::Key'))[0], 'Arn'] };
    template.resourceCountIs(FUNCTION, 2);
    template.allResourcesProperties(FUNCTION, { KmsKeyArn: key });
    const statement = Match.objectLike({ Action: 'kms:Decrypt', Effect: 'Allow', Resource: key });
    template.allResourcesProperties('AWS::IAM::Policy', {
      PolicyDocument: { Statement: Match.arrayWith([statement]) },
    });
  });

  test('uses your role with the permissions that the construct grants it', () => {
    const stack = new Stack(new App(), 'Test');
    const role = Role.fromRoleArn(stack, 'Role', 'arn:aws:iam::123456789012:role/authorizer');
    const table = new ApiKeyTable(stack, 'Keys');
    const { grantPrincipal } = new ApiKeyAuthorizer(stack, 'Authorizer', { table, role });
    expect(grantPrincipal).toBe(role);
    const template = Template.fromStack(stack);
    template.resourceCountIs('AWS::IAM::Role', 0);
    template.hasResourceProperties(FUNCTION, { Role: role.roleArn });
    template.hasResourceProperties('AWS::IAM::Policy', {
      Roles: ['authorizer'],
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({ Action: ['logs:CreateLogStream', 'logs:PutLogEvents'] }),
          Match.objectLike({ Action: 'dynamodb:GetItem' }),
        ]),
      },
    });
  });

  test('gets further permissions through IGrantable', () => {
    const { stack, authorizer } = authorizerUnderTest();
    new Topic(stack, 'Topic').grantPublish(authorizer);
    Template.fromStack(stack).hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: { Statement: Match.arrayWith([Match.objectLike({ Action: 'sns:Publish' })]) },
    });
  });

  test('has a permissions boundary on each role if the scope has one', () => {
    const { stack } = authorizerUnderTest({ plans: { free: {} }, ...ROLLOUT });
    PermissionsBoundary.of(stack).apply(ManagedPolicy.fromManagedPolicyName(stack, 'Boundary', 'developers'));
    const template = Template.fromStack(stack);
    template.resourceCountIs('AWS::IAM::Role', 3);
    template.allResourcesProperties('AWS::IAM::Role', {
      PermissionsBoundary: { 'Fn::Join': ['', Match.arrayWith([':policy/developers'])] },
    });
  });

  test('has connections only in a VPC', () => {
    const { authorizer } = authorizerUnderTest();
    expect(() => authorizer.connections).toThrow(/VPC/);
    const stack = new Stack(new App(), 'Test');
    const vpc = new Vpc(stack, 'Vpc') as IVpc;
    const inside = new ApiKeyAuthorizer(stack, 'Authorizer', { table: new ApiKeyTable(stack, 'Keys'), vpc });
    inside.connections.allowToAnyIpv4(Port.tcp(443), 'to DynamoDB');
    expect(inside.connections.securityGroups).toHaveLength(1);
  });
});

describe('a log group of your own', () => {
  const withLogGroup = (props: AuthorizerProps = {}) => {
    const stack = new Stack(new App(), 'Test');
    const logGroup = new LogGroup(stack, 'Logs', { encryptionKey: new Key(stack, 'Key') });
    const authorizer = new ApiKeyAuthorizer(stack, 'Authorizer', {
      table: new ApiKeyTable(stack, 'Keys'),
      logGroup,
      ...props,
    });
    return { stack, authorizer, logGroup };
  };

  test('replaces the construct’s log group and feeds its metric filters', () => {
    const { stack, authorizer, logGroup } = withLogGroup();
    authorizer.metricUnauthorized();
    expect(authorizer.logGroup).toBe(logGroup);
    const template = Template.fromStack(stack);
    const [id, ...others] = Object.keys(template.findResources('AWS::Logs::LogGroup'));
    expect(others).toEqual([]);
    template.hasResourceProperties(FUNCTION, { LoggingConfig: { LogGroup: { Ref: id }, LogFormat: 'JSON' } });
    template.hasResourceProperties('AWS::Logs::MetricFilter', { LogGroupName: { Ref: id } });
    template.hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({
            Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
            Resource: { 'Fn::GetAtt': [id, 'Arn'] },
          }),
        ]),
      },
    });
  });

  test.each<[string, AuthorizerProps]>([
    ['logRetention', { logRetention: RetentionDays.ONE_DAY }],
    ['logRemovalPolicy', { logRemovalPolicy: RemovalPolicy.RETAIN }],
  ])('rejects %s, which would not apply to it', (prop, props) => {
    expect(problemOf(() => withLogGroup(props))).toMatch(new RegExp(`^${prop}: expected .+ and a logGroup$`));
  });

  test('keeps logRetention for the function that syncs usage plans', () => {
    const { stack } = withLogGroup({ plans: { free: {} }, logRetention: RetentionDays.ONE_DAY });
    Template.fromStack(stack).hasResourceProperties('AWS::Logs::LogGroup', { RetentionInDays: 1 });
  });
});

test('logRemovalPolicy applies to the log group of every function', () => {
  const template = authorizerTemplate({ plans: { free: {} }, logRemovalPolicy: RemovalPolicy.RETAIN });
  const policies = Object.values(template.findResources('AWS::Logs::LogGroup')).map(
    ({ DeletionPolicy }) => DeletionPolicy,
  );
  expect(policies).toEqual(['Retain', 'Retain']);
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
