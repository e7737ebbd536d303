import { expect, test } from '@jest/globals';
import { useCli } from '../../support/useCli.ts';

/** Control characters, and what Unicode calls line breaks and controls of direction (UAX #9, table 2). */
const INVISIBLE: readonly (readonly [name: string, codePoint: number])[] = [
  ['NUL', 0x00],
  ['BELL', 0x07],
  ['BACKSPACE', 0x08],
  ['TAB', 0x09],
  ['LINE FEED', 0x0a],
  ['CARRIAGE RETURN', 0x0d],
  ['ESCAPE', 0x1b],
  ['UNIT SEPARATOR', 0x1f],
  ['DELETE', 0x7f],
  ['NEXT LINE', 0x85],
  ['CONTROL SEQUENCE INTRODUCER', 0x9b],
  ['APPLICATION PROGRAM COMMAND', 0x9f],
  ['LEFT-TO-RIGHT MARK', 0x200e],
  ['RIGHT-TO-LEFT MARK', 0x200f],
  ['LINE SEPARATOR', 0x2028],
  ['PARAGRAPH SEPARATOR', 0x2029],
  ['LEFT-TO-RIGHT EMBEDDING', 0x202a],
  ['RIGHT-TO-LEFT EMBEDDING', 0x202b],
  ['POP DIRECTIONAL FORMATTING', 0x202c],
  ['LEFT-TO-RIGHT OVERRIDE', 0x202d],
  ['RIGHT-TO-LEFT OVERRIDE', 0x202e],
  ['LEFT-TO-RIGHT ISOLATE', 0x2066],
  ['RIGHT-TO-LEFT ISOLATE', 0x2067],
  ['FIRST STRONG ISOLATE', 0x2068],
  ['POP DIRECTIONAL ISOLATE', 0x2069],
];

const { cli, table } = useCli();

test.each(INVISIBLE)('a label prints %s as an escape, on stdout and in a question', async (_, codePoint) => {
  const character = String.fromCodePoint(codePoint);
  const escape = `\\u${codePoint.toString(16).padStart(4, '0')}`;
  const { record } = await cli.putKey(table, { label: `a${character}b` });
  const shown = await cli.run(['show', record.id], { table });
  expect(shown.stdout).toContain(`a${escape}b\n`);
  const asked = await cli.run(['revoke', record.id], { table, isTerminal: true, input: 'no\n' });
  expect(asked.stderr).toMatch(/"a\\\S+b"/);
  // The output has line feeds of its own.
  if (character !== '\n') expect(shown.stdout + asked.stderr).not.toContain(character);
});

test.each(['a b', 'é', '日本語', 'עברית', '👍', "it's", '~'])('a label prints %j as it is', async (label) => {
  const { record } = await cli.putKey(table, { label });
  const { stdout } = await cli.run(['show', record.id], { table });
  expect(stdout).toContain(`${label}\n`);
});
