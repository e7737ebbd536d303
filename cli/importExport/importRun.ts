import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { ANY_KEYS, FOREIGN_ADVICE, isForeign } from '../../keys/state.ts';
import { CliError } from '../../operator/errors.ts';
import type { Output } from '../output.ts';
import { STDIN } from '../seedFile.ts';
import type { ImportFormat } from './formats.ts';
import type { DuplicateLine, ReviewedKey } from './reviewedKeys.ts';

/** What an import tells: each line that was rejected as it comes, and the count at the end; or one JSON document, in pieces. */
export class ImportReport {
  readonly #output: Output;
  readonly #isJson: boolean;
  readonly #rejected: { readonly line: number; readonly problem: string }[] = [];
  readonly #duplicates: (DuplicateLine & { readonly firstLine: number })[] = [];
  /** Of keys whose labels are the names of a list of raw keys. */
  readonly #labels: string[] = [];
  #format: ImportFormat | undefined;
  #acceptedKeys: string | undefined;
  #importedCount = 0;
  #foreignCount = 0;
  #endedCount = 0;
  #skippedCount = 0;
  #duplicateCount = 0;
  #rejectedCount = 0;
  #hasReader = true;

  constructor(output: Output, isJson: boolean) {
    this.#output = output;
    this.#isJson = isJson;
  }

  get rejectedCount(): number {
    return this.#rejectedCount;
  }

  /** Whether whatever reads stdout is there still, as far as the last write tells. */
  get hasReader(): boolean {
    return this.#hasReader;
  }

