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

/** The maximum length of an entry in characters. It's far more than a consumer with its keys requires. */
const MAX_ITEM = 1024 * 1024;
const MAX_LINE = 64 * 1024;

/**
 * Splits a YAML file into the entries of its top-level lists. Yields only the lists with the given names, and drops the
 * rest, so a file of any size needs little memory. A list in brackets is one entry. The lines of a value at the top
 * level are indented, except for the hyphens of its entries (YAML 1.2.2, chapter 8).
 *
 * @param onSection Receives the name of each value at the top level
 * @throws CliError `IMPORT_INVALID` if a line at the top level doesn't have a name and a colon, or an entry is too long
 */
export async function* readYamlItems(
  chunks: AsyncIterable<string>,
  names: ReadonlySet<string>,
  onSection: (name: string) => void,
): AsyncGenerator<YamlItem> {
  const splitter = new Splitter(names, onSection);
  for await (const { line, text } of textLines(chunks, MAX_LINE)) {
    if (text === undefined) throw unreadable(line, `expected a line of at most ${MAX_LINE} characters`);
    const item = splitter.add(text, line);
    if (item !== undefined) yield item;
  }
  const last = splitter.take();
  if (last !== undefined) yield last;
}

/** Matches a line at the top level: neither an entry, nor a comment, nor the end of a value in brackets. */
const TOP_LEVEL = /^(?:[^\s#\-\]}]|-{3}(?:\s|$))/;
const HYPHEN = /^( *)-(?:\s|$)/;

class Splitter {
  readonly #names: ReadonlySet<string>;
  readonly #onSection: (name: string) => void;
  #section: string | undefined;
  /** The number of spaces before the hyphens of the list, once it has one. */
  #indent: number | undefined;
  #item: { readonly line: number; text: string } | undefined;

  constructor(names: ReadonlySet<string>, onSection: (name: string) => void) {
    this.#names = names;
    this.#onSection = onSection;
  }

  /** Adds a line. Returns the entry that ends before it. */
  add(content: string, line: number): YamlItem | undefined {
    if (TOP_LEVEL.test(content)) return this.#startSection(content, line);
    if (this.#section === undefined) return undefined;
    const indent = HYPHEN.exec(content)?.[1]?.length;
    // A value behind the list's name continues until the next name.
    const isInline = this.#item !== undefined && this.#indent === undefined;
    const isStart = indent !== undefined && !isInline && (this.#indent ?? indent) === indent;
    if (!isStart) {
      this.#continue(content, line);
      return undefined;
    }
    const ended = this.take();
    this.#indent = indent;
    this.#item = { line, text: content };
    return ended;
  }

  /** Returns the entry so far, and forgets it. */
  take(): YamlItem | undefined {
    const taken = this.#item;
    this.#item = undefined;
    return taken === undefined || this.#section === undefined ? undefined : { section: this.#section, ...taken };
  }

  #startSection(content: string, line: number): YamlItem | undefined {
    const ended = this.take();
    const { name, rest } = readTopLevel(content, line);
    if (name !== undefined) this.#onSection(name);
    this.#section = name !== undefined && this.#names.has(name) ? name : undefined;
    this.#indent = undefined;
    if (rest !== '') this.#item = { line, text: content };
    return ended;
  }

  #continue(content: string, line: number): void {
    if (this.#item !== undefined) {
      this.#item.text += `\n${content}`;
      if (this.#item.text.length <= MAX_ITEM) return;
      throw unreadable(this.#item.line, `expected an entry of at most ${MAX_ITEM} characters`);
    }
    const isBlank = content.trim() === '' || content.trimStart().startsWith('#');
    // A value that isn't a list. The parser reports it.
    if (!isBlank) this.#item = { line, text: content };
  }
}

const MARKER = /^(?:(?:-{3}|\.{3})(?:\s|$)|%)/;
const NAMED = /^(?:"([^"]{0,256})"|'([^']{0,256})'|([^\s:"'{}[\],&*!|>%@`]{1,256}))[ \t]{0,16}:(?![^\s])(.*)$/;

/** Returns the name of a value at the top level, and the text behind it. The marker of a document has no name. */
function readTopLevel(content: string, line: number): { readonly name?: string; readonly rest: string } {
  if (MARKER.test(content)) return { rest: '' };
  const [isNamed, double, single, plain, rest = ''] = NAMED.exec(content) ?? [];
  const name = double ?? single ?? plain;
  if (isNamed === undefined || name === undefined) throw unreadable(line, 'expected a name and a colon');
  return { name, rest: rest.replace(/^#.*/, '').trim() };
}

function unreadable(line: number, expected: string): CliError {
  return new CliError(
    'IMPORT_INVALID',
    `cannot read the file as YAML: line ${line}: ${expected}; nothing was imported`,
  );
}
