import { App, Stack } from 'aws-cdk-lib';
import { HttpMethod, type HttpApi, type IHttpRouteAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpUrlIntegration, type HttpUrlIntegrationProps } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { ApiKeyAuthorizer } from '../../infra/apiKeyAuthorizer.ts';
import type { ApiKeyAuthorizerProps } from '../../infra/apiKeyAuthorizerProps.ts';
import { ApiKeyTable } from '../../infra/apiKeyTable.ts';
import { LatchkeyError } from '../../keys/errors.ts';

export type AuthorizerProps = Omit<ApiKeyAuthorizerProps, 'table'>;

/** An authorizer of these props, in a stack of its own with its table. */
export function authorizerUnderTest(props: AuthorizerProps = {}, context: Readonly<Record<string, unknown>> = {}) {
  const stack = new Stack(new App({ context }), 'Test');
  const authorizer = new ApiKeyAuthorizer(stack, 'Authorizer', { table: new ApiKeyTable(stack, 'Keys'), ...props });
  return { stack, authorizer };
}

/** Adds `GET /` behind the authorizer. */
export function addHttpRoute(
  api: HttpApi,
  authorizer: IHttpRouteAuthorizer,
  integrationProps: HttpUrlIntegrationProps = {},
): void {
  const integration = new HttpUrlIntegration('Integration', 'https://backend.example', integrationProps);
  api.addRoutes({ path: '/', methods: [HttpMethod.GET], integration, authorizer });
}

/** What the construct refuses the action with. */
export function problemOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof LatchkeyError && error.code === 'CONFIG_INVALID') return error.message;
    throw error;
  }
  throw new Error('it was accepted');
}
