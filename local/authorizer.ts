import { BlockList, isIP } from 'node:net';
import { isPlainObject } from '../keys/json.ts';
import type { AuthorizerConfig } from './apiConfig.ts';
import { FunctionError, type Invoke } from './functionEnvironment.ts';
import { createIdentityReader, type AccessDetails, type GatewayRequest, type IdentityInput } from './gatewayRequest.ts';
import type { WriteAccessLine } from './usage/accessLog.ts';

/** The gateway's decision on a request. */
export type Authorization =
  | (AuthorizerOutput & { readonly effect: 'allow'; readonly usageIdentifierKey?: string })
  | (AuthorizerOutput & { readonly effect: 'deny'; readonly isExplicit: boolean })
  | { readonly effect: 'unauthorized' }
  | { readonly effect: 'fault'; readonly type: 'AUTHORIZER_FAILURE' | 'AUTHORIZER_CONFIGURATION_ERROR' };

/** The fields of an authorizer's response that integrations and gateway responses receive. */
interface AuthorizerOutput {
  /** The principal's id, which is absent in a simple response. */
  readonly principalId?: string;
  readonly context: Readonly<Record<string, unknown>>;
}

/** A decision that rejects the request. */
export type Refusal = Exclude<Authorization, { effect: 'allow' }>;

type AuthorizerContext = AuthorizerOutput['context'];

/** Returns the details of a decision for the request log. The code of a denial is the authorizer's own, if it has one. */
export function toAccessDetails(authorization: Authorization | undefined): AccessDetails {
  if (authorization === undefined) return {};
  if (authorization.effect === 'unauthorized') return { code: 'AUTH_REQUIRED' };
  if (authorization.effect === 'fault') return { code: authorization.type };
  const { principalId, context } = authorization;
  const getText = (name: string) => (typeof context[name] === 'string' ? context[name] : undefined);
  const key = { keyId: getText('keyId') ?? principalId, label: getText('label') };
  // The context of an allowed key with scopes also has an error code, for the routes outside its scopes.
  return authorization.effect === 'allow' ? key : { ...key, code: getText('errorCode') ?? 'ACCESS_DENIED' };
}

/**
 * Returns whether the authorizer allowed the request with an API key of API Gateway. Checks only the length in "Usage
 * plans and API keys for REST APIs", because API keys don't exist locally.
 */
export function hasUsageIdentifier(authorization: Authorization | undefined): boolean {
  if (authorization?.effect !== 'allow') return false;
  const { usageIdentifierKey = '' } = authorization;
  return usageIdentifierKey.length >= 20 && usageIdentifierKey.length <= 128;
}

interface AuthorizerRequest extends IdentityInput {
  readonly request: IdentityInput['request'] & Pick<GatewayRequest, 'sourceIp'>;
  /** The method ARN or route ARN of the request. */
  readonly arn: string;
  /** Creates the function's event from the values of the identity sources. */
  readonly createEvent: (identities: readonly string[]) => object;
}

export interface ApiDeps {
  readonly invoke: Invoke;
  /** Returns the current time in epoch milliseconds. */
  readonly now: () => number;
  /** Logs a line about a fault. The client sees only a 5xx status. */
  readonly writeLog: (line: string) => void;
  /** Receives the lines of the access logs. Without it, the gateway doesn't write them. */
  readonly writeAccessLine?: WriteAccessLine;
}

/**
 * Creates an authorizer. It checks the identity sources, invokes the function and caches the response for the TTL. It
 * then evaluates the response for the requested route ("Use API Gateway Lambda authorizers").
 */
export function createAuthorizer(
  config: AuthorizerConfig,
  { invoke, now, writeLog }: ApiDeps,
): (request: AuthorizerRequest) => Promise<Authorization> {
  const readIdentities = createIdentityReader(config.identitySources);
  const cache = new ResultCache<AuthorizerResponse>({ ttlSeconds: config.resultTtlSeconds, now });

  return async (request) => {
    const identities = readIdentities(request);
    if (identities === undefined) return { effect: 'unauthorized' };
    if (config.tokenPattern !== undefined && !config.tokenPattern.test(identities[0] ?? '')) {
      return { effect: 'unauthorized' };
    }
    const cached = cache.get(identities);
    if (cached !== undefined) return evaluate(cached, request);
    try {
      const response = parseResponse(await invoke(config.functionName, request.createEvent(identities)), config);
      if (response === undefined) throw new FunctionError('MalformedResponse', 'the response is malformed', true);
      cache.set(identities, response);
      return evaluate(response, request);
    } catch (error) {
      if (!(error instanceof FunctionError)) throw error;
      // API Gateway recognizes exactly this message. Any other error is a fault of the function.
      if (error.message === 'Unauthorized') return { effect: 'unauthorized' };
      writeLog(`authorizer ${config.functionName}: ${error.errorType}: ${error.message}`);
      return { effect: 'fault', type: error.didRespond ? 'AUTHORIZER_CONFIGURATION_ERROR' : 'AUTHORIZER_FAILURE' };
    }
  };
}

