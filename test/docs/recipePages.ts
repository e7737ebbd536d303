import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A file that a page shows as a whole: a fenced block whose first line is a comment with its name. */
export interface RecipeFile {
  readonly page: string;
  /** The folder of the recipe: its heading, as a link to it is spelt. */
  readonly recipe: string;
  readonly name: string;
  readonly text: string;
}

const BLOCK = /^## (?<heading>.+)$|^```\w+\n(?<text>(?:\/\/|#) (?<name>[\w.-]+)\n[^]*?)^```$/gmu;

/** The files that a page below `root` shows, each of the recipe under whose heading it stands. */
export function recipeFiles(root: string, page: string): RecipeFile[] {
  let recipe = '';
  return [...readFileSync(join(root, page), 'utf8').matchAll(BLOCK)].flatMap(({ groups = {} }) => {
    const { heading, name, text } = groups;
    if (heading !== undefined) recipe = heading.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
    return name === undefined || text === undefined ? [] : [{ page, recipe, name, text }];
  });
}
