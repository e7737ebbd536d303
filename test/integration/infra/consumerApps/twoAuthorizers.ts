import { Duration, Stack, type StackProps } from 'aws-cdk-lib';
import { MockIntegration, RestApi } from 'aws-cdk-lib/aws-apigateway';
import { HttpApi, HttpMethod } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpUrlIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import type { Construct } from 'constructs';
import { ApiKeyAuthorizer, ApiKeyMonitoring, ApiKeyTable, KeySource } from '../../../../infra/index.ts';

/** Two authorizers with one table: partners use a header and a cache, internal services use bearer without one. */
export class TwoAuthorizersStack extends Stack {
  constructor(scope: Construct, id: string, props?: StackProps) {
    super(scope, id, props);
    const table = new ApiKeyTable(this, 'Keys');
    const partners = new ApiKeyAuthorizer(this, 'Partners', {
      table,
      keySources: [KeySource.header('X-Partner-Key')],
      resultsCacheTtl: Duration.minutes(5),
      scopes: { 'orders:read': ['GET /partners/orders'] },
    });
    const services = new ApiKeyAuthorizer(this, 'Services', {
      table,
      keySources: [KeySource.bearer()],
      recordCacheTtl: Duration.seconds(0),
    });
    const api = new RestApi(this, 'Api', { cloudWatchRole: false });
    const orders = api.root.addResource('partners').addResource('orders');
    orders.addMethod('GET', new MockIntegration(), { authorizer: partners.forRestApi() });
    api.root.addResource('services').addMethod('GET', new MockIntegration(), { authorizer: services.forRestApi() });
    services.addGatewayResponses(api);
    const http = new HttpApi(this, 'Http');
    for (const [name, keys] of Object.entries({ partners, services })) {
      http.addRoutes({
        path: `/${name}`,
        methods: [HttpMethod.GET],
        integration: new HttpUrlIntegration(`${name}Backend`, 'https://backend.example'),
        authorizer: keys.forHttpApi(),
      });
      new ApiKeyMonitoring(this, `${name}Monitoring`, { authorizer: keys, table });
    }
  }
}
