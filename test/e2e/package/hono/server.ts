import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { createAuthenticator } from 'latchkey';
import { latchkey } from 'latchkey/hono';

const { KEY_TABLE: tableName = '' } = process.env;
const authenticator = createAuthenticator({ tableName });

const app = new Hono()
  .use(latchkey(authenticator))
  .get('/orders', (c) => {
    const owner: string | undefined = c.get('latchkey').owner;
    return c.json({ owner });
  })
  .post('/orders', latchkey(authenticator, { require: 'orders:write' }), (c) => c.body(null, 201));

serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) => console.log(port));
