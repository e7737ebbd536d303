import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import picocolors from 'picocolors';
import stringWidth from 'string-width';
import { cut, fillParagraphs, layOutFields, textWidth, wrap } from '../../../cli/wrap.ts';

const { red } = picocolors.createColors(true);

describe('wrap', () => {
  const word = fc.oneof(fc.string({ minLength: 1, unit: 'grapheme' }), fc.constantFrom('`a b`', 'latchkey', '--table'));
  const text = fc.array(word.map((one) => one.replaceAll(/\s/g, '_'))).map((words) => words.join(' '));

  test('breaks lines only at spaces', () => {
    fc.assert(
      fc.property(text, fc.integer({ min: 1, max: 100 }), (text, width) => {
        expect(wrap(text, width).join(' ')).toBe(text);
      }),
    );
  });

  test('fits each line in the width unless the line is one word or command', () => {
    fc.assert(
      fc.property(fc.array(fc.stringMatching(/^[xyz]{1,12}$/)), fc.integer({ min: 12, max: 40 }), (words, width) => {
        for (const line of wrap(words.join(' '), width)) expect(stringWidth(line)).toBeLessThanOrEqual(width);
      }),
    );
  });

  test.each([
    'see latchkey list --help',
    'pass --table NAME or --stack NAME',
    'sign in with `aws sso login`',
    'start one with npm start',
    'visit http://127.0.0.1:4000/start?token=abc',
    'key 0f8c1a52-0000-4000-8000-00000000000a',
    'Refused everywhere by 16:26:34 (within 5 s).',
    "option '--local' cannot be used with option '--table <name>'",
  ])('keeps the command, URL, id or number of seconds at the end of %j on one line', (text) => {
    const whole =
      /latchkey list --help|--stack NAME|`.*`|npm start|http.*|0f8c.*|5 s\).*|'--table <name>'/.exec(text)?.[0] ?? '';
    for (let width = 1; width < text.length; width++) expect(wrap(text, width).at(-1)).toContain(whole);
  });

  test('repeats the indentation of the first line', () => {
    expect(wrap('  one two three', 9)).toEqual(['  one two', '  three']);
  });

  test('ignores colours and counts wide characters twice', () => {
    expect(wrap(`${red('error:')} 日本 語`, 11)).toEqual([`${red('error:')} 日本`, '語']);
    expect(textWidth(red('👍'))).toBe(2);
  });
});

test('fillParagraphs wraps wide paragraphs and leaves indented lines unchanged', () => {
  const example = `  ${'x '.repeat(20)}`;
  expect(fillParagraphs(`one two three\n\n${example}\nfour`, 8)).toBe(`one two\nthree\n\n${example}\nfour`);
});

describe('cut', () => {
  test.each([
    ['short', 5, 'short'],
    ['longer', 5, 'long…'],
    ['日本語のキー', 6, '日本…'],
    ['👨‍👩‍👧👨‍👩‍👧👨‍👩‍👧', 5, '👨‍👩‍👧👨‍👩‍👧…'],
  ])('shortens %j to %d columns as %j', (text, width, expected) => {
    expect(cut(text, width)).toBe(expected);
  });
});

describe('layOutFields', () => {
  test('aligns values and wraps long ones below their first word', () => {
    const fields = [
      ['id', 'one'],
      ['scopes', 'a:read b:read c:read'],
    ] as const;
    expect(layOutFields(fields, 22)).toBe('id:     one\nscopes: a:read b:read\n        c:read');
  });

  test('puts a wide key on its own line so a terminal does not break it', () => {
    expect(layOutFields([['key', 'k'.repeat(52)]], 54)).toBe(`key:\n${'k'.repeat(52)}`);
  });
});
