import { Token } from 'aws-cdk-lib';
import { Period } from 'aws-cdk-lib/aws-apigateway';
import { LimitPeriod, type PlanMapping } from './planProps.ts';

const GATEWAY_PERIODS: readonly string[] = Object.values(Period);
const LIMIT_PERIODS: readonly string[] = Object.values(LimitPeriod);
const ENFORCERS: ReadonlySet<unknown> = new Set([undefined, 'gateway', 'authorizer']);
const SUBJECTS: ReadonlySet<unknown> = new Set([undefined, 'key', 'owner']);

type Fields = Readonly<Record<string, unknown>>;
type Check = readonly [expected: string, isValid: (value: unknown) => boolean];
/** Field name → check, for every valid field. */
type Checks = Readonly<Record<string, Check>>;

const PLAN: Checks = {
  throttle: ['an object, or none', isObjectOrNone],
  quota: ['an object, or none', isObjectOrNone],
  shared: ['true, false or none', (value) => value === undefined || typeof value === 'boolean'],
  enforce: ['gateway, authorizer or none', (value) => ENFORCERS.has(value)],
  per: ['key, owner or none', (value) => SUBJECTS.has(value)],
};

const GATEWAY_EXPECTED = `${GATEWAY_PERIODS.join(', ')}, or with enforce: 'authorizer' also MINUTE, HOUR`;
/** The function's parser requires exact integers. */
const COUNT_EXPECTED = `a whole number from 1 to ${Number.MAX_SAFE_INTEGER}, known at synthesis`;

/** The checks of the limits. A usage plan may get numbers and periods from parameters of the stack. */
const GATEWAY_LIMITS: LimitChecks = {
  throttle: {
    rateLimit: ['a number above 0', orToken(isPositive)],
    burstLimit: ['a whole number above 0', orToken(isPositiveInteger)],
  },
  quota: {
    limit: ['a whole number above 0', orToken(isPositiveInteger)],
    period: [GATEWAY_EXPECTED, orToken((value) => GATEWAY_PERIODS.includes(String(value)))],
    offset: ['a whole number of 0 or more, or none', orToken(isOffset)],
  },
};

/** The checks of the limits that become settings of the function. */
const AUTHORIZER_LIMITS: LimitChecks = {
  throttle: {
    rateLimit: ['a number above 0, known at synthesis', known(isPositive)],
    burstLimit: [COUNT_EXPECTED, known(isCount)],
  },
  quota: {
    limit: [COUNT_EXPECTED, known(isCount)],
    period: [LIMIT_PERIODS.join(', '), known((value) => LIMIT_PERIODS.includes(String(value)))],
    offset: ['none, because the windows of the authorizer are fixed', (value) => value === undefined],
  },
};

interface LimitChecks {
  readonly throttle: Checks;
  readonly quota: Checks;
}

/**
 * Returns the problems of plans that a usage plan or the authorizer can't express: plan, expected value, actual value.
 * It also reports unknown fields, because a misspelled limit wouldn't apply. It doesn't check the tokens of usage plans.
 */
export function planProblems(plans: PlanMapping): string[] {
  return Object.entries(plans).flatMap(([name, plan]: readonly [string, unknown]) => {
    if (!isObject(plan)) return [`${name}: expected an object, got ${spell(plan)}`];
    const { throttle, quota } = plan;
    const checks = plan['enforce'] === 'authorizer' ? AUTHORIZER_LIMITS : GATEWAY_LIMITS;
    return [
      ...fieldProblems(name, plan, PLAN),
      ...enforcementProblems(name, plan),
      ...(isObject(throttle) ? fieldProblems(`${name}: throttle`, throttle, checks.throttle) : []),
      ...(isObject(quota) ? fieldProblems(`${name}: quota`, quota, checks.quota) : []),
    ];
  });
}

/** Returns the problems of fields that don't go together. */
function enforcementProblems(name: string, { throttle, quota, shared, enforce, per }: Fields): string[] {
  if (enforce !== 'authorizer') {
    if (per === undefined || !SUBJECTS.has(per)) return [];
    return [`${name}: per: expected enforce: 'authorizer' beside it, got a plan that API Gateway enforces`];
  }
  return [
    ...(throttle === undefined && quota === undefined
      ? [`${name}: expected a throttle or a quota for enforce: 'authorizer', got neither`]
      : []),
    ...(shared === true && per !== undefined
      ? [`${name}: expected shared or per, got both: a shared plan has one limit for all its keys`]
      : []),
  ];
}

function fieldProblems(subject: string, given: Fields, checks: Checks): string[] {
  const fields = Object.keys(checks).join(', ');
  const unknown = Object.keys(given).filter((field) => !Object.hasOwn(checks, field));
  const wrong = Object.entries(checks).filter(([field, [, isValid]]) => !isValid(given[field]));
  return [
    ...unknown.map((field) => `${subject}: expected ${fields}, got the field ${JSON.stringify(field)}`),
    ...wrong.map(([field, [expected]]) => `${subject}: ${field}: expected ${expected}, got ${spell(given[field])}`),
  ];
}

/** Also accepts a token, because a number or a period may be a parameter of the stack. */
function orToken(isValid: (value: unknown) => boolean): (value: unknown) => boolean {
  return (value) => Token.isUnresolved(value) || isValid(value);
}

/** Rejects a token. Some tokens are numbers or texts. */
function known(isValid: (value: unknown) => boolean): (value: unknown) => boolean {
  return (value) => !Token.isUnresolved(value) && isValid(value);
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

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && isPositive(value);
}

function isOffset(value: unknown): boolean {
  return value === undefined || value === 0 || isPositiveInteger(value);
}

function spell(value: unknown): string {
  if (Token.isUnresolved(value)) return 'a value that only the deployment knows';
  return value === undefined ? 'nothing' : typeof value === 'number' ? String(value) : JSON.stringify(value);
}
