import { Option, type Command } from 'commander';
import type { LatchkeyError } from '../../keys/errors.ts';
import { isExpiringWithin, isNeverUsed, isUnusedFor, keyState, type KeyState } from '../../keys/state.ts';
import type { KeyRecord } from '../../keys/record.ts';
import { barChart, type Bar } from '../records.ts';
import { CliError } from '../../operator/errors.ts';
import type { CommandDeps } from '../command.ts';
import { addTableOptions, parseDuration, type Duration } from '../options.ts';
import { withRegistry, type RegistryOptions } from '../withRegistry.ts';

interface StatsOptions extends RegistryOptions {
  readonly stale: Duration;
  readonly expiring: Duration;
  readonly json?: boolean;
}

/** All but the states are counts of active keys: of others nobody needs to be told. */
interface KeyStats {
  total: number;
  readonly states: Record<KeyState, number>;
  neverUsed: number;
  unused: number;
  expiring: number;
}

const MAX_WIDTH = 80;

const HELP = `
Of the keys that are active it also tells how many were never used, how many were used but not within --stale, and how
many expire within --expiring. All keys are read for it, which DynamoDB bills by their size, half a read unit for each 4 KB:
a million records of 250 bytes come to some 31,000 units.

  latchkey stats --table keys --stale 30d --expiring 2w`;

/** Adds `latchkey stats`, which counts keys. */
export function addStatsCommand(program: Command, deps: CommandDeps): void {
  const command = program
    .command('stats')
    .description('Count the keys by state, use and expiry: a chart on a terminal, else lines of fields parted by tabs.')
    .addOption(spanOption('--stale <span>', 'how long a key must not have been used', '90d'))
    .addOption(spanOption('--expiring <span>', 'how soon a key must expire', '30d'))
    .option(
      '--json',
      'print one JSON document, {"total","states","neverUsed","unused":{"for","keys"},"expiring":{"within","keys"}}',
    )
    .addHelpText('after', HELP);
  addTableOptions(command).action((options: StatsOptions) => stats(options, deps));
}

function spanOption(flags: string, description: string, initial: string): Option {
  return new Option(flags, description).argParser(parseDuration).default(parseDuration(initial), initial);
}

async function stats(options: StatsOptions, deps: CommandDeps): Promise<void> {
  const { output } = deps;
  const corrupt: LatchkeyError[] = [];
  const counted = await withRegistry(options, deps, (registry) =>
    count(registry.records({ onCorrupt: (error) => corrupt.push(error) }), options, deps),
  );
  for (const error of corrupt) output.note(`warning: ${error.message}`);
  await output.printIfRead(`${format(counted, options, deps)}\n`);
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
  output.progress.start(0, 'count');
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
  const byState = Object.entries(states).map(([name, count]) => ({ name, count }));
  const ofActive: readonly Bar[] = [
    { name: 'never used', count: counted.neverUsed },
    { name: `not used for ${options.stale.text}`, count: counted.unused },
    { name: `expiring within ${options.expiring.text}`, count: counted.expiring },
  ];
  if (!output.isTerminal) {
    return [{ name: 'total', count: total }, ...byState, ...ofActive]
      .map(({ name, count }) => `${name}\t${count}`)
      .join('\n');
  }
  const width = Math.min(output.columns, MAX_WIDTH);
  const nameWidth = Math.max(...[...byState, ...ofActive].map(({ name }) => name.length));
  const chart = (bars: readonly Bar[], scale: number) =>
    barChart(
      bars.map(({ name, count }) => ({ name: name.padEnd(nameWidth), count })),
      { width, scale: Math.max(1, scale) },
    );
  const keys = total === 1 ? 'key' : 'keys';
  return `${total} ${keys}\n\n${chart(byState, total)}\n\nof the active ones\n\n${chart(ofActive, total)}`;
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
