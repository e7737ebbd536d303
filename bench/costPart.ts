import { writeFileSync } from 'node:fs';
import { cost, type CostCase } from './cost/cost.ts';
import { COST_RESULTS } from './cost/costFiles.ts';
import { writeCostPage } from './cost/writeCostPage.ts';
import type { PartOptions } from './partOptions.ts';
import type { Measured } from './results.ts';

/** Unless the traffic says otherwise. */
const USAGE_WRITE_SECONDS = 900;

/** Simulates what requests cost and makes `docs/cost.md` of it; gives back the counts that the bench is held to. */
export async function costPart({ node, rounds }: PartOptions): Promise<Measured> {
  const results = await cost({ node, rounds, onProgress: (line) => console.log(line) });
  writeFileSync(COST_RESULTS, `${JSON.stringify(results, null, 2)}\n`);
  await writeCostPage(results);
  const { caches, fleets } = results;
  const fleet = only(fleets, ({ name }) => name === 'as it is');
  const { keys, hours, environments } = fleet.traffic;
  const keyIntervals = keys * ((hours * 3600) / USAGE_WRITE_SECONDS);
  const { committedWrites, refusedWrites } = fleet.counts;
  if (environments !== 1000) throw new Error('wanted a fleet of 1,000 environments');
  const behindGateway = priceOf(caches, { recordCacheSeconds: 60, resultCacheSeconds: 300 });
  return {
    groups: {},
    counts: {
      '$ per million, record cache 60 s': priceOf(caches, { recordCacheSeconds: 60, resultCacheSeconds: 0 }).total,
      '$ per million, record cache 300 s': priceOf(caches, { recordCacheSeconds: 300, resultCacheSeconds: 0 }).total,
      '$ per million, gateway cache 300 s': behindGateway.total,
      '$ per million, gateway cache 300 s, without logs': behindGateway.totalWithoutLogs,
      'committed writes per key and interval': committedWrites / keyIntervals,
      'attempted writes per key and interval': (committedWrites + refusedWrites) / keyIntervals,
    },
  };
}

type CacheSettings = Pick<CostCase['traffic'], 'recordCacheSeconds' | 'resultCacheSeconds'>;

function priceOf(cases: readonly CostCase[], settings: CacheSettings): CostCase['costPerMillion'] {
  const { costPerMillion } = only(
    cases,
    ({ traffic }) =>
      traffic.popularity === 'uniform' &&
      traffic.recordCacheSeconds === settings.recordCacheSeconds &&
      traffic.resultCacheSeconds === settings.resultCacheSeconds,
  );
  return costPerMillion;
}

function only(cases: readonly CostCase[], isWanted: (one: CostCase) => boolean): CostCase {
  const [found, ...others] = cases.filter(isWanted);
  if (found === undefined || others.length > 0) throw new Error('wanted one scenario of these settings');
  return found;
}
