import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text as readText } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Engine, startDynalite } from '../../support/engine.ts';
import { type ManagementUnderTest, openManagement } from '../../support/managementUnderTest.ts';

const run = promisify(execFile);
const DOCUMENT = fileURLToPath(new URL('../../../docs/reference/openapi.json', import.meta.url));
const CLIENT = fileURLToPath(new URL('client.pl', import.meta.url));
const ARN = 'arn:aws:iam::111122223333:user/alice';
/** The schema of OpenAPI 3.1 that the generator wants to download. Python's validator checks the document instead. */
const META_SCHEMA = 'https://spec.openapis.org/oas/3.1/schema/2021-05-20';

test('the OpenAPI document is valid OpenAPI 3.1', async () => {
  const script = 'import json, sys; from openapi_spec_validator import OpenAPIV31SpecValidator as V; '.concat(
    'print([e.message for e in V(json.load(open(sys.argv[1]))).iter_errors()])',
  );
  const { stdout } = await run('python3', ['-c', script, DOCUMENT]);
  expect(stdout.trim()).toBe('[]');
});

describe('a client in Perl that is generated from the OpenAPI document', () => {
  let engine: Engine;
  let server: Server;
  let cache: string;
  let got: Record<string, { status: number; type: string; body: Record<string, any> }>;
  beforeAll(async () => {
    engine = await startDynalite();
    server = await serve(await openManagement(engine));
    cache = await mkdtemp(join(tmpdir(), 'latchkey-openapi-'));
    await writeFile(join(cache, createHash('md5').update(META_SCHEMA).digest('hex')), '{}');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const env = { ...process.env, JSON_VALIDATOR_CACHE_PATH: cache };
    got = JSON.parse((await run('perl', [CLIENT, DOCUMENT, url], { env })).stdout);
  });
  afterAll(async () => {
    server?.close();
    await engine?.stop();
    await rm(cache, { recursive: true, force: true });
  });

  test('creates, lists, changes, rotates, checks and revokes a key', () => {
    const { created, listed, updated, rotated, verified, revoked } = got;
    expect(created).toMatchObject({ status: 201, body: { key: expect.stringMatching(/^sk_/) } });
    const { id } = created?.body['record'];
    expect(created?.body['record']).toMatchObject({ owner: 'acme', scopes: ['orders:read'], createdBy: ARN });
    expect(listed).toMatchObject({ status: 200, body: { records: [{ id }], cursor: null } });
    expect(updated).toMatchObject({ status: 200, body: { record: { id, label: 'renamed', version: 1 } } });
    expect(updated?.body['record']).not.toHaveProperty('owner');
    expect(rotated).toMatchObject({ status: 201, body: { record: { rotatedFrom: id }, previous: { id } } });
    expect(verified).toMatchObject({ status: 200, body: { valid: true, record: { rotatedFrom: id } } });
    expect(revoked).toMatchObject({ status: 200, body: { record: { id, state: 'revoked', revokedReason: 'done' } } });
  });

  test.each([
    ['outdated', 412, 'PRECONDITION_FAILED'],
    ['again', 409, 'ALREADY_REVOKED'],
    ['missing', 404, 'NOT_FOUND'],
  ])('gets problem details for a request that is %s', (name, status, code) => {
    expect(got[name]).toMatchObject({ status, type: 'application/problem+json', body: { status, code } });
  });

  test.each([
    ['withoutLabel', '/body/label'],
    ['withUnknownField', '/body'],
  ])('rejects a body %s before it sends a request', (name, path) => {
    expect(got[name]).toMatchObject({ status: 400, body: { errors: [{ path }] } });
  });
});

/** Serves the function for an operator whom API Gateway has authenticated. */
async function serve(api: ManagementUnderTest): Promise<Server> {
  const server = createServer((request, response) => {
    void readText(request).then(async (body) => {
      const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
      const { method = 'GET', url = '/' } = request;
      const answer = await api.call({ arn: ARN }, { method, path: url, headers, ...(body === '' ? {} : { body }) });
      response.writeHead(answer.status, answer.headers).end(answer.text);
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return server;
}
