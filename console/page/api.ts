import type { NewKey } from '../../keys/fields.ts';
import type { KeyChanges, RevokeOptions, RotateOptions } from '../../keys/registry.ts';
import type { ConsoleKey } from '../server/keyRoutes.ts';

/** What the console works on, and for whom. */
export interface SessionInfo {
  readonly table: {
    readonly name: string;
    readonly kind: 'aws' | 'local';
    readonly region: string | null;
    readonly revocationDelaySeconds: number | null;
    /** The prefix of the keys that the deployment accepts, or `any`; null if unknown. */
    readonly acceptedKeys: string | null;
  };
  readonly actor: string;
  readonly isReadOnly: boolean;
}

export interface KeyPage {
  readonly records: readonly ConsoleKey[];
  /** A line for each record that could not be read. */
  readonly corrupt: readonly string[];
  readonly cursor: string | null;
}

/** A key just issued. The secret is in no other place: it is shown once and dropped. */
export interface Issued {
  readonly key: string;
  readonly record: ConsoleKey;
  /** The key that it succeeds, as the rotation left it. */
  readonly previous?: ConsoleKey;
}

/** The server refused, or did not answer. The message is for people. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  /** A `RefusalCode` of the server, or `OFFLINE`. */
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** The operations of the server's API. Each throws ApiError. */
export const api = {
  session: () => call<SessionInfo>('GET', '/session'),
  page: (cursor: string | null) =>
    call<KeyPage>('GET', cursor === null ? '/keys' : `/keys?cursor=${encodeURIComponent(cursor)}`),
  read: (id: string) => record('GET', `/keys/${id}`),
  create: (fields: NewKey) => call<Issued>('POST', '/keys', fields),
  update: ({ id, version = 0 }: ConsoleKey, changes: KeyChanges) =>
    record('PATCH', `/keys/${id}`, { changes, expected: { id, version } }),
  disable: (id: string) => record('POST', `/keys/${id}/disable`, {}),
  enable: (id: string) => record('POST', `/keys/${id}/enable`, {}),
  revoke: (id: string, options: RevokeOptions) => record('POST', `/keys/${id}/revoke`, options),
  rotate: (id: string, options: RotateOptions) => call<Issued>('POST', `/keys/${id}/rotate`, options),
};

const OFFLINE = 'the console does not answer: is the command that printed its address still running?';
const MAY_BE_MADE =
  'whether the change was made is not known: look before you try again, and revoke a key that was issued by it, for nobody has it';

async function record(method: string, path: string, body?: object): Promise<ConsoleKey> {
  const answer = await call<{ readonly record: ConsoleKey }>(method, path, body);
  return answer.record;
}

async function call<T>(method: string, path: string, body?: object): Promise<T> {
  const init =
    body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  const response = await fetch(`/api${path}`, { method, ...init }).catch(offline(method));
  const answer = await (response.json() as Promise<ReturnType<typeof JSON.parse>>).catch(offline(method));
  if (!response.ok) throw new ApiError(answer.error.code, answer.error.message);
  return answer as T;
}

/** The command may have ended after it made the change, or within its answer. */
function offline(method: string): () => never {
  const isChange = method !== 'GET';
  return () => {
    throw new ApiError('OFFLINE', isChange ? `${OFFLINE}; ${MAY_BE_MADE}` : OFFLINE);
  };
}
