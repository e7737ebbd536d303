import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build, type BuildOptions } from 'esbuild';

/** A function that is started cold. */
export interface Variant {
  readonly name: string;
  readonly file: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Whether it answers an event from the store. */
  readonly looksUp: boolean;
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const OURS = join(ROOT, 'dist/authorizer/index.mjs');

const NAIVE = 'bench/cold/naiveAuthorizer.ts';
const ESM: BuildOptions = { format: 'esm', minify: true, mainFields: ['module', 'main'] };

/** Builds what is compared into `directory`, and the function itself where `npm run build` puts it. */
export async function buildVariants(directory: string): Promise<readonly Variant[]> {
  execFileSync(process.execPath, ['build/build.js'], { cwd: ROOT, stdio: 'ignore' });
  const naive = { environment: {}, looksUp: true };
  const ours = { file: OURS, looksUp: true };
  const isPrimed = (value: string) => ({ LATCHKEY_PRIME: value });
  const NODE_COMPILE_CACHE = join(directory, 'compiled');
  mkdirSync(NODE_COMPILE_CACHE);
  return [
    {
      name: 'empty',
      file: await bundle('bench/cold/emptyHandler.ts', join(directory, 'empty.mjs'), ESM),
      environment: {},
      looksUp: false,
    },
    {
      name: 'floor, signed by hand',
      // In CommonJS: to import `node:http` evaluates more of Node than the floor has to.
      file: await bundle('bench/cold/signedAuthorizer.ts', join(directory, 'signed.cjs'), { minify: true }),
      environment: {},
      looksUp: true,
    },
    { name: 'naive', file: await bundle(NAIVE, join(directory, 'naive.cjs'), {}), ...naive },
    { name: 'naive, ESM, minified', file: await bundle(NAIVE, join(directory, 'minified.mjs'), ESM), ...naive },
    { name: 'ours, not primed', ...ours, environment: isPrimed('false') },
    // Loads `node:https` and TLS, which a store on the loopback interface does not need. Nothing is asked of AWS.
    {
      ...ours,
      name: "ours, not primed, AWS's own endpoint",
      environment: { ...isPrimed('false'), AWS_ENDPOINT_URL_DYNAMODB: '' },
      looksUp: false,
    },
    { name: 'ours, primed', ...ours, environment: isPrimed('true') },
    { name: 'ours, not primed, compile cache', ...ours, environment: { ...isPrimed('false'), NODE_COMPILE_CACHE } },
  ];
}

/** Raw and gzip bytes of each file. */
export function sizesOf(variants: readonly Variant[]): Readonly<Record<string, number>> {
  const sizes = new Map(
    variants.flatMap(({ name, file }) => {
      const content = readFileSync(file);
      const label = file === OURS ? 'ours' : name;
      return [
        [`${label}, raw bytes`, content.length],
        [`${label}, gzip bytes`, gzipSync(content).length],
      ] as const;
    }),
  );
  return Object.fromEntries(sizes);
}

async function bundle(source: string, outfile: string, options: BuildOptions): Promise<string> {
  await build({
    absWorkingDir: ROOT,
    entryPoints: [source],
    outfile,
    bundle: true,
    platform: 'node',
    ...(options.format === 'esm' ? { banner: { js: REQUIRE } } : {}),
    ...options,
    logLevel: 'error',
  });
  return outfile;
}

const REQUIRE = "import{createRequire}from'node:module';const require=createRequire(import.meta.url);";
