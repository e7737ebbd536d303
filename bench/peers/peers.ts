import assert from 'node:assert/strict';
import { hash, generateKeyPairSync } from 'node:crypto';
import { assertAllowed, countLines, eventWith, importFunction, usedKey } from '../deployedFunction.ts';
import { interleave, timed, type BenchCase } from '../harness.ts';
import type { Measured, PartOptions } from '../report.ts';
import { startStore, type FixedStore } from '../store.ts';

const KEY_COUNT = 100;
const LATCHKEY = 'Latchkey, from its cache';
const ISSUER = 'https://issuer.example.com';
const AUDIENCE = 'orders';
const SUBJECT = '0f8c1a52-5b8e-4c56-9d2f-7a1f6f0a3b11';

type Algorithm = 'RS256' | 'ES256';

const key = usedKey();

/**
 * Measures one verification by the deployed file and by each of its peers. Each case verifies the same credentials
 * repeatedly.
 */
export async function peers({ rounds }: PartOptions): Promise<Measured> {
  countLines();
  const keys = Array.from({ length: KEY_COUNT }, usedKey);
  const store = await startStore(keys.map(({ record }) => record));
  try {
    const cases = [
      hashCase(),
      hashAndMapCase(),
      await latchkeyCase(
        store,
        keys.map(({ secret }) => eventWith(secret)),
      ),
      await prefixedApiKeyCase(),
      await awsJwtVerifyCase('RS256'),
      await awsJwtVerifyCase('ES256'),
      await joseCase('RS256'),
      await joseCase('ES256'),
      await betterAuthCase(),
      await bcryptCase(),
    ];
    return {
      groups: [{ title: 'One verification', unit: 'µs', base: LATCHKEY, rounds: await interleave(cases, rounds) }],
    };
  } finally {
    store.stop();
  }
}

interface VerificationOptions<Answer> {
  readonly name: string;
  readonly run: () => Answer | Promise<Answer>;
  /** Throws unless the result is right. */
  readonly check: (answer: Answer) => void;
  /**
   * Number of operations in a batch. Pass more than one only for operations of a few microseconds, because the
   * scheduler interrupts long batches.
   */
  readonly batchSize?: number;
}

function verification<Answer>({ name, run, check, batchSize = 1 }: VerificationOptions<Answer>): BenchCase {
  let isAsync = false;
  const prepare = (count: number) => {
    const repeat = () => {
      for (let at = 0; at < count; at++) void run();
    };
    const repeatAsync = async () => {
      for (let at = 0; at < count; at++) await run();
    };
    // An unnecessary await would cost more than some of the cases.
    return isAsync ? repeatAsync : repeat;
  };
  const checkOnce = async () => {
    const answer = run();
    isAsync = answer instanceof Promise;
    check(await answer);
  };
  return timed({ name, prepare, check: checkOnce, unitNs: 1000, batchSize });
}

/** One SHA-256 of a key. Every check of a key needs at least this. */
function hashCase(): BenchCase {
  return verification({
    name: 'crypto.hash',
    run: () => hash('sha256', key.secret, 'hex'),
    check: (digest) => assert.equal(digest, key.record.keyHash),
    batchSize: 20,
  });
}

/** The whole handler on events of a REST API, with cached records. */
async function latchkeyCase(store: FixedStore, events: readonly object[]): Promise<BenchCase> {
  const handler = await importFunction(store.endpoint);
  for (const event of events) await handler(event);
  const reads = await store.reads();
  let next = 0;
  const run = () => handler(events[next++ % events.length] ?? {});
  const checked = verification({ name: LATCHKEY, run, check: assertAllowed, batchSize: 20 });
  const check = async () => {
    await checked.check();
    assert.equal(await store.reads(), reads, 'not answered from the cache');
  };
  return { ...checked, check };
}

/** The minimal check of a key: a hash, and a look-up of its record in a map. */
function hashAndMapCase(): BenchCase {
  const records = new Map<string, object>([[key.record.keyHash, key.record]]);
  return verification({
    name: 'a hash and a Map',
    run: () => records.get(hash('sha256', key.secret, 'hex')),
    check: (record) => assert.equal(record, key.record),
    batchSize: 20,
  });
}

