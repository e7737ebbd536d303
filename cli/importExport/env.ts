import type { ImportedKey } from '../../keys/registry.ts';
import { textLines } from '../textSource.ts';
import { showSettingName, whyNotAKey } from './notAKey.ts';
import { isIssuedKey, readRawKey, type RawKeyOptions } from './rawKey.ts';
import type { ReadEntry } from './readEntry.ts';

type EnvOptions = Pick<RawKeyOptions, 'allowWeak'>;

const MAX_ENV_LINE = 4096;
const BLANK = /^\s*(?:#.*)?$/;

/**
 * Reads raw keys from an `.env` file of comments and lines `NAME=key`, with or without quotes and `export`. Hashes each
 * key immediately. The name becomes the label. Only `keyPrefix` and the hash of the key leave this function. Rejects a
 * value that isn't a key, such as a URL. The problem contains the name and the reason.
 */
export async function* readEnv(chunks: AsyncIterable<string>, options: EnvOptions): AsyncGenerator<ReadEntry> {
  for await (const { line, text } of textLines(chunks, MAX_ENV_LINE)) {
    if (text !== undefined && BLANK.test(text)) continue;
    const read =
      text === undefined ? `the line is longer than ${MAX_ENV_LINE} characters` : readAssignment(text, options);
    yield { position: line, ...(typeof read === 'string' ? { problem: read } : { entry: read }) };
  }
}

const ASSIGNMENT = /^\s*(?:export\s+)?([A-Za-z_][\w.-]*)\s*=(.*)$/;

/** Returns the entry or the problem with it. */
function readAssignment(text: string, options: EnvOptions): ImportedKey | string {
  const [, name, rest = ''] = ASSIGNMENT.exec(text) ?? [];
  // A Base64 key can end with `=`.
  if (name === undefined || rest.trim() === '=') return 'expected NAME=key';
  if (isIssuedKey(name)) return 'expected NAME=key, got a key as the name';
  const read = readValue(name, rest, options);
  return typeof read === 'string' ? `${showSettingName(name)}: ${read}` : read;
}

/**
 * The syntax that is common to shells and dotenv parsers. Some of them expand `$`, `\` and a backtick outside single
 * quotes.
 */
const VALUE = /^(?:\s*(?:'([^']*)'|"([^"$`\\]*)"|([^\s'"#$`\\]+)))?\s*(?:\s#.*)?$/;
const UNREADABLE = 'expected NAME=key; if a shell would expand a character of the key, use single quotes';

function readValue(name: string, rest: string, { allowWeak }: EnvOptions): ImportedKey | string {
  const [isValue, ...values] = VALUE.exec(rest) ?? [];
  if (isValue === undefined) return whyNotAKey(name, unquote(rest)) ?? UNREADABLE;
  const value = values.find((candidate) => candidate !== undefined) ?? '';
  const key = readRawKey(value, { allowWeak, whyNot: (text) => whyNotAKey(name, text) });
  return typeof key === 'string' ? key : { ...key, label: name };
}

function unquote(text: string): string {
  return /^(["'])(.*)\1$/.exec(text.trim())?.[2] ?? text.trim();
}
