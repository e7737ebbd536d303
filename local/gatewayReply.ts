import { randomUUID } from 'node:crypto';
import { isPlainObject } from '../keys/json.ts';
import { FunctionError, type Invoke } from './functionEnvironment.ts';
import { getContextValue, getHeader, type GatewayReply, type GatewayRequest, type Header } from './gatewayRequest.ts';

/** A gateway response of the template. */
export interface GatewayResponseConfig {
  readonly statusCode?: number | undefined;
  readonly headers: Readonly<Record<string, string>>;
  /** The name of the request header that each response header copies, unless the request lacks it. */
  readonly mappedHeaders?: Readonly<Record<string, string>>;
  readonly bodyTemplate?: string | undefined;
}

/** The gateway responses by type. `DEFAULT_4XX` and `DEFAULT_5XX` are also types. */
export type GatewayResponses = ReadonlyMap<string, GatewayResponseConfig>;

/** API Gateway's own responses by type: the status, the message, and the header `x-amzn-ErrorType`. */
const DEFAULTS = {
  UNAUTHORIZED: [401, 'Unauthorized', 'UnauthorizedException'],
  ACCESS_DENIED: [403, 'User is not authorized to access this resource', 'AccessDeniedException'],
  INVALID_API_KEY: [403, 'Forbidden', 'ForbiddenException'],
  AUTHORIZER_FAILURE: [500, null, 'AuthorizerFailureException'],
  AUTHORIZER_CONFIGURATION_ERROR: [500, null, 'AuthorizerConfigurationException'],
  MISSING_AUTHENTICATION_TOKEN: [403, 'Missing Authentication Token', 'MissingAuthenticationTokenException'],
  // AWS documents 504 for this type. A failed function or a malformed response causes 502 in practice.
  INTEGRATION_FAILURE: [502, 'Internal server error', 'InternalServerErrorException'],
} as const;

export type GatewayResponseType = keyof typeof DEFAULTS;

const DEFAULT_TEMPLATE = '{"message":$context.error.messageString}';

/**
 * Returns a REST API's reply to a request that failed in the gateway ("Gateway responses in API Gateway"). It uses the
 * template's response of that type, else the template's default for 4xx or 5xx. It uses API Gateway's own if the
 * template has neither. `context` is `$context`. `message` replaces `$context.error.message`.
 */
export function createGatewayResponse(
  type: GatewayResponseType,
  responses: GatewayResponses,
  { context, request = { headers: [] }, message: ownMessage }: FailedRequest,
): GatewayReply {
  const [statusCode, defaultMessage, errorType] = DEFAULTS[type];
  const message = ownMessage ?? defaultMessage;
  const configured = responses.get(type) ?? responses.get(statusCode < 500 ? 'DEFAULT_4XX' : 'DEFAULT_5XX');
  const messageString = JSON.stringify(message);
  // API Gateway spells this member with a capital letter.
  const ownBody = `{"${type === 'ACCESS_DENIED' ? 'Message' : 'message'}":${messageString}}`;
  const error = { message, messageString, responseType: type };
  const mappedHeaders = Object.entries(configured?.mappedHeaders ?? {}).flatMap(([name, source]) =>
    getHeader(request, source)
      .slice(-1)
      .map((value) => [name, value] as const),
  );
  return {
    statusCode: configured?.statusCode ?? statusCode,
    headers: [
      ['Content-Type', 'application/json'],
      ['x-amzn-RequestId', getContextValue(context, 'requestId') || randomUUID()],
      ['x-amzn-ErrorType', errorType],
      ...Object.entries(configured?.headers ?? {}),
      ...mappedHeaders,
    ],
    body: configured === undefined ? ownBody : fill(configured.bodyTemplate ?? DEFAULT_TEMPLATE, { ...context, error }),
  };
}

interface FailedRequest {
  readonly context: object;
  readonly request?: Pick<GatewayRequest, 'headers'>;
  readonly message?: string | undefined;
}

/** Replaces the variables of a body template, its only syntax. An unknown `$context` variable becomes empty. */
function fill(template: string, context: object): string {
  return template.replaceAll(/\$context\.([A-Za-z0-9_]+(?:\.[A-Za-z0-9_]+)*)/g, (_, path: string) =>
    getContextValue(context, path),
  );
}

interface ProxyFormat {
  /** `true` if a response without `statusCode` is the JSON body of a 200 (payload format 2.0 of HTTP APIs). */
  readonly inferred: boolean;
}

/** Invokes an integration's function. Returns `undefined` if it fails or its response is malformed. */
export async function integrateLambda(
  functionName: string,
  event: object,
  format: ProxyFormat,
  { invoke, writeLog }: { readonly invoke: Invoke; readonly writeLog: (line: string) => void },
): Promise<GatewayReply | undefined> {
  try {
    return parseProxyResponse(await invoke(functionName, event), format);
  } catch (error) {
    if (!(error instanceof FunctionError)) throw error;
    writeLog(`integration ${functionName}: ${error.errorType}: ${error.message}`);
    return undefined;
  }
}

/** Parses a function's response. Returns `undefined` if it is malformed ("Lambda proxy integrations"). */
function parseProxyResponse(response: unknown, { inferred }: ProxyFormat): GatewayReply | undefined {
  const fields = isPlainObject(response) ? response : {};
  const statusCode = Number(fields['statusCode']);
  if (!Number.isInteger(statusCode) || statusCode < 100 || statusCode > 599) {
    if (!inferred || fields['statusCode'] !== undefined) return undefined;
    return { statusCode: 200, headers: [['Content-Type', 'application/json']], body: JSON.stringify(response) };
  }
  const body = fields['body'] ?? '';
  if (typeof body !== 'string') return undefined;
  const { cookies } = fields;
  const headers = [
    ...toHeaders(fields['headers']),
    ...toHeaders(fields['multiValueHeaders']),
    ...toHeaders({ 'Set-Cookie': Array.isArray(cookies) ? cookies : [] }),
  ];
  const hasType = headers.some(([name]) => name.toLowerCase() === 'content-type');
  const defaultType = inferred ? 'text/plain;charset=UTF-8' : 'application/json';
  return {
    statusCode,
    headers: hasType ? headers : [['Content-Type', defaultType], ...headers],
    body: fields['isBase64Encoded'] === true ? Buffer.from(body, 'base64') : body,
  };
}

function toHeaders(headers: unknown): readonly Header[] {
  if (!isPlainObject(headers)) return [];
  return Object.entries(headers).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).map((entry) => [name, String(entry)] as const),
  );
}
