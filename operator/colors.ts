import picocolors from 'picocolors';
import { type Environment, setting } from './findTable.ts';

/** Functions such as `green` that colour a text, or return it unchanged. */
export type Colors = ReturnType<typeof picocolors.createColors>;

interface ColorDeps {
  readonly stream: { readonly isTTY?: boolean };
  readonly env: Environment;
}

/**
 * Returns the colours for a stream. `NO_COLOR` (no-color.org) switches them off, and `FORCE_COLOR` switches them on.
 * Otherwise, only a terminal gets them.
 */
export function createStreamColors({ stream, env }: ColorDeps): Colors {
  return picocolors.createColors(hasColors(stream.isTTY === true, env));
}

/** Returns the functions that don't colour a text. */
export function createPlainColors(): Colors {
  return picocolors.createColors(false);
}

function hasColors(isTerminal: boolean, env: Environment): boolean {
  if (setting(env, 'NO_COLOR') !== undefined) return false;
  const forced = setting(env, 'FORCE_COLOR');
  if (forced !== undefined) return forced !== '0' && forced !== 'false';
  return isTerminal && env['TERM'] !== 'dumb';
}
