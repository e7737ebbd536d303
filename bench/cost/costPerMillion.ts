import type { FunctionCpu } from './measureCpu.ts';
import type { PriceList } from './prices.ts';
import type { TableCalls } from './simulatedEnvironment.ts';
import { READ_MS, WRITE_MS, type TrafficCounts } from './simulateTraffic.ts';

/** US dollars per million requests to the API, by what they are paid for. */
export interface CostPerMillion {
  readonly lambdaRequests: number;
  readonly lambdaDuration: number;
  readonly lambdaColdStarts: number;
  readonly reads: number;
  readonly writes: number;
  readonly logs: number;
  /** All but the logs. */
  readonly totalWithoutLogs: number;
  readonly total: number;
}

/** "At 1,769 MB, a function has the equivalent of one vCPU" (AWS Lambda, "Configure Lambda function memory"). */
export const MB_OF_ONE_VCPU = 1769;
/** What the runtime itself takes of each invocation is not known: an assumption, which the rounding up makes 2 ms. */
export const RUNTIME_MS = 1;

/** How long the CPU time of one core takes with the CPU that so much memory brings, in milliseconds. */
export function wallMs(cpuMs: number, memoryMb: number): number {
  return cpuMs / Math.min(1, memoryMb / MB_OF_ONE_VCPU);
}

/** Billed milliseconds of one invocation, rounded up once. A write counts as much CPU as a read: both are one call of the SDK. */
export function billedMs({ reads, writes }: TableCalls, cpu: FunctionCpu, memoryMb: number): number {
  const call = wallMs(cpu.lookupMs.median, memoryMb);
  const own = RUNTIME_MS + wallMs(cpu.cachedMs.median, memoryMb);
  return Math.ceil(own + reads * (call + READ_MS) + writes * (call + WRITE_MS));
}

/** Billed milliseconds of the start of an environment. */
export function billedStartMs(cpu: FunctionCpu, memoryMb: number): number {
  return Math.ceil(wallMs(cpu.coldStartMs.median, memoryMb));
}

/** What the counts cost. */
export function costPerMillion(
  counts: TrafficCounts,
  prices: PriceList,
  cpu: FunctionCpu,
  memoryMb: number,
): CostPerMillion {
  const { invocations, coldStarts, work, reads, committedWrites, refusedWrites, logBytes } = counts;
  const millions = counts.requests / 1_000_000;
  const attempts = committedWrites + refusedWrites;
  const durationMs = work.reduce((sum, kind) => sum + kind.invocations * billedMs(kind, cpu, memoryMb), 0);
  const secondsPrice = (ms: number) => (ms / 1000) * (memoryMb / 1024) * prices.lambdaGbSecond;
  const parts = {
    lambdaRequests: (invocations * prices.lambdaRequest) / millions,
    lambdaDuration: secondsPrice(durationMs) / millions,
    lambdaColdStarts: secondsPrice(coldStarts * billedStartMs(cpu, memoryMb)) / millions,
    reads: (reads * 0.5 * prices.readUnit) / millions,
    writes: (attempts * prices.writeUnit) / millions,
  };
  const logs = (logBytes * prices.logByte) / millions;
  const totalWithoutLogs = Object.values(parts).reduce((sum, part) => sum + part, 0);
  return { ...parts, logs, totalWithoutLogs, total: totalWithoutLogs + logs };
}
