import { isExternal } from '../../keys/acceptedKeys.ts';
import { isKeyPrefix, MAX_PREFIX_LENGTH } from '../../keys/keyPrefix.ts';
import { MAX_SHOWN_LENGTH } from '../../keys/secret.ts';

/**
 * Returns why a setting can't be an API key, or `undefined` if it can be one. The value may be a URL, an address, a
 * path, a placeholder or a hash, for example. The name can also indicate another kind of value. The reason never
 * repeats the value.
 */
export function whyNotAKey(name: string, value: string): string | undefined {
  if (value === '') return 'no value';
  if (HASH.test(value)) return `the value looks like a SHA-256 hash: ${USE_KEY_HASH}`;
  if (OTHER_HASH.test(value)) return 'the value is a hash, not a key';
  const kind = VALUE_KINDS.find(({ pattern }) => pattern.test(value));
  return kind === undefined ? whyNotByName(name) : `the value is ${kind.what}, not a key`;
}

/** A common kind of setting that isn't a key. `what` is its name in messages. */
interface Kind {
  readonly what: string;
  readonly pattern: RegExp;
}

/** URL schemes without `//`. Any other word before a colon may be the first half of a key. */
const BARE_SCHEMES = 'mailto|data|urn|arn|file|sms|tel|jdbc|sqlite|blob|about|javascript';
const FILE_ENDINGS =
  'json|pem|key|crt|cer|der|p12|pfx|jks|pub|asc|ya?ml|toml|ini|conf|cfg|properties|env|log|txt|md|csv|xml|html?|db|sqlite3?|sock|pid|sh|[cm]?[jt]s|py|css|png|jpe?g|svg|ico|gz|tgz|zip|tar';
const LABEL = '[a-z0-9](?:[a-z0-9-]*[a-z0-9])?';
const PORT_AND_PATH = '(?::\\d{1,5})?(?:/.*)?';

