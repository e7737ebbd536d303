import { LatchkeyError } from '../../keys/errors.ts';
import { isPlanName } from '../../keys/fields.ts';

/** What the function is told. */
export interface UsagePlanSyncSettings {
  readonly namespace: string;
  /** By plan, the usage plan that limits each of its keys. */
  readonly usagePlanIds: ReadonlyMap<string, string>;
  /** Of the plans that are shared. */
  readonly sharedUsagePlanIds: readonly string[];
}

/**
 * Reads the environment, which the construct alone writes.
 *
 * @throws LatchkeyError `CONFIG_INVALID`, with every problem in its message: variable, value got, value wanted
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
    problems.push(`LATCHKEY_PLAN_NAMESPACE: got ${JSON.stringify(planNamespace)}, wanted 16 hex digits`);
  }
  const usagePlanIds = readUsagePlans(usagePlans);
  if (usagePlanIds === undefined) {
    problems.push(
      `LATCHKEY_USAGE_PLANS: got ${JSON.stringify(usagePlans)}, wanted a JSON object of plan → id of a usage plan`,
    );
  }
  const sharedUsagePlanIds = readIds(sharedUsagePlans);
  if (sharedUsagePlanIds === undefined) {
    problems.push(
      `LATCHKEY_SHARED_USAGE_PLANS: got ${JSON.stringify(sharedUsagePlans)}, wanted a JSON list of ids of usage plans`,
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

/** `undefined` where the text is no JSON. */
function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