function evaluate(response: AuthorizerResponse, { arn, request: { sourceIp } }: AuthorizerRequest): Authorization {
  const { context } = response;
  if (response.kind === 'simple') {
    return response.isAuthorized ? { effect: 'allow', context } : { effect: 'deny', isExplicit: true, context };
  }
  const { principalId, statements, usageIdentifierKey } = response;
  const effect = evaluatePolicy(statements, arn, sourceIp);
  if (effect !== 'allow') return { effect: 'deny', isExplicit: effect === 'explicit-deny', principalId, context };
  return { effect, principalId, context, ...(usageIdentifierKey === undefined ? {} : { usageIdentifierKey }) };
}

type AuthorizerResponse =
  | {
      readonly kind: 'policy';
      readonly principalId: string;
      readonly statements: readonly PolicyStatement[];
      readonly context: AuthorizerContext;
      /** The API key that a REST API uses to count the request on a usage plan. */
      readonly usageIdentifierKey?: string;
    }
  | { readonly kind: 'simple'; readonly isAuthorized: boolean; readonly context: AuthorizerContext };

/** Parses a response. Returns `undefined` if it is malformed. API Gateway then responds with 500. */
function parseResponse(response: unknown, config: AuthorizerConfig): AuthorizerResponse | undefined {
  if (!isPlainObject(response)) return undefined;
  const context = config.stringContext ? parseStringContext(response['context']) : parseContext(response['context']);
  if (context === undefined) return undefined;
  const { isAuthorized, principalId, policyDocument, usageIdentifierKey } = response;
  if (config.simpleResponses && typeof isAuthorized === 'boolean') return { kind: 'simple', isAuthorized, context };
  const statements = parseStatements(policyDocument);
  if (typeof principalId !== 'string' || principalId === '' || statements === undefined) return undefined;
  const usage = typeof usageIdentifierKey === 'string' ? { usageIdentifierKey } : {};
  return { kind: 'policy', principalId, statements, context, ...usage };
}

function parseContext(context: unknown): AuthorizerContext | undefined {
  if (context === undefined || context === null) return {};
  return isPlainObject(context) ? context : undefined;
}

function parseStringContext(context: unknown): AuthorizerContext | undefined {
  const entries = Object.entries(parseContext(context) ?? { malformed: {} });
  if (entries.some(([, value]) => typeof value === 'object')) return undefined;
  return Object.fromEntries(entries.map(([name, value]) => [name, String(value)]));
}

/** A statement of an authorizer's policy. Single values are lists of one item. */
export interface PolicyStatement {
  readonly effect: 'Allow' | 'Deny';
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  /** The blocks of `aws:SourceIp` in `IpAddress`. The statement applies to any address if they are absent. */
  readonly sourceIps?: BlockList;
}

/**
 * Evaluates a policy for a request from an address. An explicit Deny overrides any Allow. The default is Deny (IAM's
 * "Policy evaluation logic").
 */
export function evaluatePolicy(
  statements: readonly PolicyStatement[],
  arn: string,
  sourceIp: string,
): 'allow' | 'explicit-deny' | 'implicit-deny' {
  const matching = statements.filter(
    ({ actions, resources, sourceIps }) =>
      (sourceIps === undefined || sourceIps.check(sourceIp, isIP(sourceIp) === 6 ? 'ipv6' : 'ipv4')) &&
      actions.some((action) => matchesWildcards(action.toLowerCase(), 'execute-api:invoke')) &&
      resources.some((resource) => matchesWildcards(resource, arn)),
  );
  if (matching.some(({ effect }) => effect === 'Deny')) return 'explicit-deny';
  return matching.length > 0 ? 'allow' : 'implicit-deny';
}

