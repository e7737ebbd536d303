import type { CostCase, CostResults } from './cost.ts';
import { RUNTIME_MS } from './costPerMillion.ts';
import { LAMBDA_LINES } from './lambdaLines.ts';
import { planOnPaper, type PlanRow } from './planOnPaper.ts';
import type { Spread } from './measureCpu.ts';
import { ENVIRONMENT_HOURS, LOG_EVENT_BYTES, READ_MS, WRITE_MS } from './simulateTraffic.ts';

type Row = readonly string[];

/** What stands between `<!-- cost: NAME -->` and `<!-- cost: end -->` in the page, by name. */
const BLOCKS: Readonly<Record<string, (results: CostResults) => string>> = {
  prices: priceTable,
  assumptions,
  caches: cachesTable,
  held: heldTable,
  grid: gridTable,
  fleets: fleetsTable,
  refused: refusedTable,
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

function assumptions({ memoryMb, prices }: CostResults): string {
  const lambdaBytes = LAMBDA_LINES.reduce((sum, line) => sum + line.length + LOG_EVENT_BYTES, 0);
  const lambdaDollars = (lambdaBytes * prices.logByte * 1_000_000).toFixed(2);
  return [
    `- ${memoryMb} MB on arm64, with the CPU of the function as measured below, divided by the share of a vCPU.`,
    `- A read takes ${READ_MS} ms and a write ${WRITE_MS} ms, done in the middle of that. AWS says "single-digit milliseconds".`,
    `- The runtime itself takes ${RUNTIME_MS} ms of each invocation. The time of an invocation is rounded up, once.`,
    `- An environment is replaced after ${ENVIRONMENT_HOURS} hours; its start is billed.`,
    `- A line of the log counts ${LOG_EVENT_BYTES} bytes beside its own, as in the size of a batch of \`PutLogEvents\`.`,
    `- Lambda writes no lines of its own of invocations that succeed: the function's \`SystemLogLevel\` is \`WARN\`. At Lambda's default, \`INFO\`, there would be ${LAMBDA_LINES.length} with ${lambdaBytes} bytes by AWS's schema, $${lambdaDollars} for a million invocations.`,
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
  const price = (name: string, wanted: number, isMeant: (one: CostCase) => boolean): Row => {
    const meant = caches.filter((one) => isMeant(one) && one.traffic.popularity === 'uniform');
    const { total, totalWithoutLogs } = only(meant).costPerMillion;
    return [name, String(wanted), dollars(totalWithoutLogs), dollars(total), verdict(wanted, totalWithoutLogs, total)];
  };
  const count = (name: string, wanted: number, of: (one: CostCase) => number): Row => {
    const got = Math.max(...fleets.filter(({ traffic }) => traffic.trustsCachedRecords !== true).map(of));
    return [name, String(wanted), got.toFixed(4), '', verdict(wanted, got)];
  };
  const rows = [
    price('$ per million, record cache 300 s', 0.22, ({ traffic }) => traffic.recordCacheSeconds === 300),
    price('$ per million, record cache 60 s', 0.22, ({ isDefault }) => isDefault === true),
    price("$ per million, gateway's cache 300 s", 0.015, ({ traffic }) => traffic.resultCacheSeconds === 300),
    count('writes made per key and interval, 1,000 environments', 1, committedPerInterval),
    count('writes tried for each that was made, 1,000 environments', 1.1, attemptsPerWrite),
  ];
  return table(['figure', '>wanted at most', '>came out', '>with logs', 'holds'], rows);
}

function verdict(wanted: number, got: number, withLogs = got): string {
  if (got > wanted) return '**no**';
  return withLogs > wanted ? 'without logs' : 'yes';
}

function only(cases: readonly CostCase[]): CostCase {
  const [found, ...others] = cases;
  if (found === undefined || others.length > 0) throw new Error('wanted one scenario of these settings');
  return found;
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

function refusedTable({ refused, prices }: CostResults): string {
  const rows = refused.map(({ name, counts, costPerMillion: cost }) => [
    name,
    perMillion(counts.invocations, counts.requests),
    perMillion(counts.reads, counts.requests),
    String(Math.round(counts.logBytes / counts.requests)),
    ...[cost.lambdaRequests, cost.lambdaDuration + cost.lambdaColdStarts, cost.reads, cost.logs, cost.total].map(
      dollars,
    ),
  ]);
  const heads = ['invocations', 'reads', 'bytes of log each', 'requests $', 'duration $', 'reads $', 'logs $', 'all $'];
  const [cheapest = 0, ...more] = refused.map(({ costPerMillion: { total } }) => total).toSorted((a, b) => a - b);
  const most = Math.max(cheapest, ...more);
  const hour = (total: number) => `$${((total * 10_000 * 3600) / 1_000_000).toFixed(2)}`;
  return [
    table(['per million requests that are refused', ...heads.map((head) => `>${head}`)], rows),
    '',
    `At 10,000 requests a second, API Gateway's quota of an account and Region unless AWS raises it, that is ${hour(cheapest)} to ${hour(most)} an hour. ` +
      `Of the line that each writes, at $${(prices.logByte * 1e9).toFixed(2)} a GB, comes ${shareOfLogs(refused)} of it.`,
  ].join('\n');
}

/** The least and the most that logs are of all, of whichever kind. */
function shareOfLogs(cases: CostResults['refused']): string {
  const shares = cases.map(({ costPerMillion: { logs, total } }) => (100 * logs) / total);
  return `${Math.min(...shares).toFixed(0)} to ${Math.max(...shares).toFixed(0)} %`;
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

function planTable({ cpu, memoryMb, prices }: CostResults): string {
  const plan = planOnPaper(cpu, memoryMb, prices);
  const rows = plan.map((row) => [
    whole(row.keys),
    row.resultCacheSeconds === 0 ? '–' : `${row.resultCacheSeconds} s`,
    row.recordCacheSeconds === 0 ? '–' : `${row.recordCacheSeconds} s`,
    whole(row.invocationsPerSecond),
    whole(row.environments),
    whole(row.readsPerSecond),
    digits(row.readsPerSecondOfKey),
    `${digits(100 * row.shareOfReadLimit)} %`,
    digits(row.writesTried),
    row.dollarsPerHour < 0.01 ? '< 0.01' : digits(row.dollarsPerHour),
  ]);
  const counted = [
    'invocations/s',
    'environments',
    'reads/s',
    'reads/s of a key',
    'of its limit',
    'tried for each write',
    '$ an hour',
  ];
  const heads = ['>keys', "gateway's cache", 'record cache', ...counted.map((head) => `>${head}`)];
  return [table(heads, rows), '', ...plan.filter(isWorked).map(worked)].join('\n');
}

/** One row of the plan has its arithmetic shown. */
function isWorked({ keys, resultCacheSeconds, recordCacheSeconds }: PlanRow): boolean {
  return keys === 1_000 && resultCacheSeconds === 0 && recordCacheSeconds > 0;
}

function worked(row: PlanRow): string {
  const { keys, recordCacheSeconds: life, cachedMs, readingMs } = row;
  const [invocations, reads, environments] = [row.invocationsPerSecond, row.readsPerSecond, row.environments].map(
    whole,
  );
  const rate = whole(row.invocationsPerSecond / keys);
  return [
    `Worked for ${whole(keys)} keys and the record cache alone: each key has r = ${invocations} / ${whole(keys)} = ${rate} requests a second.`,
    `An invocation takes ${cachedMs} ms, and ${readingMs} ms with a read, so E = (${invocations} · ${cachedMs} ms + ${reads} · ${readingMs - cachedMs} ms) / 1,000 ms = ${environments} environments.`,
    `In them a key is read E / (L + E/r) = ${environments} / (${life} + ${environments}/${rate}) = ${digits(row.readsPerSecondOfKey)} times a second, which is ${digits(100 * row.shareOfReadLimit)} % of 6,000, and all keys ${whole(keys)} times that.`,
  ].join(' ');
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

/** Three digits that tell something, and all of a whole number. */
function digits(value: number): string {
  if (value >= 1000) return whole(value);
  return value.toLocaleString('en-US', { maximumSignificantDigits: 3 });
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
