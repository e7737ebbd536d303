import type { CostCase, CostResults } from './cost.ts';
import { RUNTIME_MS } from './costPerMillion.ts';
import { planOnPaper } from './planOnPaper.ts';
import type { Spread } from './measureCpu.ts';
import { ENVIRONMENT_HOURS, READ_MS, WRITE_MS, type Traffic } from './simulateTraffic.ts';

type Row = readonly string[];

/** What stands between `<!-- cost: NAME -->` and `<!-- cost: end -->` in the page, by name. */
const BLOCKS: Readonly<Record<string, (results: CostResults) => string>> = {
  prices: priceTable,
  assumptions,
  caches: cachesTable,
  held: heldTable,
  grid: gridTable,
  fleets: fleetsTable,
  cpu: cpuTable,
  power: powerTable,
  plan: planTable,
};

/**
 * The page with every marked part made anew from the results; what is outside the marks is left as it was.
 *
 * @throws Error where a mark has no part, or a part no mark
 */
export function costPage(page: string, results: CostResults): string {
  const missing = new Set(Object.keys(BLOCKS));
  const made = page.replaceAll(/(<!-- cost: (\w+) -->\n)[^]*?(<!-- cost: end -->)/g, (_whole, start, name, end) => {
    const block = BLOCKS[String(name)];
    if (block === undefined) throw new Error(`the page has a mark of no part: ${String(name)}`);
    missing.delete(String(name));
    return `${String(start)}\n${block(results)}\n\n${String(end)}`;
  });
  if (missing.size > 0) throw new Error(`the page has no mark of ${[...missing].join(', ')}`);
  return made;
}

function priceTable({ prices }: CostResults): string {
  const million = (price: number) => `$${(price * 1_000_000).toFixed(3)} a million`;
  return [
    `List prices of ${prices.region} as of ${prices.asOf}, after ${prices.source}, before what is free and any discount:`,
    '',
    table(
      ['what', '>price'],
      [
        ['Lambda, requests', million(prices.lambdaRequest)],
        ['Lambda, a GB for a second', `$${prices.lambdaGbSecond}`],
        ['DynamoDB, read units', million(prices.readUnit)],
        ['DynamoDB, write units', million(prices.writeUnit)],
        ['CloudWatch, a GB of log lines', `$${(prices.logByte * 1e9).toFixed(2)}`],
      ],
    ),
  ].join('\n');
}

function assumptions({ memoryMb }: CostResults): string {
  return [
    `- ${memoryMb} MB on arm64, with the CPU of the function as measured below, divided by the share of a vCPU.`,
    `- A read takes ${READ_MS} ms and a write ${WRITE_MS} ms, done in the middle of that. AWS says "single-digit milliseconds".`,
    `- The runtime itself takes ${RUNTIME_MS} ms of each invocation. Billed times are rounded up.`,
    `- An environment is replaced after ${ENVIRONMENT_HOURS} hours; its start is billed.`,
  ].join('\n');
}

function cachesTable({ caches }: CostResults): string {
  const rows = caches.map(({ name, counts, costPerMillion: cost }) => [
    name,
    perMillion(counts.invocations, counts.requests),
    perMillion(counts.reads, counts.requests),
    perMillion(counts.committedWrites, counts.requests),
    perMillion(counts.refusedWrites, counts.requests),
    ...[cost.lambdaRequests, cost.lambdaDuration + cost.lambdaColdStarts, cost.reads, cost.writes].map(dollars),
    dollars(cost.totalWithoutLogs),
    dollars(cost.logs),
  ]);
  const heads = ['invocations', 'reads', 'writes', 'refused', 'requests $', 'duration $', 'reads $', 'writes $'];
  return table(['per million requests', ...[...heads, 'together $', 'logs $'].map((head) => `>${head}`)], rows);
}

function heldTable({ caches, fleets }: CostResults): string {
  const least = (cases: readonly CostCase[]) => Math.min(...cases.map(({ costPerMillion: c }) => c.totalWithoutLogs));
  const behind = (test: (traffic: Traffic) => boolean) => least(caches.filter(({ traffic }) => test(traffic)));
  const real = fleets.filter(({ traffic }) => traffic.trustsCachedRecords !== true);
  const committed = Math.max(...real.map(committedPerInterval));
  const attempts = Math.max(...real.map(attemptsPerWrite));
  const rows: readonly (readonly [string, number, number])[] = [
    ['$ per million, record cache 300 s', behind((t) => t.recordCacheSeconds === 300), 0.22],
    ['$ per million, record cache 60 s, uniform', least(caches.filter(({ isDefault }) => isDefault === true)), 0.22],
    [
      "$ per million, gateway's cache 300 s",
      behind((t) => t.resultCacheSeconds === 300 && t.popularity === 'uniform'),
      0.015,
    ],
    ['writes made per key and interval, 1,000 environments', committed, 1],
    ['writes tried for each that was made, 1,000 environments', attempts, 1.1],
  ];
  return table(
    ['figure', '>wanted at most', '>came out', 'holds'],
    rows.map(([name, got, wanted]) => [name, String(wanted), got.toFixed(4), got <= wanted ? 'yes' : '**no**']),
  );
}

