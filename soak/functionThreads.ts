import { setTimeout as sleep } from 'node:timers/promises';
import { BroadcastChannel } from 'node:worker_threads';

/** The message of a function's thread. The thread sends one when it starts and one for each request. */
interface ThreadReport {
  readonly threadId: number;
  /** The function's name. */
  readonly name: string;
  /** The kinds of the handles that keep the thread alive. */
  readonly kinds: readonly string[];
}

/** A thread that doesn't respond within this time has ended, in milliseconds. */
const LONGEST_MS = 2000;

/** The threads of all functions that have loaded `functionThread.mjs`. */
export class FunctionThreads {
  readonly #channel = new BroadcastChannel('latchkey footprint');
  readonly #reports = new Map<number, ThreadReport>();
  #unanswered = new Set<number>();

  constructor() {
    this.#channel.addEventListener('message', (event) => this.#take((event as MessageEvent).data));
    this.#channel.unref();
  }

  /** Returns the function's name and the kind of each handle that keeps a thread alive. */
  async handles(): Promise<readonly string[]> {
    this.#unanswered = new Set(this.#reports.keys());
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel has no origin
    this.#channel.postMessage('report');
    const endMs = Date.now() + LONGEST_MS;
    while (this.#unanswered.size > 0 && Date.now() < endMs) await sleep(1);
    for (const threadId of this.#unanswered) this.#reports.delete(threadId);
    return [...this.#reports.values()].flatMap(({ name, kinds }) => kinds.map((kind) => `${name} ${kind}`));
  }

  #take(data: ThreadReport | 'report'): void {
    if (data === 'report') return;
    this.#reports.set(data.threadId, data);
    this.#unanswered.delete(data.threadId);
  }
}
