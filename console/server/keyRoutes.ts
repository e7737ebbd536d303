import { Hono } from 'hono';
import { lostKeyNotice, lostRotationNotice } from '../../operator/notices.ts';
import { printable } from '../../keys/printable.ts';
import type { KeyRegistry } from '../../keys/registry.ts';
import { readNewKey, readNothing, readRevocation, readRotation, readUpdate } from './requestBody.ts';
import { confirmed } from './refusal.ts';
import { publicRecord, type PublicRecord } from '../../keys/record.ts';

/** A key as the console tells of it. Its state is the page's to tell, for it changes with the time. */
export type ConsoleKey = PublicRecord;

export interface KeyRoutesDeps {
  readonly registry: KeyRegistry;
}

/** Of a change that gives no key. */
const LOOK_FIRST = 'whether the key was changed is not known: look at it before you try again';

/** Creates the routes of the page's API. Only the answers to create and to rotate contain a key's secret. */
export function keyRoutes({ registry }: KeyRoutesDeps): Hono {
  const routes = new Hono();

  routes.get('/keys', async (c) => {
    const { records, corrupt, cursor } = await registry.list({ cursor: c.req.query('cursor') });
    return c.json({
      records: records.map(publicRecord),
      corrupt: corrupt.map(({ message }) => printable(message)),
      cursor,
    });
  });
  routes.get('/keys/:id', async (c) => c.json({ record: publicRecord(await registry.get(c.req.param('id'))) }));
  routes.post('/keys', async (c) => {
    const issued = registry.prepare(await readNewKey(c));
    await confirmed(registry.store(issued), lostKeyNotice(issued));
    return c.json({ key: issued.secret, record: publicRecord(issued.record) }, 201);
  });
  routes.patch('/keys/:id', async (c) => {
    const id = c.req.param('id');
    const { changes, expected } = await readUpdate(c, id);
    return c.json({ record: publicRecord(await confirmed(registry.update(id, changes, { expected }), LOOK_FIRST)) });
  });
  routes.post('/keys/:id/disable', async (c) => {
    await readNothing(c);
    return c.json({ record: publicRecord(await confirmed(registry.disable(c.req.param('id')), LOOK_FIRST)) });
  });
  routes.post('/keys/:id/enable', async (c) => {
    await readNothing(c);
    return c.json({ record: publicRecord(await confirmed(registry.enable(c.req.param('id')), LOOK_FIRST)) });
  });
  routes.post('/keys/:id/revoke', async (c) => {
    const options = await readRevocation(c);
    return c.json({ record: publicRecord(await confirmed(registry.revoke(c.req.param('id'), options), LOOK_FIRST)) });
  });
  routes.post('/keys/:id/rotate', async (c) => {
    const drawn = await registry.prepareRotation(c.req.param('id'), await readRotation(c));
    const rotation = await confirmed(registry.storeRotation(drawn), lostRotationNotice(drawn));
    const { secret, record, previous } = rotation;
    return c.json({ key: secret, record: publicRecord(record), previous: publicRecord(previous) }, 201);
  });
  return routes;
}
