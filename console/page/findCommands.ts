import type { ConsoleKey } from './consoleKey.ts';
import { filterKeys, NO_FILTER } from './keyList.ts';

/** A command in the palette. */
export interface PaletteCommand {
  readonly id: string;
  readonly name: string;
  /** The group's heading. */
  readonly group: string;
  /** The single key that runs the command outside the palette. */
  readonly shortcut?: string | undefined;
  /** A short text at the end of the line. */
  readonly detail?: string | undefined;
  readonly run: () => void;
}

interface PaletteSources {
  readonly commands: readonly PaletteCommand[];
  readonly keys: readonly ConsoleKey[];
  readonly toCommand: (key: ConsoleKey) => PaletteCommand;
  readonly nowMs: number;
}

const MAX_KEYS = 8;

/**
 * Returns the commands that contain each typed word, followed by the first matching keys. Without any text, it returns
 * only the commands. A pasted raw key finds its record.
 */
export function findCommands(
  text: string,
  { commands, keys, toCommand, nowMs }: PaletteSources,
): readonly PaletteCommand[] {
  const words = text
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  if (words.length === 0) return commands;
  const found = commands.filter(({ name }) => words.every((word) => name.toLowerCase().includes(word)));
  const matches = filterKeys(keys, { ...NO_FILTER, text }, nowMs).slice(0, MAX_KEYS);
  return [...found, ...matches.map(toCommand)];
}
