import { generateSecret } from '../keys/secret.ts';
import { readConfig } from '../lambda/config.ts';
import { createHandler, type Handler } from '../lambda/createHandler.ts';
import { restRequestEvent } from '../testing/authorizerEvents.ts';
import { createTestKey } from '../testing/createTestKey.ts';
import { MemoryLookup } from '../testing/memoryLookup.ts';
import { mistyped } from '../test/support/keys.ts';

// Measures the response times for each kind of key, with a table that responds immediately. The differences show how
// much an attacker could learn from response times. Some kinds need a table read, so they always take longer than the
// others.

const ROUNDS = 41;
const REQUESTS = 500;

interface Kind {
  readonly name: string;
  readonly handler: Handler;
  readonly event: object;
}

const PAST = '2024-01-01T00:00:00Z';
const KEYS = {
  active: createTestKey({ lastUsedAt: '2999-01-01T00:00:00Z' }),
  revoked: createTestKey({ revokedAt: PAST }),
  expired: createTestKey({ expiresAt: PAST }),
  disabled: createTestKey({ disabledAt: PAST }),
};
const UNKNOWN = generateSecret('sk_');
const WELL_FORMED = [
  ['unknown', UNKNOWN] as const,
  ...Object.entries(KEYS).map(([name, { secret }]) => [name, secret] as const),
];

const cached = makeHandler('3600');
const reading = makeHandler('0');
const kinds: readonly Kind[] = [
  kind('malformed in its first character', cached, `x${KEYS.active.secret.slice(1)}`),
  kind('malformed in its checksum', cached, mistyped(KEYS.active.secret)),
  ...WELL_FORMED.map(([name, secret]) => kind(`${name}, from the cache`, cached, secret)),
  ...WELL_FORMED.map(([name, secret]) => kind(`${name}, read from the table`, reading, secret)),
];
const rounds = new Map(kinds.map(({ name }) => [name, [] as number[]]));
// The first round is a warm-up. Each round measures all kinds, so a slow machine slows all of them.
for (let round = 0; round <= ROUNDS; round++) {
  for (const one of round % 2 === 0 ? kinds : kinds.toReversed()) {
    const microseconds = await measure(one);
    if (round > 0) rounds.get(one.name)?.push(microseconds);
  }
}
process.stdout.write(`µs a request, median (least to most) of ${ROUNDS} rounds\n`);
for (const [name, values] of rounds) {
  const sorted = values.toSorted((one, other) => one - other);
  const [least = NaN, median = NaN, most = NaN] = [sorted[0], sorted[ROUNDS >> 1], sorted.at(-1)];
  process.stdout.write(`${name.padEnd(34)} ${median.toFixed(2)} (${least.toFixed(2)} to ${most.toFixed(2)})\n`);
}

function makeHandler(recordCacheSeconds: string): Handler {
  return createHandler({
    config: readConfig({ LATCHKEY_TABLE: 'keys', LATCHKEY_RECORD_CACHE_SECONDS: recordCacheSeconds }),
    functionName: 'authorizer',
    lookup: new MemoryLookup(...Object.values(KEYS).map(({ record }) => record)),
    now: Date.now,
    random: Math.random,
    writeLog: () => {},
  });
}

function kind(name: string, handler: Handler, key: string): Kind {
  return { name, handler, event: restRequestEvent({ key }) };
}

async function measure({ handler, event }: Kind): Promise<number> {
  const startedAt = process.hrtime.bigint();
  for (let at = 0; at < REQUESTS; at++) await handler(event);
  return Number(process.hrtime.bigint() - startedAt) / 1000 / REQUESTS;
}
