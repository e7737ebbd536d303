import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { KeyRegistry } from '../../keys/registry.ts';
import type { Answer } from './answeringClient.ts';
import { answersInOrder } from './answersInOrder.ts';
import { NOW_MS } from './keys.ts';
import { NO_WAIT } from './noWait.ts';

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
    retryOptions: NO_WAIT,
  });
}
