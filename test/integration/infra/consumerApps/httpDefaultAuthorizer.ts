import * as cdk from 'aws-cdk-lib';
import * as apigwv2 from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { ApiKeyAuthorizer, ApiKeyTable } from '../../../../infra/index.ts';

const ROUTES = [
  { path: '/clippings', methods: [apigwv2.HttpMethod.GET, apigwv2.HttpMethod.POST] },
  { path: '/clippings/{id}', methods: [apigwv2.HttpMethod.ANY] },
  { path: '/status', methods: [apigwv2.HttpMethod.GET], isPublic: true },
  { path: '/docs/{proxy+}', methods: [apigwv2.HttpMethod.GET], isPublic: true },
];

export interface HttpDefaultAuthorizerProps extends cdk.StackProps {
  readonly scopes?: Readonly<Record<string, readonly string[]>>;
  readonly recordCacheTtl?: cdk.Duration;
}

/** An HTTP API whose routes require a key by default. Two routes are public. The stage is throttled through its L1. */
export class HttpDefaultAuthorizerStack extends cdk.Stack {
  constructor(app: cdk.App, id: string, { scopes, recordCacheTtl, ...props }: HttpDefaultAuthorizerProps = {}) {
    super(app, id, props);
    const table = new ApiKeyTable(this, 'Table', { deletionProtection: false });
    const keys = new ApiKeyAuthorizer(this, 'Authorizer', {
      table,
      keySources: ['bearer'],
      httpApiResponse: 'simple',
      ...(scopes && { scopes }),
      ...(recordCacheTtl && { recordCacheTtl }),
    });
    const fn = new lambda.Function(this, 'Handler', {
      code: lambda.Code.fromInline('exports.handler = async () => "ok"'),
      handler: 'index.handler',
      runtime: lambda.Runtime.NODEJS_22_X,
    });
    const httpApi = new apigwv2.HttpApi(this, 'HttpApi', {
      apiName: `${id}-api`,
      createDefaultStage: false,
      defaultAuthorizer: keys.forHttpApi(),
      corsPreflight: { allowHeaders: ['*'], allowMethods: [apigwv2.CorsHttpMethod.ANY], allowOrigins: ['*'] },
    });
    for (const { path, methods, isPublic } of ROUTES) {
      httpApi.addRoutes({
        path,
        methods,
        integration: new HttpLambdaIntegration(`Integration-${path}`, fn),
        ...(isPublic && { authorizer: new apigwv2.HttpNoneAuthorizer() }),
      });
    }
    const stage = new apigwv2.HttpStage(this, 'Stage', { httpApi, stageName: 'v1', autoDeploy: true });
    (stage.node.defaultChild as apigwv2.CfnStage).defaultRouteSettings = {
      throttlingRateLimit: 50,
      throttlingBurstLimit: 100,
    };
    new cdk.CfnOutput(this, 'RevocationDelaySeconds', { value: `${keys.revocationDelay.toSeconds()}` });
    new cdk.CfnOutput(this, 'TableName', { value: table.tableName });
  }
}
