import { billedMs, billedStartMs, costPerMillion, MB_OF_ONE_VCPU } from './costPerMillion.ts';
import type { FunctionCpu } from './measureCpu.ts';
import type { PriceList } from './prices.ts';
import type { TrafficCounts } from './simulateTraffic.ts';

/** What one size of memory comes to. */
export interface PowerRow {
  readonly memoryMb: number;
  /** Percent of a vCPU. */
  readonly cpuPercent: number;
  readonly coldStartMs: number;
  readonly invocationMs: number;
  /** An invocation that reads the table. */
  readonly readingMs: number;
  readonly durationPerMillion: number;
  readonly totalPerMillion: number;
}

const SIZES_MB = [128, 192, 256, 384, 512, 768, 1024];

/** Time and price by memory: CPU measured here, spread over the share of a vCPU that the memory brings. */
export function powerTuning(counts: TrafficCounts, prices: PriceList, cpu: FunctionCpu): readonly PowerRow[] {
  return SIZES_MB.map((memoryMb) => {
    const cost = costPerMillion(counts, prices, cpu, memoryMb);
    return {
      memoryMb,
      cpuPercent: (100 * memoryMb) / MB_OF_ONE_VCPU,
      coldStartMs: billedStartMs(cpu, memoryMb),
      invocationMs: billedMs({ reads: 0, writes: 0 }, cpu, memoryMb),
      readingMs: billedMs({ reads: 1, writes: 0 }, cpu, memoryMb),
      durationPerMillion: cost.lambdaDuration + cost.lambdaColdStarts,
      totalPerMillion: cost.total,
    };
  });
}
