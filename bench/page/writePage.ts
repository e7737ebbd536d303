import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readResults } from '../results.ts';
import { makePage } from './makePage.ts';

/** Where the page and its charts are. */
export const DOCS = fileURLToPath(new URL('../../docs', import.meta.url));
const CHARTS = 'speed';

/** The charts in `docs/speed/`, by their paths below `docs/`. */
export function chartsOnDisk(): readonly string[] {
  mkdirSync(join(DOCS, CHARTS), { recursive: true });
  return readdirSync(join(DOCS, CHARTS)).map((name) => `${CHARTS}/${name}`);
}

/** Writes the page and its charts from the committed results, and removes charts that are none of it. Returns their paths. */
export async function writePage(): Promise<readonly string[]> {
  const files = await makePage(readResults());
  for (const path of chartsOnDisk()) if (!Object.hasOwn(files, path)) rmSync(join(DOCS, path));
  return Object.entries(files).map(([path, content]) => {
    mkdirSync(dirname(join(DOCS, path)), { recursive: true });
    writeFileSync(join(DOCS, path), content);
    return `docs/${path}`;
  });
}
