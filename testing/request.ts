import { toKeyContext, type AuthorizerContext } from '../lambda/cachedKey.ts';
import type { KeyRecord } from '../keys/record.ts';

/** A client's request to any type of API. */
export interface TestRequest {
  /** The key, sent as `Authorization: Bearer` before all other headers. */
  readonly key?: string;
  /** The headers in order, with the names that the client sent. */
  readonly headers?: readonly (readonly [string, string])[];
  /** The query parameters in order. */
  readonly query?: readonly (readonly [string, string])[];
  /** The method; `GET` by default. */
  readonly method?: string;
  /** The path; `/whoami` by default. */
  readonly path?: string;
  /** The route of the API, such as `/orders/{id}`; the path by default. */
  readonly resource?: string;
  /** The values of the parameters in `resource`. */
  readonly pathParameters?: Readonly<Record<string, string>>;
  /**
   * The address of the connection; `192.0.2.1` by default. API Gateway appends it to `X-Forwarded-For`. The events don't
   * have this header unless you pass it. TOKEN and AppSync events don't contain an address.
   */
  readonly sourceIp?: string;
}

/** A request that the authorizer has allowed. */
export interface IntegrationRequest extends TestRequest {
  /** The body; absent by default. */
  readonly body?: string;
  /**
   * Additional members of the context. Every key with scopes has a policy with `errorCode` and `errorMessage` of
   * `INSUFFICIENT_SCOPE` if scopes are mapped. REST APIs, WebSocket APIs and HTTP APIs with policies therefore pass
   * them on even for allowed routes.
   */
  readonly context?: AuthorizerContext;
}

/** A request without missing members. */
export interface WholeRequest extends Required<Omit<IntegrationRequest, 'key' | 'body'>> {
  readonly body: string | null;
}

/** The account, the API and the request in AWS's own samples. */
export const EXAMPLE = {
  accountId: '123456789012',
  apiId: 'abcdef1234',
  arn: 'arn:aws:execute-api:us-east-1:123456789012:abcdef1234',
  domainName: 'abcdef1234.execute-api.us-east-1.amazonaws.com',
  sourceIp: '192.0.2.1',
  time: '15/Jun/2030:12:00:00 +0000',
  timeEpoch: Date.UTC(2030, 5, 15, 12),
} as const;

/** Fills in the defaults. */
export function wholeRequest(request: IntegrationRequest): WholeRequest {
  const { key, headers = [], query = [], method = 'GET', path = '/whoami', resource = path } = request;
  const { pathParameters = {}, body = null, context = {}, sourceIp = EXAMPLE.sourceIp } = request;
  const bearer = key === undefined ? [] : [['Authorization', `Bearer ${key}`] as const];
  return { headers: [...bearer, ...headers], query, method, path, resource, pathParameters, body, context, sourceIp };
}

/** Returns the context that the authorizer adds to a request with an allowed key. */
export function getAuthorizerContext(record: KeyRecord, { context }: WholeRequest): AuthorizerContext {
  return { ...toKeyContext(record), ...context };
}

/** Returns a list of values for each name. */
export function multiValues(pairs: readonly (readonly [string, string])[]): Record<string, string[]> {
  const values = new Map<string, string[]>();
  for (const [name, value] of pairs) values.set(name, [...(values.get(name) ?? []), value]);
  return Object.fromEntries(values);
}

/** Returns the values of each name as one string, joined by commas. */
export function joinedValues(pairs: readonly (readonly [string, string])[]): Record<string, string> {
  return Object.fromEntries(Object.entries(multiValues(pairs)).map(([name, values]) => [name, values.join(',')]));
}

/** Returns the first value of a header. Pass its name in lower case. */
export function getHeader({ headers }: WholeRequest, lowerCaseName: string): string | undefined {
  return headers.find(([name]) => name.toLowerCase() === lowerCaseName)?.[1];
}

/** Returns the map, or `null` if it is empty. */
export function orNull<T extends object>(map: T): T | null {
  return Object.keys(map).length === 0 ? null : map;
}
