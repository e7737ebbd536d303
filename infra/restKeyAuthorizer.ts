import { Lazy } from 'aws-cdk-lib';
import {
  RequestAuthorizer,
  TokenAuthorizer,
  type Authorizer,
  type CfnAuthorizerProps,
  type IRestApi,
} from 'aws-cdk-lib/aws-apigateway';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { allowToInvoke } from './invokePermission.ts';
import { propError } from './propChecks.ts';

/** The CDK's REQUEST authorizer, which stands by itself: what it needs of the API is beside it, and not beside the function. */
export class RestRequestKeyAuthorizer extends RequestAuthorizer {
  /** Attaches the authorizer to the API; the CDK calls this for each method. Throws LatchkeyError `CONFIG_INVALID` for a second API. */
  override _attachToApi(restApi: IRestApi): void {
    attach(this, this.restApiId, this.authorizerProps, restApi);
    super._attachToApi(restApi);
  }

  protected override setupPermissions(): void {
    allowRestApi(this, this.handler, () => this.restApiId);
  }
}

/** The CDK's TOKEN authorizer, likewise. */
export class RestTokenKeyAuthorizer extends TokenAuthorizer {
  /** Attaches the authorizer to the API; the CDK calls this for each method. Throws LatchkeyError `CONFIG_INVALID` for a second API. */
  override _attachToApi(restApi: IRestApi): void {
    attach(this, this.restApiId, this.authorizerProps, restApi);
    super._attachToApi(restApi);
  }

  protected override setupPermissions(): void {
    allowRestApi(this, this.handler, () => this.restApiId);
  }
}

/**
 * A stage asks what its authorizer was when the stage was deployed, until it is deployed anew. The CDK does that where the feature
 * flag `@aws-cdk/aws-apigateway:authorizerChangeDeploymentLogicalId` is set; without it a stage would go on to ask a function that
 * it may not ask any more. The permission comes first, for it is below the authorizer.
 */
function attach(
  authorizer: Authorizer,
  attachedTo: string | undefined,
  authorizerProps: CfnAuthorizerProps,
  restApi: IRestApi,
): void {
  if (attachedTo === restApi.restApiId) return;
  if (attachedTo !== undefined) {
    const problem =
      `forRestApi: got methods of a second REST API, ${restApi.node.path}, wanted an authorizer of its own for each REST API: ` +
      "authorizer.forRestApi('SecondApi')";
    throw propError(authorizer, problem);
  }
  const { latestDeployment } = restApi;
  latestDeployment?.node.addDependency(authorizer);
  latestDeployment?.addToLogicalId({ latchkeyAuthorizer: authorizerProps });
}

/** The CDK has the permission stand beside the function, whose stack would then need the API's, which needs the function's. */
function allowRestApi(authorizer: Authorizer, handler: IFunction, restApiId: () => string | undefined): void {
  const { defaultChild } = authorizer.node;
  if (defaultChild === undefined) return;
  allowToInvoke(defaultChild, {
    scope: authorizer,
    id: 'Permission',
    handler,
    api: authorizer,
    apiId: Lazy.string({ produce: restApiId }),
  });
}
