import { createHash } from 'node:crypto';
import { parseRecord, type KeyRecord } from '../../../keys/record.ts';
import { toTimestamp } from '../../../keys/timestamp.ts';

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
const USES = [
  'build server',
  'nightly export',
  'mobile app',
  'billing sync',
  'webhook relay',
  'partner feed',
  'support desk',
];
const OWNERS = ['acme', 'globex', 'initech', 'umbrella', 'hooli', 'stark', 'wayne', 'tyrell', 'soylent', 'cyberdyne'];
const SCOPES = [['orders:read'], ['orders:read', 'orders:write'], ['invoices:read'], ['reports:read'], []];
const PLANS = ['free', 'pro', 'enterprise'];

/**
 * Returns the keys of a table after two years of use. `nowMs` is the current time in epoch milliseconds.
 * The keys cover all states and last-use times. A few are rotated. The same arguments return the same keys.
 */
export function sampleKeys(count: number, nowMs: number): readonly KeyRecord[] {
  const records = Array.from({ length: count }, (_, index) => sampleKey(index, nowMs));
  return records.map((record, index) => {
    const next = records[index + 1];
    if (index % 40 === 5 && next !== undefined) return { ...record, rotatedTo: next.id };
    const previous = records[index - 1];
    return index % 40 === 6 && previous !== undefined ? { ...record, rotatedFrom: previous.id } : record;
  });
}

function sampleKey(index: number, nowMs: number): KeyRecord {
  const keyHash = createHash('sha256').update(`sample ${index}`).digest('hex');
  const pick = (from: number, below: number) => Number.parseInt(keyHash.slice(from, from + 8), 16) % below;
  const ageMs = pick(0, 730) * DAY_MS + pick(2, 1440) * MINUTE_MS;
  const ago = (ms: number) => toTimestamp(nowMs - ms);
  const owner = OWNERS[pick(8, OWNERS.length)];
  return parseRecord({
    keyHash,
    id: `${keyHash.slice(0, 8)}-${keyHash.slice(8, 12)}-4${keyHash.slice(13, 16)}-8${keyHash.slice(17, 20)}-${keyHash.slice(20, 32)}`,
    label: `${USES[pick(16, USES.length)]} ${index + 1}`,
    keyPrefix: `sk_${Buffer.from(keyHash, 'hex').toString('base64').replaceAll(/[+/=]/g, '').slice(0, 8)}`,
    createdAt: ago(ageMs),
    createdBy: 'alice',
    ...(pick(24, 12) === 0 ? {} : { owner: index < 200 ? owner : `${owner}-${pick(26, 40)}` }),
    ...(pick(28, 3) === 0 ? {} : { scopes: SCOPES[pick(32, SCOPES.length)] }),
    ...(pick(36, 4) === 0 ? { plan: PLANS[pick(38, PLANS.length)] } : {}),
    ...(pick(40, 9) === 0 ? {} : { lastUsedAt: ago(Math.min(ageMs, lastUseMs(pick(44, 100), pick(48, 1000)))) }),
    ...expiry(pick(50, 20), pick(52, 60), nowMs),
    ...ending(pick(54, 25), ago(Math.floor(ageMs / 3))),
  });
}

/** Returns the age of a last use in milliseconds. Most keys have a last use within the last day. */
function lastUseMs(kind: number, part: number): number {
  if (kind < 55) return (part / 1000) * DAY_MS;
  if (kind < 72) return (1 + part / 170) * DAY_MS;
  if (kind < 84) return (7 + part / 45) * DAY_MS;
  return (kind < 92 ? 30 + part / 17 : 90 + part / 3) * DAY_MS;
}

function expiry(kind: number, days: number, nowMs: number): object {
  if (kind > 6) return {};
  if (kind === 0) return { expiresAt: toTimestamp(nowMs - (days + 1) * DAY_MS) };
  return { expiresAt: toTimestamp(nowMs + (kind < 3 ? days / 2 + 1 : days * 6) * DAY_MS) };
}

function ending(kind: number, at: string): object {
  if (kind === 0) return { disabledAt: at, disabledBy: 'bob' };
  if (kind < 3) return { revokedAt: at, revokedBy: 'alice', revokedReason: kind === 1 ? 'rotated' : 'found in a log' };
  return {};
}
