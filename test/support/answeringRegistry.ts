import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { KeyRecord } from '../../keys/record.ts';
import { KeyRegistry, REGISTRY_TRANSLATION } from '../../keys/registry.ts';
import { answeringClient, failure, type Answer } from './answeringClient.ts';
import { NOW_MS } from './keys.ts';

/** A registry whose index knows the key, and whose table answers the change of it so. */
export function answeringRegistry({ keyHash, id }: KeyRecord, update: Answer): KeyRegistry {
  const answers = [{ body: { Items: [{ keyHash: { S: keyHash }, id: { S: id } }] } }, update];
  const client = answeringClient(() => answers.shift() ?? failure('ResourceNotFoundException'));
  return new KeyRegistry({
    client: DynamoDBDocumentClient.from(client, REGISTRY_TRANSLATION),
    tableName: 'keys',
    actor: 'ops',
    now: () => NOW_MS,
  });
}
