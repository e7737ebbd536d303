import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { KeyRegistry, REGISTRY_TRANSLATION } from '../../keys/registry.ts';
import { StateStore } from '../../management/stateStore.ts';
import { createStateTableInput } from '../../management/stateTable.ts';
import { createClient, type Engine } from './engine.ts';
import { NOW_MS } from './keys.ts';

/** A clock that a test moves. */
export interface TestClock {
  nowMs: number;
}

/** A table of keys and a state table, with their stores. */
export interface ManagementTables {
  readonly clock: TestClock;
  readonly client: DynamoDBDocumentClient;
  readonly keysTable: string;
  readonly stateTable: string;
  readonly registry: KeyRegistry;
  readonly state: StateStore;
}

let opened = 0;

/** Creates two empty tables on an engine. */
export async function openManagementTables(engine: Engine): Promise<ManagementTables> {
  const clock = { nowMs: NOW_MS };
  const now = () => clock.nowMs;
  const client = DynamoDBDocumentClient.from(
    createClient(engine.endpoint, 1, engine.mostConnections),
    REGISTRY_TRANSLATION,
  );
  const [keysTable, stateTable] = [`managed-keys-${++opened}`, `state-${opened}`];
  await engine.createTable(keysTable);
  await engine.createTable(stateTable, createStateTableInput);
  return {
    clock,
    client,
    keysTable,
    stateTable,
    registry: new KeyRegistry({ client, tableName: keysTable, actor: 'tests', now }),
    state: new StateStore({ client, tableName: stateTable, now }),
  };
}
