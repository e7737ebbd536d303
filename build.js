// Bundles what Lambda runs: `lambda/handler.ts`, `lambda/planKeys/handler.ts` and the sample's `lambda/sample/whoami.ts`, one
// file each. Compiles what applications import, with its types, and the command.
import { build } from 'esbuild';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('.', import.meta.url));

await build({
  absWorkingDir: root,
  entryPoints: {
    'authorizer/index': 'lambda/handler.ts',
    'plan-keys/index': 'lambda/planKeys/handler.ts',
    'whoami/index': 'lambda/sample/whoami.ts',
  },
  outdir: 'dist',
  outExtension: { '.js': '.mjs' },
  bundle: true,
  minify: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  mainFields: ['module', 'main'],
  // Dependencies in CommonJS call `require`, which an ES module lacks.
  banner: { js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);" },
  logLevel: 'warning',
});

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
writeFileSync(new URL('dist/cjs/types/package.json', import.meta.url), '{ "type": "commonjs" }\n');

function compile(...options) {
  const tsc = ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json', ...options];
  execFileSync(process.execPath, tsc, { cwd: root, stdio: 'inherit' });
}
