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

/** Both streams of the process: results go to stdout, all else to stderr. */
export class Output {
  /** On stderr. */
  readonly progress: ProgressBar;
  readonly #streams: OutputStreams;
  #typed: ReturnType<typeof typedKeys> = [];

  constructor(streams: OutputStreams) {
    this.#streams = streams;
    this.progress = new ProgressBar(streams.stderr);
    // A failed write is told to its caller; without a listener it would end the process as well.
    for (const stream of [streams.stdout, streams.stderr]) stream.on('error', () => {});
  }

  /** Has later notes and questions repeat nothing of these arguments that may be a key. */
  hideTyped(args: readonly string[]): void {
    this.#typed = typedKeys(args);
  }

  /** Whether a person looks at stdout. */
  get isTerminal(): boolean {
    return this.#streams.stdout.isTTY === true;
  }

  /** Whether a person looks at stderr, where questions go. */
  get canAsk(): boolean {
    return this.#streams.stderr.isTTY === true;
  }

  /** How wide stdout is; 80 where it does not tell, or as some terminals do, tells 0. */
  get columns(): number {
    return this.#streams.stdout.columns || 80;
  }

  /**
   * Writes to stdout. Once it resolves, the text is with the system and outlives the process. On a terminal, control and
   * invisible characters other than line ends and tabs are escaped.
   *
   * @throws CliError `OUTPUT_CLOSED` where the reader has left, `OUTPUT_UNUSABLE`
   */
  async print(text: string): Promise<void> {
    await this.progress.aside(() => write(this.#streams.stdout, this.isTerminal ? printableLines(text) : text));
  }

  /**
   * As `print`, for a command whose exit code tells what it found or did: a reader that has left changes nothing of that.
   * Resolves to whether the text was written.
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
   * Writes one line for people to stderr. Keys that Latchkey issued, and what may be a key in the arguments, are masked (see
   * `maskKeys`). Control and invisible characters are
   * escaped, line ends too, so that nothing in a record or an argument can forge a line.
   */
  note(line: string): void {
    this.#writeNote(printable(this.#mask(line)));
  }

  /** Writes one line as `note` does, but masks nothing: for a cursor, which looks like a key and is none. */
  noteOwn(line: string): void {
    this.#writeNote(printable(line));
  }

  /** Writes a text of this program's own to stderr, with its line ends. */
  noteHelp(text: string): void {
    this.#writeNote(printableLines(text));
  }

  #mask(line: string): string {
    return this.#typed.reduce((text, [typed, shown]) => text.replaceAll(typed, () => shown), maskIssuedKeys(line));
  }

  #writeNote(text: string): void {
    void this.progress.aside(async () => {
      this.#streams.stderr.write(`${text}\n`);
    });
  }

  /** Writes a question to stderr, and leaves its line open for the answer. */
  ask(question: string): void {
    this.#streams.stderr.write(printable(this.#mask(question)));
  }
}

/** A key that was issued, perhaps as the successor of another. */
export interface TellableKey extends IssuedKey {
  readonly previous?: KeyRecord;
}

/**
 * The key and its record in JSON, on one line: what is kept of a key that was just issued. One that is kept in another
 * `place` is left out.
 */
export function issuedKeyJson({ secret, record, previous }: TellableKey, place?: string): string {
  return JSON.stringify({
    ...(place === undefined ? { key: secret } : {}),
    record: publicRecord(record),
    ...(previous === undefined ? {} : { previous: publicRecord(previous) }),
  });
}

/** The key and its label, on one line. */
export function issuedKeyLine({ secret, record }: IssuedKey): string {
  return `${secret}  ${printable(record.label)}`;
}

/** A key for whoever asked for it, said to be shown this once; one that is kept in another `place` is not shown. */
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
      ? 'Keep the key now: it will not be shown again.'
      : `The key is ${printable(place)}, and nowhere else.`;
  return `${shown.join('\n')}\n\n${advice}`;
}

function write(stream: TerminalStream, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(text, (error) => {
      if (error === null || error === undefined) return resolve();
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EPIPE' || code === 'ERR_STREAM_DESTROYED') {
        return reject(new CliError('OUTPUT_CLOSED', 'whatever read the output has left', { cause: error }));
      }
      return reject(new CliError('OUTPUT_UNUSABLE', `cannot write to stdout: ${code ?? error.name}`, { cause: error }));
    });
  });
}

export type TerminalStream = Writable & { readonly isTTY?: boolean; readonly columns?: number };

/** Known steps; a share of something that is measured otherwise, such as bytes; or a count without an end in sight. */
export type ProgressKind = 'steps' | 'share' | 'count';

const FORMATS: Readonly<Record<ProgressKind, string>> = {
  steps: '[{bar}] {value}/{total}',
  share: '[{bar}] {percentage}%, keys: {count}',
  count: 'keys: {count}',
};

/** A progress bar that is drawn on a terminal only, and makes room for what is printed meanwhile. */
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
      // Signals are the program's own affair.
      gracefulExit: false,
    });
    this.#draw();
  }

  /** One step further; for a share, as far as `done` says. */
  advance(done: number = this.#done + 1): void {
    this.#done = done;
    this.#bar?.update(done, { count: ++this.#count });
  }

  stop(): void {
    this.#isRunning = false;
    this.#bar?.stop();
  }

  /** Takes the bar off the screen, and puts it back under what was printed. */
  async aside(print: () => Promise<void>): Promise<void> {
    if (!this.#isRunning) return print();
    this.#bar?.stop();
    await print();
    if (this.#isRunning) this.#draw();
  }

  #draw(): void {
    this.#bar?.start(this.#total, this.#done, { count: this.#count });
  }
}

/** Parts a text at its spaces into lines. A word that is longer than a line stays whole, so that it can be copied. */
export function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}

/** Fills the paragraphs of a text anew, where they are too wide. What is indented stays as it is. */
export function fillParagraphs(text: string, width: number): string {
  return text.replaceAll(/^(?! |\n).*(\n(?! |\n).+)*/gm, (paragraph) =>
    paragraph.split('\n').every((line) => line.length <= width)
      ? paragraph
      : wrap(paragraph.replaceAll('\n', ' '), width).join('\n'),
  );
}
