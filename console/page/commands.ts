import type { SessionInfo } from './api.ts';

/** The name of the environment variable in the examples. */
export const KEY_VARIABLE = 'API_KEY';

/** Returns a curl command that calls the API with a key. The URL is a placeholder if the console doesn't know it. */
export function curlCommand(bearer: string, apiUrl: string | null | undefined): string {
  // Double quotes, because the shell must expand a variable. A key consists of characters that need no escapes.
  return `curl -i -H "Authorization: Bearer ${bearer}" ${apiUrl ?? 'API_URL'}`;
}

/** Returns the line of a `.env` file that sets the key. */
export function envLine(secret: string): string {
  return `${KEY_VARIABLE}=${secret}`;
}

/** Returns the command line that runs a command on one key of this table. */
export function cliCommand(command: string, id: string, { name, kind, region }: SessionInfo['table']): string {
  const table = kind === 'local' ? '--local' : `--table ${name}${region === null ? '' : ` --region ${region}`}`;
  return `latchkey ${command} ${id} ${table}`;
}
