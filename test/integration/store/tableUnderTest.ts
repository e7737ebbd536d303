import { randomUUID } from 'node:crypto';
import { DeleteItemCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand, PutCommand, ScanCommand } from '@aws-sdk/lib-dynamodb';
import type { ServerResponse } from 'node:http';
import { type KeyRecord, serialiseRecord } from '../../../keys/record.ts';
import { KeyReader, LOOKUP_TRANSLATION } from '../../../keys/reader.ts';
import { KeyRegistry, REGISTRY_TRANSLATION, type KeyRegistryOptions } from '../../../keys/registry.ts';
import { DynamoDbProxy, type DynamoDbProxyOptions } from '../../support/dynamoDbProxy.ts';
import { closedEndpoint, createClient, type Engine } from '../../support/engine.ts';
import { at, makeKey, NOW_MS } from '../../support/keys.ts';

/** A table with the store's schema, and functions to prepare and inspect it. */
export interface Table {
  readonly endpoint: string;
  readonly tableName: string;
  readonly client: DynamoDBClient;
  readonly documents: DynamoDBDocumentClient;
  readonly lookup: KeyReader;
  readonly registry: KeyRegistry;
  readonly put: (item: Record<string, unknown>) => Promise<unknown>;
  readonly remove: (keyHash: string) => Promise<unknown>;
  readonly item: (keyHash: string) => Promise<unknown>;
  readonly items: () => Promise<readonly Record<string, unknown>[]>;
}

/** Creates a new table for each test. The tests share the clients, because creating one takes as long as ten calls. */
export class Tables {
  readonly #engine: Engine;
  readonly #client: DynamoDBClient;
  // All document clients created from one client share the last one's translation.
  readonly #registryClient: DynamoDBClient;
  readonly #lookupClient: DynamoDBClient;
  #opened = 0;

  constructor(engine: Engine) {
    const { endpoint, mostConnections } = engine;
    this.#engine = engine;
    this.#client = createClient(endpoint, 1, mostConnections);
    this.#registryClient = createClient(endpoint, 1, mostConnections);
    this.#lookupClient = createClient(endpoint, 1, mostConnections);
  }

  async open(): Promise<Table> {
    const tableName = `keys-${++this.#opened}`;
    await this.#engine.createTable(tableName);
    const client = this.#client;
    const documents = DynamoDBDocumentClient.from(this.#registryClient, REGISTRY_TRANSLATION);
    return {
      endpoint: this.#engine.endpoint,
      tableName,
      client,
      documents,
      lookup: lookupOn(this.#lookupClient, tableName),
      registry: new KeyRegistry({ client: documents, tableName, actor: 'tests', now: () => NOW_MS }),
      put: (item) => documents.send(new PutCommand({ TableName: tableName, Item: item })),
      remove: (keyHash) =>
        client.send(new DeleteItemCommand({ TableName: tableName, Key: { keyHash: { S: keyHash } } })),
      item: async (keyHash) => {
        const { Item } = await documents.send(new GetCommand({ TableName: tableName, Key: { keyHash } }));
        return Item;
      },
      items: async () => {
        const { Items = [] } = await documents.send(new ScanCommand({ TableName: tableName }));
        return Items;
      },
    };
  }

  close(): void {
    for (const client of [this.#client, this.#registryClient, this.#lookupClient]) client.destroy();
  }
}

/** Creates a reader with long timeouts, because a busy machine must not change a response. */
export function lookupOn(client: DynamoDBClient, tableName: string): KeyReader {
  const documents = DynamoDBDocumentClient.from(client, LOOKUP_TRANSLATION);
  return new KeyReader({ client: documents, tableName, readTimeoutMs: 30_000, writeTimeoutMs: 30_000 });
}

export async function unreachableLookup(): Promise<KeyReader> {
  return lookupOn(createClient(await closedEndpoint()), 'keys');
}

export const UNKNOWN_ID = '00000000-0000-4000-8000-000000000000';

/** Strings that cannot be ids. The registry never sends them, because they may be secrets. */
export const NO_IDS = [
  ['an empty string', ''],
  ['a raw key', makeKey().secret],
  ['a hash', makeKey().record.keyHash],
  ['a string with spaces', 'the first key'],
] as const;

export type ProxyOptions = Omit<DynamoDbProxyOptions, 'endpoint'>;

/** Runs the work with a registry behind a proxy. Its client tries three times by default. */
export async function withProxy(
  table: Table,
  {
    attempts = 3,
    registry: registryOptions = {},
    ...options
  }: ProxyOptions & { attempts?: number; registry?: Partial<KeyRegistryOptions> },
  work: (registry: KeyRegistry, proxy: DynamoDbProxy) => Promise<void>,
): Promise<void> {
  const proxy = await DynamoDbProxy.start({ endpoint: table.endpoint, ...options });
  const client = createClient(proxy.endpoint, attempts);
  const documents = DynamoDBDocumentClient.from(client, REGISTRY_TRANSLATION);
  const { tableName } = table;
  try {
    await work(
      new KeyRegistry({ client: documents, tableName, actor: 'tests', now: () => NOW_MS, ...registryOptions }),
      proxy,
    );
  } finally {
    client.destroy();
    await proxy.stop();
  }
}

/** A key with all the fields that an update can change. */
export const FULL: Partial<KeyRecord> = {
  owner: 'acme',
  scopes: ['orders:read'],
  plan: 'free',
  metadata: { seats: 3 },
  expiresAt: at(1000),
  purgeAfter: NOW_MS / 1000 + 1 + 90 * 86_400,
};

/** Stores a new key. The misfits replace attributes of its item. */
export async function putKey(
  table: Table,
  fields: Partial<KeyRecord> = {},
  misfits: Record<string, unknown> = {},
): Promise<KeyRecord> {
  const { record } = makeKey({ id: randomUUID(), ...fields });
  await table.put({ ...serialiseRecord(record), ...misfits });
  return record;
}

/** Runs a function before the first update reaches the DynamoDB engine. */
export function beforeUpdate(act: () => Promise<unknown>): NonNullable<DynamoDbProxyOptions['intercept']> {
  let isDone = false;
  return (operation, response) => {
    if (operation !== 'UpdateItem' || isDone) return false;
    isDone = true;
    // The SDK retries the update.
    void act().finally(() => response.destroy());
    return true;
  };
}

/**
 * Runs a function after the DynamoDB engine has answered the first call of an operation. The function can drop the
 * response, for example.
 */
export function afterFirst(operation: string, act: (response: ServerResponse) => unknown) {
  let isDone = false;
  return async (called: string, response: ServerResponse) => {
    if (called !== operation || isDone) return;
    isDone = true;
    await act(response);
  };
}

/** Responds instead of the DynamoDB engine, in DynamoDB's format. */
export function answer(response: ServerResponse, body: unknown, status = 200): true {
  response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' }).end(JSON.stringify(body));
  return true;
}

/** Rejects a call with DynamoDB's throttling error. */
export function throttle(response: ServerResponse): true {
  return answer(
    response,
    { __type: 'com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException', message: 'too fast' },
    400,
  );
}
