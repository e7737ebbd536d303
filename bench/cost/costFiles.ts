import { fileURLToPath } from 'node:url';

/** What the last run gave. */
export const COST_RESULTS = fileURLToPath(new URL('results.json', import.meta.url));
/** The page whose marked parts are made from it. */
export const COST_PAGE = fileURLToPath(new URL('../../docs/cost.md', import.meta.url));
/** The page's chart, made from it whole. */
export const COST_CHART = fileURLToPath(new URL('../../docs/cost/per-million.svg', import.meta.url));
