// A fake DynamoDB with fixed records that responds immediately. It runs in its own process, because its CPU time must
// not be measured. `startStore` starts this file.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { marshall } from '@aws-sdk/util-dynamodb';
import { serialiseRecord, type KeyRecord } from '../keys/record.ts';

const FILE = fileURLToPath(import.meta.url);

export interface FixedStore {
  readonly endpoint: string;
  /** Returns the number of reads so far. */
  readonly reads: () => Promise<number>;
  readonly stop: () => void;
}

/** Starts a store with these records on the loopback interface. It ignores writes. */
export async function startStore(records: readonly KeyRecord[]): Promise<FixedStore> {
  const items = records.map((record) => [record.keyHash, JSON.stringify({ Item: marshall(serialiseRecord(record)) })]);
  const child = fork(FILE, { execArgv: [] });
  const ask = async (message: object) => {
    child.send(message);
    const [answer]: unknown[] = await once(child, 'message');
    return Number(answer);
  };
  const port = await ask({ items });
  return {
    endpoint: `http://127.0.0.1:${port}`,
    reads: () => ask({}),
    stop: () => child.disconnect(),
  };
}

if (process.argv[1] === FILE) serve();

function serve(): void {
  const items = new Map<string, string>();
  let reads = 0;
  const server = createServer(async (message, response) => {
    const body = await text(message);
    const isRead = String(message.headers['x-amz-target']).endsWith('.GetItem');
    if (isRead) reads++;
    const item = isRead ? items.get(JSON.parse(body).Key.keyHash.S) : undefined;
    response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' }).end(item ?? '{}');
  });
  process.on('message', (message: { readonly items?: readonly (readonly [string, string])[] }) => {
    if (message.items === undefined) return void process.send?.(reads);
    for (const [hash, item] of message.items) items.set(hash, item);
    server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
  });
  process.once('disconnect', () => process.exit());
}
