import { createHash } from 'node:crypto';
import { Stack } from 'aws-cdk-lib';
import {
  ApiKey,
  CfnUsagePlanKey,
  type IApiKey,
  type IUsagePlan,
  type Stage,
  UsagePlan,
} from 'aws-cdk-lib/aws-apigateway';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { type Counted, usageIdentifier } from '../lambda/plans.ts';
import type { IApiKeyTable } from './apiKeyTable.ts';
import { propError } from './propChecks.ts';
import { UsagePlanSyncFunction } from './usagePlanSyncFunction.ts';
import type { PlanMapping, PlanProps } from './planProps.ts';

export interface KeyPlansProps {
  readonly plans: PlanMapping;
  readonly table: IApiKeyTable;
  /** Of `planNamespace`. */
  readonly namespace: string;
  readonly logRetention: RetentionDays | undefined;
}

/**
 * Of each stack, the API key that was put on its plan last. API Gateway puts one key on a plan at a time, in the whole Region, and
 * CloudFormation would put several: each waits for the one before it (serverless/serverless#12065).
 */
const lastOnPlan = new WeakMap<Stack, CfnUsagePlanKey>();

/**
 * The plans as API Gateway has them: a usage plan for each, and one without limits for keys of no plan. Where a plan is shared,
 * one API key of API Gateway's stands for all its keys; where it is not, `function` makes one for each key that the table gets.
 */
export class KeyPlans extends Construct {
  /** What follows the table and makes API keys; absent where no plan is per key. */
  readonly usagePlanSync: UsagePlanSyncFunction | undefined;

  readonly #usagePlans: ReadonlyMap<string, UsagePlan>;
  readonly #unplanned: UsagePlan;
  readonly #stages = new Set<Stage>();

  constructor(scope: Construct, id: string, { plans, table, namespace, logRetention }: KeyPlansProps) {
    super(scope, id);
    const entries = Object.entries(plans).map(([name, plan]) => ({
      name,
      plan,
      usagePlan: this.#usagePlan(name, plan),
    }));
    this.#usagePlans = new Map(entries.map(({ name, usagePlan }) => [name, usagePlan]));
    this.#unplanned = new UsagePlan(this, 'Unplanned', { description: 'Latchkey: keys of no plan, without limits' });

    this.#stand('UnplannedKey', this.#unplanned, namespace, { kind: 'unplanned' });
    const shared = entries.filter(({ plan }) => plan.shared === true);
    for (const { name, usagePlan } of shared)
      this.#stand(`PlanKey-${name}`, usagePlan, namespace, { kind: 'plan', name });

    const perKey = entries.filter(({ plan }) => plan.shared !== true);
    const usagePlanIds = Object.fromEntries(perKey.map(({ name, usagePlan }) => [name, usagePlan.usagePlanId]));
    const sharedUsagePlanIds = shared.map(({ usagePlan }) => usagePlan.usagePlanId);
    this.usagePlanSync =
      perKey.length > 0
        ? new UsagePlanSyncFunction(this, 'UsagePlanSync', {
            table,
            namespace,
            usagePlanIds,
            sharedUsagePlanIds,
            logRetention,
          })
        : undefined;
    // It puts keys on plans as well, and would do so while the deployment does.
    const last = lastOnPlan.get(Stack.of(this));
    if (last !== undefined) this.usagePlanSync?.node.addDependency(last);
  }

  /** The usage plan of a plan, for alarms and the like; `undefined` where there is no such plan. */
  usagePlan(name: string): IUsagePlan | undefined {
    return this.#usagePlans.get(name);
  }

  /**
   * Has every plan count the requests to the stage that require it: none, until `applyPlans`, which calls this too. By itself it is
   * for an API that is live: its plans have the stage, and its answers name what to count by, before any method asks for that
   * (docs/plans.md). A stage is added once, however often it is asked for.
   *
   * @throws LatchkeyError `CONFIG_INVALID` where the API has no stage, as with `deploy: false`
   */
  addStage(stage: Stage | undefined): void {
    if (stage === undefined) {
      const problem =
        'addStage: got no stage, as of a REST API with deploy: false, wanted the deploymentStage of the API';
      throw propError(this, problem);
    }
    if (this.#stages.has(stage)) return;
    this.#stages.add(stage);
    for (const usagePlan of [this.#unplanned, ...this.#usagePlans.values()]) usagePlan.addApiStage({ stage });
  }

  /** Whether the plans count the requests to the stage. */
  hasStage(stage: Stage): boolean {
    return this.#stages.has(stage);
  }

  #usagePlan(name: string, { throttle, quota, shared = false }: PlanProps): UsagePlan {
    return new UsagePlan(this, `Plan-${name}`, {
      description: `Latchkey: the plan ${name}, for ${shared ? 'all its keys together' : 'each of its keys'}`,
      ...(throttle === undefined ? {} : { throttle }),
      ...(quota === undefined ? {} : { quota }),
    });
  }

  /** One API key for all Latchkey keys that are counted together. Its value opens nothing: only the authorizer may name it. */
  #stand(id: string, usagePlan: UsagePlan, namespace: string, counted: Counted): void {
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

/**
 * What tells this deployment's API keys from every other's of the account and Region, known at synthesis: 16 hex digits of the
 * stack's name and the construct's path within the stack. A change of either makes new API keys of what the stack itself makes,
 * and none of those that its function made: keys on plans per key are refused until each is put on its plan anew (docs/plans.md).
 */
export function planNamespace(scope: Construct): string {
  let stack = Stack.of(scope);
  // A nested stack is named by the deployment.
  while (stack.nestedStackParent !== undefined) stack = stack.nestedStackParent;
  const within = scope.node.scopes.slice(stack.node.scopes.length).map(({ node }) => node.id);
  // As logical ids go: the CDK leaves `Default` out of them too, so that a construct may be wrapped without a change.
  const path = within.filter((id) => id !== 'Default').join('/');
  return createHash('sha256').update(`${stack.stackName}/${path}`).digest('hex').slice(0, 16);
}
