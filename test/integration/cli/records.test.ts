import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import picocolors from 'picocolors';
import stringWidth from 'string-width';
import { recordLines } from '../../../cli/records.ts';
import { recordTable } from '../../../cli/recordTable.ts';
import { relativeTime } from '../../../operator/notices.ts';
import { type KeyRecord, publicRecord } from '../../../keys/record.ts';
import { at, makeKey, NOW_MS } from '../../support/keys.ts';

const DAY_MS = 86_400_000;

test.each([
  [0, 'just now'],
  [-59_000, 'just now'],
  [59_000, 'in less than a minute'],
  [-60_000, '1 minute ago'],
  [-3 * 3_600_000, '3 hours ago'],
  [7 * DAY_MS - 5, 'in 7 days'],
  [90 * DAY_MS - 5, 'in 3 months'],
  [-366 * DAY_MS, '1 year ago'],
])('relativeTime formats %i ms from now as %j', (offsetMs, expected) => {
  expect(relativeTime(at(offsetMs), NOW_MS)).toBe(expected);
});

const records: KeyRecord[] = [
  makeKey({ id: 'newer', label: 'a', owner: 'acme', expiresAt: at(2 * DAY_MS), lastUsedAt: at(-3_600_000) }).record,
  makeKey({ id: 'older', label: 'b\u001b[2J\nc\td', createdAt: at(-30 * DAY_MS), revokedAt: at(0) }).record,
];

test('recordTable formats a heading and a line for each key', () => {
  const [head, newer, older, ...rest] = recordTable(records, NOW_MS).split('\n');
  expect(head).toMatch(/^ID +LABEL +PREFIX +OWNER +STATE +CREATED +LAST USED +EXPIRES$/);
  expect(older).toMatch(/^older .*revoked +1mo +never +never$/);
  expect(newer).toMatch(/^newer .*acme +active +1d +1h +2d$/);
  expect(rest).toEqual([]);
});

test('recordLines leaves absent fields empty between its tabs', () => {
  const [newer] = recordLines(records, NOW_MS).split('\n');
  expect(newer?.split('\t').slice(3)).toEqual(['acme', 'active', at(-DAY_MS), at(-3_600_000), at(2 * DAY_MS), '']);
});

describe('the plan of a key', () => {
  const onPlan = records.map((record, index) => (index === 0 ? { ...record, plan: 'free' } : record));

  test('has its own column in recordTable', () => {
    const [head, newer, older] = recordTable(onPlan, NOW_MS).split('\n');
    expect(head).toMatch(/^ID +LABEL +PREFIX +OWNER +PLAN +STATE +CREATED +LAST USED +EXPIRES$/);
    expect(older).toMatch(/revoked +1mo/);
    expect(newer).toMatch(/acme +free +active /);
  });

  test('replaces the creation time and the prefix in recordTable at 80 columns', () => {
    const [head] = recordTable(onPlan, NOW_MS, { width: 80 }).split('\n');
    expect(head).toMatch(/^ID +LABEL +OWNER +PLAN +STATE +LAST USED +EXPIRES$/);
  });

  test('comes last in recordLines', () => {
    const [before, after] = [records, onPlan].map((some) => recordLines(some, NOW_MS).split('\n'));
    expect(after?.[0]).toBe(`${before?.[0]}free`);
    expect(after?.[1]).toBe(before?.[1]);
  });
});

test('recordTable marks active keys that the deployment refuses', () => {
  const { keyPrefix: _, ...foreign } = makeKey().record;
  const revoked = { ...foreign, id: 'a', revokedAt: at(-1) };
  const stateIn = (record: KeyRecord, acceptedKeys?: string) =>
    /active, refused|active|revoked/.exec(recordTable([record], NOW_MS, { acceptedKeys }))?.[0];
  expect(stateIn(foreign, 'sk_')).toBe('active, refused');
  expect(stateIn(foreign, 'any')).toBe('active');
  expect(stateIn(foreign)).toBe('active');
  expect(stateIn(revoked, 'sk_')).toBe('revoked');
  expect(stateIn(makeKey().record, 'sk_')).toBe('active');
});

