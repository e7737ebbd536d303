import { describe, expect, test } from '@jest/globals';
import { createStreamColors } from '../../../operator/colors.ts';
import { createStepRunner } from '../../../local/steps.ts';

const BUILD = { doing: 'building', done: 'built' };

/** Returns a step runner whose clock advances by 2.1 s between two calls, and its output. */
function stepRunner(isTerminal: boolean) {
  let output = '';
  let nowMs = 0;
  const runStep = createStepRunner({
    write: (text) => (output += text),
    colors: createStreamColors({ stream: {}, env: {} }),
    isTerminal,
    now: () => (nowMs += 2100),
  });
  return { runStep, getOutput: () => output };
}

describe('a step of the start', () => {
  test('prints its duration and returns the result of its work', async () => {
    const { runStep, getOutput } = stepRunner(false);
    expect(await runStep(BUILD, async () => 'result')).toBe('result');
    expect(getOutput()).toBe('✓ built in 2.1 s\n');
  });

  test('shows its name on a terminal until it ends', async () => {
    const { runStep, getOutput } = stepRunner(true);
    await runStep(BUILD, async () => expect(getOutput()).toBe('building…'));
    expect(getOutput()).toBe('building…\r\u001B[2K✓ built in 2.1 s\n');
  });

  test.each([
    [true, 'building…\r\u001B[2K'],
    [false, ''],
  ])('leaves no line behind if it fails (terminal: %p)', async (isTerminal, expected) => {
    const { runStep, getOutput } = stepRunner(isTerminal);
    await expect(runStep(BUILD, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(getOutput()).toBe(expected);
  });
});
