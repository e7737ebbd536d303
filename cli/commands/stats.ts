import { Option, type Command } from 'commander';
import type { LatchkeyError } from '../../keys/errors.ts';
import { isExpiringWithin, isNeverUsed, isUnusedFor, keyState, type KeyState } from '../../keys/state.ts';
import type { KeyRecord } from '../../keys/record.ts';
import { CliError } from '../../operator/errors.ts';
import { type Bar, barChart } from '../barChart.ts';
import type { CommandDeps } from '../command.ts';
import { addHelp } from '../help.ts';
import { addTableOptions, parseDuration, type Duration } from '../options.ts';
import { withRegistry, type RegistryOptions } from '../withRegistry.ts';

interface StatsOptions extends RegistryOptions {
  readonly stale: Duration;
  readonly expiring: Duration;
  readonly json?: boolean;
}

/** Counts of keys. All counts except those of the states include only active keys. */
interface KeyStats {
  total: number;
  readonly states: Record<KeyState, number>;
  neverUsed: number;
  unused: number;
  expiring: number;
}

const MAX_WIDTH = 80;

const DETAILS = `
stats prints a chart on a terminal, and tab-separated fields elsewhere. It counts three kinds of active keys: never
used, last used before --stale, and expiring within --expiring. It reads all keys. DynamoDB bills half a read request
unit for each 4 KB, so a million records of 250 bytes cost about 31,000 read request units.`;

/** Fills `latchkey stats`, which counts keys by state, use and expiry. */
export function addStatsCommand(command: Command, deps: CommandDeps): void {
  addHelp(command, {
    examples: ['latchkey stats --table keys', 'latchkey stats --stale 30d --expiring 2w --stack Orders'],
    details: DETAILS,
  })
    .addOption(durationOption('--stale <duration>', 'count keys as unused after this duration', '90d'))
    .addOption(durationOption('--expiring <duration>', 'count keys that expire within this duration', '30d'))
    .option(
      '--json',
      'print one JSON document, {"total", "states", "neverUsed", "unused":{"for", "keys"}, "expiring":{"within", "keys"}}',
    );
  addTableOptions(command).action((options: StatsOptions) => stats(options, deps));
}

function durationOption(flags: string, description: string, initial: string): Option {
  return new Option(flags, description).argParser(parseDuration).default(parseDuration(initial), initial);
}

async function stats(options: StatsOptions, deps: CommandDeps): Promise<void> {
  const { output } = deps;
  const corrupt: LatchkeyError[] = [];
  const counted = await withRegistry(options, deps, (registry) =>
    count(registry.records({ onCorrupt: (error) => corrupt.push(error) }), options, deps),
  );
  for (const error of corrupt) output.note(`warning: ${error.message}`);
  await output.printIfRead(`${format(counted, options, deps)}\n`, { isColored: true });
  if (corrupt.length === 0) return;
  throw new CliError('RECORDS_CORRUPT', `${corrupt.length} of the records cannot be read and are not counted`);
}

async function count(
  records: AsyncIterable<KeyRecord>,
  { stale, expiring }: StatsOptions,
  { output, now }: CommandDeps,
): Promise<KeyStats> {
  const nowMs = now();
  const states = { active: 0, expired: 0, disabled: 0, revoked: 0 };
  const counted: KeyStats = { total: 0, states, neverUsed: 0, unused: 0, expiring: 0 };
  output.progress.start();
  try {
    for await (const record of records) {
      output.progress.advance();
      const state = keyState(record, nowMs);
      counted.total++;
      states[state]++;
      if (state !== 'active') continue;
      if (isNeverUsed(record, nowMs)) counted.neverUsed++;
      if (isUnusedFor(record, stale.ms, nowMs)) counted.unused++;
      if (isExpiringWithin(record, expiring.ms, nowMs)) counted.expiring++;
    }
  } finally {
    output.progress.stop();
  }
  return counted;
}

function format(counted: KeyStats, options: StatsOptions, { output }: CommandDeps): string {
  if (options.json) return statsJson(counted, options);
  const { total, states } = counted;
  const { green, yellow, red } = output.colors;
  const byState: readonly Bar[] = [
    { name: 'active', count: states.active, paint: green },
    { name: 'expired', count: states.expired, paint: red },
    { name: 'disabled', count: states.disabled, paint: yellow },
    { name: 'revoked', count: states.revoked, paint: red },
  ];
  const ofActive: readonly Bar[] = [
    { name: 'never used', count: counted.neverUsed },
    { name: `not used for ${options.stale.text}`, count: counted.unused },
    { name: `expiring within ${options.expiring.text}`, count: counted.expiring, paint: yellow },
  ];
  if (!output.isTerminal) {
    return [{ name: 'total', count: total }, ...byState, ...ofActive]
      .map(({ name, count }) => `${name}\t${count}`)
      .join('\n');
  }
  const width = Math.min(output.columns, MAX_WIDTH);
  const nameWidth = Math.max(...[...byState, ...ofActive].map(({ name }) => name.length));
  const chart = (bars: readonly Bar[]) => barChart(bars, { width, nameWidth, scale: Math.max(1, total) });
  const keys = total === 1 ? 'key' : 'keys';
  return `${total} ${keys}\n\n${chart(byState)}\n\nActive keys:\n\n${chart(ofActive)}`;
}

function statsJson({ total, states, neverUsed, unused, expiring }: KeyStats, options: StatsOptions): string {
  return JSON.stringify({
    total,
    states,
    neverUsed,
    unused: { for: options.stale.text, keys: unused },
    expiring: { within: options.expiring.text, keys: expiring },
  });
}
