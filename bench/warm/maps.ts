// Compares the map behind the record cache with other maps. It adds a million new keys if you run it directly. It then
// prints the megabytes that one map, or the whole handler, retains. Usage: node --expose-gc maps.ts NAME
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { hash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { generateSecret } from '../../keys/secret.ts';
import { readConfig } from '../../lambda/config.ts';
import { createHandler } from '../../lambda/createHandler.ts';
import { GenerationalMap } from '../../lambda/recordCache.ts';
import { restRequestEvent } from '../../testing/authorizerEvents.ts';
import { MemoryLookup } from '../../testing/memoryLookup.ts';
import { assertAllowed, eventWith, usedKey } from '../deployedFunction.ts';
import { interleave, timed, type BenchCase } from '../harness.ts';
import { figure, type Group, type Table } from '../report.ts';

interface MeasuredMap {
  get(key: string): number | undefined;
  set(key: string, value: number): unknown;
}

const FILE = fileURLToPath(import.meta.url);
const CAPACITY = 10_000;
const FLOOD = 1_000_000;
const LIVE_KEYS = 1000;
const SETTLING_KEYS = 300_000;
const HANDLER = 'whole handler, unknown keys';

if (process.argv[1] === FILE) process.stdout.write(String(await retainedMegabytes(process.argv[2] ?? '')));

/**
 * Measures new and existing keys in maps of 10,000 entries. It measures the memory retained after a flood only once,
 * because that hardly varies.
 */
export async function mapMeasurements(rounds: number): Promise<{ readonly group: Group; readonly table: Table }> {
  const makers = Object.entries(await mapMakers());
  const cases = makers.flatMap(([name, make]) => mapCases(name, make));
  const group = { title: 'Map operations, 10,000 entries', unit: 'ns', base: 'lru-cache, new key' };
  const rows: string[][] = [];
  for (const name of [...makers.map(([name]) => name), HANDLER]) rows.push([name, await measureRetained(name)]);
  const table = { title: 'Memory retained after a million new keys', heads: 'map|>MB', rows };
  return { group: { ...group, rounds: await interleave(cases, rounds) }, table };
}

async function mapMakers(): Promise<Readonly<Record<string, () => MeasuredMap>>> {
  const { LRUCache } = await import('lru-cache');
  return {
    'two generations (Latchkey)': () => new GenerationalMap<string, number>(CAPACITY),
    'Map, unbounded': () => new Map<string, number>(),
    'lru-cache': () => new LRUCache({ max: CAPACITY }),
  };
}

let keyCount = 0;

function newKeys(count: number): readonly string[] {
  return Array.from({ length: count }, () => hash('sha256', String(keyCount++), 'hex'));
}

const BATCH_SIZE = 1000;
/**
 * The number of batches before a new map replaces the flooded one. The unbounded map would otherwise exhaust the heap.
 */
const BATCHES_PER_MAP = 200;

/** Creates the cases of a map. A new key is added after an unsuccessful look-up, the same as in a cache. */
function mapCases(name: string, make: () => MeasuredMap): readonly BenchCase[] {
  const add = (map: MeasuredMap, keys: readonly string[]) => {
    for (const key of keys) if (map.get(key) === undefined) map.set(key, 1);
  };
  const countHeld = (map: MeasuredMap, keys: readonly string[]) => {
    let held = 0;
    for (const key of keys) held += map.get(key) ?? 0;
    return held;
  };
  const assertHeld = (map: MeasuredMap, keys: readonly string[]) =>
    assert.equal(countHeld(map, keys), keys.length, `${name} lost its latest keys`);
  const held = newKeys(BATCH_SIZE);
  const heldMap = make();
  add(heldMap, held);
  let flooded = make();
  let latest: readonly string[] = [];
  let batches = 0;
  const addBatch = (count: number) => {
    if (batches++ % BATCHES_PER_MAP === 0) flooded = make();
    const [map, keys] = [flooded, (latest = newKeys(count))];
    return () => add(map, keys);
  };
  const findBatch = () => () => void countHeld(heldMap, held);
  const common = { unitNs: 1, batchSize: BATCH_SIZE };
  return [
    timed({ ...common, name: `${name}, new key`, prepare: addBatch, check: () => assertHeld(flooded, latest) }),
    timed({ ...common, name: `${name}, held key`, prepare: findBatch, check: () => assertHeld(heldMap, held) }),
  ];
}

async function measureRetained(name: string): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', FILE, name]);
  assert.match(stdout, /^[\d.]+$/, `got ${stdout} for ${name}`);
  return figure(Number(stdout));
}

async function retainedMegabytes(name: string): Promise<number> {
  const make = (await mapMakers())[name];
  if (make === undefined) return retainedByHandler();
  const map = make();
  map.set('', 0);
  const before = heapUsed();
  for (let key = 0; key < FLOOD; key++) map.set(hash('sha256', String(key), 'hex'), key);
  const megabytes = (heapUsed() - before) / 1e6;
  assert.equal(map.get(hash('sha256', String(FLOOD - 1), 'hex')), FLOOD - 1);
  return megabytes;
}

/**
 * Fills a handler's cache with live records, then floods the handler with unknown keys. Throws if the handler has to
 * read a live record again afterwards.
 */
async function retainedByHandler(): Promise<number> {
  const live = Array.from({ length: LIVE_KEYS }, usedKey);
  const lookup = new MemoryLookup(...live.map(({ record }) => record));
  const handler = handlerOn(lookup);
  for (const { secret } of live) assertAllowed(await handler(eventWith(secret)));
  await handler(restRequestEvent({ key: generateSecret('sk_') }));
  await settleHeap();
  const before = heapUsed();
  for (let key = 0; key < FLOOD; key++) await handler(restRequestEvent({ key: generateSecret('sk_') }));
  const megabytes = (heapUsed() - before) / 1e6;
  for (const { secret } of live) assertAllowed(await handler(eventWith(secret)));
  assert.equal(lookup.reads, LIVE_KEYS + 1 + FLOOD, 'a live record was read again');
  return megabytes;
}

/**
 * Floods another handler first. The process frees megabytes that don't belong to any handler only after many requests.
 */
async function settleHeap(): Promise<void> {
  heapUsed();
  const handler = handlerOn(new MemoryLookup());
  for (let key = 0; key < SETTLING_KEYS; key++) await handler(restRequestEvent({ key: generateSecret('sk_') }));
}

function handlerOn(lookup: MemoryLookup) {
  const config = readConfig({ LATCHKEY_TABLE: 'keys', LATCHKEY_RECORD_CACHE_SECONDS: '3600' });
  const writeLog = () => {};
  return createHandler({ config, functionName: 'authorizer', lookup, now: Date.now, random: Math.random, writeLog });
}

/**
 * Returns the used heap in bytes. It collects garbage several times, because V8 discards unused code only after some
 * collections.
 */
function heapUsed(): number {
  assert.ok(globalThis.gc, 'expected --expose-gc');
  for (let times = 0; times < 10; times++) globalThis.gc();
  return process.memoryUsage().heapUsed;
}
