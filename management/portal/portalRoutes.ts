import { type Context, Hono, type MiddlewareHandler } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import { LatchkeyError } from '../../keys/errors.ts';
import { show } from '../../keys/fields.ts';
import { findBodyProblem, isFromOwnPage, pageHeaders } from '../browserGuards.ts';
import type { ManagementEnv } from '../caller.ts';
import type { PortalSettings } from '../function/settings.ts';
import type { ManagedRegistry } from '../keyRoutes.ts';
import { CREATE_PORTAL_SESSION, REDEEM_CODE } from '../operations.ts';
import { RequestProblem } from '../problems.ts';
import { readBody } from '../requestParts.ts';
import { type PortalFile, type PortalFiles, renderPage } from './portalFiles.ts';
import { type PortalAddress, readAddress } from './portalOrigin.ts';
import { narrowRules, type PortalSessions, SESSION_SECONDS } from './portalSessions.ts';
import { readReturnUrl } from './returnUrl.ts';

/** The dependencies of the routes for operators. */
export interface PortalSessionRoutesDeps {
  readonly sessions: PortalSessions;
  readonly settings: PortalSettings;
}

/** The dependencies of the portal's routes. */
export interface PortalRoutesDeps extends PortalSessionRoutesDeps {
  readonly files: PortalFiles;
  /** Returns the registry of an actor. */
  readonly registryFor: (actor: string) => Pick<ManagedRegistry, 'get'>;
  /** The routes of owners. The portal mounts them at `/portal/me`, with the owner of the session as the caller. */
  readonly ownerRoutes: Hono<ManagementEnv>;
}

/** Creates the route on which operators open sessions for owners. A front authenticates the operator before. */
export function portalSessionRoutes({ sessions, settings }: PortalSessionRoutesDeps): Hono<ManagementEnv> {
  const { rules, returnOrigins } = settings;
  const routes = new Hono<ManagementEnv>();
  routes.post(CREATE_PORTAL_SESSION.path, async (c) => {
    if (c.get('caller')?.kind !== 'operator') throw new RequestProblem('FORBIDDEN', 'only an operator opens sessions');
    const { returnUrl, ...grant } = await readBody(c, CREATE_PORTAL_SESSION.body);
    const unknown = (grant.scopes ?? []).filter((scope) => rules.scopes?.includes(scope) === false);
    if (unknown.length > 0) throw scopeError(unknown, rules.scopes ?? []);
    const checked = { ...grant, returnUrl: readReturnUrl(returnUrl, returnOrigins) };
    const { code, expiresAt } = await sessions.openCode(checked);
    // Browsers don't send a fragment, so the code is in no log and in no header.
    const url = `${readAddress(c, settings.url).url}/portal#code=${code}`;
    return c.json({ code, url, expiresAt }, 201, { 'Cache-Control': 'no-store' });
  });
  return routes;
}

/** Creates the routes that browsers use: the page, its session, and the owner's routes below `/portal/me`. */
export function portalRoutes(deps: PortalRoutesDeps): Hono<ManagementEnv> {
  const { settings, files, ownerRoutes } = deps;
  const routes = new Hono<ManagementEnv>();
  const headers = pageHeaders(settings.logoUrl === undefined ? [] : [new URL(settings.logoUrl).origin]);
  const ownPage = ownPageOnly(deps);
  const page = renderPage(settings, files);
  routes.use('/portal/*', headers);
  routes.get('/portal', (c) => sendFile(c, page));
  routes.use('/portal/session', ownPage);
  routes.post(REDEEM_CODE.path, (c) => signIn(c, deps));
  routes.delete('/portal/session', (c) => signOut(c, deps));
  // The pattern also matches the path without a slash.
  routes.use('/portal/me/*', ownPage, sessionOnly(deps));
  routes.post('/portal/me/keys/:id/rotate', withinScopes(deps));
  routes.route('/portal/me', ownerRoutes);
  routes.get('/portal/:file', (c) => {
    const file = files.get(c.req.param('file'));
    if (file === undefined) throw new RequestProblem('NO_SUCH_PATH', 'there is no such path');
    return sendFile(c, file);
  });
  return routes;
}

