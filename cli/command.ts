import type { Command } from 'commander';
import type { KeyRecord } from '../keys/record.ts';
import type { KeyRegistry } from '../keys/registry.ts';
import type { ConsoleToStart, RunningConsole } from '../operator/consoleToStart.ts';
import { CliError } from '../operator/errors.ts';
import type { TableLocation } from '../operator/findTable.ts';
import { addHelp } from './help.ts';
import { addActorOption, addTableOptions, addYesOption, parseNonEmpty } from './options.ts';
import {
  addExactIdOption,
  type Confirmation,
  getConfirmedId,
  getId,
  type HiddenPromptDeps,
  ID_HELP,
  type KeyIdOptions,
  requireTerminal,
} from './prompt.ts';
import { recordJson } from './records.ts';
import { changeSeveral, type SeveralChange } from './severalKeys.ts';
import { type RegistryDeps, type RegistryOptions, withActingRegistry } from './withRegistry.ts';

/** The dependencies of every command. `main.ts` creates them. */
export interface CommandDeps extends RegistryDeps, HiddenPromptDeps {
  /** Starts the console. Only `main.ts` may import the console layer. */
  readonly startConsole: (console: ConsoleToStart) => Promise<RunningConsole>;
  /** Opens a URL in the user's browser. */
  readonly openUrl: (url: string) => void;
  /** The version of this package. */
  readonly version: string;
}

/** Adds arguments, options and an action to a command. The program has already set its name and description. */
export type AddCommand = (command: Command, deps: CommandDeps) => void;

export interface KeyCommandOptions extends KeyIdOptions, RegistryOptions {
  readonly yes?: boolean;
  readonly json?: boolean;
}

/** A command whose only argument is the id of a key. */
export interface KeyCommand<Options extends KeyCommandOptions> {
  /** The examples in the command's help. */
  readonly examples: readonly string[];
  /** The last part of the command's help. */
  readonly details?: string;
  /** Adds options to the command. */
  readonly addOptions?: (command: Command, deps: CommandDeps) => void;
  /** Throws if the options contradict each other. */
  readonly check?: (options: Options) => void;
  /** The question before the change. A command with a question has `--yes`, which skips the prompt. */
  readonly ask?: Confirmation;
  /** Changes the key and returns its new record. */
  readonly act: (registry: KeyRegistry, id: string, options: Options) => Promise<KeyRecord>;
  /** Returns the output for people, with escaped and coloured values. */
  readonly print: (record: KeyRecord, location: TableLocation, deps: CommandDeps) => string;
  /** The output for programs. The default is `{"record"}`. */
  readonly json?: JsonResult;
}

interface JsonResult {
  /** The description of `--json` in `--help`. */
  readonly help: string;
  readonly print: (record: KeyRecord, location: TableLocation) => string;
}

const RECORD_JSON: JsonResult = { help: 'print one JSON document, {"record"}', print: recordJson };

/** Returns a function that adds the definition to a command. */
export function keyCommand<Options extends KeyCommandOptions>(definition: KeyCommand<Options>): AddCommand {
  return (command, deps) => {
    addOptions(definition, command, deps)
      .argument('<id>', ID_HELP)
      .action((idStart: string, options: Options) => run(definition, { idStart, options, deps }));
  };
}

const IDS_HELP = `${ID_HELP}; several ids change several keys`;

export interface KeysCommandOptions extends KeyCommandOptions {
  readonly owner?: string;
}

/** A command that changes one key, or several keys by their ids or their owner. */
export interface KeysCommand<Options extends KeysCommandOptions> extends KeyCommand<Options> {
  readonly several: Omit<SeveralChange, 'act'>;
}

/** Returns a function that adds the definition of a command for one or several keys to a command. */
export function keysCommand<Options extends KeysCommandOptions>(definition: KeysCommand<Options>): AddCommand {
  const { check, act, several } = definition;
  const addOwnerOption: typeof definition.addOptions = (command, deps) => {
    const ownerHelp = `${command.name()} all keys of this owner, instead of ids`;
    command.option('--owner <owner>', ownerHelp, parseNonEmpty('an owner'));
    definition.addOptions?.(command, deps);
  };
  return (command, deps) => {
    addOptions({ ...definition, addOptions: addOwnerOption, asksForSeveral: true }, command, deps)
      .argument('[id...]', IDS_HELP)
      .action(async (ids: readonly string[], options: Options) => {
        const [idStart] = ids;
        if ((idStart === undefined) === (options.owner === undefined)) throw idsOrOwner(ids);
        if (idStart !== undefined && ids.length === 1) return run(definition, { idStart, options, deps });
        check?.(options);
        const change = { ...several, act: (registry: KeyRegistry, id: string) => act(registry, id, options) };
        return changeSeveral(ids, options, change, deps);
      });
  };
}

function idsOrOwner({ length }: readonly string[]): CliError {
  const got = length === 0 ? 'neither' : 'both';
  return new CliError('USAGE_INVALID', `expected ids of keys or --owner OWNER, got ${got}`);
}

function addOptions<Options extends KeyCommandOptions>(
  definition: KeyCommand<Options> & { readonly asksForSeveral?: boolean },
  command: Command,
  deps: CommandDeps,
): Command {
  const { ask, json = RECORD_JSON } = definition;
  addHelp(command, definition);
  definition.addOptions?.(command, deps);
  command.option('--json', json.help);
  if (ask !== undefined || definition.asksForSeveral === true) addYesOption(command);
  return addTableOptions(addExactIdOption(addActorOption(command)));
}

async function run<Options extends KeyCommandOptions>(
  { check, ask, act, print, json = RECORD_JSON }: KeyCommand<Options>,
  { idStart, options, deps }: { readonly idStart: string; readonly options: Options; readonly deps: CommandDeps },
): Promise<void> {
  check?.(options);
  const mustAsk = ask !== undefined && options.yes !== true;
  if (mustAsk) requireTerminal(deps);
  await withActingRegistry(options, deps, async (registry, location) => {
    const id = mustAsk
      ? await getConfirmedId(idStart, options, registry, { ...deps, ...ask })
      : await getId(idStart, options, registry);
    const record = await act(registry, id, options);
    if (options.json === true) return deps.output.print(`${json.print(record, location)}\n`);
    return deps.output.print(`${print(record, location, deps)}\n`, { isColored: true });
  });
}
