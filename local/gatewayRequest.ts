import { isUtf8 } from 'node:buffer';
import { GatewayError } from './gatewayError.ts';

/** A request as it reached an API: the path is without the prefix that the local gateway serves the API under. */
export interface GatewayRequest {
  readonly id: string;
  readonly method: string;
  /** As sent, still percent-encoded. */
  readonly path: string;
  readonly rawQuery: string;
  /** In the order and the letter case that the client sent. */
  readonly headers: readonly Header[];
  readonly body: Buffer;
  readonly sourceIp: string;
  readonly protocol: string;
  /** Epoch milliseconds. */
  readonly receivedMs: number;
}

export type Header = readonly [name: string, value: string];

export interface GatewayReply {
  readonly statusCode: number;
  readonly headers: readonly Header[];
  readonly body: string | Buffer;
}

/** Answers the requests to one API. */
export type Api = (request: GatewayRequest) => Promise<GatewayReply>;

/** Every value of a header, letter case aside. */
export function headerValues({ headers }: Pick<GatewayRequest, 'headers'>, name: string): readonly string[] {
  return headers.filter(([sent]) => sent.toLowerCase() === name.toLowerCase()).map(([, value]) => value);
}

/** The decoded query parameters in the order they were sent. */
export function queryEntries({ rawQuery }: Pick<GatewayRequest, 'rawQuery'>): readonly Header[] {
  return [...new URLSearchParams(rawQuery)];
}

/** The request without some headers and query parameters, named as `header.authorization` and `querystring.api_key`. */
export function withoutParameters(request: GatewayRequest, removed: ReadonlySet<string>): GatewayRequest {
  return {
    ...request,
    headers: request.headers.filter(([name]) => !removed.has(`header.${name.toLowerCase()}`)),
    rawQuery: request.rawQuery
      .split('&')
      .filter((parameter) => !removed.has(`querystring.${queryNameOf(parameter)}`))
      .join('&'),
  };
}

function queryNameOf(parameter: string): string {
  return [...new URLSearchParams(parameter).keys()][0] ?? '';
}

/** Values by name, each in the order sent. */
export function groupByName(entries: readonly Header[]): Record<string, readonly string[]> {
  const groups = new Map<string, string[]>();
  for (const [name, value] of entries) groups.set(name, [...(groups.get(name) ?? []), value]);
  return Object.fromEntries(groups);
}

/** Names come as the client sent them; of several values the single-value maps have the last. */
export function requestMaps(request: GatewayRequest) {
  const query = queryEntries(request);
  return {
    headers: Object.fromEntries(request.headers),
    multiValueHeaders: groupByName(request.headers),
    queryStringParameters: Object.fromEntries(query),
    multiValueQueryStringParameters: groupByName(query),
  };
}

/** The time as `requestContext` has it: `12/Mar/2020:19:03:58 +0000`. */
export function toLogTime(epochMs: number): string {
  const [, day, month, year, time] = new Date(epochMs).toUTCString().split(' ');
  return `${day}/${month}/${year}:${time} +0000`;
}

/** The body as an event carries it: text where it is UTF-8, else base64. */
export function eventBody({ body }: Pick<GatewayRequest, 'body'>): { body?: string; isBase64Encoded: boolean } {
  if (body.length === 0) return { isBase64Encoded: false };
  const isText = isUtf8(body);
  return { body: body.toString(isText ? 'utf8' : 'base64'), isBase64Encoded: !isText };
}

/** A route of an API: `path` is like `/keys/{id}` or `/{proxy+}`, or `$default` for whatever no other route takes. */
export interface Routable {
  /** `ANY` for every method. */
  readonly method: string;
  readonly path: string;
}

export interface RouteMatch<Route> {
  readonly route: Route;
  readonly pathParameters: Readonly<Record<string, string>>;
}

