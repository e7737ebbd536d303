import { Token } from 'aws-cdk-lib';
import { Period, type QuotaSettings, type ThrottleSettings } from 'aws-cdk-lib/aws-apigateway';

/** How API Gateway limits the keys of one plan. A plan without limits has its requests counted all the same. */
export interface PlanProps {
  /**
   * How fast requests may come: `rateLimit` a second in the long run, and `burstLimit` of them at once. Both are wanted.
   *
   * @default - as fast as the API takes them
   */
  readonly throttle?: ThrottleSettings;

  /**
   * How many requests there may be in a `period`. `limit` and `period` are both wanted.
   *
   * @default - any number
   */
  readonly quota?: QuotaSettings;

  /**
   * Whether the limits are for all keys of the plan together, and not for each. A plan that is shared takes one of the 10,000
   * API keys that API Gateway allows in an account and Region, one that is not takes one for each Latchkey key.
   *
   * @default false
   */
  readonly shared?: boolean;
}

/** Plans by name, as props spell them. */
export type PlanMapping = Readonly<Record<string, PlanProps>>;

const PERIODS: readonly string[] = Object.values(Period);

/** What no usage plan could say: plan, value got, value wanted. What only the deployment knows is not judged. */
export function planProblems(plans: PlanMapping): string[] {
  return Object.entries(plans).flatMap(([name, { throttle, quota }]) => [
    ...problemsOf(`${name}: throttle`, throttle, [
      ['rateLimit', throttle?.rateLimit, 'a number above 0', isPositive],
      ['burstLimit', throttle?.burstLimit, 'a whole number above 0', isPositiveInteger],
    ]),
    ...problemsOf(`${name}: quota`, quota, [
      ['limit', quota?.limit, 'a whole number above 0', isPositiveInteger],
      ['period', quota?.period, PERIODS.join(', '), (value) => PERIODS.includes(String(value))],
    ]),
  ]);
}

type Check = readonly [field: string, value: unknown, wanted: string, isValid: (value: unknown) => boolean];

function problemsOf(what: string, given: object | undefined, checks: readonly Check[]): string[] {
  if (given === undefined) return [];
  return checks
    .filter(([, value, , isValid]) => !Token.isUnresolved(value) && !isValid(value))
    .map(([field, value, wanted]) => `${what}: ${field}: got ${value ?? 'nothing'}, wanted ${wanted}`);
}

function isPositive(value: unknown): boolean {
  return typeof value === 'number' && Number.isFinite(value) && value > 0;
}

function isPositiveInteger(value: unknown): boolean {
  return isPositive(value) && Number.isInteger(value);
}
