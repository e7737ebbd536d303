import { Aspects, AspectPriority, Stage, type IAspect } from 'aws-cdk-lib';
import { CfnMethod, CfnRestApi, type IAuthorizer, type RestApi } from 'aws-cdk-lib/aws-apigateway';
import type { IConstruct, IValidation } from 'constructs';
import { LatchkeyError } from '../keys/errors.ts';
import { propError } from './propChecks.ts';

/**
 * Has the API take what it counts by from its authorizers, and require it on every method behind one of `authorizers`, those
 * too that are made later: a method that was forgotten would be limited by nothing, and nobody would notice. To ask for it again
 * changes nothing.
 *
 * @throws LatchkeyError `CONFIG_INVALID` for an API that takes API Gateway's own keys from a header
 */
export function requireApiKeys(api: RestApi, authorizers: ReadonlySet<IAuthorizer>): void {
  const { defaultChild } = api.node;
  if (!(defaultChild instanceof CfnRestApi))
    throw new LatchkeyError('INTERNAL_ERROR', `${api.node.path}: a RestApi is made of no CfnRestApi`);
  const { apiKeySourceType = 'AUTHORIZER' } = defaultChild;
  if (apiKeySourceType !== 'AUTHORIZER') {
    const problem = `applyPlans: got a REST API with apiKeySourceType ${apiKeySourceType}, wanted AUTHORIZER or none set`;
    throw propError(api, problem);
  }
  // Not from the App where there is a Stage: the CDK takes no aspect across its border (aws/aws-cdk#20468).
  const root = Stage.of(api) ?? api.node.root;
  const aspects = Aspects.of(root);
  if (aspects.all.some((aspect) => aspect instanceof ApiKeyRequirement && aspect.isOf(api, authorizers))) return;
  const requirement = new ApiKeyRequirement(api, authorizers, root);
  aspects.add(requirement, { priority: AspectPriority.MUTATING });
  api.node.addValidation(requirement);
  defaultChild.apiKeySourceType = 'AUTHORIZER';
  // A stage serves what was there when it was deployed: methods that change under it want a new deployment.
  api.latestDeployment?.addToLogicalId({ latchkeyPlans: true });
}

/** Sets what the methods require, and then has the synthesis fail where one was not reached. */
class ApiKeyRequirement implements IAspect, IValidation {
  readonly #api: RestApi;
  readonly #authorizers: ReadonlySet<IAuthorizer>;
  /** The methods of one API may stand in several stacks. */
  readonly #root: IConstruct;

  constructor(api: RestApi, authorizers: ReadonlySet<IAuthorizer>, root: IConstruct) {
    this.#api = api;
    this.#authorizers = authorizers;
    this.#root = root;
  }

  isOf(api: RestApi, authorizers: ReadonlySet<IAuthorizer>): boolean {
    return this.#api === api && this.#authorizers === authorizers;
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
    return node.apiKeyRequired === undefined && isAmong(this.#authorizers, node.authorizerId);
  }
}

function isAmong(authorizers: ReadonlySet<IAuthorizer>, authorizerId: string | undefined): boolean {
  return [...authorizers].some((authorizer) => authorizer.authorizerId === authorizerId);
}
