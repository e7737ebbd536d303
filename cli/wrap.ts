import stringWidth from 'string-width';

/** Matches words that stay on one line, because readers copy them: a command, or an option with its value. */
const UNIT = /`[^`]*`|\b(?:latchkey|npm|aws) [a-z]+(?: --[a-z-]+)*(?: [A-Z]{2,})?|(?<![\w-])--[a-z-]+(?:=| )[A-Z]{2,}/g;
/** Replaces a space within a unit. Text for people contains no NUL, because `printable` escapes it. */
const GLUE = '\0';

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
  const words = text
    .slice(indent.length)
    .replaceAll(UNIT, (unit) => unit.replaceAll(' ', GLUE))
    .split(' ');
  const lines: string[] = [];
  for (const word of words) {
    const last = lines.at(-1);
    if (last === undefined || textWidth(`${indent}${last} ${word}`) > width) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines.map((line) => `${indent}${line.replaceAll(GLUE, ' ')}`);
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
