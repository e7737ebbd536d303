import { AspectPriority, Aspects, Stage as AppStage, type IAspect } from 'aws-cdk-lib';
import type { CfnMethod } from 'aws-cdk-lib/aws-apigateway';
import type { CfnRoute } from 'aws-cdk-lib/aws-apigatewayv2';
import type { IConstruct, IValidation } from 'constructs';
import type { KeyPlans, PlannedStage } from './keyPlans.ts';

interface KeyRequirementProps {
  readonly api: IConstruct;
  /** The authorizers of `applyPlans`, including those that later calls create. */
  readonly authorizers: object;
  /** The deployment's plans, or `undefined` if keys count only on their own usage plans. */
  readonly plans: KeyPlans | undefined;
  /** The stages to count. All stages of the API, including later ones, if it's absent. */
  readonly stages?: readonly PlannedStage[];
}

/** The words for the API's constructs in problems. */
interface KeyRequirementNouns {
  readonly method: 'method' | 'route';
  readonly stage: 'Stage' | 'WebSocketStage';
}

/**
 * Makes the methods or routes of one API require an API key, and adds its stages to the plans. Fails the synthesis for a
 * method, a route or a stage that it couldn't reach.
 */
export abstract class KeyRequirement implements IAspect, IValidation {
  readonly #props: KeyRequirementProps;
  readonly #nouns: KeyRequirementNouns;
  /** `true` if the plans also count stages that are added later. */
  #hasAllStages: boolean;
  /** The root of the search, because the methods of one API may belong to several stacks. */
  readonly #root: IConstruct;

  protected constructor(props: KeyRequirementProps, nouns: KeyRequirementNouns) {
    this.#props = props;
    this.#nouns = nouns;
    this.#hasAllStages = props.stages === undefined;
    // Aspects of an App don't visit its Stages (aws/aws-cdk#20468).
    this.#root = AppStage.of(props.api) ?? props.api.node.root;
  }

  /** Adds the requirement. Returns `false` if an earlier call added one for the same API and authorizers. */
  add(): boolean {
    const { api, authorizers } = this.#props;
    const aspects = Aspects.of(this.#root);
    const existing = aspects.all
      .filter((aspect) => aspect instanceof KeyRequirement)
      .find((aspect) => aspect.#props.api === api && aspect.#props.authorizers === authorizers);
    if (existing !== undefined) {
      existing.#hasAllStages ||= this.#hasAllStages;
      return false;
    }
    aspects.add(this, { priority: AspectPriority.MUTATING });
    api.node.addValidation(this);
    return true;
  }

  visit(node: IConstruct): void {
    if (this.isUncounted(node)) node.apiKeyRequired = true;
    if (this.#hasAllStages && this.isStage(node)) this.#props.plans?.addStage(node);
  }

  validate(): string[] {
    const nodes = this.#root.node.findAll();
    const uncounted = nodes.filter((node) => this.isUncounted(node));
    const unplanned = nodes.filter((node) => this.#isUnplanned(node));
    return [
      ...uncounted.map(
        ({ node }) =>
          `applyPlans: ${node.path}: expected apiKeyRequired to be set, got a ${this.#nouns.method} that no plan would limit`,
      ),
      ...unplanned.map(
        ({ node }) =>
          `applyPlans: ${node.path}: expected a ${this.#nouns.stage} construct among stages, or no stages, got a stage in no plan, ` +
          'which would refuse every key',
      ),
      ...this.unidentifiedProblems(nodes),
    ];
  }

  /** Returns whether the node is behind one of the authorizers and doesn't set `apiKeyRequired` itself. */
  protected abstract isUncounted(node: IConstruct): node is CfnMethod | CfnRoute;

  /** Returns whether the node is a stage construct of the API. */
  protected abstract isStage(node: IConstruct | undefined): node is IConstruct & PlannedStage;

  /** Returns whether the node is the resource of a stage of the API. */
  protected abstract isStageResource(node: IConstruct): boolean;

  /** Returns one problem for each node that requires an API key without an authorizer that could return one. */
  protected abstract unidentifiedProblems(nodes: readonly IConstruct[]): string[];

  /** Returns whether the node is a stage of the API without a plan. A plan can't count a stage without its construct. */
  #isUnplanned(node: IConstruct): boolean {
    const { plans } = this.#props;
    if (plans === undefined || !this.isStageResource(node)) return false;
    const { scope } = node.node;
    return !(this.isStage(scope) && plans.hasStage(scope));
  }
}
