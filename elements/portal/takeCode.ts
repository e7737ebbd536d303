/** Returns the code in the address, and removes it from the address and from the browser's history. */
export function takeCode(): string | undefined {
  const { hash, pathname, search } = location;
  if (hash !== '') history.replaceState(null, '', pathname + search);
  return new URLSearchParams(hash.slice(1)).get('code') ?? undefined;
}

/** The code with which the page was opened. It's taken before any other module of the page runs. */
export const OPENED_WITH = takeCode();
