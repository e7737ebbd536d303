import { LatchkeyError } from '../../keys/errors.ts';

/** The parts of a request that API Gateway vouches for. No client can set them. */
export interface GatewayContext {
  /** The result of the route's authorizer, or an empty object. */
  readonly authorizer: Readonly<Record<string, unknown>>;
  readonly requestId: string | undefined;
  /** The address of the client. */
  readonly sourceIp: string | undefined;
  /** The route that matched, such as `GET /keys/{id}`. */
  readonly routeKey: string | undefined;
}

/** A request of an HTTP API. */
export interface GatewayRequest {
  readonly request: Request;
  readonly context: GatewayContext;
}

/** The response in payload format 2.0. */
export interface GatewayResult {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly cookies?: readonly string[];
  readonly body: string;
  readonly isBase64Encoded: boolean;
}

type Fields = Readonly<Record<string, unknown>>;

/** The methods that a request can have. */
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/**
 * Converts an event in payload format 2.0 to a request. Hono's own adapter doesn't fit: API Gateway decodes `rawPath`,
 * so an encoded `?` in the path would become a query. It also rejects a `GET` with a body, and logs errors itself.
 *
 * @throws LatchkeyError `EVENT_UNKNOWN` if the event isn't one of an HTTP API
 */
export function toRequest(event: unknown): GatewayRequest {
  const fields = toFields(event);
  const requestContext = toFields(fields['requestContext']);
  const { method, sourceIp } = toFields(requestContext['http']);
  const host = readText(requestContext['domainName']) ?? 'localhost';
  const isHttp = typeof method === 'string' && METHODS.has(method) && URL.canParse(`https://${host}`);
  if (fields['version'] !== '2.0' || !isHttp) {
    throw new LatchkeyError('EVENT_UNKNOWN', 'event: expected an event of an HTTP API in payload format 2.0');
  }
  const url = new URL(`https://${host}`);
  url.pathname = readPath(fields, requestContext);
  url.search = readText(fields['rawQueryString']) ?? '';
  const body = method === 'GET' || method === 'HEAD' ? undefined : readBody(fields);
  const headers = readHeaders(fields);
  // The body's own length, because API Gateway may have changed the encoding.
  if (body !== undefined) headers.set('content-length', String(body.length));
  return {
    request: new Request(url, { method, headers, ...(body === undefined ? {} : { body }) }),
    context: {
      authorizer: toFields(requestContext['authorizer']),
      requestId: readText(requestContext['requestId']),
      sourceIp: readText(sourceIp),
      routeKey: readText(fields['routeKey']),
    },
  };
}

/** Converts a response to payload format 2.0. A body that isn't text is encoded in Base64. */
export async function toResult(response: Response): Promise<GatewayResult> {
  const headers = new Headers(response.headers);
  const cookies = headers.getSetCookie();
  headers.delete('set-cookie');
  const isText = TEXT.test(headers.get('content-type') ?? 'text/plain');
  const body = Buffer.from(await response.arrayBuffer());
  return {
    statusCode: response.status,
    headers: Object.fromEntries(headers),
    ...(cookies.length === 0 ? {} : { cookies }),
    body: body.toString(isText ? 'utf8' : 'base64'),
    isBase64Encoded: !isText,
  };
}

const TEXT = /^(text\/|application\/(javascript|json|[\w.-]+\+json)\b|image\/svg\+xml\b)/i;

/**
 * Returns the path below the API. The matched route has neither a stage's name nor the base path of a custom domain.
 * Its parameters are decoded. The default route has no path, so its path is the event's without the stage.
 */
function readPath(fields: Fields, { stage }: Fields): string {
  const [, route] = /^[A-Z]+ (\/.*)$/.exec(readText(fields['routeKey']) ?? '') ?? [];
  if (route !== undefined) return fillRoute(route, toFields(fields['pathParameters']));
  const path = readText(fields['rawPath']) ?? '/';
  const prefix = `/${String(stage)}`;
  const isPrefixed = stage !== '$default' && (path === prefix || path.startsWith(`${prefix}/`));
  return isPrefixed ? path.slice(prefix.length) || '/' : path;
}

function fillRoute(route: string, parameters: Fields): string {
  return route.replaceAll(/\{([^{}+]{1,128})(\+?)\}/g, (_, name: string, greedy: string) => {
    const value = readText(parameters[name]) ?? '';
    const segments = greedy === '+' ? value.split('/') : [value];
    return segments.map(encodeSegment).join('/');
  });
}

/** A URL resolves dot segments, so they would lead to another route than the one that API Gateway has authorized. */
function encodeSegment(segment: string): string {
  return segment === '.' || segment === '..' ? '-' : encodeURIComponent(segment.toWellFormed());
}

function readHeaders(fields: Fields): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(toFields(fields['headers']))) {
    if (typeof value === 'string' && isHeader(name, value)) headers.set(name, value);
  }
  const { cookies } = fields;
  if (Array.isArray(cookies) && cookies.length > 0 && isHeader('cookie', cookies.join('; '))) {
    headers.set('cookie', cookies.join('; '));
  }
  return headers;
}

/** Returns whether the header can be set. `Headers` rejects some values that clients can send, with the value in the error. */
function isHeader(name: string, value: string): boolean {
  return /^[!#$%&'*+.^_`|~\w-]+$/.test(name) && /^[\t\x20-\x7e\x80-\xff]*$/.test(value);
}

function readBody(fields: Fields): Uint8Array<ArrayBuffer> | undefined {
  const { body, isBase64Encoded } = fields;
  if (typeof body !== 'string' || body === '') return undefined;
  return Uint8Array.from(Buffer.from(body, isBase64Encoded === true ? 'base64' : 'utf8'));
}

function toFields(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}

function readText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
