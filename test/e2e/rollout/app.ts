import { App, CfnOutput, CfnResource, Stack } from 'aws-cdk-lib';
import { HttpApi, HttpMethod } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpUrlIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { LambdaDeploymentConfig } from 'aws-cdk-lib/aws-codedeploy';
import { ApiKeyAuthorizer } from '../../../infra/apiKeyAuthorizer.ts';
import type { ApiKeyAuthorizerProps } from '../../../infra/apiKeyAuthorizerProps.ts';
import { ApiKeyTable } from '../../../infra/apiKeyTable.ts';

/** Value of the context `alias` → props that create the alias. */
const ALIAS: Readonly<Record<string, Partial<ApiKeyAuthorizerProps>>> = {
  none: {},
  provisioned: { provisionedConcurrentExecutions: 1 },
  rollout: { rollout: LambdaDeploymentConfig.CANARY_10PERCENT_5MINUTES, rolloutAlarm: false },
};

// An HTTP API whose authorizer invokes the function or its alias.
const app = new App();
const stack = new Stack(app, 'Rollout');
const authorizer = new ApiKeyAuthorizer(stack, 'Authorizer', {
  table: new ApiKeyTable(stack, 'Keys'),
  ...ALIAS[String(app.node.tryGetContext('alias'))],
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

// The emulated account doesn't provide CodeDeploy. Remove its resources, and keep the alias that `rollout` creates.
for (const node of stack.node.findAll()) {
  if (!CfnResource.isCfnResource(node)) continue;
  if (node.cfnResourceType.startsWith('AWS::CodeDeploy::')) node.node.scope?.node.tryRemoveChild(node.node.id);
  if (node.cfnResourceType === 'AWS::Lambda::Alias') delete node.cfnOptions.updatePolicy;
}
