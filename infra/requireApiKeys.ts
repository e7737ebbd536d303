import { Annotations } from 'aws-cdk-lib';
import {
  CfnMethod,
  CfnRestApi,
  CfnStage,
  Stage,
  type IAuthorizer,
  type IRestApi,
  type RestApiBase,
} from 'aws-cdk-lib/aws-apigateway';
import type { IWebSocketStage } from 'aws-cdk-lib/aws-apigatewayv2';
import type { IConstruct } from 'constructs';
import { isWithoutAuthorizer } from './headerKeyProblems.ts';
import type { KeyPlans } from './keyPlans.ts';
import { KeyRequirement } from './keyRequirement.ts';
import { OpenApiDefinition } from './openApiDefinition.ts';
import { propError } from './propChecks.ts';

/** Options of `applyPlans`. */
export interface ApplyPlansOptions {
  /**
   * The stages whose requests the plans count. The synthesis fails if you omit a stage, unless another call names it.
   *
   * @default - every stage of the API in the app, including stages that you add later
   */
  readonly stages?: readonly (Stage | IWebSocketStage)[];
}

interface ApiKeyRequirementProps {
  readonly api: IRestApi | RestApiBase;
  /** The authorizers from `forRestApi`, including those that later calls create. */
  readonly authorizers: ReadonlySet<IAuthorizer>;
  /** The URI of the authorizers from `securityScheme`. */
  readonly authorizerUri: string;
  /** The deployment's plans, or `undefined` if keys count only on their own usage plans. */
  readonly plans: KeyPlans | undefined;
  /** The stages to count. All stages of the API, including later ones, if it's absent. */
  readonly stages?: readonly Stage[];
}

/**
 * Makes the API read the usage identifier from its authorizers, and require one on every method behind `authorizers`.
 * Methods that are added later also require one, because a forgotten method without limits would go unnoticed. Adds the
 * stages to the plans. A further call for the same API adds its stages. The call adds all stages, including later ones,
 * if `stages` is omitted.
 *
 * @throws LatchkeyError `CONFIG_INVALID` before any change, if the API reads API Gateway keys from a header or lacks a
 * stage. Also thrown if a stage belongs to another API
 */
export function requireApiKeys(props: ApiKeyRequirementProps): void {
  const { api, plans } = props;
  const stages = props.stages ?? getStages(api);
  const cfnApi = getCheckedApi({ ...props, stages });
  for (const stage of stages) plans?.addStage(stage);
  const isNew = new RestKeyRequirement(props).add();
  if (!isNew) return;
  if (cfnApi !== undefined) cfnApi.apiKeySourceType = 'AUTHORIZER';
  requireInDefinition(props);
  // A changed method takes effect only with a new deployment.
  api.latestDeployment?.addToLogicalId({ latchkeyPlans: true });
}

/** Returns the API's resource, or `undefined` for an imported API. */
function getCheckedApi({ api, plans, stages }: Required<ApiKeyRequirementProps>): CfnRestApi | undefined {
  const { defaultChild } = api.node;
  const cfnApi = defaultChild instanceof CfnRestApi ? defaultChild : undefined;
  const definedSource = OpenApiDefinition.of(api)?.apiKeySource;
  for (const source of [cfnApi?.apiKeySourceType, definedSource]) {
    if (source === undefined || source === 'AUTHORIZER') continue;
    const problem = `applyPlans: expected a REST API with apiKeySourceType AUTHORIZER or none, got ${String(source)}`;
    throw propError(api, problem);
  }
  const [stage] = stages;
  if (stage === undefined && plans !== undefined) {
    const problem =
      'applyPlans: expected a Stage that exists before the call, or stages: [stage], got a REST API without a stage. A REST API with ' +
      'deploy: false has none';
    throw propError(api, problem);
  }
  const foreign = stages.find((each) => !isStageOf(each, api));
  if (foreign === undefined) return cfnApi;
  throw propError(
    api,
    `applyPlans: stages: expected stages of this REST API, got ${foreign.node.path}, a stage of another one`,
  );
}

/** Makes an inline definition require keys. Warns about what a definition or an API from elsewhere must contain. */
function requireInDefinition({ api, authorizerUri }: ApiKeyRequirementProps): void {
  const definition = OpenApiDefinition.of(api);
  definition?.requireApiKeys(definition.schemesOf(authorizerUri));
  if (OpenApiDefinition.isHidden(api)) {
    warn(
      api,
      'expected an inline definition, got one that the synthesis cannot read. It must contain "x-amazon-apigateway-api-key-source": ' +
        '"AUTHORIZER", and each operation with a plan must require an apiKey scheme named x-api-key next to the authorizer.',
    );
  } else if (!(api.node.defaultChild instanceof CfnRestApi)) {
    warn(
      api,
      'expected an API of this app, got an imported one. Set its apiKeySourceType to AUTHORIZER, and deploy it.',
    );
  }
}

function warn(api: IRestApi | RestApiBase, problem: string): void {
  Annotations.of(api).addWarningV2('latchkey:apiKeySource', `applyPlans: ${problem}`);
}

/** Returns the stages of the API in all stacks of the app. */
function getStages(api: IRestApi | RestApiBase): Stage[] {
  return api.node.root.node
    .findAll()
    .filter((node) => node instanceof Stage)
    .filter((stage) => isStageOf(stage, api));
}

/** Returns whether the stage belongs to the API. A caller may also pass a stage of a WebSocket API. */
function isStageOf({ restApi }: Partial<Stage>, { restApiId }: IRestApi | RestApiBase): boolean {
  return restApi?.restApiId === restApiId;
}

/** Makes the methods of a REST API require a key. */
class RestKeyRequirement extends KeyRequirement {
  readonly #api: IRestApi | RestApiBase;
  readonly #authorizers: ReadonlySet<IAuthorizer>;

  constructor(props: ApiKeyRequirementProps) {
    super(props, { method: 'method', stage: 'Stage' });
    this.#api = props.api;
    this.#authorizers = props.authorizers;
  }

  protected override isUncounted(node: IConstruct): node is CfnMethod {
    if (!(node instanceof CfnMethod) || node.restApiId !== this.#api.restApiId) return false;
    return node.apiKeyRequired === undefined && isAmong(this.#authorizers, node.authorizerId);
  }

  protected override isStage(node: IConstruct | undefined): node is Stage {
    return node instanceof Stage && isStageOf(node, this.#api);
  }

  protected override isStageResource(node: IConstruct): boolean {
    return node instanceof CfnStage && node.restApiId === this.#api.restApiId;
  }

  protected override unidentifiedProblems(nodes: readonly IConstruct[]): string[] {
    const methods = nodes
      .filter((node) => node instanceof CfnMethod)
      .filter((method) => isWithoutAuthorizer(method, this.#api))
      .map(({ node }) => node.path);
    const operations = OpenApiDefinition.of(this.#api)?.operationsWithoutAuthorizer() ?? [];
    return [...methods, ...operations].map(
      (path) =>
        `applyPlans: ${path}: expected an authorizer from forRestApi, or apiKeyRequired: false, got a method that requires an API ` +
        'key without an authorizer: API Gateway reads the API keys of the whole API from authorizers now, and would refuse every request',
    );
  }
}

function isAmong(authorizers: ReadonlySet<IAuthorizer>, authorizerId: string | undefined): boolean {
  return [...authorizers].some((authorizer) => authorizer.authorizerId === authorizerId);
}
