import type { ColumnMap } from './columnMap.ts';
import type { FileStart } from './fileStart.ts';
import type { ReadEntry } from './readEntry.ts';
import type { PlanKeys, PlanMap } from './sourcePlans.ts';

/** The unit of an entry's position: a line of the file, or a list entry in a document. */
export type PositionUnit = 'line' | 'entry';

/** The positions of a file's entries. */
export interface Positions {
  readonly unit: PositionUnit;
  /** Returns where the entry at a position is, such as "line 3", "entry 3" or "line 3 of b.json". */
  readonly placeOf: (position: number) => string;
}

/** The options of `import` that a reader may use. */
export interface ReaderOptions {
  /** Accepts weak raw keys, which attackers can guess. */
  readonly allowWeak: boolean;
  /** The names of another system's plans, from `--plan-map`. Only formats with `planOptions` get them. */
  readonly planMap?: PlanMap;
  /** The plans of another system's keys, from `--plan-keys`. */
  readonly planKeys?: PlanKeys;
  /** The columns of the fields, if the user gave them. Only formats with `takesMap` get it. */
  readonly map?: ColumnMap;
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
  /** The description of the format in `import --help`, if it says more than `meaning`. */
  readonly details?: string;
  /** The unit of positions. It may depend on the file if the format has documents and lines. */
  readonly unit: PositionUnit | ((start: FileStart) => PositionUnit);
  /**
   * Returns whether the file certainly has this format. At most one format should match, because a file that matches
   * several formats is rejected. `isHashName` returns whether a column has the keys or their hashes.
   */
  readonly matches: (start: FileStart, isHashName: (name: string) => boolean) => boolean;
  /** Reads the entries. Throws `CliError` `IMPORT_INVALID` if it can't read the file at all. */
  readonly read: (input: ImportInput) => AsyncIterable<ReadEntry>;
  /** `true` if the reader uses `--map`. */
  readonly takesMap?: boolean;
  /** `true` if another system certainly issued the keys, whatever their prefixes look like. */
  readonly isFromElsewhere?: boolean;
  /** The options about plans that the reader uses. */
  readonly planOptions?: readonly ('planMap' | 'planKeys')[];
  /** `true` if the summary lists the labels of the imported keys, because they tell settings from keys. */
  readonly listsLabels?: boolean;
}
