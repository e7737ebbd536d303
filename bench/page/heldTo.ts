import { pairedRatios, spreadOf } from '../statistics.ts';
import type { PartName } from '../parts.ts';
import type { Results } from '../results.ts';

/** A figure that the bench is held to. */
export interface Target {
  readonly wanted: string;
  readonly limit: number;
  /** Better still. */
  readonly stretch?: number;
  readonly isHigherBetter?: boolean;
  readonly unit: string;
  /** What it is held against; `undefined` where the results lack it. */
  readonly figure: (results: Results) => number | undefined;
}

/** Whether a figure does what is asked of it. */
export type Verdict = 'not measured' | 'missed' | 'held' | 'stretch held';

/** In the order of the page. */
export const TARGETS: readonly Target[] = [
  {
    wanted: 'decision from the record cache, faster than aws-jwt-verify RS256',
    limit: 25,
    isHigherBetter: true,
    unit: '×',
    figure: ratioOf('peers', 'verification', 'aws-jwt-verify RS256', 'Latchkey, from the record cache'),
  },
  {
    wanted: "decision from the record cache, faster than better-auth's memory adapter",
    limit: 150,
    isHigherBetter: true,
    unit: '×',
    figure: ratioOf('peers', 'verification', 'better-auth api-key, memory adapter', 'Latchkey, from the record cache'),
  },
];

/** What a target comes to in these results. */
export function verdictOn({ limit, stretch, isHigherBetter = false, figure }: Target, results: Results): Verdict {
  const got = figure(results);
  if (got === undefined) return 'not measured';
  const reaches = (wanted: number) => (isHigherBetter ? got >= wanted : got <= wanted);
  if (!reaches(limit)) return 'missed';
  return stretch !== undefined && reaches(stretch) ? 'stretch held' : 'held';
}

/** The median of a case over another, round by round. */
export function ratioOf(part: PartName, group: string, name: string, base: string): Target['figure'] {
  return (results) => {
    const rounds = results[part]?.groups[group]?.rounds;
    const values = rounds?.[name];
    const baseValues = rounds?.[base];
    if (values === undefined || baseValues === undefined) return undefined;
    return spreadOf(pairedRatios(values, baseValues)).median;
  };
}

/** The median of a case. */
export function medianOf(part: PartName, group: string, name: string): Target['figure'] {
  return (results) => {
    const values = results[part]?.groups[group]?.rounds[name];
    return values === undefined ? undefined : spreadOf(values).median;
  };
}

/** What was counted once. */
export function countOf(part: PartName, name: string, per = 1): Target['figure'] {
  return (results) => {
    const count = results[part]?.counts?.[name];
    return count === undefined ? undefined : count / per;
  };
}
