// Checks that jsii's assembly has every class and interface of the entry `latchkey/cdk`. jsii drops other exports without
// a word. Usage: node checkAssembly.js FOLDER
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The exports that have no form in jsii. The exports beside them have the same effect, or the type is a string there. */
const TYPESCRIPT_ONLY = [
  'HttpApiPayloadFormat',
  'HttpApiResponse',
  'KeySourceSetting',
  'PlanMapping',
  'ScopeMapping',
  'latchkeyAccessLogFormat',
];

const [folder] = process.argv.slice(2);
const { types } = JSON.parse(readFileSync(join(folder, '.jsii'), 'utf8'));
const compiled = Object.values(types).map(({ name }) => name);
const lists = readFileSync(join(folder, 'infra/index.ts'), 'utf8').matchAll(/^export (?:type )?\{(?<names>[^}]*)\}/gms);
const exported = [...lists].flatMap(({ groups }) =>
  groups.names.split(',').map((name) => name.replace(/^\s*type /, '').trim()),
);
const expected = exported.filter((name) => name !== '' && !TYPESCRIPT_ONLY.includes(name));
const missing = expected.filter((name) => !compiled.includes(name));
const stale = TYPESCRIPT_ONLY.filter((name) => !exported.includes(name) || compiled.includes(name));
if (missing.length > 0 || stale.length > 0) {
  console.error(`jsii: expected every export in the assembly, got none for ${missing.join(', ') || 'no export'}`);
  if (stale.length > 0) console.error(`jsii: expected ${stale.join(', ')} to be for TypeScript only`);
  process.exit(1);
}
console.log(`jsii compiled ${compiled.length} types of latchkey/cdk`);
