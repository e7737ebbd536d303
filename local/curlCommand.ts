import { LOCAL_CREDENTIALS, SIGNED_SERVICE } from './iamAuthorizer.ts';
import { toIssuerUrl } from './localIssuer.ts';
import { REGION } from './template.ts';

/**
 * Returns a curl command that sends the key in the first of the function's key sources. `keySources` is the function's
 * setting, or `undefined` for its default. Returns `undefined` if curl can't send any of them.
 */
export function formatCurlCommand(key: string, url: string, keySources?: string): string | undefined {
  const args = toArguments(key, url, { keySources, quote });
  return args && `curl -i ${args}`;
}

/**
 * Returns a loop that sends 70 requests with the key in the shell's variable `KEY`, and prints their statuses. Otherwise,
 * it's like `formatCurlCommand`.
 */
export function formatCurlLoop(url: string, keySources?: string): string | undefined {
  const args = toArguments('$KEY', url, { keySources, quote: quoteWithKey });
  return args && `for i in $(seq 70); do curl -so /dev/null -w '%{http_code} ' ${args}; done; echo`;
}

/** Returns a curl command that lists all keys of the management API as an operator. */
export function formatOperatorCommand(url: string): string {
  const { accessKeyId, secretAccessKey } = LOCAL_CREDENTIALS;
  return `curl --aws-sigv4 aws:amz:${REGION}:${SIGNED_SERVICE} --user ${accessKeyId}:${secretAccessKey} ${url}/keys`;
}

/** Returns a curl command that lists the keys of an owner, with a token of the local issuer. */
export function formatOwnerCommand(url: string): string {
  const token = `$(curl -s '${toIssuerUrl(url)}/token?sub=alice')`;
  return `curl -H "Authorization: Bearer ${token}" ${url}/me/keys`;
}

interface ArgumentOptions {
  readonly keySources: string | undefined;
  readonly quote: (text: string) => string;
}

function toArguments(key: string, url: string, { keySources = 'bearer', quote: quoted }: ArgumentOptions) {
  const source = keySources.split(',').find((entry) => entry !== 'websocket-protocol');
  if (source === undefined) return undefined;
  const [kind, ...parts] = source.split(':');
  const [name = '', scheme] = parts;
  if (kind === 'basic') return `-u ${quoted(`${key}:`)} ${url}`;
  if (kind === 'header') return `-H ${quoted(`${name}: ${scheme === undefined ? '' : `${scheme} `}${key}`)} ${url}`;
  if (kind === 'cookie') return `-b ${quoted(`${name}=${key}`)} ${url}`;
  if (kind === 'query') return quoted(`${url}?${encodeURIComponent(parts.join(':'))}=${key}`);
  return `-H ${quoted(`Authorization: Bearer ${key}`)} ${url}`;
}

/** Quotes an argument for a POSIX shell. */
function quote(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

/** Quotes an argument for a POSIX shell, which replaces `$KEY` in it. */
function quoteWithKey(text: string): string {
  return `"${text.replaceAll(/["\\`]|\$(?!KEY)/g, String.raw`\$&`)}"`;
}
