import { createHash } from 'node:crypto';
import { Lazy, Stack } from 'aws-cdk-lib';
import {
  ApiKey,
  CfnUsagePlan,
  CfnUsagePlanKey,
  type IApiKey,
  type IUsagePlan,
  type QuotaSettings,
  type Stage,
  UsagePlan,
} from 'aws-cdk-lib/aws-apigateway';
import type { IWebSocketStage } from 'aws-cdk-lib/aws-apigatewayv2';
import { Construct } from 'constructs';
import { type Counted, usageIdentifier } from '../lambda/plans.ts';
import type { IApiKeyTable } from './apiKeyTable.ts';
import { headerKeyProblems } from './headerKeyProblems.ts';
import type { SharedFunctionSettings } from './latchkeyFunction.ts';
import type { PlanMapping, PlanProps } from './planProps.ts';
import { propError } from './propChecks.ts';
import { UsagePlanSyncFunction } from './usagePlanSyncFunction.ts';

export interface KeyPlansProps extends SharedFunctionSettings {
  /** The plans that API Gateway enforces. */
  readonly plans: PlanMapping;
  readonly table: IApiKeyTable;
  /** The namespace from `planNamespace`. */
  readonly namespace: string;
}

/** A stage of a REST API or of a WebSocket API. */
export type PlannedStage = Stage | IWebSocketStage;

/**
 * The last API key that each stack adds to a plan. API Gateway adds only one key to a plan at a time in a Region.
 * CloudFormation would add several concurrently. Each key therefore depends on the previous one
 * (serverless/serverless#12065).
 */
const lastOnPlan = new WeakMap<Stack, CfnUsagePlanKey>();

/**
 * The usage plans in API Gateway: one for each plan, and one without limits for keys without a plan. One API Gateway
 * key counts the requests of all Latchkey keys of a shared plan. `usagePlanSync` creates an API Gateway key for each
 * Latchkey key on any other plan.
 */
export class KeyPlans extends Construct {
  /** The function that reads the table's stream and creates API Gateway keys. It's absent if all plans are shared. */
  readonly usagePlanSync: UsagePlanSyncFunction | undefined;

  readonly #usagePlans: ReadonlyMap<string, UsagePlan>;
  readonly #unplanned: UsagePlan;
  readonly #stages = new Set<PlannedStage>();

  /** @internal */
  static _create(scope: Construct, id: string, props: KeyPlansProps): KeyPlans {
    return new KeyPlans(scope, id, props);
  }

  private constructor(scope: Construct, id: string, props: KeyPlansProps) {
    super(scope, id);
    const { plans, namespace } = props;
    const entries = Object.entries(plans).map(([name, plan]) => ({
      name,
      plan,
      usagePlan: this.#createUsagePlan(name, plan),
    }));
    this.#usagePlans = new Map(entries.map(({ name, usagePlan }) => [name, usagePlan]));
    const description = 'Latchkey: keys of no plan, without limits';
    this.#unplanned = this.#withStages(new UsagePlan(this, 'Unplanned', { description }));

    this.#createSharedKey('UnplannedKey', this.#unplanned, namespace, { kind: 'unplanned' });
    const shared = entries.filter(({ plan }) => plan.shared === true);
    for (const { name, usagePlan } of shared) {
      this.#createSharedKey(`PlanKey-${name}`, usagePlan, namespace, { kind: 'plan', name });
    }

    const perKey = entries.filter(({ plan }) => plan.shared !== true);
    const usagePlanIds = Object.fromEntries(perKey.map(({ name, usagePlan }) => [name, usagePlan.usagePlanId]));
    const sharedUsagePlanIds = shared.map(({ usagePlan }) => usagePlan.usagePlanId);
    const syncProps = { ...props, usagePlanIds, sharedUsagePlanIds };
    this.usagePlanSync =
      perKey.length > 0 ? UsagePlanSyncFunction._create(this, 'UsagePlanSync', syncProps) : undefined;
    // The function also adds keys to plans. It must not do this during the deployment.
    const last = lastOnPlan.get(Stack.of(this));
    if (last !== undefined) this.usagePlanSync?.node.addDependency(last);
  }

  /** Returns the usage plan with that plan name, or `undefined` if the plan doesn't exist. Use it for alarms. */
  usagePlan(name: string): IUsagePlan | undefined {
    return this.#usagePlans.get(name);
  }

