// Lambda's Node runtime inside a worker thread. It loads the function once, then runs invocations concurrently. It's
// plain JavaScript, so Node runs it without a TypeScript loader.
import { pathToFileURL } from 'node:url';
import { parentPort, workerData } from 'node:worker_threads';

const { file, handlerName, context } = workerData;

const loaded = import(pathToFileURL(file).href).then((module) => {
  const handler = module[handlerName];
  if (typeof handler === 'function') return handler;
  throw Object.assign(new Error(`${handlerName} is undefined or not exported`), { name: 'Runtime.HandlerNotFound' });
});
// Prevents an unhandled rejection. Each invocation reports a failed start itself.
loaded.catch(() => {});

parentPort.on('message', (message) => {
  if (message === 'shutdown') return shutDown();
  const { id, event, awsRequestId, deadlineMs } = message;
  void invoke(event, { ...context, awsRequestId, getRemainingTimeInMillis: () => deadlineMs - Date.now() }).then(
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
    (outcome) => parentPort.postMessage({ id, ...outcome }),
  );
});

/** Lets the function do its work before the end. The gateway ends the thread when the output has arrived. */
function shutDown() {
  process.exit = () => {};
  process.emit('SIGTERM');
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
  process.stdout.write('', () => parentPort.postMessage({}));
}

/** Returns the response as JSON. Values that JSON can't express are lost, the same as in Lambda. */
async function invoke(event, invocationContext) {
  try {
    const handler = await loaded;
    return { json: JSON.stringify(await handler(JSON.parse(event), invocationContext)) ?? 'null' };
  } catch (error) {
    const isError = error instanceof Error;
    return {
      error: { errorType: isError ? error.name : typeof error, errorMessage: isError ? error.message : String(error) },
    };
  }
}
