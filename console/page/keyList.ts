import { COLLATOR, type RecordSort } from '../../keys/recordOrder.ts';
import {
  type DatedRecord,
  isExpiringWithin,
  isNeverUsed,
  isUnusedFor,
  keyState,
  type KeyState,
  lastUsedMs,
} from '../../keys/state.ts';
import type { ConsoleKey } from '../server/keyRoutes.ts';

export const DAY_MS = 86_400_000;
/** How near an expiry is when it is warned of. */
export const EXPIRING_DAYS = 30;
/** How long a key is not used until that is pointed out. */
export const UNUSED_DAYS = 90;

/** What an operator may want to look after, among active keys. */
export type Attention = 'expiring' | 'unused' | 'never';

/** Which keys are shown; what is empty shows all. */
export interface KeyFilter {
  readonly text: string;
  readonly state: KeyState | '';
  readonly owner: string;
  readonly scope: string;
  readonly attention: Attention | '';
}

export const NO_FILTER: KeyFilter = { text: '', state: '', owner: '', scope: '', attention: '' };

export const NEWEST_FIRST: RecordSort = { field: 'createdAt', isDescending: true };

const TEXTS = new WeakMap<ConsoleKey, string>();

/** The keys that the filter lets through, in their order. */
export function filterKeys(keys: readonly ConsoleKey[], filter: KeyFilter, nowMs: number): readonly ConsoleKey[] {
  const { state, scope, attention } = filter;
  const words = filter.text
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  const owner = filter.owner.toLowerCase();
  return keys.filter(
    (key) =>
      (state === '' || keyState(key, nowMs) === state) &&
      (owner === '' || key.owner?.toLowerCase().includes(owner) === true) &&
      (scope === '' || key.scopes?.includes(scope) === true) &&
      (attention === '' || needs(attention, key, nowMs)) &&
      words.every((word) => hasWord(key, word)),
  );
}

/** Every owner, or every scope, that some key has, in order. */
export function ownersOf(keys: readonly ConsoleKey[]): readonly string[] {
  return [...new Set(keys.flatMap(({ owner }) => owner ?? []))].toSorted(COLLATOR.compare);
}

export function scopesOf(keys: readonly ConsoleKey[]): readonly string[] {
  return [...new Set(keys.flatMap(({ scopes }) => scopes ?? []))].toSorted(COLLATOR.compare);
}

/** Whether an active key wants looking after. */
export function needs(attention: Attention, key: ConsoleKey, nowMs: number): boolean {
  if (keyState(key, nowMs) !== 'active') return false;
  if (attention === 'never') return isNeverUsed(key, nowMs);
  return attention === 'unused'
    ? isUnusedFor(key, UNUSED_DAYS * DAY_MS, nowMs)
    : isExpiringWithin(key, EXPIRING_DAYS * DAY_MS, nowMs);
}

/** Who has the raw key finds it as well: the word then goes on where the shown start of the key ends. */
function hasWord(key: ConsoleKey, word: string): boolean {
  if (textOf(key).includes(word)) return true;
  return key.keyPrefix !== undefined && word.startsWith(key.keyPrefix.toLowerCase());
}

/** All that is searched of a key, put together once. */
function textOf(key: ConsoleKey): string {
  const known = TEXTS.get(key);
  if (known !== undefined) return known;
  const { label, owner, id, keyPrefix, scopes, plan, metadata, revokedReason } = key;
  const parts = [
    label,
    owner,
    id,
    keyPrefix,
    scopes?.join(' '),
    plan,
    metadata && JSON.stringify(metadata),
    revokedReason,
  ];
  const text = parts
    .filter((part) => part !== undefined)
    .join('\n')
    .toLowerCase();
  TEXTS.set(key, text);
  return text;
}

/** How long ago a key was used last. */
export type UseBand = 'day' | 'week' | 'month' | 'quarter' | 'older' | 'never';

/** From the hottest on, each with its longest time. */
const BANDS: readonly (readonly [band: UseBand, days: number])[] = [
  ['day', 1],
  ['week', 7],
  ['month', 30],
  ['quarter', 90],
  ['older', Infinity],
];

/** For people. */
export const BAND_NAMES: Readonly<Record<UseBand, string>> = {
  day: 'today',
  week: '7 days',
  month: '30 days',
  quarter: '90 days',
  older: 'older',
  never: 'never',
};

/** The band of a key's last use: `day` is within 24 hours. */
export function lastUsedBand(key: DatedRecord, nowMs: number): UseBand {
  const usedMs = lastUsedMs(key, nowMs);
  if (usedMs === -Infinity) return 'never';
  const days = (nowMs - usedMs) / DAY_MS;
  return BANDS.find(([, most]) => days <= most)?.[0] ?? 'older';
}

/** A key of a chain; without `key` where the table has its record no more. */
export interface ChainLink {
  readonly id: string;
  readonly key: ConsoleKey | undefined;
}

/** The keys that a key succeeded and that succeed it, the oldest first, itself among them. */
export function chainOf(record: ConsoleKey, byId: ReadonlyMap<string, ConsoleKey>): readonly ChainLink[] {
  const before = follow(record, 'rotatedFrom', byId);
  const after = follow(record, 'rotatedTo', byId);
  return [...before.toReversed(), { id: record.id, key: record }, ...after];
}

/** A record that names itself, or one before it, ends the walk. */
function follow(
  record: ConsoleKey,
  direction: 'rotatedFrom' | 'rotatedTo',
  byId: ReadonlyMap<string, ConsoleKey>,
): readonly ChainLink[] {
  const links: ChainLink[] = [];
  const seen = new Set([record.id]);
  for (let id = record[direction]; id !== undefined && !seen.has(id);) {
    const key = byId.get(id);
    links.push({ id, key });
    seen.add(id);
    id = key?.[direction];
  }
  return links;
}
