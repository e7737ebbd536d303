import type { Footprint } from './servedGateway.ts';

/** How a process grew from after its warm-up to its end. */
export interface Growth {
  /** In bytes, where the line through all samples begins and ends. */
  readonly rssAtStart: number;
  readonly rssAtEnd: number;
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

/** Of more samples than that, so many are taken, evenly. */
const MOST_POINTS = 500;

/** `rssSamples` are of the time after the warm-up, in bytes, in equal steps of time. */
export function growthOf(rssSamples: readonly number[], { before, after }: Idle): Growth {
  const { rssAtStart, rssAtEnd } = lineThrough(rssSamples);
  const rssPercent = (rssAtEnd / rssAtStart - 1) * 100;
  const more = Object.entries(after.handles).filter(([kind, count]) => count > (before.handles[kind] ?? 0));
  const problems = [
    ...(rssPercent < MOST_RSS_PERCENT ? [] : [`RSS grew by ${rssPercent.toFixed(1)} %`]),
    ...more.map(([kind, count]) => `${kind}: ${before.handles[kind] ?? 0} handles before, ${count} after`),
    ...(after.openFiles > before.openFiles + MOST_FILES_MORE
      ? [`${before.openFiles} open files before, ${after.openFiles} after`]
      : []),
  ];
  return {
    rssAtStart,
    rssAtEnd,
    rssPercent,
    handlesBefore: before.handles,
    handlesAfter: after.handles,
    openFilesBefore: before.openFiles,
    openFilesAfter: after.openFiles,
    problems,
  };
}

/** By the median of the slopes between any two samples (Theil and Sen), so that no moment turns it. */
function lineThrough(samples: readonly number[]): Pick<Growth, 'rssAtStart' | 'rssAtEnd'> {
  const step = Math.ceil(samples.length / MOST_POINTS);
  const points = samples.map((rss, at) => ({ rss, at })).filter(({ at }) => at % step === 0);
  const slopes = points.flatMap((one, from) =>
    points.slice(from + 1).map((other) => (other.rss - one.rss) / (other.at - one.at)),
  );
  const slope = medianOf(slopes);
  const rssAtStart = medianOf(points.map(({ rss, at }) => rss - slope * at));
  return { rssAtStart, rssAtEnd: rssAtStart + slope * (samples.length - 1) };
}

function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}
