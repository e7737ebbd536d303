import { DynamoDBClient } from '@aws-sdk/client-dynamodb';

/** What DynamoDB answers a call with. */
export interface Answer {
  readonly statusCode?: number;
  /** A text as it stands, and anything else as JSON. */
  readonly body: unknown;
}

interface HandlerOptions {
  readonly abortSignal?: AbortSignal;
}

/** A client whose calls the function answers, each tried once: nothing leaves the process. */
export function answeringClient(
  answer: (abortSignal: AbortSignal | undefined) => Answer | Promise<Answer>,
): DynamoDBClient {
  const handle = async (_: unknown, { abortSignal }: HandlerOptions = {}) => {
    const { statusCode = 200, body } = await answer(abortSignal);
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

/** DynamoDB's own way to say that a call failed. */
export function failure(name: string, statusCode = 400): Answer {
  return { statusCode, body: { __type: `com.amazonaws.dynamodb.v20120810#${name}`, message: 'no' } };
}
