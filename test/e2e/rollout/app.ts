import { App, CfnOutput, CfnResource, Stack } from 'aws-cdk-lib';
import { HttpApi, HttpMethod } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpUrlIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { LambdaDeploymentConfig } from 'aws-cdk-lib/aws-codedeploy';
import { ApiKeyAuthorizer } from '../../../infra/apiKeyAuthorizer.ts';
import type { ApiKeyAuthorizerProps } from '../../../infra/apiKeyAuthorizerProps.ts';
import { ApiKeyTable } from '../../../infra/apiKeyTable.ts';

/** What puts an alias before the function, by the context `alias`. */
const ALIAS: Readonly<Record<string, Partial<ApiKeyAuthorizerProps>>> = {
  none: {},
  provisioned: { provisionedConcurrentExecutions: 1 },
  rollout: { rollout: LambdaDeploymentConfig.CANARY_10PERCENT_5MINUTES, rolloutAlarm: false },
};

/** An HTTP API whose authorizer's function is behind an alias or not. */
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

// The emulated account has no CodeDeploy. What moves requests between versions goes, and the alias stays as `rollout` makes it.
for (const node of stack.node.findAll()) {
  if (!CfnResource.isCfnResource(node)) continue;
  if (node.cfnResourceType.startsWith('AWS::CodeDeploy::')) node.node.scope?.node.tryRemoveChild(node.node.id);
  if (node.cfnResourceType === 'AWS::Lambda::Alias') delete node.cfnOptions.updatePolicy;
}
