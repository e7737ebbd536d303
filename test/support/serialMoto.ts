import { DynamoDbProxy } from './dynamoDbProxy.ts';
import { type Engine, startMoto } from './engine.ts';

/** Starts moto behind a proxy, because moto doesn't check a condition and write in one step. */
export async function startSerialMoto(): Promise<Engine> {
  // The proxy makes the calls of all connections serial.
  const { mostConnections: _, ...moto } = await startMoto();
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
