import { describe, expect, test } from '@jest/globals';
import { interleave, timed, type BenchCase } from '../../bench/harness.ts';

/** A case that notes what is done with it, and measures how often it has been measured. */
function noted(name: string, done: string[]): BenchCase {
  let measured = 0;
  return {
    name,
    check: () => done.push(`check ${name}`),
    measure: () => {
      done.push(name);
      return ++measured;
    },
  };
}

describe('rounds', () => {
  test('every case is checked before anything is measured, and measured once in each round', async () => {
    const done: string[] = [];
    const rounds = await interleave([noted('a', done), noted('b', done)], { rounds: 3 });
    expect(done.slice(0, 2)).toEqual(['check a', 'check b']);
    const measured = done.slice(2);
    for (const round of [0, 1, 2]) expect(measured.slice(round * 2, round * 2 + 2).toSorted()).toEqual(['a', 'b']);
    expect(rounds).toEqual({ a: [1, 2, 3], b: [1, 2, 3] });
  });

  test('the order is drawn anew in each round', async () => {
    const done: string[] = [];
    const drawn = [0.1, 0.9, 0.9, 0.1];
    await interleave([noted('a', done), noted('b', done)], { rounds: 2, random: () => drawn.shift() ?? 0 });
    expect(done.slice(2)).toEqual(['a', 'b', 'b', 'a']);
  });

  test('a case that gives a wrong answer is never measured, and ends the run', async () => {
    const done: string[] = [];
    const wrong: BenchCase = {
      ...noted('wrong', done),
      check: () => {
        throw new Error('wrong answer');
      },
    };
    await expect(interleave([noted('a', done), wrong], { rounds: 1 })).rejects.toThrow('wrong answer');
    expect(done).toEqual(['check a']);
  });

  test('what fails while it is measured ends the run', async () => {
    const failing: BenchCase = { ...noted('failing', []), measure: () => Promise.reject(new Error('failed')) };
    await expect(interleave([failing], { rounds: 1 })).rejects.toThrow('failed');
  });

  test('two cases of one name are refused', async () => {
    await expect(interleave([noted('a', []), noted('a', [])], { rounds: 1 })).rejects.toThrow('two cases');
  });
});

describe('a timed case', () => {
  test.each([
    ['an answer', () => 42],
    ['a promise of one', async () => 42],
  ])('is given %s to check, and measures a time', async (_, run) => {
    const answers: number[] = [];
    const one = timed<number>({ name: 'one', run, check: (answer) => answers.push(answer), unitNs: 1000, roundMs: 1 });
    await one.check();
    expect(answers).toEqual([42]);
    expect(await one.measure()).toBeGreaterThan(0);
  });

  test('waits for each run before the next', async () => {
    let running = 0;
    let most = 0;
    const run = async () => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setImmediate(resolve));
      running--;
    };
    const one = timed({ name: 'one', run, check: () => {}, unitNs: 1, roundMs: 1 });
    await one.check();
    await one.measure();
    expect([most, running]).toEqual([1, 0]);
  });

  test('fails by the failure of a run', async () => {
    let runs = 0;
    const run = async () => {
      if (runs++ > 0) throw new Error('refused');
    };
    const one = timed({ name: 'one', run, check: () => {}, unitNs: 1, roundMs: 1 });
    await expect(one.check()).rejects.toThrow('refused');
  });
});
