import { Hono } from 'hono';
import { printable } from '../../keys/printable.ts';
import type { KeyRegistry, UsageReport } from '../../keys/registry.ts';
import { readQuery } from '../../management/requestParts.ts';
import { usageQuerySchema } from '../../management/schemas.ts';

/** A usage report in the API's responses. */
export interface ConsoleUsage extends Omit<UsageReport, 'corrupt'> {
  /** One line for each unreadable item. Its requests don't count. */
  readonly corrupt: readonly string[];
}

/** The dependencies of the routes. */
export interface UsageRoutesDeps {
  readonly registry: Pick<KeyRegistry, 'usage'>;
}

/**
 * Creates the route of the page's API that reports the requests of all keys. The query parameter `by` is `hour` for the
 * last 24 hours, or `day` for the last 30 days.
 */
export function usageRoutes({ registry }: UsageRoutesDeps): Hono {
  const routes = new Hono();
  routes.get('/usage', async (c) => {
    const report = await registry.usage({ all: true, ...readQuery(c, usageQuerySchema) });
    const usage: ConsoleUsage = { ...report, corrupt: report.corrupt.map(({ message }) => printable(message)) };
    return c.json(usage);
  });
  return routes;
}
