import { spawn } from 'node:child_process';
import { createServer, type AddressInfo } from 'node:net';
import { CreateTableCommand, type CreateTableCommandInput, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { createTableInput } from '../../keys/table.ts';
import { LocalDynamoDb } from '../../local/table.ts';

/** A DynamoDB engine on the loopback interface. */
export interface Engine {
  readonly endpoint: string;
  /** Creates an empty table, and resolves when it's ready. It's a table of keys unless `toInput` is given. */
  readonly createTable: (tableName: string, toInput?: (tableName: string) => CreateTableCommandInput) => Promise<void>;
  /** Maximum number of concurrent requests of a client. Unlimited if absent. */
  readonly mostConnections?: number;
  readonly stop: () => Promise<void>;
}

/** Starts the embedded engine of the local gateway. */
export async function startDynalite(): Promise<Engine> {
  const database = await LocalDynamoDb.start({ port: 0, dataDirectory: undefined });
  return {
    endpoint: database.endpoint,
    createTable: (tableName, toInput) => database.ensureTable(tableName, toInput),
    stop: () => database.stop(),
  };
}

/**
 * Starts `moto_server`, an independent second engine. Rejects with its log if it doesn't start. Unlike DynamoDB, it
 * doesn't check a condition and write in one step. Each client may therefore send only one request at a time.
 */
export async function startMoto(): Promise<Engine> {
  const child = spawn('moto_server', ['-H', '127.0.0.1', '-p', '0'], { stdio: ['ignore', 'ignore', 'pipe'] });
  const exited = new Promise<void>((resolve) => {
    child.on('close', () => resolve());
  });
  let log = '';
  const endpoint = await new Promise<string>((resolve, reject) => {
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      log += text;
      const [listening] = /http:\/\/127\.0\.0\.1:\d+/.exec(log) ?? [];
      if (listening !== undefined) resolve(listening);
    });
    child.on('error', reject);
    void exited.then(() => reject(new Error(`moto_server ended\n${log}`)));
  });
  const client = createClient(endpoint);
  return {
    endpoint,
    mostConnections: 1,
    createTable: async (tableName, toInput = createTableInput) => {
      await client.send(new CreateTableCommand(toInput(tableName)));
    },
    stop: async () => {
      client.destroy();
      child.kill('SIGTERM');
      await exited;
    },
  };
}

/** Returns a client. By default, it doesn't retry. */
export function createClient(endpoint: string, maxAttempts = 1, mostConnections?: number): DynamoDBClient {
  return new DynamoDBClient({
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    maxAttempts,
    requestHandler:
      mostConnections === undefined ? {} : { httpAgent: { keepAlive: true, maxSockets: mostConnections } },
  });
}

/** Returns an endpoint that refuses every connection. */
export async function closedEndpoint(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${port}`;
}
