import { request } from 'node:http';

export interface ShutdownDeps {
  /** The function's process. */
  readonly process: Pick<NodeJS.Process, 'once' | 'exit'>;
  /** Work to do before the process ends. */
  readonly beforeExit: () => void;
  /** The address of Lambda's Runtime API in `AWS_LAMBDA_RUNTIME_API`, or `undefined` outside Lambda. */
  readonly runtimeApi: string | undefined;
}

/** The maximum time for the registration, in milliseconds. The function starts without it. */
const REGISTRATION_MS = 500;

/**
 * Does work before Lambda stops the execution environment. Lambda sends SIGTERM only to a function with an extension. The
 * function therefore registers itself as an internal extension without events. Lambda then waits up to 500 ms for the
 * process to end ("Lambda execution environment", shutdown phase). aws-lambda-go's `WithEnableSIGTERM` does the same.
 */
export async function onShutdown({ process, beforeExit, runtimeApi }: ShutdownDeps): Promise<void> {
  process.once('SIGTERM', () => {
    beforeExit();
    process.exit(0);
  });
  if (runtimeApi === undefined) return;
  const extension = await send(runtimeApi, 'POST', 'register', { 'Lambda-Extension-Name': 'latchkey-usage' });
  // Lambda's init phase ends when every extension waits for its next event. There is none, so this never responds.
  if (extension !== undefined) {
    void send(runtimeApi, 'GET', 'event/next', { 'Lambda-Extension-Identifier': extension }, 0);
  }
}

/** Returns the extension's identifier in the response, or `undefined` if the Runtime API doesn't accept the request. */
function send(
  host: string,
  method: 'GET' | 'POST',
  path: string,
  headers: Readonly<Record<string, string>>,
  timeout = REGISTRATION_MS,
): Promise<string | undefined> {
  return new Promise((resolve) => {
    const sent = request(`http://${host}/2020-01-01/extension/${path}`, { method, headers, timeout }, (response) => {
      response.resume();
      const { 'lambda-extension-identifier': identifier } = response.headers;
      resolve(typeof identifier === 'string' ? identifier : undefined);
    });
    sent.on('timeout', () => sent.destroy());
    sent.on('error', () => resolve(undefined));
    // A request without an end must not keep the process alive outside Lambda.
    if (timeout === 0) sent.on('socket', (socket) => socket.unref());
    sent.end(method === 'POST' ? '{"events":[]}' : undefined);
  });
}
