import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { KeyRecord } from '../../keys/record.ts';
import { KeyRegistry } from '../../keys/registry.ts';
import { failure, itemOnWire, type Answer } from './answeringClient.ts';
import { answersInOrder } from './answersInOrder.ts';
import { NOW_MS } from './keys.ts';

/** What a write whose condition does not hold is answered with. */
export const REFUSED: Answer = failure('ConditionalCheckFailedException');
/** What a write that is to be sent again is answered with: the registry takes the next answer for that of its second try. */
export const THROTTLED: Answer = failure('ThrottlingException');

/** A registry whose calls have these answers, one after the other. It acts as `tests`, at `NOW_MS`. */
export function answeredRegistry(...answers: readonly Answer[]): KeyRegistry {
  return registryOn(answersInOrder(...answers).client);
}

/** The same with a client of the test's own. */
export function registryOn(client: DynamoDBDocumentClient): KeyRegistry {
  return new KeyRegistry({
    client,
    tableName: 'keys',
    actor: 'tests',
    now: () => NOW_MS,
    patience: { sleep: async () => {}, random: () => 0 },
  });
}

/** The record as each call has it that finds or leaves it. */
export function recordAnswer(record: KeyRecord): Answer {
  const item = itemOnWire(record);
  return { body: { Items: [item], Item: item, Attributes: item } };
}
