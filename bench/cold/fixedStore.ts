import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { serialiseRecord, type KeyRecord } from '../../keys/record.ts';
import { closeNow, listenOnLoopback } from '../../local/gatewayServer.ts';

/** A DynamoDB that knows one key and answers at once. */
export interface FixedStore {
  readonly endpoint: string;
  readonly stop: () => Promise<void>;
}

/** Starts a store of one record, all of texts, which any write leaves as it is. */
export async function startFixedStore(record: KeyRecord): Promise<FixedStore> {
  const attributes = Object.entries(serialiseRecord(record)).map(([name, value]) => [name, { S: value }]);
  const item = JSON.stringify({ Item: Object.fromEntries(attributes) });
  const server = createServer((message, response) => {
    void answerTo(message, response);
  });
  async function answerTo(message: IncomingMessage, response: ServerResponse) {
    const body = await text(message);
    const isRead = String(message.headers['x-amz-target']).endsWith('.GetItem');
    const answer = isRead && body.includes(record.keyHash) ? item : '{}';
    response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' }).end(answer);
  }
  const endpoint = `http://127.0.0.1:${await listenOnLoopback(server, 0, 'the fixed store')}`;
  return { endpoint, stop: () => closeNow(server) };
}
