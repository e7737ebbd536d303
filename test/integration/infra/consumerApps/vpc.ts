import { type App, Stack } from 'aws-cdk-lib';
import { HttpApi, HttpMethod } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpUrlIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { GatewayVpcEndpointAwsService, type IVpc, SecurityGroup, SubnetType, Vpc } from 'aws-cdk-lib/aws-ec2';
import { ApiKeyAuthorizer, ApiKeyTable } from '../../../../infra/index.ts';

/** The authorizer's function runs in the private subnets of a shared VPC, with a security group of the network team. */
export function vpc(app: App): void {
  const network = new Stack(app, 'Network');
  const shared: IVpc = new Vpc(network, 'Vpc', { maxAzs: 2, natGateways: 1 }) as IVpc;
  shared.addGatewayEndpoint('DynamoDb', { service: GatewayVpcEndpointAwsService.DYNAMODB });

  const stack = new Stack(app, 'Orders');
  const authorizer = new ApiKeyAuthorizer(stack, 'Authorizer', {
    table: new ApiKeyTable(stack, 'Keys'),
    vpc: shared,
    vpcSubnets: { subnetType: SubnetType.PRIVATE_WITH_EGRESS },
    securityGroups: [SecurityGroup.fromSecurityGroupId(stack, 'Group', 'sg-0123456789abcdef0')],
    tracing: true,
  });
  new HttpApi(stack, 'Api', { defaultAuthorizer: authorizer.forHttpApi() }).addRoutes({
    path: '/orders',
    methods: [HttpMethod.GET],
    integration: new HttpUrlIntegration('Backend', 'https://backend.example'),
  });
}
