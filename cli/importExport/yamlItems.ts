import { CliError } from '../../operator/errors.ts';
import { textLines } from '../textSource.ts';

/** An entry of a list at the top level of a YAML file. */
export interface YamlItem {
  /** The name of the list. */
  readonly section: string;
  /** The line of the entry's start, from 1. */
  readonly line: number;
  /** The lines of the entry. */
  readonly text: string;
}

/** The maximum length of one entry. It's far more than a consumer with its keys requires. */
const MAX_ITEM = 1024 * 1024;
const MAX_LINE = 64 * 1024;

/**
 * Splits a YAML file into the entries of its top-level lists, without reading the rest. Only the entries with these
 * names stay in memory, one at a time, so a file of any size needs little memory. A list in brackets is one entry.
 * YAML indents every line within a value of the top level, except an entry's hyphen.
 *
 * @param onSection Receives the name of each part at the top level
 * @throws CliError `IMPORT_INVALID` if a line at the top level isn't a name and a colon
 */
export async function* readYamlItems(
  chunks: AsyncIterable<string>,
  names: ReadonlySet<string>,
  onSection: (name: string) => void,
): AsyncGenerator<YamlItem> {
  let section: string | undefined;
  let indent: number | undefined;
  let item: { line: number; text: string } | undefined;
  const take = (): readonly YamlItem[] => {
    const taken = item === undefined || section === undefined ? [] : [{ section, ...item }];
    item = undefined;
    return taken;
  };
  for await (const { line, text } of textLines(chunks, MAX_LINE)) {
    if (text === undefined) throw unreadable(line, `expected a line of at most ${MAX_LINE} characters`);
    const content = line === 1 ? text.replace(/^\ufeff/, '') : text;
    const isTop = /^[^\s#\-\]}]/.test(content) || /^-{3}(?:\s|$)/.test(content);
    if (isTop) {
      yield* take();
      const [name, rest] = readTopLine(content, line);
      if (name !== undefined) onSection(name);
      section = name !== undefined && names.has(name) ? name : undefined;
      indent = undefined;
      if (section !== undefined && rest !== '') item = { line, text: content };
      continue;
    }
    if (section === undefined) continue;
    const hyphen = /^( *)-(?:\s|$)/.exec(content);
    // A value behind the name of the list goes on until the next name.
    const isInline = item !== undefined && indent === undefined;
    if (hyphen !== null && !isInline && (indent ?? hyphen[1]?.length) === hyphen[1]?.length) {
      yield* take();
      indent = hyphen[1]?.length ?? 0;
      item = { line, text: content };
    } else if (item !== undefined) {
      item.text += `\n${content}`;
      if (item.text.length > MAX_ITEM)
        throw unreadable(item.line, `expected an entry of at most ${MAX_ITEM} characters`);
    } else if (content.trim() !== '' && !content.trimStart().startsWith('#')) {
      item = { line, text: content };
    }
  }
  yield* take();
}

const TOP_LINE = /^(?:"([^"]*)"|'([^']*)'|([^\s:"'{}[\],&*!|>%@`]+))\s*:(?:\s+(.*))?$/;

/** Returns the name of a part at the top level, and the text behind its colon. A marker of a document has no name. */
function readTopLine(content: string, line: number): readonly [name: string | undefined, rest: string] {
  if (/^(?:-{3}|\.{3})(?:\s|$)|^%/.test(content)) return [undefined, ''];
  const [isNamed, double, single, plain, rest = ''] = TOP_LINE.exec(content) ?? [];
  if (isNamed === undefined) throw unreadable(line, 'expected a name and a colon');
  return [double ?? single ?? plain, rest.replace(/^#.*/, '').trim()];
}

function unreadable(line: number, expected: string): CliError {
  return new CliError(
    'IMPORT_INVALID',
    `cannot read the file as YAML: line ${line}: ${expected}; nothing was imported`,
  );
}
