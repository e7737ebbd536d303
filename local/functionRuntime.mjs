// What Lambda's Node runtime does, inside a worker thread: loads the function once, then answers invocations as they
// come, several at once. Plain JavaScript, so that a bundle runs under Node alone and not under a TypeScript loader.
import { pathToFileURL } from 'node:url';
import { parentPort, workerData } from 'node:worker_threads';

const { file, handlerName, context } = workerData;

const loaded = import(pathToFileURL(file).href).then((module) => {
  const handler = module[handlerName];
  if (typeof handler === 'function') return handler;
  throw Object.assign(new Error(`${handlerName} is undefined or not exported`), { name: 'Runtime.HandlerNotFound' });
});
// A failed start is told to each invocation.
loaded.catch(() => {});

parentPort.on('message', ({ id, event, awsRequestId, deadlineMs }) => {
  void answer(event, { ...context, awsRequestId, getRemainingTimeInMillis: () => deadlineMs - Date.now() }).then(
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
    (outcome) => parentPort.postMessage({ id, ...outcome }),
  );
});

/** An answer crosses as JSON, as it does from Lambda: what JSON lacks is lost here too. */
async function answer(event, invocationContext) {
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
