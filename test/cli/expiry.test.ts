import { expect, test } from '@jest/globals';
import { InvalidArgumentError } from 'commander';
import { parseExpiry } from '../../cli/expiry.ts';
import { NOW_MS } from '../support/keys.ts';

test.each([
  ['30m', '2030-06-15T12:30:00.000Z'],
  ['12h', '2030-06-16T00:00:00.000Z'],
  ['90d', '2030-09-13T12:00:00.000Z'],
  ['2w', '2030-06-29T12:00:00.000Z'],
  ['1y', '2031-06-15T12:00:00.000Z'],
])('%s is counted from now', (text, expected) => {
  expect(parseExpiry(text, NOW_MS)).toBe(expected);
});

test('a time is left as it was given, for the check of the new key', () => {
  expect(parseExpiry('2030-01-31T12:00:00+02:00', NOW_MS)).toBe('2030-01-31T12:00:00+02:00');
});

test.each(['', '0d', '90', 'd', '-1d', '1.5d', '90 d', '90D', '3mo', '9999y', '2030-01-31', 'tomorrow', 'constructor'])(
  '%j is refused',
  (text) => {
    expect(() => parseExpiry(text, NOW_MS)).toThrow(InvalidArgumentError);
  },
);
