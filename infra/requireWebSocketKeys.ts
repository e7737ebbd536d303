import {
  CfnApi,
  CfnRoute,
  CfnStage,
  type IWebSocketStage,
  type WebSocketApi,
  WebSocketApiKeySelectionExpression,
  WebSocketStage,
} from 'aws-cdk-lib/aws-apigatewayv2';
import type { IConstruct } from 'constructs';
import { LatchkeyError } from '../keys/errors.ts';
import type { WebSocketKeyAuthorizer } from './authorizers.ts';
import type { KeyPlans } from './keyPlans.ts';
import { KeyRequirement } from './keyRequirement.ts';
import { propError } from './propChecks.ts';

interface WebSocketRequirementProps {
  readonly api: WebSocketApi;
  /** The authorizers from `forWebSocketApi`, including those that later calls create. */
  readonly authorizers: ReadonlyMap<string, WebSocketKeyAuthorizer>;
  /** The deployment's plans, or `undefined` if keys count only on their own usage plans. */
  readonly plans: KeyPlans | undefined;
  /** The stages to count. All stages of the API, including later ones, if it's absent. */
  readonly stages?: readonly IWebSocketStage[];
}

const { customApiKeySelector: FROM_AUTHORIZER } = WebSocketApiKeySelectionExpression.AUTHORIZER_USAGE_IDENTIFIER_KEY;

/**
 * Makes the WebSocket API read the usage identifier from its authorizer, and require one on `$connect`. Other routes
 * keep their own `apiKeyRequired`. Adds the stages to the plans. A further call for the same API adds its stages.
 *
 * @throws LatchkeyError `CONFIG_INVALID` before any change, if the API reads API keys from a header or lacks a stage.
 * Also thrown if a stage belongs to another API
 */
export function requireWebSocketKeys(props: WebSocketRequirementProps): void {
  const { api, plans } = props;
  const stages = props.stages ?? getStages(api);
  const cfnApi = getCheckedApi({ ...props, stages });
  for (const stage of stages) plans?.addStage(stage);
  const isNew = new WebSocketKeyRequirement(props).add();
  if (isNew) cfnApi.apiKeySelectionExpression = FROM_AUTHORIZER;
}

function getCheckedApi({ api, plans, stages }: Required<WebSocketRequirementProps>): CfnApi {
  const { defaultChild } = api.node;
  if (!(defaultChild instanceof CfnApi))
    throw new LatchkeyError('INTERNAL_ERROR', `${api.node.path}: a WebSocketApi has no CfnApi`);
  const { apiKeySelectionExpression = FROM_AUTHORIZER } = defaultChild;
  if (apiKeySelectionExpression !== FROM_AUTHORIZER) {
    const problem = `applyPlans: expected a WebSocket API with apiKeySelectionExpression ${FROM_AUTHORIZER} or none, got ${apiKeySelectionExpression}`;
    throw propError(api, problem);
  }
  if (stages.length === 0 && plans !== undefined) {
    const problem =
      'applyPlans: expected a WebSocketStage that exists before the call, or stages: [stage], got a WebSocket API without a stage';
    throw propError(api, problem);
  }
  const foreign = stages.find((stage) => !isStageOf(stage, api));
  if (foreign === undefined) return defaultChild;
  const problem = `applyPlans: stages: expected stages of this WebSocket API, got ${foreign.node.path}, a stage of another one`;
  throw propError(api, problem);
}

/** Returns whether the stage belongs to the API. A caller may also pass a stage of a REST API. */
function isStageOf(stage: Partial<IWebSocketStage>, { apiId }: WebSocketApi): boolean {
  return stage.api?.apiId === apiId;
}

/** Returns the stages of the API in all stacks of the app. */
function getStages(api: WebSocketApi): readonly WebSocketStage[] {
  return api.node.root.node
    .findAll()
    .filter((node) => node instanceof WebSocketStage)
    .filter((stage) => isStageOf(stage, api));
}

/** Makes the `$connect` route of a WebSocket API require a key. */
class WebSocketKeyRequirement extends KeyRequirement {
  readonly #api: WebSocketApi;
  readonly #authorizers: ReadonlyMap<string, WebSocketKeyAuthorizer>;

  constructor(props: WebSocketRequirementProps) {
    super(props, { method: 'route', stage: 'WebSocketStage' });
    this.#api = props.api;
    this.#authorizers = props.authorizers;
  }

  protected override isUncounted(node: IConstruct): node is CfnRoute {
    if (!(node instanceof CfnRoute) || node.apiId !== this.#api.apiId) return false;
    const { apiKeyRequired, authorizerId } = node;
    if (apiKeyRequired !== undefined || authorizerId === undefined) return false;
    return [...this.#authorizers.values()].some((each) => each.authorizerIdOf(this.#api) === authorizerId);
  }

  protected override isStage(node: IConstruct | undefined): node is WebSocketStage {
    return node instanceof WebSocketStage && isStageOf(node, this.#api);
  }

  protected override isStageResource(node: IConstruct): boolean {
    return node instanceof CfnStage && node.apiId === this.#api.apiId;
  }

  protected override unidentifiedProblems(nodes: readonly IConstruct[]): string[] {
    const unidentified = nodes
      .filter((node) => node instanceof CfnRoute)
      .filter(({ apiId, routeKey }) => apiId === this.#api.apiId && routeKey === '$connect')
      .filter((route) => route.apiKeyRequired === true && route.authorizationType !== 'CUSTOM');
    return unidentified.map(
      ({ node }) =>
        `applyPlans: ${node.path}: expected an authorizer from forWebSocketApi, got a route that requires an API key without one: ` +
        'API Gateway reads API keys only from authorizers now, and would refuse every connection',
    );
  }
}
