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

type Check = readonly [wanted: string, isValid: (value: unknown) => boolean];
/** By name, every field that there is, and what it may be. */
type Checks = Readonly<Record<string, Check>>;

const THROTTLE: Checks = {
  rateLimit: ['a number above 0', orKnownLater(isPositive)],
  burstLimit: ['a whole number above 0', orKnownLater(isPositiveInteger)],
};

const QUOTA: Checks = {
  limit: ['a whole number above 0', orKnownLater(isPositiveInteger)],
  period: [PERIODS.join(', '), orKnownLater((value) => PERIODS.includes(String(value)))],
  offset: ['a whole number of 0 or more, or none', orKnownLater(isOffset)],
};

const PLAN: Checks = {
  throttle: ['an object, or none', isObjectOrNone],
  quota: ['an object, or none', isObjectOrNone],
  shared: ['true, false or none', (value) => value === undefined || typeof value === 'boolean'],
};

/**
 * What no usage plan could say: plan, value got, value wanted. A field of no such name is a limit that would be missing, so it is
 * a problem too. A number that only the deployment knows is not judged.
 */
export function planProblems(plans: PlanMapping): string[] {
  return Object.entries(plans).flatMap(([name, plan]: readonly [string, unknown]) => {
    if (!isObject(plan)) return [`${name}: got ${spell(plan)}, wanted an object`];
    const { throttle, quota } = plan;
    return [
      ...problemsOf(name, plan, PLAN),
      ...(isObject(throttle) ? problemsOf(`${name}: throttle`, throttle, THROTTLE) : []),
      ...(isObject(quota) ? problemsOf(`${name}: quota`, quota, QUOTA) : []),
    ];
  });
}

type Fields = Readonly<Record<string, unknown>>;

function problemsOf(what: string, given: Fields, checks: Checks): string[] {
  const wanted = `wanted ${Object.keys(checks).join(', ')}`;
  const unknown = Object.keys(given).filter((field) => !Object.hasOwn(checks, field));
  const wrong = Object.entries(checks).filter(([field, [, isValid]]) => !isValid(given[field]));
  return [
    ...unknown.map((field) => `${what}: got the field ${JSON.stringify(field)}, ${wanted}`),
    ...wrong.map(([field, [form]]) => `${what}: ${field}: got ${spell(given[field])}, wanted ${form}`),
  ];
}

/** A number or a period may be a parameter of the stack. */
function orKnownLater(isValid: (value: unknown) => boolean): (value: unknown) => boolean {
  return (value) => Token.isUnresolved(value) || isValid(value);
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isObjectOrNone(value: unknown): boolean {
  return value === undefined || isObject(value);
}

function isPositive(value: unknown): boolean {
  return typeof value === 'number' && Number.isFinite(value) && value > 0;
}

function isPositiveInteger(value: unknown): boolean {
  return isPositive(value) && Number.isInteger(value);
}

function isOffset(value: unknown): boolean {
  return value === undefined || value === 0 || isPositiveInteger(value);
}

function spell(value: unknown): string {
  return value === undefined ? 'nothing' : typeof value === 'number' ? String(value) : JSON.stringify(value);
}
