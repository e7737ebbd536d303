import { isUtf8 } from 'node:buffer';
import { GatewayError } from './gatewayError.ts';
import { ACCOUNT_ID, REGION } from './template.ts';

/** A request to an API. The path lacks the prefix under which the local gateway serves the API. */
export interface GatewayRequest {
  readonly id: string;
  readonly method: string;
  /** The path that the client sent, with the prefix. A signature contains it. */
  readonly sentPath: string;
  /** The percent-encoded path that the client sent. */
  readonly path: string;
  readonly rawQuery: string;
  /** The headers in the order and case in which the client sent them. */
  readonly headers: readonly Header[];
  /** The scheme of the client's URL. An HTTP API passes it on in `x-forwarded-proto`. */
  readonly scheme?: 'http';
  readonly body: Buffer;
  readonly sourceIp: string;
  readonly protocol: string;
  /** Epoch milliseconds at which the gateway received the request. */
  readonly receivedMs: number;
}

export type Header = readonly [name: string, value: string];

export interface GatewayReply extends AccessDetails {
  readonly statusCode: number;
  readonly headers: readonly Header[];
  readonly body: string | Buffer;
  /** The `$context` variables of the access log that the request itself doesn't have. */
  readonly logContext?: object;
}

/** The details of a reply for the request log. The client doesn't receive them. */
export interface AccessDetails {
  /** The reason for a rejection or a failure, such as `KEY_REVOKED`. */
  readonly code?: string | undefined;
  /** The id of the request's key. */
  readonly keyId?: string | undefined;
  /** The label of the request's key. */
  readonly label?: string | undefined;
}

/** Serves the requests to one API. */
export type Api = (request: GatewayRequest) => Promise<GatewayReply>;

/** Returns every value of a header. The name is case-insensitive. */
export function getHeader(
  { headers }: Pick<GatewayRequest | GatewayReply, 'headers'>,
  name: string,
): readonly string[] {
  return headers.filter(([sent]) => sent.toLowerCase() === name.toLowerCase()).map(([, value]) => value);
}

/** Returns the decoded query parameters in the order in which the client sent them. */
export function parseQuery({ rawQuery }: Pick<GatewayRequest, 'rawQuery'>): readonly Header[] {
  return [...new URLSearchParams(rawQuery)];
}

/** Returns the request without the given parameters, such as `header.authorization` and `querystring.api_key`. */
export function removeParameters(request: GatewayRequest, removed: ReadonlySet<string>): GatewayRequest {
  const isKept = (parameter: string) => {
    const [[name = ''] = []] = new URLSearchParams(parameter);
    return !removed.has(`querystring.${name}`);
  };
  return {
    ...request,
    headers: request.headers.filter(([name]) => !removed.has(`header.${name.toLowerCase()}`)),
    rawQuery: request.rawQuery.split('&').filter(isKept).join('&'),
  };
}

/** Returns the ARN of a request to a stage. It contains the requested path, not the route's. */
export function toMethodArn(
  { id, stageName }: { readonly id: string; readonly stageName: string },
  { method, path }: GatewayRequest,
): string {
  return `arn:aws:execute-api:${REGION}:${ACCOUNT_ID}:${id}/${stageName}/${method}/${path.slice(1)}`;
}

/** Returns all values of each name, in the order of the entries. */
export function groupByName(entries: readonly Header[]): Record<string, readonly string[]> {
  const groups = new Map<string, string[]>();
  for (const [name, value] of entries) groups.set(name, [...(groups.get(name) ?? []), value]);
  return Object.fromEntries(groups);
}

/** Returns the maps of an event in payload format 1.0. A map of single values contains the last value of each name. */
export function toEventMaps(request: GatewayRequest) {
  const query = parseQuery(request);
  return {
    headers: Object.fromEntries(request.headers),
    multiValueHeaders: groupByName(request.headers),
    queryStringParameters: Object.fromEntries(query),
    multiValueQueryStringParameters: groupByName(query),
  };
}

/** Returns the `identity` of a `requestContext` in payload format 1.0. */
export function toIdentity(request: GatewayRequest) {
  return { sourceIp: request.sourceIp, userAgent: getHeader(request, 'user-agent')[0] ?? null };
}

/** Returns the body fields of an event. The body is text if it is UTF-8, otherwise base64. */
export function toEventBody({ body }: Pick<GatewayRequest, 'body'>): { body?: string; isBase64Encoded: boolean } {
  if (body.length === 0) return { isBase64Encoded: false };
  const isText = isUtf8(body);
  return { body: body.toString(isText ? 'utf8' : 'base64'), isBase64Encoded: !isText };
}

/** Formats a time in the format of `requestContext`: `12/Mar/2020:19:03:58 +0000`. */
export function toLogTime(epochMs: number): string {
  const [, day, month, year, time] = new Date(epochMs).toUTCString().split(' ');
  return `${day}/${month}/${year}:${time} +0000`;
}

