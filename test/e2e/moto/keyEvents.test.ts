import { UpdateTableCommand } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { expect, test } from '@jest/globals';
import { KeyRegistry, REGISTRY_TRANSLATION } from '../../../keys/registry.ts';
import { toKeyEvent } from '../../../lambda/keyEvents/toKeyEvent.ts';
import { createClient, startMoto } from '../../support/engine.ts';
import { readStream } from '../../support/readStream.ts';

test("toKeyEvent reads the registry's writes from the table's stream", async () => {
  const engine = await startMoto();
  try {
    const dynamoDb = createClient(engine.endpoint);
    await engine.createTable('keys');
    const StreamSpecification = { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' as const };
    const { TableDescription } = await dynamoDb.send(
      new UpdateTableCommand({ TableName: 'keys', StreamSpecification }),
    );
    const client = DynamoDBDocumentClient.from(dynamoDb, REGISTRY_TRANSLATION);
    const registry = new KeyRegistry({ client, tableName: 'keys', actor: 'tests' });

    const { record } = await registry.issue({ label: 'ci', owner: 'acme', metadata: { team: 'x' } });
    await registry.update(record.id, { label: 'new', metadata: { team: 'y' } });
    await registry.disable(record.id);
    await registry.enable(record.id);
    const { record: successor } = await registry.rotate(record.id, { graceSeconds: 60 });
    await registry.revoke(record.id, { reason: 'left' });

    const records = await readStream(engine.endpoint, TableDescription?.LatestStreamArn ?? '');
    const events = records.map(toKeyEvent);
    expect(events.map((event) => [event?.type, event?.detail.id, Object(event?.detail).actor])).toEqual([
      ['KeyCreated', record.id, 'tests'],
      ['KeyUpdated', record.id, 'tests'],
      ['KeyDisabled', record.id, 'tests'],
      ['KeyEnabled', record.id, 'tests'],
      ['KeyCreated', successor.id, 'tests'],
      ['KeyRotated', record.id, 'tests'],
      ['KeyRevoked', record.id, 'tests'],
    ]);
    expect(new Set(events.map((event) => event?.detail.eventId)).size).toBe(7);
    expect(events[1]?.detail).toMatchObject({
      version: 1,
      changes: { label: { from: 'ci', to: 'new' } },
      changedMetadata: ['team'],
    });
    const text = JSON.stringify(events);
    for (const hash of [record.keyHash, successor.keyHash]) expect(text).not.toContain(hash);
  } finally {
    await engine.stop();
  }
});
