/** Parts a text at its spaces into lines. A word that is longer than a line stays whole, so that it can be copied. */
export function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}

/** Fills the paragraphs of a text anew, where they are too wide. What is indented stays as it is. */
export function fillParagraphs(text: string, width: number): string {
  return text.replaceAll(/^(?! |\n).*(\n(?! |\n).+)*/gm, (paragraph) =>
    paragraph.split('\n').every((line) => line.length <= width)
      ? paragraph
      : wrap(paragraph.replaceAll('\n', ' '), width).join('\n'),
  );
}
