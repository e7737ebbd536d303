import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { KeyRegistry } from '../../keys/registry.ts';
import type { Answer } from './answeringClient.ts';
import { answersInOrder } from './answersInOrder.ts';
import { NOW_MS } from './keys.ts';
import { NO_WAIT } from './noWait.ts';

/**
 * Returns a registry whose calls get these responses in order. Its actor is `tests` and its clock always returns
 * `NOW_MS`.
 */
export function answeredRegistry(...answers: readonly Answer[]): KeyRegistry {
  return registryOn(answersInOrder(...answers).client);
}

/** Returns the same registry on the given client. */
export function registryOn(client: DynamoDBDocumentClient): KeyRegistry {
  return new KeyRegistry({
    client,
    tableName: 'keys',
    actor: 'tests',
    now: () => NOW_MS,
    retryOptions: NO_WAIT,
  });
}
