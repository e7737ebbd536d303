import { hashSecret, isKeyPrefix, parseSecret, shownPrefixOf, type KeySecret } from '../../keys/secret.ts';
import type { ImportedKey } from '../../keys/registry.ts';
import type { ImportLine } from './importLine.ts';
import { estimatedBits, MIN_STRENGTH_BITS, shownPartOf } from './keyStrength.ts';
import { textLines } from './textLines.ts';

export interface KeyListOptions {
  /** Take keys that can be guessed, too. */
  readonly allowWeak: boolean;
}

const MAX_LINE = 4096;
const BLANK = /^\s*(?:#.*)?$/;
/** What shells and dotenv readers agree on. In double quotes or none, some of them would read `$`, `\` and a backtick. */
const ASSIGNMENT =
  /^\s*(?:export\s+)?([A-Za-z_][\w.-]*)\s*=(?:\s*(?:'([^']*)'|"([^"$`\\]*)"|([^\s'"#$`\\]+)))?\s*(?:\s#.*)?$/;
const ISSUED = /^([a-z][a-z0-9]*_)[0-9A-Za-z]{49}$/;

/**
 * Reads raw keys as an `.env` file lists them: `NAME=key`, with or without quotes and `export`, and comments. Each is
 * hashed on the spot; its name becomes the label. No part of a key goes further than `keyPrefix` and the hash do.
 */
export async function* readKeyList(chunks: AsyncIterable<string>, options: KeyListOptions): AsyncGenerator<ImportLine> {
  for await (const { line, text } of textLines(chunks, MAX_LINE)) {
    if (text !== undefined && BLANK.test(text)) continue;
    const read = text === undefined ? `the line is longer than ${MAX_LINE} characters` : readAssignment(text, options);
    yield typeof read === 'string' ? { line, problem: read } : { line, entry: read };
  }
}

/** The entry, or what is wrong. */
function readAssignment(text: string, { allowWeak }: KeyListOptions): ImportedKey | string {
  const [, label, ...values] = ASSIGNMENT.exec(text) ?? [];
  if (label === undefined) {
    return 'wanted NAME=key; a key with a character that a shell would read goes between single quotes';
  }
  if (isIssued(label)) return 'the name is a key: wanted NAME=key';
  const secret = parseSecret(values.find((value) => value !== undefined) ?? '', {
    prefix: '',
    acceptForeignKeys: true,
  });
  if (secret === undefined) return 'the key: wanted 16 to 255 visible ASCII characters without a comma';
  if (isIssued(secret)) return entryOf(label, secret, shownPrefixOf(secret, prefixOf(secret)));
  const bits = estimatedBits(secret);
  if (bits < MIN_STRENGTH_BITS && !allowWeak) {
    return `the key is weak: about ${bits} bits by its length and alphabet, wanted ${MIN_STRENGTH_BITS}; --allow-weak takes it`;
  }
  return entryOf(label, secret, shownPartOf(secret));
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
