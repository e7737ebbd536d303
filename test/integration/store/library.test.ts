import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startDynalite, type Engine } from '../../support/engine.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const run = promisify(execFile);

/** Prints each module that `import` resolves, on a loader thread. Modules loaded by `require` are in its cache. */
const TRACER = `
  import { appendFileSync } from 'node:fs';
  import { register } from 'node:module';
  import { isMainThread } from 'node:worker_threads';
  if (isMainThread) register(import.meta.url);
  export async function resolve(specifier, context, next) {
    const resolved = await next(specifier, context);
    appendFileSync(process.env.TRACE, resolved.url + '\\n');
    return resolved;
  }
`;

const APPLICATION = `
  import { readFileSync } from 'node:fs';
  import { createRequire } from 'node:module';
  import { createKeyRegistry, createKeyVerifier, LatchkeyError } from 'latchkey';

  const table = { tableName: 'keys', region: 'us-east-1', endpoint: process.env.ENDPOINT };
  const registry = createKeyRegistry({ ...table, actor: 'an application' });
  const verifier = createKeyVerifier(table);
  const { secret, record } = await registry.issue({ label: 'from the library' });
  const found = await registry.find(secret);
  const decision = await verifier.verify(secret);
  const error = await registry.get('00000000-0000-4000-8000-000000000000').catch((error) => error);
  const imported = readFileSync(process.env.TRACE, 'utf8').split('\\n');
  const loaded = [...imported, ...Object.keys(createRequire(import.meta.url).cache)];
  console.log(JSON.stringify({ record, found, decision, code: error instanceof LatchkeyError ? error.code : null, loaded }));
`;

const SERVERS = `
  import { readFileSync } from 'node:fs';
  import { createRequire } from 'node:module';
  import * as express from 'latchkey/express';
  import * as fastify from 'latchkey/fastify';
  import * as hono from 'latchkey/hono';
  import * as lambda from 'latchkey/lambda';

  const entries = { express, fastify, hono, lambda };
  const imported = readFileSync(process.env.TRACE, 'utf8').split('\\n');
  const loaded = [...imported, ...Object.keys(createRequire(import.meta.url).cache)];
  const exported = Object.entries(entries).map(([name, entry]) => [name, Object.keys(entry)]);
  console.log(JSON.stringify({ exported: Object.fromEntries(exported), loaded }));
`;

const TYPED_APPLICATION = `
  import { createAuthenticator, createKeyRegistry, createKeyVerifier } from 'latchkey';
  import type { Authentication, Decision, KeyRecord, KeySecret, Rotation } from 'latchkey';
  import { latchkey as forExpress } from 'latchkey/express';
  import { latchkey as forFunction, type WithKey } from 'latchkey/lambda';
  import { createTestAuthorizer, createTestKey, restIntegrationEvent, restTokenEvent } from 'latchkey/testing';

  const registry = createKeyRegistry({ tableName: 'keys', actor: 'an application' });
  const verifier = createKeyVerifier({ tableName: 'keys', onLastUsedWriteFailed: ({ label }) => label.toUpperCase() });
  const { secret, record }: { secret: KeySecret; record: KeyRecord } = await registry.issue({ label: 'ci' });
  export const rotation: Rotation = await registry.rotate(record.id, { graceSeconds: 60 });
  for await (const { owner } of registry.records({ state: 'active' })) owner?.toUpperCase();
  for await (const result of registry.importHashes([{ keyHash: record.keyHash, label: 'ci' }])) {
    if (result.outcome === 'rejected') result.problem.toUpperCase();
  }
  const decision: Decision = await verifier.verify(secret, 'GET /orders');
  if (decision.effect === 'deny' && decision.code === 'INSUFFICIENT_SCOPE') decision.record.label.toUpperCase();
  const key = createTestKey({ expiresAt: '2030-01-01T00:00:00Z' });
  const { handler } = createTestAuthorizer({ records: [key.record], keySources: ['header:X-Api-Key'] });
  export const answer: object = await handler(restTokenEvent({ key: key.secret }));
  export const principal: string = restIntegrationEvent(key.record).requestContext.authorizer.principalId;
  const authenticator = createAuthenticator({ tableName: 'keys', keySources: ['header:X-Api-Key'] });
  const authentication: Authentication = await authenticator.authenticate(new Request('https://api.example'));
  if (authentication.effect === 'refuse') authentication.toResponse().headers.get('Retry-After');
  else authentication.record.label.toUpperCase();
  forExpress(authenticator, { require: ['orders:read'] });
  export const handle = forFunction(authenticator, (event: WithKey<{ rawPath: string }>) => event.latchkey.owner);
  // @ts-expect-error a refused request has no record for sure
  authentication.record.label;
  // @ts-expect-error an authenticator has to be created first
  forExpress({ tableName: 'keys' });
  // @ts-expect-error a record has no hash
  forFunction(authenticator, (event: WithKey<object>) => event.latchkey.keyHash);
  // @ts-expect-error a table has to be named
  createKeyVerifier({});
  // @ts-expect-error no such option
  createKeyVerifier({ tableName: 'keys', recordCacheTtl: 5 });
  // @ts-expect-error who acts has to be said
  createKeyRegistry({ tableName: 'keys' });
  // @ts-expect-error a label is required
  await registry.issue({});
  // @ts-expect-error a text is no secret
  export const forged: KeySecret = 'sk_';
  // @ts-expect-error a grace is required
  await registry.rotate(record.id, {});
  export { secret };
`;

