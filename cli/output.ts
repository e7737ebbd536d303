import type { Writable } from 'node:stream';
import { SingleBar } from 'cli-progress';
import { maskIssuedKeys, typedKeys } from '../keys/findKeys.ts';
import { printable, printableLines } from '../keys/printable.ts';
import { type KeyRecord, publicRecord } from '../keys/record.ts';
import type { IssuedKey } from '../keys/registry.ts';
import { toEpochMs } from '../keys/timestamp.ts';
import { CliError, isOutputClosed } from '../operator/errors.ts';
import { relativeTime } from '../operator/notices.ts';

export interface OutputStreams {
  readonly stdout: TerminalStream;
  readonly stderr: TerminalStream;
}

export type TerminalStream = Writable & { readonly isTTY?: boolean; readonly columns?: number };

/** Both streams of the process: results go to stdout, everything else to stderr. */
export class Output {
  /** The progress bar on stderr. */
  readonly progress: ProgressBar;
  readonly #streams: OutputStreams;
  #typed: ReturnType<typeof typedKeys> = [];

  constructor(streams: OutputStreams) {
    this.#streams = streams;
    this.progress = new ProgressBar(streams.stderr);
    // The caller of a failed write gets its error. Without a listener, the error would also end the process.
    for (const stream of [streams.stdout, streams.stderr]) stream.on('error', () => {});
  }

  /** Masks in later notes and questions what may be a key in these arguments. */
  hideTyped(args: readonly string[]): void {
    this.#typed = typedKeys(args);
  }

  /** Whether stdout is a terminal. */
  get isTerminal(): boolean {
    return this.#streams.stdout.isTTY === true;
  }

  /** Whether stderr, which shows questions, is a terminal. */
  get canAsk(): boolean {
    return this.#streams.stderr.isTTY === true;
  }

  /** The width of stdout; 80 if it's unknown. Some terminals report 0. */
  get columns(): number {
    return this.#streams.stdout.columns || 80;
  }

  /**
   * Writes to stdout. Once it resolves, the text survives the process. On a terminal, escapes control and invisible characters
   * other than line ends and tabs.
   *
   * @throws CliError `OUTPUT_CLOSED` if the reader has closed stdout; `OUTPUT_UNUSABLE`
   */
  async print(text: string): Promise<void> {
    await this.progress.aside(() => write(this.#streams.stdout, this.isTerminal ? printableLines(text) : text));
  }

  /**
   * Prints like `print`, for a command whose exit code is a result, which a closed stdout doesn't change. Returns whether the
   * text was written.
   *
   * @throws CliError `OUTPUT_UNUSABLE`
   */
  async printIfRead(text: string): Promise<boolean> {
    try {
      await this.print(text);
      return true;
    } catch (error) {
      if (isOutputClosed(error)) return false;
      throw error;
    }
  }

  /**
   * Writes one line for people to stderr. Masks keys that Latchkey issued, and what may be a key in the arguments (see
   * `maskKeys`). Escapes control and invisible characters, including line ends, so no record or argument can forge a line.
   */
  note(line: string): void {
    this.#writeNote(printable(this.#mask(line)));
  }

  /** Writes one line like `note`, but masks nothing. For a cursor, which looks like a key. */
  noteOwn(line: string): void {
    this.#writeNote(printable(line));
  }

  /** Writes a text of the program to stderr, with its line ends. */
  noteHelp(text: string): void {
    this.#writeNote(printableLines(text));
  }

  /** Writes a question to stderr, and leaves the line open for the answer. */
  ask(question: string): void {
    this.#streams.stderr.write(printable(this.#mask(question)));
  }

  #mask(line: string): string {
    return this.#typed.reduce((text, [typed, shown]) => text.replaceAll(typed, () => shown), maskIssuedKeys(line));
  }

  #writeNote(text: string): void {
    void this.progress.aside(async () => {
      this.#streams.stderr.write(`${text}\n`);
    });
  }
}

function write(stream: TerminalStream, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(text, (error) => {
      if (error === null || error === undefined) return resolve();
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EPIPE' || code === 'ERR_STREAM_DESTROYED') {
        return reject(new CliError('OUTPUT_CLOSED', 'the reader has closed the output', { cause: error }));
      }
      return reject(new CliError('OUTPUT_UNUSABLE', `cannot write to stdout: ${code ?? error.name}`, { cause: error }));
    });
  });
}