/** The most specific route for a request: literal segments before parameters before greedy ones, a method before `ANY`. */
export function matchRoute<Route extends Routable>(
  routes: readonly Route[],
  method: string,
  path: string,
): RouteMatch<Route> | undefined {
  const candidates = routes
    .filter((route) => route.method === method || route.method === 'ANY')
    .map((route) => ({ route, pathParameters: matchPath(route.path, path) }))
    .filter((match): match is RouteMatch<Route> => match.pathParameters !== undefined);
  return candidates.toSorted((one, other) => (rank(one.route) < rank(other.route) ? -1 : 1))[0];
}

function matchPath(pattern: string, path: string): Record<string, string> | undefined {
  if (pattern === '$default') return {};
  const parameters: Record<string, string> = {};
  const segments = path.split('/');
  const wanted = pattern.split('/');
  for (const [at, part] of wanted.entries()) {
    const segment = segments[at];
    const [, name, greedy] = /^\{([^+}]+)(\+?)\}$/.exec(part) ?? [];
    if (name === undefined && segment !== part) return undefined;
    if (name === undefined) continue;
    if (!segment) return undefined;
    parameters[name] = decode(greedy ? segments.slice(at).join('/') : segment);
    if (greedy) return parameters;
  }
  return segments.length === wanted.length ? parameters : undefined;
}

/** A text that sorts as routes are preferred. */
function rank({ method, path }: Routable): string {
  if (path === '$default') return '9';
  const segments = path.split('/').map((part) => (part.endsWith('+}') ? '2' : part.startsWith('{') ? '1' : '0'));
  return `${segments.join('')} ${method === 'ANY' ? 1 : 0}`;
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

/** What identity sources can name. */
export interface IdentityInput {
  readonly request: Pick<GatewayRequest, 'headers' | 'rawQuery'>;
  /** The event's `requestContext`. */
  readonly context: object;
  readonly stageVariables: Readonly<Record<string, string>>;
}

/** The values of the sources, or `undefined` where one is missing or empty: the gateway answers that with 401 by itself. */
export type ReadIdentities = (input: IdentityInput) => readonly string[] | undefined;

/**
 * Reads identity sources: REST's `method.request.header.X`, `method.request.querystring.X`, `context.X` and
 * `stageVariables.X`; the same of HTTP APIs with `$request.`, `$context.` and `$stageVariables.`, and of WebSocket APIs
 * with `route.request.`. Several values of one name count as one, joined by commas. Header names match in any case: HTTP/2 clients
 * send `authorization`, and AWS's own examples name `Authorization`.
 *
 * @throws GatewayError `TEMPLATE_UNSUPPORTED`
 */
export function identityReader(sources: readonly string[]): ReadIdentities {
  const readers = sources.map(readerOf);
  return (input) => {
    const values = readers.map((read) => read(input));
    return values.every((value) => value !== '') ? values : undefined;
  };
}

function readerOf(source: string): (input: IdentityInput) => string {
  const [, place, name = ''] =
    /^(?:method\.|route\.|\$)request\.(header|querystring)\.(.+)$/.exec(source) ??
    /^\$?(context|stageVariables)\.(.+)$/.exec(source) ??
    [];
  if (place === 'header') return ({ request }) => headerValues(request, name).join(',');
  if (place === 'querystring') return ({ request }) => queryValues(request, name).join(',');
  if (place === 'stageVariables') return ({ stageVariables }) => stageVariables[name] ?? '';
  if (place === 'context') return ({ context }) => contextValue(context, name);
  throw new GatewayError('TEMPLATE_UNSUPPORTED', `cannot read the identity source ${source}`);
}

function queryValues(request: IdentityInput['request'], wanted: string): readonly string[] {
  return queryEntries(request)
    .filter(([name]) => name === wanted)
    .map(([, value]) => value);
}

/** The value at a dotted path of `$context`, as text; empty where there is none. */
export function contextValue(context: object, path: string): string {
  let value: unknown = context;
  for (const name of path.split('.')) {
    if (typeof value !== 'object' || value === null) return '';
    value = Object.entries(value).find(([key]) => key === name)?.[1];
  }
  return ['string', 'number', 'boolean'].includes(typeof value) ? String(value) : '';
}
