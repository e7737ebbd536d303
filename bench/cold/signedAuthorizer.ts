import { createHash } from 'node:crypto';
import { createSignedGetItem } from '../store/signedGetItem.ts';

/** What of an authorizer's event is read. */
interface SignedEvent {
  readonly methodArn: string;
  readonly headers: Readonly<Record<string, string>>;
}

const { port } = new URL(process.env['AWS_ENDPOINT_URL_DYNAMODB'] ?? '');
const getItem = createSignedGetItem({
  port: Number(port),
  tableName: process.env['LATCHKEY_TABLE'] ?? '',
  region: process.env['AWS_REGION'] ?? '',
  accessKeyId: process.env['AWS_ACCESS_KEY_ID'] ?? '',
  secretAccessKey: process.env['AWS_SECRET_ACCESS_KEY'] ?? '',
});

/** The floor: a hash, a read that is signed by hand over `node:http`, and a policy. No SDK, no retry, no limit of time. */
export async function handler({ methodArn, headers }: SignedEvent): Promise<object> {
  const secret = (headers['authorization'] ?? '').replace(/^Bearer /, '');
  const item = (await getItem(createHash('sha256').update(secret).digest('hex'))) as { id: { S: string } } | undefined;
  const Effect = item === undefined ? 'Deny' : 'Allow';
  const Statement = [{ Action: 'execute-api:Invoke', Effect, Resource: methodArn }];
  return { principalId: item?.id.S ?? 'anonymous', policyDocument: { Version: '2012-10-17', Statement } };
}
