import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { generateSecret } from '../../keys/secret.ts';
import { authorize, type AuthorizeDeps } from '../../lambda/authorize.ts';
import { readConfig } from '../../lambda/config.ts';
import { presentedKey } from '../../lambda/presentedKey.ts';
import { RecordCache } from '../../lambda/recordCache.ts';
import type { Route } from '../../lambda/route.ts';
import { requestCredentials } from '../../lambda/surfaces/surface.ts';
import { UsageThrottle } from '../../lambda/usageThrottle.ts';
import { httpApiEvent, restRequestEvent } from '../../testing/authorizerEvents.ts';
import { MemoryLookup } from '../../testing/memoryLookup.ts';
import type { TestRequest } from '../../testing/request.ts';
import { requestWith, warmHandler, type WarmHandler } from './cachedRequests.ts';
import { timeRounds, type RoundsByCase, type TimedCase } from './timedCase.ts';

type MakeEvent = (request: TestRequest) => object;
type RestEvent = ReturnType<typeof restRequestEvent>;

const KEY_COUNT = 100;
/** Each scope opens a few routes, the last of them the one that is asked for. */
const SCOPES = JSON.stringify({ 'orders:write': ['POST /orders', 'PUT /orders/*'], 'orders:read': ['GET /orders/*'] });

/** The case that every other is a multiple of. */
export const HASH_CASE = 'one crypto.hash of a key';

/**
 * One request answered from the record cache, and one refused, beside one SHA-256, in nanoseconds. Every event is parsed from
 * JSON before it is timed, as the runtime hands it over, and no two are of one route.
 */
export async function warmPath({ rounds }: { readonly rounds: number }): Promise<RoundsByCase> {
  return timeRounds(
    [
      hashCase(),
      allowedCase('allowed from the record cache, REST REQUEST', restRequestEvent, {}),
      allowedCase('allowed from the record cache, HTTP API 2.0', httpApiEvent, {}),
      allowedCase('allowed from the record cache, HTTP API 2.0, simple', httpApiEvent, {
        LATCHKEY_HTTP_API_RESPONSE: 'simple',
      }),
      allowedCase('allowed from the record cache, REST REQUEST, scopes mapped', restRequestEvent, {
        LATCHKEY_SCOPES: SCOPES,
      }),
      malformedDecisionCase(),
      malformedCase(),
      unknownCase(),
    ],
    { rounds },
  );
}

function hashCase(): TimedCase {
  const secrets = Array.from({ length: KEY_COUNT }, () => generateSecret('sk_'));
  let last = '';
  return {
    name: HASH_CASE,
    prepare: (count) => {
      const batch = parsed(take(secrets, count));
      return () => {
        for (const secret of batch) last = hash('sha256', secret, 'hex');
      };
    },
    prove: () => {
      assert.equal(hash('sha256', 'abc', 'hex').slice(0, 8), 'ba7816bf');
      assert.match(last, /^([0-9a-f]{64})?$/);
    },
  };
}

function allowedCase(name: string, makeEvent: MakeEvent, settings: Readonly<Record<string, string>>): TimedCase {
  const warm = warmHandler(KEY_COUNT, settings);
  const eventsOf = (count: number) => events(makeEvent, take(warm.secrets, count));
  return {
    name,
    prepare: (count) => answering(warm, eventsOf(count)),
    prove: async () => {
      for (const event of eventsOf(KEY_COUNT)) {
        assert.match(JSON.stringify(await warm.handler(event)), /"Effect":"Allow"|"isAuthorized":true/);
      }
      assert.deepEqual([warm.lookup.reads, warm.lookup.writes], [KEY_COUNT, 0], 'not answered from the cache');
    },
  };
}

/** As where no scopes are mapped. */
const NO_ROUTE = '' as Route;

