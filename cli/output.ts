import type { Writable } from 'node:stream';
import { maskIssuedKeys, typedKeys } from '../keys/findKeys.ts';
import { printable, printableLines } from '../keys/printable.ts';
import { type KeyRecord, publicRecord } from '../keys/record.ts';
import type { IssuedKey } from '../keys/registry.ts';
import { toEpochMs } from '../keys/timestamp.ts';
import { type Colors, createStreamColors } from '../operator/colors.ts';
import { CliError, isOutputClosed } from '../operator/errors.ts';
import type { Environment } from '../operator/findTable.ts';
import { relativeTime } from '../operator/notices.ts';
import { Progress } from './progress.ts';
import { type Field, layOutFields, textWidth, wrap } from './wrap.ts';

export interface OutputStreams {
  readonly stdout: TerminalStream;
  readonly stderr: TerminalStream;
  /** The environment variables, which may switch colours on or off. */
  readonly env?: Environment;
}

/** The width of a terminal that doesn't report its own. */
const DEFAULT_COLUMNS = 80;
/** The width of a space and a one-letter answer after a question. */
const ANSWER_COLUMNS = 2;

export type TerminalStream = Writable & { readonly isTTY?: boolean; readonly columns?: number; readonly rows?: number };

/** A destination of printed text other than stdout, such as a pager. */
export interface Destination {
  readonly write: (text: string) => Promise<void>;
  readonly end: () => Promise<void>;
}

export interface PrintOptions {
  /** `true` if the text contains colours from `Output.colors`. Its values must be escaped with `printable`. */
  readonly isColored?: boolean;
}

