import { printable } from '../../keys/printable.ts';
import type { ImportedKey } from '../../keys/registry.ts';
import { isExternal, mayAcceptExternal, REFUSED_ADVICE } from '../../keys/acceptedKeys.ts';
import { countText, numberText } from '../counts.ts';
import type { Output } from '../output.ts';
import { FORMATS, type ImportFormat } from './formats.ts';
import type { Positions } from './importFormat.ts';
import type { Duplicate, ReviewedKey } from './reviewedKeys.ts';

/** The maximum number of printed rejections or duplicates. A file in another format has an error on every line. */
const MAX_LISTED = 20;
/** The maximum number of printed rejections for an `.env` file, which contains many settings that aren't keys. */
const MAX_LISTED_SETTINGS = 500;

interface Rejected {
  readonly position: number;
  readonly problem: string;
}

interface ListedDuplicate extends Duplicate {
  readonly firstPosition: number;
}

export interface ImportReportOptions {
  /** Prints one JSON document. */
  readonly isJson: boolean;
  /** Prints what an import would do. */
  readonly isDryRun: boolean;
}

/**
 * Reports an import. It prints each rejected entry immediately, and a summary at the end. It prints one JSON document
 * in pieces with `--json`.
 */
export class ImportReport {
  readonly #output: Output;
  readonly #isJson: boolean;
  readonly #isDryRun: boolean;
  readonly #rejected: Rejected[] = [];
  readonly #duplicates: ListedDuplicate[] = [];
  /** The labels of raw keys. These are the names of settings. */
  readonly #labels: string[] = [];
  #format: ImportFormat | undefined;
  #positions: Positions = { unit: 'line', placeOf: (position) => `line ${position}` };
  #acceptedKeys: string | undefined;
  #importedCount = 0;
  /** The keys that another system issued. */
  #externalCount = 0;
  /** The plans of the imported keys that haven't ended. */
  readonly #plans = new Set<string>();
  /** Those of them that the deployment certainly refuses. */
  #refusedCount = 0;
  #endedCount = 0;
  #skippedCount = 0;
  #duplicateCount = 0;
  #rejectedCount = 0;
  #hasReader = true;

  constructor(output: Output, { isJson, isDryRun }: ImportReportOptions) {
    this.#output = output;
    this.#isJson = isJson;
    this.#isDryRun = isDryRun;
  }

  get rejectedCount(): number {
    return this.#rejectedCount;
  }

  get plans(): ReadonlySet<string> {
    return this.#plans;
  }

  /** `true` if stdout still had a reader at the last write. */
  get hasReader(): boolean {
    return this.#hasReader;
  }

