import type { Command } from 'commander';
import { LatchkeyError } from '../../keys/errors.ts';
import { printable } from '../../keys/printable.ts';
import { publicRecord } from '../../keys/record.ts';
import type { KeyRegistry, LimitsReset, ResetTarget } from '../../keys/registry.ts';
import { keyState } from '../../keys/state.ts';
import { createPlainColors } from '../../operator/colors.ts';
import { CliError } from '../../operator/errors.ts';
import type { TableLocation } from '../../operator/findTable.ts';
import { mayBeCounted, planStateOf, readPlanState } from '../../operator/planState.ts';
import { usedText } from '../../operator/planText.ts';
import type { CommandDeps } from '../command.ts';
import { countText } from '../counts.ts';
import { addHelp } from '../help.ts';
import { planLine } from '../keyPlan.ts';
import { findByOwner } from '../keyTargets.ts';
import { addLimitsTableOption, addTableOptions, addYesOption, parseNonEmpty } from '../options.ts';
import { done, inEffectNotice } from '../outcome.ts';
import { keyName } from '../output.ts';
import {
  addExactIdOption,
  CANCELLED,
  confirm,
  getKey,
  ID_HELP,
  type KeyIdOptions,
  requireTerminal,
} from '../prompt.ts';
import { type RegistryOptions, withRegistry } from '../withRegistry.ts';

interface ResetOptions extends KeyIdOptions, RegistryOptions {
  readonly owner?: string;
  readonly yes?: boolean;
  readonly json?: boolean;
}

const DETAILS = `
The requests of the current windows of the quota no longer count. The next window begins as usual. reset-quota works for
plans that the authorizer enforces. API Gateway keeps the counts of other plans.

If the key shares its quota with other keys of its owner or its plan, the reset is for all of them. --owner resets the
quotas of all active keys of an owner, but not a quota that the keys of other owners share.

A reset takes effect with the same delay as a revocation: see latchkey revoke --help. To complete an interrupted run, run
the same command again. The requests of other keys that share the quota may be refused for another minute.`;

/** Fills `latchkey reset-quota`, which resets what a key or an owner has used of its quota. */
export function addResetQuotaCommand(command: Command, deps: CommandDeps): void {
  addHelp(command, {
    examples: ['latchkey reset-quota 0f8c1a52 --stack Orders', 'latchkey reset-quota --owner acme --stack Orders'],
    details: DETAILS,
  })
    .argument('[id]', ID_HELP)
    .option('--owner <owner>', 'reset the quotas of all active keys of this owner', parseNonEmpty('an owner'))
    .option(
      '--json',
      'print one JSON document, {"records", "quotas", "revocationDelaySeconds"}: the keys, and the counts before the reset',
    );
  addLimitsTableOption(addTableOptions(addExactIdOption(addYesOption(command)))).action(
    (idStart: string | undefined, options: ResetOptions) => resetQuota(idStart, options, deps),
  );
}

async function resetQuota(idStart: string | undefined, options: ResetOptions, deps: CommandDeps): Promise<void> {
  const { owner, yes } = options;
  if (yes !== true) requireTerminal(deps);
  await withRegistry(options, deps, async (registry, location) => {
    requireLimitsTable(location);
    const { target, question } = await findTarget(idStart, options, { registry, location, deps });
    if (yes !== true && !(await confirm(question, deps))) throw new CliError('NOT_CONFIRMED', CANCELLED);
    const reset = await registry.resetLimits(target);
    const isColored = options.json !== true;
    const text = isColored ? toText(reset, options, location, deps) : toJson(reset, location);
    await deps.output.print(`${text}\n`, { isColored });
    const { length } = reset.corrupt;
    if (length === 0) return;
    for (const { message } of reset.corrupt) deps.output.note(`warning: ${message}`);
    throw new CliError('RECORDS_CORRUPT', `${countText(length, 'key')} of ${owner} cannot be read, and was not reset`);
  });
}

function requireLimitsTable({ limitsTableName }: TableLocation): void {
  if (limitsTableName !== undefined) return;
  const expected = 'pass --limits-table NAME or --stack NAME, or set LATCHKEY_LIMITS_TABLE';
  throw new CliError('USAGE_INVALID', `no table of limits known: ${expected}; only plans of the authorizer have one`);
}

