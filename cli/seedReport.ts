import type { KeyRecord } from '../keys/record.ts';
import type { IssuedKey } from '../keys/registry.ts';
import { issuedKeyJson, issuedKeyLine, type Output } from './output.ts';
import { publicRecord } from './publicRecord.ts';

export interface SeedReportOptions {
  readonly output: Output;
  readonly json: boolean;
  /** Labels that are issued already. */
  readonly skipped: readonly string[];
}

/**
 * What a seeding tells on stdout, key by key, so that nothing is lost with the process: lines, or one JSON document in
 * pieces.
 */
export class SeedReport {
  readonly #options: SeedReportOptions;
  #separator = '\n';

  constructor(options: SeedReportOptions) {
    this.#options = options;
  }

  async begin(): Promise<void> {
    const { output, json, skipped } = this.#options;
    if (json) await output.print(`{"skipped":${JSON.stringify(skipped)},"keys":[`);
  }

  /** Tells a key with its secret. */
  async addKey(issued: IssuedKey): Promise<void> {
    const { output, json } = this.#options;
    await (json ? this.#addJson(issuedKeyJson(issued)) : output.print(`${issuedKeyLine(issued)}\n`));
  }

  /** Tells a key whose secret is kept elsewhere. For people, the count at the end is enough. */
  async addRecord(record: KeyRecord): Promise<void> {
    if (this.#options.json) await this.#addJson(JSON.stringify({ record: publicRecord(record) }));
  }

  /** Ends the document; `unconfirmed` is a key of which it is not known whether the table holds it. */
  async end(unconfirmed: KeyRecord | undefined): Promise<void> {
    const { output, json } = this.#options;
    if (!json) return;
    const labels = unconfirmed === undefined ? '' : `,"unconfirmed":${JSON.stringify([unconfirmed.label])}`;
    await output.print(`\n]${labels}}\n`);
  }

  async #addJson(entry: string): Promise<void> {
    const separator = this.#separator;
    this.#separator = ',\n';
    await this.#options.output.print(`${separator}${entry}`);
  }
}
