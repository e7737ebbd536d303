import { describe, expect, test } from '@jest/globals';
import { timeOfDay } from '../../../components/exactTime.ts';
import { IN_ENGLISH } from '../../../components/language.ts';
import { effectSentence } from '../../../console/page/effect.ts';
import { NOW_MS } from '../../support/keys.ts';

describe('effectSentence', () => {
  test('names the time of day when all authorizers have noticed the change', () => {
    expect(effectSentence('Refused', 60, NOW_MS)).toBe(
      `Refused everywhere by ${timeOfDay(NOW_MS + 60_000, IN_ENGLISH)} (within 60 s).`,
    );
  });

  test.each([
    [0, 'Refused everywhere now.'],
    [null, "Refused everywhere once the authorizers' caches expire."],
  ])('does not name a time for the delay %p', (delaySeconds, expected) => {
    expect(effectSentence('Refused', delaySeconds, NOW_MS)).toBe(expected);
  });
});
