import type { $Command } from '@aws-sdk/client-dynamodb';

/** A command of the SDK's that has not been sent. */
export interface UnsentCommand<Input extends object, Output extends object> {
  readonly middlewareStack: $Command<Input, Output, never>['middlewareStack'];
}

/**
 * Has the command fail on a good answer that is no JSON object. The SDK reads an empty one, a list and `null`
 * as an answer with nothing in it: a broken store would make a key unknown, a table empty, and a write done.
 */
export function requireJsonObject<Input extends object, Output extends object>({
  middlewareStack,
}: UnsentCommand<Input, Output>): void {
  middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      const response = result.response as { statusCode: number; body: AsyncIterable<Uint8Array> | Uint8Array };
      if (response.statusCode >= 300) return result;
      const body = await readAll(response.body);
      if (response.statusCode !== 200 || !/^\s*\{/.test(body.toString())) {
        throw Object.assign(new Error('the answer is no 200 with a JSON object'), { name: 'UnreadableAnswer' });
      }
      response.body = body;
      return result;
    },
    { step: 'deserialize', priority: 'low' },
  );
}

async function readAll(body: AsyncIterable<Uint8Array> | Uint8Array): Promise<Buffer> {
  if (body instanceof Uint8Array) return Buffer.from(body);
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}
