import { isUtf8 } from 'node:buffer';

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
