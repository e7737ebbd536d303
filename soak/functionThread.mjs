// Each thread of a function loads this file before the function itself. It reports the handles that keep the thread
// alive on request. It's plain JavaScript, because functions run under Node without tsx.
import { BroadcastChannel, threadId } from 'node:worker_threads';

const name = process.env.AWS_LAMBDA_FUNCTION_NAME ?? 'a thread';
const channel = new BroadcastChannel('latchkey footprint');
channel.addEventListener('message', ({ data }) => {
  if (data === 'report') report();
});
channel.unref();
report();

function report() {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel has no origin
  channel.postMessage({ threadId, name, kinds: process.getActiveResourcesInfo() });
}
