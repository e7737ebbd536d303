import { hashSecret, isKeyPrefix, parseSecret, shownPrefixOf, type KeySecret } from '../../keys/secret.ts';
import type { ImportedKey } from '../../keys/registry.ts';
import type { ImportLine } from './importLine.ts';
import { estimatedBits, MIN_STRENGTH_BITS, shownPartOf } from './keyStrength.ts';
import { isWords, showSettingName, whyNotAKey } from './notAKey.ts';
import { textLines } from './textLines.ts';

export interface KeyListOptions {
  /** Take keys that can be guessed, too. */
  readonly allowWeak: boolean;
}

const MAX_LINE = 4096;
const BLANK = /^\s*(?:#.*)?$/;
const ASSIGNMENT = /^\s*(?:export\s+)?([A-Za-z_][\w.-]*)\s*=(.*)$/;
/** What shells and dotenv readers agree on. In double quotes or none, some of them would read `$`, `\` and a backtick. */
const VALUE = /^(?:\s*(?:'([^']*)'|"([^"$`\\]*)"|([^\s'"#$`\\]+)))?\s*(?:\s#.*)?$/;
const ISSUED = /^([a-z][a-z0-9]*_)[0-9A-Za-z]{49}$/;

/**
 * Reads raw keys as an `.env` file lists them: `NAME=key`, with or without quotes and `export`, and comments. Each is
 * hashed on the spot; its name becomes the label. No part of a key goes further than `keyPrefix` and the hash do. A value
 * that is no key, such as a URL, is rejected with its name and the reason.
 */
export async function* readKeyList(chunks: AsyncIterable<string>, options: KeyListOptions): AsyncGenerator<ImportLine> {
  for await (const { line, text } of textLines(chunks, MAX_LINE)) {
    if (text !== undefined && BLANK.test(text)) continue;
    const read = text === undefined ? `the line is longer than ${MAX_LINE} characters` : readAssignment(text, options);
    yield typeof read === 'string' ? { line, problem: read } : { line, entry: read };
  }
}

/** The entry, or what is wrong. */
function readAssignment(text: string, options: KeyListOptions): ImportedKey | string {
  const [, name, rest = ''] = ASSIGNMENT.exec(text) ?? [];
  // A key in base64 ends so.
  if (name === undefined || rest.trim() === '=') return 'wanted NAME=key';
  if (isIssued(name)) return 'the name is a key: wanted NAME=key';
  const read = readValue(name, rest, options);
  return typeof read === 'string' ? `${showSettingName(name)}: ${read}` : read;
}

function readValue(name: string, rest: string, { allowWeak }: KeyListOptions): ImportedKey | string {
  const [isValue, ...values] = VALUE.exec(rest) ?? [];
  if (isValue === undefined) return whyNotAKey(name, unquoted(rest)) ?? UNREADABLE;
  const value = values.find((candidate) => candidate !== undefined) ?? '';
  const secret = parseSecret(value, { prefix: '', acceptForeignKeys: true });
  if (secret !== undefined && isIssued(secret)) {
    return entryOf(name, secret, shownPrefixOf(secret, prefixOf(secret)));
  }
  const problem = whyNotAKey(name, value);
  if (problem !== undefined) return problem;
  if (secret === undefined) return 'wanted a key of 16 to 255 visible ASCII characters without a comma';
  if (!allowWeak) {
    const bits = estimatedBits(secret);
    if (bits < MIN_STRENGTH_BITS) {
      return `the key is weak: about ${bits} bits by its length and alphabet, wanted ${MIN_STRENGTH_BITS}; --allow-weak takes it`;
    }
    if (isWords(secret)) return 'the key is weak: it is made of words, and not random; --allow-weak takes it';
  }
  return entryOf(name, secret, shownPartOf(secret));
}

const UNREADABLE = 'wanted NAME=key; a key with a character that a shell would read goes between single quotes';

/** What stands in the quotes, for a look at what it may be. */
function unquoted(text: string): string {
  return /^(["'])(.*)\1$/.exec(text.trim())?.[2] ?? text.trim();
}

function entryOf(label: string, secret: KeySecret, keyPrefix: string | undefined): ImportedKey {
  return { keyHash: hashSecret(secret), label, ...(keyPrefix === undefined ? {} : { keyPrefix }) };
}

/** Whether Latchkey issued it, under whatever prefix: such a key has 256 random bits. */
function isIssued(text: string): boolean {
  const prefix = prefixOf(text);
  return isKeyPrefix(prefix) && parseSecret(text, { prefix, acceptForeignKeys: false }) !== undefined;
}

function prefixOf(text: string): string {
  return ISSUED.exec(text)?.[1] ?? '';
}
