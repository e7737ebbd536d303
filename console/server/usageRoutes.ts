import { type Context, Hono } from 'hono';
import type { KeyRegistry, UsageOptions, UsageReport } from '../../keys/registry.ts';
import type { UsagePeriod } from '../../keys/usagePeriods.ts';
import { printable } from '../../keys/printable.ts';

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
 * Creates the routes of the page's API that report requests. The query parameter `by` is `hour` for the last 24 hours,
 * or `day` for the last 30 days.
 */
export function usageRoutes({ registry }: UsageRoutesDeps): Hono {
  const routes = new Hono();
  const answer = async (c: Context, subject: UsageOptions) => {
    // The registry rejects any other period.
    const report = await registry.usage({ ...subject, by: c.req.query('by') as UsagePeriod | undefined });
    const usage: ConsoleUsage = { ...report, corrupt: report.corrupt.map(({ message }) => printable(message)) };
    return c.json(usage);
  };
  routes.get('/usage', (c) => answer(c, { all: true }));
  routes.get('/keys/:id/usage', (c) => answer(c, { id: c.req.param('id') }));
  return routes;
}
