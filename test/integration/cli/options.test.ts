import { expect, test } from '@jest/globals';
import { InvalidArgumentError } from 'commander';
import { parseExpiry } from '../../../cli/options.ts';
import { NOW_MS } from '../../support/keys.ts';

test.each([
  ['30m', '2030-06-15T12:30:00.000Z'],
  ['12h', '2030-06-16T00:00:00.000Z'],
  ['90d', '2030-09-13T12:00:00.000Z'],
  ['2w', '2030-06-29T12:00:00.000Z'],
  ['1y', '2031-06-15T12:00:00.000Z'],
])('parseExpiry adds %s to the current time', (text, expected) => {
  expect(parseExpiry(text, NOW_MS)).toBe(expected);
});

test.each([
  ['2030-01-31T12:00:00+02:00', '2030-01-31T10:00:00.000Z'],
  ['2030-01-31T12:00:00.123456789Z', '2030-01-31T12:00:00.123Z'],
  ['2030-01-31 12:00:00+0100', '2030-01-31T11:00:00.000Z'],
  ['2027-01-01', '2027-01-01T23:59:59.999Z'],
])('parseExpiry parses %s as %s', (text, expected) => {
  expect(parseExpiry(text, NOW_MS)).toBe(expected);
});

test.each(['2030-01-31T12:00:00', '2030-01-31 12:00'])(
  'parseExpiry rejects the time %s because it lacks a time zone',
  (text) => {
    expect(() => parseExpiry(text, NOW_MS)).toThrow(/no zone.*Z/);
  },
);

const NO_DURATIONS = ['', '0d', '90', 'd', '-1d', '1.5d', '90 d', '90D', '3mo', '9999y', 'tomorrow', 'constructor'];
const NO_TIMES = [
  '2030-02-30',
  '2030-01-31T25:00:00Z',
  '2030-12-31T23:59:60Z',
  '10000-01-01',
  '-2030-01-31',
  '2030-1-31',
];

test.each(NO_DURATIONS.concat(NO_TIMES))('parseExpiry rejects %j', (text) => {
  expect(() => parseExpiry(text, NOW_MS)).toThrow(InvalidArgumentError);
  expect(() => parseExpiry(text, NOW_MS)).toThrow(/2030-01-31 \(until the end of that day in UTC\)/);
});
