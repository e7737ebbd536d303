import { findPlan } from '../keys/deployedPlans.ts';
import { LatchkeyError } from '../keys/errors.ts';
import type { LimitedKey } from '../keys/keyLimits.ts';
import { printable } from '../keys/printable.ts';
import type { KeyRegistry } from '../keys/registry.ts';
import type { Colors } from '../operator/colors.ts';
import { CliError } from '../operator/errors.ts';
import type { TableLocation } from '../operator/findTable.ts';
import { type PlanState, planStateOf, readPlanState } from '../operator/planState.ts';
import { planText } from '../operator/planText.ts';
import { listTexts } from './counts.ts';
import type { Output } from './output.ts';

interface PlanDeps {
  readonly registry: KeyRegistry;
  readonly location: TableLocation;
  readonly nowMs: number;
  /** Receives a warning if the table of limits can't be read. */
  readonly output: Output;
}

/**
 * Reads the state of a key's plan, or returns `undefined` for a key without a plan. Warns if the table of limits can't be
 * read, because the record is useful without it.
 */
export async function readPlan(record: LimitedKey, deps: PlanDeps): Promise<PlanState | undefined> {
  const { location, nowMs, output } = deps;
  try {
    return await readPlanState(record, deps);
  } catch (error) {
    if (!(error instanceof CliError) && !(error instanceof LatchkeyError)) throw error;
    output.note(`warning: what is left of the plan is unknown: ${error.message}`);
    return planStateOf(record, { plans: location.plans, limits: undefined, nowMs });
  }
}

/** Returns a plan with what is left of it, such as `free: 812 of 1,000 left today, resets in 5 h 12 min`. */
export function planLine(state: PlanState, nowMs: number, colors: Colors): string {
  const name = printable(state.name);
  const text = planText(state, nowMs);
  if (text === undefined) return name;
  const isSpent = state.quotas.some(({ remaining }) => remaining === 0);
  const paint = state.isDeployed === false || isSpent ? colors.red : (plain: string) => plain;
  return `${name}: ${paint(text)}`;
}

/** Warns about the plans of new or changed keys that the deployment lacks. A deployment may follow that has them. */
export function warnIfUnknownPlans(names: Iterable<string | undefined>, location: TableLocation, output: Output): void {
  const { plans } = location;
  if (plans === undefined) return;
  const unknown = [...names].filter((name) => name !== undefined).filter((name) => findPlan(plans, name) === undefined);
  if (unknown.length === 0) return;
  const known = Object.keys(plans);
  const has = known.length === 0 ? 'it has none' : `it has ${known.join(', ')}`;
  output.note(`warning: the deployment has no plan ${listTexts(unknown)}; ${has}`);
}
