import { Hono } from 'hono';
import { publicRecord } from '../../keys/record.ts';
import { keyState } from '../../keys/state.ts';
import { confirmed } from '../../management/problems.ts';
import { readBody } from '../../management/requestParts.ts';
import { emptySchema } from '../../management/schemas.ts';
import type { ConsoleToStart } from '../../operator/consoleToStart.ts';
import { type PlanState, readPlanState } from '../../operator/planState.ts';

/** The response to `GET /api/keys/ID/plan`. */
export interface ConsolePlan {
  /** The plan with what is left of it, or `null` for a key without a plan. */
  readonly plan: PlanState | null;
}

/** The dependencies of the routes. */
export type PlanRoutesDeps = Pick<ConsoleToStart, 'registry' | 'location' | 'now'>;

/** The advice for a reset that may have been made. */
const OUTCOME_UNKNOWN = 'the quota may have been reset: reset it again to be sure';

/** Creates the routes of the page's API that read and reset what is left of plans. */
export function planRoutes({ registry, location, now = Date.now }: PlanRoutesDeps): Hono {
  const routes = new Hono();
  routes.get('/keys/:id/plan', async (c) => {
    const record = await registry.get(c.req.param('id'));
    const plan = await readPlanState(record, { registry, location, nowMs: now() });
    return c.json({ plan: plan ?? null } satisfies ConsolePlan);
  });
  routes.post('/keys/:id/reset-quota', async (c) => {
    await readBody(c, emptySchema);
    const {
      records: [record],
    } = await confirmed(registry.resetLimits({ id: c.req.param('id') }), OUTCOME_UNKNOWN);
    return c.json({ record: record && { ...publicRecord(record), state: keyState(record, now()) } });
  });
  return routes;
}
