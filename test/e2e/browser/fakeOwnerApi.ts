import type { BrowserContext, Request, Route } from 'playwright-core';
import type { OwnedKey, OwnerAccess } from '../../../elements/ownedKey.ts';
import { publicRecord } from '../../../keys/record.ts';
import { keyState } from '../../../keys/state.ts';
import { type Timestamp, toTimestamp } from '../../../keys/timestamp.ts';
import { createTestKey, type TestKeyFields } from '../../../testing/createTestKey.ts';
import { sampleUsage } from '../../integration/console/sampleUsage.ts';

/** The response to a request, or `lost` if the server handles the request but its response gets lost. */
export type Answer = { readonly status: number; readonly json: object } | 'lost';

const ACCESS: OwnerAccess = {
  scopes: ['orders:read', 'orders:write'],
  plans: ['free', 'pro'],
  maxLifetimeSeconds: null,
  maxKeys: 20,
  revocationDelaySeconds: 60,
  hasUsage: true,
};

/**
 * The management API of one owner in the browser test's process. Tests use it for states that a real one reaches only
 * slowly, such as outages. test/e2e/browser/portal.test.ts tests the element against the local API.
 */
export class FakeOwnerApi {
  readonly keys = new Map<string, OwnedKey>();
  /** The ids of the created keys by `Idempotency-Key`. */
  readonly issued = new Map<string, { readonly id: string; readonly body: string }>();
  /** The requests so far. */
  readonly requests: Request[] = [];
  access = ACCESS;
  /** Replaces the response to some requests. Returns `undefined` for the normal response. */
  intercept: (request: Request) => Answer | undefined = () => undefined;

  /** Adds a key to the owner's keys, and returns it. */
  add(fields: TestKeyFields = {}): OwnedKey {
    const { record } = createTestKey({
      scopes: ['orders:read'],
      plan: 'free',
      createdAt: toTimestamp(Date.now()),
      ...fields,
    });
    return this.#put(publicRecord(record));
  }

  /** Responds to all requests of a browser to `/me` on any server. */
  async serve(context: BrowserContext): Promise<void> {
    await context.route(/\/me(\/keys|$)/, (route) => this.#handle(route));
  }

  async #handle(route: Route): Promise<void> {
    const request = route.request();
    this.requests.push(request);
    const instead = this.intercept(request);
    if (instead !== undefined && instead !== 'lost') return route.fulfill(instead);
    const { status = 200, ...json } = await this.#respond(request);
    if (instead === 'lost') return route.abort();
    return route.fulfill({ status, json });
  }

  async #respond(request: Request): Promise<Record<string, unknown> & { readonly status?: number }> {
    const { pathname, searchParams } = new URL(request.url());
    const [, id, action] = /\/keys\/([^/]+)(?:\/(\w+))?$/.exec(pathname) ?? [];
    if (!pathname.includes('/keys')) return { owner: 'acme', ...this.access };
    const body: Record<string, unknown> = request.postDataJSON() ?? {};
    if (id === undefined) {
      return request.method() === 'POST'
        ? this.#issue(request, body)
        : { records: [...this.keys.values()], cursor: null };
    }
    const key = this.keys.get(id);
    if (key === undefined) return { status: 404, code: 'NOT_FOUND', detail: 'there is no such key' };
    if (action === 'usage') {
      const by = searchParams.get('by') === 'day' ? 'day' : 'hour';
      return { ...(await sampleUsage({ id, by }, [id], Date.now())) };
    }
    if (action === 'rotate') return this.#rotate(request, key, body);
    const { disabledAt: _, ...enabled } = key;
    const now = toTimestamp(Date.now());
    const changed: Readonly<Record<string, Partial<OwnedKey>>> = {
      disable: { ...key, disabledAt: now },
      enable: enabled,
      revoke: {
        ...key,
        revokedAt: now,
        ...(typeof body['reason'] === 'string' ? { revokedReason: body['reason'] } : {}),
      },
    };
    return { record: this.#put((changed[action ?? ''] ?? { ...key, ...body }) as OwnedKey) };
  }

  #issue(request: Request, body: object) {
    const once = request.headers()['idempotency-key'] ?? '';
    const before = this.issued.get(once);
    if (before !== undefined) {
      return before.body === request.postData()
        ? { status: 201, record: this.keys.get(before.id) }
        : { status: 422, code: 'IDEMPOTENCY_MISMATCH', detail: 'the request differs' };
    }
    const { secret, record } = createTestKey({ createdAt: toTimestamp(Date.now()), ...body });
    this.issued.set(once, { id: record.id, body: request.postData() ?? '' });
    return { status: 201, key: secret, record: this.#put(publicRecord(record)) };
  }

  #rotate(request: Request, key: OwnedKey, { graceSeconds }: Record<string, unknown>) {
    const { label, scopes, plan } = key;
    const issued = this.#issue(request, { label, scopes, plan, rotatedFrom: key.id });
    const expiresAt: Timestamp = toTimestamp(Date.now() + Number(graceSeconds) * 1000);
    const previous = this.#put({ ...key, expiresAt, rotatedTo: issued.record?.id ?? '' });
    return { ...issued, previous };
  }

  #put(record: Omit<OwnedKey, 'state'>): OwnedKey {
    const changed = { ...record, version: (record.version ?? 0) + 1, state: keyState(record, Date.now()) };
    this.keys.set(record.id, changed);
    return changed;
  }
}
