import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { format } from 'prettier';
import type { Rounds } from './harness.ts';
import type { Machine } from './machine.ts';

/** The committed results of the bench. */
export const RESULTS_PATH = fileURLToPath(new URL('results.json', import.meta.url));

/** What a part gives back. */
export interface Measured {
  /** By group, such as `time` in ns; what one group holds was interleaved and may be compared round by round. */
  readonly groups: Readonly<Record<string, Group>>;
  /** What is counted once, such as bytes. */
  readonly counts?: Readonly<Record<string, number>>;
  /** What was not measured, and why. */
  readonly leftOut?: Readonly<Record<string, string>>;
}

export interface Group {
  readonly unit: string;
  readonly rounds: Rounds;
}

/** A part as it was run. */
export interface PartResult extends Measured {
  readonly measuredAt: string;
  readonly machine: Machine;
  /** Of the packages that took part. */
  readonly versions: Readonly<Record<string, string>>;
}

/** All parts by name, each of its own run. */
export type Results = Readonly<Record<string, PartResult>>;

/** What was measured before; nothing where no file is. */
export function readResults(path = RESULTS_PATH): Results {
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Results) : {};
}

/** Sets the results of one part, and leaves the others as they are. */
export async function mergeResult(name: string, result: PartResult, path = RESULTS_PATH): Promise<void> {
  const results = { ...readResults(path), [name]: result };
  writeFileSync(path, await format(JSON.stringify(results, rounded, 1), { parser: 'json', printWidth: 120 }));
}

/** Five digits say more than a round does. */
function rounded(_key: string, value: unknown): unknown {
  return typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(5)) : value;
}