/** prefixed-api-key, with the hash already in memory. */
async function prefixedApiKeyCase(): Promise<BenchCase> {
  const { generateAPIKey, checkAPIKey } = await import('prefixed-api-key');
  const { token = '', longTokenHash = '' } = await generateAPIKey({ keyPrefix: 'sk' });
  return verification({
    name: 'prefixed-api-key',
    run: () => checkAPIKey(token, longTokenHash),
    check: assert.ok,
    batchSize: 20,
  });
}

/** bcryptjs at its usual cost, with the hash already in memory. */
async function bcryptCase(): Promise<BenchCase> {
  const { hashSync, compareSync } = await import('bcryptjs');
  const digest = hashSync(key.secret, 10);
  return verification({ name: 'bcryptjs, cost 10', run: () => compareSync(key.secret, digest), check: assert.ok });
}

/**
 * better-auth's api-key plugin on its memory adapter. Its rate limit is off, because it would reject the bench's
 * requests.
 */
async function betterAuthCase(): Promise<BenchCase> {
  const { betterAuth } = await import('better-auth');
  const { memoryAdapter } = await import('better-auth/adapters/memory');
  const { apiKey } = await import('@better-auth/api-key');
  const now = new Date();
  const user = {
    id: 'user-1',
    name: 'ci',
    email: 'ci@example.com',
    emailVerified: true,
    createdAt: now,
    updatedAt: now,
  };
  const auth = betterAuth({
    baseURL: 'http://127.0.0.1',
    secret: 'a secret of the bench, which signs nothing',
    database: memoryAdapter({ user: [user], session: [], account: [], verification: [], apikey: [] }),
    plugins: [apiKey({ rateLimit: { enabled: false } })],
    telemetry: { enabled: false },
  });
  const issued = await auth.api.createApiKey({ body: { userId: user.id, name: 'ci' } });
  return verification({
    name: 'better-auth api-key, memory adapter',
    run: () => auth.api.verifyApiKey({ body: { key: issued.key } }),
    check: (answer) => assert.deepEqual([answer.valid, answer.key?.id], [true, issued.id]),
  });
}

/** aws-jwt-verify, with the key set already in memory. */
async function awsJwtVerifyCase(algorithm: Algorithm): Promise<BenchCase> {
  const { JwtVerifier } = await import('aws-jwt-verify');
  const { token, publicKey, kid } = await signToken(algorithm);
  const verifier = JwtVerifier.create({ issuer: ISSUER, audience: AUDIENCE, jwksUri: `${ISSUER}/jwks.json` });
  const { kty = '', ...members } = publicKey.export({ format: 'jwk' });
  verifier.cacheJwks({ keys: [{ ...members, kty, kid, alg: algorithm, use: 'sig' }] });
  return verification({
    name: `aws-jwt-verify ${algorithm}`,
    run: () => verifier.verifySync(token),
    check: ({ sub }) => assert.equal(sub, SUBJECT),
  });
}

/** jose, with the public key already in memory. */
async function joseCase(algorithm: Algorithm): Promise<BenchCase> {
  const { jwtVerify } = await import('jose');
  const { token, publicKey } = await signToken(algorithm);
  const expected = { issuer: ISSUER, audience: AUDIENCE, algorithms: [algorithm] };
  return verification({
    name: `jose ${algorithm}`,
    run: () => jwtVerify(token, publicKey, expected),
    check: ({ payload }) => assert.equal(payload.sub, SUBJECT),
  });
}

async function signToken(algorithm: Algorithm) {
  const { SignJWT } = await import('jose');
  const { publicKey, privateKey } =
    algorithm === 'RS256'
      ? generateKeyPairSync('rsa', { modulusLength: 2048 })
      : generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const kid = 'bench';
  const unsigned = new SignJWT({ iss: ISSUER, aud: AUDIENCE, sub: SUBJECT }).setIssuedAt().setExpirationTime('1d');
  return { token: await unsigned.setProtectedHeader({ alg: algorithm, kid }).sign(privateKey), publicKey, kid };
}
