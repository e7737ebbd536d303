import { App, CfnOutput, Duration, Stack } from 'aws-cdk-lib';
import { MockIntegration, RestApi } from 'aws-cdk-lib/aws-apigateway';
import { HttpApi } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpUrlIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { ApiKeyAuthorizer, ApiKeyTable, KeyManagementApi } from 'latchkey/cdk';

const app = new App();
const stack = new Stack(app, 'Orders');
const table = new ApiKeyTable(stack, 'Keys');
const authorizer = new ApiKeyAuthorizer(stack, 'Authorizer', {
  table,
  recordCacheTtl: Duration.seconds(Number(app.node.tryGetContext('recordCacheSeconds') ?? 60)),
  scopes: JSON.parse(app.node.tryGetContext('scopes') ?? '{}'),
});

const restApi = new RestApi(stack, 'RestApi', { cloudWatchRole: false });
restApi.root.addResource('orders').addMethod('GET', new MockIntegration(), { authorizer: authorizer.forRestApi() });
authorizer.addGatewayResponses(restApi);

const httpApi = new HttpApi(stack, 'HttpApi');
httpApi.addRoutes({
  path: '/orders',
  integration: new HttpUrlIntegration('Orders', 'https://orders.example.com'),
  authorizer: authorizer.forHttpApi(),
});

const management = new KeyManagementApi(stack, 'Management', {
  table,
  authorizer,
  owners: { issuer: 'https://issuer.example.com', audience: ['orders'] },
  portal: { name: 'Orders', returnOrigins: ['https://orders.example.com'] },
  ownerRules: { maxLifetime: Duration.days(90), maxKeysPerOwner: 3 },
});

new CfnOutput(stack, 'KeyManagementUrl', { value: management.url });
new CfnOutput(stack, 'TableName', { value: table.tableName });
new CfnOutput(stack, 'RevocationDelaySeconds', { value: String(authorizer.revocationDelay.toSeconds()) });
new CfnOutput(stack, 'FunctionName', { value: authorizer.function.functionName });
