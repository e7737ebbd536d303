import type { PublicRecord } from '../../keys/record.ts';

/** A key on the page. The page computes its state itself, because the state changes over time. */
export type ConsoleKey = PublicRecord;
