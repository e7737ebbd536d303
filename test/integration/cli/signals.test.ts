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
] as const)(
  '%s ends the process immediately with exit code %i unless work defers signals',
  async (signal, exitCode) => {
    const { interruption, exits } = setUp();
    await interruption.deferSignals(async () => {});
    interruption.receive(signal);
    expect(exits).toEqual([exitCode]);
  },
);

test('deferSignals completes the work even after three signals', async () => {
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
