import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ApiKeyTable } from '../../../infra/apiKeyTable.ts';
import { KeyReader } from '../../../keys/reader.ts';
import { serialiseRecord } from '../../../keys/record.ts';
import { hashSecret } from '../../../keys/secret.ts';
import { startDynalite, type Engine } from '../../support/engine.ts';
import { makeKey, NOW_MS } from '../../support/keys.ts';
import { Tables, type Table } from './tableUnderTest.ts';

/** A call as IAM sees it: the action, and the index or "table". */
type Call = string;

let engine: Engine;
let tables: Tables;
beforeAll(async () => {
  engine = await startDynalite();
  tables = new Tables(engine);
});
afterAll(async () => {
  tables?.close();
  await engine?.stop();
});

/** Records every call of the client. */
function record(client: DynamoDBDocumentClient): {
  readonly calls: Set<Call>;
  readonly bodies: Record<string, unknown>[];
} {
  const calls = new Set<Call>();
  const bodies: Record<string, unknown>[] = [];
  client.middlewareStack.add(
    (next) => async (args) => {
      const { headers, body } = args.request as { headers: Record<string, string>; body: Uint8Array };
      const fields = JSON.parse(new TextDecoder().decode(body));
      calls.add(`dynamodb:${headers['x-amz-target']?.split('.')[1]} ${fields.IndexName ?? 'table'}`);
      bodies.push(fields);
      return next(args);
    },
    { step: 'finalizeRequest' },
  );
  return { calls, bodies };
}

/** Returns the calls that a grant allows, in the same format. */
function allowedBy(grant: 'grantManage' | 'grantVerify'): Set<Call> {
  const stack = new Stack(new App(), 'Test');
  const role = new Role(stack, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
  new ApiKeyTable(stack, 'Keys')[grant](role);
  const [policy] = Object.values(Template.fromStack(stack).findResources('AWS::IAM::Policy'));
  const statements: { Action: string | string[]; Resource: unknown }[] =
    policy?.['Properties'].PolicyDocument.Statement;
  return new Set(
    statements.flatMap(({ Action, Resource }) =>
      [Resource].flat().flatMap((resource) => [Action].flat().map((action) => `${action} ${placeOf(resource)}`)),
    ),
  );
}

function placeOf(resource: unknown): string {
  return /\/index\/(\w+)/.exec(JSON.stringify(resource))?.[1] ?? 'table';
}

test('grantManage allows exactly the calls of the registry', async () => {
  const table = await tables.open();
  const { calls } = record(table.documents);
  await useRegistry(table);
  expect([...calls].toSorted()).toEqual([...allowedBy('grantManage')].toSorted());
});

/** Runs every method of the registry, with each branch that makes its own call. */
async function useRegistry({ registry, remove }: Table): Promise<void> {
  const { secret, record: issued } = await registry.issue({ label: 'one', owner: 'acme' });
  await registry.find(secret);
  await registry.getByIdStart(issued.id.slice(0, 8));
  await registry.list({ owner: 'acme' });
  await registry.list();
  await drain(registry.pages());
  await drain(registry.records({ owner: 'acme' }));
  await registry.update(issued.id, { label: 'two' });
  await registry.disable(issued.id);
  await registry.enable(issued.id);
  await drain(registry.importHashes([{ keyHash: hashSecret(makeKey().secret), label: 'imported' }]));
  const { record: successor } = await registry.rotate(issued.id, { graceSeconds: 60 });
  await registry.revoke(successor.id);
  const { record: doomed } = await registry.issue({ label: 'three' });
  const drawn = await registry.prepareRotation(doomed.id, { graceSeconds: 60 });
  await remove(doomed.keyHash);
  // Here, the registry deletes the successor.
  await expect(registry.storeRotation(drawn)).rejects.toMatchObject({ code: 'NOT_FOUND' });
}

async function drain(results: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of results);
}

test('grantVerify allows exactly the calls of the authorizer and the attributes of its update', async () => {
  const table = await tables.open();
  const { secret, record: stored } = makeKey();
  await table.put(serialiseRecord(stored));
  const { calls, bodies } = record(table.documents);
  const lookup = new KeyReader({ client: table.documents, tableName: table.tableName });
  await lookup.get(hashSecret(secret));
  await lookup.recordUse(stored.keyHash, NOW_MS, NOW_MS - 1);
  expect([...calls].toSorted()).toEqual([...allowedBy('grantVerify')].toSorted());
  const update = bodies.find(({ UpdateExpression }) => UpdateExpression !== undefined);
  expect(update?.['UpdateExpression']).toBe('SET lastUsedAt = :usedAt');
  const named = String(update?.['ConditionExpression']).match(/\b[a-z]\w*[A-Z]\w*\b/g) ?? [];
  expect(new Set(named)).toEqual(new Set(['keyHash', 'lastUsedAt']));
  expect(update?.['ReturnValues'] ?? 'NONE').toBe('NONE');
});
