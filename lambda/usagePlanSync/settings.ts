import { LatchkeyError } from '../../keys/errors.ts';
import { isPlanName } from '../../keys/fields.ts';

/** The settings of the function. */
export interface UsagePlanSyncSettings {
  readonly namespace: string;
  /** The usage plan of each plan that limits its keys separately, by the plan's name. */
  readonly usagePlanIds: ReadonlyMap<string, string>;
  /** The usage plans of the shared plans. */
  readonly sharedUsagePlanIds: readonly string[];
}

/**
 * Reads the environment variables, which only the construct sets.
 *
 * @throws LatchkeyError `CONFIG_INVALID`, listing every problem: variable, expected format, actual value
 */
export function readUsagePlanSyncSettings(
  environment: Readonly<Record<string, string | undefined>>,
): UsagePlanSyncSettings {
  const {
    LATCHKEY_PLAN_NAMESPACE: planNamespace,
    LATCHKEY_USAGE_PLANS: usagePlans,
    LATCHKEY_SHARED_USAGE_PLANS: sharedUsagePlans = '[]',
  } = environment;
  const problems: string[] = [];
  const namespace = readNamespace(planNamespace);
  if (namespace === undefined) {
    problems.push(`LATCHKEY_PLAN_NAMESPACE: expected 16 hex digits, got ${JSON.stringify(planNamespace)}`);
  }
  const usagePlanIds = readUsagePlans(usagePlans);
  if (usagePlanIds === undefined) {
    problems.push(
      `LATCHKEY_USAGE_PLANS: expected a JSON object of plan → id of a usage plan, got ${JSON.stringify(usagePlans)}`,
    );
  }
  const sharedUsagePlanIds = readIds(sharedUsagePlans);
  if (sharedUsagePlanIds === undefined) {
    problems.push(
      `LATCHKEY_SHARED_USAGE_PLANS: expected a JSON list of ids of usage plans, got ${JSON.stringify(sharedUsagePlans)}`,
    );
  }
  if (namespace === undefined || usagePlanIds === undefined || sharedUsagePlanIds === undefined) {
    throw new LatchkeyError('CONFIG_INVALID', problems.join('; '));
  }
  return { namespace, usagePlanIds, sharedUsagePlanIds };
}

function readNamespace(text = ''): string | undefined {
  return /^[0-9a-f]{16}$/.test(text) ? text : undefined;
}

function readUsagePlans(text = ''): ReadonlyMap<string, string> | undefined {
  const value = readJson(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const usagePlanIds = new Map<string, string>();
  for (const [plan, id] of Object.entries(value)) {
    if (!isPlanName(plan) || !isId(id)) return undefined;
    usagePlanIds.set(plan, id);
  }
  return usagePlanIds.size > 0 ? usagePlanIds : undefined;
}

function readIds(text: string): readonly string[] | undefined {
  const value = readJson(text);
  return Array.isArray(value) && value.every(isId) ? value : undefined;
}

function isId(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

/** Parses JSON. Returns `undefined` if the string isn't JSON. */
function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
