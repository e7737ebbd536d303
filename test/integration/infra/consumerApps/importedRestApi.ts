import { type App, Stack } from 'aws-cdk-lib';
import { Deployment, HttpIntegration, RestApi, type IRestApi } from 'aws-cdk-lib/aws-apigateway';
import { ApiKeyAuthorizer, ApiKeyTable } from '../../../../infra/index.ts';

/** A REST API of another app. This stack adds methods behind a key to it, and deploys them. */
export function importedRestApi(app: App): void {
  const stack = new Stack(app, 'reports');
  const authorizer = new ApiKeyAuthorizer(stack, 'Authorizer', {
    table: new ApiKeyTable(stack, 'Keys'),
    keySources: ['header:X-Api-Key'],
  });
  const api: IRestApi = RestApi.fromRestApiAttributes(stack, 'SharedApi', {
    restApiId: 'a1b2c3d4e5',
    rootResourceId: 'f6g7h8i9j0',
  });
  const reports = api.root.addResource('reports');
  const methods = ['GET', 'POST'].map((method) =>
    reports.addMethod(method, new HttpIntegration('https://reports.example'), { authorizer: authorizer.forRestApi() }),
  );
  authorizer.addGatewayResponses(api);
  const deployment = new Deployment(stack, 'Deployment', { api });
  for (const method of methods) deployment.node.addDependency(method);
}
