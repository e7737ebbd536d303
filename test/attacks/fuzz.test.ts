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
/** What hostile events come to. A run that never saw one of these tried less than it says. */
const OUTCOMES = ['allowed', 'INVALID_KEY', 'KEY_EXPIRED', 'KEY_DISABLED', 'KEY_REVOKED', 'INSUFFICIENT_SCOPE'];

/** Whatever the event is, nothing is wrong with the answer, the log or the prototype of all objects. Returns what came of them. */
async function holdOut(events: fc.Arbitrary<unknown>): Promise<ReadonlySet<string>> {
  const targets = Object.keys(SETTINGS).map((name) => new FuzzTarget(name));
  await fc.assert(
    fc.asyncProperty(events, fc.constantFrom(...targets), async (event, target) => {
      const problems = await target.problemsOf(event);
      if (problems.length > 0) throw new Error(`with ${target.settings}: ${problems.join('; ')}`);
    }),
    RUNS,
  );
  return new Set(targets.flatMap(({ outcomes }) => [...outcomes.keys()]));
}

describe('10,000 hostile events', () => {
  test.each(API_TYPES)('of %s get no answer, policy, context or log line of the attacker', async (apiType) => {
    const outcomes = await holdOut(hostileEvent(apiType, SECRETS));
    expect([...outcomes]).toEqual(expect.arrayContaining(OUTCOMES));
  });

  test('of no surface at all are faults, or answered as no key', async () => {
    const outcomes = await holdOut(shapelessEvent);
    expect([...outcomes]).not.toContain('allowed');
  });

  test('of which the bytes were changed, and which are JSON yet, get no more', async () => {
    // One number for all of it: to draw takes longer than all the rest.
    const mutation = fc.nat().map((bits) => ({ way: bits, at: bits >>> 3, value: bits >>> 15 }));
    const events = API_TYPES.map((apiType) =>
      Buffer.from(JSON.stringify(EVENT_MAKERS[apiType]({ key: ACTIVE.secret }))),
    );
    const changed = fc
      .tuple(fc.constantFrom(...events), fc.array(mutation, { minLength: 1, maxLength: 4 }))
      .map(([event, mutations]) => parseEvent(mutateBytes(event, mutations)))
      .filter((parsed) => parsed !== undefined)
      .map(({ event }) => event);
    const outcomes = await holdOut(changed);
    expect([...outcomes]).toEqual(expect.arrayContaining(['allowed', 'INVALID_KEY', 'EVENT_UNKNOWN']));
  });
});

describe('the answer that hostile events are held against: of a request', () => {
  const scopes = SETTINGS['scopes'] ?? { environment: {} };
  const secretOf = (id: string) => WORLD.find(({ record }) => record.id === id)?.secret ?? '';
  const policy = (id: string, code: string, effect: string, ...ends: readonly string[]) => {
    const resources = ends.map((end) => `${EXAMPLE.arn}/prod/${end}`);
    return { code, ...(code === 'INSUFFICIENT_SCOPE' ? { keyId: id } : {}), principalId: id, effect, resources };
  };

  test.each([
    ['with a key of another scheme', 'authorization', `Basic ${secretOf('active')}`, 'Unauthorized'],
    ['with a key as a cookie', 'cookie', `Bearer ${secretOf('active')}`, 'Unauthorized'],
    [
      'with a key in a word',
      'authorization',
      `Bearer x${secretOf('active')}`,
      policy('anonymous', 'INVALID_KEY', 'Deny', '*'),
    ],
    [
      'of a key with scopes',
      'authorization',
      `Bearer ${secretOf('scoped')}`,
      policy('scoped', 'INSUFFICIENT_SCOPE', 'Allow,Deny', 'GET/orders/*', ...AMBIGUOUS_ARN_ENDS),
    ],
    [
      'of a key without any',
      'authorization',
      `Bearer ${secretOf('closed')}`,
      policy('closed', 'INSUFFICIENT_SCOPE', 'Deny', '*'),
    ],
    [
      'of a key that was revoked',
      'authorization',
      `Bearer ${secretOf('revoked')}`,
      policy('revoked', 'KEY_REVOKED', 'Deny', '*'),
    ],
  ])('%s', (_, name, value, expected) => {
    expect(expectedAnswer(restRequestEvent({ headers: [[name, value]] }), scopes, WORLD)).toEqual(expected);
  });
});
