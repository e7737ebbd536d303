import type { Command } from 'commander';
import type { LatchkeyError } from '../../keys/errors.ts';
import { printable } from '../../keys/printable.ts';
import { CliError } from '../../operator/errors.ts';
import type { TableLocation } from '../../operator/findTable.ts';
import { type PlanCount, PlanCounter } from '../../operator/planCounts.ts';
import { planLimitsText } from '../../operator/planText.ts';
import type { CommandDeps } from '../command.ts';
import { numberText } from '../counts.ts';
import { addHelp } from '../help.ts';
import { addTableOptions } from '../options.ts';
import { type RegistryOptions, withRegistry } from '../withRegistry.ts';
import { cut, wrap } from '../wrap.ts';

interface PlansOptions extends RegistryOptions {
  readonly json?: boolean;
}

type Plans = TableLocation['plans'];

const DETAILS = `
plans prints a table on a terminal, and tab-separated fields elsewhere: the plan, its active keys, all its keys, the
enforcement, the requests that count together, the limit and period of the quota, and the rate and burst of the
throttle. The plan is empty for keys without one. It reads all keys.

The limits come from the stack's output Plans, so they're unknown without --stack. plans then lists the plans of keys.`;

/** Fills `latchkey plans`, which lists plans with their limits and numbers of keys. */
export function addPlansCommand(command: Command, deps: CommandDeps): void {
  addHelp(command, {
    examples: ['latchkey plans --stack Orders', 'latchkey plans --table keys --json'],
    details: DETAILS,
  }).option(
    '--json',
    'print one JSON document, {"plans":[{"name", "keys":{"active", "total"}, "isDeployed", "enforce", "per", "quota", "throttle"}]}; the name is null for keys without a plan, isDeployed is null if unknown',
  );
  addTableOptions(command).action((options: PlansOptions) => listPlans(options, deps));
}

async function listPlans(options: PlansOptions, deps: CommandDeps): Promise<void> {
  const { output, now } = deps;
  const corrupt: LatchkeyError[] = [];
  const counter = new PlanCounter();
  const plans = await withRegistry(options, deps, async (registry, location) => {
    output.progress.start();
    try {
      for await (const record of registry.records({ onCorrupt: (error) => corrupt.push(error) })) {
        output.progress.advance();
        counter.add(record, now());
      }
    } finally {
      output.progress.stop();
    }
    return location.plans;
  });
  for (const error of corrupt) output.note(`warning: ${error.message}`);
  await output.printIfRead(`${format(counter.list(plans), plans, options, deps)}\n`, { isColored: true });
  if (plans === undefined) output.note("the deployment's plans are unknown: pass --stack to see their limits");
  if (corrupt.length === 0) return;
  throw new CliError('RECORDS_CORRUPT', `${corrupt.length} of the records cannot be read and are not counted`);
}

function format(counts: readonly PlanCount[], plans: Plans, { json }: PlansOptions, { output }: CommandDeps): string {
  if (json === true) return JSON.stringify({ plans: counts.map((count) => toJson(count, plans)) });
  if (!output.isTerminal) return counts.map(toFields).join('\n');
  return toTable(counts, plans, output);
}

function toJson({ name, plan, active, total }: PlanCount, plans: Plans) {
  const isDeployed = plans === undefined || name === null ? null : plan !== undefined;
  return { name, keys: { active, total }, isDeployed, ...plan };
}

function toFields({ name, plan, active, total }: PlanCount): string {
  const { enforce, per, quota, throttle } = plan ?? {};
  return [name, active, total, enforce, per, quota?.limit, quota?.period, throttle?.rateLimit, throttle?.burstLimit]
    .map((field) => printable(String(field ?? '')))
    .join('\t');
}

const GAP = '  ';
const MAX_NAME = 32;
const MIN_LIMITS = 24;

function toTable(counts: readonly PlanCount[], plans: Plans, { columns, colors }: CommandDeps['output']): string {
  const rows = counts.map((count) => ({
    name: count.name === null ? '(none)' : cut(printable(count.name), MAX_NAME),
    keys: numberText(count.active),
    limits: toLimits(count, plans),
    isRefused: count.name !== null && count.plan === undefined && plans !== undefined,
  }));
  const nameWidth = Math.max('PLAN'.length, ...rows.map(({ name }) => name.length));
  const keysWidth = Math.max('KEYS'.length, ...rows.map(({ keys }) => keys.length));
  const indent = ' '.repeat(nameWidth + keysWidth + 2 * GAP.length);
  const header = [`${'PLAN'.padEnd(nameWidth)}${GAP}${'KEYS'.padStart(keysWidth)}`, ...(plans ? ['LIMITS'] : [])];
  const lines = rows.map(({ name, keys, limits, isRefused }) => {
    const shown = wrap(limits, Math.max(MIN_LIMITS, columns - indent.length)).join(`\n${indent}`);
    const row = `${name.padEnd(nameWidth)}${GAP}${keys.padStart(keysWidth)}${GAP}${isRefused ? colors.red(shown) : shown}`;
    return row.trimEnd();
  });
  return [colors.bold(header.join(GAP)), ...lines].join('\n');
}

function toLimits({ name, plan }: PlanCount, plans: Plans): string {
  if (plans === undefined) return '';
  if (plan !== undefined) return planLimitsText(plan);
  return name === null ? 'no limits' : 'not a plan of this deployment';
}
