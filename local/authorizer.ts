import type { AuthorizerConfig } from './apiConfig.ts';
import type { AuthorizerAnswer, AuthorizerContext, ParseAnswer } from './authorizerAnswer.ts';
import { FunctionError, type Invoke } from './functionEnvironment.ts';
import { identityReader, type IdentityInput } from './identitySources.ts';
import { evaluatePolicy } from './policyEvaluation.ts';
import { ResultCache } from './resultCache.ts';

/** What comes of asking an authorizer. `principalId` is absent from a simple answer. */
export type Verdict =
  | {
      readonly effect: 'allow';
      readonly principalId?: string;
      readonly context: AuthorizerContext;
      readonly usageIdentifierKey?: string;
    }
  | { readonly effect: 'unauthorized' }
  | {
      readonly effect: 'deny';
      readonly isExplicit: boolean;
      readonly principalId?: string;
      readonly context: AuthorizerContext;
    }
  | { readonly effect: 'fault'; readonly type: 'AUTHORIZER_FAILURE' | 'AUTHORIZER_CONFIGURATION_ERROR' };

export interface Question extends IdentityInput {
  /** The method ARN or route ARN of the request. */
  readonly arn: string;
  /** The event for these values of the identity sources. */
  readonly event: (identities: readonly string[]) => object;
}

export interface ApiDeps {
  readonly invoke: Invoke;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** Takes one line about a fault that the client sees only as a 5xx. */
  readonly writeLog: (line: string) => void;
}

/**
 * An authorizer in front of its function: checks the identity sources, keeps results for the TTL, and judges the answer
 * for the route that was asked for ("Use API Gateway Lambda authorizers").
 */
export function createAuthorizer(config: AuthorizerConfig, parse: ParseAnswer, { invoke, now, writeLog }: ApiDeps) {
  const readIdentities = identityReader(config.identitySources);
  const cache = new ResultCache<AuthorizerAnswer>({ ttlSeconds: config.resultTtlSeconds, now });

  return async (question: Question): Promise<Verdict> => {
    const identities = readIdentities(question);
    if (identities === undefined) return { effect: 'unauthorized' };
    if (config.tokenPattern !== undefined && !config.tokenPattern.test(identities[0] ?? '')) {
      return { effect: 'unauthorized' };
    }
    const kept = cache.get(identities);
    if (kept !== undefined) return judge(kept, question.arn);
    try {
      const answer = parse(await invoke(config.functionName, question.event(identities)));
      if (answer === undefined) throw new FunctionError('MalformedAnswer', 'not what the API takes', true);
      cache.set(identities, answer);
      return judge(answer, question.arn);
    } catch (error) {
      if (!(error instanceof FunctionError)) throw error;
      const verdict = verdictOnError(error);
      if (verdict.effect === 'fault')
        writeLog(`authorizer ${config.functionName}: ${error.errorType}: ${error.message}`);
      return verdict;
    }
  };
}

function judge(answer: AuthorizerAnswer, arn: string): Verdict {
  const { context } = answer;
  if (answer.kind === 'simple') {
    return answer.isAuthorized ? { effect: 'allow', context } : { effect: 'deny', isExplicit: true, context };
  }
  const { principalId, statements, usageIdentifierKey } = answer;
  const effect = evaluatePolicy(statements, arn);
  const counted = usageIdentifierKey === undefined ? {} : { usageIdentifierKey };
  if (effect === 'allow') return { effect, principalId, context, ...counted };
  return { effect: 'deny', isExplicit: effect === 'explicit-deny', principalId, context };
}

/** API Gateway knows one message, exactly; whatever else a function throws is its fault. */
function verdictOnError(error: FunctionError): Verdict {
  if (error.message === 'Unauthorized') return { effect: 'unauthorized' };
  return { effect: 'fault', type: error.isAnswer ? 'AUTHORIZER_CONFIGURATION_ERROR' : 'AUTHORIZER_FAILURE' };
}

/** `requestContext.authorizer` of REST and WebSocket APIs; a thrown `Unauthorized` brings none. */
export function authorizerContext(verdict: Verdict | undefined): object | undefined {
  if (verdict?.effect !== 'allow' && verdict?.effect !== 'deny') return undefined;
  return { principalId: verdict.principalId, ...verdict.context };
}
