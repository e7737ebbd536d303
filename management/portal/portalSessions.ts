import { createHash } from 'node:crypto';
import { toTimestamp, type Timestamp } from '../../keys/timestamp.ts';
import type { OwnerRules } from '../ownerRules.ts';
import { RequestProblem } from '../problems.ts';
import type { StateItem, StateStore } from '../stateStore.ts';
import { stateId } from '../stateTable.ts';

/** The time for which a code works, in seconds. */
export const CODE_SECONDS = 15 * 60;
/** The time for which a session works, in seconds. */
export const SESSION_SECONDS = 60 * 60;
/** The random bytes of a code and of a session's token. */
const TOKEN_BYTES = 32;
const TOKEN = /^[\w-]{43}$/;

/** What an operator has decided about a session. */
export interface PortalGrant {
  /** The owner whose keys the session manages. */
  readonly owner: string;
  /** The scopes that the session can give, if they are fewer than the deployment's. */
  readonly scopes?: readonly string[] | undefined;
  /** The URL of the page that the browser returns to. */
  readonly returnUrl: string;
}

/** A code for a link. */
export interface OpenedCode {
  readonly code: string;
  readonly expiresAt: Timestamp;
}

export interface PortalSessionsDeps {
  readonly store: Pick<StateStore, 'create' | 'read' | 'take'>;
  /** Returns the current time in epoch milliseconds. */
  readonly now: () => number;
  /** Returns random bytes. */
  readonly random: (bytes: number) => Uint8Array;
}

/**
 * The codes and the sessions of the portal. The table stores only the SHA-256 of a code and of a session's token, so
 * nobody who reads the table can use them. Each method can throw LatchkeyError `STORE_UNAVAILABLE`.
 */
export class PortalSessions {
  readonly #deps: PortalSessionsDeps;

  constructor(deps: PortalSessionsDeps) {
    this.#deps = deps;
  }

  /** Creates a code. It can be exchanged for a session once, within 15 minutes. */
  async openCode(grant: PortalGrant): Promise<OpenedCode> {
    const code = this.#newToken();
    const purgeAfter = await this.#create('code', code, grant, CODE_SECONDS);
    return { code, expiresAt: toTimestamp(purgeAfter * 1000) };
  }

  /**
   * Exchanges a code for the token of a new session. Of several concurrent calls, one gets a session, because DynamoDB
   * deletes the code once. The session of the same browser ends.
   *
   * @param presented - the token that the browser already has. It never becomes the new session's token
   * @param isSwitchConfirmed - whether the browser's user agrees to leave the session of another owner
   * @throws RequestProblem `CODE_REFUSED`; `OWNER_SWITCH` if the browser has a session of another owner. The code then
   * still works
   */
  async redeem(code: string, presented: string | undefined, isSwitchConfirmed: boolean): Promise<string> {
    const id = toItemId('code', code);
    const current = await this.read(presented);
    if (current !== undefined && !isSwitchConfirmed) {
      const offered = toGrant(id === undefined ? undefined : await this.#deps.store.read(id));
      if (offered !== undefined && offered.owner !== current.owner) throw new RequestProblem('OWNER_SWITCH', SWITCH);
    }
    const grant = toGrant(id === undefined ? undefined : await this.#deps.store.take(id));
    if (grant === undefined) throw new RequestProblem('CODE_REFUSED', REFUSED);
    await this.end(presented);
    const token = this.#newToken();
    await this.#create('session', token, grant, SESSION_SECONDS);
    return token;
  }

  /** Returns what the session of a token may do, or `undefined` if it has ended. */
  async read(token: string | undefined): Promise<PortalGrant | undefined> {
    const id = toItemId('session', token);
    return toGrant(id === undefined ? undefined : await this.#deps.store.read(id));
  }

  /** Ends the session of a token, if there is one. */
  async end(token: string | undefined): Promise<void> {
    const id = toItemId('session', token);
    if (id !== undefined) await this.#deps.store.take(id);
  }

  async #create(kind: 'code' | 'session', token: string, grant: PortalGrant, seconds: number): Promise<number> {
    const { owner, scopes, returnUrl } = grant;
    const purgeAfter = Math.floor(this.#deps.now() / 1000) + seconds;
    const item: StateItem = {
      id: stateId(kind, hashToken(token)),
      revision: '0',
      purgeAfter,
      owner,
      returnUrl,
      ...(scopes !== undefined && { scopes: [...scopes] }),
    };
    if (!(await this.#deps.store.create(item))) throw new Error('a random token exists already');
    return purgeAfter;
  }

  #newToken(): string {
    return Buffer.from(this.#deps.random(TOKEN_BYTES)).toString('base64url');
  }
}

/** One message for every reason, so that nobody learns whether a code has existed. */
const REFUSED = 'the link has been used, or it is older than 15 minutes: open a new one';
const SWITCH = 'this browser has a session of another owner: send switchOwner to end it';

/** Returns the rules of an owner in a session: the deployment's, with at most the session's scopes. */
export function narrowRules(rules: OwnerRules, { scopes }: PortalGrant): OwnerRules {
  if (scopes === undefined) return rules;
  return { ...rules, scopes: scopes.filter((scope) => rules.scopes?.includes(scope) ?? true) };
}

/** Returns the id of a token's item. A text that can't be a token costs no call to DynamoDB. */
function toItemId(kind: 'code' | 'session', token: string | undefined): string | undefined {
  return token !== undefined && TOKEN.test(token) ? stateId(kind, hashToken(token)) : undefined;
}

function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

function toGrant(item: StateItem | undefined): PortalGrant | undefined {
  if (item === undefined) return undefined;
  const { owner, scopes, returnUrl } = item as StateItem & PortalGrant;
  return { owner, returnUrl, ...(scopes !== undefined && { scopes }) };
}
