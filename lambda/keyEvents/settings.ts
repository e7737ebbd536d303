import { LatchkeyError } from '../../keys/errors.ts';

/** The settings of the function. */
export interface KeyEventsSettings {
  /** The name of the table of keys. */
  readonly tableName: string;
  /** The ARN of the table of keys, which is the resource of every event. */
  readonly tableArn: string;
  /** The name or the ARN of the event bus. */
  readonly busName: string;
  /** The URL of the dead-letter queue. */
  readonly deadLetterQueue: string;
  /** The name of the history table. Absent without a history. */
  readonly historyTable?: string;
  /** The duration for which the history keeps an event, in days. */
  readonly historyDays?: number;
  /** The number of days after which a key counts as unused. */
  readonly unusedDays?: number;
  /** The name of the table of limits. Absent without events about quotas. */
  readonly limitsTable?: string;
}

/** The environment variables of the function. */
export const KEY_EVENTS_VARIABLES = {
  tableName: 'LATCHKEY_EVENTS_TABLE',
  tableArn: 'LATCHKEY_EVENTS_TABLE_ARN',
  busName: 'LATCHKEY_EVENTS_BUS',
  deadLetterQueue: 'LATCHKEY_EVENTS_DEAD_LETTER_QUEUE',
  historyTable: 'LATCHKEY_EVENTS_HISTORY_TABLE',
  historyDays: 'LATCHKEY_EVENTS_HISTORY_DAYS',
  unusedDays: 'LATCHKEY_EVENTS_UNUSED_DAYS',
  limitsTable: 'LATCHKEY_EVENTS_LIMITS_TABLE',
} as const satisfies Record<keyof KeyEventsSettings, string>;

/**
 * Reads the environment variables, which only the construct sets.
 *
 * @throws LatchkeyError `CONFIG_INVALID`, listing every problem: variable, expected format, actual value
 */
export function readKeyEventsSettings(environment: Readonly<Record<string, string | undefined>>): KeyEventsSettings {
  const problems: string[] = [];
  const read = <T>(
    name: keyof KeyEventsSettings,
    expected: string,
    parse: (text: string) => T | undefined,
  ): T | undefined => {
    const text = environment[KEY_EVENTS_VARIABLES[name]];
    const value = parse(text ?? '');
    if (value === undefined)
      problems.push(`${KEY_EVENTS_VARIABLES[name]}: expected ${expected}, got ${JSON.stringify(text)}`);
    return value;
  };
  const optional = <T>(name: keyof KeyEventsSettings, expected: string, parse: (text: string) => T | undefined) =>
    environment[KEY_EVENTS_VARIABLES[name]] === undefined ? undefined : read(name, expected, parse);
  const settings = {
    tableName: read('tableName', 'the name of a DynamoDB table', nonEmpty) ?? '',
    tableArn: read('tableArn', 'the ARN of a DynamoDB table', nonEmpty) ?? '',
    busName: read('busName', 'the name or ARN of an event bus', nonEmpty) ?? '',
    deadLetterQueue: read('deadLetterQueue', 'the URL of a queue', nonEmpty) ?? '',
  };
  const historyTable = optional('historyTable', 'the name of a DynamoDB table', nonEmpty);
  const historyDays = historyTable === undefined ? undefined : read('historyDays', DAYS_EXPECTED, readDays);
  const unusedDays = optional('unusedDays', DAYS_EXPECTED, readDays);
  const limitsTable = optional('limitsTable', 'the name of a DynamoDB table', nonEmpty);
  if (problems.length > 0) throw new LatchkeyError('CONFIG_INVALID', problems.join('; '));
  return {
    ...settings,
    ...(historyTable !== undefined && historyDays !== undefined && { historyTable, historyDays }),
    ...(unusedDays !== undefined && { unusedDays }),
    ...(limitsTable !== undefined && { limitsTable }),
  };
}

const DAYS_EXPECTED = 'a whole number of days above 0';

function nonEmpty(text: string): string | undefined {
  return text === '' ? undefined : text;
}

function readDays(text: string): number | undefined {
  return /^[1-9]\d{0,4}$/.test(text) ? Number(text) : undefined;
}
