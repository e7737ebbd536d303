import { Tokenizer, TokenParser, TokenType } from '@streamparser/json';
import { CliError } from '../../operator/errors.ts';

/** A part of a JSON document. */
export interface JsonPart {
  /** The names above the part: `['items']` for an entry of the list `items`, and `[]` for a top-level entry. */
  readonly path: readonly string[];
  /** The index in a list, from 0, or the name in an object. */
  readonly key: string | number;
  readonly value: unknown;
  /** The number of the document in the text, from 0. */
  readonly document: number;
}

/** Options of `readJsonParts`. */
export interface JsonPartsOptions {
  /** Receives the name of each list at the top level of an object, and `''` for a document that is a list. */
  readonly onList?: (name: string) => void;
  /** Accepts several documents, one after the other. It receives the number of documents at the end of the text. */
  readonly onEnd?: (documentCount: number) => void;
}

/**
 * Yields the parts of a JSON document that the paths select, such as `$.items.*`. It drops the rest, so a document of
 * any size needs little memory.
 *
 * @throws CliError `IMPORT_INVALID` if the text isn't a single JSON document, or several with `onEnd`
 */
export async function* readJsonParts(
  chunks: AsyncIterable<string>,
  paths: readonly string[],
  { onList = () => {}, onEnd }: JsonPartsOptions = {},
): AsyncGenerator<JsonPart> {
  const parts: JsonPart[] = [];
  let document = 0;
  // The parser accepts the next document without a separator if the separator is empty.
  const several = onEnd === undefined ? {} : { separator: '' };
  const tokenizer = new Tokenizer({ stringBufferSize: STRING_BUFFER, ...several });
  const parser = new TokenParser({ paths: [...paths], keepStack: false, ...several });
  const follow = depthFollower(onList);
  tokenizer.onToken = (token) => {
    const isEnd = follow(token);
    parser.write(token);
    if (isEnd) document++;
  };
  parser.onValue = ({ value, key, stack }) => {
    parts.push({ path: stack.slice(1).map((level) => String(level.key)), key: key ?? '', value, document });
  };
  // The parser's messages quote the text, which may contain a key.
  const orInvalid = (work: () => void): void => {
    try {
      work();
    } catch {
      throw invalidDocument(onEnd === undefined ? NOT_ONE_DOCUMENT : NOT_DOCUMENTS);
    }
  };
  for await (const chunk of chunks) {
    orInvalid(() => tokenizer.write(chunk));
    yield* parts.splice(0);
  }
  if (!parser.isEnded) orInvalid(() => parser.end());
  if (document === 0) throw invalidDocument(NOT_ONE_DOCUMENT);
  onEnd?.(document);
}

/** Returns whether a text is JSON with an object or a list, by its start. */
export function isJsonText(head: string): boolean {
  return /^\s*[[{]/.test(head);
}

/** Returns whether a text is a list in JSON, by its start. */
export function isJsonList(head: string): boolean {
  return /^\s*\[/.test(head);
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
  const isList = isJsonList(head);
  const found = new Set<string>();
  const paths = isList ? ['$.*'] : names.map((name) => `$.${name}.*`);
  for await (const part of readJsonParts(chunks, paths, { onList: (name) => found.add(name) })) {
    if (typeof part.key === 'number') yield part;
  }
  if (isList || names.some((name) => found.has(name))) return;
  throw invalidDocument(`it has no list ${names.map((name) => `"${name}"`).join(' or ')} at its top level`);
}

/** The length of a buffer in bytes. Without it, each escaped character would copy its string. */
const STRING_BUFFER = 4096;

const NOT_ONE_DOCUMENT = "it isn't a single JSON document";
const NOT_DOCUMENTS = "it isn't JSON, or it ends within a document";

/** Returns the error about a document that can't be read. */
export function invalidDocument(why: string): CliError {
  return new CliError('IMPORT_INVALID', `cannot read the file as a JSON document: ${why}`);
}

/**
 * Returns a function that receives each token, and reports the lists that start at the top level of an object. It
 * returns `true` for the end of a document.
 */
function depthFollower(onList: (name: string) => void): (token: Parameters<Tokenizer['onToken']>[0]) => boolean {
  let depth = 0;
  let name = '';
  return ({ token, value }) => {
    if (token === TokenType.LEFT_BRACKET && depth <= 1) onList(depth === 0 ? '' : name);
    if (token === TokenType.LEFT_BRACKET || token === TokenType.LEFT_BRACE) depth++;
    if (token === TokenType.STRING && depth === 1) name = String(value);
    if (token !== TokenType.RIGHT_BRACKET && token !== TokenType.RIGHT_BRACE) return false;
    depth--;
    return depth === 0;
  };
}
