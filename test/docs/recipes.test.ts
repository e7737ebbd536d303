import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { createKeyRegistry } from '../../index.ts';
import { createClient, startDynalite } from '../support/engine.ts';
import type { RecipesReport } from './synthesizeRecipes.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PAGES = ['README.md', 'docs/recipes.md'];
const run = promisify(execFile);

async function synthesize(name: string, pages: readonly string[]): Promise<RecipesReport> {
  const script = 'test/docs/synthesizeRecipes.ts';
  const { stdout } = await run(process.execPath, ['--import', 'tsx', script, name, ...pages], {
    cwd: ROOT,
    env: { ...process.env, NODE_OPTIONS: '' },
    maxBuffer: 10e6,
  });
  return JSON.parse(stdout);
}

describe('the recipes of the docs', () => {
  let report: RecipesReport;
  beforeAll(async () => {
    report = await synthesize('recipes', [...PAGES, 'test/docs/planted/finding.md']);
  }, 180_000);

  test.each(PAGES)('every TypeScript block of %s is a file that is compiled here', (page) => {
    const blocks = readFileSync(join(ROOT, page), 'utf8').match(/^```ts$/gm) ?? [];
    const compiled = report.files.filter((file) => file.page === page && file.name.endsWith('.ts'));
    expect(compiled).toHaveLength(blocks.length);
    expect(blocks.length).toBeGreaterThan(0);
  });

  test('the security checks find nothing in a stack of theirs, and do find what is planted beside them', () => {
    const findings = Object.fromEntries(report.synthesized.map(({ recipe, findings }) => [recipe, findings]));
    const { 'a-bucket-that-the-security-checks-object-to': planted, ...own } = findings;
    expect(planted).toContain('AwsSolutions-S1 at BucketStack/Bucket/Resource');
    const { 'in-your-cdk-app': readme, ...recipes } = own;
    // The README's stack is as short as can be: the access log of the API is its user's affair.
    expect(readme).toEqual(['AwsSolutions-APIG1 at OrdersStack/Orders/DefaultStage/Resource']);
    expect(Object.entries(recipes).filter(([, found]) => found.length > 0)).toEqual([]);
    expect(Object.keys(recipes).length).toBeGreaterThan(5);
  });

  test('what misuses a construct does not compile', async () => {
    const failure = synthesize('recipes-misspelt', ['test/docs/planted/typeError.md']);
    await expect(failure).rejects.toMatchObject({ stderr: expect.stringContaining("'replicaRegion' does not exist") });
  }, 60_000);

  test('the function that issues keys issues one, as it was bundled', async () => {
    const engine = await startDynalite();
    try {
      await engine.createTable('keys');
      const call =
        "const { handler } = await import('./index.mjs'); console.log(JSON.stringify(await handler({ customer: 'acme' })));";
      const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', call], {
        cwd: bundleOf(report, 'IssueKey'),
        env: {
          ...process.env,
          NODE_OPTIONS: '',
          KEY_TABLE: 'keys',
          AWS_ENDPOINT_URL_DYNAMODB: engine.endpoint,
          AWS_REGION: 'us-east-1',
          AWS_ACCESS_KEY_ID: 'local',
          AWS_SECRET_ACCESS_KEY: 'local',
        },
      });
      const { id, key } = JSON.parse(stdout);
      const client = createClient(engine.endpoint);
      const registry = createKeyRegistry({ tableName: 'keys', actor: 'a test', client });
      expect(await registry.find(key)).toMatchObject({ id, owner: 'acme', createdBy: 'sign-up' });
      client.destroy();
    } finally {
      await engine.stop();
    }
  });

  test('the tests of a handler run, and pass', async () => {
    const { stdout } = await run(process.execPath, ['--test', '--test-reporter=tap', 'orders.test.js'], {
      cwd: join(ROOT, 'dist/recipes/testing-what-stands-behind-the-authorizer'),
      env: { ...process.env, NODE_OPTIONS: '' },
    });
    expect(stdout).toMatch(/^# pass 3$/m);
  });
});

/** A resource of a template, with code where it is a function. */
interface Resource {
  readonly Properties?: { readonly Code?: { readonly S3Key?: string } };
}

/** The directory with the code of the one function of a recipe whose id begins so. */
function bundleOf({ synthesized }: RecipesReport, id: string): string {
  const [bundle] = synthesized
    .flatMap(({ templates }) => templates)
    .flatMap((path) => {
      const { Resources } = JSON.parse(readFileSync(join(ROOT, path), 'utf8'));
      const functions = Object.entries<Resource>(Resources).filter(([logicalId]) => logicalId.startsWith(id));
      const code = functions.flatMap(([, { Properties }]) => Properties?.Code?.S3Key ?? []);
      return code.map((key) => join(ROOT, dirname(path), `asset.${key.replace('.zip', '')}`));
    });
  if (bundle === undefined) throw new Error(`no recipe has the function ${id}`);
  return bundle;
}
