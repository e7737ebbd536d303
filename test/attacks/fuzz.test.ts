import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { AMBIGUOUS_ARN_ENDS } from '../../lambda/routes.ts';
import { restRequestEvent } from '../../testing/authorizerEvents.ts';
import { EXAMPLE } from '../../testing/request.ts';
import { mutateBytes, parseEvent } from '../support/byteMutations.ts';
import { expectedAnswer } from '../support/expectedAnswer.ts';
import { EVENT_MAKERS, hostileEvent, shapelessEvent, type ApiTypeName } from '../support/hostileEvents.ts';
import { makeKey } from '../support/keys.ts';
import { SETTINGS } from '../support/fuzzSettings.ts';
import { FuzzTarget, SECRETS, WORLD } from '../support/fuzzTarget.ts';

const RUNS = { numRuns: 10_000 };
const API_TYPES = Object.keys(EVENT_MAKERS) as ApiTypeName[];
const [ACTIVE = makeKey()] = WORLD;
/** The outcomes of hostile events. A run must produce each of them, or it tests too little. */
const OUTCOMES = ['allowed', 'INVALID_KEY', 'KEY_EXPIRED', 'KEY_DISABLED', 'KEY_REVOKED', 'INSUFFICIENT_SCOPE'];

/** Checks the response, the log and `Object.prototype` for each event. Returns the outcomes. */
async function checkEvents(events: fc.Arbitrary<unknown>): Promise<ReadonlySet<string>> {
  const targets = Object.keys(SETTINGS).map((name) => new FuzzTarget(name));
  await fc.assert(
    fc.asyncProperty(events, fc.constantFrom(...targets), async (event, target) => {
      const problems = await target.findProblems(event);
      if (problems.length > 0) throw new Error(`with ${target.settings}: ${problems.join('; ')}`);
    }),
    RUNS,
  );
  return new Set(targets.flatMap(({ outcomes }) => [...outcomes.keys()]));
}

describe('the handler under fuzzing', () => {
  test.each(API_TYPES)(
    "doesn't insert attacker-controlled text into a response or log line for %s events",
    async (apiType) => {
      const outcomes = await checkEvents(hostileEvent(apiType, SECRETS));
      expect([...outcomes]).toEqual(expect.arrayContaining(OUTCOMES));
    },
  );

  test('never allows an event from an unknown event source', async () => {
    const outcomes = await checkEvents(shapelessEvent);
    expect([...outcomes]).not.toContain('allowed');
  });

  test("doesn't insert attacker-controlled text into a response or log line if an event's bytes are mutated", async () => {
    // One random number for all three fields, because generating it takes longer than the rest.
    const mutation = fc.nat().map((bits) => ({ way: bits, at: bits >>> 3, value: bits >>> 15 }));
    const events = API_TYPES.map((apiType) =>
      Buffer.from(JSON.stringify(EVENT_MAKERS[apiType]({ key: ACTIVE.secret }))),
    );
    const changed = fc
      .tuple(fc.constantFrom(...events), fc.array(mutation, { minLength: 1, maxLength: 4 }))
      .map(([event, mutations]) => parseEvent(mutateBytes(event, mutations)))
      .filter((parsed) => parsed !== undefined)
      .map(({ event }) => event);
    const outcomes = await checkEvents(changed);
    expect([...outcomes]).toEqual(expect.arrayContaining(['allowed', 'INVALID_KEY', 'EVENT_UNKNOWN']));
  });
});

describe('expectedAnswer', () => {
  const scopes = SETTINGS['scopes'] ?? { environment: {} };
  const findSecret = (id: string) => WORLD.find(({ record }) => record.id === id)?.secret ?? '';
  const policy = (id: string, code: string, effect: string, ...ends: readonly string[]) => {
    const resources = ends.map((end) => `${EXAMPLE.arn}/prod/${end}`);
    return { code, ...(code === 'INSUFFICIENT_SCOPE' ? { keyId: id } : {}), principalId: id, effect, resources };
  };

  test.each([
    ['a key with another scheme', 'authorization', `Basic ${findSecret('active')}`, 'Unauthorized'],
    ['a key in a cookie', 'cookie', `Bearer ${findSecret('active')}`, 'Unauthorized'],
    [
      'a key after an additional letter',
      'authorization',
      `Bearer x${findSecret('active')}`,
      policy('anonymous', 'INVALID_KEY', 'Deny', '*'),
    ],
    [
      'a key with scopes',
      'authorization',
      `Bearer ${findSecret('scoped')}`,
      policy('scoped', 'INSUFFICIENT_SCOPE', 'Allow,Deny', 'GET/orders/*', ...AMBIGUOUS_ARN_ENDS),
    ],
    [
      'a key with an empty list of scopes',
      'authorization',
      `Bearer ${findSecret('closed')}`,
      policy('closed', 'INSUFFICIENT_SCOPE', 'Deny', '*'),
    ],
    [
      'a revoked key',
      'authorization',
      `Bearer ${findSecret('revoked')}`,
      policy('revoked', 'KEY_REVOKED', 'Deny', '*'),
    ],
  ])('returns the correct response for %s', (_, name, value, expected) => {
    expect(expectedAnswer(restRequestEvent({ headers: [[name, value]] }), scopes, WORLD)).toEqual(expected);
  });
});
