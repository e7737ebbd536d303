import type { AppSyncAuthorizerResult } from 'aws-lambda';
import { toEpochMs } from '../../keys/timestamp.ts';
import type { Decision } from '../authorize.ts';
import { contextOf, type AuthorizerContext } from '../context.ts';
import { authRequiredMessage } from '../keySource.ts';
import { GRAPHQL, type Route } from '../route.ts';
import type { Answering, Surface } from './surface.ts';

/** As long as an unknown hash may be kept elsewhere: a key that was just issued is not refused for longer. */
const DENIAL_MAX_SECONDS = 10;

/** An AppSync API's Lambda authorizer. The token is the key, with or without the bearer scheme. */
export const appSync: Surface = {
  name: 'appsync',
  matches: (event) => event['type'] === undefined && 'authorizationToken' in event && hasApiId(event['requestContext']),
  read: ({ authorizationToken }) => ({
    kind: 'token',
    token: typeof authorizationToken === 'string' ? authorizationToken : '',
    takesBareKey: true,
  }),
  route: () => GRAPHQL as Route,
  respond: (decision, _, answering): AppSyncAuthorizerResult<AuthorizerContext> => ({
    isAuthorized: decision.effect === 'allow',
    resolverContext: resolverContextOf(decision),
    ttlOverride: ttlSecondsOf(decision, answering),
  }),
};

function hasApiId(requestContext: unknown): boolean {
  return typeof requestContext === 'object' && requestContext !== null && 'apiId' in requestContext;
}

function resolverContextOf(decision: Decision): AuthorizerContext {
  if (decision.effect !== 'unauthenticated') return contextOf(decision);
  return { errorCode: 'AUTH_REQUIRED', errorMessage: authRequiredMessage([{ kind: 'bearer' }]) };
}

/** Said always, because AWS documents two defaults. No answer is kept past the key's own expiry. */
function ttlSecondsOf(decision: Decision, { config, now }: Answering): number {
  const { resultCacheSeconds } = config;
  if (decision.effect !== 'allow') return Math.min(resultCacheSeconds, DENIAL_MAX_SECONDS);
  const { expiresAt } = decision.record;
  if (expiresAt === undefined) return resultCacheSeconds;
  // The key may have expired while its use was written.
  const secondsLeft = Math.max(0, Math.floor((toEpochMs(expiresAt) - now()) / 1000));
  return Math.min(resultCacheSeconds, secondsLeft);
}
