import type { Output } from '../output.ts';

/** What an import tells: each line that was rejected as it comes, and the count at the end; or one JSON document, in pieces. */
export class ImportReport {
  readonly #output: Output;
  readonly #isJson: boolean;
  readonly #rejected: { readonly line: number; readonly problem: string }[] = [];
  #takenCount = 0;
  #skippedCount = 0;
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

  async begin(): Promise<void> {
    if (this.#isJson) await this.#print('{"taken":[');
  }

  async take(id: string): Promise<void> {
    const separator = this.#takenCount++ === 0 ? '\n' : ',\n';
    if (this.#isJson) await this.#print(`${separator}${JSON.stringify(id)}`);
  }

  skip(): void {
    this.#skippedCount++;
  }

  reject(line: number, problem: string): void {
    this.#rejectedCount++;
    if (this.#isJson) this.#rejected.push({ line, problem });
    else if (this.#rejectedCount <= MAX_TOLD) this.#output.note(`line ${line}: ${problem}`);
  }

  /** Also where the import was stopped: it says how far that came, and on stderr where nobody reads stdout any more. */
  async end(): Promise<void> {
    const untold = this.#rejectedCount - MAX_TOLD;
    if (!this.#isJson && untold > 0) this.#output.note(`and ${untold} more; --json tells every one`);
    await this.#print(this.#isJson ? this.#jsonEnd() : `${this.#counts().join('\n')}\n`);
    if (!this.#hasReader) this.#output.note(this.#counts().join('; '));
  }

  #jsonEnd(): string {
    const rejected = this.#rejected.toSorted((a, b) => a.line - b.line);
    return `\n],"skipped":${this.#skippedCount},"rejected":${JSON.stringify(rejected)}}\n`;
  }

  #counts(): readonly string[] {
    const there = `skipped, for they are there already: ${this.#skippedCount}`;
    return [`taken: ${this.#takenCount}`, there, `rejected: ${this.#rejectedCount}`];
  }

  async #print(text: string): Promise<void> {
    this.#hasReader = await this.#output.printIfRead(text);
  }
}

/** A file of another kind is wrong on every line. */
const MAX_TOLD = 20;
