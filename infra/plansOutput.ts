import { Stack, Token } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { PlanMapping, PlanProps } from './planProps.ts';
import { containsToken } from './propChecks.ts';

/**
 * Returns the limits of the plans for the output `Plans`: JSON of plan name → `throttle`, `quota`, `per` and `enforce`.
 * `per` is `key`, `owner` or `plan`. A number may be a token. A plan whose period only the deployment knows is absent,
 * because CloudFormation can't write it in lower case.
 */
export function plansOutput(scope: Construct, plans: PlanMapping = {}): string {
  const entries = Object.entries(plans).filter(([, { quota }]) => !Token.isUnresolved(quota?.period));
  const limits = Object.fromEntries(entries.map(([name, plan]) => [name, toOutput(plan)]));
  return containsToken(limits) ? Stack.of(scope).toJsonString(limits) : JSON.stringify(limits);
}

function toOutput({ throttle, quota, shared, enforce = 'gateway', per = 'key' }: PlanProps): object {
  return {
    ...(throttle && { throttle: { rateLimit: throttle.rateLimit, burstLimit: throttle.burstLimit } }),
    ...(quota && { quota: { limit: quota.limit, period: quota.period?.toLowerCase() } }),
    per: shared === true ? 'plan' : per,
    enforce,
  };
}
