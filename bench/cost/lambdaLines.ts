const requestId = '00000000-0000-0000-0000-000000000000';
const time = '2030-01-01T00:00:00.000Z';
const metrics = { durationMs: 2.45, billedDurationMs: 3, memorySizeMB: 256, maxMemoryUsedMB: 84 };

/**
 * What Lambda would write of an invocation that succeeds at its own default level, `INFO` ("Log-level filtering"), in the form of
 * "Lambda Telemetry API Event schema reference". The function's level is `WARN`, at which it writes neither.
 */
export const LAMBDA_LINES: readonly string[] = [
  { time, type: 'platform.start', record: { requestId, version: '1' } },
  { time, type: 'platform.report', record: { requestId, status: 'success', metrics } },
].map((line) => JSON.stringify(line));
