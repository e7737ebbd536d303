/** The session of the page, for its header. */
export interface PortalVisit {
  readonly owner: string;
  /** The page to return to. */
  readonly returnUrl: string;
}

/** The outcome of a code. `other owner`: the browser has a session of another owner, and the code still works. */
export type SignInOutcome = 'signed in' | 'refused' | 'other owner' | 'failed';

/** The operations of the portal's page on its session. None of them throws. */
export type PortalClient = ReturnType<typeof createPortalClient>;

/** Creates a client of the portal. `base` is the URL of the page without `/portal`, with a slash at its end. */
export function createPortalClient(base: URL, fetch: typeof globalThis.fetch) {
  const call = async (method: string, path: string, body?: object): Promise<Response | undefined> => {
    try {
      return await fetch(new URL(path, base), {
        method,
        cache: 'no-store',
        credentials: 'same-origin',
        ...(body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
      });
    } catch {
      return undefined;
    }
  };
  return {
    /** Exchanges the code of a link for a session. */
    async signIn(code: string, switchOwner: boolean): Promise<SignInOutcome> {
      const response = await call('POST', 'portal/session', { code, ...(switchOwner && { switchOwner }) });
      if (response?.ok) return 'signed in';
      const { code: problem } = Object(await response?.json().catch(() => undefined)) as { readonly code?: unknown };
      if (problem === 'OWNER_SWITCH') return 'other owner';
      return problem === 'CODE_REFUSED' || problem === 'INPUT_INVALID' ? 'refused' : 'failed';
    },
    /** Describes the session. */
    async visit(): Promise<PortalVisit | 'ended' | 'failed'> {
      const response = await call('GET', 'portal/me');
      if (response?.status === 401) return 'ended';
      const { owner, returnUrl } = Object(response?.ok ? await response.json().catch(() => undefined) : undefined);
      return typeof owner === 'string' && typeof returnUrl === 'string' ? { owner, returnUrl } : 'failed';
    },
    /** Ends the session. Returns whether the server has confirmed it. */
    async signOut(): Promise<boolean> {
      return (await call('DELETE', 'portal/session'))?.ok ?? false;
    },
  };
}
