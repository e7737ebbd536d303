import { App, Stack } from 'aws-cdk-lib';
import { HttpMethod, type HttpApi, type IHttpRouteAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpUrlIntegration, type HttpUrlIntegrationProps } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { ApiKeyAuthorizer } from '../../../infra/apiKeyAuthorizer.ts';
import type { ApiKeyAuthorizerProps } from '../../../infra/apiKeyAuthorizerProps.ts';
import { ApiKeyTable } from '../../../infra/apiKeyTable.ts';
import { LatchkeyError } from '../../../keys/errors.ts';

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

/** The problem that a construct refuses the action with, behind the path that each message begins with. */
export function problemOf(action: () => unknown): string {
  const { path, problem } = refusalOf(action);
  if (path === undefined) throw new Error(`no path of a construct is before the problem: ${problem}`);
  return problem;
}

/** What a construct refuses the action with: the path of the construct, and the problem. */
export function refusalOf(action: () => unknown) {
  try {
    action();
  } catch (error) {
    if (!(error instanceof LatchkeyError) || error.code !== 'CONFIG_INVALID') throw error;
    const { path, problem = error.message } =
      /^(?<path>[A-Z][\w-]*(?:\/[\w-]+)*): (?<problem>.*)$/s.exec(error.message)?.groups ?? {};
    return { path, problem };
  }
  throw new Error('it was accepted');
}
