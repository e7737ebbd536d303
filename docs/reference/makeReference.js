// Generates the reference's pages from the docstrings of the package's exports, one page for each entry, and the
// OpenAPI document of the key management API. Writes them to this directory, or to the directory that you pass. If an
// export or the default of an optional prop
// isn't documented, the script fails and doesn't write any page.
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { tsImport } from 'tsx/esm/api';
import { Application, Converter } from 'typedoc';
import { undocumented } from './undocumented.js';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/** The entries of package.json's `exports`. `@module` in each file names its page. */
const ENTRIES = [
  '../../index.ts',
  '../../infra/index.ts',
  '../../middleware/express.ts',
  '../../middleware/fastify.ts',
  '../../middleware/hono.ts',
  '../../middleware/lambda.ts',
  '../../testing/index.ts',
];
const DOCUMENT = 'openapi.json';
const PAGES = ['latchkey.md', 'cdk.md', 'express.md', 'fastify.md', 'hono.md', 'lambda.md', 'testing.md'];

const OPTIONS = {
  entryPoints: ENTRIES.map(here),
  tsconfig: here('tsconfig.json'),
  // `npm run check` reports type errors.
  skipErrorChecking: true,
  plugin: ['typedoc-plugin-markdown'],
  router: 'module',
  readme: 'none',
  name: 'Latchkey',
  // A link to a line of a file would break with each edit of the file.
  disableSources: true,
  excludePrivate: true,
  excludeInternal: true,
  // Excludes the inherited members of the CDK's Construct and of Error.
  excludeExternals: true,
  hideGenerator: true,
  hideBreadcrumbs: true,
  hidePageHeader: true,
  useCodeBlocks: true,
  expandParameters: true,
  parametersFormat: 'table',
  typeDeclarationVisibility: 'compact',
  sort: ['source-order'],
  formatWithPrettier: true,
  prettierConfigFile: here('../../.prettierrc.json'),
  pageTitleTemplates: { module: ({ name }) => (name === 'latchkey' ? name : `latchkey/${name}`) },
  // KeyReader is the read side of the store, which only Latchkey's own code creates. The others are lists of names.
  intentionallyNotExported: ['KeyReader', 'TimeName', 'KEY_EVENT_TYPES', 'TRACKED_FIELDS'],
  validation: { notExported: true, invalidLink: true, notDocumented: false },
  treatValidationWarningsAsErrors: true,
};

const [directory = here('.')] = process.argv.slice(2);
const scratch = mkdtempSync(join(tmpdir(), 'latchkey-reference-'));
process.on('exit', () => rmSync(scratch, { recursive: true }));
const app = await Application.bootstrapWithPlugins({ ...OPTIONS, out: scratch });
app.converter.on(Converter.EVENT_CREATE_PARAMETER, nameOptions);
const project = await app.convert();
if (project === undefined) process.exit(1);
app.validate(project);
for (const problem of undocumented(project)) app.logger.error(problem);
exitIfWrong();
await app.generateOutputs(project);
exitIfWrong();
const document = await makeDocument();
for (const page of PAGES) copyFileSync(join(scratch, page), join(directory, page));
writeFileSync(join(directory, DOCUMENT), document);

/** Returns the OpenAPI document of the key management API with all of its parts. */
async function makeDocument() {
  const { createOpenApiDocument } = await tsImport('../../management/openApi.ts', import.meta.url);
  const json = JSON.stringify(createOpenApiDocument({ operators: true, owners: true, portal: true }));
  const { plugins: _, ...options } = (await resolveConfig(here('../../.prettierrc.json'))) ?? {};
  return format(json, { ...options, parser: 'json' });
}

function exitIfWrong() {
  if (app.logger.hasErrors() || app.logger.hasWarnings()) process.exit(1);
}

/** Names a destructured parameter, because TypeDoc doesn't have a name for it. */
function nameOptions(_context, parameter) {
  if (parameter.name === '__namedParameters') parameter.name = 'options';
}
