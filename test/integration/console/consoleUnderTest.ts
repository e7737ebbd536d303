import { deepEqual, equal, ok } from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { request, STATUS_CODES, type IncomingHttpHeaders } from 'node:http';
import { text as readText } from 'node:stream/consumers';
import { BatchWriteCommand, PutCommand, ScanCommand, type DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { openRegistry } from '../../../cli/openRegistry.ts';
import type { RunningConsole } from '../../../operator/consoleToStart.ts';
import { startConsole } from '../../../console/server/startConsole.ts';
import type { DeployedPlans } from '../../../keys/deployedPlans.ts';
import { parseRecord, serialiseRecord, type KeyRecord } from '../../../keys/record.ts';
import { createUsageTableInput } from '../../../keys/usage.ts';
import type { LocalDynamoDb } from '../../../local/table.ts';
import type { TestKey, TestKeyFields } from '../../../testing/createTestKey.ts';
import { makeKey, NOW_MS } from '../../support/keys.ts';

/** The response to a raw HTTP request, which doesn't follow redirects. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** A response of the API with its parsed body. */
export interface ApiAnswer {
  readonly status: number;
  readonly body: ReturnType<typeof JSON.parse>;
}

export interface RawRequest {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface StartOptions {
  /** The name of the table (default: a new table). */
  readonly tableName?: string;
  readonly isReadOnly?: boolean;
  /** The name of the table of limits (default: unknown). */
  readonly limitsTableName?: string;
  /** The plans of the deployment (default: unknown). */
  readonly plans?: DeployedPlans;
  /** The name of the table of usage (default: none). */
  readonly usageTableName?: string;
  /** The accepted keys of the deployment (default: unknown). */
  readonly acceptedKeys?: string;
  readonly actor?: string;
  readonly now?: () => number;
  /** The endpoint of a proxy in front of the database. */
  readonly endpoint?: string;
  /** The port. Without it, the system chooses one. */
  readonly port?: number;
}

/** The API's error codes by HTTP status. */
const ERROR_CODES: Readonly<Record<number, readonly string[]>> = {
  400: ['INPUT_INVALID'],
  401: ['SESSION_REQUIRED'],
  403: ['HOST_REFUSED', 'ORIGIN_REFUSED', 'READ_ONLY'],
  404: ['NOT_FOUND', 'NO_SUCH_PATH', 'CONFIG_INVALID'],
  409: ['CONFLICT', 'ALREADY_REVOKED'],
  412: ['PRECONDITION_FAILED'],
  413: ['BODY_TOO_LARGE'],
  415: ['JSON_REQUIRED'],
  428: ['VERSION_REQUIRED'],
  500: ['RECORD_CORRUPT', 'INTERNAL_ERROR'],
  503: ['STORE_UNAVAILABLE'],
};

/** A console with its own table and the cookie of its session. Its clock returns `NOW_MS` by default. */
export class ConsoleUnderTest {
  readonly url: URL;
  readonly tableName: string;
  cookie = '';
  /** The lines that the console printed. */
  readonly notes: readonly string[];
  readonly #console: RunningConsole;
  readonly #client: DynamoDBDocumentClient;

  private constructor(
    console: RunningConsole,
    tableName: string,
    client: DynamoDBDocumentClient,
    notes: readonly string[],
  ) {
    this.notes = notes;
    this.url = new URL(console.url);
    this.tableName = tableName;
    this.#console = console;
    this.#client = client;
  }

  /** Starts a console for a table. Creates a new table if the options omit its name. */
  static async start(
    database: LocalDynamoDb,
    {
      tableName,
      isReadOnly = false,
      limitsTableName,
      plans,
      usageTableName,
      acceptedKeys,
      actor = 'alice',
      now = () => NOW_MS,
      endpoint = database.endpoint,
      port = 0,
    }: StartOptions = {},
  ): Promise<ConsoleUnderTest> {
    const name = tableName ?? `keys-${randomUUID()}`;
    await database.ensureTable(name);
    if (usageTableName !== undefined) await database.ensureTable(usageTableName, createUsageTableInput);
    const deployment = { limitsTableName, usageTableName, plans, acceptedKeys };
    const location = { kind: 'local', tableName: name, endpoint, region: 'us-east-1', ...deployment } as const;
    const { registry, close } = openRegistry(location, { actor, now });
    const notes: string[] = [];
    const note = (line: string) => notes.push(line);
    const running = await startConsole({
      registry,
      location,
      actor,
      isReadOnly,
      command: 'latchkey console --local',
      port,
      now,
      note,
    });
    const stop = async () => {
      await running.stop();
      close();
    };
    return new ConsoleUnderTest({ ...running, stop }, name, database.client, notes);
  }

  stop(): Promise<void> {
    return this.#console.stop();
  }

  newUrl(): string {
    return this.#console.newUrl();
  }

  /** Opens the printed URL and returns the session's cookie. */
  async open(): Promise<string> {
    const { headers } = await this.raw(`${this.url.pathname}${this.url.search}`);
    this.cookie = headers['set-cookie']?.[0]?.split(';')[0] ?? '';
    return this.cookie;
  }

  /**
   * Sends a request with only these headers and `Host`.
   *
   * @throws AssertionError if an error response of the API isn't problem details by RFC 9457, or if the code
   *   belongs to another status
   */
  async raw(path: string, request: RawRequest = {}): Promise<RawAnswer> {
    const answer = await this.#send(path, request);
    const { status, text, headers } = answer;
    const isProblem = headers['content-type'] === 'application/problem+json';
    if (path.startsWith('/api/') && text !== '' && status >= 400) {
      ok(isProblem, `the API answered ${status} with ${headers['content-type']}`);
      requireProblem(status, JSON.parse(text));
    }
    return answer;
  }

  #send(path: string, { method = 'GET', headers = {}, body = '' }: RawRequest): Promise<RawAnswer> {
    return new Promise((resolve, reject) => {
      const { hostname, port } = this.url;
      request({ hostname, port, path, method, headers: { connection: 'close', ...headers } }, (message) => {
        const { statusCode = 0, headers } = message;
        readText(message).then((text) => resolve({ status: statusCode, headers, text }), reject);
      })
        .on('error', reject)
        .end(body);
    });
  }

  /** Sends a request with the page's headers and returns the response. */
  async api(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<ApiAnswer> {
    const json = body === undefined ? {} : { 'content-type': 'application/json' };
    const own = { cookie: this.cookie, origin: this.url.origin, 'sec-fetch-site': 'same-origin' };
    const { status, text } = await this.raw(path, {
      method,
      headers: { ...own, ...json, ...headers },
      body: body === undefined ? '' : JSON.stringify(body),
    });
    return { status, body: JSON.parse(text) };
  }

  async putKey(fields: TestKeyFields = {}): Promise<TestKey> {
    const key = makeKey({ id: randomUUID(), ...fields });
    await this.put(serialiseRecord(key.record));
    return key;
  }

  /** Stores this many keys in batches, and returns their ids. */
  async putKeys(count: number): Promise<readonly string[]> {
    const records = Array.from({ length: count }, () => makeKey({ id: randomUUID() }).record);
    // DynamoDB's maximum is 25 items a batch.
    for (let start = 0; start < count; start += 25) {
      const batch = records.slice(start, start + 25);
      const puts = batch.map((record) => ({ PutRequest: { Item: serialiseRecord(record) } }));
      await this.#client.send(new BatchWriteCommand({ RequestItems: { [this.tableName]: puts } }));
    }
    return records.map(({ id }) => id);
  }

  async put(item: Record<string, unknown>): Promise<void> {
    await this.#client.send(new PutCommand({ TableName: this.tableName, Item: item }));
  }

  /** Returns the record with this id from the table. */
  async record(id: string): Promise<KeyRecord> {
    const record = (await this.records()).find((candidate) => candidate.id === id);
    if (record === undefined) throw new Error(`no record ${id}`);
    return record;
  }

  /** Returns all records of the table. */
  async records(): Promise<readonly KeyRecord[]> {
    const { Items = [] } = await this.#client.send(new ScanCommand({ TableName: this.tableName }));
    return Items.map(parseRecord);
  }
}

function requireProblem(status: number, body: ApiAnswer['body']): void {
  const { code, detail, keyId } = body;
  const title = STATUS_CODES[status];
  deepEqual(body, { type: 'about:blank', title, status, detail, code, ...(keyId === undefined ? {} : { keyId }) });
  equal(typeof detail, 'string');
  ok(ERROR_CODES[status]?.includes(code), `the API answered ${status} with ${code}`);
}
