import { describe, expect, test } from '@jest/globals';
import { isPrintable, printable, printableLines } from '../../../keys/printable.ts';

describe('printable', () => {
  test.each([
    ['NUL', '\u0000'],
    ['a newline', '\n'],
    ['an escape sequence', '\u001b'],
    ['a C1 control', '\u009b'],
    ['a soft hyphen', '\u00ad'],
    ['the Arabic letter mark', '\u061c'],
    ['the Mongolian vowel separator', '\u180e'],
    ['a zero-width space', '\u200b'],
    ['a non-joiner', '\u200c'],
    ['a joiner outside of an emoji', '\u200d'],
    ['a left-to-right mark', '\u200e'],
    ['a line separator', '\u2028'],
    ['a paragraph separator', '\u2029'],
    ['an override', '\u202e'],
    ['a word joiner', '\u2060'],
    ['an isolate', '\u2066'],
    ['the end of an isolate', '\u2069'],
    ['a byte order mark', '\ufeff'],
    ['an annotation anchor', '\ufff9'],
    ['a tag character', '\u{e0041}'],
    ['half of a character', '\ud83d'],
    ['a Hangul filler', '\u3164'],
    ['a combining grapheme joiner', '\u034f'],
    ['a variation selector after a letter', '\ufe0f'],
    ['a variation selector of the supplement', '\u{e0101}'],
  ])('escapes %s in a syntax from which JSON.parse restores its value', (_, character) => {
    const text = `a${character}b`;
    expect(printable(text)).toMatch(/^a(\\u[0-9a-f]{4})+b$/);
    const json = JSON.stringify({ text });
    expect(JSON.parse(printable(json))).toEqual({ text });
  });

  test.each(['Zoë Ångström', 'مفتاح', '鍵', '👨‍👩‍👧', '👩🏽‍💻', '❤️‍🔥', 'a\\b "c"'])('keeps %s', (text) => {
    expect(printable(text)).toBe(text);
  });
});

test('printableLines escapes all control characters except newlines and tabs', () => {
  expect(printableLines('a\tb\nc\u202e\r\n')).toBe('a\tb\nc\\u202e\\u000d\n');
});

test.each([
  ['a Persian word with a non-joiner', 'می\u200cخواهم'],
  ['an emoji family', '👨‍👩‍👧'],
  ['a red heart', '❤️'],
])('isPrintable accepts %s', (_, text) => {
  expect(isPrintable(text)).toBe(true);
});

test.each([
  ['a joiner between Latin letters', 'ad\u200dmin'],
  ['a Hangul filler', 'a\u3164'],
  ['NUL', 'a\u0000'],
  ['an override', 'a\u202e'],
  ['a zero-width space', 'a\u200bb'],
  ['a tag character', 'a\u{e0041}'],
])('isPrintable rejects %s', (_, text) => {
  expect(isPrintable(text)).toBe(false);
});
