import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type Command, InvalidArgumentError } from 'commander';
import { CliError } from '../../operator/errors.ts';
import type { CommandDeps } from '../command.ts';
import { addActorOption, addKeyPrefixOption, addTableOptions } from '../options.ts';
import { type RegistryOptions, withActingRegistry, withRegistry } from '../withRegistry.ts';

interface ConsoleOptions extends RegistryOptions {
  readonly port: number;
  /** `false` by `--no-open`. */
  readonly open: boolean;
  readonly readOnly?: boolean;
}

const HELP = `
The page is served on this machine alone, with the credentials that this command has, until Ctrl-C. The address opens it in
one browser, once: it has a token that is then exchanged for a cookie. With --read-only the server refuses every change.

  latchkey console --stack LatchkeyStack --read-only
  latchkey console --table keys --no-open`;

/** Adds `latchkey console`, which serves a page to look at keys and change them. */
export function addConsoleCommand(program: Command, deps: CommandDeps): void {
  const command = program
    .command('console')
    .description('Look at the keys and change them on a page in the browser, served on this machine.')
    .option('--port <number>', 'port on 127.0.0.1; any that is free unless given', parsePort, 0)
    .option('--no-open', 'print the address, and open no browser')
    .option('--read-only', 'refuse every change')
    .addHelpText('after', HELP);
  addTableOptions(addActorOption(addKeyPrefixOption(command))).action((options: ConsoleOptions) =>
    serve(options, deps),
  );
}

/** A key that was issued is on its way to the page, so that a signal lets answers be finished. */
async function serve({ port, open, ...options }: ConsoleOptions, deps: CommandDeps): Promise<void> {
  const { interruption, output } = deps;
  const isReadOnly = options.readOnly === true;
  const withTable = isReadOnly ? withRegistry : withActingRegistry;
  await withTable(options, deps, (registry, location, actor) =>
    interruption.deferSignals(async () => {
      const { url, stop } = await deps.startConsole({
        registry,
        location,
        actor,
        isReadOnly,
        port,
        note: (line) => output.note(line),
      });
      await output.print(`console: ${url}\n\nCtrl-C stops it.\n`);
      if (open) deps.openUrl(url);
      if (!interruption.signal.aborted) await once(interruption.signal, 'abort');
      await stop();
    }, 'stopping'),
  );
  throw new CliError('INTERRUPTED', 'the console was stopped');
}

function parsePort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (port <= 65_535) return port;
  throw new InvalidArgumentError('Wanted a whole number from 0 to 65535.');
}

const OPENERS: Partial<Record<NodeJS.Platform, readonly [command: string, ...args: string[]]>> = {
  darwin: ['open'],
  win32: ['rundll32', 'url.dll,FileProtocolHandler'],
};

/** Has the system's own browser open a URL. Where there is none, nothing happens: the URL is printed too. */
export function openUrl(url: string): void {
  const [command, ...args] = OPENERS[process.platform] ?? ['xdg-open'];
  const child = spawn(command, [...args, url], { stdio: 'ignore', detached: true });
  child.on('error', () => {});
  child.unref();
}
