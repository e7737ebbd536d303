import { randomBytes } from 'node:crypto';
import { Hono } from 'hono';
import type { ManagementEnv } from '../../../management/caller.ts';
import type { PortalSettings } from '../../../management/function/settings.ts';
import { keyRoutes } from '../../../management/keyRoutes.ts';
import { respondToError } from '../../../management/problems.ts';
import { portalRoutes, portalSessionRoutes } from '../../../management/portal/portalRoutes.ts';
import { PortalSessions } from '../../../management/portal/portalSessions.ts';
import type { ManagementTables } from '../../support/managementTables.ts';

export const ORIGIN = 'https://keys.example.com';
export const COOKIE = '__Host-latchkey-portal';
export const RETURN_URL = 'https://app.example.com/settings';

export const PORTAL: PortalSettings = {
  rules: { scopes: ['orders:read', 'orders:write'], maxKeysPerOwner: 20 },
  name: 'Acme <b>API</b>',
  logoUrl: 'https://cdn.example.com/logo.svg',
  accentColor: '#0b6e4f',
  returnOrigins: ['https://app.example.com', 'http://localhost:5173', 'http://app.example.com'],
  url: undefined,
};

const asset = (contentType: string, isHashed: boolean) => ({ content: 'x', contentType, etag: '"x"', isHashed });
const FILES = new Map([
  ['portal-ABCD1234.js', asset('text/javascript; charset=utf-8', true)],
  ['portal-ABCD1234.css', asset('text/css; charset=utf-8', true)],
  ['icon.svg', asset('image/svg+xml', false)],
]);

/** The portal with its tables, called in process. */
export class PortalUnderTest {
  readonly #app: Hono<ManagementEnv>;
  readonly #operators: Hono<ManagementEnv>;

  constructor(
    { registry, state, clock }: ManagementTables,
    settings: Partial<PortalSettings> = {},
    get = registry.get.bind(registry),
  ) {
    const now = () => clock.nowMs;
    const deps = {
      settings: { ...PORTAL, ...settings },
      sessions: new PortalSessions({ store: state, now, random: randomBytes }),
    };
    const admitKey = async () => undefined;
    const registryFor = () => registry;
    const ownerRoutes = new Hono<ManagementEnv>();
    ownerRoutes.get('/', (c) => c.json(c.get('caller')));
    ownerRoutes.route('/', keyRoutes('owner', { registryFor, now, admitKey }));
    this.#app = withProblems();
    this.#app.route('/', portalRoutes({ ...deps, files: FILES, registryFor: () => ({ get }), ownerRoutes }));
    this.#operators = withProblems();
    this.#operators.use(async (c, next) => {
      c.set('caller', { kind: 'operator', actor: 'back-office' });
      await next();
    });
    this.#operators.route('/', portalSessionRoutes(deps));
  }

  /** Asks for a link as an operator. */
  open(body: object = {}, origin = ORIGIN): Promise<Response> {
    const json = JSON.stringify({ owner: 'acme', returnUrl: RETURN_URL, ...body });
    const headers = { 'content-type': 'application/json' };
    return Promise.resolve(
      this.#operators.request(`${origin}/portal-sessions`, { method: 'POST', headers, body: json }),
    );
  }

  /** Asks for a link as an operator, and returns its code. */
  async openCode(body: object = {}): Promise<string> {
    const response = await this.open(body);
    return ((await response.json()) as { readonly code: string }).code;
  }

  /** Sends a request of the portal's own page. Headers replace those of the page. An empty one is left out. */
  send(
    method: string,
    path: string,
    { body, headers = {}, cookie, origin = ORIGIN }: PageRequest = {},
  ): Promise<Response> {
    const all: Readonly<Record<string, string>> = {
      'sec-fetch-site': 'same-origin',
      ...(method !== 'GET' && { origin }),
      ...(body !== undefined && { 'content-type': 'application/json', 'content-length': String(toText(body).length) }),
      ...(cookie !== undefined && { cookie }),
      ...headers,
    };
    const kept = Object.entries(all).filter(([, value]) => value !== '');
    const init = { method, headers: kept as [string, string][], ...(body !== undefined && { body: toText(body) }) };
    return Promise.resolve(this.#app.request(`${origin}${path}`, init));
  }

  redeem(code: string, request: PageRequest & { readonly switchOwner?: boolean } = {}): Promise<Response> {
    const { switchOwner } = request;
    return this.send('POST', '/portal/session', {
      body: { code, ...(switchOwner !== undefined && { switchOwner }) },
      ...request,
    });
  }

  /** Signs a browser in, and returns its `Cookie` header. */
  async signIn(body: object = {}): Promise<string> {
    return cookieOf(await this.redeem(await this.openCode(body)));
  }
}

/** A request of the page. */
export interface PageRequest {
  readonly body?: object | string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly cookie?: string;
  readonly origin?: string;
}

/** Returns the `Cookie` header that a browser sends after a response. */
export function cookieOf(response: Response): string {
  return response.headers.getSetCookie()[0]?.split(';')[0] ?? '';
}

/** Returns the status and the code of a response. */
export async function outcomeOf(response: Response): Promise<readonly [status: number, code: unknown]> {
  const text = await response.text();
  return [response.status, text === '' ? undefined : (JSON.parse(text) as { readonly code?: unknown }).code];
}

function toText(body: object | string): string {
  return typeof body === 'string' ? body : JSON.stringify(body);
}

function withProblems(): Hono<ManagementEnv> {
  const app = new Hono<ManagementEnv>();
  app.onError((error, c) =>
    respondToError(c, error, {
      onUnexpected: (unexpected) => {
        throw unexpected;
      },
    }),
  );
  return app;
}
