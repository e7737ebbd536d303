// Usage: synthesizeRecipes.ts NAME PAGE...
// Writes the files of the pages' recipes, and the pieces of files, to dist/NAME and compiles them. Synthesizes each stack to
// dist/NAME/RECIPE/cdk.out. Prints a report with the findings of cdk-nag as JSON. Requires dist/authorizer and dist/lib.
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { App, Stack, Stage } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import type { Construct } from 'constructs';
import { recipeFiles, recipePieces, type RecipeFile } from './recipePages.ts';

/** The printed report. */
export interface RecipesReport {
  readonly files: readonly RecipeFile[];
  readonly synthesized: readonly SynthesizedRecipe[];
}

/** The result for one file that exports a stack or a stage. */
export interface SynthesizedRecipe {
  readonly recipe: string;
  /** Paths relative to the repository. */
  readonly templates: readonly string[];
  /** The findings of cdk-nag without an acknowledgement. Each contains the path of its construct. */
  readonly findings: readonly string[];
}

const [name = '', ...pages] = process.argv.slice(2);
const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
/** The output directory. It's inside the package because `latchkey/cdk` resolves through its `exports`. */
const OUT = join(ROOT, 'dist', name);
const DEPLOYABLE = /(Stack|Stage)\.ts$/;

const files = pages.flatMap((page) => [...recipeFiles(ROOT, page), ...recipePieces(ROOT, page)]);
compile(files);
const synthesized: SynthesizedRecipe[] = [];
for (const file of files.filter(({ name }) => DEPLOYABLE.test(name))) synthesized.push(await synthesize(file));
const report: RecipesReport = { files, synthesized };
console.log(JSON.stringify(report));

function compile(files: readonly RecipeFile[]): void {
  rmSync(OUT, { recursive: true, force: true });
  for (const { recipe, name, text } of files) {
    mkdirSync(join(OUT, recipe), { recursive: true });
    writeFileSync(join(OUT, recipe, name), text);
  }
  // The CDK's classes don't satisfy its interfaces under exact optional property types. For example, a `Vpc` isn't an `IVpc`.
  const compilerOptions = { noEmit: false, rewriteRelativeImportExtensions: true, exactOptionalPropertyTypes: false };
  const config = { extends: '../../tsconfig.json', compilerOptions, include: ['.'], exclude: [] };
  writeFileSync(join(OUT, 'tsconfig.json'), JSON.stringify(config));
  const compiler = join(ROOT, 'node_modules/typescript/bin/tsc');
  execFileSync(process.execPath, [compiler, '-p', OUT], { stdio: ['ignore', 2, 'inherit'] });
}

async function synthesize({ recipe, name }: RecipeFile): Promise<SynthesizedRecipe> {
  const directory = join(OUT, recipe);
  const app = new App({ outdir: join(directory, 'cdk.out') });
  const exported: Readonly<Record<string, new (scope: Construct, id: string) => Construct>> = await import(
    pathToFileURL(join(directory, name.replace(/\.ts$/, '.js'))).href
  );
  for (const [id, Exported] of Object.entries(exported)) new Exported(app, id);
  const { violations } = new AwsSolutionsChecks(app).validateScope(app);
  app.synth();
  return {
    recipe,
    templates: app.node.findAll().flatMap((construct) => (Stack.isStack(construct) ? [templateOf(construct)] : [])),
    findings: violations.flatMap(({ ruleName, violatingResources }) =>
      violatingResources.map(({ constructPath }) => `${ruleName} at ${constructPath}`),
    ),
  };
}

function templateOf(stack: Stack): string {
  return relative(ROOT, join(Stage.of(stack)?.outdir ?? '', stack.templateFile));
}