  /** With the format that is read, `undefined` for a text without entries, and what the deployment accepts, if that is known. */
  async begin(format: ImportFormat | undefined, acceptedKeys: string | undefined): Promise<void> {
    this.#format = format;
    this.#acceptedKeys = acceptedKeys;
    if (this.#isJson) await this.#print(`{"format":${JSON.stringify(format ?? null)},"imported":[`);
  }

  async addImported(id: string, { line, entry, hasEnded, duplicates }: ReviewedKey): Promise<void> {
    const separator = this.#importedCount++ === 0 ? '\n' : ',\n';
    if (hasEnded) this.#endedCount++;
    // No key of a SoulSync configuration is Latchkey's, whatever it begins with.
    else if (this.#format === 'soulsync' || isForeign(entry, this.#acceptedKeys)) this.#foreignCount++;
    if (this.#format === 'env') this.#labels.push(entry.label);
    this.#tellDuplicates(line, duplicates);
    if (this.#isJson) await this.#print(`${separator}${JSON.stringify(id)}`);
  }

  skip({ line, duplicates }: ReviewedKey): void {
    this.#skippedCount++;
    this.#tellDuplicates(line, withoutEffect(duplicates));
  }

  /** Rejects a key whose lines are right. */
  rejectKey({ line, duplicates }: ReviewedKey, problem: string): void {
    this.reject(line, problem);
    this.#tellDuplicates(line, withoutEffect(duplicates));
  }

  reject(line: number, problem: string): void {
    this.#rejectedCount++;
    if (this.#isJson) this.#rejected.push({ line, problem });
    else if (this.#rejectedCount <= this.#maxTold) this.#output.note(`line ${line}: ${problem}`);
  }

  /** Also where the import was stopped: it says how far that came, and on stderr where nobody reads stdout any more. */
  async end(): Promise<void> {
    this.#noteUntold(this.#rejectedCount, this.#maxTold, 'rejected');
    this.#noteUntold(this.#duplicateCount, MAX_TOLD, 'duplicates');
    await this.#print(this.#isJson ? this.#jsonEnd() : `${this.#counts().join('\n')}\n`);
    if (!this.#hasReader) this.#output.note(this.#counts().join('; '));
    this.#noteForeign();
  }

  #noteForeign(): void {
    if (this.#isJson || this.#foreignCount === 0 || this.#acceptedKeys === ANY_KEYS) return;
    const isUnknown = this.#acceptedKeys === undefined;
    const what = isUnknown ? 'issued elsewhere' : 'active but refused';
    const advice = isUnknown ? 'authorizers accept them only with acceptForeignKeys' : FOREIGN_ADVICE;
    this.#output.note(`${what}: ${this.#foreignCount}; ${advice}`);
  }

  get #maxTold(): number {
    return this.#format === 'env' ? MAX_TOLD_SETTINGS : MAX_TOLD;
  }

  #tellDuplicates(firstLine: number, duplicates: readonly DuplicateLine[]): void {
    for (const duplicate of duplicates) {
      this.#duplicateCount++;
      if (this.#isJson) this.#duplicates.push({ ...duplicate, firstLine });
      else if (this.#duplicateCount <= MAX_TOLD) this.#output.note(duplicateLine(firstLine, duplicate));
    }
  }

  #noteUntold(count: number, maxTold: number, what: string): void {
    if (this.#isJson || count <= maxTold) return;
    this.#output.note(`and ${count - maxTold} more ${what}; --json tells every one`);
  }

  #jsonEnd(): string {
    const counts = {
      ended: this.#endedCount,
      foreign: this.#foreignCount,
      ...(this.#format === 'env' ? { labels: this.#labels } : {}),
      skipped: this.#skippedCount,
      duplicates: this.#duplicates.toSorted((a, b) => a.line - b.line),
      rejected: this.#rejected.toSorted((a, b) => a.line - b.line),
    };
    return `\n],${JSON.stringify(counts).slice(1)}\n`;
  }

  #counts(): readonly string[] {
    const ended = this.#endedCount;
    const have = ended === 1 ? 'has' : 'have';
    return [
      `imported: ${this.#importedCount}`,
      ...(ended === 0 ? [] : [`${ended} of them ${have} already ended (revoked or expired)`]),
      ...(this.#labels.length === 0 ? [] : [`labels: ${this.#labels.join(', ')}`]),
      `skipped, for they are there already: ${this.#skippedCount}`,
      ...(this.#duplicateCount === 0 ? [] : [`duplicates: ${this.#duplicateCount}`]),
      `rejected: ${this.#rejectedCount}`,
    ];
  }

  async #print(text: string): Promise<void> {
    this.#hasReader = await this.#output.printIfRead(text);
  }
}

/** A file of another kind is wrong on every line. */
const MAX_TOLD = 20;
/** An `.env` file holds many settings that are no keys, and a person reads what was refused. */
const MAX_TOLD_SETTINGS = 500;

/** The table kept what it had. */
function withoutEffect(duplicates: readonly DuplicateLine[]): readonly DuplicateLine[] {
  return duplicates.map(({ line }) => ({ line, applied: [] }));
}

function duplicateLine(firstLine: number, { line, applied }: DuplicateLine): string {
  const times = applied.filter((name) => name.endsWith('At'));
  const added = times.length === 0 ? '' : `, which got its ${times.join(' and ')}`;
  return `line ${line}: the same key as line ${firstLine}${added}`;
}

const HEAD_LENGTH = 64 * 1024;
/** A whole line that is neither blank nor a comment, nor sets the separator of a CSV. */
const TELLING_LINE = /^(?!"?sep=."?\r?\n)[^\S\n]*[^\s#].*\n/im;
/** Excel and PowerShell write UTF-16 too, and begin it so. */
const BYTE_ORDER_MARKS = [
  ['utf-16le', 0xff, 0xfe],
  ['utf-16be', 0xfe, 0xff],
] as const;

/** A file, or standard input, as text that is read once and as fast as it is wanted: UTF-8, or UTF-16 with a byte order mark. */
export class ImportSource {
  /** For messages. */
  readonly name: string;
  readonly #stream: Readable;
  readonly #chunks: AsyncIterator<string>;
  readonly #peeked: string[] = [];

  private constructor(name: string, stream: Readable) {
    this.name = name;
    this.#stream = stream;
    this.#chunks = this.#decode();
  }

  /** @throws CliError `FILE_UNUSABLE` */
  static async open(file: string, stdin: Readable): Promise<ImportSource> {
    if (file === STDIN) return new ImportSource('standard input', stdin);
    await stat(file).catch((cause: NodeJS.ErrnoException) => {
      throw unreadable(file, cause);
    });
    return new ImportSource(file, createReadStream(file));
  }

  /**
   * How the text begins: with its first line that tells something, if that is not very far. It is part of `chunks` all the
   * same.
   *
   * @throws CliError `FILE_UNUSABLE`, also where the bytes are no such text
   */
  async head(): Promise<string> {
    let head = '';
    while (head.length < HEAD_LENGTH && !TELLING_LINE.test(head)) {
      const { value, done } = await this.#chunks.next();
      if (done === true) break;
      this.#peeked.push(value);
      head += value;
    }
    return head;
  }

  /** @throws CliError `FILE_UNUSABLE`, also where the bytes are no such text */
  async *chunks(): AsyncGenerator<string> {
    yield* this.#peeked.splice(0);
    for (let next = await this.#chunks.next(); next.done !== true; next = await this.#chunks.next()) yield next.value;
  }

  /** Ends the text where it is, also for a reader that waits for more. */
  close(): void {
    this.#stream.destroy();
  }

  async *#decode(): AsyncGenerator<string, undefined> {
    const bytes = withStart(this.#stream as AsyncIterable<Uint8Array>);
    try {
      const { value: start = new Uint8Array() } = await bytes.next();
      const decoder = new TextDecoder(encodingOf(start), { fatal: true });
      yield decoder.decode(start, { stream: true });
      for await (const chunk of bytes) yield decoder.decode(chunk, { stream: true });
      yield decoder.decode();
    } catch (cause) {
      const { code, name } = cause as NodeJS.ErrnoException;
      if (code === 'ERR_STREAM_PREMATURE_CLOSE' || name === 'AbortError') return undefined;
      if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA') {
        throw new CliError('FILE_UNUSABLE', `${this.name} is not UTF-8 text, nor UTF-16 with a byte order mark`, {
          cause,
        });
      }
      throw unreadable(this.name, cause as NodeJS.ErrnoException);
    }
    return undefined;
  }
}

/** The bytes in pieces, of which the first is long enough for a byte order mark. */
async function* withStart(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, undefined> {
  let start = Buffer.alloc(0);
  let isStarted = false;
  for await (const chunk of chunks) {
    if (isStarted) {
      yield chunk;
      continue;
    }
    start = Buffer.concat([start, chunk]);
    isStarted = start.length >= 2;
    if (isStarted) yield start;
  }
  if (!isStarted && start.length > 0) yield start;
  return undefined;
}

function encodingOf([first, second]: Uint8Array): string {
  return BYTE_ORDER_MARKS.find(([, one, two]) => one === first && two === second)?.[0] ?? 'utf-8';
}

function unreadable(name: string, cause: NodeJS.ErrnoException): CliError {
  return new CliError('FILE_UNUSABLE', `cannot read ${name}: ${cause.code ?? cause.name}`, { cause });
}
