import { describeLimitProcesses } from '../../integration/store/limitProcessesContract.ts';
import { DynamoDbProxy } from '../../support/dynamoDbProxy.ts';
import { startMoto, type Engine } from '../../support/engine.ts';

/** Starts moto behind a proxy, because moto doesn't check a condition and write in one step. */
async function startSerialMoto(): Promise<Engine> {
  const moto = await startMoto();
  const proxy = await DynamoDbProxy.start({ endpoint: moto.endpoint, isSerial: true });
  return {
    ...moto,
    endpoint: proxy.endpoint,
    stop: async () => {
      await proxy.stop();
      await moto.stop();
    },
  };
}

describeLimitProcesses('moto', startSerialMoto);
