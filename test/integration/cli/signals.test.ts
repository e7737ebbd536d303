import { expect, test } from '@jest/globals';
import { Interruption } from '../../../cli/signals.ts';

function setUp() {
  const exits: number[] = [];
  const notes: string[] = [];
  const interruption = new Interruption({ exit: (code) => exits.push(code), note: (line) => notes.push(line) });
  return { interruption, exits, notes };
}

test.each([
  ['SIGHUP', 129],
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('%s ends the process at once with %i if no work defers signals', async (signal, exitCode) => {
  const { interruption, exits } = setUp();
  await interruption.deferSignals(async () => {});
  interruption.receive(signal);
  expect(exits).toEqual([exitCode]);
});

test('deferSignals finishes the work after any number of signals, and the work can see the exit code', async () => {
  const { interruption, exits, notes } = setUp();
  const result = await interruption.deferSignals(async () => {
    expect(interruption.exitCode).toBeUndefined();
    interruption.receive('SIGINT');
    interruption.receive('SIGINT');
    interruption.receive('SIGTERM');
    return interruption.exitCode;
  });
  expect(result).toBe(130);
  expect(exits).toEqual([]);
  expect(notes).toHaveLength(1);
});
