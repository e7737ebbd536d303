import { Fn, Stack, Token } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { formatAcceptedKeys } from '../keys/acceptedKeys.ts';
import { DEFAULT_KEY_PREFIX } from '../keys/keyPrefix.ts';
import type { ApiKeyAuthorizerProps } from './apiKeyAuthorizerProps.ts';
import { containsToken } from './propChecks.ts';

/** The props that determine the accepted keys. */
type KeyFormatProps = Pick<ApiKeyAuthorizerProps, 'keyPrefixes' | 'externalKeys'>;

/** Returns the text of the function's settings for the accepted keys. Each prop may contain tokens. */
export function keyFormatTexts(
  scope: Construct,
  { keyPrefixes, externalKeys }: KeyFormatProps,
): Record<keyof KeyFormatProps, string | undefined> {
  return {
    keyPrefixes: keyPrefixes && joinList(',', keyPrefixes),
    externalKeys: typeof externalKeys === 'object' ? toJson(scope, externalKeys) : externalKeys?.toString(),
  };
}

/** Returns the accepted keys in the format of the output `AcceptedKeys` (see `formatAcceptedKeys`). */
export function acceptedKeysOutput({ keyPrefixes = [DEFAULT_KEY_PREFIX], externalKeys }: KeyFormatProps): string {
  const { prefixes, ...others } = typeof externalKeys === 'object' ? externalKeys : {};
  const format = externalKeys ? { externalKeys: prefixes === undefined ? others : { prefixes: known(prefixes) } } : {};
  return formatAcceptedKeys({ prefixes: [joinList(',', keyPrefixes)], ...format });

  /** Joins a list that is a token. `formatAcceptedKeys` then adds the star after its last entry. */
  function known(list: readonly string[]): readonly string[] {
    return Token.isUnresolved(list) ? [joinList('*,', list)] : list;
  }
}

function toJson(scope: Construct, value: unknown): string {
  return containsToken(value) ? Stack.of(scope).toJsonString(value) : JSON.stringify(value);
}

/** Joins a list that may be a token. JavaScript callers may pass another type, which the settings parser rejects. */
function joinList(separator: string, list: readonly string[]): string {
  if (Token.isUnresolved(list)) return Fn.join(separator, [...list]);
  return Array.isArray(list) ? list.join(separator) : String(list);
}
