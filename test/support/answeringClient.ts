import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { serialiseRecord, type KeyRecord } from '../../keys/record.ts';

/** DynamoDB's response to a call. */
export interface Answer {
  readonly statusCode?: number;
  /** The body. A string is sent unchanged, any other value as JSON. */
  readonly body: unknown;
}

/** A call to DynamoDB. */
export interface SentCall {
  /** The operation, such as `GetItem`. */
  readonly operation: string;
  /** The input in DynamoDB's JSON. */
  readonly input: object;
}

interface SentRequest {
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
}

interface HandlerOptions {
  readonly abortSignal?: AbortSignal;
}

/** Returns a client without retries. The function responds to the client's calls inside the process. */
export function answeringClient(
  answer: (call: SentCall, abortSignal: AbortSignal | undefined) => Answer | Promise<Answer>,
): DynamoDBClient {
  const handle = async (request: SentRequest, { abortSignal }: HandlerOptions = {}) => {
    const { statusCode = 200, body } = await answer(callOf(request), abortSignal);
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    return { response: { statusCode, headers: {}, body: Buffer.from(text) } };
  };
  return new DynamoDBClient({
    region: 'eu-west-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 1,
    requestHandler: { handle, updateHttpClientConfig: () => {}, httpHandlerConfigs: () => ({}) },
  });
}

function callOf({ headers, body }: SentRequest): SentCall {
  const input: unknown = JSON.parse(new TextDecoder().decode(body));
  if (typeof input !== 'object' || input === null) throw new TypeError('the input of a call is not an object');
  return { operation: headers['x-amz-target']?.split('.')[1] ?? 'none', input };
}

/** Returns DynamoDB's response to a failed call. */
export function failure(name: string, statusCode = 400): Answer {
  return { statusCode, body: { __type: `com.amazonaws.dynamodb.v20120810#${name}`, message: 'no' } };
}

/** The response to a write whose condition failed. */
export const REFUSED: Answer = failure('ConditionalCheckFailedException');
/** The response to a throttled write. The registry retries the write and gets the next response. */
export const THROTTLED: Answer = failure('ThrottlingException');

/** Returns the response with a record. It fits all operations that return one. */
export function recordAnswer(record: KeyRecord): Answer {
  const item = itemOnWire(record);
  return { body: { Items: [item], Item: item, Attributes: item } };
}

/**
 * Returns a record in DynamoDB's JSON.
 *
 * @throws TypeError if an attribute isn't a string, because tests don't need such a record yet
 */
export function itemOnWire(record: KeyRecord): Record<string, unknown> {
  return Object.fromEntries(Object.entries(serialiseRecord(record)).map(([name, value]) => [name, textOnWire(value)]));
}

function textOnWire(value: unknown) {
  if (typeof value !== 'string') throw new TypeError('an attribute is not a string');
  return { S: value };
}
