import { join, resolve } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { maskKeys } from '../keys/findKeys.ts';
import { printable } from '../keys/printable.ts';
import { GATEWAY_STATE_PATH } from '../operator/findTable.ts';
import { TEMPLATE_PATH } from './cloudAssembly.ts';
import type { GatewayOptions } from './gateway.ts';

/** The options of `npm start`. */
export interface StartOptions extends GatewayOptions {
  /** `true` to print JSON lines. */
  readonly json: boolean;
}

/** The default port. It's fixed, because the browser stores the console's settings for its URL. */
const CONSOLE_PORT = 3001;

/**
 * Parses the command line. Commander prints help and errors, then throws an error. That error's `exitCode` is 0 after
 * help.
 */
export function parseOptions(args: readonly string[], root: string): StartOptions {
  const command = new Command('npm start --')
    .description('Serve the synthesized stack on localhost as API Gateway would')
    .option('--port <number>', 'port of the gateway; default 3000, 0 selects a free port', parsePort)
    .option('--console-port <number>', `port of the console; default ${CONSOLE_PORT}, 0 selects a free port`, parsePort)
    .option('--no-console', "don't serve the console")
    .option('--db-port <number>', 'port of the embedded DynamoDB; default a free port', parsePort)
    .option('--data <directory>', 'keep the table and the demo key in this directory; default in memory', parsePath)
    .option('--accept-external-keys', 'accept imported keys that were issued elsewhere')
    .option('--json', 'print JSON lines: the URLs and the demo key, then each request')
    .option('--template <file>', `for tests: serve this X.template.json; default ${TEMPLATE_PATH}`, parsePath)
    .option(
      '--state-file <file>',
      `for tests: write the gateway's URLs to this file; default ${GATEWAY_STATE_PATH}`,
      parsePath,
    )
    .showSuggestionAfterError(false)
    .configureOutput({ outputError: (text, write) => write(`${printable(maskKeys(text.trimEnd()))}\n`) })
    .exitOverride();
  const parsed = command.parse(args, { from: 'user' }).opts<Partial<StartOptions> & { readonly console: boolean }>();
  const { console: hasConsole, consolePort = CONSOLE_PORT, ...options } = parsed;
  return {
    port: 3000,
    dbPort: 0,
    data: undefined,
    acceptExternalKeys: false,
    json: false,
    template: undefined,
    stateFile: join(root, GATEWAY_STATE_PATH),
    ...options,
    consolePort: hasConsole ? consolePort : undefined,
  };
}

function parsePort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (port <= 65_535) return port;
  throw new InvalidArgumentError('Expected a whole number from 0 to 65535.');
}

function parsePath(text: string): string {
  if (text !== '') return resolve(text);
  throw new InvalidArgumentError('Expected a path.');
}
