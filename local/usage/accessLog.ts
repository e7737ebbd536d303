import type { StageConfig } from '../apiConfig.ts';
import { getContextValue, toLogTime, type Api } from '../gatewayRequest.ts';

/** Receives each line of an API's access log. */
export type WriteAccessLine = (apiId: string, line: string) => void;

interface AccessLogDeps {
  /** Returns the current time in epoch milliseconds. */
  readonly now: () => number;
  /** Receives the lines. Without it, the gateway doesn't write access logs. */
  readonly writeAccessLine?: WriteAccessLine;
}

/** Returns the API, which also writes a line for each request if its stage has an access log. */
export function withAccessLog(
  { id: apiId, accessLogFormat }: StageConfig,
  serve: Api,
  { now, writeAccessLine }: AccessLogDeps,
): Api {
  if (accessLogFormat === undefined || writeAccessLine === undefined) return serve;
  return async (request) => {
    const reply = await serve(request);
    const context = {
      apiId,
      requestId: request.id,
      requestTime: toLogTime(request.receivedMs),
      identity: { sourceIp: request.sourceIp },
      ...reply.logContext,
      status: reply.statusCode,
      responseLatency: now() - request.receivedMs,
    };
    writeAccessLine(apiId, formatAccessLine(accessLogFormat, context));
    return reply;
  };
}

/**
 * Replaces the `$context` variables of an access log's format. An absent value becomes `-`. Values are escaped for JSON.
 */
export function formatAccessLine(format: string, context: object): string {
  return format.replaceAll(/\$context\.([A-Za-z0-9_]+(?:\.[A-Za-z0-9_]+)*)/g, (_, path: string) => {
    const value = getContextValue(context, path);
    return value === '' ? '-' : JSON.stringify(value).slice(1, -1);
  });
}
