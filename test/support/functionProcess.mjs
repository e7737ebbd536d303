// Runs a bundled function in a process, which corresponds to an execution environment. It loads the function once. It
// then passes the parent's events to the function, several at a time. It's plain JavaScript, so the bundle runs under
// Node without tsx.
import { pathToFileURL } from 'node:url';
import { inspect } from 'node:util';

const { handler } = await import(pathToFileURL(process.argv[2]).href);

process.on('message', ({ id, event }) => {
  void answerTo(event, { awsRequestId: id }).then((outcome) => process.send({ id, outcome }));
});
process.on('disconnect', () => process.exit());
process.send({ isReady: true });

/** Returns the response, or an error in Lambda's format with everything that a runtime could log. */
async function answerTo(event, context) {
  try {
    return { answer: await handler(event, context) };
  } catch (error) {
    const { name: errorType, message: errorMessage, stack } = error;
    return { errorType, errorMessage, inspected: `${stack}\n${inspect(error, { depth: 9, showHidden: true })}` };
  }
}
