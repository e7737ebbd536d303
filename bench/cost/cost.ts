import { costPerMillion, type CostPerMillion } from './costPerMillion.ts';
import { measureCpu, type FunctionCpu } from './measureCpu.ts';
import { powerTuning, type PowerRow } from './powerTuning.ts';
import { PRICES, type PriceList } from './prices.ts';
import { readsByFormula } from './renewals.ts';
import { CACHES, FLEETS, GRID, REFUSED, type Scenario } from './scenarios.ts';
import { simulateTraffic, type Traffic, type TrafficCounts, type Work } from './simulateTraffic.ts';

export interface CostOptions {
  /** The Node that the function's CPU is measured with. */
  readonly node?: string;
  /** Of the measurement of CPU; a simulation is run once, for its seed decides it. */
  readonly rounds?: number;
  /** Told of each simulation as it ends. */
  readonly onProgress?: (line: string) => void;
}

/** One simulation and what it costs. */
export interface SimulatedCase extends Scenario {
  readonly counts: TrafficCounts;
  readonly costPerMillion: CostPerMillion;
}

/** One of good keys, of which a formula tells the reads. */
export interface CostCase extends SimulatedCase {
  readonly readsByFormula: number;
}

/** What `docs/cost.md` is made from. */
export interface CostResults {
  readonly measuredAt: string;
  readonly memoryMb: number;
  readonly prices: PriceList;
  readonly cpu: FunctionCpu;
  readonly caches: readonly CostCase[];
  readonly grid: readonly CostCase[];
  readonly fleets: readonly CostCase[];
  /** Whose requests are all refused. */
  readonly refused: readonly SimulatedCase[];
  readonly power: readonly PowerRow[];
}

/** The construct's default. */
const MEMORY_MB = 256;

/** Simulates every scenario, measures the function's CPU, and prices both. */
export async function cost({ node, rounds, onProgress = () => {} }: CostOptions = {}): Promise<CostResults> {
  const cpu = await measureCpu({
    ...(node === undefined ? {} : { node }),
    ...(rounds === undefined ? {} : { rounds }),
  });
  onProgress(`cpu: ${JSON.stringify(cpu)}`);
  const simulate = async (scenario: Scenario): Promise<SimulatedCase> => {
    const simulated = await simulatedCase(scenario, cpu);
    const { name, counts, costPerMillion } = simulated;
    onProgress(`${name}: ${JSON.stringify(counts)}, $${costPerMillion.total.toFixed(4)} per million`);
    return simulated;
  };
  const run = async (scenario: Scenario): Promise<CostCase> => {
    const simulated = await simulate(scenario);
    return { ...simulated, readsByFormula: Math.round(readsByFormula(scenario.traffic)) };
  };
  const caches = await inTurn(CACHES, run);
  const tuned = caches.find(({ isDefault }) => isDefault);
  if (tuned === undefined) throw new Error('no scenario has the default settings');
  return {
    measuredAt: new Date().toISOString(),
    memoryMb: MEMORY_MB,
    prices: PRICES,
    cpu,
    caches,
    grid: await inTurn(GRID, run),
    fleets: await inTurn(FLEETS, run),
    refused: await inTurn(REFUSED, simulate),
    power: powerTuning(tuned.counts, PRICES, cpu),
  };
}

/** Simulates a scenario, and prices it for a function of this CPU. */
export async function simulatedCase(scenario: Scenario, cpu: FunctionCpu): Promise<SimulatedCase> {
  const counts = await countsOf(scenario.traffic);
  return { ...scenario, counts, costPerMillion: costPerMillion(counts, PRICES, cpu, MEMORY_MB) };
}

/** A simulation whose counts do not add up has no figure. */
async function countsOf(traffic: Traffic): Promise<TrafficCounts> {
  const counts = await simulateTraffic(traffic);
  const {
    requests,
    invocations,
    reads,
    work,
    committedWrites,
    refusedWrites,
    leastSecondsBetweenWrites = Infinity,
  } = counts;
  const { usageWriteSeconds = 900, recordCacheSeconds, refused } = traffic;
  const isGood = refused === undefined;
  const fewestReads = recordCacheSeconds === 0 ? invocations : Number(isGood);
  const sumOf = (of: (kind: Work) => number) => work.reduce((sum, kind) => sum + of(kind), 0);
  const addsUp =
    invocations <= requests &&
    reads >= fewestReads &&
    committedWrites > 0 === isGood &&
    (isGood || refusedWrites === 0) &&
    sumOf((kind) => kind.invocations) === invocations &&
    sumOf((kind) => kind.invocations * kind.reads) === reads &&
    sumOf((kind) => kind.invocations * kind.writes) === committedWrites + refusedWrites;
  if (!addsUp || leastSecondsBetweenWrites < usageWriteSeconds) {
    throw new Error(`impossible counts: ${JSON.stringify({ traffic, counts })}`);
  }
  return counts;
}

async function inTurn<T>(scenarios: readonly Scenario[], run: (scenario: Scenario) => Promise<T>) {
  const cases: T[] = [];
  for (const scenario of scenarios) cases.push(await run(scenario));
  return cases;
}
