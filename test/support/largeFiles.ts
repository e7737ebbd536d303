/** A file of many keys, which is generated entry by entry. */
export interface LargeFile {
  readonly start: string;
  readonly entry: (hash: Buffer, index: number) => string;
  readonly separator: string;
  readonly end: string;
}

const lines = (entry: LargeFile['entry'], start = ''): LargeFile => ({ start, entry, separator: '\n', end: '\n' });
const list = (start: string, entry: LargeFile['entry'], end: string): LargeFile => ({
  start,
  entry,
  separator: ',\n',
  end,
});

/** The formats that can be large. The documents are single JSON values. */
export const LARGE_FILES: Readonly<Record<string, LargeFile>> = {
  jsonl: lines((hash, index) =>
    JSON.stringify({ keyHash: hash.toString('hex'), label: `key ${index}`, owner: 'acme' }),
  ),
  csv: lines((hash, index) => `${hash.toString('hex')},key ${index},acme`, 'keyHash,label,owner\n'),
  dynamodb: lines((hash, index) =>
    JSON.stringify({ Item: { keyHash: { S: hash.toString('hex') }, label: { S: `key ${index}` } } }),
  ),
  json: list(
    '{"theme":"dark","api_keys":[',
    (hash, index) => JSON.stringify({ key_hash: hash.toString('hex'), label: `key ${index}` }),
    ']}',
  ),
  unkey: list(
    '{"migrationId":"acme","apiId":"api_1","keys":[',
    (hash, index) =>
      JSON.stringify({
        hash: hash.toString('base64'),
        name: `key ${index}`,
        externalId: `user_${index}`,
        meta: { plan: 'pro', seats: index },
        permissions: ['orders.read'],
        ratelimits: [{ name: 'requests', limit: 100, duration: 60_000 }],
      }),
    ']}',
  ),
  'better-auth': list(
    '[',
    (hash, index) =>
      JSON.stringify({
        key: hash.toString('base64url'),
        name: `key ${index}`,
        referenceId: `user${index}`,
        rateLimitEnabled: true,
        permissions: '{"orders":["read"]}',
        createdAt: 1_700_000_000_000,
      }),
    ']',
  ),
};
