import type { FileStart } from './fileStart.ts';
import type { ReadEntry } from './readEntry.ts';
import type { PlanKeys, PlanMap } from './sourcePlans.ts';

/** The unit of an entry's position: a line of the file, or a list entry in a document. */
export type PositionUnit = 'line' | 'entry';

/** The options of `import` that a reader may use. */
export interface ReaderOptions {
  /** Accepts weak raw keys, which attackers can guess. */
  readonly allowWeak: boolean;
  /** The names of another system's plans, from `--plan-map`. */
  readonly planMap: PlanMap;
  /** The plans of another system's keys, from `--plan-keys`. */
  readonly planKeys: PlanKeys;
}

/** The file that a reader reads, and what it needs to read it. */
export interface ImportInput {
  /** The start of the text, which `chunks` yields again. */
  readonly head: string;
  readonly chunks: AsyncIterable<string>;
  /** Receives a warning about a part of the file that isn't imported. */
  readonly warn: (warning: string) => void;
  /** The time of the import in epoch milliseconds. */
  readonly nowMs: number;
  readonly options: ReaderOptions;
}

/** A format that `import` reads. */
export interface ImportFormatEntry {
  /** The description of the format in messages. */
  readonly meaning: string;
  /** The unit of positions. It may depend on the file if the format has documents and lines. */
  readonly unit: PositionUnit | ((start: FileStart) => PositionUnit);
  /**
   * Returns whether the file certainly has this format. At most one format should match, because a file that matches
   * several formats is rejected.
   */
  readonly matches: (start: FileStart) => boolean;
  /** Reads the entries. Throws `CliError` `IMPORT_INVALID` if it can't read the file at all. */
  readonly read: (input: ImportInput) => AsyncIterable<ReadEntry>;
  /** `true` if another system certainly issued the keys, whatever their prefixes look like. */
  readonly isFromElsewhere?: boolean;
  /** The options about plans that the reader uses. */
  readonly planOptions?: readonly ('planMap' | 'planKeys')[];
  /** `true` if the summary lists the labels of the imported keys, because they tell settings from keys. */
  readonly listsLabels?: boolean;
}
