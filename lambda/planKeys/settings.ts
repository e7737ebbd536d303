import { LatchkeyError } from '../../keys/errors.ts';
import { isPlanName } from '../../keys/plan.ts';

/** What the function is told. */
export interface PlanKeysSettings {
  readonly namespace: string;
  /** By plan, the usage plan that limits each of its keys. */
  readonly usagePlanIds: ReadonlyMap<string, string>;
}

/**
 * Reads the environment, which the construct alone writes.
 *
 * @throws LatchkeyError `CONFIG_INVALID`, with every problem in its message: variable, value got, value wanted
 */
export function readPlanKeysSettings(environment: Readonly<Record<string, string | undefined>>): PlanKeysSettings {
  const { LATCHKEY_PLAN_NAMESPACE: namespace, LATCHKEY_USAGE_PLANS: usagePlans } = environment;
  const problems: string[] = [];
  if (namespace === undefined || !/^[0-9a-f]{16}$/.test(namespace)) {
    problems.push(`LATCHKEY_PLAN_NAMESPACE: got ${JSON.stringify(namespace)}, wanted 16 hex digits`);
  }
  const usagePlanIds = readUsagePlans(usagePlans);
  if (usagePlanIds === undefined) {
    problems.push(
      `LATCHKEY_USAGE_PLANS: got ${JSON.stringify(usagePlans)}, wanted a JSON object of plan → id of a usage plan`,
    );
  }
  if (namespace === undefined || usagePlanIds === undefined || problems.length > 0) {
    throw new LatchkeyError('CONFIG_INVALID', problems.join('; '));
  }
  return { namespace, usagePlanIds };
}

function readUsagePlans(text = ''): ReadonlyMap<string, string> | undefined {
  const usagePlanIds = new Map<string, string>();
  for (const [plan, id] of entriesOf(text)) {
    if (!isPlanName(plan) || typeof id !== 'string' || id === '') return undefined;
    usagePlanIds.set(plan, id);
  }
  return usagePlanIds.size > 0 ? usagePlanIds : undefined;
}

function entriesOf(text: string): readonly (readonly [string, unknown])[] {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.entries(value) : [];
  } catch {
    return [];
  }
}
