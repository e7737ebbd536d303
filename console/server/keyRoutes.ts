import { Hono } from 'hono';
import { lostKeyNotice, lostRotationNotice } from '../../operator/notices.ts';
import { printable } from '../../keys/printable.ts';
import type { KeyRegistry } from '../../keys/registry.ts';
import { readNewKey, readEmpty, readRevocation, readRotation, readUpdate } from './requestBody.ts';
import { confirmed } from './refusal.ts';
import { publicRecord, type PublicRecord } from '../../keys/record.ts';

/** A key in the API's responses. The page computes the state, because it changes over time. */
export type ConsoleKey = PublicRecord;

/** The dependencies of the routes. */
export interface KeyRoutesDeps {
  readonly registry: KeyRegistry;
}

/** The advice for changes other than the creation of a key. */
const OUTCOME_UNKNOWN = 'the key may have been changed: check it before you try again';

/** Creates the routes of the page's API. Only the responses to create and to rotate contain a key's secret. */
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
    const { fields, options } = await readNewKey(c);
    const issued = registry.prepare(fields, options);
    await confirmed(registry.store(issued), lostKeyNotice(issued));
    return c.json({ key: issued.secret, record: publicRecord(issued.record) }, 201);
  });
  routes.patch('/keys/:id', async (c) => {
    const id = c.req.param('id');
    const { changes, expected } = await readUpdate(c, id);
    return c.json({
      record: publicRecord(await confirmed(registry.update(id, changes, { expected }), OUTCOME_UNKNOWN)),
    });
  });
  routes.post('/keys/:id/disable', async (c) => {
    await readEmpty(c);
    return c.json({ record: publicRecord(await confirmed(registry.disable(c.req.param('id')), OUTCOME_UNKNOWN)) });
  });
  routes.post('/keys/:id/enable', async (c) => {
    await readEmpty(c);
    return c.json({ record: publicRecord(await confirmed(registry.enable(c.req.param('id')), OUTCOME_UNKNOWN)) });
  });
  routes.post('/keys/:id/revoke', async (c) => {
    const options = await readRevocation(c);
    return c.json({
      record: publicRecord(await confirmed(registry.revoke(c.req.param('id'), options), OUTCOME_UNKNOWN)),
    });
  });
  routes.post('/keys/:id/rotate', async (c) => {
    const prepared = await registry.prepareRotation(c.req.param('id'), await readRotation(c));
    const rotation = await confirmed(registry.storeRotation(prepared), lostRotationNotice(prepared));
    const { secret, record, previous } = rotation;
    return c.json({ key: secret, record: publicRecord(record), previous: publicRecord(previous) }, 201);
  });
  return routes;
}