function gridTable({ grid }: CostResults): string {
  const rows = grid.map(({ traffic, counts, readsByFormula: formula, costPerMillion: cost }) => [
    String(traffic.environments),
    String(traffic.keys),
    traffic.popularity,
    perMillion(counts.reads, counts.requests),
    perMillion(formula, counts.requests),
    percent(counts.reads / formula - 1),
    perMillion(counts.committedWrites, counts.requests),
    perMillion(counts.refusedWrites, counts.requests),
    dollars(cost.reads + cost.writes),
  ]);
  const counted = ['reads', 'by the formula', 'off by', 'writes', 'refused', 'reads and writes $'];
  return table(['>environments', '>keys', 'requests', ...counted.map((head) => `>${head}`)], rows);
}

function fleetsTable({ fleets }: CostResults): string {
  const rows = fleets.map((one) => [
    one.name,
    String(one.traffic.keys),
    String(one.traffic.requestsPerSecond),
    String(one.traffic.hours),
    String(one.counts.committedWrites),
    String(one.counts.refusedWrites),
    committedPerInterval(one).toFixed(3),
    attemptsPerWrite(one).toFixed(3),
    (one.counts.leastSecondsBetweenWrites ?? Number.NaN).toFixed(3),
  ]);
  const counted = ['requests/s', 'hours', 'made', 'refused', 'made per key and interval', 'tried for each made'];
  return table(
    ['1,000 environments', '>keys', ...[...counted, 'least seconds between two'].map((head) => `>${head}`)],
    rows,
  );
}

function cpuTable({ cpu }: CostResults): string {
  const row = (name: string, unit: string, { median, min, max }: Spread) => [name, unit, `${median}`, `${min}–${max}`];
  return [
    `Node ${cpu.node}, ${cpu.rounds} rounds:`,
    '',
    table(
      ['CPU of the function', 'unit', '>median', '>least–most'],
      [
        row('start of the process, until the first request is answered', 'ms', cpu.coldStartMs),
        row('a request from the record cache', 'ms', cpu.cachedMs),
        row('more for a read of the table', 'ms', cpu.lookupMs),
        row('most memory held', 'MB', cpu.residentMb),
      ],
    ),
  ].join('\n');
}

function powerTable({ power }: CostResults): string {
  const rows = power.map((row) => [
    `${row.memoryMb} MB`,
    `${row.cpuPercent.toFixed(0)} %`,
    String(row.coldStartMs),
    String(row.invocationMs),
    String(row.readingMs),
    dollars(row.durationPerMillion),
    dollars(row.totalPerMillion),
  ]);
  const heads = ['vCPU', 'start, ms', 'from the cache, ms', 'with a read, ms', 'duration $', 'all $'];
  return table(['>memory', ...heads.map((head) => `>${head}`)], rows);
}

function planTable({ cpu, memoryMb }: CostResults): string {
  const rows = planOnPaper(cpu, memoryMb).map((row) => [
    whole(row.keys),
    row.resultCacheSeconds === 0 ? '–' : `${row.resultCacheSeconds} s`,
    row.recordCacheSeconds === 0 ? '–' : `${row.recordCacheSeconds} s`,
    whole(row.invocationsPerSecond),
    whole(row.environments),
    whole(row.readsPerSecond),
    row.readsPerSecondOfKey.toPrecision(3),
    `${(100 * row.shareOfReadLimit).toPrecision(2)} %`,
    row.writesTried.toFixed(2),
  ]);
  const counted = [
    'invocations/s',
    'environments',
    'reads/s',
    'reads/s of a key',
    'of its limit',
    'tried for each write',
  ];
  return table(['>keys', "gateway's cache", 'record cache', ...counted.map((head) => `>${head}`)], rows);
}

/** How many intervals of 15 minutes have begun, for each key. */
function committedPerInterval({ traffic, counts }: CostCase): number {
  const intervals = Math.ceil((traffic.hours * 3600) / (traffic.usageWriteSeconds ?? 900));
  return counts.committedWrites / (traffic.keys * intervals);
}

function attemptsPerWrite({ counts }: CostCase): number {
  return (counts.committedWrites + counts.refusedWrites) / counts.committedWrites;
}

function perMillion(count: number, requests: number): string {
  return Math.round((count / requests) * 1_000_000).toLocaleString('en-US');
}

function whole(value: number): string {
  return Math.ceil(value).toLocaleString('en-US');
}

function dollars(value: number): string {
  return value.toFixed(4);
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

/** A Markdown table; a head that begins with `>` has its column to the right. */
function table(heads: Row, rows: readonly Row[]): string {
  const line = (cells: Row) => `| ${cells.join(' | ')} |`;
  const rule = heads.map((head) => (head.startsWith('>') ? '--:' : '---'));
  return [line(heads.map((head) => head.replace('>', ''))), line(rule), ...rows.map(line)].join('\n');
}