/** Matches a UUID that isn't of version 4. Other versions contain a time, or a hash of a name. */
const GUESSABLE_UUID = /^\{?[0-9a-f]{8}-[0-9a-f]{4}-(?!4[0-9a-f]{3}-[89ab])[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\}?$/i;

/** Returns whether a key is a UUID that isn't random. */
export function isGuessableUuid(key: string): boolean {
  return GUESSABLE_UUID.test(key);
}

/** In order of precedence. The first kind whose pattern matches applies. */
const VALUE_KINDS: readonly Kind[] = [
  {
    what: 'a placeholder',
    pattern: /^<[^<>@]*>$|^\[[^[\]]*\]$|\$\{[^{}]*\}|^\$\w+$|\{\{[^{}]*\}\}|^%[A-Z_]{3,}%|^__\w+__$|\*{4}|\.{3}$|…/,
  },
  {
    what: 'a placeholder',
    pattern:
      /(?:^|[^a-z0-9])(?:your|todo|fixme|insert|dummy|sample|redacted)(?:$|[^a-z0-9])|example|placeholder|change[-_]?me|replace[-_]?(?:me|with|this)|x{6}|0123456789|1234567890|abcdefghij/i,
  },
  {
    what: 'an e-mail address',
    pattern: /^[\w.!#$%&'*+/=?^`{|}~-]+@(?:localhost|[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,24})$|<[^<>\s@]+@[^<>\s@]+>/i,
  },
  {
    what: 'a URL',
    pattern: new RegExp(`^[a-z][a-z0-9+.-]*://|^(?:${BARE_SCHEMES}):|^//[a-z0-9-]+(?:\\.[a-z0-9-]+)+`, 'i'),
  },
  { what: 'a file path', pattern: /^(?:~|\.{1,2})[/\\]|^[A-Za-z]:[\\/]|^\\\\/ },
  // A Base64 key can start with a slash, but hardly ever contains a word between two slashes.
  { what: 'a file path', pattern: /^\/(?:[a-z][a-z0-9._-]*|[A-Z][a-z]+)(?:\/|$)/ },
  { what: 'a file path', pattern: new RegExp(`^[\\w./\\\\-]*[\\w-]\\.(?:${FILE_ENDINGS})$`) },
  { what: 'a host name', pattern: new RegExp(`^(?:\\*?\\.)?(?:${LABEL}\\.)+[a-z]{2,24}\\.?${PORT_AND_PATH}$`) },
  { what: 'a host name', pattern: new RegExp(`^(?:\\*?\\.)?(?:${LABEL}\\.)+[a-z]{2,24}\\.?:\\d{1,5}(?:/.*)?$`, 'i') },
  { what: 'a host and a port', pattern: new RegExp(`^${LABEL}:\\d{1,5}(?:/.*)?$`, 'i') },
  {
    what: 'an IP address',
    pattern:
      /^\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5})?(?:\/.*)?$|^\[?[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){3,7}\]?(?::\d{1,5})?$/i,
  },
  {
    what: 'a UUID of another version than 4, which can be guessed',
    pattern: GUESSABLE_UUID,
  },
  // Examples are `2026-01-01`, `2026-01-01T00:00:00.000Z` and `20260101T000000Z`.
  {
    what: 'a time',
    pattern: /^\d{4}-?\d\d-?\d\d(?:[T_-]\d\d[:-]?\d\d(?:[:-]?\d\d(?:[.,]\d{1,9})?)?(?:Z|[+-]\d\d(?::?\d\d)?)?)?$/i,
  },
  { what: 'an option of a command', pattern: /^--?[a-z][\w.+-]*[:=][^=]|^--[a-z]{2}/i },
  // Base64 contains `=` only at its end.
  { what: 'a list of settings', pattern: /^(?:[a-z]{2}|[A-Z][A-Za-z])[\w.-]*=[^=]/ },
  { what: 'an image', pattern: /@sha256:[0-9a-f]{64}$/i },
  { what: 'an address of a blockchain', pattern: /^0x[0-9a-f]{40}$/i },
  { what: 'a switch', pattern: /^(?:true|false|yes|no|on|off|null|none|nil|undefined)$/i },
  { what: 'a number', pattern: /^[+-]?\d{1,30}(?:\.\d+)?$/ },
  { what: 'JSON', pattern: /^\{.*\}$|^\[.*\]$/ },
  { what: 'a PEM block', pattern: /^-{5}/ },
  { what: 'a publishable key, which everybody may see', pattern: /^pk_(?:live|test)_|^pk\./ },
  // A certificate's fingerprint has a colon between its bytes.
  { what: 'a fingerprint', pattern: /^(?:[0-9a-f]{2}:){15,}[0-9a-f]{2}$|^(?:SHA256|MD5):/i },
];

const USE_KEY_HASH = 'import it as keyHash, in csv or jsonl';
/**
 * Matches SHA-256 in hex, in the formats of key tables and tools. A key of 32 random bytes can have the same format.
 * Such a value is rejected. Everyone with access to the hash could use the key if the hash were imported as a key.
 */
const HASH = /^(?:sha-?256[:=-])?(?:0x|\\x)?[0-9a-f]{64}$/i;
const OTHER_HASH =
  /^\$(?:2[abxy]|argon2\w*|scrypt|pbkdf2[\w-]*|[156y])\$|^(?:sha-?\d+|md5|bcrypt|argon2\w*|scrypt|pbkdf2)[:$=-]|^\{S?SHA\d*\}/i;

function whyNotByName(name: string): string | undefined {
  const words = splitWords(name);
  const last = words.at(-1) ?? '';
  if (words.some((word) => PUBLIC_WORDS.has(word)) || BUNDLED.test(name)) return says('public');
  if (saysHash(name)) return `the name says that the value is a hash: ${USE_KEY_HASH}`;
  if (last === 'KEY' && words.at(-2) === 'SITE') return says('public');
  const kind = NAME_KINDS.find(([, lastWords]) => lastWords.includes(last));
  return kind === undefined ? undefined : says(kind[0]);
}

/** Returns whether the name of a setting or a column says that its value is a hash. */
export function saysHash(name: string): boolean {
  return splitWords(name).some((word) => HASH_WORDS.has(word));
}

function says(what: string): string {
  return `the name says that the value is ${what}; if it is a key, give it another name`;
}

