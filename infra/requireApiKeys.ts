import { Aspects, AspectPriority, Stage, type IAspect } from 'aws-cdk-lib';
import { CfnAuthorizer, CfnMethod, CfnRestApi, type RestApi } from 'aws-cdk-lib/aws-apigateway';
import type { Construct, IConstruct, IValidation } from 'constructs';
import { LatchkeyError } from '../keys/errors.ts';

/**
 * Has the API take what it counts by from its authorizers, and require it on every method behind an authorizer below `owner`: a
 * method that was forgotten would be limited by nothing, and nobody would notice. To ask for it again changes nothing.
 *
 * @throws LatchkeyError `CONFIG_INVALID` for an API that takes API Gateway's own keys from a header
 */
export function requireApiKeys(api: RestApi, owner: Construct): void {
  const { defaultChild } = api.node;
  if (!(defaultChild instanceof CfnRestApi))
    throw new LatchkeyError('INTERNAL_ERROR', 'a RestApi is made of no CfnRestApi');
  const { apiKeySourceType = 'AUTHORIZER' } = defaultChild;
  if (apiKeySourceType !== 'AUTHORIZER') {
    const problem = `applyPlans: got a REST API with apiKeySourceType ${apiKeySourceType}, wanted AUTHORIZER or none set`;
    throw new LatchkeyError('CONFIG_INVALID', problem);
  }
  // Not from the App where there is a Stage: the CDK takes no aspect across its border (aws/aws-cdk#20468).
  const root = Stage.of(api) ?? api.node.root;
  const aspects = Aspects.of(root);
  if (aspects.all.some((aspect) => aspect instanceof ApiKeyRequirement && aspect.isOf(api, owner))) return;
  const requirement = new ApiKeyRequirement(api, owner, root);
  aspects.add(requirement, { priority: AspectPriority.MUTATING });
  api.node.addValidation(requirement);
  defaultChild.apiKeySourceType = 'AUTHORIZER';
  // A stage serves what was there when it was deployed: methods that change under it want a new deployment.
  api.latestDeployment?.addToLogicalId({ latchkeyPlans: true });
}

/** Sets what the methods require, and then has the synthesis fail where one was not reached. */
class ApiKeyRequirement implements IAspect, IValidation {
  readonly #api: RestApi;
  readonly #owner: Construct;
  /** The methods of one API may stand in several stacks. */
  readonly #root: IConstruct;

  constructor(api: RestApi, owner: Construct, root: IConstruct) {
    this.#api = api;
    this.#owner = owner;
    this.#root = root;
  }

  isOf(api: RestApi, owner: Construct): boolean {
    return this.#api === api && this.#owner === owner;
  }

  visit(node: IConstruct): void {
    if (this.#isUncounted(node)) node.apiKeyRequired = true;
  }

  validate(): string[] {
    const uncounted = this.#root.node.findAll().filter((node) => this.#isUncounted(node));
    return uncounted.map(
      ({ node }) => `applyPlans: ${node.path}: got a method that no plan would limit, wanted apiKeyRequired set`,
    );
  }

  /** A method that says for itself whether it is counted keeps what it says. */
  #isUncounted(node: IConstruct): node is CfnMethod {
    if (!(node instanceof CfnMethod) || node.restApiId !== this.#api.restApiId) return false;
    return node.apiKeyRequired === undefined && authorizerIdsBelow(this.#owner).has(node.authorizerId);
  }
}

function authorizerIdsBelow(owner: Construct): ReadonlySet<string | undefined> {
  const authorizers = owner.node.findAll().filter((construct) => construct instanceof CfnAuthorizer);
  return new Set(authorizers.map(({ ref }) => ref));
}
