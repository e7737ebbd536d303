import { type Spread } from '../harness.ts';
import type { TableCalls } from '../../test/support/simulatedFleet.ts';
import { READ_MS, WRITE_MS, type TrafficCounts } from '../../test/support/simulateTraffic.ts';

const MILLION = 1_000_000;

/**
 * List prices in US dollars, in us-east-1 on 2026-11-25, before free tiers and discounts. The sources are AWS's pages
 * for DynamoDB (on demand), Lambda (arm64, first tier), CloudWatch (logs, standard class) and API Gateway (HTTP APIs).
 */
export const PRICES = {
  readUnit: 0.125 / MILLION,
  writeUnit: 0.625 / MILLION,
  lambdaRequest: 0.2 / MILLION,
  lambdaGbSecond: 0.0000133334,
  logByte: 0.5 / 1e9,
  /** The first 300 million a month. Only the management API's table includes it. */
  httpApiRequest: 1 / MILLION,
} as const;

/** CPU times of the deployed file in milliseconds, and its memory in MB. */
export interface FunctionCpu {
  /** CPU time from the start of the process to the first response. */
  readonly start: Spread;
  /** CPU time of a request that uses a cached record. */
  readonly cached: Spread;
  /** Additional CPU time of a request that reads the table. */
  readonly read: Spread;
  readonly residentMb: Spread;
}

/** US dollars per million requests to the API. */
export interface CostPerMillion {
  readonly requests: number;
  /** Price of the billed duration, including cold starts. */
  readonly duration: number;
  readonly reads: number;
  readonly writes: number;
  readonly logs: number;
  readonly total: number;
}

/** The construct's default. */
export const MEMORY_MB = 256;
/** AWS Lambda, "Configure Lambda function memory": "At 1,769 MB, a function has the equivalent of one vCPU". */
export const MB_OF_ONE_VCPU = 1769;
/** Assumed share of the runtime in each invocation. */
export const RUNTIME_MS = 1;

/**
 * Returns the duration of this CPU time in milliseconds. It depends on the share of a vCPU that comes with the memory.
 */
function wallMs(cpuMs: number, memoryMb: number): number {
  return cpuMs / Math.min(1, memoryMb / MB_OF_ONE_VCPU);
}

/**
 * Returns the billed milliseconds of an invocation. A write counts as much CPU time as a read, because both are one
 * call of the SDK.
 */
export function billedMs({ reads, writes }: TableCalls, cpu: FunctionCpu, memoryMb = MEMORY_MB): number {
  const call = wallMs(cpu.read.median, memoryMb);
  const own = RUNTIME_MS + wallMs(cpu.cached.median, memoryMb);
  return Math.ceil(own + reads * (call + READ_MS) + writes * (call + WRITE_MS));
}

/** Returns the billed milliseconds of a cold start. */
export function billedStartMs(cpu: FunctionCpu, memoryMb = MEMORY_MB): number {
  return Math.ceil(wallMs(cpu.start.median, memoryMb));
}

/** Returns the price of this much duration. */
export function durationPrice(ms: number, memoryMb = MEMORY_MB): number {
  return (ms / 1000) * (memoryMb / 1024) * PRICES.lambdaGbSecond;
}

/** Returns the price of the counted traffic per million requests. */
export function costPerMillion(counts: TrafficCounts, cpu: FunctionCpu, memoryMb = MEMORY_MB): CostPerMillion {
  const { requests, invocations, coldStarts, work, reads, committedWrites, refusedWrites, logBytes } = counts;
  const invocationsMs = work.reduce((sum, kind) => sum + kind.invocations * billedMs(kind, cpu, memoryMb), 0);
  const perMillion = (price: number) => (price * MILLION) / requests;
  const parts = {
    requests: perMillion(invocations * PRICES.lambdaRequest),
    duration: perMillion(durationPrice(invocationsMs + coldStarts * billedStartMs(cpu, memoryMb), memoryMb)),
    reads: perMillion(reads * 0.5 * PRICES.readUnit),
    writes: perMillion((committedWrites + refusedWrites) * PRICES.writeUnit),
    logs: perMillion(logBytes * PRICES.logByte),
  };
  return { ...parts, total: Object.values(parts).reduce((sum, part) => sum + part, 0) };
}
