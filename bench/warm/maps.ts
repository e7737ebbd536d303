import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { hash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { shuffled } from '../shuffled.ts';
import { spreadOf } from '../statistics.ts';
import { boundedMaps, CAPACITY, type BoundedMap } from './boundedMaps.ts';
import type { RoundsByCase } from './timedCase.ts';

/** What was measured of the maps. */
export interface MapRounds {
  /** By map and operation, nanoseconds of one: a key that is new, and a key that is held. */
  readonly nanoseconds: RoundsByCase;
  /** By map, megabytes that are left after a million new keys, each round in a process of its own. */
  readonly retainedMegabytes: RoundsByCase;
  /** What is not in the figures, and why. */
  readonly leftOut: readonly string[];
}

const FLOOD = 1_000_000;
/** Memory hardly varies, and a million requests take a while; of three there is a median. */
const RETAINED_ROUNDS = 3;
/** Hashes are made in lots of so many before they are timed: a million of them would be held, and be measured, with the map. */
const LOT = 10_000;

/**
 * New keys into maps of 10,000 places, and into one without a bound: the time of each, and what is held on to after a million.
 * The last that holds on to something is the function itself, asked by a million well-formed keys that the table lacks.
 */
export async function maps({ rounds }: { readonly rounds: number }): Promise<MapRounds> {
  const made = await boundedMaps();
  const nanoseconds: Record<string, number[]> = {};
  const retainedMegabytes: Record<string, number[]> = {};
  for (let round = -1; round < rounds; round++) {
    for (const [name, make] of shuffled(Object.entries(made))) {
      const taken = timeFlood(name, make(), lotsOf(round));
      if (round < 0) continue;
      (nanoseconds[`${name}, new key`] ??= []).push(taken.missNs);
      (nanoseconds[`${name}, held key`] ??= []).push(taken.hitNs);
    }
  }
  for (let round = 0; round < Math.min(rounds, RETAINED_ROUNDS); round++) {
    for (const name of [...Object.keys(made), HANDLER]) (retainedMegabytes[name] ??= []).push(await retainedBy(name));
  }
  const leftOut = 'lru-cache' in made ? [] : ['lru-cache: it is not installed in bench/node_modules'];
  return { nanoseconds, retainedMegabytes, leftOut };
}

/** The name under which the whole handler's memory is told. */
export const HANDLER = 'the whole handler';

/** A look-up that finds nothing and an entry for each key, and then look-ups of what was entered last. */
function timeFlood(
  name: string,
  map: BoundedMap,
  lots: Iterable<readonly string[]>,
): { missNs: number; hitNs: number } {
  const missNs: number[] = [];
  let latest: readonly string[] = [];
  for (const lot of lots) {
    const startedAt = process.hrtime.bigint();
    for (const key of lot) if (map.get(key) === undefined) map.set(key, 1);
    missNs.push(Number(process.hrtime.bigint() - startedAt) / lot.length);
    latest = lot.slice(-CAPACITY / 4);
  }
  const hitNs: number[] = [];
  for (let pass = 0; pass < 50; pass++) {
    let found = 0;
    const startedAt = process.hrtime.bigint();
    for (const key of latest) found += map.get(key) ?? 0;
    hitNs.push(Number(process.hrtime.bigint() - startedAt) / latest.length);
    assert.equal(found, latest.length, `${name} lost what was entered last`);
  }
  assert.ok(name === 'Map, no bound' ? map.size > CAPACITY : map.size <= CAPACITY, `${name} holds ${map.size}`);
  return { missNs: spreadOf(missNs).median, hitNs: spreadOf(hitNs).median };
}

/** Hashes of a fifth of a million keys, no two rounds of the same: what is timed does not change any more after so many. */
function* lotsOf(round: number): Generator<readonly string[]> {
  for (let lot = 0; lot < FLOOD / LOT / 5; lot++) {
    yield Array.from({ length: LOT }, (_, at) => hash('sha256', `${round} ${lot} ${at}`, 'hex'));
  }
}

async function retainedBy(name: string): Promise<number> {
  const script = fileURLToPath(new URL('retainedMemory.ts', import.meta.url));
  const args = [...process.execArgv, '--expose-gc', script, name, String(FLOOD)];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  const megabytes = Number(stdout);
  assert.ok(stdout !== '' && Number.isFinite(megabytes), `no figure of ${name}: ${stdout}`);
  return megabytes;
}