/**
 * Returns whether a pattern matches the whole text. `*` matches any number of characters, `?` exactly one. The duration
 * is at most proportional to the product of both lengths.
 */
export function matchesWildcards(pattern: string, text: string): boolean {
  let at = 0;
  let patternAt = 0;
  let starAt = -1;
  let starEnd = 0;
  while (at < text.length) {
    const expected = pattern[patternAt];
    if (expected === '*') {
      starAt = patternAt++;
      starEnd = at;
    } else if (expected === '?' || expected === text[at]) {
      patternAt++;
      at++;
    } else if (starAt >= 0) {
      // Only the last star has to match one more character, because an earlier star can't lead to a better match.
      patternAt = starAt + 1;
      at = ++starEnd;
    } else return false;
  }
  while (pattern[patternAt] === '*') patternAt++;
  return patternAt === pattern.length;
}

/**
 * Returns the statements of an IAM policy document. Returns `undefined` if the document is malformed or has elements
 * that the gateway doesn't evaluate: `NotAction`, `NotResource`, and a `Condition` other than `IpAddress` of
 * `aws:SourceIp`.
 */
export function parseStatements(policyDocument: unknown): readonly PolicyStatement[] | undefined {
  if (!isPlainObject(policyDocument)) return undefined;
  const parsed = asList(policyDocument['Statement']).map(parseStatement);
  const statements = parsed.filter((statement) => statement !== undefined);
  return statements.length === parsed.length ? statements : undefined;
}

function parseStatement(statement: unknown): PolicyStatement | undefined {
  if (!isPlainObject(statement)) return undefined;
  const { Effect: effect, Action: action, Resource: resource, Condition: condition, Sid: _sid, ...others } = statement;
  if ((effect !== 'Allow' && effect !== 'Deny') || Object.keys(others).length > 0) return undefined;
  const actions = asList(action);
  const resources = asList(resource);
  if (!areTexts(actions) || !areTexts(resources)) return undefined;
  if (condition === undefined) return { effect, actions, resources };
  const sourceIps = parseCondition(condition);
  return sourceIps && { effect, actions, resources, sourceIps };
}

/** Returns the blocks of `{ IpAddress: { 'aws:SourceIp': … } }` (IAM, "IP address condition operators"). */
function parseCondition(condition: unknown): BlockList | undefined {
  const { IpAddress: operator, ...operators } = Object(condition);
  const { 'aws:SourceIp': values, ...keys } = Object(operator);
  const ranges = asList(values);
  if (Object.keys({ ...operators, ...keys }).length > 0 || !areTexts(ranges)) return undefined;
  const blocks = new BlockList();
  try {
    for (const range of ranges) {
      const [address = '', prefix] = range.split('/');
      const isV6 = isIP(address) === 6;
      blocks.addSubnet(address, Number(prefix ?? (isV6 ? 128 : 32)), isV6 ? 'ipv6' : 'ipv4');
    }
  } catch {
    return undefined;
  }
  return blocks;
}

function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value];
}

function areTexts(values: readonly unknown[]): values is readonly string[] {
  return values.length > 0 && values.every((value) => typeof value === 'string');
}

/** A cache of one authorizer's responses, by the values of its identity sources. */
export class ResultCache<Result> {
  readonly #ttlMs: number;
  readonly #now: () => number;
  readonly #results = new Map<string, { readonly result: Result; readonly expiresMs: number }>();

  /** Creates an empty cache. A TTL of 0 disables it. `now` returns the current time in epoch milliseconds. */
  constructor({ ttlSeconds, now }: { readonly ttlSeconds: number; readonly now: () => number }) {
    this.#ttlMs = ttlSeconds * 1000;
    this.#now = now;
  }

  get(identities: readonly string[]): Result | undefined {
    const key = JSON.stringify(identities);
    const entry = this.#results.get(key);
    if (entry === undefined || this.#now() < entry.expiresMs) return entry?.result;
    this.#results.delete(key);
    return undefined;
  }

  set(identities: readonly string[], result: Result): void {
    if (this.#ttlMs <= 0) return;
    this.#results.set(JSON.stringify(identities), { result, expiresMs: this.#now() + this.#ttlMs });
  }
}
