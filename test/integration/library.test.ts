import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startDynalite, type Engine } from '../support/engine.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const run = promisify(execFile);

/** Tells each module that `import` resolves; loaders run on a thread of their own. What `require` loads is in its cache. */
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
  import { createKeyRegistry, LatchkeyError } from 'latchkey';

  const registry = createKeyRegistry({
    tableName: 'keys',
    actor: 'an application',
    region: 'us-east-1',
    endpoint: process.env.ENDPOINT,
  });
  const { secret, record } = await registry.issue({ label: 'from the library' });
  const found = await registry.find(secret);
  const error = await registry.get('00000000-0000-4000-8000-000000000000').catch((error) => error);
  const imported = readFileSync(process.env.TRACE, 'utf8').split('\\n');
  const loaded = [...imported, ...Object.keys(createRequire(import.meta.url).cache)];
  console.log(JSON.stringify({ record, found, code: error instanceof LatchkeyError ? error.code : null, loaded }));
`;

const TYPED_APPLICATION = `
  import { createKeyRegistry, type KeyRecord, type KeySecret, type Rotation } from 'latchkey';

  const registry = createKeyRegistry({ tableName: 'keys', actor: 'an application' });
  const { secret, record }: { secret: KeySecret; record: KeyRecord } = await registry.issue({ label: 'ci' });
  export const rotation: Rotation = await registry.rotate(record.id, { graceSeconds: 60 });
  for await (const { owner } of registry.records({ state: 'active' })) owner?.toUpperCase();
  for await (const result of registry.importHashes([{ keyHash: record.keyHash, label: 'ci' }])) {
    if (result.outcome === 'rejected') result.problem.toUpperCase();
  }
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

describe("import … from 'latchkey'", () => {
  let engine: Engine;
  let directory: string;
  beforeAll(async () => {
    engine = await startDynalite();
    await engine.createTable('keys');
    // An application that has Latchkey installed, and nothing else.
    directory = await mkdtemp(join(tmpdir(), 'latchkey-application-'));
    await mkdir(join(directory, 'node_modules'));
    await symlink(ROOT, join(directory, 'node_modules', 'latchkey'));
    await writeFile(join(directory, 'package.json'), '{"type":"module"}');
    await writeFile(join(directory, 'tracer.js'), TRACER);
    await writeFile(join(directory, 'application.js'), APPLICATION);
    await writeFile(join(directory, 'application.ts'), TYPED_APPLICATION);
  });
  afterAll(async () => {
    await engine?.stop();
    await rm(directory, { recursive: true, force: true });
  });

  test('issues a key in plain Node, with nothing of the CDK loaded', async () => {
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
    const { record, found, code, loaded } = JSON.parse(stdout);
    expect(record).toMatchObject({ label: 'from the library', createdBy: 'an application' });
    expect(found).toEqual(record);
    expect(code).toBe('NOT_FOUND');
    // What is loaded is seen either way.
    expect(loaded).toContainEqual(expect.stringMatching(/^file:.*\/dist\/lib\/index\.js$/));
    expect(loaded).toContainEqual(expect.stringMatching(/^\/.*\/@aws-sdk\/lib-dynamodb\//));
    const others = /[/\\](aws-cdk-lib|constructs|cdk-nag|tsx|dynalite|commander|infra|lambda|cli|local)[/\\]/;
    expect(loaded.filter((module: string) => others.test(module.replace(ROOT, '/')))).toEqual([]);
  });

  test('has types, which tell an application what it does wrong', async () => {
    const options = ['--strict', '--noEmit', '--target', 'es2022', '--module', 'nodenext', '--types', 'node'];
    const typeRoots = ['--typeRoots', join(ROOT, 'node_modules', '@types')];
    const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
    const args = [tsc, '--ignoreConfig', ...options, ...typeRoots, 'application.ts'];
    const result = await run(process.execPath, args, { cwd: directory }).catch((error: { stdout: string }) => error);
    expect(result.stdout).toBe('');
  });
});
