import stringWidth from 'string-width';

/** Returns the columns that a text takes up on a terminal. Colours take up none, and an emoji takes up two. */
export function textWidth(text: string): number {
  return stringWidth(text);
}

/**
 * Splits a string at its spaces into lines. A word longer than a line stays in one piece, and so does a command. You
 * can therefore copy it. Each line has the indentation of the first line.
 */
export function wrap(text: string, width: number): readonly string[] {
  const indent = /^ */.exec(text)?.[0] ?? '';
  const lines: string[] = [];
  for (const unit of splitUnits(text.slice(indent.length))) {
    const last = lines.at(-1);
    if (last === undefined || textWidth(`${indent}${last} ${unit}`) > width) lines.push(unit);
    else lines[lines.length - 1] = `${last} ${unit}`;
  }
  return lines.map((line) => `${indent}${line}`);
}

/** Splits a text into words. A command is one unit, because readers copy it, and so is a number of seconds. */
function splitUnits(text: string): readonly string[] {
  const units: string[][] = [];
  for (const word of text.split(' ')) {
    const last = units.at(-1);
    if (last !== undefined && isNextOf(last, word)) last.push(word);
    else units.push([word]);
  }
  return units.map((words) => words.join(' '));
}

const MAX_WORDS = 8;
const PROGRAM = /^[(“]?(?:latchkey|npm|aws)$/;
const OPTION = /^[(“']?--[a-z][a-z-]*$/;
/** Matches a placeholder, such as `NAME` or `<name>`. */
const VALUE = /^(?:[A-Z]{2,}\W?|<[a-z-]+>\W{0,2})$/;
/** The least length of a value to copy, such as a cursor. */
const LONG = 20;

/** Matches a number before its unit, such as `5` before `s)`. */
const NUMBER = /^\d+$/;
const SECONDS = /^s\b/;

/** Returns whether a word belongs to a command in backquotes, a program's arguments, an option, or a number. */
function isNextOf(unit: readonly string[], word: string): boolean {
  const [first = ''] = unit;
  const last = unit.at(-1) ?? '';
  if (unit.length === MAX_WORDS) return false;
  if (NUMBER.test(last) && SECONDS.test(word)) return true;
  if (unit.join('').split('`').length === 2) return true;
  if (OPTION.test(last) && (VALUE.test(word) || word.length >= LONG)) return true;
  return PROGRAM.test(first) && (unit.length === 1 ? /^[a-z]/.test(word) : /^--[a-z]/.test(word) || VALUE.test(word));
}

/** Wraps the paragraphs that are wider than `width`. Indented lines stay unchanged. */
export function fillParagraphs(text: string, width: number): string {
  return text.replaceAll(/^(?! |\n).*(\n(?! |\n).+)*/gm, (paragraph) =>
    paragraph.split('\n').every((line) => textWidth(line) <= width)
      ? paragraph
      : wrap(paragraph.replaceAll('\n', ' '), width).join('\n'),
  );
}

/** Shortens a text to a number of columns, with an ellipsis at its end. An emoji or an accent stays in one piece. */
export function cut(text: string, width: number): string {
  if (textWidth(text) <= width) return text;
  let shown = '';
  for (const { segment } of new Intl.Segmenter('en').segment(text)) {
    if (textWidth(shown) + textWidth(segment) > width - 1) break;
    shown += segment;
  }
  return `${shown}…`;
}

/** A name and its value, which may contain colours. */
export type Field = readonly [name: string, value: string];

/** Returns fields with one line for each, unless a value is wider than `width`. A value of one word stays whole. */
export function layOutFields(fields: readonly Field[], width: number): string {
  const nameWidth = Math.max(...fields.map(([name]) => name.length)) + 2;
  const indent = ' '.repeat(nameWidth);
  return fields
    .map(([name, value]) => {
      const isTooWide = !value.includes(' ') && textWidth(value) > width - nameWidth;
      // You could not copy a key or an id that the terminal broke.
      if (isTooWide) return `${name}:\n${value}`;
      return `${`${name}:`.padEnd(nameWidth)}${wrap(value, width - nameWidth).join(`\n${indent}`)}`;
    })
    .join('\n');
}
