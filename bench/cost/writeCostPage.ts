import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { format } from 'prettier';
import type { CostResults } from './cost.ts';
import { costChart } from './costChart.ts';
import { COST_CHART, COST_PAGE } from './costFiles.ts';
import { costPage } from './costPage.ts';

/** Makes the page's marked parts and its chart anew, the page as the project's formatter has it. */
export async function writeCostPage(results: CostResults): Promise<void> {
  await writeFile(COST_PAGE, await formattedCostPage(await readFile(COST_PAGE, 'utf8'), results));
  await mkdir(dirname(COST_CHART), { recursive: true });
  await writeFile(COST_CHART, costChart(results.caches));
}

/** The page's text as it is committed. */
export async function formattedCostPage(page: string, results: CostResults): Promise<string> {
  return format(costPage(page, results), { parser: 'markdown', printWidth: 120 });
}
