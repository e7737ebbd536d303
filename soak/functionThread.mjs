// Loaded into each thread of a function before the function itself: tells what keeps the thread alive, whenever it is asked. Plain
// JavaScript, for a function runs under Node alone.
import { BroadcastChannel, threadId } from 'node:worker_threads';

const name = process.env.AWS_LAMBDA_FUNCTION_NAME ?? 'a thread';
const channel = new BroadcastChannel('latchkey footprint');
channel.addEventListener('message', ({ data }) => {
  if (data === 'tell') tell();
});
channel.unref();
tell();

function tell() {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel has no origin
  channel.postMessage({ threadId, name, kinds: process.getActiveResourcesInfo() });
}
