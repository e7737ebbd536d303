// Makes `dist`. Bundles what Lambda runs, one file each: `lambda/handler.ts`, `lambda/usagePlanSync/handler.ts` and the sample's
// `infra/app/whoami.ts`. Bundles the console's page. Compiles what applications import, with its types, and the command.
// With --if-changed it does nothing if `dist` was made of these very sources.
import { build } from 'esbuild';
import { execFileSync } from 'node:child_process';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sizeReport } from './sizes.js';
import { BUILD_SOURCES, isCurrent, removeStamp, writeStamp } from './sources.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const STAMP = 'dist/.sources';

if (process.argv.includes('--if-changed') && isCurrent(root, STAMP, BUILD_SOURCES)) process.exit(0);
removeStamp(root, STAMP);

/**
 * Takes Node's own modules by name. To import one as an ES module evaluates all that it exports: on Node 24 that loads a
 * WebSocket client with `node:http`, and most of `process`.
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

/** Exports for which Node evaluates more than a start should wait for, and that no start needs; as source text. */
const LATE = {
  // Node's own is of the global `crypto`, which is all of WebCrypto.
  'node:crypto': { getRandomValues: '(bytes) => all.randomFillSync(bytes)' },
  // The SDK asks whether a body is one. Ours never is.
  'node:fs': { ReadStream: '{ [Symbol.hasInstance]: (value) => value instanceof all.ReadStream }' },
};

/** A module whose exports are looked up one by one, and only those that are used. */
function nodeModule(path) {
  // For the file of a token, where the server of credentials wants one; Lambda's has a variable.
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

/** Of a package's description the SDK tells its version alone, in the `User-Agent`. */
const versionAlone = {
  name: 'version-alone',
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
    'usage-plan-sync/index': 'lambda/usagePlanSync/handler.ts',
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
  // The SDK draws its ids from `node:crypto` then, and loads no WebCrypto.
  define: { crypto: 'undefined' },
  // docs/adr/0012: what the AWS SDK would load for other places than Lambda, and for other calls than these.
  alias: {
    '@aws-sdk/credential-provider-node': './build/sdk/credentials.ts',
    '@aws-sdk/endpoint-cache': './build/sdk/endpointCache.ts',
    '@smithy/core/config': './build/sdk/config.ts',
  },
  external: ['@smithy/core/event-streams'],
  plugins: [nodeByName, versionAlone],
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

// For tools that load CommonJS by themselves, Jest above all: Node has `require` of the modules that are compiled below.
await build({
  absWorkingDir: root,
  entryPoints: { latchkey: 'index.ts', cdk: 'infra/index.ts', testing: 'testing/index.ts' },
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

compile();
// The same types once more, for compilers that hold what `require` gives to be CommonJS: TypeScript before 5.8, and `node16`.
compile('--emitDeclarationOnly', '--outDir', 'dist/cjs/types');
writeFileSync(join(root, 'dist/cjs/types/package.json'), '{ "type": "commonjs" }\n');
writeStamp(root, STAMP, BUILD_SOURCES);

function compile(...options) {
  const tsc = ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json', ...options];
  execFileSync(process.execPath, tsc, { cwd: root, stdio: 'inherit' });
}
