import { randomUUID } from 'node:crypto';
import { FunctionError, type Invoke } from './functionEnvironment.ts';
import { contextValue, headerValues, type GatewayReply, type GatewayRequest, type Header } from './gatewayRequest.ts';

/** What an API takes from a function for an answer. */
export interface ProxyFormat {
  /** HTTP APIs, payload 2.0: an answer without `statusCode` is the body of a 200, as JSON. */
  readonly inferred: boolean;
}

/** Invokes an integration's function; `undefined` where it failed or answered out of shape. */
export async function integrateLambda(
  functionName: string,
  event: object,
  format: ProxyFormat,
  { invoke, writeLog }: { readonly invoke: Invoke; readonly writeLog: (line: string) => void },
): Promise<GatewayReply | undefined> {
  try {
    return proxyReply(await invoke(functionName, event), format);
  } catch (error) {
    if (!(error instanceof FunctionError)) throw error;
    writeLog(`integration ${functionName}: ${error.errorType}: ${error.message}`);
    return undefined;
  }
}

/** A function's answer as the reply to the client; `undefined` where it is out of shape ("Lambda proxy integrations"). */
export function proxyReply(answer: unknown, { inferred }: ProxyFormat): GatewayReply | undefined {
  const fields = isObject(answer) ? answer : {};
  const statusCode = Number(fields['statusCode']);
  if (!Number.isInteger(statusCode) || statusCode < 100 || statusCode > 599) {
    return inferred && fields['statusCode'] === undefined ? jsonReply(answer) : undefined;
  }
  const body = fields['body'] ?? '';
  if (typeof body !== 'string') return undefined;
  const headers = [
    ...headerList(fields['headers']),
    ...headerList(fields['multiValueHeaders']),
    ...cookies(fields['cookies']),
  ];
  const hasType = headers.some(([name]) => name.toLowerCase() === 'content-type');
  return {
    statusCode,
    headers: hasType
      ? headers
      : [['Content-Type', inferred ? 'text/plain;charset=UTF-8' : 'application/json'], ...headers],
    body: fields['isBase64Encoded'] === true ? Buffer.from(body, 'base64') : body,
  };
}

function jsonReply(answer: unknown): GatewayReply {
  return { statusCode: 200, headers: [['Content-Type', 'application/json']], body: JSON.stringify(answer) };
}

function headerList(headers: unknown): readonly Header[] {
  if (!isObject(headers)) return [];
  return Object.entries(headers).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).map((entry) => [name, String(entry)] as const),
  );
}

function cookies(values: unknown): readonly Header[] {
  return headerList({ 'Set-Cookie': Array.isArray(values) ? values : [] });
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export type GatewayResponseType =
  | 'UNAUTHORIZED'
  | 'ACCESS_DENIED'
  | 'INVALID_API_KEY'
  | 'AUTHORIZER_FAILURE'
  | 'AUTHORIZER_CONFIGURATION_ERROR'
  | 'MISSING_AUTHENTICATION_TOKEN'
  | 'INTEGRATION_FAILURE';

/** A gateway response of the template. */
export interface GatewayResponseConfig {
  readonly statusCode?: number | undefined;
  readonly headers: Readonly<Record<string, string>>;
  /** By name, the header of the request that gives the value; left out where the request has none. */
  readonly headersOfRequest?: Readonly<Record<string, string>>;
  readonly bodyTemplate?: string | undefined;
}

/** By response type, `DEFAULT_4XX` and `DEFAULT_5XX` among them. */
export type GatewayResponses = ReadonlyMap<string, GatewayResponseConfig>;

interface Builtin {
  readonly statusCode: number;
  readonly message: string | null;
  readonly errorType: string;
}

const BUILTIN: Readonly<Record<GatewayResponseType, Builtin>> = {
  UNAUTHORIZED: { statusCode: 401, message: 'Unauthorized', errorType: 'UnauthorizedException' },
  ACCESS_DENIED: {
    statusCode: 403,
    message: 'User is not authorized to access this resource',
    errorType: 'AccessDeniedException',
  },
  INVALID_API_KEY: { statusCode: 403, message: 'Forbidden', errorType: 'ForbiddenException' },
  AUTHORIZER_FAILURE: { statusCode: 500, message: null, errorType: 'AuthorizerFailureException' },
  AUTHORIZER_CONFIGURATION_ERROR: { statusCode: 500, message: null, errorType: 'AuthorizerConfigurationException' },
  MISSING_AUTHENTICATION_TOKEN: {
    statusCode: 403,
    message: 'Missing Authentication Token',
    errorType: 'MissingAuthenticationTokenException',
  },
  // AWS documents 504 for this type; a function that failed or answered out of shape is 502.
  INTEGRATION_FAILURE: { statusCode: 502, message: 'Internal server error', errorType: 'InternalServerErrorException' },
};

/**
 * A REST API's answer to a request that failed in the gateway ("Gateway responses in API Gateway"): by the template's
 * response of that type, else by its default of that class, else as API Gateway words it. `context` is what `$context`
 * names, `request` what the response's headers are mapped from, and `message` another text for `$context.error.message`.
 */
export function gatewayResponse(
  type: GatewayResponseType,
  responses: GatewayResponses,
  {
    context,
    request = { headers: [] },
    message = BUILTIN[type].message,
  }: { readonly context: object; readonly request?: RequestHeaders; readonly message?: string | null },
): GatewayReply {
  const builtin = BUILTIN[type];
  const configured = responses.get(type) ?? responses.get(builtin.statusCode < 500 ? 'DEFAULT_4XX' : 'DEFAULT_5XX');
  const messageString = JSON.stringify(message);
  // API Gateway spells this one with a capital letter.
  const ownBody = `{"${type === 'ACCESS_DENIED' ? 'Message' : 'message'}":${messageString}}`;
  const error = { message, messageString, responseType: type };
  const body =
    configured === undefined ? ownBody : fill(configured.bodyTemplate ?? DEFAULT_TEMPLATE, { ...context, error });
  return {
    statusCode: configured?.statusCode ?? builtin.statusCode,
    headers: [
      ['Content-Type', 'application/json'],
      ['x-amzn-RequestId', contextValue(context, 'requestId') || randomUUID()],
      ['x-amzn-ErrorType', builtin.errorType],
      ...Object.entries(configured?.headers ?? {}),
      ...mappedHeaders(configured?.headersOfRequest ?? {}, request),
    ],
    body,
  };
}

type RequestHeaders = Pick<GatewayRequest, 'headers'>;

function mappedHeaders(names: Readonly<Record<string, string>>, request: RequestHeaders): readonly Header[] {
  return Object.entries(names).flatMap(([name, source]) =>
    headerValues(request, source)
      .slice(-1)
      .map((value) => [name, value] as const),
  );
}

const DEFAULT_TEMPLATE = '{"message":$context.error.messageString}';

/** Gateway responses have variables and no other template language; an unknown variable leaves nothing. */
function fill(template: string, context: object): string {
  return template.replaceAll(/\$context\.([A-Za-z0-9_]+(?:\.[A-Za-z0-9_]+)*)/g, (_, path: string) =>
    contextValue(context, path),
  );
}
