import type { Command } from 'commander';
import { keyState } from '../../keys/state.ts';
import { printable } from '../../keys/printable.ts';
import { type KeyRecord, publicRecord } from '../../keys/record.ts';
import type { KeyRegistry } from '../../keys/registry.ts';
import { CliError } from '../../operator/errors.ts';
import type { CommandDeps } from '../command.ts';
import { keyName } from '../output.ts';
import { recordFields, recordJson } from '../records.ts';
import { keysIn, type KeyCandidate } from '../keysIn.ts';
import { readSecret } from '../prompt.ts';
import { addTableOptions } from '../options.ts';
import { withRegistry, type RegistryOptions } from '../withRegistry.ts';

interface IdentifyOptions extends RegistryOptions {
  readonly json?: boolean;
}

/** Each lookup of a candidate costs a read. */
const MAX_LOOKUPS = 100;

const HELP = `
Type or paste the key at a prompt that does not show it, or give it on standard input. Quotes, NAME=, Authorization: Bearer, a
URL or JSON around it do no harm. For several keys, identify prints a line for each. The key is never an argument, because the
shell's history keeps arguments and ps shows them. identify looks up at most ${MAX_LOOKUPS} texts that may be keys issued elsewhere.
Exits 1 if a key is unknown or was not looked up, or if there is no key in the input.

  latchkey identify --table keys
  pbpaste | latchkey identify --table keys --json`;

/** Adds `latchkey identify`, which looks up the record of a raw key. */
export function addIdentifyCommand(program: Command, deps: CommandDeps): void {
  const command = program
    .command('identify')
    .description('Look up the record of a key, from a prompt without echo or from standard input.')
    // Taken only so that it can be refused with the reason, and not repeated.
    .argument('[arguments...]', 'none: the key is never an argument')
    .option(
      '--json',
      'print one JSON document, {"record"}; for several keys {"records","unknown","notLookedUp"}, the last two as numbers',
    )
    .addHelpText('after', HELP);
  addTableOptions(command).action((args: readonly string[], options: IdentifyOptions) => identify(args, options, deps));
}

async function identify(args: readonly string[], options: IdentifyOptions, deps: CommandDeps): Promise<void> {
  if (args.length > 0) {
    throw new CliError(
      'USAGE_INVALID',
      'identify takes no argument: a key given as one stays in the history of the shell and is seen by every user of this machine; give it at the prompt, or on standard input. If it was a key, it is best rotated.',
    );
  }
  await withRegistry(options, deps, async (registry, { acceptedKeys }) => {
    const found = await identifyAll(await readSecret('key (not shown): ', deps), registry);
    const known = found.identified.flatMap(({ record }) => record ?? []);
    if (known.length > 0)
      await deps.output.print(`${options.json ? jsonOf(found, known) : textOf(found, deps, acceptedKeys)}\n`);
    reportRest(found, known.length, deps);
  });
}

/** What the input has of keys. */
interface Identified {
  readonly identified: readonly IdentifiedKey[];
  /** Texts that may be keys issued elsewhere: how many were looked up. */
  readonly lookedUp: number;
  /** How many were not, because there are too many. */
  readonly notLookedUp: number;
  /** How many of those look like keys, and not like words or paths. */
  readonly likelyNotLookedUp: number;
}

/** A key that was found in the input; without a record if the table does not know it. */
interface IdentifiedKey {
  readonly keyPrefix: string | undefined;
  readonly record: KeyRecord | undefined;
}

/**
 * Looks up each key in the text. A text that may be a key from elsewhere counts as one if the table knows it, or if it looks
 * like a key and no other spelling of it is known or left out.
 */
