import { Aspects, AspectPriority } from 'aws-cdk-lib';
import { CfnAuthorizer, CfnMethod, CfnRestApi, type RestApi } from 'aws-cdk-lib/aws-apigateway';
import type { Construct, IConstruct } from 'constructs';
import { LatchkeyError } from '../keys/errors.ts';

/**
 * Has the API take what it counts by from its authorizers, and require it on every method behind an authorizer below `owner`: a
 * method that was forgotten would be limited by nothing, and nobody would notice.
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
  defaultChild.apiKeySourceType = 'AUTHORIZER';
  // A stage serves what was there when it was deployed: methods that change under it want a new deployment.
  api.latestDeployment?.addToLogicalId({ latchkeyPlans: true });
  const visit = (node: IConstruct) => {
    if (!(node instanceof CfnMethod) || node.restApiId !== api.restApiId || node.apiKeyRequired !== undefined) return;
    if (authorizerIdsBelow(owner).has(node.authorizerId)) node.apiKeyRequired = true;
  };
  // From the root: the methods of one API may stand in several stacks.
  Aspects.of(api.node.root).add({ visit }, { priority: AspectPriority.MUTATING });
}

function authorizerIdsBelow(owner: Construct): ReadonlySet<string | undefined> {
  const authorizers = owner.node.findAll().filter((construct) => construct instanceof CfnAuthorizer);
  return new Set(authorizers.map(({ ref }) => ref));
}
