import { type Document, LineCounter, parseDocument } from 'yaml';
import type { YamlItem } from './yamlItems.ts';

/** A value of a top-level list. */
export interface YamlValue {
  readonly value: unknown;
  /** Returns the line of a part of the value. The path consists of names and indices. */
  readonly lineOf: (path: readonly (string | number)[]) => number;
}

/** The problem with an entry that can't be parsed. */
export interface YamlProblem {
  readonly line: number;
  readonly problem: string;
}

/**
 * Parses an entry from `readYamlItems`. An entry is a list of one value, unless the file has the list in brackets. Every
 * value is a text, so a key such as `0123` or `1e5` stays as it is. An entry can use its own aliases, at most 100 times.
 * It can't use the aliases of other entries.
 */
export function parseYamlItem({ section, line, text }: YamlItem): readonly YamlValue[] | YamlProblem {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, {
    schema: 'failsafe',
    customTags: ['null'],
    merge: true,
    logLevel: 'silent',
    prettyErrors: false,
    lineCounter,
  });
  const toLine = (offset: number): number => line + lineCounter.linePos(offset).line - 1;
  const [error] = document.errors;
  // The library's message can quote the text.
  if (error !== undefined) return { line: toLine(error.pos[0]), problem: `expected YAML, got ${error.code}` };
  return toValues(document, section, toLine);
}

const MAX_ALIASES = 100;

function toValues(
  document: Document.Parsed,
  section: string,
  toLine: (offset: number) => number,
): readonly YamlValue[] | YamlProblem {
  const start = toLine(document.contents?.range?.[0] ?? 0);
  let content: unknown;
  try {
    content = document.toJS({ maxAliasCount: MAX_ALIASES });
  } catch {
    return { line: start, problem: `expected at most ${MAX_ALIASES} aliases, each of an anchor in the same entry` };
  }
  const base = Array.isArray(content) ? [] : [section];
  const list = base.length === 0 ? content : (content as Readonly<Record<string, unknown>> | null)?.[section];
  if (list === null || list === undefined) return [];
  if (!Array.isArray(list)) return { line: start, problem: `expected a list of ${section}` };
  return list.map((value, index) => ({
    value,
    lineOf: (path) => {
      const node = document.getIn([...base, index, ...path], true);
      const range = typeof node === 'object' && node !== null && 'range' in node ? node.range : undefined;
      return Array.isArray(range) ? toLine(Number(range[0])) : start;
    },
  }));
}
