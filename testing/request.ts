import { toKeyContext, type AuthorizerContext } from '../lambda/cachedKey.ts';
import type { KeyRecord } from '../keys/record.ts';

/** A request as a client sends it, whatever kind of API it comes to. */
export interface TestRequest {
  /** A key as the bearer of the `Authorization` header, before all other headers. */
  readonly key?: string;
  /** In order, names as the client sent them. */
  readonly headers?: readonly (readonly [string, string])[];
  /** In order. */
  readonly query?: readonly (readonly [string, string])[];
  /** `GET` unless given. */
  readonly method?: string;
  /** `/whoami` unless given. */
  readonly path?: string;
  /** The route as the API has it, such as `/orders/{id}`; the path unless given. */
  readonly resource?: string;
  /** What the path has for the parameters of `resource`. */
  readonly pathParameters?: Readonly<Record<string, string>>;
}

/** A request that the authorizer has let through, as it comes to what is behind the authorizer. */
export interface IntegrationRequest extends TestRequest {
  /** None unless given. */
  readonly body?: string;
  /**
   * What the context has beside what is told of the key. Where scopes are mapped, REST and WebSocket APIs and policies of HTTP
   * APIs hand on `errorCode` and `errorMessage` of `INSUFFICIENT_SCOPE` with every key that has scopes, also on its own routes.
   */
  readonly context?: AuthorizerContext;
}

/** The request with all that may be left out. */
export interface WholeRequest extends Required<Omit<IntegrationRequest, 'key' | 'body'>> {
  readonly body: string | null;
}

/** What API Gateway calls the account, the APIs and the request in AWS's own samples. */
export const EXAMPLE = {
  accountId: '123456789012',
  apiId: 'abcdef1234',
  arn: 'arn:aws:execute-api:us-east-1:123456789012:abcdef1234',
  domainName: 'abcdef1234.execute-api.us-east-1.amazonaws.com',
  sourceIp: '192.0.2.1',
  time: '15/Jun/2030:12:00:00 +0000',
  timeEpoch: Date.UTC(2030, 5, 15, 12),
} as const;

/** Fills in what the test left out. */
export function wholeRequest(request: IntegrationRequest): WholeRequest {
  const { key, headers = [], query = [], method = 'GET', path = '/whoami', resource = path } = request;
  const { pathParameters = {}, body = null, context = {} } = request;
  const bearer = key === undefined ? [] : [['Authorization', `Bearer ${key}`] as const];
  return { headers: [...bearer, ...headers], query, method, path, resource, pathParameters, body, context };
}

/** What the authorizer hands on of a key that it allows. */
export function contextBehind(record: KeyRecord, { context }: WholeRequest): AuthorizerContext {
  return { ...toKeyContext(record), ...context };
}

/** Every value by name. */
export function multiValues(pairs: readonly (readonly [string, string])[]): Record<string, string[]> {
  const values = new Map<string, string[]>();
  for (const [name, value] of pairs) values.set(name, [...(values.get(name) ?? []), value]);
  return Object.fromEntries(values);
}

/** The values of each name, joined by commas. */
export function joinedValues(pairs: readonly (readonly [string, string])[]): Record<string, string> {
  return Object.fromEntries(Object.entries(multiValues(pairs)).map(([name, values]) => [name, values.join(',')]));
}

/** The first value of a header, its name given in lower case. */
export function headerOf({ headers }: WholeRequest, wanted: string): string | undefined {
  return headers.find(([name]) => name.toLowerCase() === wanted)?.[1];
}

/** The map, or `null` where it is empty. */
export function orNull<T extends object>(map: T): T | null {
  return Object.keys(map).length === 0 ? null : map;
}
