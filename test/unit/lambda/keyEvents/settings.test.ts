import { describe, expect, test } from '@jest/globals';
import { readKeyEventsSettings } from '../../../../lambda/keyEvents/settings.ts';

const REQUIRED = {
  LATCHKEY_EVENTS_TABLE: 'keys',
  LATCHKEY_EVENTS_TABLE_ARN: 'arn:aws:dynamodb:us-east-1:123456789012:table/keys',
  LATCHKEY_EVENTS_BUS: 'default',
  LATCHKEY_EVENTS_DEAD_LETTER_QUEUE: 'https://queue',
};

describe('readKeyEventsSettings', () => {
  test('reads the settings without a history, unused keys or quotas', () => {
    expect(readKeyEventsSettings(REQUIRED)).toEqual({
      tableName: 'keys',
      tableArn: REQUIRED.LATCHKEY_EVENTS_TABLE_ARN,
      busName: 'default',
      deadLetterQueue: 'https://queue',
    });
  });

  test('reads all settings', () => {
    const optional = {
      LATCHKEY_EVENTS_HISTORY_TABLE: 'history',
      LATCHKEY_EVENTS_HISTORY_DAYS: '400',
      LATCHKEY_EVENTS_UNUSED_DAYS: '90',
      LATCHKEY_EVENTS_LIMITS_TABLE: 'limits',
    };
    const expected = { historyTable: 'history', historyDays: 400, unusedDays: 90, limitsTable: 'limits' };
    expect(readKeyEventsSettings({ ...REQUIRED, ...optional })).toMatchObject(expected);
  });

  test('throws one error with every problem', () => {
    const variables = { LATCHKEY_EVENTS_HISTORY_TABLE: 'h', LATCHKEY_EVENTS_UNUSED_DAYS: '1.5' };
    expect(() => readKeyEventsSettings({ ...REQUIRED, LATCHKEY_EVENTS_BUS: '', ...variables })).toThrow(
      'LATCHKEY_EVENTS_BUS: expected the name or ARN of an event bus, got ""; ' +
        'LATCHKEY_EVENTS_HISTORY_DAYS: expected a whole number of days above 0, got undefined; ' +
        'LATCHKEY_EVENTS_UNUSED_DAYS: expected a whole number of days above 0, got "1.5"',
    );
  });
});
