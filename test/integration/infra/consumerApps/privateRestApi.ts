import { type App, Stack } from 'aws-cdk-lib';
import { EndpointType, LambdaIntegration, RestApi } from 'aws-cdk-lib/aws-apigateway';
import { InterfaceVpcEndpoint, InterfaceVpcEndpointAwsService, type IVpc, Vpc } from 'aws-cdk-lib/aws-ec2';
import { AnyPrincipal, Effect, PolicyDocument, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Code, Function as Lambda, Runtime } from 'aws-cdk-lib/aws-lambda';
import { ApiKeyAuthorizer, ApiKeyTable } from '../../../../infra/index.ts';

/** A private REST API: only a VPC endpoint reaches it, and callers still need a key. */
export function privateRestApi(app: App): void {
  const stack = new Stack(app, 'Private');
  const vpc = new Vpc(stack, 'Vpc', { maxAzs: 2, natGateways: 0 });
  const endpoint = new InterfaceVpcEndpoint(stack, 'ExecuteApi', {
    vpc: vpc as IVpc,
    service: InterfaceVpcEndpointAwsService.APIGATEWAY,
  });
  const fromEndpoint = { StringNotEquals: { 'aws:SourceVpce': endpoint.vpcEndpointId } };
  const principals = [new AnyPrincipal()];
  const shared = { principals, actions: ['execute-api:Invoke'], resources: ['execute-api:/*'] };
  const authorizer = new ApiKeyAuthorizer(stack, 'Authorizer', { table: new ApiKeyTable(stack, 'Keys') });
  const backend = new Lambda(stack, 'Backend', {
    runtime: Runtime.NODEJS_22_X,
    handler: 'index.handler',
    code: Code.fromInline('exports.handler = async () => ({ statusCode: 200 });'),
  });
  const api = new RestApi(stack, 'Api', {
    endpointConfiguration: { types: [EndpointType.PRIVATE], vpcEndpoints: [endpoint] },
    policy: new PolicyDocument({
      statements: [
        new PolicyStatement({ ...shared, effect: Effect.DENY, conditions: fromEndpoint }),
        new PolicyStatement(shared),
      ],
    }),
    // The options of `addProxy` would leave the root open.
    defaultMethodOptions: { authorizer: authorizer.forRestApi() },
  });
  api.root.addProxy({ defaultIntegration: new LambdaIntegration(backend) });
}
