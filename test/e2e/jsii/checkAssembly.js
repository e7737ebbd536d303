// Checks that jsii's assembly has every class and interface of the entry `latchkey/cdk`. jsii drops other exports without
// an error. Usage: node checkAssembly.js FOLDER
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Exports for TypeScript only. `ApiKeyAccessLogFormat` has the same methods. */
const TYPESCRIPT_ONLY = ['latchkeyAccessLogFormat'];

const [folder] = process.argv.slice(2);
const read = (path) => readFileSync(join(folder, path), 'utf8');
const compiled = Object.values(JSON.parse(read('.jsii')).types).map(({ name }) => name);
const aliases = ['infra', 'keys', 'lambda'].flatMap(aliasesIn);
const lists = read('infra/index.ts').matchAll(/^export (?:type )?\{(?<names>[^}]*)\}/gms);
const exported = [...lists].flatMap(({ groups }) =>
  groups.names.split(',').map((name) => name.replace(/^\s*type /, '').trim()),
);
const missing = exported.filter((name) => ![...compiled, ...aliases, ...TYPESCRIPT_ONLY, ''].includes(name));
if (compiled.length === 0 || missing.length > 0) {
  console.error(
    `jsii: expected every export in the assembly, got ${compiled.join(', ')} without ${missing.join(', ')}`,
  );
  process.exit(1);
}
console.log(`jsii compiled ${compiled.length} types of latchkey/cdk`);

/** Returns the names of the type aliases. jsii replaces each by its type. */
function aliasesIn(directory) {
  const files = readdirSync(join(folder, directory)).filter((name) => name.endsWith('.ts'));
  const declarations = files.flatMap((name) => [
    ...read(join(directory, name)).matchAll(/^export type (?<alias>\w+)/gm),
  ]);
  return declarations.map(({ groups }) => groups.alias);
}
