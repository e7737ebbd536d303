import fc from 'fast-check';
import type { JsonObject } from '../../keys/json.ts';
import type { KeyRecord } from '../../keys/record.ts';
import { generateSecret, hashSecret, type KeySecret } from '../../keys/secret.ts';
import { toTimestamp } from '../../keys/timestamp.ts';

/** An issued key. fast-check generates its random bytes. */
export const arbitrarySecret: fc.Arbitrary<KeySecret> = fc
  .uint8Array({ minLength: 64, maxLength: 64 })
  .map((bytes) => generateSecret('sk_', usableFirst(bytes)));

/** A valid prefix of one or more segments, at most 24 characters together. */
export const arbitraryPrefix: fc.Arbitrary<string> = fc
  .array(fc.stringMatching(/^[a-z][a-z0-9]{0,10}_$/), { minLength: 1, maxLength: 6 })
  .map((segments) => segments.join(''))
  .filter((prefix) => prefix.length <= 24);

const arbitraryText = fc.string({ minLength: 1, maxLength: 40, unit: 'grapheme' });
/** Excludes the Unix epoch, which an import reads as an absent time. */
const arbitraryTime = fc.integer({ min: 1, max: Date.UTC(9999, 11, 31) }).map(toTimestamp);
const arbitraryJson = fc
  .dictionary(
    arbitraryText.filter((name) => name !== '__proto__'),
    fc.jsonValue({ maxDepth: 3 }),
    {
      maxKeys: 4,
      noNullPrototype: true,
    },
  )
  .map((value) => JSON.parse(JSON.stringify(value).replaceAll('__proto__', 'proto')) as JsonObject);

const arbitraryAttributes = fc
  .record(
    {
      keyHash: arbitrarySecret.map(hashSecret),
      id: fc.uuid(),
      label: arbitraryText,
      keyPrefix: arbitraryText,
      owner: arbitraryText,
      scopes: fc.array(arbitraryText, { maxLength: 4 }),
      plan: arbitraryText,
      metadata: arbitraryJson,
      createdAt: arbitraryTime,
      createdBy: arbitraryText,
      lastUsedAt: arbitraryTime,
      expiresAt: arbitraryTime,
      disabledAt: arbitraryTime,
      disabledBy: arbitraryText,
      revokedAt: arbitraryTime,
      revokedBy: arbitraryText,
      revokedReason: arbitraryText,
      rotatedFrom: fc.uuid(),
      rotatedTo: fc.uuid(),
      purgeAfter: fc.nat(),
    },
    { requiredKeys: ['keyHash', 'id', 'label', 'createdAt', 'createdBy'], noNullPrototype: true },
  )
  .map((record) => record as KeyRecord);

/** Any valid record. Half of the records are active, because random ones rarely are. */
export const arbitraryRecord: fc.Arbitrary<KeyRecord> = fc.oneof(
  arbitraryAttributes,
  arbitraryAttributes.map((record) => {
    const { expiresAt: _, disabledAt: __, revokedAt: ___, ...active } = record;
    return active;
  }),
);

/** Returns the random bytes first, then zeros. Zeros always produce digits, so the key's generation ends. */
function usableFirst(bytes: Uint8Array): () => Uint8Array {
  let isFirst = true;
  return () => {
    if (!isFirst) return new Uint8Array(64);
    isFirst = false;
    return bytes;
  };
}
