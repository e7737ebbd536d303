import type { Command } from 'commander';
import { printable } from '../../keys/printable.ts';
import { type KeyRecord, publicRecord } from '../../keys/record.ts';
import type { KeyRegistry } from '../../keys/registry.ts';
import { CliError } from '../../operator/errors.ts';
import type { CommandDeps } from '../command.ts';
import { addHelp } from '../help.ts';
import { keyName } from '../output.ts';
import { recordFields, recordJson } from '../records.ts';
import { keysIn, type KeyCandidate } from '../keysIn.ts';
import { readSecret } from '../prompt.ts';
import { colorState } from '../stateColor.ts';
import { addTableOptions } from '../options.ts';
import { withRegistry, type RegistryOptions } from '../withRegistry.ts';

interface IdentifyOptions extends RegistryOptions {
  readonly json?: boolean;
}

/** The maximum number of lookups. Each lookup costs a read. */
const MAX_LOOKUPS = 100;

const DETAILS = `
Type or paste the key at the hidden prompt, or pipe it to standard input. Don't pass it as an argument, because the
shell stores arguments in its history and ps shows them. Quotes, NAME=, Authorization: Bearer, a URL or JSON may
surround the key.

identify prints one line per key if you pass several. It looks up at most ${MAX_LOOKUPS} strings that may be keys of other systems.
It exits with 0 only if the input contains keys and the table has a record of each.`;

/** Fills `latchkey identify`, which looks up the record of a raw key. */
export function addIdentifyCommand(command: Command, deps: CommandDeps): void {
  addHelp(command, {
    examples: ['latchkey identify --table keys', 'pbpaste | latchkey identify --table keys --json'],
    details: DETAILS,
  })
    // This argument rejects a key on the command line. The error explains why, and doesn't repeat the key.
    .argument('[arguments...]', "don't pass the key as an argument")
    .option(
      '--json',
      'print one JSON document, {"record"}; for several keys {"records","unknown","notLookedUp"}, with two counts',
    );
  addTableOptions(command).action((args: readonly string[], options: IdentifyOptions) => identify(args, options, deps));
}

async function identify(args: readonly string[], options: IdentifyOptions, deps: CommandDeps): Promise<void> {
  if (args.length > 0) {
    throw new CliError(
      'USAGE_INVALID',
      'identify has no arguments: the shell stores them in its history, and every user of this machine can see them. Enter the key at the prompt, or pipe it to standard input. If you have just passed a key, rotate it.',
    );
  }
  await withRegistry(options, deps, async (registry, { acceptedKeys }) => {
    const found = await identifyAll(await readSecret('key (not shown): ', deps), registry);
    const known = found.identified.flatMap(({ record }) => record ?? []);
    if (known.length > 0)
      await deps.output.print(`${options.json ? toJson(found, known) : toText(found, deps, acceptedKeys)}\n`, {
        isColored: options.json !== true,
      });
    reportRest(found, known.length, deps);
  });
}

/** The keys in the input. */
interface Identified {
  readonly identified: readonly IdentifiedKey[];
  /** The number of strings that were looked up because another system may have issued them as keys. */
  readonly lookedUp: number;
  /** The number of such strings beyond the limit. */
  readonly notLookedUp: number;
  /** The number of strings beyond the limit that look like keys rather than words or paths. */
  readonly likelyNotLookedUp: number;
}

/** A key in the input. `record` is `undefined` if the key isn't in the table. */
interface IdentifiedKey {
  readonly keyPrefix: string | undefined;
  readonly record: KeyRecord | undefined;
}

/**
 * Looks up each key in the text. A possible key of another system counts as a key if it's in the table. An
 * unknown candidate also counts if it looks like a key. It doesn't count if another spelling of it is in the table, or
 * is likely and beyond the limit.
 */
async function identifyAll(text: string, registry: KeyRegistry): Promise<Identified> {
  const { issued, candidates } = keysIn(text);
  const identified: IdentifiedKey[] = [];
  for (const { secret, keyPrefix } of issued) {
    identified.push({ keyPrefix, record: await registry.find(secret) });
  }
  const counted = new Places();
  const unknown: KeyCandidate[] = [];
  const left: KeyCandidate[] = [];
  let lookedUp = 0;
  for (const candidate of candidates) {
    if (counted.overlap(candidate)) continue;
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
    counted.add(candidate);
  }
  const likelyLeft = left.filter(({ isLikely }) => isLikely);
  likelyLeft.forEach((candidate) => counted.add(candidate));
  for (const candidate of unknown.filter(({ isLikely }) => isLikely)) {
    if (counted.overlap(candidate)) continue;
    counted.add(candidate);
    identified.push({ keyPrefix: undefined, record: undefined });
  }
  return { identified, lookedUp, notLookedUp: left.length, likelyNotLookedUp: likelyLeft.length };
}

/** The positions of the keys that are already counted. A key with several spellings counts once. */
class Places {
  readonly #positions = new Set<number>();

  add({ places }: KeyCandidate): void {
    for (const { start, end } of places) {
      for (let at = start; at < end; at++) this.#positions.add(at);
    }
  }

  /** Returns whether each position of the candidate overlaps one that was added. */
  overlap({ places }: KeyCandidate): boolean {
    return places.every(({ start, end }) => {
      for (let at = start; at < end; at++) {
        if (this.#positions.has(at)) return true;
      }
      return false;
    });
  }
}

function toJson({ identified, likelyNotLookedUp }: Identified, known: readonly KeyRecord[]): string {
  const [first] = known;
  const isOnly = identified.length === 1 && likelyNotLookedUp === 0 && first !== undefined;
  if (isOnly) return recordJson(first);
  const unknown = identified.length - known.length;
  return JSON.stringify({ records: known.map(publicRecord), unknown, notLookedUp: likelyNotLookedUp });
}

function toText({ identified }: Identified, deps: CommandDeps, acceptedKeys: string | undefined): string {
  const [only] = identified.length === 1 ? identified : [];
  if (only?.record !== undefined) return recordFields(only.record, deps, { acceptedKeys });
  return identified.map((key) => deps.output.fill(toLine(key, deps))).join('\n');
}

function toLine({ keyPrefix, record }: IdentifiedKey, { now, output }: CommandDeps): string {
  const shown = keyPrefix === undefined ? '(no prefix)' : `${printable(keyPrefix)}…`;
  return `${shown}  ${record === undefined ? 'unknown key' : `${colorState(record, now(), output.colors)} key ${keyName(record)}`}`;
}

/**
 * @throws CliError `KEY_UNKNOWN` if a key is unknown or wasn't looked up; `KEY_NOT_FOUND` if the input doesn't contain
 * a key
 */
function reportRest({ identified, ...rest }: Identified, known: number, { output }: CommandDeps): void {
  const unknown = identified.length - known;
  const { lookedUp, notLookedUp, likelyNotLookedUp } = rest;
  const limit = `looked up the first ${lookedUp} of ${lookedUp + notLookedUp} texts that may be keys`;
  if (identified.length === 0 && likelyNotLookedUp === 0) {
    throw new CliError('KEY_NOT_FOUND', `no key found in the input${notLookedUp === 0 ? '' : `: ${limit}`}`);
  }
  if (unknown === 0 && likelyNotLookedUp > 0) throw new CliError('KEY_UNKNOWN', limit);
  if (notLookedUp > 0) output.note(limit);
  if (unknown === 0) return;
  const which = identified.length === 1 ? 'unknown key' : `${unknown} of ${identified.length} keys are unknown`;
  throw new CliError('KEY_UNKNOWN', `${which}: the table has no record of ${unknown === 1 ? 'it' : 'them'}`);
}
