import { createHash, createHmac } from 'node:crypto';
import { Agent, request, type IncomingMessage } from 'node:http';
import { buffer } from 'node:stream/consumers';

/** Where a hand-signed request goes, and as whom. */
export interface SignedGetItemOptions {
  readonly port: number;
  readonly tableName: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** Reads one item, given by its hash, as DynamoDB sends it. */
export type SignedGetItem = (keyHash: string) => Promise<unknown>;

const TARGET = 'DynamoDB_20120810.GetItem';
const CONTENT_TYPE = 'application/x-amz-json-1.0';
const SIGNED_HEADERS = 'content-type;host;x-amz-date;x-amz-target';

/**
 * The floor of what a read costs in Node: Signature Version 4 by hand (docs.aws.amazon.com, "Create a signed AWS API request")
 * over `node:http` with a connection kept alive, without retries, timeouts or a model of the answer.
 */
export function createSignedGetItem({ port, tableName, ...as }: SignedGetItemOptions): SignedGetItem {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const host = `127.0.0.1:${port}`;
  return async (keyHash) => {
    const body = JSON.stringify({ TableName: tableName, Key: { keyHash: { S: keyHash } } });
    const now = `${new Date().toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z`;
    const headers = {
      'content-type': CONTENT_TYPE,
      host,
      'x-amz-date': now,
      'x-amz-target': TARGET,
      authorization: authorization({ host, body, now, ...as }),
      'content-length': String(body.length),
    };
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const options = { agent, host: '127.0.0.1', port, method: 'POST', headers };
      request(options, resolve).on('error', reject).end(body);
    });
    const answer = await buffer(response);
    if (response.statusCode !== 200) throw new Error(`the store answered ${response.statusCode}`);
    return JSON.parse(answer.toString()).Item;
  };
}

interface Signing extends Pick<SignedGetItemOptions, 'region' | 'accessKeyId' | 'secretAccessKey'> {
  readonly host: string;
  readonly body: string;
  /** As `x-amz-date` has it. */
  readonly now: string;
}

function authorization({ host, body, now, region, accessKeyId, secretAccessKey }: Signing): string {
  const day = now.slice(0, 8);
  const scope = `${day}/${region}/dynamodb/aws4_request`;
  const headers = `content-type:${CONTENT_TYPE}\nhost:${host}\nx-amz-date:${now}\nx-amz-target:${TARGET}\n`;
  const canonical = `POST\n/\n\n${headers}\n${SIGNED_HEADERS}\n${sha256(body)}`;
  const toSign = `AWS4-HMAC-SHA256\n${now}\n${scope}\n${sha256(canonical)}`;
  const key = [day, region, 'dynamodb', 'aws4_request'].reduce<string | Buffer>(
    (key, part) => createHmac('sha256', key).update(part).digest(),
    `AWS4${secretAccessKey}`,
  );
  const signature = createHmac('sha256', key).update(toSign).digest('hex');
  return `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, SignedHeaders=${SIGNED_HEADERS}, Signature=${signature}`;
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
