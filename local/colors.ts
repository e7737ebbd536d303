import picocolors from 'picocolors';

/** Functions such as `green` that colour a text, or return it unchanged. */
export type Colors = ReturnType<typeof picocolors.createColors>;

interface ColorDeps {
  readonly stream: { readonly isTTY?: boolean };
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * Returns the colours for a stream. A terminal gets colours, other streams don't. `NO_COLOR` turns them off for every
 * stream (no-color.org). `FORCE_COLOR` turns them on, unless it is `0`.
 */
export function createStreamColors({ stream, env }: ColorDeps): Colors {
  const { NO_COLOR: noColor, FORCE_COLOR: forceColor, TERM: terminal } = env;
  const isForced = forceColor !== undefined && forceColor !== '' && forceColor !== '0';
  const isTerminal = stream.isTTY === true && terminal !== 'dumb' && forceColor !== '0';
  return picocolors.createColors(!noColor && (isForced || isTerminal));
}
