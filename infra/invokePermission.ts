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
 * Lets the authorizers of one API invoke the handler, and has `authorizer` wait for that permission.
 *
 * A `rollout` or provisioned concurrency makes the API invoke an alias and not the function. CloudFormation creates and updates in the
 * order of dependencies and deletes last. So the permission of the new handler must not refer to the authorizer, and must have
 * a logical id of its own: it exists before the authorizer points at the new handler, and the old permission goes afterwards.
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

/** Returns the URI by which an authorizer of an HTTP or WebSocket API invokes the handler. */
export function invocationUri(handler: IFunction): string {
  const { partition, region } = Stack.of(handler);
  return `arn:${partition}:apigateway:${region}:lambda:path/2015-03-31/functions/${handler.functionArn}/invocations`;
}
