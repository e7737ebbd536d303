import * as cdk from 'aws-cdk-lib';
import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { ApiKeyAuthorizer, ApiKeyTable } from '../../../../infra/index.ts';

const RESOURCES = ['families', 'members', 'gifts', 'boards', 'orders', 'invoices', 'products', 'suppliers'];

export interface ExistingRestApiProps extends cdk.StackProps {
  /** @default Duration.minutes(5) */
  readonly resultsCacheTtl?: cdk.Duration;
}

/**
 * An existing REST API of 40 routes: nested resources in a loop, CORS, a proxy function, its own gateway responses, a
 * public health check, and a usage plan of its own for a partner.
 */
export class ExistingRestApiStack extends cdk.Stack {
  constructor(scope: Construct, id: string, { resultsCacheTtl, ...props }: ExistingRestApiProps = {}) {
    super(scope, id, props);

    const handler = new lambda.Function(this, 'Backend', {
      runtime: lambda.Runtime.NODEJS_22_X,
      handler: 'index.handler',
      code: lambda.Code.fromInline('exports.handler = async () => ({ statusCode: 200 });'),
    });
    const api = new apigateway.RestApi(this, 'wish-list-api', {
      restApiName: `wish-list-${id}`,
      endpointConfiguration: { types: [apigateway.EndpointType.REGIONAL] },
      deployOptions: { stageName: 'v1', throttlingRateLimit: 100, throttlingBurstLimit: 200, metricsEnabled: true },
      defaultCorsPreflightOptions: {
        allowOrigins: apigateway.Cors.ALL_ORIGINS,
        allowMethods: apigateway.Cors.ALL_METHODS,
        allowHeaders: ['Content-Type', 'Authorization', 'X-Api-Key'],
      },
    });
    api.addGatewayResponse('AccessDenied', {
      type: apigateway.ResponseType.ACCESS_DENIED,
      statusCode: '403',
      responseHeaders: { 'Access-Control-Allow-Origin': "'*'" },
      templates: { 'application/json': '{"message":$context.error.messageString}' },
    });
    api.addGatewayResponse('Default4xx', {
      type: apigateway.ResponseType.DEFAULT_4XX,
      responseHeaders: { 'Access-Control-Allow-Origin': "'*'" },
    });
    const partner = api.addUsagePlan('PartnerPlan', { throttle: { rateLimit: 10, burstLimit: 20 } });
    partner.addApiKey(api.addApiKey('PartnerKey'));
    partner.addApiStage({ stage: api.deploymentStage });

    const table = new ApiKeyTable(this, 'ApiKeys', { removalPolicy: cdk.RemovalPolicy.DESTROY });
    const keys = new ApiKeyAuthorizer(this, 'KeyAuthorizer', {
      table,
      keySources: ['header:X-Api-Key'],
      resultsCacheTtl: resultsCacheTtl ?? cdk.Duration.minutes(5),
    });
    const authorizer = keys.forRestApi();

    const integration = new apigateway.LambdaIntegration(handler, { proxy: true });
    api.root.addResource('health').addMethod('GET', integration);
    for (const name of RESOURCES) {
      const collection = api.root.addResource(name);
      const item = collection.addResource('{id}');
      const secured = { authorizer, authorizationType: apigateway.AuthorizationType.CUSTOM };
      collection.addMethod('GET', integration, secured);
      collection.addMethod('POST', integration, secured);
      for (const method of ['GET', 'PUT', 'DELETE']) item.addMethod(method, integration, secured);
    }
    keys.addGatewayResponses(api);

    new cdk.CfnOutput(this, 'TableName', { value: table.tableName });
  }
}
