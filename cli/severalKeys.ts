import { LatchkeyError } from '../keys/errors.ts';
import { printable } from '../keys/printable.ts';
import { type KeyRecord, publicRecord } from '../keys/record.ts';
import type { KeyRegistry } from '../keys/registry.ts';
import { explainFault, isOutcomeUnknown } from '../operator/aws.ts';
import { CliError } from '../operator/errors.ts';
import type { TableLocation } from '../operator/findTable.ts';
import { countText, numberText } from './counts.ts';
import { inTurns } from './inTurns.ts';
import { findByIds, findByOwner, type Target } from './keyTargets.ts';
import { done } from './outcome.ts';
import { keyName } from './output.ts';
import { CANCELLED, confirm, type HiddenPromptDeps, type KeyIdOptions, requireTerminal } from './prompt.ts';
import { type RegistryDeps, type RegistryOptions, withActingRegistry } from './withRegistry.ts';

export interface SeveralOptions extends KeyIdOptions, RegistryOptions {
  /** The owner of the keys. Absent if the user passes ids. */
  readonly owner?: string;
  readonly yes?: boolean;
  readonly json?: boolean;
}

/** A change of several keys. */
export interface SeveralChange {
  /** The verb of the question, such as `Revoke`. */
  readonly verb: string;
  /** The change as a participle, such as `revoked`. */
  readonly change: string;
  /** The last sentence of the question. */
  readonly warning: string;
  /** Returns whether the change has nothing left to do for the key. */
  readonly isDone: (record: KeyRecord) => boolean;
  /** Describes the keys that the change skips, such as `revoked already`. */
  readonly skipped: string;
  readonly act: (registry: KeyRegistry, id: string) => Promise<KeyRecord>;
  /** Returns when the change takes effect. */
  readonly notice: (delaySeconds: number | undefined, nowMs: number) => string;
  /** Returns more fields of the JSON document. */
  readonly json?: (location: TableLocation) => object;
}

type SeveralDeps = RegistryDeps & HiddenPromptDeps;

type Result = { readonly record: KeyRecord } | { readonly error: unknown };

/**
 * Changes several keys, at most five at the same time. It finds all keys before it changes the first one, so an unknown
 * id doesn't change anything. It skips keys that are changed already. To complete an interrupted run, run the same
 * command again.
 *
 * @throws CliError `USAGE_INVALID`; `IDS_UNUSABLE`; `KEY_NOT_FOUND`; `NOT_CONFIRMED`; `KEYS_UNCHANGED`; `INTERRUPTED`
 */
export async function changeSeveral(
  ids: readonly string[],
  options: SeveralOptions,
  change: SeveralChange,
  deps: SeveralDeps,
): Promise<void> {
  const { owner, yes } = options;
  if (yes !== true) requireTerminal(deps);
  await withActingRegistry(options, deps, async (registry, location) => {
    const targets =
      owner === undefined
        ? await findByIds(ids, options, registry, change.change)
        : await findByOwner(owner, registry, change.change);
    const due = targets.filter(({ record }) => record === undefined || !isSkipped(record, options, change));
    if (yes !== true && due.length > 0 && !(await confirm(toQuestion(due, owner, change), deps))) {
      throw new CliError('NOT_CONFIRMED', CANCELLED);
    }
    const results = await changeAll(due, (id) => change.act(registry, id), deps);
    const changed = results.flatMap((result) => (result !== undefined && 'record' in result ? [result.record] : []));
    const skipped = targets.filter((target) => !due.includes(target));
    const isColored = options.json !== true;
    const text = isColored
      ? toText(changed, skipped, { change, location, deps })
      : JSON.stringify({ records: changed.map(publicRecord), skipped: idsOf(skipped), ...change.json?.(location) });
    await deps.output.print(`${text}\n`, { isColored });
    if (changed.length < due.length) throw notAllChanged(due, results, change, location, deps);
  });
}

/** Returns whether the change skips a key. A revoked key can't change, so `--owner` doesn't fail because of it. */
function isSkipped(record: KeyRecord, { owner }: SeveralOptions, { isDone }: SeveralChange): boolean {
  return isDone(record) || (owner !== undefined && record.revokedAt !== undefined);
}

const MAX_LABELS = 3;

