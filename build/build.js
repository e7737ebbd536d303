// Builds `dist`. Bundles the Lambda functions into one file each: `lambda/handler.ts`,
// `lambda/usagePlanSync/handler.ts`, `lambda/usageRollup/handler.ts`, `lambda/keyEvents/handler.ts`,
// `management/function/handler.ts` and the sample's `infra/app/whoami.ts`. Bundles the console's page, the element for
// customers and the command line. Compiles the library with its types. It skips the build with --if-changed if `dist` is
// current.
import { build } from 'esbuild';
import { execFileSync } from 'node:child_process';
import { copyFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sizeReport } from './sizes.js';
import { BUILD_SOURCES, isCurrent, removeStamp, writeStamp } from './sources.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const STAMP = 'dist/.sources';

if (process.argv.includes('--if-changed') && isCurrent(root, STAMP, BUILD_SOURCES)) process.exit(0);
removeStamp(root, STAMP);

/**
 * Loads Node's own modules by name. An ES import evaluates all exports of a module. On Node 24, `node:http` would load
 * a WebSocket client, and `process` would evaluate most of its own exports.
 */
const nodeByName = {
  name: 'node-by-name',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^node:/ }, ({ path, kind }) => ({ path, namespace: kind, sideEffects: false }));
    onLoad({ filter: /^node:/, namespace: 'import-statement' }, ({ path }) => ({ contents: nodeModule(path) }));
    onLoad({ filter: /^node:/, namespace: 'dynamic-import' }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule('${path}');`,
    }));
  },
};

/** Source code of exports that a cold start doesn't need and that Node evaluates slowly. */
const LATE = {
  // Node's own function loads the global `crypto`, which loads all of WebCrypto.
  'node:crypto': { getRandomValues: '(bytes) => all.randomFillSync(bytes)' },
  // The SDK checks whether a body is a ReadStream. Latchkey's bodies never are.
  'node:fs': { ReadStream: '{ [Symbol.hasInstance]: (value) => value instanceof all.ReadStream }' },
};

/** Returns a module that evaluates only the exports that the bundle uses. */
function nodeModule(path) {
  // The SDK reads a token's file with this module if the credentials server requires one. Lambda's server uses an
  // environment variable instead.
  if (path === 'node:fs/promises') {
    return `export default new Proxy({}, { get: (_, name) => process.getBuiltinModule('${path}')[name] });`;
  }
  const names = Object.keys(process.getBuiltinModule(path)).filter((name) => /^[a-z]\w*$/i.test(name));
  return [
    `const all = process.getBuiltinModule('${path}');`,
    'const exportOf = (name) => all[name];',
    'export default all;',
    ...names.map((name) => `export const ${name} = ${LATE[path]?.[name] ?? `/* @__PURE__ */ exportOf('${name}')`};`),
  ].join('\n');
}

/** Keeps only the version from a package.json, because the SDK sends it in the `User-Agent`. */
const versionOnly = {
  name: 'version-only',
  setup({ onLoad }) {
    onLoad({ filter: /@aws-sdk[\\/][^\\/]+[\\/]package\.json$/ }, ({ path }) => {
      const { version } = JSON.parse(readFileSync(path, 'utf8'));
      return { contents: JSON.stringify({ version }), loader: 'json' };
    });
  },
};

const { metafile } = await build({
  absWorkingDir: root,
  entryPoints: {
    'authorizer/index': 'lambda/handler.ts',
    'key-events/index': 'lambda/keyEvents/handler.ts',
    'key-management/index': 'management/function/handler.ts',
    'usage-plan-sync/index': 'lambda/usagePlanSync/handler.ts',
    'usage-rollup/index': 'lambda/usageRollup/handler.ts',
    'whoami/index': 'infra/app/whoami.ts',
  },
  outdir: 'dist',
  outExtension: { '.js': '.mjs' },
  bundle: true,
  minify: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  mainFields: ['module', 'main'],
  metafile: true,
  // Makes the SDK use `node:crypto` for its ids instead of loading WebCrypto.
  define: { crypto: 'undefined' },
  // Omits the SDK's code for other environments than Lambda, and for calls that the function doesn't make
  // (docs/adr/0012).
  alias: {
    '@aws-sdk/credential-provider-node': './build/sdk/credentials.ts',
    '@aws-sdk/endpoint-cache': './build/sdk/endpointCache.ts',
    '@smithy/core/config': './build/sdk/config.ts',
  },
  external: ['@smithy/core/event-streams'],
  plugins: [nodeByName, versionOnly],
  logLevel: 'warning',
});
process.stdout.write(sizeReport(root, metafile));

await build({
  absWorkingDir: root,
  entryPoints: { console: 'console/page/main.tsx', style: 'console/page/console.css' },
  outdir: 'dist/console',
  entryNames: 'console',
  bundle: true,
  minify: true,
  platform: 'browser',
  target: 'es2022',
  format: 'iife',
  jsx: 'automatic',
  jsxImportSource: 'preact',
  logLevel: 'warning',
});
for (const file of ['index.html', 'icon.svg'])
  copyFileSync(join(root, 'console/page', file), join(root, 'dist/console', file));

/** Bundles an imported style sheet, and gives its text. */
const cssText = {
  name: 'css-text',
  setup({ onLoad }) {
    onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const { outputFiles } = await build({
        absWorkingDir: root,
        entryPoints: [path],
        bundle: true,
        minify: true,
        write: false,
        target: 'es2022',
      });
      return { contents: outputFiles[0].text, loader: 'text' };
    });
  },
};

rmSync(join(root, 'dist/elements'), { recursive: true, force: true });
await build({
  absWorkingDir: root,
  entryPoints: { 'latchkey-keys': 'elements/index.ts' },
  outdir: 'dist/elements',
  bundle: true,
  minify: true,
  platform: 'browser',
  target: 'es2022',
  format: 'esm',
  jsx: 'automatic',
  jsxImportSource: 'preact',
  // Preact's licence requires its text in every copy.
  banner: { js: `/*! preact\n\n${readFileSync(join(root, 'node_modules/preact/LICENSE'), 'utf8').trim()}\n*/` },
  plugins: [cssText],
  logLevel: 'warning',
});

rmSync(join(root, 'dist/cli'), { recursive: true, force: true });
const cli = await build({
  absWorkingDir: root,
  entryPoints: { main: 'cli/main.ts' },
  outdir: 'dist/cli',
  bundle: true,
  // Each command is a chunk, so a run loads only the code that it uses.
  splitting: true,
  minify: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  mainFields: ['module', 'main'],
  metafile: true,
  banner: { js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);" },
  plugins: [versionOnly],
  logLevel: 'warning',
});
writeFileSync(join(root, 'dist/cli/licenses.txt'), licences(cli.metafile));

// For tools such as Jest that load CommonJS. In Node, `require` loads the modules that are compiled below.
await build({
  absWorkingDir: root,
  entryPoints: {
    latchkey: 'index.ts',
    cdk: 'infra/index.ts',
    express: 'middleware/express.ts',
    fastify: 'middleware/fastify.ts',
    hono: 'middleware/hono.ts',
    lambda: 'middleware/lambda.ts',
    testing: 'testing/index.ts',
  },
  outdir: 'dist/cjs',
  outExtension: { '.js': '.cjs' },
  bundle: true,
  packages: 'external',
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  define: { 'import.meta.url': 'bundleUrl' },
  banner: { js: "const bundleUrl=require('node:url').pathToFileURL(__filename).href;" },
  logLevel: 'warning',
});

runTsc('elements/tsconfig.build.json');
compile();
// The same types again. TypeScript before 5.8 and `node16` need them, because they treat the result of `require` as
// CommonJS.
compile('--emitDeclarationOnly', '--outDir', 'dist/cjs/types');
writeFileSync(join(root, 'dist/cjs/types/package.json'), '{ "type": "commonjs" }\n');
writeStamp(root, STAMP, BUILD_SOURCES);

/**
 * Returns the licences of the packages in a bundle, because MIT and BSD licences require a copy of their text. Packages
 * with the same text share it.
 */
function licences({ inputs }) {
  const directories = Object.keys(inputs).flatMap((path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path) ?? []);
  const packages = new Map();
  for (const directory of new Set(directories.toSorted())) {
    const { name, version, license } = JSON.parse(readFileSync(join(root, directory, 'package.json'), 'utf8'));
    const file = readdirSync(join(root, directory)).find((entry) => /^licen[cs]e/i.test(entry));
    if (file === undefined && license !== 'Apache-2.0') throw new Error(`${directory} lacks the text of its licence`);
    // Some packages of the SDK lack the text of Apache-2.0, which is this package's licence as well.
    const text = readFileSync(file === undefined ? join(root, 'LICENSE') : join(root, directory, file), 'utf8').trim();
    packages.set(text, [...(packages.get(text) ?? []), `${name} ${version} (${license})`]);
  }
  return [...packages].map(([text, names]) => `${names.join('\n')}\n\n${text}\n`).join(`\n${'-'.repeat(80)}\n\n`);
}

function compile(...options) {
  runTsc('tsconfig.build.json', ...options);
}

function runTsc(project, ...options) {
  const tsc = ['node_modules/typescript/bin/tsc', '-p', project, ...options];
  execFileSync(process.execPath, tsc, { cwd: root, stdio: 'inherit' });
}
