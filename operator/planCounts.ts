import { type DeployedPlan, type DeployedPlans, findPlan } from '../keys/deployedPlans.ts';
import type { PublicRecord } from '../keys/record.ts';
import { keyState } from '../keys/state.ts';

/** The numbers of keys on a plan. */
export interface PlanCount {
  /** The plan's name, or `null` for the keys without a plan. */
  readonly name: string | null;
  /** The plan's limits. Absent if the deployment lacks the plan, or if its plans are unknown. */
  readonly plan: DeployedPlan | undefined;
  readonly active: number;
  readonly total: number;
}

/** Counts keys by their plans. */
export class PlanCounter {
  readonly #counts = new Map<string | null, { active: number; total: number }>();

  add(record: PublicRecord, nowMs: number): void {
    const { plan = null } = record;
    const count = this.#counts.get(plan) ?? { active: 0, total: 0 };
    this.#counts.set(plan, count);
    count.total++;
    if (keyState(record, nowMs) === 'active') count.active++;
  }

  /** Returns the counts of the deployment's plans, then of other plans by name, then of keys without a plan. */
  list(plans: DeployedPlans = {}): readonly PlanCount[] {
    const counted = [...this.#counts.keys()].filter((name) => name !== null);
    const others = counted.filter((name) => findPlan(plans, name) === undefined).toSorted();
    return [...Object.keys(plans), ...others, null].map((name) => {
      const { active, total } = this.#counts.get(name) ?? { active: 0, total: 0 };
      return { name, plan: name === null ? undefined : findPlan(plans, name), active, total };
    });
  }
}