/** What is decided on a key whose last digit is wrong, from the headers on: without the answer and without its line of the log. */
function malformedDecisionCase(): TimedCase {
  const { keySources, keyFormat, scopes } = readConfig({ LATCHKEY_TABLE: 'keys' });
  const lookup = new MemoryLookup();
  const ignore = () => {};
  const observer = { onCacheHit: ignore, onLookup: ignore, onUsageWrite: ignore, onUsageWriteFailed: ignore };
  const cache = new RecordCache({ recordMs: 60_000, staleIfErrorMs: 0, now: Date.now });
  const throttle = new UsageThrottle({ intervalMs: 900_000 });
  const deps: AuthorizeDeps = { lookup, cache, throttle, scopes, now: Date.now };
  const nowMs = Date.now();
  const decide = (event: RestEvent) =>
    authorize(presentedKey(requestCredentials(event), keySources, keyFormat), NO_ROUTE, nowMs, deps, observer);
  const malformed = malformedSecrets();
  let lastDecision: ReturnType<typeof decide> | undefined;
  return {
    name: 'malformed key, the decision',
    prepare: (count) => {
      const batch = events(restRequestEvent, take(malformed, count));
      return () => {
        for (const event of batch) lastDecision = decide(event);
      };
    },
    prove: async () => {
      for (const event of events(restRequestEvent, malformed)) {
        assert.deepEqual(await decide(event), { effect: 'deny', code: 'INVALID_KEY' });
      }
      assert.ok(!(lastDecision instanceof Promise), 'not decided at once');
      assert.equal(lookup.reads, 0);
    },
  };
}

function malformedCase(): TimedCase {
  const warm = warmHandler(0);
  const malformed = malformedSecrets();
  return {
    name: 'malformed key, the whole handler with its line of the log',
    prepare: (count) => answering(warm, events(restRequestEvent, take(malformed, count))),
    prove: async () => {
      await proveDenied(warm, malformed);
      assert.equal(warm.lookup.reads, 0);
    },
  };
}

function unknownCase(): TimedCase {
  // Unknown hashes are held for ten seconds, and the bench takes longer: a clock that stands holds them on.
  const nowMs = Date.now();
  const warm = warmHandler(0, {}, () => nowMs);
  const unknown = Array.from({ length: KEY_COUNT }, () => generateSecret('sk_'));
  return {
    name: 'unknown key from the cache, the whole handler with its line of the log',
    prepare: (count) => answering(warm, events(restRequestEvent, take(unknown, count))),
    prove: async () => {
      await proveDenied(warm, unknown);
      assert.equal(warm.lookup.reads, KEY_COUNT);
    },
  };
}

async function proveDenied(warm: WarmHandler, secrets: readonly string[]): Promise<void> {
  for (const event of events(restRequestEvent, secrets)) {
    const linesBefore = warm.lineCount();
    assert.match(JSON.stringify(await warm.handler(event)), /"Effect":"Deny".*"INVALID_KEY"/);
    assert.ok(warm.lineCount() > linesBefore, 'a denial without its line');
  }
}

function answering({ handler }: WarmHandler, batch: readonly object[]): () => Promise<void> {
  return async () => {
    for (const event of batch) await handler(event);
  };
}

/** Well-formed but for the checksum: what takes longest to tell. */
function malformedSecrets(): readonly string[] {
  return Array.from({ length: KEY_COUNT }, () => {
    const secret = generateSecret('sk_');
    return secret.slice(0, -1) + (secret.endsWith('0') ? '1' : '0');
  });
}

let requestCount = 0;

function events<T extends object>(makeEvent: (request: TestRequest) => T, keys: readonly string[]): T[] {
  return parsed(keys.map((key) => makeEvent(requestWith(key, requestCount++))));
}

/** As the runtime reads them: every text a new one. */
function parsed<T>(values: readonly T[]): T[] {
  return values.map((value) => JSON.parse(JSON.stringify(value)) as T);
}

function take<T>(values: readonly T[], count: number): T[] {
  return Array.from({ length: count }, (_, at) => values[at % values.length]).filter((value) => value !== undefined);
}