test.each([recordTable, recordLines])('%p escapes control characters and tabs in a label', (format) => {
  const text = format(records, NOW_MS);
  expect(text).toContain('b\\u001b[2J\\u000ac\\u0009d');
  expect(text).not.toContain('\u001b');
});

test('recordTable shortens a long label instead of the id', () => {
  const id = 'i'.repeat(50);
  const text = recordTable([makeKey({ id, label: '😀'.repeat(50) }).record], NOW_MS);
  expect(text).toContain(id);
  expect(text).toContain(`${'😀'.repeat(29)}…`);
});

test('every format of a record omits its hash', () => {
  const [record] = records;
  if (record === undefined) throw new Error('no record');
  const forms = [recordTable(records, NOW_MS), recordLines(records, NOW_MS), JSON.stringify(publicRecord(record))];
  for (const form of forms) expect(form).not.toContain(record.keyHash);
  expect(publicRecord(record)).toMatchObject({ id: 'newer', expiresAt: at(2 * DAY_MS) });
});

describe('recordTable on a terminal', () => {
  const WORDS = ['build server of the release team', '日本語のとても長いラベルをつけたキー', '👨‍👩‍👧 family 👍👍 é', 'ci'];
  const mixed = WORDS.map(
    (label, index) =>
      makeKey({
        id: `${index}f8c1a52-0000-4000-8000-00000000000a`,
        label,
        owner: 'acme corporation',
        ...(index === 0 ? { plan: 'free' } : {}),
        lastUsedAt: at(-index * 45 * 60_000),
        expiresAt: at((index - 1) * 200 * DAY_MS),
      }).record,
  );
  const colors = picocolors.createColors(true);

  test.each([60, 80, 100, 200])('fits its lines in %d columns', (width) => {
    const lines = recordTable(mixed, NOW_MS, { width, colors }).split('\n');
    expect(lines).toHaveLength(mixed.length + 1);
    for (const line of lines) expect(stringWidth(line)).toBeLessThanOrEqual(width);
  });

  test('aligns its columns despite wide characters and colours', () => {
    const [head = '', ...lines] = recordTable(mixed, NOW_MS, { width: 80, colors }).split('\n');
    const column = stringWidth(head.slice(0, head.indexOf('STATE')));
    const states = lines.map((line) => line.search(/active|expired/));
    expect(lines.map((line, index) => stringWidth(line.slice(0, states[index])))).toEqual(lines.map(() => column));
  });

  test('equals the plain table without its colours', () => {
    const plain = recordTable(mixed, NOW_MS, { width: 80 });
    expect(stripVTControlCharacters(recordTable(mixed, NOW_MS, { width: 80, colors }))).toBe(plain);
  });

  test('colours the state of each key', () => {
    const stateOf = (fields: Partial<KeyRecord>) => {
      const table = recordTable([makeKey(fields).record], NOW_MS, { colors, acceptedKeys: 'sk_' });
      return table.split('\n')[1] ?? '';
    };
    expect(stateOf({})).toContain(colors.green('active'));
    expect(stateOf({ expiresAt: at(DAY_MS) })).toContain(colors.yellow('active'));
    expect(stateOf({ disabledAt: at(-1) })).toContain(colors.yellow('disabled'));
    expect(stateOf({ expiresAt: at(-1) })).toContain(colors.red('expired'));
    expect(stateOf({ revokedAt: at(-1), expiresAt: at(DAY_MS) })).toContain(colors.red('revoked'));
    expect(stateOf({ keyPrefix: 'other' })).toContain(colors.red('active, refused'));
  });

  test('gives the label the most room', () => {
    const [, first = ''] = recordTable(mixed, NOW_MS, { width: 80 }).split('\n');
    expect(first).toMatch(/^0f8c1a52 {2}build server of the rele\S*… {2}acme corpora/);
  });
});
