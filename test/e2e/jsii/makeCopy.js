// Copies the entry `latchkey/cdk` with all files that it imports, in the form that jsii compiles (docs/adr/0013).
// Usage: node makeCopy.js FOLDER
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const ENTRY = 'infra/index.ts';
const RELATIVE_IMPORT = /(?<before>\bfrom '(?<path>\.{1,2}\/[^']+))\.ts'/g;

const [folder] = process.argv.slice(2);
const { version, description, license, peerDependencies: peers } = JSON.parse(readText('package.json'));
const peerDependencies = { 'aws-cdk-lib': peers['aws-cdk-lib'], constructs: peers.constructs };
const exported = new Set([...readText(ENTRY).matchAll(/\b[A-Z]\w+/g)].map(([name]) => name));

const copied = new Set();
copy(ENTRY);
write('package.json', JSON.stringify(manifest(), null, 2));
write('README.md', '# Latchkey\n');

/** Copies the file and those that it imports. */
function copy(path) {
  if (copied.has(path)) return;
  copied.add(path);
  const text = readText(path);
  write(path, toJsii(text));
  for (const { groups } of text.matchAll(RELATIVE_IMPORT)) copy(join(dirname(path), `${groups.path}.ts`));
}

function toJsii(text) {
  // jsii compiles to CommonJS.
  const commonJs = text.replaceAll(RELATIVE_IMPORT, "$1'").replaceAll('import.meta.url', '__filename');
  // `npm run check` has checked the types. The mutable arrays would only make TypeScript reject function bodies.
  return `// @ts-nocheck\n${withMutableArrays(commonJs)}`;
}

/** Makes the arrays in the members of exported types mutable, because jsii doesn't support ReadonlyArray. */
function withMutableArrays(text) {
  const declaration = /^export (?:(?:class|interface) (?<name>\w+).*?^\}|type (?<alias>\w+) =.*?;$)/gms;
  const publicMember = /^(?:export type|  [a-z]).*$/gm;
  const readonlyArray = /: readonly (?=[\w.<>]+\[\]|\()/g;
  return text.replaceAll(declaration, (whole, name, alias) => {
    if (!exported.has(name ?? alias)) return whole;
    return whole.replaceAll(publicMember, (line) => line.replaceAll(readonlyArray, ': '));
  });
}

/** The manifest of a module that jsii compiles for TypeScript only. */
function manifest() {
  return {
    name: 'latchkey-cdk',
    version,
    description,
    license,
    author: { name: 'Latchkey' },
    repository: { type: 'git', url: 'https://example.com/latchkey.git' },
    main: ENTRY.replace('.ts', '.js'),
    types: ENTRY.replace('.ts', '.d.ts'),
    jsii: { targets: {}, outdir: 'dist', versionFormat: 'full' },
    peerDependencies,
    devDependencies: Object.fromEntries(
      Object.entries(peerDependencies).map(([name, range]) => [name, range.replace('^', '')]),
    ),
  };
}

function readText(path) {
  return readFileSync(join(root, path), 'utf8');
}

function write(path, text) {
  mkdirSync(join(folder, dirname(path)), { recursive: true });
  writeFileSync(join(folder, path), text);
}
