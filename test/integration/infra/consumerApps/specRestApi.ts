import { readFileSync } from 'node:fs';
import { Stack, type App } from 'aws-cdk-lib';
import { ApiDefinition, EndpointType, SpecRestApi } from 'aws-cdk-lib/aws-apigateway';
import { CfnApi, CfnStage } from 'aws-cdk-lib/aws-apigatewayv2';
import { ApiKeyAuthorizer, ApiKeyTable } from '../../../../infra/index.ts';

/** Reads the team's definition file and adds the authorizer to it. */
function readDefinition(latchkey: object) {
  const definition = JSON.parse(readFileSync(new URL('orders.openapi.json', import.meta.url), 'utf8'));
  definition.components.securitySchemes = { latchkey };
  return definition;
}

/** One definition in a file, served by a REST API with plans and by an HTTP API. */
export function specRestApi(app: App): void {
  const stack = new Stack(app, 'orders-spec-api');
  const authorizer = new ApiKeyAuthorizer(stack, 'authorizer', {
    table: new ApiKeyTable(stack, 'keys'),
    keySources: ['bearer'],
    plans: { basic: { throttle: { rateLimit: 5, burstLimit: 10 } } },
  });

  const api = new SpecRestApi(stack, 'api', {
    apiDefinition: ApiDefinition.fromInline(readDefinition(authorizer.securityScheme())),
    endpointTypes: [EndpointType.REGIONAL],
    deployOptions: { stageName: 'live' },
  });
  authorizer.addApiPermission(api);
  authorizer.applyPlans(api);
  authorizer.addGatewayResponses(api, { cors: { allowOrigins: ['https://shop.example'] } });

  const http = new CfnApi(stack, 'http', { body: readDefinition(authorizer.securityScheme({ apiType: 'http' })) });
  new CfnStage(stack, 'http-stage', { apiId: http.ref, stageName: '$default', autoDeploy: true });
  authorizer.addApiPermission(http);
}
