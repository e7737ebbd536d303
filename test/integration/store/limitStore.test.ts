import { afterAll } from '@jest/globals';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { LimitStore } from '../../../keys/limitStore.ts';
import { MemoryLimits } from '../../../testing/memoryLimits.ts';
import { closedEndpoint, createClient } from '../../support/engine.ts';
import { startFunctionTable, type FunctionTable } from '../../support/functionTable.ts';
import { describeLimits } from './limitContract.ts';

describeLimits('the fake', async () => {
  const unreachable = new MemoryLimits();
  unreachable.isDown = true;
  return { store: new MemoryLimits(), unreachable };
});

let table: FunctionTable | undefined;
afterAll(() => table?.stop());

describeLimits('dynalite', async () => {
  table = await startFunctionTable();
  await table.createLimits();
  // The engine of the tests may take longer than the bound of the authorizer.
  const options = { tableName: 'limits', timeoutMs: 5000 };
  const to = (endpoint: string) => DynamoDBDocumentClient.from(createClient(endpoint));
  return {
    store: new LimitStore({ client: to(table.endpoint), ...options }),
    unreachable: new LimitStore({ client: to(await closedEndpoint()), ...options }),
  };
});
