import { describe, expect, test } from '@jest/globals';
import { KeysProblem } from '../../../elements/keysClient.ts';
import { OnceOnlyChange } from '../../../elements/onceOnly.ts';

type Outcome = 'answered' | string;
type Step = readonly [form: object, outcome: Outcome];

/** Runs the steps. Returns the `Idempotency-Key` and the body of each request. Bodies count up with the clock. */
async function runSteps(steps: readonly Step[]): Promise<readonly string[]> {
  let [keys, clock] = [0, 0];
  const change = new OnceOnlyChange<number>({ newIdempotencyKey: () => `key${++keys}` });
  const sent: string[] = [];
  for (const [form, outcome] of steps) {
    const send = async (body: number, { idempotencyKey }: { readonly idempotencyKey: string }) => {
      sent.push(`${idempotencyKey} ${body}`);
      if (outcome !== 'answered') throw new KeysProblem(outcome, '');
    };
    await change.run(form, () => ++clock, send).catch(() => {});
  }
  return sent;
}

describe('a change that must happen once', () => {
  test.each<[string, readonly Step[], readonly string[]]>([
    [
      'repeats its key and its body after a lost response',
      [
        [{ a: 1 }, 'UNREACHABLE'],
        [{ a: 1 }, 'answered'],
      ],
      ['key1 1', 'key1 1'],
    ],
    [
      'repeats them after an outage',
      [
        [{ a: 1 }, 'STORE_UNAVAILABLE'],
        [{ a: 1 }, 'answered'],
      ],
      ['key1 1', 'key1 1'],
    ],
    [
      'repeats them while the server still works',
      [
        [{ a: 1 }, 'IDEMPOTENCY_IN_PROGRESS'],
        [{ a: 1 }, 'answered'],
      ],
      ['key1 1', 'key1 1'],
    ],
    [
      'gets a new key if the form changes',
      [
        [{ a: 1 }, 'UNREACHABLE'],
        [{ a: 2 }, 'answered'],
      ],
      ['key1 1', 'key2 2'],
    ],
    [
      'gets a new key after a rejection',
      [
        [{ a: 1 }, 'INPUT_INVALID'],
        [{ a: 1 }, 'answered'],
      ],
      ['key1 1', 'key2 2'],
    ],
    [
      'gets a new key after a success',
      [
        [{ a: 1 }, 'answered'],
        [{ a: 1 }, 'answered'],
      ],
      ['key1 1', 'key2 2'],
    ],
  ])('%s', async (_, steps, expected) => {
    expect(await runSteps(steps)).toEqual(expected);
  });

  test('sends nothing if the form is invalid, and then starts anew', async () => {
    const change = new OnceOnlyChange<string>({ newIdempotencyKey: () => 'key' });
    const sent: string[] = [];
    const send = async (body: string) => {
      sent.push(body);
    };
    const invalid = () => {
      throw new Error('label: missing');
    };
    await expect(change.run({}, invalid, send)).rejects.toThrow('label: missing');
    await change.run({}, () => 'body', send);
    expect(sent).toEqual(['body']);
  });
});
