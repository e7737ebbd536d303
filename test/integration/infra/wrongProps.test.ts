import { Duration, Token } from 'aws-cdk-lib';
import { describe, expect, test } from '@jest/globals';
import type { ApiKeyAuthorizer } from '../../../infra/apiKeyAuthorizer.ts';
import { authorizerUnderTest, problemOf, type AuthorizerProps } from './authorizerUnderTest.ts';

describe('a prop that the function would refuse at its start is refused at synthesis', () => {
  test.each<[keyof AuthorizerProps, AuthorizerProps]>([
    ['keyPrefix', { keyPrefix: 'SK_' }],
    ['keySources', { keySources: [] }],
    ['keySources', { keySources: ['bearer', 'bearer'] }],
    ['keySources', { keySources: ['header:two words'] }],
    ['lastUsedInterval', { lastUsedInterval: Duration.seconds(0) }],
    ['lastUsedInterval', { lastUsedInterval: Duration.millis(1500) }],
    ['recordCacheTtl', { recordCacheTtl: Duration.days(400) }],
    ['resultsCacheTtl', { keySources: ['bearer'], resultsCacheTtl: Duration.minutes(61) }],
    ['resultsCacheTtl', { keySources: ['bearer'], resultsCacheTtl: Duration.millis(1500) }],
    ['debugSampleRate', { debugSampleRate: 1.5 }],
    ['debugSampleRate', { debugSampleRate: -0.1 }],
    ['debugSampleRate', { debugSampleRate: Number.NaN }],
    ['scopes', { scopes: { read: ['GET orders'] } }],
    ['scopes', { scopes: { read: ['FETCH /orders'] } }],
    ['scopes', { scopes: { read: ['ANY /orders'] } }],
    ['scopes', { scopes: { read: ['GET /orders/{id}'] } }],
    ['scopes', { scopes: { read: ['$disconnect'] } }],
    ['scopes', { scopes: { read: ['GRAPHQL /orders'] } }],
    ['scopes', { scopes: { read: undefined as unknown as string[] } }],
    ['scopes', { scopes: { 'two words': ['GET /orders'] } }],
    ['scopes', { scopes: { read: [`GET /${Token.asString({ Ref: 'Parameter' })}`, 'GET orders'] } }],
    ['scopes', { scopes: { 'orders:read,orders:write': ['GET /orders'] } }],
    ['scopes', { scopes: { '{read}': ['GET /orders'] } }],
  ])('%s of %p', (prop, props) => {
    expect(problemOf(() => authorizerUnderTest(props))).toMatch(new RegExp(`^${prop}: expected .+, got `));
  });

  test('every problem is told at once', () => {
    const problem = problemOf(() =>
      authorizerUnderTest({ keyPrefix: 'x', lastUsedInterval: Duration.seconds(0), scopes: { read: ['/'] } }),
    );
    for (const prop of ['keyPrefix', 'lastUsedInterval', 'scopes']) expect(problem).toContain(`${prop}: expected `);
  });

  test('of a mapping, what is wrong is shown and nothing else', () => {
    const scopes = { read: ['GET /fine', 'get /wrong'], write: ['POST /fine'], 'no scope': ['GET /fine'] };
    const problem = problemOf(() => authorizerUnderTest({ scopes }));
    const shown = JSON.stringify(JSON.stringify({ read: ['get /wrong'], 'no scope': ['GET /fine'] }));
    expect(problem).toMatch(/^scopes: expected /);
    expect(problem).toContain(shown);
    expect(problem).not.toContain('write');
  });

  test('a duration that only the deployment knows is refused: the revocation delay is stated at synthesis', () => {
    const duration = Duration.seconds(Token.asNumber({ Ref: 'Parameter' }));
    expect(problemOf(() => authorizerUnderTest({ recordCacheTtl: duration }))).toBe(
      'recordCacheTtl: got a value that only the deployment knows, wanted one known at synthesis: the revocation delay follows from it',
    );
  });
});

describe('props that do not go together are refused, with the reason and a way out', () => {
  const NOTHING = () => undefined;
  const asToken = (authorizer: ApiKeyAuthorizer) => authorizer.forRestApi('Rest', { type: 'TOKEN' });
  const hiding = (authorizer: ApiKeyAuthorizer) => authorizer.hideCredential();

  test.each<[string, AuthorizerProps, (authorizer: ApiKeyAuthorizer) => unknown, RegExp]>([
    [
      'a result cache with several key sources',
      { resultsCacheTtl: Duration.minutes(5) },
      NOTHING,
      /^resultsCacheTtl: got .+ keySources, wanted one: .+ every identity source .+recordCacheTtl$/,
    ],
    ['TOKEN with several key sources', {}, asToken, /^type: got "TOKEN" .+ bearer, query, wanted exactly one/],
    ['TOKEN with a query parameter', { keySources: ['query:key'] }, asToken, /^type: got .+ wanted .+ header$/],
    [
      'hideCredential with bearer',
      { keySources: ['bearer'] },
      hiding,
      /^hideCredential: got keySources with the header Authorization, wanted .+ reserve.+header:X-Api-Key/,
    ],
    ['hideCredential with the default key sources', {}, hiding, /^hideCredential: got .+ Authorization, wanted /],
    ...(
      ['Authorization', 'X-Amz-Key', 'x-amzn-key', 'Access-Control-Key', 'apigw-key', 'Proxy-Authorization'] as const
    ).map(
      (name) =>
        [
          `hideCredential with the header ${name}`,
          { keySources: ['query:key', `header:${name}`] },
          hiding,
          new RegExp(`^hideCredential: got keySources with the header ${name}, wanted `, 'i'),
        ] satisfies [string, AuthorizerProps, typeof hiding, RegExp],
    ),
  ])('%s', (_, props, action, problem) => {
    expect(problemOf(() => action(authorizerUnderTest(props).authorizer))).toMatch(problem);
  });
});
