import type { Writable } from 'node:stream';
import { maskIssuedKeys, typedKeys } from '../keys/findKeys.ts';
import { printable, printableLines } from '../keys/printable.ts';
import { type KeyRecord, publicRecord } from '../keys/record.ts';
import type { IssuedKey } from '../keys/registry.ts';
import { toEpochMs } from '../keys/timestamp.ts';
import { CliError, isOutputClosed } from '../operator/errors.ts';
import { relativeTime } from '../operator/notices.ts';
import { Progress } from './progress.ts';

export interface OutputStreams {
  readonly stdout: TerminalStream;
  readonly stderr: TerminalStream;
}

export type TerminalStream = Writable & { readonly isTTY?: boolean; readonly columns?: number; readonly rows?: number };

/** A destination of printed text other than stdout, such as a pager. */
export interface Destination {
  readonly write: (text: string) => Promise<void>;
  readonly end: () => Promise<void>;
}

/** Both output streams of the process. Results go to stdout, everything else to stderr. */
export class Output {
  /** The progress line on stderr. */
  readonly progress: Progress;
  readonly #streams: OutputStreams;
  #typed: ReturnType<typeof typedKeys> = [];
  /** The destination of printed text during `divert`. */
  #destination: Destination | undefined;
  #keptNotes: string[] | undefined;

  /** @param now Returns the current time in milliseconds, for the speed of the progress */
  constructor(streams: OutputStreams, now: () => number = Date.now) {
    this.#streams = streams;
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
    return this.#streams.stdout.columns || 80;
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
  async print(text: string): Promise<void> {
    const shown = this.isTerminal ? printableLines(text) : text;
    await this.progress.aside(() => this.#destination?.write(shown) ?? writeTo(this.#streams.stdout, shown));
  }

  /**
   * Prints like `print`, but doesn't throw if stdout is closed. Use it if the command's exit code is a result. Returns
   * whether the text was written.
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
   * Writes one line for people to stderr. It masks Latchkey keys, and possible keys from the arguments (see
   * `maskKeys`). It escapes control and invisible characters, including newlines. A record or an argument therefore
   * can't forge a line.
   */
  note(line: string): void {
    this.#writeNote(printable(this.#mask(line)));
  }

  /** Writes one line like `note`, but without masks. Use it for a cursor, which looks like a key. */
  noteOwn(line: string): void {
    this.#writeNote(printable(line));
  }

  /** Writes the program's own text to stderr, with its newlines. */
  noteHelp(text: string): void {
    this.#writeNote(printableLines(text));
  }

  /** Writes a question to stderr without a newline, so the answer appears on the same line. */
  ask(question: string): void {
    this.#streams.stderr.write(printable(this.#mask(question)));
  }

  #mask(line: string): string {
    return this.#typed.reduce((text, [typed, shown]) => text.replaceAll(typed, () => shown), maskIssuedKeys(line));
  }

  #writeNote(text: string): void {
    if (this.#keptNotes !== undefined) return void this.#keptNotes.push(text);
    void this.progress.aside(async () => {
      this.#streams.stderr.write(`${text}\n`);
    });
  }
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

/** Returns the key and its label on one line. */
export function issuedKeyLine({ secret, record }: IssuedKey): string {
  return `${secret}  ${printable(record.label)}`;
}

/**
 * Returns a new key for people, with the advice to store it. It omits the key if the key is stored in another `place`.
 */
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

/** Returns the id and label of a key in a form for people. */
export function keyName({ id, label }: KeyRecord): string {
  return `${printable(id)}, ${printable(JSON.stringify(label))}`;
}

/** Splits a string at its spaces into lines. A word longer than a line stays in one piece, so you can copy it. */
export function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}

/** Wraps the paragraphs that are wider than `width`. Indented lines stay unchanged. */
export function fillParagraphs(text: string, width: number): string {
  return text.replaceAll(/^(?! |\n).*(\n(?! |\n).+)*/gm, (paragraph) =>
    paragraph.split('\n').every((line) => line.length <= width)
      ? paragraph
      : wrap(paragraph.replaceAll('\n', ' '), width).join('\n'),
  );
}