  /**
   * Adds the stage to every usage plan. You rarely need this method, because `applyPlans` calls it and makes the
   * methods require a key. To prepare a live API, call only this method. The authorizer then returns the usage
   * identifier before any method requires it (docs/plans.md). A second call for the same stage doesn't have an effect.
   *
   * The stage may belong to a REST API or to a WebSocket API. The synthesis fails for a REST API with a method that
   * accepts API keys from a header without an authorizer. The values of Latchkey's API keys aren't secrets, so callers
   * could send one.
   *
   * @throws LatchkeyError `CONFIG_INVALID` if the API lacks a stage, for example with `deploy: false`
   */
  addStage(stage: Stage | IWebSocketStage | undefined): void {
    if (stage === undefined) {
      throw propError(
        this,
        'addStage: expected the deploymentStage of the API, got no stage. A REST API with deploy: false has none',
      );
    }
    if (this.#stages.has(stage)) return;
    this.#stages.add(stage);
    stage.node.addValidation({ validate: () => headerKeyProblems(stage) });
    // The name of a WebSocket API's stage doesn't refer to the stage, so CloudFormation wouldn't wait for it.
    if (isOfWebSocketApi(stage))
      for (const usagePlan of [this.#unplanned, ...this.#usagePlans.values()]) usagePlan.node.addDependency(stage);
  }

  /** Returns whether the usage plans include the stage. */
  hasStage(stage: Stage | IWebSocketStage): boolean {
    return this.#stages.has(stage);
  }

  #createUsagePlan(name: string, { throttle, quota, shared = false }: PlanProps): UsagePlan {
    return this.#withStages(
      new UsagePlan(this, `Plan-${name}`, {
        description: `Latchkey: the plan ${name}, for ${shared ? 'all its keys together' : 'each of its keys'}`,
        ...(throttle && { throttle }),
        // `planProblems` has rejected the periods that API Gateway doesn't have.
        ...(quota && { quota: quota as QuotaSettings }),
      }),
    );
  }

  /** Makes the plan include the stages of `addStage`. The CDK's own list supports only stages of REST APIs. */
  #withStages(usagePlan: UsagePlan): UsagePlan {
    const { defaultChild } = usagePlan.node;
    if (defaultChild instanceof CfnUsagePlan) {
      const produce = () => [...this.#stages].map((stage) => ({ apiId: apiIdOf(stage), stage: stage.stageName }));
      defaultChild.apiStages = Lazy.any({ produce }, { omitEmptyArray: true });
    }
    return usagePlan;
  }

  /**
   * Creates one API Gateway key that counts the requests of several Latchkey keys. Callers can't use its value, because
   * API Gateway accepts it only from the authorizer.
   */
  #createSharedKey(id: string, usagePlan: UsagePlan, namespace: string, counted: Counted): void {
    const apiKey: IApiKey = new ApiKey(this, id, {
      description: 'Made by Latchkey: counts the requests of several keys together',
      value: usageIdentifier(namespace, counted),
    });
    const onPlan = new CfnUsagePlanKey(apiKey, 'OnPlan', {
      keyId: apiKey.keyId,
      keyType: 'API_KEY',
      usagePlanId: usagePlan.usagePlanId,
    });
    const stack = Stack.of(this);
    const last = lastOnPlan.get(stack);
    if (last !== undefined) onPlan.node.addDependency(last);
    lastOnPlan.set(stack, onPlan);
  }
}

function isOfWebSocketApi(stage: PlannedStage): stage is IWebSocketStage {
  return !('restApi' in stage);
}

function apiIdOf(stage: PlannedStage): string {
  return isOfWebSocketApi(stage) ? stage.api.apiId : stage.restApi.restApiId;
}

/**
 * Returns the namespace that distinguishes this deployment's API keys from others in the account and Region. It's 16
 * hex digits of a hash of the stack's name and the construct's path within the stack. Both are known at synthesis.
 *
 * A change to either replaces only the API keys that the stack creates, not those that its function created. Keys on
 * plans that aren't shared are rejected until you set the plan of each key again (docs/plans.md).
 */
export function planNamespace(scope: Construct): string {
  let stack = Stack.of(scope);
  // The name of a nested stack isn't known before the deployment.
  while (stack.nestedStackParent !== undefined) stack = stack.nestedStackParent;
  const within = scope.node.scopes.slice(stack.node.scopes.length).map(({ node }) => node.id);
  // The CDK also omits `Default` from logical ids. You can therefore wrap the construct without a change to the
  // namespace.
  const path = within.filter((id) => id !== 'Default').join('/');
  return createHash('sha256').update(`${stack.stackName}/${path}`).digest('hex').slice(0, 16);
}
