/**
 * Returns a curl command that sends the key in the first of the function's key sources. `keySources` is the function's
 * setting, or `undefined` for its default. Returns `undefined` if curl can't send any of them.
 */
export function formatCurlCommand(key: string, url: string, keySources = 'bearer'): string | undefined {
  const source = keySources.split(',').find((entry) => entry !== 'websocket-protocol');
  return source === undefined ? undefined : `curl -i ${toArguments(source, key, url)}`;
}

function toArguments(source: string, key: string, url: string): string {
  const [kind, ...parts] = source.split(':');
  const [name = '', scheme] = parts;
  if (kind === 'basic') return `-u ${quote(`${key}:`)} ${url}`;
  if (kind === 'header') return `-H ${quote(`${name}: ${scheme === undefined ? '' : `${scheme} `}${key}`)} ${url}`;
  if (kind === 'cookie') return `-b ${quote(`${name}=${key}`)} ${url}`;
  if (kind === 'query') return quote(`${url}?${encodeURIComponent(parts.join(':'))}=${key}`);
  return `-H ${quote(`Authorization: Bearer ${key}`)} ${url}`;
}

/** Quotes an argument for a POSIX shell. */
function quote(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
