import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { serialiseRecord, type KeyRecord } from '../../keys/record.ts';

/** What DynamoDB answers a call with. */
export interface Answer {
  readonly statusCode?: number;
  /** A text as it stands, and anything else as JSON. */
  readonly body: unknown;
}

/** What DynamoDB was asked. */
export interface SentCall {
  /** Such as `GetItem`. */
  readonly operation: string;
  /** As it is on the wire. */
  readonly input: object;
}

interface SentRequest {
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
}

interface HandlerOptions {
  readonly abortSignal?: AbortSignal;
}

/** A client whose calls the function answers, each tried once: nothing leaves the process. */
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
  if (typeof input !== 'object' || input === null) throw new TypeError('a call whose input is no object');
  return { operation: headers['x-amz-target']?.split('.')[1] ?? 'none', input };
}

/** DynamoDB's own way to say that a call failed. */
export function failure(name: string, statusCode = 400): Answer {
  return { statusCode, body: { __type: `com.amazonaws.dynamodb.v20120810#${name}`, message: 'no' } };
}

/** What a write whose condition does not hold is answered with. */
export const REFUSED: Answer = failure('ConditionalCheckFailedException');
/** What a write that is to be sent again is answered with: the registry takes the next answer for that of its second try. */
export const THROTTLED: Answer = failure('ThrottlingException');

/** The record as each call has it that finds or leaves it. */
export function recordAnswer(record: KeyRecord): Answer {
  const item = itemOnWire(record);
  return { body: { Items: [item], Item: item, Attributes: item } };
}

/**
 * A record as it is on the wire.
 *
 * @throws TypeError where an attribute is no text: no test answers with such a record yet
 */
export function itemOnWire(record: KeyRecord): Record<string, unknown> {
  return Object.fromEntries(Object.entries(serialiseRecord(record)).map(([name, value]) => [name, textOnWire(value)]));
}

function textOnWire(value: unknown) {
  if (typeof value !== 'string') throw new TypeError('an attribute that is no text');
  return { S: value };
}
