import { createHash } from 'node:crypto';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';

interface NaiveEvent {
  readonly methodArn: string;
  readonly headers: Readonly<Record<string, string>>;
}

const client = DynamoDBDocumentClient.from(new DynamoDBClient({}));

/** A typical first authorizer: a read and a write on each request, with the SDK's defaults. */
export async function handler({ methodArn, headers }: NaiveEvent): Promise<object> {
  const secret = (headers['authorization'] ?? '').replace(/^Bearer /, '');
  const Key = { keyHash: createHash('sha256').update(secret).digest('hex') };
  const TableName = process.env['LATCHKEY_TABLE'];
  const { Item } = await client.send(new GetCommand({ TableName, Key }));
  if (Item === undefined) return toPolicy('anonymous', 'Deny', methodArn);
  const ExpressionAttributeValues = { ':now': new Date().toISOString() };
  const UpdateExpression = 'SET lastUsedAt = :now';
  await client.send(new UpdateCommand({ TableName, Key, UpdateExpression, ExpressionAttributeValues }));
  return toPolicy(String(Item['id']), 'Allow', methodArn);
}

function toPolicy(principalId: string, Effect: 'Allow' | 'Deny', Resource: string): object {
  const Statement = [{ Action: 'execute-api:Invoke', Effect, Resource }];
  return { principalId, policyDocument: { Version: '2012-10-17', Statement } };
}
