import { Hono } from 'hono';
import { publicRecord, type PublicRecord } from '../../cli/publicRecord.ts';
import { keyState, type KeyRecord, type KeyState } from '../../keys/record.ts';
import type { KeyRegistry } from '../../keys/registry.ts';
import { readNewKey, readNothing, readRevocation, readRotation, readUpdate } from './requestBody.ts';

/** A key as the console tells of it. */
export type ConsoleKey = PublicRecord & {
  /** At the time of the answer. */
  readonly state: KeyState;
};

export interface KeyRoutesDeps {
  readonly registry: KeyRegistry;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** The API of `openapi.json`, over the registry. A key's secret is in the answer to `create` and to `rotate`, and in no other. */
export function keyRoutes({ registry, now }: KeyRoutesDeps): Hono {
  const shown = (record: KeyRecord): ConsoleKey => ({ ...publicRecord(record), state: keyState(record, now()) });
  const routes = new Hono();

  routes.get('/keys', async (c) => {
    const { records, corrupt, cursor } = await registry.list({ cursor: c.req.query('cursor') });
    return c.json({ records: records.map(shown), corrupt: corrupt.map(({ message }) => message), cursor });
  });
  routes.get('/keys/:id', async (c) => c.json({ record: shown(await registry.get(c.req.param('id'))) }));
  routes.post('/keys', async (c) => {
    const { secret, record } = await registry.issue(await readNewKey(c));
    return c.json({ key: secret, record: shown(record) }, 201);
  });
  routes.patch('/keys/:id', async (c) => {
    const id = c.req.param('id');
    const { changes, asRead } = await readUpdate(c, id);
    return c.json({ record: shown(await registry.update(id, changes, { asRead })) });
  });
  routes.post('/keys/:id/disable', async (c) => {
    await readNothing(c);
    return c.json({ record: shown(await registry.disable(c.req.param('id'))) });
  });
  routes.post('/keys/:id/enable', async (c) => {
    await readNothing(c);
    return c.json({ record: shown(await registry.enable(c.req.param('id'))) });
  });
  routes.post('/keys/:id/revoke', async (c) => {
    const options = await readRevocation(c);
    return c.json({ record: shown(await registry.revoke(c.req.param('id'), options)) });
  });
  routes.post('/keys/:id/rotate', async (c) => {
    const options = await readRotation(c);
    const { secret, record, previous } = await registry.rotate(c.req.param('id'), options);
    return c.json({ key: secret, record: shown(record), previous: shown(previous) }, 201);
  });
  return routes;
}
