import { Stack } from 'aws-cdk-lib';
import { ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Alias, type IFunction } from 'aws-cdk-lib/aws-lambda';
import type { Construct, IConstruct } from 'constructs';

interface InvokePermissionProps {
  /** The scope that the permission is created in: it belongs to the stack of the API. */
  readonly scope: Construct;
  readonly id: string;
  readonly handler: IFunction;
  readonly api: IConstruct;
  readonly apiId: string;
}

/**
 * Lets the authorizers of one API invoke the handler, and makes `authorizer` depend on that permission.
 *
 * With `rollout` or provisioned concurrency the API invokes an alias instead of the function. If you add or remove either, the new
 * handler's permission must exist before the authorizer points at the new handler, and the old permission must outlast that step.
 * CloudFormation creates and updates in the order of dependencies and deletes last. So the permission doesn't refer to the authorizer,
 * and its logical id differs between the function and the alias.
 */
export function allowToInvoke(authorizer: IConstruct, { scope, id, handler, api, apiId }: InvokePermissionProps): void {
  const permissionId = handler instanceof Alias ? `${id}-${handler.aliasName}` : id;
  handler.addPermission(permissionId, {
    scope,
    principal: new ServicePrincipal('apigateway.amazonaws.com'),
    sourceArn: Stack.of(api).formatArn({ service: 'execute-api', resource: apiId, resourceName: 'authorizers/*' }),
  });
  const permission = scope.node.tryFindChild(permissionId);
  if (permission !== undefined) authorizer.node.addDependency(permission);
}

/** Returns the URI with which an authorizer of an HTTP or WebSocket API invokes the handler. */
export function invocationUri(handler: IFunction): string {
  const { partition, region } = Stack.of(handler);
  return `arn:${partition}:apigateway:${region}:lambda:path/2015-03-31/functions/${handler.functionArn}/invocations`;
}
