import { describe, expect, test } from '@jest/globals';
import { distance } from '../../../components/distance.ts';
import { fill, IN_ENGLISH, plural } from '../../../components/language.ts';
import { effectText } from '../../../elements/effectText.ts';
import { ENGLISH } from '../../../elements/english.ts';
import { GERMAN } from '../../../elements/german.ts';
import { KeysProblem } from '../../../elements/keysClient.ts';
import { toKeysLanguage } from '../../../elements/keysLanguage.ts';
import { problemText } from '../../../elements/problemText.ts';
import { relativeTime } from '../../../operator/notices.ts';
import { at, NOW_MS } from '../../support/keys.ts';

const valuesOf = (text: string) => (text.match(/\{\w+\}/g) ?? []).toSorted();

describe('the German texts', () => {
  test('have the names and the values of the English ones', () => {
    const outline = (texts: Readonly<Record<string, string>>) =>
      Object.entries(texts).map(([name, text]) => [name, valuesOf(text)] as const);
    expect(new Map(outline(GERMAN))).toEqual(new Map(outline(ENGLISH)));
  });

  test('are complete and differ from the English ones', () => {
    expect(Object.entries(GERMAN).filter(([, text]) => text === '')).toEqual([]);
    const names = Object.keys(ENGLISH) as (keyof typeof ENGLISH)[];
    const same = names.filter((name) => GERMAN[name] === ENGLISH[name]);
    expect(same).toEqual(['optional', 'count', 'actionOn', 'addressesExample']);
  });
});

describe('toKeysLanguage', () => {
  test.each<[string, Parameters<typeof toKeysLanguage>, string, string]>([
    ['uses the region of a shipped language', ['de-AT', undefined], 'de-AT', 'API-Schlüssel'],
    ['uses English for a language without texts', ['fr', undefined], 'en', 'API keys'],
    ['uses English without a language', ['', undefined], 'en', 'API keys'],
    ['uses English for a text that is no tag', ['de_!', undefined], 'en', 'API keys'],
    ["uses the page's own texts in any language", ['fr', { heading: 'Clés' }], 'fr', 'Clés'],
    ['replaces single texts', ['de', { heading: 'Zugänge' }], 'de', 'Zugänge'],
    ['ignores the names of an object’s own functions', ['constructor', undefined], 'en', 'API keys'],
  ])('%s', (_, given, locale, heading) => {
    const language = toKeysLanguage(...given);
    expect([language.locale, language.texts.heading]).toEqual([locale, heading]);
    expect(language.texts.newKey).not.toBe('');
  });
});

test('fill replaces the values that it knows, also in the order of another language', () => {
  expect(fill('{b} vor {a}, {c}', { a: 1, b: 'x' })).toBe('x vor 1, {c}');
});

test.each([
  ['en', 1, '1 key'],
  ['en', 2, '2 keys'],
  ['pl', 2, '2 klucze'],
])('plural uses the category of the language %s for %p', (locale, count, expected) => {
  const texts = { k_one: '{count} key', k_few: '{count} klucze', k_other: '{count} keys' };
  expect(plural({ texts, locale }, 'k', count)).toBe(expected);
});

test.each([-400 * 86_400_000, -86_400_000, -59_000, 0, 59_000, 3_600_000, 45 * 86_400_000])(
  "distance returns the CLI's text in English for %p ms",
  (ms) => {
    expect(distance(at(ms), NOW_MS, IN_ENGLISH)).toBe(relativeTime(at(ms), NOW_MS));
  },
);

test('distance speaks German', () => {
  expect(distance(at(3 * 86_400_000), NOW_MS, toKeysLanguage('de', undefined))).toBe('in 3 Tagen');
});

test.each([
  [null, 'Refused everywhere soon.'],
  [0, 'Refused everywhere now.'],
  [60, /^Refused everywhere by \d/],
])('effectText states the effect after a delay of %p seconds', (seconds, expected) => {
  expect(effectText('refused', seconds, NOW_MS, toKeysLanguage('en', undefined))).toMatch(expected);
});

describe('problemText', () => {
  const online = { isOnline: true };

  test.each<[string, string, object, string]>([
    ['SESSION_ENDED', 'x', online, ENGLISH.sessionEnded],
    ['UNREACHABLE', 'x', online, ENGLISH.unreachable],
    ['UNREACHABLE', 'x', { isOnline: false }, ENGLISH.offline],
    ['UNREACHABLE', 'x', { isOnline: true, isRepeatable: true }, ENGLISH.maybeDone],
    ['TOO_MANY_KEYS', 'x', online, ENGLISH.problem_TOO_MANY_KEYS],
    ['SOMETHING_NEW', 'as told', online, 'That didn’t work: as told'],
    ['INPUT_INVALID', 'label: expected x', online, 'label: Expected x.'],
    ['INPUT_INVALID', 'colour: unknown', online, 'That didn’t work: colour: unknown'],
  ])('turns %s with the detail %p into a text for %j', (code, detail, place, expected) => {
    const problem = new KeysProblem(code, detail);
    expect(problemText(problem, ENGLISH, { ...online, ...place })).toBe(expected);
  });

  test('translates the message of each field', () => {
    const problem = new KeysProblem('INPUT_INVALID', 'expiresAt: expected x; allowedIps: expected y');
    expect(problemText(problem, GERMAN, online)).toBe(
      `expiry: ${GERMAN.invalid_expiresAt}; allowedIps: ${GERMAN.invalid_allowedIps}`,
    );
  });
});
