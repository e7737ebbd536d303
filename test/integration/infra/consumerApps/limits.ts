import { type App, CfnOutput, Stack } from 'aws-cdk-lib';
import { HttpApi, HttpMethod, WebSocketApi, WebSocketStage } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaIntegration, WebSocketLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { AccountPrincipal, Role } from 'aws-cdk-lib/aws-iam';
import { Code, Function as Lambda, Runtime } from 'aws-cdk-lib/aws-lambda';
import { ApiKeyAuthorizer, ApiKeyLimits, ApiKeyTable, LimitPeriod, type PlanMapping } from '../../../../infra/index.ts';

const PLANS: PlanMapping = {
  free: { enforce: 'authorizer', quota: { limit: 1000, period: LimitPeriod.DAY } },
  team: {
    enforce: 'authorizer',
    per: 'owner',
    throttle: { rateLimit: 20, burstLimit: 40 },
    quota: { limit: 50_000, period: LimitPeriod.HOUR },
  },
};

/** A feed of prices: an HTTP API that responds with 429, and a WebSocket API that counts messages by the same plans. */
export const limits = (app: App) => {
  const stack = new Stack(app, 'Feed');
  const counts = new ApiKeyLimits(stack, 'Limits');
  const keys = new ApiKeyTable(stack, 'Keys');
  const authorizer = new ApiKeyAuthorizer(stack, 'Authorizer', {
    table: keys,
    limits: counts,
    plans: PLANS,
    onLimit: 'tell',
    onLimiterFailure: 'deny',
  });
  const fn = (name: string, environment: Record<string, string> = {}) =>
    new Lambda(stack, name, {
      runtime: Runtime.NODEJS_22_X,
      handler: 'index.handler',
      code: Code.fromInline('exports.handler = async () => ({ statusCode: 200 });'),
      environment,
    });

  const http = new HttpApi(stack, 'Http');
  http.addRoutes({
    path: '/prices',
    methods: [HttpMethod.GET],
    integration: new HttpLambdaIntegration('Prices', fn('PricesFn')),
    authorizer: authorizer.forHttpApi(),
  });
  const messages = fn('MessagesFn', { LIMITS_TABLE: counts.tableName, PLANS: authorizer.planLimits });
  counts.grantTake(messages);
  const socket = new WebSocketApi(stack, 'Socket', {
    connectRouteOptions: {
      integration: new WebSocketLambdaIntegration('Connect', fn('ConnectFn')),
      authorizer: authorizer.forWebSocketApi(),
    },
    defaultRouteOptions: { integration: new WebSocketLambdaIntegration('Messages', messages) },
  });
  new WebSocketStage(stack, 'Stage', { webSocketApi: socket, stageName: 'live', autoDeploy: true });

  const support = new Role(stack, 'Support', { assumedBy: new AccountPrincipal(stack.account) });
  keys.grantManage(support);
  counts.grantManage(support);
  new CfnOutput(stack, 'LimitsTableName', { value: counts.tableName });
  new CfnOutput(stack, 'Plans', { value: authorizer.planLimits });
};
