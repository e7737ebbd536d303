import { Tokenizer, TokenParser, TokenType } from '@streamparser/json';
import { CliError } from '../../operator/errors.ts';

/** A part of a JSON document. */
export interface JsonPart {
  /** The names above the part: `['items']` for an entry of the list `items`, and `[]` for a top-level entry. */
  readonly path: readonly string[];
  /** The index in a list, from 0, or the name in an object. */
  readonly key: string | number;
  readonly value: unknown;
}

/**
 * Yields the parts of one JSON document that the paths select, such as `$.items.*`. It drops the rest, so a document of
 * any size needs little memory.
 *
 * @param onList Receives the name of each list at the top level of an object, and `''` for a document that is a list
 * @throws CliError `IMPORT_INVALID` if the text isn't a single JSON document
 */
export async function* readJsonParts(
  chunks: AsyncIterable<string>,
  paths: readonly string[],
  onList: (name: string) => void = () => {},
): AsyncGenerator<JsonPart> {
  const parts: JsonPart[] = [];
  const tokenizer = new Tokenizer();
  const parser = new TokenParser({ paths: [...paths], keepStack: false });
  const reportList = listReporter(onList);
  tokenizer.onToken = (token) => {
    reportList(token);
    parser.write(token);
  };
  parser.onValue = ({ value, key, stack }) => {
    parts.push({ path: stack.slice(1).map((level) => String(level.key)), key: key ?? '', value });
  };
  for await (const chunk of chunks) {
    try {
      tokenizer.write(chunk);
    } catch {
      // The parser's message quotes the text, which may contain a key.
      throw invalidDocument(NOT_ONE_DOCUMENT);
    }
    yield* parts.splice(0);
  }
  if (!parser.isEnded) throw invalidDocument(NOT_ONE_DOCUMENT);
}

/**
 * Yields the entries of a JSON document that is a list, or of its top-level lists with the given names.
 *
 * @throws CliError `IMPORT_INVALID` if the text isn't a single JSON document, or has none of these lists
 */
export async function* readJsonList(
  chunks: AsyncIterable<string>,
  head: string,
  names: readonly string[],
): AsyncGenerator<JsonPart> {
  const isList = /^[\s\ufeff]*\[/.test(head);
  const found = new Set<string>();
  const paths = isList ? ['$.*'] : names.map((name) => `$.${name}.*`);
  for await (const part of readJsonParts(chunks, paths, (name) => found.add(name))) {
    if (typeof part.key === 'number') yield part;
  }
  if (isList || names.some((name) => found.has(name))) return;
  throw invalidDocument(`it has no list ${names.map((name) => `"${name}"`).join(' or ')} at its top level`);
}

const NOT_ONE_DOCUMENT = "it isn't a single JSON document";

/** Returns the error about a document that can't be read. */
export function invalidDocument(why: string): CliError {
  return new CliError('IMPORT_INVALID', `cannot read the file as a JSON document: ${why}`);
}

/** Returns a function that receives each token, and reports the lists that start at the top level of an object. */
function listReporter(onList: (name: string) => void): Tokenizer['onToken'] {
  let depth = 0;
  let name = '';
  return ({ token, value }) => {
    if (token === TokenType.LEFT_BRACKET && depth <= 1) onList(depth === 0 ? '' : name);
    if (token === TokenType.LEFT_BRACKET || token === TokenType.LEFT_BRACE) depth++;
    if (token === TokenType.RIGHT_BRACKET || token === TokenType.RIGHT_BRACE) depth--;
    if (token === TokenType.STRING && depth === 1) name = String(value);
  };
}
