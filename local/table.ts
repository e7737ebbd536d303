import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import type { Server } from 'node:http';
import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  CreateTableCommand,
  type CreateTableCommandInput,
  DescribeTableCommand,
  DynamoDBClient,
} from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { REGISTRY_TRANSLATION } from '../keys/registry.ts';
import { createTableInput } from '../keys/table.ts';
import { GatewayError } from './gatewayError.ts';
import { closeNow, listenOnLoopback } from './loopback.ts';
import { REGION } from './template.ts';

// dynalite doesn't have type declarations.
const dynalite: (options: { path?: string; createTableMs?: number }) => Server = createRequire(import.meta.url)(
  'dynalite',
);

interface TableOptions {
  /** The port. 0 selects a free port. */
  readonly port: number;
  /** The directory that stores the items. They are in memory if it is `undefined`. */
  readonly dataDirectory: string | undefined;
}

/** An embedded DynamoDB on the loopback interface. */
export class LocalDynamoDb {
  readonly endpoint: string;
  /** The client for a `KeyRegistry`. */
  readonly client: DynamoDBDocumentClient;
  readonly #client: DynamoDBClient;
  readonly #server: Server;

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.endpoint = `http://127.0.0.1:${port}`;
    this.#client = new DynamoDBClient({
      endpoint: this.endpoint,
      region: REGION,
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    });
    this.client = DynamoDBDocumentClient.from(this.#client, REGISTRY_TRANSLATION);
  }

  /** Starts the embedded DynamoDB. Throws GatewayError `PORT_UNUSABLE` or `DATA_UNUSABLE`. */
  static async start({ port, dataDirectory }: TableOptions): Promise<LocalDynamoDb> {
    if (dataDirectory !== undefined) makeDirectory(dataDirectory);
    const server = dynalite({ createTableMs: 0, ...(dataDirectory === undefined ? {} : { path: dataDirectory }) });
    return new LocalDynamoDb(server, await listenOnLoopback(server, port, '--db-port'));
  }

  /** Creates a table unless it exists, and waits until it's active. The default is a table of keys. */
  async ensureTable(
    tableName: string,
    createInput: (tableName: string) => CreateTableCommandInput = createTableInput,
  ): Promise<void> {
    const create = new CreateTableCommand(createInput(tableName));
    try {
      await whileOpening(this.#client.send(create));
    } catch (error) {
      if (!(error instanceof Error) || error.name !== 'ResourceInUseException') throw toDataError(error);
    }
    const describe = new DescribeTableCommand({ TableName: tableName });
    while ((await this.#client.send(describe)).Table?.TableStatus !== 'ACTIVE') await sleep(10);
  }

  async stop(): Promise<void> {
    this.#client.destroy();
    await closeNow(this.#server);
  }
}

/** Rejects if dynalite can't open its files. Dynalite then throws an uncaught exception and never responds. */
async function whileOpening(request: Promise<unknown>): Promise<void> {
  const opened = new AbortController();
  const thrown = once(process, 'uncaughtException', { signal: opened.signal }).then(([error]) => {
    throw error;
  });
  try {
    await Promise.race([request, thrown]);
  } finally {
    thrown.catch(() => {});
    opened.abort();
  }
}

function makeDirectory(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true });
  } catch (error) {
    throw toDataError(error);
  }
}

function toDataError(cause: unknown): GatewayError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new GatewayError('DATA_UNUSABLE', `--data: cannot open the table: ${reason}; is another gateway using it?`, {
    cause,
  });
}
