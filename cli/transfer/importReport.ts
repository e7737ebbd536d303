import type { Output } from '../output.ts';

/** What an import tells: each line that was rejected as it comes, and the count at the end; or one JSON document, in pieces. */
export class ImportReport {
  readonly #output: Output;
  readonly #isJson: boolean;
  readonly #rejected: { readonly line: number; readonly problem: string }[] = [];
  #takenCount = 0;
  #skippedCount = 0;
  #rejectedCount = 0;

  constructor(output: Output, isJson: boolean) {
    this.#output = output;
    this.#isJson = isJson;
  }

  get rejectedCount(): number {
    return this.#rejectedCount;
  }

  async begin(): Promise<void> {
    if (this.#isJson) await this.#output.print('{"taken":[');
  }

  async take(id: string): Promise<void> {
    const separator = this.#takenCount++ === 0 ? '\n' : ',\n';
    if (this.#isJson) await this.#output.print(`${separator}${JSON.stringify(id)}`);
  }

  skip(): void {
    this.#skippedCount++;
  }

  reject(line: number, problem: string): void {
    this.#rejectedCount++;
    if (this.#isJson) this.#rejected.push({ line, problem });
    else if (this.#rejectedCount <= MAX_TOLD) this.#output.note(`line ${line}: ${problem}`);
  }

  /** Also where the import was stopped: it says how far that came. */
  async end(): Promise<void> {
    if (this.#isJson) {
      const rejected = this.#rejected.toSorted((a, b) => a.line - b.line);
      await this.#output.print(`\n],"skipped":${this.#skippedCount},"rejected":${JSON.stringify(rejected)}}\n`);
      return;
    }
    const untold = this.#rejectedCount - MAX_TOLD;
    if (untold > 0) this.#output.note(`and ${untold} more; --json tells every one`);
    const counts = [`taken: ${this.#takenCount}`, `skipped, for they are there already: ${this.#skippedCount}`];
    await this.#output.print(`${[...counts, `rejected: ${this.#rejectedCount}`].join('\n')}\n`);
  }
}

/** A file of another kind is wrong on every line. */
const MAX_TOLD = 20;