  /**
   * Starts the report.
   *
   * @param format The format of the file, or `undefined` for a text without entries
   * @param positions The positions of the file's entries
   * @param acceptedKeys The keys that the deployment accepts, if known
   */
  async begin(format: ImportFormat | undefined, positions: Positions, acceptedKeys: string | undefined): Promise<void> {
    this.#format = format;
    this.#positions = positions;
    this.#acceptedKeys = acceptedKeys;
    const dryRun = this.#isDryRun ? '"dryRun":true,' : '';
    if (this.#isJson) await this.#print(`{${dryRun}"format":${JSON.stringify(format ?? null)},"imported":[`);
  }

  async addImported(id: string, { position, entry, hasEnded, duplicates }: ReviewedKey): Promise<void> {
    const separator = this.#importedCount++ === 0 ? '\n' : ',\n';
    if (hasEnded) this.#endedCount++;
    else this.#countExternal(entry);
    if (!hasEnded && entry.plan) this.#plans.add(entry.plan);
    if (this.#listsLabels) this.#labels.push(entry.label);
    // The id of a key without one in the file is random, so a dry run doesn't know it.
    const shownId = this.#isDryRun ? (entry.id ?? null) : id;
    if (this.#isJson) await this.#print(`${separator}${JSON.stringify(shownId)}`);
    else if (this.#isDryRun) await this.#printPlan(position, `would import ${describeEntry(entry)}`);
    this.#addDuplicates(position, duplicates);
  }

  async addSkipped({ position, entry, duplicates }: ReviewedKey): Promise<void> {
    this.#skippedCount++;
    if (this.#isDryRun && !this.#isJson) {
      await this.#printPlan(position, `would skip ${describeEntry(entry)}: it is in the table`);
    }
    this.#addDuplicates(position, withoutEffect(duplicates));
  }

  /** Adds a key with valid entries that the table rejects. */
  addRejectedKey({ position, duplicates }: ReviewedKey, problem: string): void {
    this.addRejected(position, problem);
    this.#addDuplicates(position, withoutEffect(duplicates));
  }

  addRejected(position: number, problem: string): void {
    this.#rejectedCount++;
    if (this.#isJson) this.#rejected.push({ position, problem });
    else if (this.#rejectedCount <= this.#maxListed)
      this.#output.note(`${this.#positions.placeOf(position)}: ${problem}`);
  }

  /** Prints the summary, even after an interruption. It prints the summary to stderr if stdout has lost its reader. */
  async end(): Promise<void> {
    this.#noteUnlisted(this.#rejectedCount, this.#maxListed, 'rejected');
    this.#noteUnlisted(this.#duplicateCount, MAX_LISTED, 'duplicates');
    await this.#print(this.#isJson ? this.#jsonEnd() : `${this.#output.fill(this.#summary())}\n`);
    if (!this.#hasReader) this.#output.note(this.#summary());
    this.#noteExternal();
  }

  #countExternal(entry: ImportedKey): void {
    const accepted = this.#acceptedKeys;
    // The prefixes of external keys, such as those in a SoulSync configuration, can look like Latchkey's.
    if (!this.#isFromElsewhere && !isExternal(entry, accepted)) return;
    this.#externalCount++;
    if (accepted !== undefined && !mayAcceptExternal(entry, accepted)) this.#refusedCount++;
  }

  get #isFromElsewhere(): boolean {
    return this.#format !== undefined && FORMATS[this.#format].isFromElsewhere === true;
  }

  get #listsLabels(): boolean {
    return this.#format !== undefined && FORMATS[this.#format].listsLabels === true;
  }

  get #maxListed(): number {
    return this.#listsLabels ? MAX_LISTED_SETTINGS : MAX_LISTED;
  }

  #addDuplicates(firstPosition: number, duplicates: readonly Duplicate[]): void {
    for (const duplicate of duplicates) {
      this.#duplicateCount++;
      if (this.#isJson) this.#duplicates.push({ ...duplicate, firstPosition });
      else if (this.#duplicateCount <= MAX_LISTED) this.#noteDuplicate(firstPosition, duplicate);
    }
  }

  #noteDuplicate(firstPosition: number, { position, applied }: Duplicate): void {
    const times = applied.filter((name) => name.endsWith('At'));
    const added = times.length === 0 ? '' : `; added its ${times.join(' and ')} to that key`;
    this.#output.note(
      `${this.#positions.placeOf(position)}: has the same key as ${this.#positions.placeOf(firstPosition)}${added}`,
    );
  }

  #noteUnlisted(count: number, maxListed: number, what: string): void {
    if (this.#isJson || count <= maxListed) return;
    this.#output.note(`and ${count - maxListed} more ${what}; pass --json to list them all`);
  }

  #noteExternal(): void {
    if (this.#isJson) return;
    if (this.#refusedCount > 0) this.#output.note(`active but refused: ${this.#refusedCount}; ${REFUSED_ADVICE}`);
    if (this.#acceptedKeys !== undefined || this.#externalCount === 0) return;
    this.#output.note(`issued elsewhere: ${this.#externalCount}; authorizers accept them only with externalKeys`);
  }

  #jsonEnd(): string {
    const rest = {
      ended: this.#endedCount,
      external: this.#externalCount,
      ...(this.#listsLabels ? { labels: this.#labels } : {}),
      skipped: this.#skippedCount,
      duplicates: this.#duplicates.toSorted(byPosition).map((duplicate) => duplicateJson(duplicate, this.#positions)),
      rejected: this.#rejected.toSorted(byPosition).map((rejected) => rejectedJson(rejected, this.#positions)),
    };
    return `\n],${JSON.stringify(rest).slice(1)}\n`;
  }

  /** Returns one line without the counts that are zero. */
  #summary(): string {
    const [imported, skipped, rejected] = this.#isDryRun
      ? ['Would import', 'Would skip', 'Would reject']
      : ['Imported', 'Skipped', 'Rejected'];
    const ended = this.#endedCount === 0 ? '' : ` (${numberText(this.#endedCount)} revoked or expired)`;
    const labels = this.#labels.length === 0 ? '' : `: ${this.#labels.join(', ')}`;
    const sentences = [
      `${imported} ${countText(this.#importedCount, 'key')}${ended}${labels}.`,
      this.#skippedCount > 0 && `${skipped} ${countText(this.#skippedCount, 'that is', 'that are')} in the table.`,
      this.#duplicateCount > 0 && `Found ${countText(this.#duplicateCount, 'duplicate')}.`,
      this.#rejectedCount > 0 && `${rejected} ${countText(this.#rejectedCount, 'entry', 'entries')}.`,
      this.#isDryRun && 'The table is unchanged.',
    ];
    return sentences.filter((sentence) => sentence !== false).join(' ');
  }

  /** Prints what an import would do with an entry. */
  async #printPlan(position: number, plan: string): Promise<void> {
    await this.#print(`${this.#output.fill(`${this.#positions.placeOf(position)}: ${plan}`)}\n`);
  }

  async #print(text: string): Promise<void> {
    this.#hasReader = await this.#output.printIfRead(text);
  }
}

function describeEntry({ label, owner }: ImportedKey): string {
  return printable(`${JSON.stringify(label)}${owner === undefined || owner === null ? '' : ` of ${owner}`}`);
}

/** Returns duplicates that didn't change the record, because the table already had the key. */
function withoutEffect(duplicates: readonly Duplicate[]): readonly Duplicate[] {
  return duplicates.map(({ position }) => ({ position, applied: [] }));
}

function byPosition(a: { readonly position: number }, b: { readonly position: number }): number {
  return a.position - b.position;
}

/** Returns the position as `place`, such as "line 3", and as a number in a field named after the unit. */
function rejectedJson({ position, problem }: Rejected, { unit, placeOf }: Positions): object {
  const place = placeOf(position);
  return unit === 'line' ? { place, line: position, problem } : { place, entry: position, problem };
}

function duplicateJson({ position, firstPosition, applied }: ListedDuplicate, { unit, placeOf }: Positions): object {
  const [place, firstPlace] = [placeOf(position), placeOf(firstPosition)];
  return unit === 'line'
    ? { place, line: position, firstPlace, firstLine: firstPosition, applied }
    : { place, entry: position, firstPlace, firstEntry: firstPosition, applied };
}
