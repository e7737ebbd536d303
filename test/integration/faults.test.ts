import type { ServerResponse } from 'node:http';
import { describe, expect, test } from '@jest/globals';
import { logLines, startFunction, type Outcome } from '../support/bundledFunction.ts';
import { DynamoDbProxy } from '../support/dynamoDbProxy.ts';
import { closedEndpoint } from '../support/engine.ts';
import { restRequestEvent } from '../../testing/authorizerEvents.ts';
import { ACTIVE, bearing, RECORDS } from '../support/functionCases.ts';
import { startFunctionTable } from '../support/functionTable.ts';

/** What every fault is answered within, in all (docs/decisions.md). */
const BOUND_MS = 4000;
const EVENT = restRequestEvent(bearing(ACTIVE.secret));
const FAULT = { errorType: 'LatchkeyError', errorMessage: expect.any(String), inspected: expect.any(String) };

type Answer = (response: ServerResponse) => void;

const json =
  (status: number, body: unknown): Answer =>
  (response) => {
    const type = { 'content-type': 'application/x-amz-json-1.0' };
    response.writeHead(status, type).end(typeof body === 'string' ? body : JSON.stringify(body));
  };
const error = (status: number, name: string) => json(status, { __type: `com.amazonaws.dynamodb.v20120810#${name}` });

const hang: Answer = () => {};
const hangUp: Answer = (response) => response.destroy();
const hangInBody: Answer = (response) => {
  response.writeHead(200, { 'content-length': 1000 }).write('{"Item":');
};
const trickle: Answer = (response) => {
  response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' });
  const timer = setInterval(() => response.write(' '), 50);
  response.on('close', () => clearInterval(timer));
};

type Case = readonly [what: string, answer: Answer, cause: string];

/** A read and a write alike see that these failed. */
const FAILURES: readonly Case[] = [
  ['never answers', hang, 'TimeoutError'],
  ['answers a byte at a time', trickle, 'TimeoutError'],
  ['stops in the middle of its answer', hangInBody, 'TimeoutError'],
  ['closes the connection', hangUp, 'TimeoutError'],
  ['answers 500', error(500, 'InternalServerError'), 'InternalServerError'],
  ['answers 500 with no JSON', json(500, '<html>'), expect.any(String) as unknown as string],
  ['answers 503', error(503, 'ServiceUnavailable'), 'ServiceUnavailable'],
  ['throttles', error(400, 'ProvisionedThroughputExceededException'), 'ProvisionedThroughputExceededException'],
  ['denies access', error(400, 'AccessDeniedException'), 'AccessDeniedException'],
  ['answers with malformed JSON', json(200, '{"Item":{"keyHash"'), 'SyntaxError'],
];

/** Success by its status, with nothing in it that a read can take for an item or the lack of one. */
const UNREADABLE: readonly Case[] = [
  ['answers with JSON of another shape', json(200, { Item: 'x' }), expect.any(String) as unknown as string],
  [
    'answers with an unknown type of value',
    json(200, { Item: { keyHash: { X: 'x' } } }),
    expect.any(String) as unknown as string,
  ],
  ['answers 204', json(204, ''), expect.any(String) as unknown as string],
  ['answers 201', json(201, {}), expect.any(String) as unknown as string],
  ['answers 206', json(206, {}), expect.any(String) as unknown as string],
  ['answers with nothing', json(200, ''), expect.any(String) as unknown as string],
  ['answers with a list', json(200, []), expect.any(String) as unknown as string],
  ['answers with null', json(200, 'null'), expect.any(String) as unknown as string],
];

/** What may be over a moment later. */
const TRIED_AGAIN = new Set(['never answers', 'closes the connection', 'answers 500', 'answers 503', 'throttles']);

describe('a read is a fault within 4 s and no more than two attempts, where DynamoDB', () => {
  test.concurrent.each([...FAILURES, ...UNREADABLE])('%s', async (_, answer, cause) => {
    const proxy = await DynamoDbProxy.start({
      endpoint: 'http://127.0.0.1:1',
      intercept: (_, response) => {
        answer(response);
        return true;
      },
    });
    try {
      const { outcome, output } = await invokeOnce(proxy.endpoint);
      expect(outcome).toEqual(FAULT);
      expect(logLines(output)).toEqual([
        expect.objectContaining({ message: 'fault', code: 'STORE_UNAVAILABLE', cause }),
      ]);
      expect(proxy.requests.length).toBeLessThanOrEqual(2);
    } finally {
      await proxy.stop();
    }
  });

  test.concurrent('refuses connections', async () => {
    const { outcome, output } = await invokeOnce(await closedEndpoint());
    expect(outcome).toEqual(FAULT);
    expect(logLines(output)).toEqual([
      expect.objectContaining({ message: 'fault', code: 'STORE_UNAVAILABLE', cause: 'ECONNREFUSED' }),
    ]);
  });
});

describe('a read is tried once more and its key allowed, where DynamoDB at first', () => {
  test.concurrent.each(FAILURES.filter(([what]) => TRIED_AGAIN.has(what)))('%s', async (_, answer) => {
    const table = await startFunctionTable(...RECORDS);
    const proxy = await DynamoDbProxy.start({
      endpoint: table.endpoint,
      intercept: (_, response) => {
        if (proxy.requests.length > 1) return false;
        answer(response);
        return true;
      },
    });
    try {
      const { outcome, output } = await invokeOnce(proxy.endpoint);
      expect(outcome).toMatchObject({ answer: { principalId: ACTIVE.record.id } });
      expect(logLines(output)).toEqual([]);
      expect(proxy.of('GetItem')).toHaveLength(2);
    } finally {
      await proxy.stop();
      await table.stop();
    }
  });
});

describe('a last-used write changes no answer and is logged, where DynamoDB', () => {
  test.concurrent.each(FAILURES)('%s', async (_, answer) => {
    const table = await startFunctionTable(...RECORDS);
    const proxy = await DynamoDbProxy.start({
      endpoint: table.endpoint,
      intercept: (operation, response) => {
        if (operation !== 'UpdateItem') return false;
        answer(response);
        return true;
      },
    });
    try {
      const { outcome, output } = await invokeOnce(proxy.endpoint);
      expect(outcome).toMatchObject({ answer: { principalId: ACTIVE.record.id } });
      expect(logLines(output)).toEqual([
        expect.objectContaining({
          message: 'last-used write failed',
          code: 'STORE_UNAVAILABLE',
          keyId: ACTIVE.record.id,
        }),
      ]);
      expect(proxy.of('UpdateItem').length).toBeLessThanOrEqual(2);
    } finally {
      await proxy.stop();
      await table.stop();
    }
  });
});

/** One request to a new environment, with all that it wrote. */
async function invokeOnce(endpoint: string): Promise<{ outcome: Outcome | string; output: string }> {
  // Not primed: what is counted are the reads of the request.
  const bundle = await startFunction(endpoint, { LATCHKEY_PRIME: 'false' });
  const outcome = await withinBound(bundle.invoke(EVENT));
  await bundle.stop();
  return { outcome, output: bundle.output() };
}

function withinBound<T>(promise: Promise<T>): Promise<T | string> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(resolve, BOUND_MS, 'no answer within 4 s');
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
