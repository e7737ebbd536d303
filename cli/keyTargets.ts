import { LatchkeyError } from '../keys/errors.ts';
import type { KeyRecord } from '../keys/record.ts';
import type { KeyRegistry } from '../keys/registry.ts';
import { CliError } from '../operator/errors.ts';
import { countText } from './counts.ts';
import { inTurns } from './inTurns.ts';
import { getKey, type KeyIdOptions } from './prompt.ts';

/** A key to change. The record is absent if it's unreadable. */
export interface Target {
  readonly id: string;
  readonly record?: KeyRecord;
}

/**
 * Finds the keys of ids or of unique prefixes of ids, each once. `change` is a participle for messages, such as
 * `revoked`.
 *
 * @throws CliError `USAGE_INVALID` or `IDS_UNUSABLE`, with one line for each id that doesn't select a key
 */
export async function findByIds(
  ids: readonly string[],
  options: KeyIdOptions,
  registry: KeyRegistry,
  change: string,
): Promise<readonly Target[]> {
  const problems: (CliError | LatchkeyError)[] = [];
  const details: string[] = [];
  const found = await inTurns(ids, async (id, index): Promise<Target | undefined> => {
    try {
      const record = await getKey(id, options, registry);
      return { id: record.id, record };
    } catch (error) {
      if (error instanceof CliError && error.code === 'ID_AMBIGUOUS') {
        problems.push(error);
        details[index] = `${error.message}: ${error.details.join('; ')}`;
        return undefined;
      }
      if (!(error instanceof LatchkeyError) || error.code === 'STORE_UNAVAILABLE') throw error;
      if (error.code === 'RECORD_CORRUPT' && error.keyId !== undefined) return { id: error.keyId };
      problems.push(error);
      details[index] = error.message.replace(/^id:/, `id ${index + 1}:`);
      return undefined;
    }
  });
  if (problems.length > 0) {
    const code = problems.some((problem) => problem.code === 'INPUT_INVALID') ? 'USAGE_INVALID' : 'IDS_UNUSABLE';
    const message = `no key was ${change}: ${problems.length} of ${countText(ids.length, 'id')} cannot be used:`;
    throw new CliError(code, message, { details: details.filter(Boolean) });
  }
  const targets = found.filter((target) => target !== undefined);
  return [...new Map(targets.map((target) => [target.id, target])).values()];
}

/**
 * Finds all keys of an owner. `change` is a participle for messages, such as `revoked`.
 *
 * @throws CliError `KEY_NOT_FOUND` if the owner has no keys; `RECORDS_CORRUPT` if a record has no readable id
 */
export async function findByOwner(owner: string, registry: KeyRegistry, change: string): Promise<readonly Target[]> {
  const targets: Target[] = [];
  for await (const { records, corrupt } of registry.pages({ owner, consistentRead: true })) {
    for (const record of records) targets.push({ id: record.id, record });
    for (const { keyId, message } of corrupt) {
      if (keyId === undefined) throw new CliError('RECORDS_CORRUPT', `no key was ${change}: ${message}`);
      targets.push({ id: keyId });
    }
  }
  if (targets.length > 0) return targets;
  throw new CliError('KEY_NOT_FOUND', `there is no key of the owner ${JSON.stringify(owner)}`);
}
