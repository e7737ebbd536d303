import type { ApiDeps } from './authorizer.ts';
import { FunctionError } from './functionEnvironment.ts';
import type { GatewayReply, Header } from './gatewayRequest.ts';

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
  { invoke, writeLog }: ApiDeps,
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