function toQuestion(due: readonly Target[], owner: string | undefined, { verb, warning }: SeveralChange): string {
  const names = due.slice(0, MAX_LABELS).map(({ id, record }) => (record ? JSON.stringify(record.label) : id));
  const more = due.length > MAX_LABELS ? ` and ${countText(due.length - MAX_LABELS, 'more', 'more')}` : '';
  const of = owner === undefined ? '' : ` of ${owner}`;
  return `${verb} ${countText(due.length, 'key')}${of} (${names.join(', ')}${more})? ${warning}`;
}

/** Changes the keys until all are changed, a signal arrives or the store fails. A rejected change doesn't stop it. */
async function changeAll(
  due: readonly Target[],
  act: (id: string) => Promise<KeyRecord>,
  { output, interruption }: SeveralDeps,
): Promise<readonly (Result | undefined)[]> {
  let hasFailed = false;
  const changeOne = async ({ id }: Target): Promise<Result> => {
    try {
      return { record: await act(id) };
    } catch (error) {
      hasFailed ||= isFault(error);
      return { error };
    } finally {
      output.progress.advance();
    }
  };
  if (due.length === 0) return [];
  output.progress.start(due.length);
  try {
    const goesOn = () => !hasFailed && interruption.exitCode === undefined;
    const work = () => inTurns(due, changeOne, goesOn);
    return await interruption.deferSignals(work, 'stopping after the keys in progress');
  } finally {
    output.progress.stop();
  }
}

interface TextContext {
  readonly change: SeveralChange;
  readonly location: TableLocation;
  readonly deps: SeveralDeps;
}

function toText(
  changed: readonly KeyRecord[],
  skipped: readonly Target[],
  { change, location, deps: { output, now } }: TextContext,
): string {
  const verb = capitalized(change.change);
  const rest = skipped.length === 0 ? '' : ` Skipped ${numberText(skipped.length)} (${change.skipped}).`;
  const notice = changed.length === 0 ? '' : ` ${change.notice(location.revocationDelaySeconds, now())}`;
  return [
    ...changed.map((record) =>
      output.fill(`${done(verb, record, output.colors)} ${output.colors.dim(printable(record.id))}`),
    ),
    output.fill(`${verb} ${countText(changed.length, 'key')}.${rest}${notice}`),
  ].join('\n');
}

/** Notes each key that wasn't changed, with the reason if it's known. Returns the error of the command. */
function notAllChanged(
  due: readonly Target[],
  results: readonly (Result | undefined)[],
  { change }: SeveralChange,
  location: TableLocation,
  { output, interruption }: SeveralDeps,
): CliError {
  let doneCount = 0;
  let fault: unknown;
  for (const [index, { id, record }] of due.entries()) {
    const name = record === undefined ? id : keyName(record);
    const result = results[index];
    if (result === undefined) output.note(`not ${change}: ${name}`);
    else if ('record' in result) doneCount++;
    else {
      if (isFault(result.error)) fault ??= result.error;
      output.note(failureLine(name, result.error, change));
    }
  }
  const counts = `${change} ${doneCount} of ${countText(due.length, 'key')}`;
  const resume = 'to complete it, run the same command again';
  if (fault !== undefined) {
    const explained = explainFault(fault, location);
    const why = explained instanceof Error ? explained.message : String(explained);
    return new CliError('KEYS_UNCHANGED', `${counts}: ${why}; ${resume}`, { cause: fault });
  }
  if (interruption.exitCode !== undefined) return new CliError('INTERRUPTED', `interrupted: ${counts}; ${resume}`);
  return new CliError('KEYS_UNCHANGED', counts);
}

function failureLine(name: string, error: unknown, change: string): string {
  if (isOutcomeUnknown(error)) return `perhaps ${change}: ${name}`;
  if (!(error instanceof LatchkeyError) || isFault(error)) return `not ${change}: ${name}`;
  // The message about an unreadable record states whether it was changed.
  return error.code === 'RECORD_CORRUPT' ? `unreadable: ${error.message}` : `not ${change}: ${name}: ${error.message}`;
}

/** Returns whether the store failed. The next change would probably fail, too. */
function isFault(error: unknown): boolean {
  return !(error instanceof LatchkeyError) || error.code === 'STORE_UNAVAILABLE';
}

function idsOf(targets: readonly Target[]): readonly string[] {
  return targets.map(({ id }) => id);
}

function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
