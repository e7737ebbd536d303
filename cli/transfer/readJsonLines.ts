import { parseJson } from '../parseJson.ts';
import { objectLine, type ImportLine } from './importLine.ts';
import { textLines } from './textLines.ts';

/** Far more than a key with all its fields needs. */
const MAX_LINE = 64 * 1024;

/** Reads JSON Lines of hashes: what `export` writes. */
export async function* readJsonLines(chunks: AsyncIterable<string>): AsyncGenerator<ImportLine> {
  for await (const { line, text } of textLines(chunks, MAX_LINE)) {
    if (text === undefined) yield { line, problem: `the line is longer than ${MAX_LINE} characters` };
    else if (text.trim() !== '') yield objectLine(line, parseJson(text));
  }
}