/** The character that starts the sequence of a colour on a terminal. */
const ESCAPE = String.fromCharCode(27);
/** Matches the rest of such a sequence (ECMA-48, "select graphic rendition"). */
const COLOR = /^\[\d{1,2}m/;
/** Matches the first word of a note that reports a problem. */
const PROBLEM = /^(?:error|warning):/;

/** Both output streams of the process. Results go to stdout, everything else to stderr. */
export class Output {
  /** The colours of stdout. */
  readonly colors: Colors;
  /** The progress line on stderr. */
  readonly progress: Progress;
  readonly #streams: OutputStreams;
  readonly #noteColors: Colors;
  #typed: ReturnType<typeof typedKeys> = [];
  /** The destination of printed text during `divert`. */
  #destination: Destination | undefined;
  #keptNotes: string[] | undefined;
  /** `true` while the cursor may be behind a question. */
  #isAsking = false;

  /** @param now Returns the current time in milliseconds, for the speed of the progress */
  constructor(streams: OutputStreams, now: () => number = Date.now) {
    this.#streams = streams;
    this.colors = createStreamColors({ stream: streams.stdout, env: streams.env ?? {} });
    this.#noteColors = createStreamColors({ stream: streams.stderr, env: streams.env ?? {} });
    this.progress = new Progress(streams.stderr, now);
    // The caller of a failed write gets its error. The error would also end the process without a listener.
    for (const stream of [streams.stdout, streams.stderr]) stream.on('error', () => {});
  }

  /** Masks possible keys from these arguments in later notes and prompts. */
  hideTyped(args: readonly string[]): void {
    this.#typed = typedKeys(args);
  }

  /** `true` if stdout is a terminal. */
  get isTerminal(): boolean {
    return this.#streams.stdout.isTTY === true;
  }

  /** `true` if stderr is a terminal. Prompts go to stderr. */
  get canAsk(): boolean {
    return this.#streams.stderr.isTTY === true;
  }

  /** The width of stdout, or 80 if it's unknown. Some terminals report 0. */
  get columns(): number {
    return this.#streams.stdout.columns || DEFAULT_COLUMNS;
  }

  /** Wraps a sentence for stdout at the width of a terminal. A program gets one line. */
  fill(sentence: string): string {
    return this.isTerminal ? wrap(sentence, this.columns).join('\n') : sentence;
  }

  /** The height of stdout, or 24 if it's unknown. */
  get rows(): number {
    return this.#streams.stdout.rows || 24;
  }

  /**
   * Passes the text that the work prints to another destination, and then ends the destination. Keeps notes until after
   * its end.
   */
  async divert(destination: Destination, work: () => Promise<void>): Promise<void> {
    const notes: string[] = [];
    this.#keptNotes = notes;
    this.#destination = destination;
    try {
      await work();
    } finally {
      this.#destination = undefined;
      await destination.end().finally(() => {
        this.#keptNotes = undefined;
        for (const note of notes) this.#writeNote(note);
      });
    }
  }

  /**
   * Writes to stdout. The text is safe once the promise resolves, even if the process ends. It escapes control and
   * invisible characters on a terminal, except newlines and tabs.
   *
   * @throws CliError `OUTPUT_CLOSED` if the reader has closed stdout; `OUTPUT_UNUSABLE`
   */
  async print(text: string, { isColored = false }: PrintOptions = {}): Promise<void> {
    this.#isAsking = false;
    const escape = isColored ? escapeExceptColors : printableLines;
    const shown = this.isTerminal ? escape(text) : text;
    await this.progress.aside(() => this.#destination?.write(shown) ?? writeTo(this.#streams.stdout, shown));
  }

  /**
   * Prints like `print`, but doesn't throw if stdout is closed. Use it if the command's exit code is a result. Returns
   * whether the text was written.
   *
   * @throws CliError `OUTPUT_UNUSABLE`
   */
  async printIfRead(text: string, options?: PrintOptions): Promise<boolean> {
    try {
      await this.print(text, options);
      return true;
    } catch (error) {
      if (isOutputClosed(error)) return false;
      throw error;
    }
  }

  /**
   * Writes one line for people to stderr. A terminal gets it wrapped, with coloured errors and warnings. It masks
   * Latchkey keys, and possible keys from the arguments (see `maskKeys`). It escapes control and invisible characters,
   * including newlines. A record or an argument therefore can't forge a line.
   */
  note(line: string): void {
    this.#writeLine(printable(this.#mask(line)));
  }

  /** Writes one line like `note`, but without masks. Use it for a cursor, which looks like a key. */
  noteOwn(line: string): void {
    this.#writeLine(printable(line));
  }

  /** Writes the program's own text to stderr, with its newlines. */
  noteHelp(text: string): void {
    this.#writeNote(printableLines(text));
  }

  /** Writes a question to stderr without a newline, so the answer appears on the same line. */
  ask(question: string): void {
    const asked = printable(this.#mask(question.trimEnd()));
    const full = this.#wrap(asked);
    const isFull = textWidth(full.slice(full.lastIndexOf('\n') + 1)) > this.#noteColumns - ANSWER_COLUMNS;
    const text = isFull ? this.#wrap(asked, ANSWER_COLUMNS) : full;
    this.#isAsking = true;
    this.#streams.stderr.write(`${text}${question.slice(question.trimEnd().length)}`);
  }

  /** Ends the line of a question that a signal interrupts, so the shell's prompt begins on a new line. */
  endQuestion(): void {
    if (this.#isAsking) this.#streams.stderr.write('\n');
    this.#isAsking = false;
  }

  #mask(line: string): string {
    return this.#typed.reduce((text, [typed, shown]) => text.replaceAll(typed, () => shown), maskIssuedKeys(line));
  }

  #writeLine(line: string): void {
    const { red, yellow } = this.#noteColors;
    const paint = (word: string) => (word === 'error:' ? red(word) : yellow(word));
    this.#writeNote(this.#wrap(line).replace(PROBLEM, paint));
  }

  /** The width of stderr. */
  get #noteColumns(): number {
    return this.#streams.stderr.columns || DEFAULT_COLUMNS;
  }

  /** Wraps a line at the width of a terminal, without its last `reserved` columns. A program gets one line. */
  #wrap(line: string, reserved = 0): string {
    return this.canAsk ? wrap(line, this.#noteColumns - reserved).join('\n') : line;
  }

  #writeNote(text: string): void {
    this.#isAsking = false;
    if (this.#keptNotes !== undefined) return void this.#keptNotes.push(text);
    void this.progress.aside(async () => {
      this.#streams.stderr.write(`${text}\n`);
    });
  }
}

/** Escapes a text like `printableLines`, but keeps colours. They can't steer a terminal. */
function escapeExceptColors(text: string): string {
  const [first = '', ...rest] = text.split(ESCAPE);
  const escaped = rest.map((part) => {
    const color = COLOR.exec(part)?.[0];
    if (color === undefined) return printableLines(`${ESCAPE}${part}`);
    return `${ESCAPE}${color}${printableLines(part.slice(color.length))}`;
  });
  return `${printableLines(first)}${escaped.join('')}`;
}

/**
 * Writes to a stream. The promise resolves once the text is safe.
 *
 * @throws CliError `OUTPUT_CLOSED` if the stream's reader has closed it; `OUTPUT_UNUSABLE`
 */
export function writeTo(stream: Writable, text: string): Promise<void> {
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

/** An issued key, which may be the successor of another key. */
export interface PrintableKey extends IssuedKey {
  readonly previous?: KeyRecord;
}

/** Returns the key and its record as one line of JSON. It omits the key if the key is stored in another `place`. */
export function issuedKeyJson({ secret, record, previous }: PrintableKey, place?: string): string {
  return JSON.stringify({
    ...(place === undefined ? { key: secret } : {}),
    record: publicRecord(record),
    ...(previous === undefined ? {} : { previous: publicRecord(previous) }),
  });
}

/**
 * Returns the key and its label on one line, or the label on a line below the key if that line is wider than a terminal
 * of `width` columns.
 */
export function issuedKeyLine({ secret, record }: IssuedKey, width: number): string {
  const line = `${secret}  ${printable(record.label)}`;
  return textWidth(line) <= width ? line : `${secret}\n${wrap(`  ${printable(record.label)}`, width).join('\n')}`;
}

export interface NoticeDeps {
  readonly output: Output;
  /** Returns the current time in epoch milliseconds. */
  readonly now: () => number;
}

/**
 * Returns a new key for people, with the advice to store it. It omits the key if the key is stored in another `place`.
 */
export function issuedKeyNotice({ secret, record }: IssuedKey, { output, now }: NoticeDeps, place?: string): string {
  const { id, label, owner, scopes, plan, expiresAt } = record;
  const expires =
    expiresAt === undefined || toEpochMs(expiresAt) <= now()
      ? expiresAt
      : `${expiresAt} (${relativeTime(expiresAt, now())})`;
  const key = place === undefined ? secret : undefined;
  const values = { key, id, label, owner, scopes: scopes?.join(' '), plan, expires };
  const fields = Object.entries(values).flatMap(([name, value]): Field[] =>
    value === undefined ? [] : [[name, printable(value)]],
  );
  const advice =
    place === undefined
      ? 'Store the key now: you cannot see it again.'
      : `The key is ${printable(place)}, and nowhere else.`;
  const shown = layOutFields(fields, output.isTerminal ? output.columns : Infinity);
  return `${shown}\n\n${output.fill(advice)}`;
}

/** Returns the id and label of a key in a form for people. */
export function keyName({ id, label }: KeyRecord): string {
  return `${printable(id)}, ${printable(JSON.stringify(label))}`;
}
