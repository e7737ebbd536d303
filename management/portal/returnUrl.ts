import { LatchkeyError } from '../../keys/errors.ts';
import { isLoopback } from '../loopback.ts';

const MAX_LENGTH = 2048;

/**
 * Returns the URL of the link back, as browsers understand it. Only the deployment's origins are valid, so a link of
 * the portal can't lead to another site.
 *
 * @throws LatchkeyError `INPUT_INVALID`. The message doesn't repeat the URL, because its query may be secret
 */
export function readReturnUrl(text: string, origins: readonly string[]): string {
  const url = text.length <= MAX_LENGTH && URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && isSafe(url) && origins.includes(url.origin)) return url.href;
  const expected = `an https URL of at most ${MAX_LENGTH} characters at one of ${origins.join(', ') || '(no origins)'}`;
  const got = url === undefined ? 'no URL' : `one at ${url.origin}`;
  throw new LatchkeyError('INPUT_INVALID', `returnUrl: expected ${expected}, got ${got}`);
}

function isSafe({ protocol, hostname, username, password }: URL): boolean {
  const isEncrypted = protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname));
  return isEncrypted && username === '' && password === '';
}
