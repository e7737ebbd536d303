import { beforeAll, describe, expect, test } from '@jest/globals';
import { createHistoryTableInput } from '../../../keys/history.ts';
import { HistoryStore } from '../../../keys/historyStore.ts';
import type { KeyEvent } from '../../../keys/keyEvent.ts';
import type { KeyRecord } from '../../../keys/record.ts';
import { at } from '../../support/keys.ts';
import { useCli } from '../../support/useCli.ts';

const HISTORY_TABLE = 'history';
const PURGED = '5ed1f1a0-0000-4000-8000-000000000000';

const { cli, table } = useCli();
let record: KeyRecord;
let events: readonly KeyEvent[];
beforeAll(async () => {
  ({ record } = await cli.putKey(table, { id: 'b0000000-0000-4000-8000-000000000001', label: 'ci' }));
  await cli.database.ensureTable(HISTORY_TABLE, createHistoryTableInput);
  const basis = { id: record.id, label: 'ci' };
  const changes = { label: { from: 'old', to: 'ci' }, scopes: { from: null, to: ['a', 'b'] } };
  events = [
    { type: 'KeyCreated', detail: { ...basis, eventId: 'e1', time: at(-5000), version: 0, actor: 'bob' } },
    {
      type: 'KeyUpdated',
      detail: {
        ...basis,
        eventId: 'e2',
        time: at(-4000),
        version: 1,
        actor: 'eve',
        changes,
        changedMetadata: ['team'],
      },
    },
    {
      type: 'KeyExpiring',
      detail: { ...basis, eventId: 'e3', time: at(-3000), version: 1, expiresAt: at(9000), withinDays: 7 },
    },
    {
      type: 'KeyPurged',
      detail: { id: PURGED, label: 'gone', eventId: 'e4', time: at(0), version: 3, reason: 'expired' },
    },
  ];
  await new HistoryStore({ client: cli.database.client, tableName: HISTORY_TABLE }).put(events, 400);
});

const run = (args: readonly string[], options = {}) =>
  cli.run(['history', ...args, '--history-table', HISTORY_TABLE], { table, ...options });

test('history prints tab-separated events to a pipe, oldest first', async () => {
  const { exitCode, stdout, stderr } = await run(['b0000000']);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  const rows = stdout.split('\n').map((line) => line.split('\t'));
  expect(rows.map((cells) => cells.slice(0, 4))).toEqual([
    [at(-5000), 'KeyCreated', 'bob', '0'],
    [at(-4000), 'KeyUpdated', 'eve', '1'],
    [at(-3000), 'KeyExpiring', '', '1'],
    [''],
  ]);
  expect(JSON.parse(rows[1]?.[4] ?? '')).toEqual(events[1]?.detail);
});

test('history prints one JSON document with the whole events', async () => {
  const { stdout } = await run(['b0000000', '--json']);
  const expected = events.slice(0, 3).map(({ type, detail }) => ({ type, ...detail }));
  expect(JSON.parse(stdout)).toEqual({ id: record.id, events: expected });
});

test('history prints who changed what on a terminal', async () => {
  const { stdout } = await run(['b0000000'], { isTerminal: true });
  expect(stdout).toBe(`History of “ci” (${record.id})

${at(-5000)}  KeyCreated by bob

${at(-4000)}  KeyUpdated by eve
    label: old → ci
    scopes: none → ["a","b"]
    metadata: changed team

${at(-3000)}  KeyExpiring
    expiresAt: ${at(9000)}
    withinDays: 7
`);
});

test('history prints only the events between --since and --until', async () => {
  const { stdout } = await run(['b0000000', '--since', at(-4000), '--until', at(-4000)]);
  expect(stdout.split('\n').map((line) => line.split('\t')[1])).toEqual(['KeyUpdated', undefined]);
});

test('history prints the events of a key that was deleted from the table', async () => {
  const { exitCode, stdout } = await run([PURGED], { isTerminal: true });
  expect(exitCode).toBe(0);
  expect(stdout).toContain(`History of the deleted key (${PURGED})`);
  expect(stdout).toContain('reason: expired');
});

test('history says that a key without events has none', async () => {
  const other = await cli.putKey(table, { id: 'c0000000-0000-4000-8000-000000000001', label: 'new' });
  const { exitCode, stdout } = await run([other.record.id], { isTerminal: true });
  expect({ exitCode, stdout }).toEqual({
    exitCode: 0,
    stdout: `History of “new” (${other.record.id})\n\nNo events.\n`,
  });
});

describe('history fails', () => {
  test('for an id that neither table knows', async () => {
    const { exitCode, stderr } = await run(['00000000-0000-4000-8000-000000000000']);
    expect(exitCode).toBe(1);
    expect(stderr).toContain('there is no key with the id');
  });

  test.each([
    [
      'without a table of events',
      ['history', 'b0000000', '--table', 'keys'],
      {},
      'pass --history-table NAME or --stack NAME',
    ],
    ['with --local, because the local table has no stream', ['history', 'b0000000'], {}, 'keeps no history'],
    [
      'if --since is after --until',
      ['history', 'b0000000', '--since', '1d', '--until', '2d', '--history-table', 'history'],
      {},
      '--since',
    ],
  ])('%s', async (_, args, options, message) => {
    const { exitCode, stderr } = await cli.run(args, args.includes('--table') ? options : { table, ...options });
    expect(exitCode).toBe(2);
    expect(stderr).toContain(message);
  });

  test('if the table of events does not exist', async () => {
    const { exitCode, stderr } = await cli.run(['history', 'b0000000', '--history-table', 'mistyped'], { table });
    expect(exitCode).toBe(1);
    expect(stderr).toContain('mistyped');
  });
});
