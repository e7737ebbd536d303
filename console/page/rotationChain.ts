import type { ConsoleKey } from '../server/keyRoutes.ts';

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
