import assert from 'node:assert/strict';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { createLimitsTableInput } from '../../keys/limits.ts';
import { INDEXES } from '../../keys/table.ts';
import { LocalDynamoDb } from '../../local/table.ts';
import { createStateTableInput } from '../../management/stateTable.ts';
import { DynamoDbProxy } from '../../test/support/dynamoDbProxy.ts';
import { managementEvent } from '../../test/support/managementCall.ts';
import { LOG_EVENT_BYTES, READ_MS, WRITE_MS } from '../../test/support/simulateTraffic.ts';
import { functionEnvironment } from '../deployedFunction.ts';
import type { Table } from '../report.ts';
import { durationPrice, PRICES, RUNTIME_MS } from './prices.ts';

const BUNDLE = fileURLToPath(new URL('../../dist/key-management/index.mjs', import.meta.url));
const MILLION = 1_000_000;
/** The construct's memory. */
const MEMORY_MB = 512;
/** An assumed CPU time of a request, at the share of a vCPU that comes with the memory. */
const CPU_MS = 10;
/** The length of a line of the access log, whose fields have their usual lengths. */
const ACCESS_LINE_BYTES = 480;
/** The size of an item of an index, and of a record, in bytes. */
const INDEX_ITEM_BYTES = 200;
const RECORD_BYTES = 600;
const READ_UNIT_BYTES = 4096;

/** What DynamoDB bills for one call. */
interface Units {
  readonly calls: number;
  readonly reads: number;
  readonly writes: number;
}

/** Counts the calls of each kind of request of the deployed file, and prices them. */
export async function managementTable(): Promise<Table> {
  const calls: { readonly operation: string; readonly input: CallInput }[] = [];
  const database = await LocalDynamoDb.start({ port: 0, dataDirectory: undefined });
  await database.ensureTable('keys');
  await database.ensureTable('limits', createLimitsTableInput);
  await database.ensureTable('state', createStateTableInput);
  const proxy = await DynamoDbProxy.start({
    endpoint: database.endpoint,
    intercept: (operation, _, body) => {
      calls.push({ operation, input: JSON.parse(body) });
      return false;
    },
  });
  const handler = await importManagement(proxy.endpoint);
  const count = async (route: string, request: Call) => {
    calls.length = 0;
    let logBytes = ACCESS_LINE_BYTES + LOG_EVENT_BYTES;
    const { write } = process.stdout;
    process.stdout.write = (line: string | Uint8Array) => {
      logBytes += line.length + LOG_EVENT_BYTES;
      return true;
    };
    const response = await handler(toEvent(route, request), {}).finally(() => (process.stdout.write = write));
    assert(response.statusCode < 300, `${route}: ${response.body}`);
    return { units: calls.map(({ operation, input }) => unitsOf(operation, input)), logBytes, response };
  };
  try {
    return await price(count);
  } finally {
    await proxy.stop();
    await database.stop();
  }
}

/** A request after API Gateway's authorizer. */
interface Call {
  readonly authorizer: object;
  readonly body?: object;
}

const OPERATOR = { iam: { userArn: 'arn:aws:iam::123456789012:user/back-office' } };
const ALICE = { jwt: { claims: { sub: 'alice' }, scopes: null } };

function toEvent(route: string, { authorizer, body }: Call): object {
  const [method = '', path = ''] = route.split(' ');
  return managementEvent({ method, path, ...(body && { body }) }, authorizer);
}

type Count = (
  route: string,
  request: Call,
) => Promise<{ readonly units: readonly Units[]; readonly logBytes: number; readonly response: Response }>;

interface Response {
  readonly statusCode: number;
  readonly body: string;
}

type Handler = (event: object, context: object) => Promise<Response>;

async function importManagement(endpoint: string): Promise<Handler> {
  Object.assign(process.env, functionEnvironment(endpoint), {
    LATCHKEY_STATE_TABLE: 'state',
    LATCHKEY_LIMITS_TABLE: 'limits',
    LATCHKEY_MANAGEMENT: JSON.stringify({
      operators: true,
      owners: { maxKeysPerOwner: 20 },
      rateLimit: { rateLimit: 1000, burstLimit: 1000 },
    }),
  });
  const { handler } = await import(pathToFileURL(BUNDLE).href);
  return handler;
}