/** The scale of a progress bar: a known number of steps, a percentage such as of bytes, or a count with no known end. */
export type ProgressKind = 'steps' | 'share' | 'count';

const FORMATS: Readonly<Record<ProgressKind, string>> = {
  steps: '[{bar}] {value}/{total}',
  share: '[{bar}] {percentage}%, keys: {count}',
  count: 'keys: {count}',
};

/** A progress bar, shown only on a terminal. It stays below the text that is printed meanwhile. */
export class ProgressBar {
  readonly #stream: TerminalStream;
  #bar: SingleBar | undefined;
  #done = 0;
  #total = 0;
  #count = 0;
  #isRunning = false;

  constructor(stream: TerminalStream) {
    this.#stream = stream;
  }

  start(total: number, kind: ProgressKind = 'steps'): void {
    this.#total = total;
    this.#isRunning = true;
    if (this.#stream.isTTY !== true) return;
    this.#bar = new SingleBar({
      stream: this.#stream,
      format: FORMATS[kind],
      clearOnComplete: true,
      linewrap: true,
      // The program handles signals itself.
      gracefulExit: false,
    });
    this.#show();
  }

  /** Advances by one step; for a share, to `done`. */
  advance(done: number = this.#done + 1): void {
    this.#done = done;
    this.#bar?.update(done, { count: ++this.#count });
  }

  stop(): void {
    this.#isRunning = false;
    this.#bar?.stop();
  }

  /** Hides the bar while `print` runs, and shows it again below the printed text. */
  async aside(print: () => Promise<void>): Promise<void> {
    if (!this.#isRunning) return print();
    this.#bar?.stop();
    await print();
    if (this.#isRunning) this.#show();
  }

  #show(): void {
    this.#bar?.start(this.#total, this.#done, { count: this.#count });
  }
}

/** A key that was issued, perhaps as the successor of another. */
export interface PrintableKey extends IssuedKey {
  readonly previous?: KeyRecord;
}

/** Returns the key and its record as one line of JSON. Leaves out the key if it's stored in another `place`. */
export function issuedKeyJson({ secret, record, previous }: PrintableKey, place?: string): string {
  return JSON.stringify({
    ...(place === undefined ? { key: secret } : {}),
    record: publicRecord(record),
    ...(previous === undefined ? {} : { previous: publicRecord(previous) }),
  });
}

/** Returns the key and its label on one line. */
export function issuedKeyLine({ secret, record }: IssuedKey): string {
  return `${secret}  ${printable(record.label)}`;
}

/** Returns a new key for people, with the advice to store it. Leaves out the key if it's stored in another `place`. */
export function issuedKeyNotice({ secret, record }: IssuedKey, nowMs: number, place?: string): string {
  const { id, label, owner, scopes, plan, expiresAt } = record;
  const expires =
    expiresAt === undefined || toEpochMs(expiresAt) <= nowMs
      ? expiresAt
      : `${expiresAt} (${relativeTime(expiresAt, nowMs)})`;
  const key = place === undefined ? secret : undefined;
  const lines = { key, id, label, owner, scopes: scopes?.join(' '), plan, expires };
  const shown = Object.entries(lines).flatMap(([name, value]) =>
    value === undefined ? [] : [`${`${name}:`.padEnd(9)}${printable(value)}`],
  );
  const advice =
    place === undefined
      ? 'Store the key now: you cannot see it again.'
      : `The key is ${printable(place)}, and nowhere else.`;
  return `${shown.join('\n')}\n\n${advice}`;
}

/** Returns the id and label of a key, for people. */
export function keyName({ id, label }: KeyRecord): string {
  return `${printable(id)}, ${printable(JSON.stringify(label))}`;
}

/** Splits text at its spaces into lines. Keeps a word that is longer than a line whole, so it can be copied. */
export function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}

/** Wraps the paragraphs of a text that are too wide. Leaves indented lines unchanged. */
export function fillParagraphs(text: string, width: number): string {
  return text.replaceAll(/^(?! |\n).*(\n(?! |\n).+)*/gm, (paragraph) =>
    paragraph.split('\n').every((line) => line.length <= width)
      ? paragraph
      : wrap(paragraph.replaceAll('\n', ' '), width).join('\n'),
  );
}
