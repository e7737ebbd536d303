import { afterEach, describe, expect, test } from '@jest/globals';
import { GatewayError } from '../../../local/gatewayError.ts';
import type { Header } from '../../../local/gatewayRequest.ts';
import { setProperties, type SampleOptions } from './sampleStack.ts';
import { bearer, serve, stopServing } from './servedStack.ts';

afterEach(stopServing);

const QUERY = { query: 'query Mine { a }', operationName: 'Mine', variables: { b: 1 } };

async function serveGraphql(options: SampleOptions = {}) {
  const served = await serve(options);
  const post = (headers: readonly Header[], body: unknown = QUERY) =>
    served.graphql('/', headers, { method: 'POST', body: Buffer.from(JSON.stringify(body)) });
  const count = async (token: string) => (await post(bearer(token))).json().data.resolverContext.count;
  return { ...served, post, count };
}

const UNAUTHORIZED =
  '{"errors":[{"errorType":"UnauthorizedException","message":"You are not authorized to make this call."}]}';

test('an allowed operation is answered with what its resolvers would be given', async () => {
  const { post } = await serveGraphql();
  expect(await post(bearer('graphqlAllow'))).toMatchObject({
    status: 200,
    text: '{"data":{"resolverContext":{"count":"1"}}}',
  });
});

test('the authorizer gets the token as sent, the operation and the headers', async () => {
  const { post, eventsOf } = await serveGraphql();
  await post([...bearer('graphqlAllow'), ['X-A', '1'], ['x-a', '2']]);
  expect(eventsOf('Check')).toEqual([
    {
      authorizationToken: 'Bearer graphqlAllow',
      requestContext: {
        apiId: 'Graphql',
        accountId: '000000000000',
        requestId: 'request-1',
        queryString: 'query Mine { a }',
        operationName: 'Mine',
        variables: { b: 1 },
      },
      requestHeaders: { authorization: 'Bearer graphqlAllow', 'x-a': '2' },
    },
  ]);
});

test('no token, or one that the validation expression refuses, is 401 and the function is not invoked', async () => {
  const { post, countOf } = await serveGraphql({ tokenPattern: '^Bearer g' });
  for (const headers of [[], [['Authorization', '']], bearer('allow')] as const) {
    expect(await post(headers)).toMatchObject({ status: 401, text: UNAUTHORIZED });
  }
  expect(countOf('Check')).toBe(0);
});

test('a refusal is 401 with a fixed text, and nothing of its context', async () => {
  const { post } = await serveGraphql();
  expect(await post(bearer('graphqlDeny'))).toMatchObject({ status: 401, text: UNAUTHORIZED });
});

test.each(['unauthorized', 'almost', 'spin', 'graphqlNumber', 'graphqlNested', 'graphqlText', 'graphqlTtl', 'allow'])(
  'an authorizer that answers %s makes 500 and never 401',
  async (token) => {
    const { post, log } = await serveGraphql();
    const { status, json } = await post(bearer(token));
    expect(status).toBe(500);
    expect(json()).toMatchObject({ errors: [{ errorType: 'InternalFailureException' }] });
    expect(log()).toContain('authorizer Check');
  },
);

describe('the result cache', () => {
  test('keeps an answer by its token for the TTL of the API', async () => {
    const { count, advance, post } = await serveGraphql({ resultTtlSeconds: 10 });
    expect(await count('graphqlAllow')).toBe('1');
    advance(9_999);
    expect(await count('graphqlAllow')).toBe('1');
    expect((await post([['Authorization', 'graphqlAllow']])).json().data.resolverContext.count).toBe('2');
    advance(1);
    expect(await count('graphqlAllow')).toBe('3');
  });

  test.each([0, 10])('ttlOverride wins over the TTL of %i', async (resultTtlSeconds) => {
    const { count, advance } = await serveGraphql({ resultTtlSeconds });
    expect(await count('graphqlKept')).toBe('1');
    advance(19_999);
    expect(await count('graphqlKept')).toBe('1');
    advance(1);
    expect(await count('graphqlKept')).toBe('2');
    expect(await count('graphqlOnce')).toBe('3');
    expect(await count('graphqlOnce')).toBe('4');
  });

  test('keeps no fault', async () => {
    const { post, countOf } = await serveGraphql({ resultTtlSeconds: 10 });
    await post(bearer('almost'));
    await post(bearer('almost'));
    expect(countOf('Check')).toBe(2);
  });
});

test('what is no operation is answered before anyone is asked', async () => {
  const { post, graphql, countOf } = await serveGraphql();
  expect((await post(bearer('graphqlAllow'), { query: 1 })).status).toBe(400);
  expect((await post(bearer('graphqlAllow'), null)).status).toBe(400);
  expect((await graphql('/', bearer('graphqlAllow'), { method: 'POST' })).status).toBe(400);
  expect((await graphql('/', bearer('graphqlAllow'))).status).toBe(404);
  expect(countOf('Check')).toBe(0);
});

test.each([
  { AuthenticationType: 'API_KEY' },
  { AdditionalAuthenticationProviders: [{ AuthenticationType: 'AWS_IAM' }] },
])('an API of other or more modes is refused: %j', async (properties) => {
  await expect(serve({}, setProperties('Graphql', properties))).rejects.toThrow(GatewayError);
});
