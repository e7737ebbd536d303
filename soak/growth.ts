import type { Footprint } from './servedGateway.ts';

/** The growth of a process between its warm-up and its end. */
export interface Growth {
  /** The memory in bytes, at the ends of the fitted line through all samples. */
  readonly rssAtStart: number;
  readonly rssAtEnd: number;
  readonly rssPercent: number;
  readonly handlesBefore: Footprint['handles'];
  readonly handlesAfter: Footprint['handles'];
  readonly openFilesBefore: number;
  readonly openFilesAfter: number;
  /** One line for each value that grew too much. */
  readonly problems: readonly string[];
}

/** Minimum growth in percent that counts as a leak. */
const MOST_RSS_PERCENT = 10;
/** Maximum growth in open files. Idle connections stay open for the next request. */
const MOST_FILES_MORE = 8;

/** The footprints of the idle process: one after its warm-up, one at its end. */
export interface Idle {
  readonly before: Footprint;
  readonly after: Footprint;
}

/** Maximum number of samples for the fit. They are at equal distances. */
const MOST_POINTS = 500;

/** Measures the growth. `rssSamples` are in bytes, at equal intervals after the warm-up. */
export function measureGrowth(rssSamples: readonly number[], { before, after }: Idle): Growth {
  const { rssAtStart, rssAtEnd } = fitLine(rssSamples);
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

/** Uses the median of the slopes between any two samples (Theil-Sen), which outliers don't affect. */
function fitLine(samples: readonly number[]): Pick<Growth, 'rssAtStart' | 'rssAtEnd'> {
  const step = Math.ceil(samples.length / MOST_POINTS);
  const points = samples.map((rss, at) => ({ rss, at })).filter(({ at }) => at % step === 0);
  const slopes = points.flatMap((one, from) =>
    points.slice(from + 1).map((other) => (other.rss - one.rss) / (other.at - one.at)),
  );
  const slope = getMedian(slopes);
  const rssAtStart = getMedian(points.map(({ rss, at }) => rss - slope * at));
  return { rssAtStart, rssAtEnd: rssAtStart + slope * (samples.length - 1) };
}

function getMedian(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}