/** A route of an API. */
export interface Route {
  /** The method. `ANY` matches every method. */
  readonly method: string;
  /** The path, for example `/keys/{id}` or `/{proxy+}`. `$default` matches every path that other routes don't match. */
  readonly path: string;
}

export interface RouteMatch<MatchedRoute> {
  readonly route: MatchedRoute;
  readonly pathParameters: Readonly<Record<string, string>>;
}

/** Returns the most specific route. Literals beat parameters, which beat greedy ones. A method beats `ANY`. */
export function matchRoute<MatchedRoute extends Route>(
  routes: readonly MatchedRoute[],
  { method, path }: Pick<GatewayRequest, 'method' | 'path'>,
): RouteMatch<MatchedRoute> | undefined {
  const matches = routes
    .filter((route) => route.method === method || route.method === 'ANY')
    .map((route) => ({ route, pathParameters: matchPath(route.path, path) }))
    .filter((match): match is RouteMatch<MatchedRoute> => match.pathParameters !== undefined);
  return matches.toSorted((one, other) => (toRank(one.route) < toRank(other.route) ? -1 : 1))[0];
}

function matchPath(pattern: string, path: string): Record<string, string> | undefined {
  if (pattern === '$default') return {};
  const parameters: Record<string, string> = {};
  const segments = path.split('/');
  const parts = pattern.split('/');
  for (const [at, part] of parts.entries()) {
    const segment = segments[at];
    const [, name, greedy] = /^\{([^+}]+)(\+?)\}$/.exec(part) ?? [];
    if (name === undefined && segment !== part) return undefined;
    if (name === undefined) continue;
    if (!segment) return undefined;
    parameters[name] = decode(greedy ? segments.slice(at).join('/') : segment);
    if (greedy) return parameters;
  }
  return segments.length === parts.length ? parameters : undefined;
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

/** Returns a string that sorts before the strings of less specific routes. */
function toRank({ method, path }: Route): string {
  if (path === '$default') return '9';
  const segments = path.split('/').map((part) => (part.endsWith('+}') ? '2' : part.startsWith('{') ? '1' : '0'));
  return `${segments.join('')} ${method === 'ANY' ? 1 : 0}`;
}

/** The parts of a request that an identity source can name. */
export interface IdentityInput {
  readonly request: Pick<GatewayRequest, 'headers' | 'rawQuery'>;
  /** The event's `requestContext`. */
  readonly context: object;
  readonly stageVariables: Readonly<Record<string, string>>;
}

/**
 * Creates a function that returns the values of the identity sources, or `undefined` if one is missing or empty. API
 * Gateway responds to such a request with 401 and doesn't invoke the authorizer.
 *
 * REST APIs use `method.request.header.X`, `method.request.querystring.X`, `context.X` and `stageVariables.X`.
 * WebSocket APIs use `route.request.`. HTTP APIs use `$request.`, `$context.` and `$stageVariables.`. Several values of
 * one name are joined by commas. Header names are case-insensitive, because HTTP/2 clients send `authorization` but
 * AWS's examples use `Authorization`. Throws GatewayError `TEMPLATE_UNSUPPORTED`.
 */
export function createIdentityReader(
  sources: readonly string[],
): (input: IdentityInput) => readonly string[] | undefined {
  const readers = sources.map(createSourceReader);
  return (input) => {
    const values = readers.map((read) => read(input));
    return values.every((value) => value !== '') ? values : undefined;
  };
}

function createSourceReader(source: string): (input: IdentityInput) => string {
  const [, place, name = ''] =
    /^(?:method\.|route\.|\$)request\.(header|querystring)\.(.+)$/.exec(source) ??
    /^\$?(context|stageVariables)\.(.+)$/.exec(source) ??
    [];
  if (place === 'header') return ({ request }) => getHeader(request, name).join(',');
  if (place === 'querystring') {
    return ({ request }) =>
      parseQuery(request)
        .filter(([sent]) => sent === name)
        .map(([, value]) => value)
        .join(',');
  }
  if (place === 'stageVariables') return ({ stageVariables }) => stageVariables[name] ?? '';
  if (place === 'context') return ({ context }) => getContextValue(context, name);
  throw new GatewayError('TEMPLATE_UNSUPPORTED', `the local gateway cannot read the identity source ${source}`);
}

/** Returns the value at a dotted path of `$context` as a string. Returns an empty string if the value doesn't exist. */
export function getContextValue(context: object, path: string): string {
  let value: unknown = context;
  for (const name of path.split('.')) {
    if (typeof value !== 'object' || value === null) return '';
    value = Object.entries(value).find(([key]) => key === name)?.[1];
  }
  return ['string', 'number', 'boolean'].includes(typeof value) ? String(value) : '';
}
