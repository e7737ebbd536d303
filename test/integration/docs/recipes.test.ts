import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { createKeyRegistry } from '../../../index.ts';
import { createClient, startDynalite } from '../../support/engine.ts';
import type { RecipesReport } from './synthesizeRecipes.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const MIGRATION = 'docs/migrating-from-api-gateway-keys.md';
const GUIDES = ['recipes', 'plans', 'limits', 'operations', 'middleware', 'events'].map((name) => `docs/${name}.md`);
const PAGES = ['README.md', ...GUIDES, MIGRATION];
const run = promisify(execFile);

async function synthesize(name: string, pages: readonly string[]): Promise<RecipesReport> {
  const script = 'test/integration/docs/synthesizeRecipes.ts';
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
    report = await synthesize('recipes', [...PAGES, 'test/integration/docs/planted/finding.md']);
  }, 180_000);

  test.each(PAGES)('include every TypeScript block of %s', (page) => {
    const blocks = readFileSync(join(ROOT, page), 'utf8').match(/^```ts$/gm) ?? [];
    const compiled = report.files.filter((file) => file.page === page && file.name.endsWith('.ts'));
    expect(compiled).toHaveLength(blocks.length);
    expect(blocks.length).toBeGreaterThan(0);
  });

  test('pass the cdk-nag checks', () => {
    const findings = Object.fromEntries(report.synthesized.map(({ recipe, findings }) => [recipe, findings]));
    const { 'a-bucket-that-the-security-checks-object-to': planted, ...own } = findings;
    expect(planted).toContain('AwsSolutions-S1 at BucketStack/Bucket/Resource');
    const { 'in-your-cdk-app': readme, ...recipes } = own;
    // The README's minimal stack lacks an access log.
    expect(readme).toEqual(['AwsSolutions-APIG1 at OrdersStack/Orders/DefaultStage/Resource']);
    expect(Object.entries(recipes).filter(([, found]) => found.length > 0)).toEqual([]);
    expect(Object.keys(recipes).length).toBeGreaterThan(5);
  });

  test('keep the gateway responses of an existing API', () => {
    const [template] = report.synthesized.find(({ recipe }) => recipe === 'an-existing-rest-api')?.templates ?? [];
    const resources = resourcesOf(template ?? '');
    const bodies = resources.flatMap(({ Type, Properties: { ResponseType, ResponseTemplates } = {} }) =>
      Type === 'AWS::ApiGateway::GatewayResponse' ? [[ResponseType, ResponseTemplates?.['application/json']]] : [],
    );
    expect(bodies).toContainEqual(['REQUEST_TOO_LARGE', '{"message":"At most 10 MB."}']);
    expect(bodies).toContainEqual(['ACCESS_DENIED', expect.stringContaining('$context.authorizer.errorCode')]);
    const methods = resources.flatMap(({ Type, Properties: { HttpMethod, AuthorizationType } = {} }) =>
      Type === 'AWS::ApiGateway::Method' ? [`${HttpMethod} ${AuthorizationType}`] : [],
    );
    expect(methods.toSorted()).toEqual(['GET CUSTOM', 'OPTIONS NONE', 'OPTIONS NONE']);
  });

  test('limit the keys of API Gateway by the same usage plan in each stage of the migration', () => {
    const [today, first, second] = STAGES.map((recipe) => usagePlansOf(templateOf(report, recipe)));
    const [own] = today ?? [];
    expect(own?.[1]).toMatchObject({ UsagePlanName: 'gold', Throttle: { RateLimit: 20 }, Quota: { Limit: 100_000 } });
    expect(first).toContainEqual(own);
    expect(second).toContainEqual(own);
    expect(first?.length).toBe(3);
  });

  test('migrate from stage 1 to stage 2 by one setting of the function', () => {
    const [, first, second] = STAGES.map((recipe) => templateOf(report, recipe));
    const setting = /,\s*"LATCHKEY_USAGE_IDENTIFIER": ?"presented-key"/;
    expect(first).toMatch(setting);
    expect(JSON.parse((first ?? '').replace(setting, ''))).toEqual(JSON.parse(second ?? ''));
  });

  test('do not make API Gateway compare the spelling of a header during the migration', () => {
    const templates = STAGES.map((recipe) => templatePathOf(report, recipe));
    const authorizers = templates.flatMap(resourcesOf).filter(({ Type }) => Type === 'AWS::ApiGateway::Authorizer');
    expect(authorizers).toHaveLength(2);
    for (const { Properties } of authorizers) expect(Properties).toMatchObject({ IdentitySource: '' });
  });

  test('do not compile if they misuse a construct', async () => {
    const planted = ['test/integration/docs/planted/typeError.md', 'test/integration/docs/planted/piece.md'];
    const failure = synthesize('recipes-misspelt', planted);
    await expect(failure).rejects.toMatchObject({ stderr: expect.stringContaining("'replicaRegion' does not exist") });
    await expect(failure).rejects.toMatchObject({ stderr: expect.stringContaining("'faultTreshold' does not exist") });
  }, 60_000);

  test('include a function that issues a key', async () => {
    const engine = await startDynalite();
    try {
      await engine.createTable('keys');
      const call =
        "const { handler } = await import('./index.mjs'); console.log(JSON.stringify(await handler({ customer: 'acme' })));";
      const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', call], {
        cwd: bundleOf(report, 'issuing-keys-from-a-lambda-function'),
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

  test.each([
    ['a handler', 'testing-your-integration/orders.test.js', 3],
    ['an app with middleware', 'test-your-app/honoApp.test.js', 1],
    ['an app with limits', 'test-your-app/limitedApp.test.js', 1],
  ])('include passing tests of %s', async (_, file, passed) => {
    const { stdout } = await run(process.execPath, ['--test', '--test-reporter=tap', file], {
      cwd: join(ROOT, 'dist/recipes'),
      env: { ...process.env, NODE_OPTIONS: '' },
    });
    expect(stdout).toMatch(new RegExp(`^# pass ${passed}$`, 'm'));
  });
});

