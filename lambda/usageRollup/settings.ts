import { LatchkeyError } from '../../keys/errors.ts';

/** An access log in the format of `ApiKeyAccessLogFormat`, and the API that writes to it. */
export interface AccessLog {
  readonly logGroup: string;
  readonly apiId: string;
}

/** The settings of the function. */
export interface UsageRollupSettings {
  /** The name or the ARN of the usage table. */
  readonly tableName: string;
  /** The name of the authorizer's log group. */
  readonly logGroup: string;
  /** Several APIs may write to one log group. */
  readonly accessLogs: readonly AccessLog[];
  /** The duration for which the table keeps an hour. */
  readonly retentionDays: number;
}

/** The environment variables of the function. */
export const USAGE_ROLLUP_VARIABLES = {
  tableName: 'LATCHKEY_USAGE_TABLE',
  logGroup: 'LATCHKEY_USAGE_LOG_GROUP',
  accessLogs: 'LATCHKEY_USAGE_ACCESS_LOGS',
  retentionDays: 'LATCHKEY_USAGE_RETENTION_DAYS',
} as const;

/**
 * Reads the environment variables, which only the construct sets.
 *
 * @throws LatchkeyError `CONFIG_INVALID`, listing every problem: variable, expected format, actual value
 */
export function readUsageRollupSettings(
  environment: Readonly<Record<string, string | undefined>>,
): UsageRollupSettings {
  const problems: string[] = [];
  const read = <T>(
    name: keyof UsageRollupSettings,
    expected: string,
    parse: (text: string) => T | undefined,
  ): T | undefined => {
    const text = environment[USAGE_ROLLUP_VARIABLES[name]];
    const value = parse(text ?? '');
    if (value === undefined) {
      problems.push(`${USAGE_ROLLUP_VARIABLES[name]}: expected ${expected}, got ${JSON.stringify(text)}`);
    }
    return value;
  };
  const tableName = read('tableName', 'the name or ARN of a DynamoDB table', nonEmpty);
  const logGroup = read('logGroup', 'the name of a log group', nonEmpty);
  const accessLogs = read('accessLogs', 'a JSON list of {logGroup, apiId}', readAccessLogs);
  const retentionDays = read('retentionDays', 'a whole number of days above 0', readDays);
  if (tableName === undefined || logGroup === undefined || accessLogs === undefined || retentionDays === undefined) {
    throw new LatchkeyError('CONFIG_INVALID', problems.join('; '));
  }
  return { tableName, logGroup, accessLogs, retentionDays };
}

function nonEmpty(text: string): string | undefined {
  return text === '' ? undefined : text;
}

function readDays(text: string): number | undefined {
  return /^[1-9]\d{0,4}$/.test(text) ? Number(text) : undefined;
}

/** Reads the list. It's empty if the variable isn't set. */
function readAccessLogs(text: string): readonly AccessLog[] | undefined {
  try {
    const value: unknown = JSON.parse(text || '[]');
    return Array.isArray(value) && value.every(isAccessLog) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isAccessLog(value: unknown): value is AccessLog {
  const { logGroup, apiId } = Object(value);
  return typeof logGroup === 'string' && logGroup !== '' && isApiId(apiId);
}

/** Returns whether the text can be the id of an API. */
export function isApiId(text: unknown): text is string {
  return typeof text === 'string' && /^[\w-]{1,64}$/.test(text) && text !== '__proto__';
}
