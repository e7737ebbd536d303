// A process that runs a bundled function, as an execution environment does: it loads the function once and then answers
// the events that its parent sends, several at once. Plain JavaScript, so that the bundle runs under Node alone.
import { pathToFileURL } from 'node:url';
import { inspect } from 'node:util';

const { handler } = await import(pathToFileURL(process.argv[2]).href);

process.on('message', ({ id, event }) => {
  void answerTo(event, { awsRequestId: id }).then((outcome) => process.send({ id, outcome }));
});
process.on('disconnect', () => process.exit());
process.send({ isReady: true });

/** An error is told as Lambda tells it, and with all that a runtime could log of it. */
async function answerTo(event, context) {
  try {
    return { answer: await handler(event, context) };
  } catch (error) {
    const { name: errorType, message: errorMessage, stack } = error;
    return { errorType, errorMessage, inspected: `${stack}\n${inspect(error, { depth: 9, showHidden: true })}` };
  }
}