/** Prices one request of each kind. An owner and an operator have ten keys each. */
async function price(count: Count): Promise<Table> {
  const body = { label: 'build server' };
  const create = async (route: string, request: Call) => {
    const { key, record } = JSON.parse((await count(route, request)).response.body);
    return { key: String(key), id: String(record.id) };
  };
  for (let made = 0; made < 9; made++) await create('POST /me/keys', { authorizer: ALICE, body });
  const own = await create('POST /me/keys', { authorizer: ALICE, body });
  const { key, id } = await create('POST /keys', { authorizer: OPERATOR, body: { ...body, owner: 'acme' } });
  const kinds: readonly (readonly [name: string, route: string, request: Call])[] = [
    ['an operator creates a key', 'POST /keys', { authorizer: OPERATOR, body: { ...body, owner: 'acme' } }],
    ['an operator reads a key', `GET /keys/${id}`, { authorizer: OPERATOR }],
    ['a service verifies a key', 'POST /keys/verify', { authorizer: OPERATOR, body: { key } }],
    ['an operator revokes a key', `POST /keys/${id}/revoke`, { authorizer: OPERATOR, body: {} }],
    ['an owner creates a key', 'POST /me/keys', { authorizer: ALICE, body }],
    ['an owner lists ten keys', 'GET /me/keys', { authorizer: ALICE }],
    ['an owner rotates a key', `POST /me/keys/${own.id}/rotate`, { authorizer: ALICE, body: { graceSeconds: 3600 } }],
  ];
  const rows: string[][] = [];
  for (const [name, route, request] of kinds) {
    const { units, logBytes } = await count(route, request);
    rows.push([name, ...toColumns(units, logBytes)]);
  }
  const heads = 'a million requests: each time|>reads|>writes|>API $|>Lambda $|>DynamoDB $|>logs $|>total $';
  return { title: 'The management API', heads, rows };
}

function toColumns(units: readonly Units[], logBytes: number): string[] {
  const sum = (name: keyof Units) => units.reduce((total, each) => total + each[name], 0);
  const callMs = units.reduce((total, { calls, writes }) => total + calls * (writes > 0 ? WRITE_MS : READ_MS), 0);
  const lambda = PRICES.lambdaRequest + durationPrice(RUNTIME_MS + CPU_MS + callMs, MEMORY_MB);
  const database = sum('reads') * PRICES.readUnit + sum('writes') * PRICES.writeUnit;
  const logs = logBytes * PRICES.logByte;
  const dollars = [PRICES.httpApiRequest, lambda, database, logs, PRICES.httpApiRequest + lambda + database + logs];
  return [String(sum('reads')), String(sum('writes')), ...dollars.map((each) => (each * MILLION).toFixed(2))];
}

interface CallInput {
  readonly TableName?: string;
  readonly IndexName?: string;
  readonly ConsistentRead?: boolean;
  readonly RequestItems?: Readonly<Record<string, { readonly Keys: readonly object[] }>>;
  readonly Item?: Readonly<Record<string, unknown>>;
}

/** Returns the request units of a call ("Read/write capacity mode", Amazon DynamoDB Developer Guide). */
function unitsOf(operation: string, input: CallInput): Units {
  const none = { calls: 1, reads: 0, writes: 0 };
  const perRead = input.ConsistentRead === true ? 1 : 0.5;
  if (operation === 'BatchGetItem') {
    const keys = Object.values(input.RequestItems ?? {}).reduce((total, { Keys }) => total + Keys.length, 0);
    return { ...none, reads: keys * perRead };
  }
  // A page of the index or the table has ten items here.
  if (operation === 'Query' || operation === 'Scan') {
    const bytes = 10 * (input.IndexName === undefined ? RECORD_BYTES : INDEX_ITEM_BYTES);
    return { ...none, reads: Math.ceil(bytes / READ_UNIT_BYTES) * perRead };
  }
  if (operation === 'GetItem') return { ...none, reads: perRead };
  // A new record is also an item of each index. Changes don't touch the keys of the indexes.
  const isNewRecord = operation === 'PutItem' && input.Item?.['keyHash'] !== undefined;
  return { ...none, writes: 1 + (isNewRecord ? INDEXES.length : 0) };
}
