import { expect, test } from '@jest/globals';
import { LatchkeyError } from '../../../../keys/errors.ts';
import { readUsagePlanSyncSettings } from '../../../../lambda/usagePlanSync/settings.ts';
import { StreamLog } from '../../../../lambda/usagePlanSync/streamEvents.ts';
import { NOW_MS } from '../../../support/keys.ts';

const RIGHT = { LATCHKEY_PLAN_NAMESPACE: '0123456789abcdef', LATCHKEY_USAGE_PLANS: '{"free":"abc"}' };

function faultOf(environment: Readonly<Record<string, string | undefined>>): LatchkeyError {
  try {
    readUsagePlanSyncSettings(environment);
  } catch (error) {
    if (error instanceof LatchkeyError && error.code === 'CONFIG_INVALID') return error;
    throw error;
  }
  throw new Error('the settings were accepted');
}

test('readUsagePlanSyncSettings reads every environment variable', () => {
  const settings = readUsagePlanSyncSettings({
    LATCHKEY_PLAN_NAMESPACE: 'fedcba9876543210',
    LATCHKEY_USAGE_PLANS: '{"free":"abc","trial":"def"}',
    LATCHKEY_SHARED_USAGE_PLANS: '["ghi","jkl"]',
  });
  expect(settings).toEqual({
    namespace: 'fedcba9876543210',
    usagePlanIds: new Map([
      ['free', 'abc'],
      ['trial', 'def'],
    ]),
    sharedUsagePlanIds: ['ghi', 'jkl'],
  });
});

test('readUsagePlanSyncSettings treats every plan as unshared if LATCHKEY_SHARED_USAGE_PLANS is missing', () => {
  expect(readUsagePlanSyncSettings(RIGHT)).toMatchObject({ sharedUsagePlanIds: [] });
});

const NAMESPACE_EXPECTED = '16 hex digits';
const USAGE_PLANS_EXPECTED = 'a JSON object of plan → id of a usage plan';
const SHARED_EXPECTED = 'a JSON list of ids of usage plans';

test.each([
  ['LATCHKEY_PLAN_NAMESPACE', undefined, NAMESPACE_EXPECTED],
  ['LATCHKEY_PLAN_NAMESPACE', '', NAMESPACE_EXPECTED],
  ['LATCHKEY_PLAN_NAMESPACE', '0', NAMESPACE_EXPECTED],
  ['LATCHKEY_PLAN_NAMESPACE', '0123456789abcde', NAMESPACE_EXPECTED],
  ['LATCHKEY_PLAN_NAMESPACE', '0123456789abcdef0', NAMESPACE_EXPECTED],
  ['LATCHKEY_PLAN_NAMESPACE', '0123456789ABCDEF', NAMESPACE_EXPECTED],
  ['LATCHKEY_USAGE_PLANS', undefined, USAGE_PLANS_EXPECTED],
  ['LATCHKEY_USAGE_PLANS', '', USAGE_PLANS_EXPECTED],
  ['LATCHKEY_USAGE_PLANS', '{', USAGE_PLANS_EXPECTED],
  ['LATCHKEY_USAGE_PLANS', 'null', USAGE_PLANS_EXPECTED],
  ['LATCHKEY_USAGE_PLANS', '7', USAGE_PLANS_EXPECTED],
  ['LATCHKEY_USAGE_PLANS', '"abc"', USAGE_PLANS_EXPECTED],
  ['LATCHKEY_USAGE_PLANS', '["abc"]', USAGE_PLANS_EXPECTED],
  ['LATCHKEY_USAGE_PLANS', '{}', USAGE_PLANS_EXPECTED],
  ['LATCHKEY_USAGE_PLANS', '{"-":"abc"}', USAGE_PLANS_EXPECTED],
  ['LATCHKEY_USAGE_PLANS', '{"free":""}', USAGE_PLANS_EXPECTED],
  ['LATCHKEY_USAGE_PLANS', '{"free":7}', USAGE_PLANS_EXPECTED],
  ['LATCHKEY_USAGE_PLANS', '{"free":"abc","trial":null}', USAGE_PLANS_EXPECTED],
  ['LATCHKEY_SHARED_USAGE_PLANS', '', SHARED_EXPECTED],
  ['LATCHKEY_SHARED_USAGE_PLANS', '[', SHARED_EXPECTED],
  ['LATCHKEY_SHARED_USAGE_PLANS', '{}', SHARED_EXPECTED],
  ['LATCHKEY_SHARED_USAGE_PLANS', '"abc"', SHARED_EXPECTED],
  ['LATCHKEY_SHARED_USAGE_PLANS', '[""]', SHARED_EXPECTED],
  ['LATCHKEY_SHARED_USAGE_PLANS', '["abc",7]', SHARED_EXPECTED],
])('readUsagePlanSyncSettings rejects %s=%j', (name, value, expected) => {
  expect(faultOf({ ...RIGHT, [name]: value }).message).toBe(
    `${name}: expected ${expected}, got ${JSON.stringify(value)}`,
  );
});

test('readUsagePlanSyncSettings reports all problems in one error', () => {
  const environment = { LATCHKEY_USAGE_PLANS: '[]', LATCHKEY_SHARED_USAGE_PLANS: '7' };
  expect(faultOf(environment).message.split('; ')).toEqual([
    expect.stringMatching(/^LATCHKEY_PLAN_NAMESPACE: .*, got undefined$/),
    expect.stringMatching(/^LATCHKEY_USAGE_PLANS: .*, got "\[\]"$/),
    expect.stringMatching(/^LATCHKEY_SHARED_USAGE_PLANS: .*, got "7"$/),
  ]);
});

test('StreamLog logs a fault with every problem of the settings', () => {
  const lines: string[] = [];
  const fault = faultOf({ ...RIGHT, LATCHKEY_USAGE_PLANS: '{}' });
  new StreamLog({ write: (line) => lines.push(line), now: () => NOW_MS }).notStarted(fault);
  expect(lines.map((line): unknown => JSON.parse(line))).toEqual([
    {
      timestamp: new Date(NOW_MS).toISOString(),
      level: 'ERROR',
      message: 'fault',
      code: 'CONFIG_INVALID',
      detail: fault.message,
    },
  ]);
});
