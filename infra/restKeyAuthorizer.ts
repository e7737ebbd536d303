import {
  RequestAuthorizer,
  TokenAuthorizer,
  type Authorizer,
  type CfnAuthorizerProps,
  type IRestApi,
} from 'aws-cdk-lib/aws-apigateway';
import { ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';

/** The CDK's REQUEST authorizer, which stands by itself: what it needs of the API is beside it, and not beside the function. */
export class RestRequestKeyAuthorizer extends RequestAuthorizer {
  /** The CDK calls it for each method. */
  override _attachToApi(restApi: IRestApi): void {
    if (this.restApiId === undefined) deployWith(this, this.authorizerProps, restApi);
    super._attachToApi(restApi);
  }

  protected override setupPermissions(): void {
    allowToInvoke(this, this.handler, this.authorizerArn);
  }
}

/** The CDK's TOKEN authorizer, likewise. */
export class RestTokenKeyAuthorizer extends TokenAuthorizer {
  /** The CDK calls it for each method. */
  override _attachToApi(restApi: IRestApi): void {
    if (this.restApiId === undefined) deployWith(this, this.authorizerProps, restApi);
    super._attachToApi(restApi);
  }

  protected override setupPermissions(): void {
    allowToInvoke(this, this.handler, this.authorizerArn);
  }
}

/**
 * A stage asks what its authorizer was when the stage was deployed, until it is deployed anew. The CDK does that where the feature
 * flag `@aws-cdk/aws-apigateway:authorizerChangeDeploymentLogicalId` is set; without it a stage would go on to ask a function that
 * it may not ask any more. The permission comes first, for it is below the authorizer.
 */
function deployWith(authorizer: Authorizer, authorizerProps: CfnAuthorizerProps, restApi: IRestApi): void {
  const { latestDeployment } = restApi;
  latestDeployment?.node.addDependency(authorizer);
  latestDeployment?.addToLogicalId({ latchkeyAuthorizer: authorizerProps });
}

/** The CDK has the permission stand beside the function, whose stack would then need the API's, which needs the function's. */
function allowToInvoke(authorizer: Construct, handler: IFunction, sourceArn: string): void {
  handler.addPermission('Permission', {
    scope: authorizer,
    principal: new ServicePrincipal('apigateway.amazonaws.com'),
    sourceArn,
  });
}
