const { App, CfnOutput, Stack } = require('aws-cdk-lib');
const { MockIntegration, RestApi } = require('aws-cdk-lib/aws-apigateway');
const { WebSocketApi, WebSocketStage } = require('aws-cdk-lib/aws-apigatewayv2');
const { WebSocketMockIntegration } = require('aws-cdk-lib/aws-apigatewayv2-integrations');
const { ApiKeyAuthorizer, ApiKeyTable } = require('latchkey/cdk');

const stack = new Stack(new App(), 'Invoices');
const table = new ApiKeyTable(stack, 'Keys');
const authorizer = new ApiKeyAuthorizer(stack, 'Authorizer', { table, keySources: ['bearer'] });

const restApi = new RestApi(stack, 'RestApi', { cloudWatchRole: false });
restApi.root.addMethod('GET', new MockIntegration(), {
  authorizer: authorizer.forRestApi('RestApi', { type: 'TOKEN' }),
});
authorizer.addGatewayResponses(restApi);

const webSocketApi = new WebSocketApi(stack, 'WebSocketApi', {
  connectRouteOptions: {
    integration: new WebSocketMockIntegration('Connect'),
    authorizer: authorizer.forWebSocketApi(),
  },
});
new WebSocketStage(stack, 'WebSocketStage', { webSocketApi, stageName: 'prod', autoDeploy: true });

new CfnOutput(stack, 'TableName', { value: table.tableName });
