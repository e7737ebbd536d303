import type { AuthorizerConfig } from './apiConfig.ts';
import { FunctionError, type Invoke } from './functionEnvironment.ts';
import { identityReader, type IdentityInput } from './gatewayRequest.ts';

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

export type AuthorizerContext = Readonly<Record<string, unknown>>;

/** What an authorizer answered, once it is known to be well-formed. */
export type AuthorizerAnswer =
  | {
      readonly kind: 'policy';
      readonly principalId: string;
      readonly statements: readonly PolicyStatement[];
      readonly context: AuthorizerContext;
      /** What a REST API's usage plans count the request by. */
      readonly usageIdentifierKey?: string;
    }
  | {
      readonly kind: 'simple';
      readonly isAuthorized: boolean;
      readonly context: AuthorizerContext;
    };

/** Reads an answer; `undefined` where it is malformed. */
export type ParseAnswer = (answer: unknown) => AuthorizerAnswer | undefined;

/** Which answers an API takes. */
export interface AnswerFormat {
  /** An HTTP API's payload 2.0 with simple responses on takes `{isAuthorized}` too. */
  readonly simpleResponses: boolean;
  /** REST APIs make every value of the context a string and take no object or array; HTTP APIs hand on any JSON. */
  readonly stringContext: boolean;
}

/** Reads an authorizer's answer; `undefined` where it is malformed, which the gateway answers with 500. */
export function parseAuthorizerAnswer(answer: unknown, format: AnswerFormat): AuthorizerAnswer | undefined {
  if (!isObject(answer)) return undefined;
  const context = format.stringContext ? stringContext(answer['context']) : anyContext(answer['context']);
  if (context === undefined) return undefined;
  const { isAuthorized, principalId, policyDocument, usageIdentifierKey } = answer;
  if (format.simpleResponses && typeof isAuthorized === 'boolean') return { kind: 'simple', isAuthorized, context };
  const statements = parseStatements(policyDocument);
  if (typeof principalId !== 'string' || principalId === '' || statements === undefined) return undefined;
  const counted = typeof usageIdentifierKey === 'string' ? { usageIdentifierKey } : {};
  return { kind: 'policy', principalId, statements, context, ...counted };
}

function anyContext(context: unknown): AuthorizerContext | undefined {
  if (context === undefined || context === null) return {};
  return isObject(context) ? context : undefined;
}

function stringContext(context: unknown): AuthorizerContext | undefined {
  const entries = Object.entries(anyContext(context) ?? { malformed: {} });
  if (entries.some(([, value]) => typeof value === 'object')) return undefined;
  return Object.fromEntries(entries.map(([name, value]) => [name, String(value)]));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** One statement of an authorizer's policy, with single values made lists. */
export interface PolicyStatement {
  readonly effect: 'Allow' | 'Deny';
  readonly actions: readonly string[];
  readonly resources: readonly string[];
}

export type PolicyEffect = 'allow' | 'explicit-deny' | 'implicit-deny';

const INVOKE = 'execute-api:invoke';

/**
 * What the statements say of invoking a method ARN: an explicit Deny wins over any Allow, and what no statement allows is
 * denied ("Policy evaluation logic" of IAM).
 */
export function evaluatePolicy(statements: readonly PolicyStatement[], arn: string): PolicyEffect {
  const matching = statements.filter(
    ({ actions, resources }) =>
      actions.some((action) => matchesWildcards(action.toLowerCase(), INVOKE)) &&
      resources.some((resource) => matchesWildcards(resource, arn)),
  );
  if (matching.some(({ effect }) => effect === 'Deny')) return 'explicit-deny';
  return matching.length > 0 ? 'allow' : 'implicit-deny';
}

/** Whether the pattern covers the whole text: `*` any run of characters, `?` exactly one. Time is the product of the lengths at worst. */
export function matchesWildcards(pattern: string, text: string): boolean {
  let at = 0;
  let patternAt = 0;
  let starAt = -1;
  let starTook = 0;
  while (at < text.length) {
    const wanted = pattern[patternAt];
    if (wanted === '*') {
      starAt = patternAt++;
      starTook = at;
    } else if (wanted === '?' || wanted === text[at]) {
      patternAt++;
      at++;
    } else if (starAt >= 0) {
      // Only the last star needs to take one more: an earlier one can never do better.
      patternAt = starAt + 1;
      at = ++starTook;
    } else return false;
  }
  while (pattern[patternAt] === '*') patternAt++;
  return patternAt === pattern.length;
}

/**
 * The statements of an IAM policy document, or `undefined` where it is malformed or asks for what is not evaluated here
 * (`Condition`, `NotAction`, `NotResource`).
 */
export function parseStatements(policyDocument: unknown): readonly PolicyStatement[] | undefined {
  if (!isObject(policyDocument)) return undefined;
  const list = asList(policyDocument['Statement']).map(parseStatement);
  const statements = list.filter((statement) => statement !== undefined);
  return statements.length === list.length ? statements : undefined;
}

function parseStatement(statement: unknown): PolicyStatement | undefined {
  if (!isObject(statement)) return undefined;
  const { Effect: effect, Action: action, Resource: resource, Sid: _sid, ...others } = statement;
  if ((effect !== 'Allow' && effect !== 'Deny') || Object.keys(others).length > 0) return undefined;
  const actions = asList(action);
  const resources = asList(resource);
  return isTexts(actions) && isTexts(resources) ? { effect, actions, resources } : undefined;
}

function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value];
}

function isTexts(values: readonly unknown[]): values is readonly string[] {
  return values.length > 0 && values.every((value) => typeof value === 'string');
}

/** What an authorizer answered, kept for a time by the values of its identity sources. Every authorizer has one of its own. */
export class ResultCache<Result> {
  readonly #ttlMs: number;
  readonly #now: () => number;
  readonly #results = new Map<string, { readonly result: Result; readonly expiresMs: number }>();

  /** A TTL of 0 keeps nothing. `now` is in epoch milliseconds. */
  constructor({ ttlSeconds, now }: { readonly ttlSeconds: number; readonly now: () => number }) {
    this.#ttlMs = ttlSeconds * 1000;
    this.#now = now;
  }

  get(identities: readonly string[]): Result | undefined {
    const key = JSON.stringify(identities);
    const kept = this.#results.get(key);
    if (kept === undefined || this.#now() < kept.expiresMs) return kept?.result;
    this.#results.delete(key);
    return undefined;
  }

  set(identities: readonly string[], result: Result): void {
    if (this.#ttlMs <= 0) return;
    this.#results.set(JSON.stringify(identities), { result, expiresMs: this.#now() + this.#ttlMs });
  }
}