const TESTS = `
  import { readFileSync } from 'node:fs';
  import { createRequire } from 'node:module';
  import { createTestAuthorizer, createTestKey, restRequestEvent } from 'latchkey/testing';

  const { secret, record } = createTestKey();
  const { handler } = createTestAuthorizer({ records: [record] });
  const answer = await handler(restRequestEvent({ key: secret }));
  const imported = readFileSync(process.env.TRACE, 'utf8').split('\\n');
  const loaded = [...imported, ...Object.keys(createRequire(import.meta.url).cache)];
  console.log(JSON.stringify({ id: record.id, answer, loaded }));
`;

describe("the package 'latchkey'", () => {
  let engine: Engine;
  let directory: string;
  beforeAll(async () => {
    engine = await startDynalite();
    await engine.createTable('keys');
    // An application with Latchkey as its only dependency.
    directory = await mkdtemp(join(tmpdir(), 'latchkey-application-'));
    await mkdir(join(directory, 'node_modules'));
    await symlink(ROOT, join(directory, 'node_modules', 'latchkey'));
    await writeFile(join(directory, 'package.json'), '{"type":"module"}');
    await writeFile(join(directory, 'tracer.js'), TRACER);
    await writeFile(join(directory, 'application.js'), APPLICATION);
    await writeFile(join(directory, 'tests.js'), TESTS);
    await writeFile(join(directory, 'servers.js'), SERVERS);
    await writeFile(join(directory, 'application.ts'), TYPED_APPLICATION);
  });
  afterAll(async () => {
    await engine?.stop();
    await rm(directory, { recursive: true, force: true });
  });

  test('issues and verifies a key in plain Node without loading the CDK', async () => {
    const env = {
      ...process.env,
      ENDPOINT: engine.endpoint,
      TRACE: join(directory, 'trace.txt'),
      NODE_OPTIONS: '',
      AWS_ACCESS_KEY_ID: 'local',
      AWS_SECRET_ACCESS_KEY: 'local',
    };
    const args = ['--import', './tracer.js', 'application.js'];
    const { stdout } = await run(process.execPath, args, { cwd: directory, env, maxBuffer: 2 ** 24 });
    const { record, found, decision, code, loaded } = JSON.parse(stdout);
    expect(record).toMatchObject({ label: 'from the library', createdBy: 'an application' });
    expect(found).toEqual(record);
    const { keyHash: _, ...shown } = record;
    expect(decision).toEqual({ effect: 'allow', record: shown });
    expect(code).toBe('NOT_FOUND');
    // The test sees modules of both `import` and `require`.
    expect(loaded).toContainEqual(expect.stringMatching(/^file:.*\/dist\/lib\/index\.js$/));
    expect(loaded).toContainEqual(expect.stringMatching(/^\/.*\/@aws-sdk\/lib-dynamodb\//));
    const others = /[/\\](aws-cdk-lib|constructs|cdk-nag|tsx|dynalite|commander|infra|testing|cli|local)[/\\]/;
    expect(loaded.filter((module: string) => others.test(module.replace(ROOT, '/')))).toEqual([]);
  });

  test("allows a key of 'latchkey/testing' without loading the SDK or the CDK", async () => {
    const env = { PATH: process.env['PATH'], TRACE: join(directory, 'trace-of-tests.txt') };
    const { stdout } = await run(process.execPath, ['--import', './tracer.js', 'tests.js'], { cwd: directory, env });
    const { id, answer, loaded } = JSON.parse(stdout);
    expect(answer).toMatchObject({ principalId: id, policyDocument: { Statement: [{ Effect: 'Allow' }] } });
    expect(loaded).toContainEqual(expect.stringMatching(/^file:.*\/dist\/lib\/testing\/index\.js$/));
    expect(loaded.filter((module: string) => /aws-sdk|smithy|aws-cdk-lib|constructs/.test(module))).toEqual([]);
  });

  test('has middleware that loads neither a framework nor the SDK', async () => {
    const env = { PATH: process.env['PATH'], TRACE: join(directory, 'trace-of-servers.txt') };
    const { stdout } = await run(process.execPath, ['--import', './tracer.js', 'servers.js'], { cwd: directory, env });
    const { exported, loaded } = JSON.parse(stdout);
    const latchkey = ['latchkey'];
    expect(exported).toEqual({ express: latchkey, fastify: ['keyHook', 'latchkey'], hono: latchkey, lambda: latchkey });
    expect(loaded).toContainEqual(expect.stringMatching(/^file:.*\/dist\/lib\/middleware\/hono\.js$/));
    expect(loaded.filter((module: string) => module.includes('/node_modules/'))).toEqual([]);
  });

  test.each(['express', 'fastify', 'hono', 'lambda'])(
    'has middleware in the CommonJS bundle %s.cjs without a package that has to be installed',
    async (name) => {
      const bundle = await readFile(join(ROOT, 'dist', 'cjs', `${name}.cjs`), 'utf8');
      const required = [...bundle.matchAll(/\brequire\("([^"]+)"\)/g)].map(([, module]) => module);
      expect(required.filter((module) => module?.startsWith('node:') !== true)).toEqual([]);
      expect(createRequire(import.meta.url)(`../../../dist/cjs/${name}.cjs`).latchkey).toBeInstanceOf(Function);
    },
  );

  test("has types that reject an application's wrong calls", async () => {
    const options = ['--strict', '--noEmit', '--target', 'es2022', '--module', 'nodenext', '--types', 'node'];
    const typeRoots = ['--typeRoots', join(ROOT, 'node_modules', '@types')];
    const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
    const args = [tsc, '--ignoreConfig', ...options, ...typeRoots, 'application.ts'];
    const result = await run(process.execPath, args, { cwd: directory }).catch((error: { stdout: string }) => error);
    expect(result.stdout).toBe('');
  });
});
