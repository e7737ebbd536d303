import { type App, CfnOutput, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { WebSocketApi, WebSocketStage } from 'aws-cdk-lib/aws-apigatewayv2';
import { WebSocketLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { AttributeType, BillingMode, Table } from 'aws-cdk-lib/aws-dynamodb';
import { Code, Function as Lambda, Runtime } from 'aws-cdk-lib/aws-lambda';
import { ApiKeyAuthorizer, type ApiKeyAuthorizerProps, ApiKeyTable } from '../../../../infra/index.ts';

/** A chat: functions for $connect, $disconnect and messages, and a table of connections next to the table of keys. */
export const webSocketApi = (app: App, props: Pick<ApiKeyAuthorizerProps, 'rollout' | 'rolloutAlarm'> = {}) => {
  const stack = new Stack(app, 'Chat');
  const connections = new Table(stack, 'Connections', {
    partitionKey: { name: 'connectionId', type: AttributeType.STRING },
    billingMode: BillingMode.PAY_PER_REQUEST,
    removalPolicy: RemovalPolicy.DESTROY,
  });
  const route = (name: string) => {
    const fn = new Lambda(stack, `${name}Fn`, {
      runtime: Runtime.NODEJS_22_X,
      handler: 'index.handler',
      code: Code.fromInline('exports.handler = async () => ({ statusCode: 200 });'),
      environment: { TABLE: connections.tableName },
    });
    connections.grantReadWriteData(fn);
    return { integration: new WebSocketLambdaIntegration(`${name}Integration`, fn), fn };
  };
  const keys = new ApiKeyTable(stack, 'Keys');
  const authorizer = new ApiKeyAuthorizer(stack, 'Authorizer', { table: keys, keySources: ['query:token'], ...props });
  const connect = route('Connect');
  const message = route('Message');
  const webSocket = new WebSocketApi(stack, 'Socket', {
    connectRouteOptions: { integration: connect.integration, authorizer: authorizer.forWebSocketApi() },
    disconnectRouteOptions: { integration: route('Disconnect').integration },
    defaultRouteOptions: { integration: message.integration },
  });
  webSocket.addRoute('send', { integration: message.integration });
  webSocket.grantManageConnections(message.fn);
  const stage = new WebSocketStage(stack, 'Stage', { webSocketApi: webSocket, stageName: 'dev', autoDeploy: true });
  new CfnOutput(stack, 'Url', { value: stage.url });
  new CfnOutput(stack, 'TableName', { value: keys.tableName });
};
