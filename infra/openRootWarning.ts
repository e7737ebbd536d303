import { Annotations, type IAspect } from 'aws-cdk-lib';
import { AuthorizationType, CfnMethod, Method, type IAuthorizer } from 'aws-cdk-lib/aws-apigateway';
import type { IConstruct } from 'constructs';

/**
 * Warns about a method of the root without an authorizer if the same method of `/{proxy+}` has one. The CDK's `addProxy`
 * adds its method to the root too, but doesn't apply the proxy's default options to it.
 */
export class OpenRootWarning implements IAspect {
  readonly #authorizers: ReadonlySet<IAuthorizer>;

  /** Creates the aspect for authorizers from `forRestApi`, including those that later calls create. */
  constructor(authorizers: ReadonlySet<IAuthorizer>) {
    this.#authorizers = authorizers;
  }

  visit(node: IConstruct): void {
    if (!(node instanceof Method) || node.resource.path !== '/{proxy+}' || !this.#isProtected(node)) return;
    const ofRoot = node.resource.parentResource?.node.tryFindChild(node.httpMethod);
    if (ofRoot === undefined || cfnMethodOf(ofRoot)?.authorizationType !== AuthorizationType.NONE) return;
    Annotations.of(ofRoot).addWarningV2(
      'latchkey:openRoot',
      `forRestApi: expected an authorizer on ${node.httpMethod} /, because ${node.httpMethod} /{proxy+} has one, got a method that accepts ` +
        'requests without a key. The CDK does not apply the default options of addProxy to the root. Pass the authorizer in the ' +
        'defaultMethodOptions of the RestApi.',
    );
  }

  #isProtected(method: Method): boolean {
    const authorizerId = cfnMethodOf(method)?.authorizerId;
    return [...this.#authorizers].some((authorizer) => authorizer.authorizerId === authorizerId);
  }
}

function cfnMethodOf({ node: { defaultChild } }: IConstruct): CfnMethod | undefined {
  return defaultChild instanceof CfnMethod ? defaultChild : undefined;
}