/** Splits `dbUrl` and `DB_URL` into the same words. */
function splitWords(name: string): readonly string[] {
  return name
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toUpperCase()
    .split(/[^A-Z0-9]+/)
    .filter((word) => word !== '');
}

/** The last words of a setting's name, and the kind of value that each indicates. */
const NAME_KINDS: readonly (readonly [what: string, lastWords: readonly string[]])[] = [
  ['a URL', ['URL', 'URLS', 'URI', 'URIS', 'DSN', 'ENDPOINT', 'ORIGIN', 'ORIGINS']],
  ['an e-mail address', ['EMAIL', 'EMAILS', 'MAIL', 'FROM', 'SENDER']],
  ['a host name', ['HOST', 'HOSTS', 'HOSTNAME', 'DOMAIN', 'DOMAINS', 'SERVER', 'ADDRESS', 'ADDR']],
  ['a file path', ['PATH', 'PATHS', 'FILE', 'FILENAME', 'DIR', 'DIRECTORY', 'FOLDER']],
  ['a port', ['PORT', 'PORTS']],
  ['an identifier', ['ID', 'IDS', 'SID', 'ARN', 'USERNAME', 'SITEKEY']],
  ['a place', ['REGION', 'BUCKET', 'TIMEZONE', 'TZ', 'LOCALE']],
  ['a password', ['PASSWORD', 'PASSWD', 'PASS', 'PW', 'PASSPHRASE', 'SALT', 'SEED']],
  ['a version', ['COMMIT', 'VERSION', 'RELEASE', 'IMAGE', 'TAG']],
  ['a list of options', ['OPTIONS', 'OPTS', 'ARGS', 'FLAGS', 'FEATURES', 'ATTRIBUTES', 'LEVEL', 'LEVELS', 'AGENT']],
  ['a time', ['AT']],
];
const HASH_WORDS = new Set(['HASH', 'SHA', 'SHA1', 'SHA256', 'SHA512', 'DIGEST', 'CHECKSUM', 'FINGERPRINT']);
const PUBLIC_WORDS = new Set(['PUBLIC', 'PUBLISHABLE']);
/** Matches the names of settings that bundlers publish. */
const BUNDLED = /^(?:VITE|REACT_APP|GATSBY|STORYBOOK|VUE_APP)_/;

/**
 * Returns whether a string consists of words and short numbers, such as `America/Argentina/Buenos_Aires`. The alphabet
 * and length of such a string don't indicate its strength. A sequence of letters in one case counts as words.
 */
export function isWords(text: string): boolean {
  const pieces = text.split(/[^A-Za-z0-9]+/).filter((piece) => piece !== '');
  const words = pieces.filter((piece) => /[A-Za-z]/.test(piece));
  const letters = text.replaceAll(/[^A-Za-z]/g, '').length;
  // A random string with many signs has single letters between them.
  return letters >= words.length * MIN_LETTERS && pieces.every(isWord);
}

/**
 * Matches the letters of one word, with or without a short number after them. It also matches a number with the length
 * of a date.
 */
const WORD = /^(?:(?:[A-Z]?[a-z]{1,15}|[A-Z]{1,15})?\d{0,4}|\d{5,8})$/;
/**
 * Matches a sequence of letters in one case, of any length. One in 200 random strings of 26 characters lacks a digit
 * in Base32, and one in 5,000 in Base36.
 */
const RUN_OF_LETTERS = /^(?:[A-Z]?[a-z]+|[A-Z]+)$/;
/** The minimum average length of words in camel case. Real words have about five letters, and random ones about two. */
const MIN_JOINED_LETTERS = 4;
const MIN_LETTERS = 2;

function isWord(piece: string): boolean {
  if (WORD.test(piece) || RUN_OF_LETTERS.test(piece)) return true;
  const joined = piece.replace(/\d{1,4}$/, '');
  const words = splitCamelCase(joined);
  return joined.length >= words.length * MIN_JOINED_LETTERS && words.every((word) => RUN_OF_LETTERS.test(word));
}

/** Splits `useHTTPServer` into three words. */
function splitCamelCase(piece: string): readonly string[] {
  return piece.split(/(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])/);
}