function scopeError(got: readonly string[], allowed: readonly string[]): LatchkeyError {
  return new LatchkeyError('INPUT_INVALID', `scopes: expected some of ${allowed.join(', ')}, got ${show(got)}`);
}

type PortalContext = Context<ManagementEnv>;

async function signIn(c: PortalContext, { sessions, settings }: PortalRoutesDeps): Promise<Response> {
  const { cookie } = readAddress(c, settings.url);
  const { code, switchOwner = false } = await readBody(c, REDEEM_CODE.body);
  const token = await sessions.redeem(code, getCookie(c, cookie.name), switchOwner);
  setCookie(c, cookie.name, token, { ...cookieOptions(cookie), maxAge: SESSION_SECONDS });
  return c.body(null, 204);
}

async function signOut(c: PortalContext, { sessions, settings }: PortalRoutesDeps): Promise<Response> {
  const { cookie } = readAddress(c, settings.url);
  await sessions.end(getCookie(c, cookie.name));
  deleteCookie(c, cookie.name, cookieOptions(cookie));
  return c.body(null, 204);
}

const BODY_PROBLEMS = {
  JSON_REQUIRED: 'content type: expected application/json',
  BODY_TOO_LARGE: 'body: expected a Content-Length of at most 64 KB',
} as const;

/** Rejects requests from other pages. */
function ownPageOnly({ settings }: PortalRoutesDeps): MiddlewareHandler {
  return async (c, next) => {
    if (!isFromOwnPage(c, (origin) => origin === readAddress(c, settings.url).origin)) {
      throw new RequestProblem('FORBIDDEN', 'only the own page of this server may send this request');
    }
    const problem = findBodyProblem(c);
    if (problem !== undefined) throw new RequestProblem(problem, BODY_PROBLEMS[problem]);
    return next();
  };
}

function cookieOptions({ secure }: PortalAddress['cookie']) {
  return { httpOnly: true, secure, sameSite: 'Strict', path: '/' } as const;
}

/** Rejects requests without a session. The owner of the session becomes the caller. */
function sessionOnly({ sessions, settings }: PortalRoutesDeps): MiddlewareHandler<ManagementEnv> {
  return async (c, next) => {
    const grant = await sessions.read(getCookie(c, readAddress(c, settings.url).cookie.name));
    if (grant === undefined) throw new RequestProblem('UNAUTHENTICATED', 'the session has ended');
    const { owner, returnUrl } = grant;
    c.set('caller', {
      kind: 'owner',
      actor: `portal:${owner}`,
      owner,
      rules: narrowRules(settings.rules, grant),
      portal: { name: settings.name, returnUrl },
      sessionScopes: grant.scopes,
    });
    return next();
  };
}

/**
 * Rejects the rotation of a key whose scopes are more than the session's. The successor has the same scopes, so its
 * secret could do what the session can't give. Other routes don't show a secret of an existing key.
 */
function withinScopes({ registryFor }: PortalRoutesDeps): MiddlewareHandler<ManagementEnv> {
  return async (c, next) => {
    const caller = c.get('caller');
    const limit = caller.kind === 'owner' ? caller.sessionScopes : undefined;
    if (caller.kind !== 'owner' || limit === undefined) return next();
    // The routes respond to a key that the owner doesn't have.
    const record = await registryFor(caller.actor)
      .get(c.req.param('id') ?? '')
      .catch((error: unknown) => {
        if (error instanceof LatchkeyError && ['NOT_FOUND', 'INPUT_INVALID'].includes(error.code)) return undefined;
        throw error;
      });
    if (record?.owner !== caller.owner) return next();
    if (record.scopes?.every((scope) => limit.includes(scope)) === true) return next();
    throw new RequestProblem('FORBIDDEN', 'the key has scopes that this session cannot give');
  };
}

function sendFile(c: Context, { content, contentType, etag, isHashed }: PortalFile): Response {
  c.header('ETag', etag);
  c.header('Cache-Control', isHashed ? 'public, max-age=31536000, immutable' : 'no-cache');
  if (c.req.header('if-none-match') === etag) return c.body(null, 304);
  return c.body(content, 200, { 'Content-Type': contentType });
}
