import { managementRoutes } from '../../infra/keyManagementRoutes.ts';
import type { GatewayResult } from '../../management/function/httpEvent.ts';

/** A request to the management API. */
export interface ManagementRequest {
  readonly method?: string;
  /** The path with its query. */
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The response of the management API. */
export interface ManagementAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

/** A key in a response. */
interface ShownKey {
  readonly id: string;
  readonly [field: string]: unknown;
}

/** The body of a response. Each response has some of these fields. */
interface AnswerBody {
  readonly key: string;
  readonly record: ShownKey;
  readonly previous: ShownKey;
  readonly records: readonly ShownKey[];
  readonly cursor: string | null;
  readonly code: string;
  readonly detail: string;
  readonly openapi: string;
  readonly paths: Readonly<Record<string, unknown>>;
}

/** Returns the body of a response as JSON. */
export function jsonOf(answer: ManagementAnswer): AnswerBody {
  return JSON.parse(answer.text) as AnswerBody;
}

const ROUTES = managementRoutes({ operators: true, owners: true, portal: true });

/** Creates the event of an HTTP API in payload format 2.0, as API Gateway creates it. */
export function managementEvent(
  { method = 'GET', path, body, headers = {} }: ManagementRequest,
  authorizer: object | undefined,
) {
  const url = new URL(path, 'https://abc123.execute-api.eu-west-1.amazonaws.com');
  const decoded = decodeURIComponent(url.pathname);
  const { routeKey, pathParameters } = matchRoute(method, url.pathname);
  const contentType = headers['content-type'] ?? 'application/json';
  const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
  // API Gateway encodes every body that it doesn't know as text.
  const isBase64Encoded = text !== undefined && !/^(text\/|application\/json)/.test(contentType);
  return {
    version: '2.0',
    routeKey,
    rawPath: decoded,
    rawQueryString: url.search.slice(1),
    headers: {
      host: url.host,
      'x-forwarded-for': '192.0.2.7',
      'x-forwarded-proto': 'https',
      ...(text === undefined ? {} : { 'content-length': String(Buffer.byteLength(text)), 'content-type': contentType }),
      ...headers,
    },
    ...(pathParameters === undefined ? {} : { pathParameters }),
    requestContext: {
      accountId: '111122223333',
      apiId: 'abc123',
      ...(authorizer === undefined ? {} : { authorizer }),
      domainName: url.host,
      domainPrefix: 'abc123',
      http: { method, path: decoded, protocol: 'HTTP/1.1', sourceIp: '192.0.2.7', userAgent: 'tests' },
      requestId: 'JKJaXmPLvHcESHA=',
      routeKey,
      stage: '$default',
      time: '15/Jun/2030:12:00:00 +0000',
      timeEpoch: Date.UTC(2030, 5, 15, 12),
    },
    ...(text === undefined ? {} : { body: isBase64Encoded ? Buffer.from(text).toString('base64') : text }),
    isBase64Encoded,
  };
}

/** Converts the function's result to an answer. */
export function toAnswer({ statusCode, headers, body, isBase64Encoded }: GatewayResult): ManagementAnswer {
  return { status: statusCode, headers, text: isBase64Encoded ? Buffer.from(body, 'base64').toString() : body };
}

/** API Gateway prefers a route without parameters, and decodes the parameters. */
function matchRoute(method: string, pathname: string) {
  const segments = pathname.split('/');
  const matches = ROUTES.filter((route) => route.method === method).flatMap((route) => {
    const names = route.path.split('/');
    const isGreedy = names.at(-1)?.endsWith('+}') === true;
    const parts = isGreedy
      ? [...segments.slice(0, names.length - 1), segments.slice(names.length - 1).join('/')]
      : segments;
    const isMatch =
      parts.length === names.length &&
      names.every((name, at) => (name.startsWith('{') ? parts[at] !== '' : name === parts[at]));
    if (!isMatch) return [];
    const values = names.flatMap((name, at) =>
      name.startsWith('{') ? [[name.replaceAll(/[{}+]/g, ''), decodeURIComponent(parts[at] ?? '')]] : [],
    );
    return [{ path: route.path, values }];
  });
  const [match] = matches.toSorted((a, b) => a.values.length - b.values.length);
  if (match === undefined) return { routeKey: '$default', pathParameters: undefined };
  return {
    routeKey: `${method} ${match.path}`,
    pathParameters: match.values.length === 0 ? undefined : Object.fromEntries(match.values),
  };
}
