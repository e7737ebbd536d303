import { Hono } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';
import type { ManagementEnv } from '../../management/caller.ts';
import { keyRoutes } from '../../management/keyRoutes.ts';
import type { ConsoleToStart } from '../../operator/consoleToStart.ts';
import { describeSession } from './describeSession.ts';
import {
  jsonOnly,
  ownHostOnly,
  ownPageOnly,
  readsOnly,
  safeHeaders,
  type Session,
  sessionOnly,
  versionedOnly,
} from './guards.ts';
import type { PageFile } from './pageFiles.ts';
import { planRoutes } from './planRoutes.ts';
import { refuse, refuseFault } from './refusal.ts';
import { usageRoutes } from './usageRoutes.ts';

/** The dependencies of the console's app. */
export interface ConsoleAppDeps extends ConsoleToStart {
  /** The server's port. */
  readonly port: number;
  readonly session: Session;
  readonly files: ReadonlyMap<string, PageFile>;
}

/** The path of the printed URL. Its query parameter `token` contains the token. */
export const START_PATH = '/start';

/**
 * Creates the console's app, a front of the management API for one operator. It serves the page's files to every client, because they don't contain data. It serves the
 * API only to the session.
 */
export function createConsoleApp(deps: ConsoleAppDeps): Hono<ManagementEnv> {
  const { files, port, session, registry, actor, now = Date.now } = deps;
  // Browsers share cookies between ports, so each console on a machine needs its own cookie name.
  const cookieName = `latchkey-console-${port}`;
  const app = new Hono<ManagementEnv>();
  app.use(safeHeaders(), ownHostOnly(port));

  app.get(START_PATH, (c) => {
    // A link checker that sends HEAD must not use up the token.
    const cookie = c.req.method === 'GET' ? session.exchange(c.req.query('token') ?? '') : undefined;
    if (cookie === undefined && !session.isHeldBy(getCookie(c, cookieName))) return refuse(c, 'TOKEN_REFUSED');
    if (cookie !== undefined) setCookie(c, cookieName, cookie, { httpOnly: true, sameSite: 'Strict', path: '/' });
    return c.redirect('/', 303);
  });
  for (const [path, { contentType, content }] of files) {
    app.get(path, (c) => c.body(content, 200, { 'Content-Type': contentType }));
  }

  app.use('/api/*', ownPageOnly(port), sessionOnly(session, cookieName));
  if (deps.isReadOnly) app.use('/api/*', readsOnly());
  app.use('/api/*', jsonOnly());
  app.use('/api/keys/*', versionedOnly());
  app.use('/api/*', async (c, next) => {
    c.set('caller', { kind: 'operator', actor });
    await next();
  });
  app.get('/api/session', (c) => c.json(describeSession(deps)));
  app.route('/api', keyRoutes('operator', { registryFor: () => registry, now }));
  app.route('/api', planRoutes(deps));
  app.route('/api', usageRoutes(deps));

  app.notFound((c) => refuse(c, 'NO_SUCH_PATH'));
  app.onError((error, c) => refuseFault(c, error, deps));
  return app;
}
