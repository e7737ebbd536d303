import { describe, expect, jest, test } from '@jest/globals';
import { findCommands } from '../../../console/page/findCommands.ts';
import { getCommands } from '../../../console/page/getCommands.ts';
import { publicRecord } from '../../../keys/record.ts';
import { at, makeKey, NOW_MS } from '../../support/keys.ts';

const { record, secret } = makeKey({ id: 'ci', label: 'reload robot' });
const KEY = publicRecord(record);
const OTHERS = Array.from({ length: 20 }, (_, index) =>
  publicRecord(makeKey({ id: `k${index}`, label: 'other' }).record),
);

const DEPS = {
  selected: undefined,
  blocked: undefined,
  nowMs: NOW_MS,
  hasShortcuts: true,
  act: jest.fn(),
  go: jest.fn(),
  newKey: jest.fn(),
  reload: jest.fn(),
  showShortcuts: jest.fn(),
};

function find(text: string): readonly string[] {
  const toCommand = ({ id, label }: { id: string; label: string }) => ({
    id,
    name: label,
    group: 'Keys',
    run: () => {},
  });
  const sources = { commands: getCommands(DEPS), keys: [KEY, ...OTHERS], toCommand, nowMs: NOW_MS };
  return findCommands(text, sources).map(({ name }) => name);
}

describe('findCommands', () => {
  test('returns all commands and no keys without any text', () => {
    expect(find(' ')).toEqual(getCommands(DEPS).map(({ name }) => name));
  });

  test('returns matching commands before matching keys', () => {
    expect(find('RELOAD')).toEqual(['Reload all keys', 'reload robot']);
  });

  test('requires every word', () => {
    expect(find('reload robot')).toEqual(['reload robot']);
  });

  test('returns at most eight keys', () => {
    expect(find('other')).toHaveLength(8);
  });

  test('finds the record of a pasted key', () => {
    expect(find(secret)).toEqual(['reload robot']);
  });
});

describe('getCommands', () => {
  const idsOf = (deps: Partial<Parameters<typeof getCommands>[0]>) =>
    getCommands({ ...DEPS, ...deps }).map(({ id }) => id);

  test('begins with the possible actions of the open key', () => {
    const selected = publicRecord(makeKey({ disabledAt: at(-1) }).record);
    expect(idsOf({ selected }).slice(0, 3)).toEqual(['edit', 'enable', 'revoke']);
  });

  test('does not offer changes if the console cannot change anything', () => {
    const changes = new Set(['new', 'edit', 'rotate', 'disable', 'enable', 'revoke']);
    const ids = idsOf({ selected: KEY, blocked: 'read-only' });
    expect(ids.filter((id) => changes.has(id))).toEqual([]);
    expect(ids).toContain('reload');
  });

  test('does not show single-key shortcuts that are turned off', () => {
    expect(getCommands({ ...DEPS, hasShortcuts: false }).every(({ shortcut }) => shortcut === undefined)).toBe(true);
  });
});