interface TargetContext {
  readonly registry: KeyRegistry;
  readonly location: TableLocation;
  readonly deps: CommandDeps;
}

interface Target {
  readonly target: ResetTarget;
  /** The question before the reset. */
  readonly question: string;
}

/** @throws CliError `USAGE_INVALID`; `KEYS_UNCHANGED`; `KEY_NOT_FOUND` */
async function findTarget(idStart: string | undefined, options: ResetOptions, context: TargetContext): Promise<Target> {
  const { owner } = options;
  if (owner !== undefined && idStart === undefined) return findOwner(owner, context);
  if (owner === undefined && idStart !== undefined) return findKey(idStart, options, context);
  const got = owner === undefined ? 'neither' : 'both';
  throw new CliError('USAGE_INVALID', `expected the id of a key or --owner OWNER, got ${got}`);
}

async function findKey(
  idStart: string,
  options: ResetOptions,
  { registry, location, deps }: TargetContext,
): Promise<Target> {
  const nowMs = deps.now();
  const record = await getKey(idStart, options, registry);
  const state = await readPlanState(record, { registry, location, nowMs }).catch((error: unknown) => {
    // The reset repairs an unreadable count.
    if (!(error instanceof LatchkeyError) || error.code !== 'RECORD_CORRUPT') throw error;
    return planStateOf(record, { plans: location.plans, limits: undefined, nowMs });
  });
  if (state === undefined) throw new CliError('KEYS_UNCHANGED', `key ${record.id} has no plan, so it has no quota`);
  if (state.enforce === 'gateway') {
    const why = `API Gateway counts the requests of the plan ${state.name}, so latchkey cannot reset its quota`;
    throw new CliError('KEYS_UNCHANGED', why);
  }
  if (state.isDeployed === false) {
    const why = `the deployment has no plan ${JSON.stringify(state.name)}, so key ${record.id} has no quota`;
    throw new CliError('KEYS_UNCHANGED', why);
  }
  const question = `Reset the quota of key ${keyName(record)}? ${planLine(state, nowMs, createPlainColors())}.`;
  return { target: { id: record.id }, question };
}

const MAX_LABELS = 3;

async function findOwner(owner: string, { registry, location, deps }: TargetContext): Promise<Target> {
  const found = await findByOwner(owner, registry, 'reset');
  const nowMs = deps.now();
  const due = found.flatMap(({ record }) =>
    record !== undefined && mayBeCounted(record, location.plans) && keyState(record, nowMs) === 'active'
      ? [record]
      : [],
  );
  if (due.length === 0) {
    const why = `no active key of ${JSON.stringify(owner)} is on a plan that the authorizer enforces`;
    throw new CliError('KEY_NOT_FOUND', why);
  }
  const labels = due.slice(0, MAX_LABELS).map(({ label }) => JSON.stringify(label));
  const more = due.length > MAX_LABELS ? ` and ${countText(due.length - MAX_LABELS, 'more', 'more')}` : '';
  const question = `Reset the quotas of ${countText(due.length, 'key')} of ${owner} (${labels.join(', ')}${more})?`;
  return { target: { owner }, question };
}

function toText(
  { records, quotas }: LimitsReset,
  { owner }: ResetOptions,
  location: TableLocation,
  deps: CommandDeps,
): string {
  const { output, now } = deps;
  const [record] = records;
  const due = records.filter((changed) => mayBeCounted(changed, location.plans));
  const start =
    owner === undefined && record !== undefined
      ? done('Reset the quota of', record, output.colors)
      : `${output.colors.green('✓')} Reset the quotas of ${countText(due.length, 'key')} of ${printable(owner ?? '')}.`;
  const used = quotas.filter((quota) => quota.used > 0).map(usedText);
  const before = used.length === 0 ? 'Nothing was used in this window.' : `Used before: ${used.join('; ')}.`;
  return output.fill(`${start} ${before} ${inEffectNotice(location.revocationDelaySeconds, now())}`);
}

function toJson({ records, quotas }: LimitsReset, { revocationDelaySeconds }: TableLocation): string {
  return JSON.stringify({
    records: records.map(publicRecord),
    quotas,
    revocationDelaySeconds: revocationDelaySeconds ?? null,
  });
}
