import { maskKeys } from '../keys/findKeys.ts';
import { printable } from '../keys/printable.ts';
import type { Colors } from '../operator/colors.ts';
import type { ServedRequest } from './gatewayServer.ts';

/** Formats a request as one line: `GET /rest/whoami 403 5 ms KEY_REVOKED build server`. Keys in the path are masked. */
export function formatRequest(request: ServedRequest, colors: Colors): string {
  const { method, path, statusCode, durationMs, code, label } = request;
  const words = [safe(`${method} ${path}`), colorStatus(statusCode, colors), colors.dim(`${durationMs} ms`)];
  if (code !== undefined) words.push(colors.yellow(safe(code)));
  if (label !== undefined) words.push(safe(label));
  return `${words.join(' ')}\n`;
}

/** Formats a request as one line of JSON: method, path, status, durationMs, and code, keyId and label if known. */
export function formatJsonRequest({ statusCode, method, path, durationMs, ...details }: ServedRequest): string {
  return `${safe(JSON.stringify({ method, path, status: statusCode, durationMs, ...details }))}\n`;
}

/**
 * Returns a function's output without the lines about denials of the authorizer and about requests to the management
 * API, because the request log has a line for each of them.
 */
export function withoutRequests(output: string): string {
  return output
    .split(/(?<=\n)/)
    .filter((line) => !/^\{"timestamp":"[^"]*","level":"INFO","message":"(?:denied|request)",/.test(line))
    .join('');
}

function safe(text: string): string {
  return printable(maskKeys(text));
}

function colorStatus(statusCode: number, { green, red, yellow }: Colors): string {
  if (statusCode < 400) return green(String(statusCode));
  return statusCode < 500 ? yellow(String(statusCode)) : red(String(statusCode));
}
