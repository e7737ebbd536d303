import { setTimeout as sleep } from 'node:timers/promises';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { KeyRegistry, REGISTRY_TRANSLATION } from '../keys/registry.ts';
import { createClient, startDynalite } from '../test/support/engine.ts';
import { measureGrowth, type Growth } from './growth.ts';
import { KeyPool } from './keyPool.ts';
import { ServedGateway, type StartOptions } from './servedGateway.ts';
import { Outages } from './outages.ts';
import { Traffic } from './traffic.ts';

/** The options of a soak. */
export interface SoakOptions {
  readonly seconds: number;
  /** The soak goes on past `seconds` until it has sent as many requests. Default: 0 */
  readonly minRequests?: number;
  /** Maximum age in seconds of a record that may be used while the store fails. Default: 0 */
  readonly staleIfErrorSeconds?: number;
  /** Additional environment variables of the function. Tests use them to cause wrong responses. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly preload?: StartOptions['preload'];
}

/** The result of a soak. */
export interface SoakResult {
  readonly seconds: number;
  readonly requests: number;
  readonly outcomes: ReadonlyMap<string, number>;
  readonly changes: ReadonlyMap<string, number>;
  readonly outages: number;
  readonly failedStoreRequests: number;
  readonly logLines: number;
  readonly wrongCount: number;
  /** One line for each wrong response, and for each difference in the table at the end. */
  readonly wrong: readonly string[];
  readonly latestAcceptanceMs: number;
  /** Maximum time in milliseconds for which a revoked key may be accepted. */
  readonly recordMs: number;
  readonly growth: Growth;
}

const RECORD_CACHE_SECONDS = 2;
const WARM_UP_SHARE = 0.3;
const CHANGE_EVERY_MS = 100;
const MOST_REST_MS = 6000;
const SAMPLE_EVERY_MS = 250;
/** Maximum time in milliseconds for which an idle connection stays open. */
const IDLE_MS = 6000;

const SETTINGS = {
  LATCHKEY_RECORD_CACHE_SECONDS: String(RECORD_CACHE_SECONDS),
  LATCHKEY_LAST_USED_SECONDS: '1',
  LATCHKEY_SCOPES: '{"whoami":["GET /whoami"],"other":["GET /other"]}',
  LATCHKEY_METRICS: 'true',
};

/**
 * Sends requests to the local gateway while keys change and the store sometimes fails. It checks all responses and the
 * growth.
 */
export async function soak({
  seconds,
  minRequests = 0,
  staleIfErrorSeconds = 0,
  environment,
  preload,
}: SoakOptions): Promise<SoakResult> {
  // The emulator runs outside the gateway's process, whose memory is measured. It keeps a part of each response
  // forever.
  const engine = await startDynalite();
  const outages = await Outages.start(engine.endpoint);
  const gateway = await ServedGateway.start({
    environment: { ...SETTINGS, LATCHKEY_STALE_IF_ERROR_SECONDS: String(staleIfErrorSeconds), ...environment },
    functionsEndpoint: outages.endpoint,
    preload,
  });
  const client = DynamoDBDocumentClient.from(createClient(engine.endpoint, 3), REGISTRY_TRANSLATION);
  try {
    await engine.createTable(gateway.tableName);
    const maxAgeMs = { recordMs: RECORD_CACHE_SECONDS * 1000, staleMs: staleIfErrorSeconds * 1000 };
    return await run({ gateway, outages, client, seconds, minRequests, ...maxAgeMs });
  } finally {
    client.destroy();
    await gateway.stop();
    await outages.stop();
    await engine.stop();
  }
}

interface Run {
  readonly gateway: ServedGateway;
  readonly outages: Outages;
  readonly client: DynamoDBDocumentClient;
  readonly seconds: number;
  readonly minRequests: number;
  readonly recordMs: number;
  readonly staleMs: number;
}

async function run({ gateway, outages, client, seconds, minRequests, recordMs, staleMs }: Run): Promise<SoakResult> {
  const { url, tableName } = gateway;
  const pool = new KeyPool({
    registry: new KeyRegistry({ client, tableName, actor: 'soak' }),
    client,
    tableName,
  });
  const traffic = new Traffic({ url, pool, outages, recordMs, staleMs });
  await pool.fill();
  await traffic.begin();
  const idleMs = Math.min(IDLE_MS, seconds * 100);
  const phase = async (share: number, onSample: (rssBytes: number) => void) => {
    const endMs = Date.now() + seconds * 1000 * share;
    const lastRequest = traffic.requests + minRequests * share;
    await runPhase({ gateway, outages, pool, traffic, onSample, endMs, lastRequest });
    await sleep(idleMs);
    return gateway.footprint();
  };
  const rssSamples: number[] = [];
  const before = await phase(WARM_UP_SHARE, () => {});
  const after = await phase(1 - WARM_UP_SHARE, (rssBytes) => rssSamples.push(rssBytes));
  const { requests, outcomes, latestAcceptanceMs } = traffic;
  const differences = await pool.differences();
  return {
    seconds,
    requests,
    outcomes,
    changes: pool.changes,
    outages: outages.count,
    failedStoreRequests: outages.failed,
    logLines: after.logLines,
    wrongCount: traffic.wrongCount + differences.length,
    wrong: [...traffic.wrong, ...differences],
    latestAcceptanceMs,
    recordMs: Math.max(recordMs, staleMs),
    growth: measureGrowth(rssSamples, { before, after }),
  };
}

interface Phase {
  readonly gateway: ServedGateway;
  readonly outages: Outages;
  readonly pool: KeyPool;
  readonly traffic: Traffic;
  readonly onSample: (rssBytes: number) => void;
  /** The phase ends after this time, in epoch milliseconds, and after this number of requests. */
  readonly endMs: number;
  readonly lastRequest: number;
}

async function runPhase({ gateway, outages, pool, traffic, onSample, endMs, lastRequest }: Phase): Promise<void> {
  const isOver = () => Date.now() >= endMs && traffic.requests >= lastRequest;
  const until = async (act: () => Promise<unknown>) => {
    while (!isOver()) await act();
  };
  await Promise.all([
    traffic.runUntil(isOver),
    until(() => pool.changeOne().then(() => sleep(CHANGE_EVERY_MS * 2 * Math.random()))),
    // Even a short run has an outage.
    until(() => outages.failOnce(Math.min(MOST_REST_MS, Math.max(0, endMs - Date.now()) / 2) * Math.random())),
    until(async () => {
      onSample((await gateway.footprint()).rssBytes);
      await sleep(SAMPLE_EVERY_MS);
    }),
  ]);
}
