import type { Footprint } from './servedGateway.ts';

/** How a process grew from after its warm-up to its end. */
export interface Growth {
  /** In bytes. */
  readonly rssBefore: RssOfAThird;
  readonly rssAfter: RssOfAThird;
  /** By which the median grew. */
  readonly rssPercent: number;
  readonly handlesBefore: Footprint['handles'];
  readonly handlesAfter: Footprint['handles'];
  readonly openFilesBefore: number;
  readonly openFilesAfter: number;
  /** In words, what grew more than it may. */
  readonly problems: readonly string[];
}

/** From here on it is a leak. */
const MOST_RSS_PERCENT = 10;
/** Of connections that are kept open for the next request. */
const MOST_FILES_MORE = 8;

export interface Idle {
  /** While nothing is asked of it. */
  readonly before: Footprint;
  readonly after: Footprint;
}

/** Of a third of the time after the warm-up. */
interface RssOfAThird {
  readonly lowest: number;
  readonly median: number;
}

/** `rssSamples` are of the time after the warm-up, in bytes: its first and its last third are compared. */
export function growthOf(rssSamples: readonly number[], { before, after }: Idle): Growth {
  const third = Math.ceil(rssSamples.length / 3);
  const rssBefore = rssOf(rssSamples.slice(0, third));
  const rssAfter = rssOf(rssSamples.slice(-third));
  const rssPercent = (rssAfter.median / rssBefore.median - 1) * 100;
  const more = Object.entries(after.handles).filter(([kind, count]) => count > (before.handles[kind] ?? 0));
  const problems = [
    ...(rssPercent < MOST_RSS_PERCENT ? [] : [`RSS grew by ${rssPercent.toFixed(1)} %`]),
    ...more.map(([kind, count]) => `${kind}: ${before.handles[kind] ?? 0} handles before, ${count} after`),
    ...(after.openFiles > before.openFiles + MOST_FILES_MORE
      ? [`${before.openFiles} open files before, ${after.openFiles} after`]
      : []),
  ];
  return {
    rssBefore,
    rssAfter,
    rssPercent,
    handlesBefore: before.handles,
    handlesAfter: after.handles,
    openFilesBefore: before.openFiles,
    openFilesAfter: after.openFiles,
    problems,
  };
}

function rssOf(samples: readonly number[]): RssOfAThird {
  const sorted = samples.toSorted((one, other) => one - other);
  const [lowest = NaN, median = NaN] = [sorted[0], sorted[Math.floor(sorted.length / 2)]];
  return { lowest, median };
}
