import { spawn } from 'node:child_process';
import { createServer, type AddressInfo } from 'node:net';
import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { createTableInput } from '../../keys/table.ts';
import { LocalDynamoDb } from '../../local/table.ts';

/** A DynamoDB on the loopback interface that a test starts and stops. */
export interface Engine {
  readonly endpoint: string;
  /** Makes an empty table of Latchkey's schema, which takes items when this resolves. */
  readonly createTable: (tableName: string) => Promise<void>;
  /** How many requests a client may have on their way at once; any number unless given. */
  readonly mostConnections?: number;
  readonly stop: () => Promise<void>;
}

/** The embedded engine of the local gateway. */
export async function startDynalite(): Promise<Engine> {
  const database = await LocalDynamoDb.start({ port: 0, dataDirectory: undefined });
  return {
    endpoint: database.endpoint,
    createTable: (tableName) => database.ensureTable(tableName),
    stop: () => database.stop(),
  };
}

/**
 * `moto_server`, a second engine, written apart from the first. Rejects with its log where it does not come up. Its threads take no
 * lock between a condition and the write behind it, which DynamoDB does in one step: a client asks it one thing at a time.
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
    createTable: async (tableName) => {
      await client.send(new CreateTableCommand(createTableInput(tableName)));
    },
    stop: async () => {
      client.destroy();
      child.kill('SIGTERM');
      await exited;
    },
  };
}

/** A client that gives up after its first failure, unless it is given more attempts. */
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

/** An endpoint that refuses every connection. */
export async function closedEndpoint(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${port}`;
}
