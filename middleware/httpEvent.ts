import { STATUS_CODES } from 'node:http';
import { LatchkeyError } from '../keys/errors.ts';
import type { EventFields } from '../lambda/requestValues.ts';
import { type Route, toRequestRoute } from '../lambda/routes.ts';
import type { RefusedRequest } from './refusal.ts';
import { addToField } from './requestLimit.ts';
import type { EventParts, RequestParts } from './requestParts.ts';

/** The response of a function in the shape that all sources of HTTP events read. */
export interface ProxyResult {
  /** The status code. */
  readonly statusCode: number;
  /** The status line's text, which only a load balancer reads. */
  readonly statusDescription?: string;
  /** The headers. */
  readonly headers: Record<string, string>;
  /** The headers for a load balancer with multi-value headers, which ignores `headers`. */
  readonly multiValueHeaders?: Record<string, string[]>;
  /** The body: JSON. */
  readonly body: string;
  /** Always `false`, because the body is text. */
  readonly isBase64Encoded: boolean;
}

/** A request, its route, and the properties of its source that determine the shape of the response. */
export interface HttpEvent extends EventParts {
  readonly route: Route;
  readonly isLoadBalancer: boolean;
  readonly hasMultiValues: boolean;
}

type Pair = readonly [name: string, value: string];

/**
 * Reads the event of a function URL, a load balancer, or a proxy integration of a REST or HTTP API.
 *
 * @throws LatchkeyError `EVENT_UNKNOWN`, without any value of the event
 */
export function readHttpEvent(event: object): HttpEvent {
  const fields = event as EventFields;
  if (fields['version'] === '2.0') return readVersion2(fields);
  const { httpMethod: method, path, multiValueHeaders, requestContext } = fields;
  if (typeof method !== 'string' || typeof path !== 'string') throw unknownEvent();
  const isLoadBalancer = isObject(requestContext) && isObject(requestContext['elb']);
  const hasMultiValues = isObject(multiValueHeaders);
  const headers = pairsOf(hasMultiValues ? multiValueHeaders : fields['headers']);
  const query = queryOf(fields, isLoadBalancer);
  return { ...toParts({ method, path, query, headers }), requestContext, isLoadBalancer, hasMultiValues };
}

/** Returns the response to a refused request, in the shape that the event's source reads. */
export function toProxyResult(
  { status, headers, body }: RefusedRequest,
  { isLoadBalancer, hasMultiValues }: HttpEvent,
): ProxyResult {
  const result = { statusCode: status, headers: { ...headers }, body: JSON.stringify(body), isBase64Encoded: false };
  if (!isLoadBalancer) return result;
  const statusDescription = `${status} ${STATUS_CODES[status]}`;
  if (!hasMultiValues) return { ...result, statusDescription };
  const lists = Object.entries(headers).map(([name, value]): [string, string[]] => [name, [value]]);
  return { ...result, statusDescription, multiValueHeaders: Object.fromEntries(lists) };
}

/**
 * Adds list fields to the headers of a handler's result, in the shape that the event's source reads. A result without a
 * `statusCode` stays unchanged, because all of it is the body.
 */
export function withFields<Result>(
  result: Result,
  fields: Readonly<Record<string, string>>,
  { isLoadBalancer, hasMultiValues }: HttpEvent,
): Result {
  if (!isObject(result) || !Object.hasOwn(result, 'statusCode')) return result;
  const place = isLoadBalancer && hasMultiValues ? 'multiValueHeaders' : 'headers';
  const headers: Record<string, unknown> = { ...Object(result[place]) };
  for (const [name, value] of Object.entries(fields)) {
    const spelled = Object.keys(headers).find((own) => own.toLowerCase() === name.toLowerCase()) ?? name;
    const joined = addToField([headers[spelled] ?? ''].flat().join(', '), value);
    headers[spelled] = place === 'headers' ? joined : [joined];
  }
  return { ...result, [place]: headers };
}

/** Reads payload format 2.0, which function URLs and HTTP APIs send. Cookies have their own list. */
function readVersion2({ requestContext, rawPath: path, rawQueryString, headers, cookies }: EventFields): HttpEvent {
  const http = isObject(requestContext) ? requestContext['http'] : undefined;
  const method = isObject(http) ? http['method'] : undefined;
  if (typeof method !== 'string' || typeof path !== 'string') throw unknownEvent();
  const query = typeof rawQueryString === 'string' ? rawQueryString : '';
  const cookie: readonly Pair[] = Array.isArray(cookies) ? [['cookie', cookies.join('; ')]] : [];
  const parts = toParts({ method, path, query, headers: [...pairsOf(headers), ...cookie] });
  return { ...parts, requestContext, isLoadBalancer: false, hasMultiValues: false };
}

/** Returns the query. A load balancer doesn't decode the parameters, but API Gateway does. */
function queryOf(
  { multiValueQueryStringParameters, queryStringParameters }: EventFields,
  isLoadBalancer: boolean,
): string {
  const isMultiValue = isObject(multiValueQueryStringParameters);
  const pairs = pairsOf(isMultiValue ? multiValueQueryStringParameters : queryStringParameters);
  if (isLoadBalancer) return pairs.map((pair) => pair.join('=')).join('&');
  return new URLSearchParams(pairs.map(([name, value]): [string, string] => [name, value])).toString();
}

/** Returns the parts of a request. The route has the path of the event, which the handler also reads. */
function toParts({
  method,
  path,
  query,
  headers,
}: Pick<RequestParts, 'method' | 'headers'> & Readonly<Record<'path' | 'query', string>>) {
  return { method, url: `/?${query}`, headers, route: toRequestRoute(method, path) };
}

/** Returns each value of a map whose values are strings or lists of strings. Accepts a map of any shape. */
function pairsOf(map: unknown): readonly Pair[] {
  if (!isObject(map)) return [];
  return Object.entries(map).flatMap(([name, value]) =>
    [value].flat().flatMap((one): Pair[] => (typeof one === 'string' ? [[name, one]] : [])),
  );
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function unknownEvent(): LatchkeyError {
  return new LatchkeyError(
    'EVENT_UNKNOWN',
    'expected an HTTP event of a function URL, a load balancer or a proxy integration, got another event',
  );
}