/** The recipes of the migration from API Gateway's keys, in order. */
const STAGES = ['your-api-today', 'stage-1-pass-the-keys-through', 'stage-2-limit-keys-by-latchkey-s-plans'];

function templateOf(report: RecipesReport, recipe: string): string {
  return readFileSync(join(ROOT, templatePathOf(report, recipe)), 'utf8');
}

function templatePathOf({ synthesized }: RecipesReport, recipe: string): string {
  const [template = ''] = synthesized.find((each) => each.recipe === recipe)?.templates ?? [];
  return template;
}

/** Returns each usage plan's logical id and properties. */
function usagePlansOf(template: string): readonly (readonly [string, object])[] {
  const { Resources } = JSON.parse(template) as { Resources: Readonly<Record<string, Resource>> };
  const plans = Object.entries(Resources).filter(([, { Type }]) => Type === 'AWS::ApiGateway::UsagePlan');
  return plans.map(([id, { Properties = {} }]) => [id, Properties]);
}

/** The part of a template's resources that these tests read. */
interface Resource {
  readonly Type: string;
  readonly Properties?: {
    readonly Code?: { readonly S3Key?: string };
    readonly HttpMethod?: string;
    readonly AuthorizationType?: string;
    readonly ResponseType?: string;
    readonly ResponseTemplates?: Readonly<Record<string, string>>;
  };
}

function resourcesOf(template: string): readonly Resource[] {
  return Object.values(JSON.parse(readFileSync(join(ROOT, template), 'utf8')).Resources);
}

/** Returns the directory with the code of a recipe's function. */
function bundleOf({ synthesized }: RecipesReport, recipe: string): string {
  const [template = ''] = synthesized.find((each) => each.recipe === recipe)?.templates ?? [];
  const [key = ''] = resourcesOf(template).flatMap(({ Properties }) => Properties?.Code?.S3Key ?? []);
  return join(ROOT, dirname(template), `asset.${key.replace('.zip', '')}`);
}