async function identifyAll(text: string, registry: KeyRegistry): Promise<Identified> {
  const { issued, candidates } = keysIn(text);
  const identified: IdentifiedKey[] = [];
  for (const { secret, keyPrefix } of issued) {
    identified.push({ keyPrefix, record: await registry.find(secret) });
  }
  const settled = new Places();
  const unknown: KeyCandidate[] = [];
  const left: KeyCandidate[] = [];
  let lookedUp = 0;
  for (const candidate of candidates) {
    if (settled.overlap(candidate)) continue;
    if (lookedUp === MAX_LOOKUPS) {
      left.push(candidate);
      continue;
    }
    lookedUp++;
    const record = await registry.find(candidate.secret);
    if (record === undefined) {
      unknown.push(candidate);
      continue;
    }
    identified.push({ keyPrefix: record.keyPrefix, record });
    settled.add(candidate);
  }
  const likelyLeft = left.filter(({ isLikely }) => isLikely);
  likelyLeft.forEach((candidate) => settled.add(candidate));
  for (const candidate of unknown.filter(({ isLikely }) => isLikely)) {
    if (settled.overlap(candidate)) continue;
    settled.add(candidate);
    identified.push({ keyPrefix: undefined, record: undefined });
  }
  return { identified, lookedUp, notLookedUp: left.length, likelyNotLookedUp: likelyLeft.length };
}

/** The places in the text that are settled, so that one key in several spellings counts once. */
class Places {
  readonly #positions = new Set<number>();

  add({ places }: KeyCandidate): void {
    for (const { start, end } of places) {
      for (let at = start; at < end; at++) this.#positions.add(at);
    }
  }

  /** Whether each place of the candidate overlaps one that was added. */
  overlap({ places }: KeyCandidate): boolean {
    return places.every(({ start, end }) => {
      for (let at = start; at < end; at++) {
        if (this.#positions.has(at)) return true;
      }
      return false;
    });
  }
}

/** @throws CliError `KEY_UNKNOWN` if a key is unknown or was not looked up; `KEY_NOT_FOUND` if there is none */
function reportRest({ identified, ...rest }: Identified, known: number, { output }: CommandDeps): void {
  const unknown = identified.length - known;
  const { lookedUp, notLookedUp, likelyNotLookedUp } = rest;
  const limit = `looked at the first ${lookedUp} of ${lookedUp + notLookedUp} texts that may be keys`;
  if (identified.length === 0 && likelyNotLookedUp === 0) {
    throw new CliError('KEY_NOT_FOUND', `no key found in the input${notLookedUp === 0 ? '' : `: ${limit}`}`);
  }
  if (unknown === 0 && likelyNotLookedUp > 0) throw new CliError('KEY_UNKNOWN', limit);
  if (notLookedUp > 0) output.note(limit);
  if (unknown === 0) return;
  const which = identified.length === 1 ? 'unknown key' : `${unknown} of ${identified.length} keys are unknown`;
  throw new CliError('KEY_UNKNOWN', `${which}: the table has no record of ${unknown === 1 ? 'it' : 'them'}`);
}

function jsonOf({ identified, likelyNotLookedUp }: Identified, known: readonly KeyRecord[]): string {
  const [first] = known;
  const isOnly = identified.length === 1 && likelyNotLookedUp === 0 && first !== undefined;
  if (isOnly) return recordJson(first);
  const unknown = identified.length - known.length;
  return JSON.stringify({ records: known.map(publicRecord), unknown, notLookedUp: likelyNotLookedUp });
}

function textOf({ identified }: Identified, deps: CommandDeps, acceptedKeys: string | undefined): string {
  const [only] = identified.length === 1 ? identified : [];
  if (only?.record !== undefined) return recordFields(only.record, deps, acceptedKeys);
  return identified.map((key) => lineOf(key, deps.now())).join('\n');
}

function lineOf({ keyPrefix, record }: IdentifiedKey, nowMs: number): string {
  const shown = keyPrefix === undefined ? '(no prefix)' : `${printable(keyPrefix)}…`;
  return `${shown}  ${record === undefined ? 'unknown key' : `${keyState(record, nowMs)} key ${keyName(record)}`}`;
}
