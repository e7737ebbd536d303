import type { Command } from 'commander';
import type { KeyRecord } from '../keys/record.ts';
import type { KeyRegistry } from '../keys/registry.ts';
import type { ConsoleToStart, RunningConsole } from '../operator/consoleToStart.ts';
import type { TableLocation } from '../operator/findTable.ts';
import { addHelp } from './help.ts';
import { addActorOption, addTableOptions, addYesOption } from './options.ts';
import {
  addExactIdOption,
  type Confirmation,
  getConfirmedId,
  getId,
  getKey,
  type HiddenPromptDeps,
  ID_HELP,
  type KeyIdOptions,
  requireTerminal,
} from './prompt.ts';
import { recordJson } from './records.ts';
import { type RegistryDeps, type RegistryOptions, withActingRegistry, withRegistry } from './withRegistry.ts';

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
  /** Changes the key and returns its new record. A command without `act` only reads the key. */
  readonly act?: (registry: KeyRegistry, id: string, options: Options) => Promise<KeyRecord>;
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
  const { addOptions, ask, act, json = RECORD_JSON } = definition;
  return (command, deps) => {
    addHelp(command, definition).argument('<id>', ID_HELP);
    addOptions?.(command, deps);
    command.option('--json', json.help);
    if (ask !== undefined) addYesOption(command);
    if (act !== undefined) addActorOption(command);
    addTableOptions(addExactIdOption(command)).action((idStart: string, options: Options) =>
      run(definition, { idStart, options, deps }),
    );
  };
}

async function run<Options extends KeyCommandOptions>(
  { check, ask, act, print, json = RECORD_JSON }: KeyCommand<Options>,
  { idStart, options, deps }: { readonly idStart: string; readonly options: Options; readonly deps: CommandDeps },
): Promise<void> {
  check?.(options);
  const mustAsk = ask !== undefined && options.yes !== true;
  if (mustAsk) requireTerminal(deps);
  const withTable = act === undefined ? withRegistry : withActingRegistry;
  await withTable(options, deps, async (registry, location) => {
    const change = async (): Promise<KeyRecord> => {
      if (act === undefined) return getKey(idStart, options, registry);
      const id = mustAsk
        ? await getConfirmedId(idStart, options, registry, { ...deps, ...ask })
        : await getId(idStart, options, registry);
      return act(registry, id, options);
    };
    const record = await change();
    if (options.json === true) return deps.output.print(`${json.print(record, location)}\n`);
    return deps.output.print(`${print(record, location, deps)}\n`, { isColored: true });
  });
}
