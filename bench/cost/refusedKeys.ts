import { generateSecret } from '../../keys/secret.ts';
import type { KeyRecord } from '../../keys/record.ts';
import type { PresentedKey } from '../../lambda/presentedKey.ts';
import { createTestKey, type TestKey } from '../../testing/createTestKey.ts';

/** What requests of a flood bring, and what the table has of it: every one is refused. */
export interface RefusedKeys {
  readonly records: readonly KeyRecord[];
  /** What the next request brings. */
  readonly present: () => PresentedKey;
}

const PAST = '2024-06-01T00:00:00Z';
/** Of a scope that does not open the route of the simulation. */
export const SCOPES = '{"reports":["GET /reports"]}';

const KINDS = {
  'without a key': () => ({ records: [], present: () => ({ kind: 'absent' }) }),
  malformed: () => ({ records: [], present: () => ({ kind: 'malformed' }) }),
  'never issued, another each time': () => ({ records: [], present: () => presented(generateSecret('sk_')) }),
  'never issued, always the same': () => inTurn([createTestKey().secret], []),
  'expired, disabled or revoked': () =>
    ofTable([
      createTestKey({ expiresAt: PAST }),
      createTestKey({ disabledAt: PAST }),
      createTestKey({ revokedAt: PAST }),
    ]),
  'outside its scopes': () => ofTable([createTestKey({ scopes: ['reports'] })]),
} as const satisfies Readonly<Record<string, () => RefusedKeys>>;

/** A kind of requests that are refused. */
export type RefusedKind = keyof typeof KINDS;

/** All kinds, the cheapest to send first. */
export const REFUSED_KINDS = Object.keys(KINDS) as readonly RefusedKind[];

/** Keys of a kind, drawn anew. */
export function refusedKeys(kind: RefusedKind): RefusedKeys {
  return KINDS[kind]();
}

function ofTable(keys: readonly TestKey[]): RefusedKeys {
  return inTurn(
    keys.map(({ secret }) => secret),
    keys.map(({ record }) => record),
  );
}

function inTurn(secrets: readonly TestKey['secret'][], records: readonly KeyRecord[]): RefusedKeys {
  const all = secrets.map(presented);
  let next = 0;
  return { records, present: () => all[next++ % all.length] ?? { kind: 'absent' } };
}

function presented(secret: TestKey['secret']): PresentedKey {
  return { kind: 'key', secret };
}
