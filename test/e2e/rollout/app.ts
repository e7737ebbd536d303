import { App, CfnOutput, Stack } from 'aws-cdk-lib';
import { HttpApi, HttpMethod } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpUrlIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { ApiKeyAuthorizer } from '../../../infra/apiKeyAuthorizer.ts';
import { ApiKeyTable } from '../../../infra/apiKeyTable.ts';

/** An HTTP API; with `-c alias=true` behind an alias of the function. CodeDeploy is not emulated, so no rollout makes the alias. */
const app = new App();
const stack = new Stack(app, 'Rollout');
const isBehindAlias = app.node.tryGetContext('alias') === 'true';
const authorizer = new ApiKeyAuthorizer(stack, 'Authorizer', {
  table: new ApiKeyTable(stack, 'Keys'),
  ...(isBehindAlias ? { provisionedConcurrentExecutions: 1 } : {}),
});
const api = new HttpApi(stack, 'Api');
for (const path of ['/orders', '/invoices']) {
  api.addRoutes({
    path,
    methods: [HttpMethod.GET],
    integration: new HttpUrlIntegration(`Backend${path}`, 'https://backend.example'),
    authorizer: authorizer.forHttpApi(),
  });
}
new CfnOutput(stack, 'ApiId', { value: api.apiId });
