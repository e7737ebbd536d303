import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

export interface ShutdownDeps {
  /** The function's process. */
  readonly process: Pick<NodeJS.Process, 'once' | 'exit'>;
  /** Work to do before the process ends. */
  readonly beforeExit: () => void;
  /** The address of Lambda's Runtime API in `AWS_LAMBDA_RUNTIME_API`, or `undefined` outside Lambda. */
  readonly runtimeApi: string | undefined;
}

/** The maximum time in milliseconds for which the init phase waits for the registration. */
const REGISTRATION_MS = 500;

/**
 * Does work before Lambda stops the execution environment. Lambda sends SIGTERM only to a function with an extension.
 * The function therefore registers itself as an internal extension without events. Lambda then waits up to 500 ms for
 * the process to end ("Lambda execution environment", shutdown phase). It usually needs all of them, because a thread of
 * Lambda's runtime client delays the exit. aws-lambda-go's `WithEnableSIGTERM` registers the same.
 */
export async function onShutdown({ process, beforeExit, runtimeApi }: ShutdownDeps): Promise<void> {
  process.once('SIGTERM', () => {
    beforeExit();
    process.exit(0);
  });
  if (runtimeApi === undefined) return;
  // Lambda's init phase ends when every registered extension has asked for its next event. A late response must still
  // lead to that request, so the registration is never aborted.
  await Promise.race([register(runtimeApi), sleep(REGISTRATION_MS, undefined, { ref: false })]);
}

/** Registers the extension and asks for its next event. There is none, so the Runtime API never responds. */
async function register(runtimeApi: string): Promise<void> {
  const identifier = await send(runtimeApi, 'POST', 'register', { 'Lambda-Extension-Name': 'latchkey-usage' });
  if (identifier === undefined) return;
  void send(runtimeApi, 'GET', 'event/next', { 'Lambda-Extension-Identifier': identifier });
}

/** Returns the extension's identifier in the response, or `undefined` if the Runtime API doesn't accept the request. */
function send(
  host: string,
  method: 'GET' | 'POST',
  path: string,
  headers: Readonly<Record<string, string>>,
): Promise<string | undefined> {
  return new Promise((resolve) => {
    const url = `http://${host}/2020-01-01/extension/${path}`;
    // Node's default timeout of a connection is 5 seconds.
    const sent = request(url, { method, headers, timeout: 0 }, (response) => {
      response.resume();
      const { 'lambda-extension-identifier': identifier } = response.headers;
      resolve(typeof identifier === 'string' ? identifier : undefined);
    });
    sent.on('error', () => resolve(undefined));
    // A request without an end must not keep the process alive outside Lambda.
    if (method === 'GET') sent.on('socket', (socket) => socket.unref());
    sent.end(method === 'POST' ? '{"events":[]}' : undefined);
  });
}