/** Minimum length of a key. */
const MIN_KEY_LENGTH = 16;
const MAX_NAME_LENGTH = 64;
const MAX_NAME_WORD = 20;

/**
 * Returns the name of a setting for a message. Returns only the length of a name that may be a key. A Base64 key can
 * end with `=`.
 */
export function showSettingName(name: string): string {
  const isShown = name.length < MIN_KEY_LENGTH || (name.length <= MAX_NAME_LENGTH && isName(name));
  return isShown ? name : `(hidden name of ${name.length} characters)`;
}

/** Works like `isWords`, but also accepts `S3`, `K8S` and the words of `isTLSOn`, which are common in names. */
function isName(name: string): boolean {
  const pieces = name.split(/[_.-]+/);
  return pieces.every((piece) => piece.length <= 4 || (isWord(piece) && isOfShortWords(piece)));
}

function isOfShortWords(piece: string): boolean {
  return splitCamelCase(piece).every((word) => word.length <= MAX_NAME_WORD);
}

/** The minimum strength of a key with a plain, single-round hash (NIST SP 800-63B-4, docs/adr/0001). */
export const MIN_STRENGTH_BITS = 112;

/**
 * The minimum number of different characters in a key. Only one in 10^9 random strings of 32 hex digits has fewer.
 */
const MIN_DISTINCT = 6;

const SHOWN_CHARACTERS = 8;

const HEX = [/^[0-9a-f]*$/, /^[0-9A-F]*$/];
const CLASSES: readonly (readonly [RegExp, number])[] = [
  [/[0-9]/, 10],
  [/[a-z]/, 26],
  [/[A-Z]/, 26],
  [/[-_]/, 2],
  [/[^0-9A-Za-z_-]/, 30],
];

/**
 * Estimates how many bits an attacker must guess: the length times log2 of the alphabet's size. The alphabet's size is
 * the sum of the character classes in the key. These are 10 digits, 26 small letters, 26 capital letters, 2 for `-` and
 * `_`, and 30 for other ASCII. The size is 16 if all characters are hex digits. A known prefix doesn't count, and a
 * repeated part counts once. A key of fewer than 6 different characters has 0 bits. The estimate is an upper bound,
 * because it can't detect whether the key is random.
 */
export function estimateBits(key: string): number {
  const secret = withoutPrefix(key);
  if (new Set(secret).size < MIN_DISTINCT) return 0;
  return Math.floor(withoutRepeats(secret).length * Math.log2(alphabetSize(secret)));
}

/**
 * Returns the shortest prefix that yields the string by repetition, even with a partial last repeat. Otherwise, returns
 * the string.
 */
function withoutRepeats(text: string): string {
  for (let length = 1; length * 2 <= text.length; length++) {
    if (text.startsWith(text.slice(length))) return text.slice(0, length);
  }
  return text;
}

/**
 * Returns the part of an external key that lists may show: its prefix and 8 characters. It's 7 characters if 8 would look
 * like a Latchkey key. Returns `undefined` if the hidden part would be too weak, or if the prefix is too long to show.
 */
export function getShownPart(key: string): string | undefined {
  const start = key.slice(0, key.length - withoutPrefix(key).length + SHOWN_CHARACTERS);
  if (start.length > MAX_SHOWN_LENGTH || estimateBits(key.slice(start.length)) < MIN_STRENGTH_BITS) return undefined;
  // This part is the only evidence in the record that another system issued the key.
  return isExternal({ keyPrefix: start }) ? start : start.slice(0, -1);
}

/** Returns the key without its public part, such as `sk_` and `sk_live_`. */
function withoutPrefix(key: string): string {
  let length = MAX_PREFIX_LENGTH;
  while (length > 0 && !isKeyPrefix(key.slice(0, length))) length--;
  return key.slice(length);
}

function alphabetSize(text: string): number {
  if (HEX.some((pattern) => pattern.test(text))) return /[a-fA-F]/.test(text) ? 16 : 10;
  return CLASSES.reduce((size, [pattern, count]) => (pattern.test(text) ? size + count : size), 0);
}
