import type { PlanLimits } from './limits.ts';

/** The limits of a plan in a deployment, as the stack output `Plans` states them. */
export interface DeployedPlan extends PlanLimits {
  /** What refuses requests over a limit: API Gateway's usage plan, or the authorizer. */
  readonly enforce: 'gateway' | 'authorizer';
}

/** Plan name → limits. Look up a name with `findPlan`. */
export type DeployedPlans = Readonly<Record<string, DeployedPlan>>;

/** Returns the plan with that name. Returns `undefined` if the deployment lacks it. */
export function findPlan(plans: DeployedPlans, name: string): DeployedPlan | undefined {
  // A plan's name can be `constructor`.
  return Object.hasOwn(plans, name) ? plans[name] : undefined;
}
