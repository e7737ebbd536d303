import { Aspects, AspectPriority, Stage as AppStage, type IAspect } from 'aws-cdk-lib';
import {
  CfnApi,
  CfnRoute,
  CfnStage,
  type IWebSocketStage,
  type WebSocketApi,
  WebSocketApiKeySelectionExpression,
  WebSocketStage,
} from 'aws-cdk-lib/aws-apigatewayv2';
import type { IConstruct, IValidation } from 'constructs';
import { LatchkeyError } from '../keys/errors.ts';
import type { WebSocketKeyAuthorizer } from './authorizers.ts';
import type { KeyPlans } from './keyPlans.ts';
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
  const { api, authorizers, plans } = props;
  const cfnApi = getCheckedApi(props);
  for (const stage of props.stages ?? getStages(api)) plans?.addStage(stage);
  // Aspects of an App don't visit its Stages (aws/aws-cdk#20468).
  const root = AppStage.of(api) ?? api.node.root;
  const aspects = Aspects.of(root);
  const existing = aspects.all
    .filter((aspect) => aspect instanceof WebSocketKeyRequirement)
    .find((aspect) => aspect.isOf(api, authorizers));
  if (props.stages === undefined) existing?.includeAllStages();
  if (existing !== undefined) return;
  const requirement = new WebSocketKeyRequirement(props, root);
  aspects.add(requirement, { priority: AspectPriority.MUTATING });
  api.node.addValidation(requirement);
  cfnApi.apiKeySelectionExpression = FROM_AUTHORIZER;
}

function getCheckedApi({ api, plans, stages = getStages(api) }: WebSocketRequirementProps): CfnApi {
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

/** Makes `$connect` require a key. Fails the synthesis for a route or a stage that it couldn't reach. */
class WebSocketKeyRequirement implements IAspect, IValidation {
  readonly #api: WebSocketApi;
  readonly #authorizers: ReadonlyMap<string, WebSocketKeyAuthorizer>;
  readonly #plans: KeyPlans | undefined;
  /** `true` if the plans also count stages that are added later. */
  #hasAllStages: boolean;
  readonly #root: IConstruct;

  constructor({ api, authorizers, plans, stages }: WebSocketRequirementProps, root: IConstruct) {
    this.#api = api;
    this.#authorizers = authorizers;
    this.#plans = plans;
    this.#hasAllStages = stages === undefined;
    this.#root = root;
  }

  isOf(api: WebSocketApi, authorizers: ReadonlyMap<string, WebSocketKeyAuthorizer>): boolean {
    return this.#api === api && this.#authorizers === authorizers;
  }

  includeAllStages(): void {
    this.#hasAllStages = true;
  }

  visit(node: IConstruct): void {
    if (this.#isUncounted(node)) node.apiKeyRequired = true;
    if (this.#hasAllStages && node instanceof WebSocketStage && isStageOf(node, this.#api)) this.#plans?.addStage(node);
  }

  validate(): string[] {
    const nodes = this.#root.node.findAll();
    const routes = nodes.filter((node) => this.#isUncounted(node));
    const stages = nodes.filter((node) => this.#isUnplanned(node));
    return [
      ...routes.map(
        ({ node }) =>
          `applyPlans: ${node.path}: expected apiKeyRequired to be set, got a route that no plan would limit`,
      ),
      ...stages.map(
        ({ node }) =>
          `applyPlans: ${node.path}: expected a WebSocketStage construct among stages, or no stages, got a stage in no plan, which ` +
          'would refuse every key',
      ),
      ...this.#connectProblems(nodes),
    ];
  }

  /** Returns a problem if `$connect` requires an API key, but no authorizer of Latchkey can return one. */
  #connectProblems(nodes: readonly IConstruct[]): string[] {
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

  #isUnplanned(node: IConstruct): boolean {
    if (this.#plans === undefined || !(node instanceof CfnStage) || node.apiId !== this.#api.apiId) return false;
    const { scope } = node.node;
    return !(scope instanceof WebSocketStage && this.#plans.hasStage(scope));
  }

  /** Returns whether the node is `$connect` behind one of the authorizers and doesn't set `apiKeyRequired` itself. */
  #isUncounted(node: IConstruct): node is CfnRoute {
    if (!(node instanceof CfnRoute) || node.apiId !== this.#api.apiId) return false;
    const { apiKeyRequired, authorizerId } = node;
    if (apiKeyRequired !== undefined || authorizerId === undefined) return false;
    return [...this.#authorizers.values()].some((each) => each.authorizerIdOf(this.#api) === authorizerId);
  }
}
