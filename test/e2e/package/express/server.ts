import type { AddressInfo } from 'node:net';
import express = require('express');
import { createAuthenticator } from 'latchkey';
import { latchkey } from 'latchkey/express';

const { KEY_TABLE: tableName = '' } = process.env;
const authenticator = createAuthenticator({ tableName });

const app = express();
app.use(latchkey(authenticator));
app.get('/orders', (req, res) => {
  const owner: string | undefined = req.latchkey?.owner;
  res.json({ owner });
});
app.post('/orders', latchkey(authenticator, { require: 'orders:write' }), (_req, res) => {
  res.sendStatus(201);
});

const server = app.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port));
