import type { Colors } from '../operator/colors.ts';
import type { ServedApi } from './mountApis.ts';
import { formatCurlCommand, formatCurlLoop, formatOperatorCommand, formatOwnerCommand } from './curlCommand.ts';
import { formatSeconds } from './steps.ts';

/** The addresses and the key that `npm start` prints when the gateway is ready. */
export interface Banner {
  /** The gateway's URL, without a path. */
  readonly url: string;
  readonly apis: readonly ServedApi[];
  /** The console's URL. It works once, in one browser. `undefined` with `--no-console`. */
  readonly consoleUrl: string | undefined;
  readonly demoKey: string;
  /** The function's setting of key sources, or `undefined` for its default. */
  readonly keySources?: string | undefined;
  /** A plan that the authorizer enforces, or `undefined` if the stack has none. */
  readonly limitedPlan?: string | undefined;
  /** Whether the management API accepts tokens of the gateway's own issuer. */
  readonly hasOwners?: boolean;
  /** Milliseconds from the start of the process until the gateway was ready. */
  readonly startMs: number;
  /** `true` if the terminal's input reaches the gateway. */
  readonly hasKeyboard: boolean;
}

/** Formats the banner for a terminal. */
export function formatBanner(banner: Banner, colors: Colors): string {
  const { apis, consoleUrl, demoKey, keySources, startMs, hasKeyboard } = banner;
  const { bold, cyan, dim, green } = colors;
  const rows: (readonly [name: string, value: string])[] = [
    ...apis.map((api) => [api.type, cyan(toUrl(banner, api))] as const),
    ...(consoleUrl === undefined ? [] : ([['Console', cyan(consoleUrl)]] as const)),
    ['Key', demoKey],
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  const tried = apis.find(takesKeys);
  const curl = tried && formatCurlCommand(demoKey, toUrl(banner, tried), keySources);
  const keys = hasKeyboard && consoleUrl !== undefined ? 'o + Enter opens the console, Enter prints a new link, ' : '';
  return [
    '',
    `  ${bold(green('Latchkey'))}  ${dim('ready in')} ${bold(formatSeconds(startMs))}`,
    '',
    ...rows.map(([name, value]) => `  ${green('➜')}  ${bold(name.padEnd(width))}  ${value}`),
    ...(curl === undefined ? [] : ['', `  ${curl}`]),
    ...formatLimitLines(banner),
    ...formatManagementLines(banner),
    '',
    `  ${dim(`${keys}Ctrl-C stops the gateway`)}`,
    '\n',
  ].join('\n');
}

/** Returns whether curl can send a key to the API. */
function takesKeys({ type }: ServedApi): boolean {
  return type === 'REST' || type === 'HTTP';
}

/**
 * Formats two commands that show a limit: the second one prints 429 for its last requests. It prefers an API whose
 * requests are in the usage at once.
 */
function formatLimitLines(banner: Banner): string[] {
  const { apis, limitedPlan, keySources } = banner;
  const usable = apis.filter(takesKeys);
  const tried = usable.find(({ hasAccessLog }) => hasAccessLog) ?? usable[0];
  const loop = tried && formatCurlLoop(toUrl(banner, tried), keySources);
  if (limitedPlan === undefined || loop === undefined) return [];
  const create = `npx latchkey create --label limited --plan ${limitedPlan} --local | awk '/^key:/ {print $2}'`;
  return ['', `  KEY=$(${create})`, `  ${loop}`];
}

/** Formats two commands that list keys by the management API: those of all owners, and those of one. */
function formatManagementLines({ url, apis, hasOwners }: Banner): string[] {
  if (!apis.some(({ type }) => type === 'Management')) return [];
  return ['', `  ${formatOperatorCommand(url)}`, ...(hasOwners === true ? [`  ${formatOwnerCommand(url)}`] : [])];
}

/** Formats the banner as one line of JSON. The APIs' URLs have their prefixes as names. */
export function formatJsonBanner(banner: Banner): string {
  const { apis, consoleUrl, demoKey } = banner;
  const urls = Object.fromEntries(apis.map((api) => [api.prefix, toUrl(banner, api)]));
  return `${JSON.stringify({ urls: { ...urls, console: consoleUrl }, key: demoKey })}\n`;
}

function toUrl({ url }: Pick<Banner, 'url'>, { type, path }: ServedApi): string {
  return `${type === 'WebSocket' ? url.replace(/^http/, 'ws') : url}${path}`;
}

/** Formats the line with a new link to the console. */
export function formatLink(url: string, { bold, cyan, green }: Colors): string {
  return `  ${green('➜')}  ${bold('Console')}  ${cyan(url)}\n`;
}

/** Formats a new link to the console as one line of JSON. */
export function formatJsonLink(url: string): string {
  return `${JSON.stringify({ urls: { console: url } })}\n`;
}
