import { isJsonObject, type JsonValue } from './json.ts';
import { isKeyPrefix, isVisible, KEY_PREFIX_EXPECTED, MAX_PREFIX_LENGTH } from './keyPrefix.ts';
import { EXTERNAL_LENGTH, type ExternalKeys } from './secret.ts';

const MAX_PREFIXES = 16;

/** The expected format of a list of key prefixes, as worded in error messages. */
export const KEY_PREFIXES_EXPECTED = `1 to ${MAX_PREFIXES} different prefixes, separated by commas, each of ${KEY_PREFIX_EXPECTED}`;

/**
 * Parses the prefixes of the keys that a deployment issues, separated by commas. Returns `undefined` if the list isn't
 * valid.
 */
export function parseKeyPrefixes(text: string): readonly string[] | undefined {
  const prefixes = text.split(',');
  return isListOf(prefixes, isKeyPrefix) ? Object.freeze(prefixes) : undefined;
}

const { least, most } = EXTERNAL_LENGTH;

/** The expected format of the setting for external keys, as worded in error messages. */
export const EXTERNAL_KEYS_EXPECTED =
  'true, false or a JSON object of prefixes, minLength and maxLength, each optional: ' +
  `prefixes a list of 1 to ${MAX_PREFIXES} different strings of 1 to ${MAX_PREFIX_LENGTH} visible ASCII characters without a comma, ` +
  `minLength and maxLength whole numbers from ${least} to ${most}, minLength at most maxLength (default ${EXTERNAL_LENGTH.defaultMost})`;

/**
 * Parses the setting for external keys: `true`, `false` or a JSON object. Returns `undefined` if the text isn't valid.
 */
export function parseExternalKeys(text: string): ExternalKeys | false | undefined {
  const value = parseJson(text);
  if (typeof value === 'boolean') return value && Object.freeze({});
  return isExternalKeys(value) ? deepFreeze(value) : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isExternalKeys(value: unknown): value is ExternalKeys {
  if (!isJsonObject(value)) return false;
  const { prefixes, minLength = least, maxLength = EXTERNAL_LENGTH.defaultMost, ...others } = value;
  return (
    Object.keys(others).length === 0 &&
    (prefixes === undefined || (Array.isArray(prefixes) && isListOf(prefixes, isExternalPrefix))) &&
    isLength(minLength) &&
    isLength(maxLength) &&
    minLength <= maxLength
  );
}

function isExternalPrefix(text: unknown): boolean {
  return typeof text === 'string' && text !== '' && text.length <= MAX_PREFIX_LENGTH && isVisible(text);
}

function isLength(value: JsonValue): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most;
}

/** Returns whether the list has 1 to 16 different entries, and all of them are valid. */
function isListOf<T>(list: readonly T[], isValid: (entry: T) => boolean): boolean {
  const isCounted = list.length > 0 && list.length <= MAX_PREFIXES && new Set(list).size === list.length;
  return isCounted && list.every(isValid);
}

function deepFreeze(keys: ExternalKeys): ExternalKeys {
  Object.freeze(keys.prefixes);
  return Object.freeze(keys);
}
