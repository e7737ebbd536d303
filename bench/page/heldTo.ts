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
    wanted: 'bundle with lib-dynamodb, gzip',
    limit: 75,
    unit: 'KB of 1000 bytes',
    figure: countOf('cold', 'ours, gzip bytes', 1000),
  },
  {
    wanted: 'spawn to loaded, over the empty handler',
    limit: 1.3,
    stretch: 1.15,
    unit: '×',
    figure: ratioOf('cold', 'loaded', 'ours, not primed', 'empty'),
  },
  {
    wanted: 'CPU of the import and the first look-up, over naive',
    limit: 0.5,
    stretch: 0.4,
    unit: '×',
    figure: ratioOf('cold', 'importAndLookupCpu', 'ours, not primed', 'naive'),
  },
  {
    wanted: 'first look-up in the handler after priming, over unprimed',
    limit: 0.3,
    unit: '×',
    figure: ratioOf('cold', 'firstAnswer', 'ours, primed', 'ours, not primed'),
  },
  {
    wanted: 'decision from the record cache, the whole handler, over one crypto.hash',
    limit: 4,
    stretch: 3,
    unit: '×',
    figure: ratioOf('warm', 'requests', 'allowed from the record cache, REST REQUEST', 'one crypto.hash of a key'),
  },
  {
    wanted: 'refusal of a malformed key, the decision, over one crypto.hash',
    limit: 1,
    unit: '×',
    figure: ratioOf('warm', 'requests', 'malformed key, the decision', 'one crypto.hash of a key'),
  },
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
  {
    wanted: 'retained by the whole handler after a million unknown keys, with its live records still cached',
    limit: 4,
    unit: 'MB',
    figure: medianOf('maps', 'retained', 'the whole handler'),
  },
  {
    wanted: 'new key in our map, over lru-cache',
    limit: 1,
    unit: '×',
    figure: ratioOf('maps', 'operations', 'two generations (ours), new key', 'lru-cache, new key'),
  },
  {
    wanted: 'held key in our map, over lru-cache',
    limit: 1,
    unit: '×',
    figure: ratioOf('maps', 'operations', 'two generations (ours), held key', 'lru-cache, held key'),
  },
  {
    wanted: "simulated cost per million without the gateway's cache, record cache 300 s",
    limit: 0.22,
    unit: '$',
    figure: countOf('cost', '$ per million, record cache 300 s'),
  },
  {
    wanted: "the same with the record cache's default, 60 s",
    limit: 0.22,
    unit: '$',
    figure: countOf('cost', '$ per million, record cache 60 s'),
  },
  {
    wanted: "simulated cost per million with the gateway's cache, 300 s, without lines of metrics",
    limit: 0.015,
    unit: '$',
    figure: countOf('cost', '$ per million, gateway cache 300 s, without logs'),
  },
  {
    wanted: 'the same with the lines of metrics, which each row above has',
    limit: 0.015,
    unit: '$',
    figure: countOf('cost', '$ per million, gateway cache 300 s'),
  },
  {
    wanted: 'last-used writes per key and interval, 1,000 environments',
    limit: 1,
    unit: '',
    figure: countOf('cost', 'committed writes per key and interval'),
  },
  {
    wanted: 'attempts of them',
    limit: 1.1,
    unit: '',
    figure: countOf('cost', 'attempted writes per key and interval'),
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
