import { Token, type Duration } from 'aws-cdk-lib';
import type { ApiKeyAuthorizerProps } from './apiKeyAuthorizerProps.ts';
import { holdsToken } from './propChecks.ts';
import type { ScopeMapping } from './sizeLimits.ts';

// Some values are known only at deployment, such as a parameter of the stack. The CDK puts tokens in their place.

type IsLater = (props: ApiKeyAuthorizerProps) => boolean;

/** The props that shape the template: how to detect a token in each, and why it is rejected. */
const KNOWN_AT_SYNTHESIS: readonly (readonly [prop: keyof ApiKeyAuthorizerProps, isLater: IsLater, reason: string])[] =
  [
    ['keySources', ({ keySources }) => holdsToken(keySources), 'the identity sources of each API follow from it'],
    ['recordCacheTtl', ({ recordCacheTtl }) => isLater(recordCacheTtl), 'the revocation delay follows from it'],
    ['resultCacheTtl', ({ resultCacheTtl }) => isLater(resultCacheTtl), 'the revocation delay follows from it'],
    [
      'httpApiResponse',
      ({ httpApiResponse }) => Token.isUnresolved(httpApiResponse),
      'the authorizer of an HTTP API follows from it',
    ],
  ];

/** Returns one problem for each prop with a token that the synthesis can't use: prop, value got, value wanted. */
export function laterProblems(props: ApiKeyAuthorizerProps): readonly string[] {
  const { usageWriteInterval, staleIfError, scopes, plans } = props;
  const needed = KNOWN_AT_SYNTHESIS.filter(([, isLaterProp]) => isLaterProp(props));
  const inOtherUnits = Object.entries({ usageWriteInterval, staleIfError }).filter(
    ([, duration]) => duration !== undefined && !canBeSeconds(duration),
  );
  const named = Object.entries({ scopes, plans }).filter(([, mapping]) =>
    Object.keys(mapping ?? {}).some((name) => Token.isUnresolved(name)),
  );
  return [
    ...needed.map(
      ([prop, , reason]) =>
        `${prop}: got a value that only the deployment knows, wanted one known at synthesis: ${reason}`,
    ),
    ...inOtherUnits.map(
      ([prop, duration]) =>
        `${prop}: got ${duration?.unitLabel()} that only the deployment knows, wanted Duration.seconds()`,
    ),
    ...named.map(([prop]) => `${prop}: got a name that only the deployment knows, wanted names known at synthesis`),
  ];
}

/** Whether the CDK can convert the duration to seconds: it can't convert a token from another unit. */
export function canBeSeconds(duration: Duration): boolean {
  return !duration.isUnresolved() || duration.unitLabel() === 'seconds';
}

const LATER_ROUTE = 'GET /known-at-deployment';

/** Returns the mapping with a short route instead of each token, so that the reader can check the other routes. */
export function knownScopes(scopes: ScopeMapping): ScopeMapping {
  if (!holdsToken(scopes)) return scopes;
  const entries = Object.entries(scopes).map(([name, patterns], index) => {
    const knownName = Token.isUnresolved(name) ? `known-at-deployment-${index}` : name;
    return [knownName, knownPatterns(patterns)] as const;
  });
  return Object.fromEntries(entries);
}

function knownPatterns(patterns: readonly string[]): readonly string[] {
  if (Token.isUnresolved(patterns)) return [LATER_ROUTE];
  // JavaScript callers may pass something else; the reader of the settings rejects it.
  if (!Array.isArray(patterns)) return patterns;
  return patterns.map((pattern: string) => (Token.isUnresolved(pattern) ? LATER_ROUTE : pattern));
}

function isLater(duration: Duration | undefined): boolean {
  return duration?.isUnresolved() === true;
}
