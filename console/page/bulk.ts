import type { ConsoleKey } from './consoleKey.ts';

/** An action on several keys. */
export type BulkAction = 'disable' | 'enable' | 'revoke';

/** Returns the keys that the action would change. A revoked key never changes. */
export function bulkTargets(action: BulkAction, records: readonly ConsoleKey[]): readonly ConsoleKey[] {
  const open = records.filter(({ revokedAt }) => revokedAt === undefined);
  if (action === 'revoke') return open;
  return open.filter(({ disabledAt }) => (disabledAt === undefined) === (action === 'disable'));
}

/** The changed keys of a bulk action, and the message of the first failure. */
export interface BulkResult {
  readonly changed: readonly ConsoleKey[];
  readonly failures: number;
  readonly message: string | undefined;
}

const AT_ONCE = 4;

/** Changes the keys, four at a time. A failure doesn't stop the others. */
export async function changeAll(
  records: readonly ConsoleKey[],
  change: (record: ConsoleKey) => Promise<ConsoleKey>,
): Promise<BulkResult> {
  const changed: ConsoleKey[] = [];
  const messages: string[] = [];
  const waiting = [...records];
  const work = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      await change(next).then(
        (record) => changed.push(record),
        (error: unknown) => messages.push(error instanceof Error ? error.message : String(error)),
      );
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return { changed, failures: messages.length, message: messages[0] };
}

/** Returns the notice about a bulk action: `2 keys disabled.` */
export function bulkNotice(verb: string, { changed, failures, message }: BulkResult): string {
  const done = `${countKeys(changed.length)} ${verb}.`;
  return failures === 0 ? done : `${done} ${countKeys(failures)} failed: ${message}`;
}

/** Returns a number of keys: `1 key` or `2,000 keys`. */
export function countKeys(count: number): string {
  return `${count.toLocaleString('en')} ${count === 1 ? 'key' : 'keys'}`;
}
