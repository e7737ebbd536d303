import { Annotations, Duration, Stack, type StackProps } from 'aws-cdk-lib';
import { HttpApi, HttpMethod } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpJwtAuthorizer, HttpUserPoolAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { HttpUrlIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { UserPool } from 'aws-cdk-lib/aws-cognito';
import type { Construct } from 'constructs';
import { ApiKeyAuthorizer, ApiKeyTable } from '../../../../infra/index.ts';

/** One HTTP API: people sign in with a JWT, machines send a key, and operators use Cognito. */
export class JwtBesideStack extends Stack {
  constructor(scope: Construct, id: string, props?: StackProps) {
    super(scope, id, props);
    const people = new HttpJwtAuthorizer('People', 'https://issuer.example/', { jwtAudience: ['orders'] });
    const operators = new HttpUserPoolAuthorizer('Operators', new UserPool(this, 'Pool'));
    const machines = new ApiKeyAuthorizer(this, 'Machines', {
      table: new ApiKeyTable(this, 'MachineKeys'),
      keySources: ['header:x-api-key'],
      resultsCacheTtl: Duration.seconds(60),
      scopes: { 'orders:read': ['GET /machines/*'] },
      httpApiResponse: 'simple',
    });
    // No machine has a list of IP addresses.
    Annotations.of(machines).acknowledgeWarning('latchkey:allowedIps');
    const api = new HttpApi(this, 'Api', { defaultAuthorizer: people });
    const to = (path: string) => new HttpUrlIntegration('Backend', `https://backend.example${path}`);
    api.addRoutes({ path: '/me', methods: [HttpMethod.GET], integration: to('/me') });
    api.addRoutes({ path: '/admin', methods: [HttpMethod.GET], integration: to('/admin'), authorizer: operators });
    for (const path of ['/machines/orders', '/machines/{proxy+}']) {
      const authorizer = machines.forHttpApi();
      const integration = new HttpUrlIntegration('Backend', 'https://backend.example/machines', {
        parameterMapping: machines.hideCredential(),
      });
      api.addRoutes({ path, methods: [HttpMethod.ANY], integration, authorizer });
    }
  }
}
