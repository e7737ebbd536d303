import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build, type BuildOptions } from 'esbuild';
import { BUNDLE } from '../deployedFunction.ts';
import type { Table } from '../report.ts';

/** A function whose cold start the bench measures. */
export interface Variant {
  readonly name: string;
  readonly file: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** `false` if the variant doesn't read a table, so the bench only loads it. */
  readonly isAsked?: boolean;
}

const NAIVE = 'naiveAuthorizer.ts';
const ESM: BuildOptions = {
  format: 'esm',
  minify: true,
  mainFields: ['module', 'main'],
  banner: { js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);" },
};

/** Builds the variants that the deployed file is compared with into `directory`. */
export async function buildVariants(directory: string): Promise<readonly Variant[]> {
  const bundle = async (source: string, name: string, options: BuildOptions) => {
    const outfile = join(directory, name);
    const entryPoints = [fileURLToPath(new URL(source, import.meta.url))];
    await build({ entryPoints, outfile, bundle: true, platform: 'node', logLevel: 'error', ...options });
    return outfile;
  };
  const empty = join(directory, 'empty.mjs');
  writeFileSync(empty, 'export async function handler() { return {}; }\n');
  const NODE_COMPILE_CACHE = join(directory, 'compiled');
  mkdirSync(NODE_COMPILE_CACHE);
  const unprimed = { LATCHKEY_PRIME: 'false' };
  return [
    { name: 'empty', file: empty, isAsked: false },
    // CommonJS, because importing node:http from an ES module evaluates more of Node than the lower bound needs.
    { name: 'floor, signed by hand', file: await bundle('signedAuthorizer.ts', 'signed.cjs', { minify: true }) },
    { name: 'naive', file: await bundle(NAIVE, 'naive.cjs', {}) },
    { name: 'naive, ESM, minified', file: await bundle(NAIVE, 'minified.mjs', ESM) },
    { name: 'Latchkey, unprimed', file: BUNDLE, environment: unprimed },
    { name: 'Latchkey, primed', file: BUNDLE, environment: { LATCHKEY_PRIME: 'true' } },
    { name: 'Latchkey, unprimed, compile cache', file: BUNDLE, environment: { ...unprimed, NODE_COMPILE_CACHE } },
  ];
}

/** Returns the size of each file. KB are 1,000 bytes. */
export function sizes(variants: readonly Variant[]): Table {
  const kilobytes = (bytes: number) => (bytes / 1000).toFixed(1);
  const rows = new Map(
    variants.map(({ name, file }) => {
      const content = readFileSync(file);
      const label = file === BUNDLE ? 'Latchkey' : name;
      return [label, [label, kilobytes(content.length), kilobytes(gzipSync(content).length)]];
    }),
  );
  return { title: 'Sizes', heads: 'file|>KB|>KB with gzip', rows: [...rows.values()] };
}
