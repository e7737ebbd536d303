import { inspect } from 'node:util';
import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { HttpMethod, type HttpApi, type IHttpRouteAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpUrlIntegration, type HttpUrlIntegrationProps } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { DISABLE_ASSET_STAGING_CONTEXT, DISABLE_METADATA_STACK_TRACE } from 'aws-cdk-lib/cx-api';
import { ApiKeyAuthorizer } from '../../../infra/apiKeyAuthorizer.ts';
import type { ApiKeyAuthorizerProps } from '../../../infra/apiKeyAuthorizerProps.ts';
import { ApiKeyTable } from '../../../infra/apiKeyTable.ts';
import { LatchkeyError } from '../../../keys/errors.ts';

export type AuthorizerProps = Omit<ApiKeyAuthorizerProps, 'table'>;

/** Skips copies of the bundles and stack traces, which take a third of a synthesis. Templates don't depend on them. */
export const FAST = { [DISABLE_ASSET_STAGING_CONTEXT]: true, [DISABLE_METADATA_STACK_TRACE]: true };

/** Creates a stack with a table and an authorizer with these props. */
export function authorizerUnderTest(props: AuthorizerProps = {}, context: Readonly<Record<string, unknown>> = {}) {
  const stack = new Stack(new App({ context: { ...FAST, ...context } }), 'Test');
  const authorizer = new ApiKeyAuthorizer(stack, 'Authorizer', { table: new ApiKeyTable(stack, 'Keys'), ...props });
  return { stack, authorizer };
}

/** Returns the template of an authorizer with these props. Equal props share one template, so don't change it. */
export const authorizerTemplate = sharedTemplate((props: AuthorizerProps = {}) => authorizerUnderTest(props).stack);

/** Returns a function that synthesizes the stack from `build` once for equal arguments. Don't change its templates. */
export function sharedTemplate<Args extends readonly unknown[]>(
  build: (...args: Args) => Stack,
): (...args: Args) => Template {
  const templates = new Map<string, Template>();
  return (...args) => {
    const key = inspect(args, { depth: null });
    if (key.includes('[Function (anonymous)]'))
      throw new Error('expected arguments that differ by value, got a function');
    const template = templates.get(key) ?? Template.fromStack(build(...args));
    templates.set(key, template);
    return template;
  };
}

/** Adds the route `GET /`, which the authorizer protects. */
export function addHttpRoute(
  api: HttpApi,
  authorizer: IHttpRouteAuthorizer,
  integrationProps: HttpUrlIntegrationProps = {},
): void {
  const integration = new HttpUrlIntegration('Integration', 'https://backend.example', integrationProps);
  api.addRoutes({ path: '/', methods: [HttpMethod.GET], integration, authorizer });
}

/** Returns the message of the error that a construct throws for the action, without the construct's path. */
export function problemOf(action: () => unknown): string {
  const { path, problem } = refusalOf(action);
  if (path === undefined) throw new Error(`expected the path of a construct, got the problem: ${problem}`);
  return problem;
}

/** Returns the path of the construct that rejects the action, and the rest of its message. Throws if the action succeeds. */
export function refusalOf(action: () => unknown) {
  try {
    action();
  } catch (error) {
    if (!(error instanceof LatchkeyError) || error.code !== 'CONFIG_INVALID') throw error;
    const { path, problem = error.message } =
      /^(?<path>[A-Z][\w-]*(?:\/[\w-]+)*): (?<problem>.*)$/s.exec(error.message)?.groups ?? {};
    return { path, problem };
  }
  throw new Error('expected CONFIG_INVALID, got no error');
}
