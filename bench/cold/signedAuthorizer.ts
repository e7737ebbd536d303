import { createHash, createHmac } from 'node:crypto';
import http, { type IncomingMessage } from 'node:http';
import https from 'node:https';
import { buffer } from 'node:stream/consumers';

/** Reads one item by its hash and returns it in DynamoDB's format. */
export type SignedGetItem = (keyHash: string) => Promise<unknown>;

const TARGET = 'DynamoDB_20120810.GetItem';
const CONTENT_TYPE = 'application/x-amz-json-1.0';
const SIGNED_HEADERS = 'content-type;host;x-amz-date;x-amz-target';
const TABLE = process.env['LATCHKEY_TABLE'] ?? '';

let getItem: SignedGetItem | undefined;

/**
 * The lower bound of a cold start: a hash, a read signed by hand and a policy. It doesn't use the SDK, retries or
 * timeouts.
 */
export async function handler({ methodArn, headers }: { methodArn: string; headers: Record<string, string> }) {
  const secret = (headers['authorization'] ?? '').replace(/^Bearer /, '');
  getItem ??= createSignedGetItem(process.env['AWS_ENDPOINT_URL_DYNAMODB'] ?? '', TABLE);
  const item = (await getItem(createHash('sha256').update(secret).digest('hex'))) as { id: { S: string } } | undefined;
  const Statement = [
    { Action: 'execute-api:Invoke', Effect: item === undefined ? 'Deny' : 'Allow', Resource: methodArn },
  ];
  return { principalId: item?.id.S ?? 'anonymous', policyDocument: { Version: '2012-10-17', Statement } };
}

/**
 * Creates the fastest possible read: Signature Version 4 by hand over a keep-alive connection. It follows the IAM User
 * Guide, "Create a signed AWS API request". It loads `node:https`, because AWS's endpoint needs it. The bench's store
 * uses plain HTTP.
 */
export function createSignedGetItem(endpoint: string, tableName: string): SignedGetItem {
  const { protocol, host, hostname, port } = new URL(endpoint);
  const { Agent, request } = protocol === 'http:' ? http : https;
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  return async (keyHash) => {
    const body = JSON.stringify({ TableName: tableName, Key: { keyHash: { S: keyHash } } });
    const now = `${new Date().toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z`;
    const headers = {
      'content-type': CONTENT_TYPE,
      host,
      'x-amz-date': now,
      'x-amz-target': TARGET,
      authorization: authorization(host, body, now),
      'content-length': String(body.length),
    };
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      request({ agent, hostname, port, method: 'POST', headers }, resolve).on('error', reject).end(body);
    });
    const answer = await buffer(response);
    if (response.statusCode !== 200) throw new Error(`the store answered ${response.statusCode}`);
    return JSON.parse(answer.toString()).Item;
  };
}

/** Returns the `Authorization` header. The credentials are fixed, because the store doesn't check signatures. */
function authorization(host: string, body: string, now: string): string {
  const day = now.slice(0, 8);
  const scope = `${day}/us-east-1/dynamodb/aws4_request`;
  const headers = `content-type:${CONTENT_TYPE}\nhost:${host}\nx-amz-date:${now}\nx-amz-target:${TARGET}\n`;
  const canonical = `POST\n/\n\n${headers}\n${SIGNED_HEADERS}\n${sha256(body)}`;
  const toSign = `AWS4-HMAC-SHA256\n${now}\n${scope}\n${sha256(canonical)}`;
  const key = [day, 'us-east-1', 'dynamodb', 'aws4_request'].reduce<string | Buffer>(
    (key, part) => createHmac('sha256', key).update(part).digest(),
    'AWS4local',
  );
  const signature = createHmac('sha256', key).update(toSign).digest('hex');
  return `AWS4-HMAC-SHA256 Credential=local/${scope}, SignedHeaders=${SIGNED_HEADERS}, Signature=${signature}`;
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
