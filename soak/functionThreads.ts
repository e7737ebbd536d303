import { setTimeout as sleep } from 'node:timers/promises';
import { BroadcastChannel } from 'node:worker_threads';

/** What a thread of a function tells, as soon as it starts and whenever it is asked. */
interface Told {
  readonly threadId: number;
  /** The function's. */
  readonly name: string;
  /** Of each handle that keeps it alive. */
  readonly kinds: readonly string[];
}

/** A thread that tells nothing for as long has ended. */
const LONGEST_MS = 2000;

/** The threads that functions run in, as far as they have `functionThread.mjs` loaded. */
export class FunctionThreads {
  readonly #channel = new BroadcastChannel('latchkey footprint');
  readonly #told = new Map<number, Told>();
  #asked = new Set<number>();

  constructor() {
    this.#channel.addEventListener('message', (event) => this.#take((event as MessageEvent).data));
    this.#channel.unref();
  }

  /** What keeps them alive: the function's name and the kind, once for each handle. */
  async handles(): Promise<readonly string[]> {
    this.#asked = new Set(this.#told.keys());
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel has no origin
    this.#channel.postMessage('tell');
    const endMs = Date.now() + LONGEST_MS;
    while (this.#asked.size > 0 && Date.now() < endMs) await sleep(1);
    for (const threadId of this.#asked) this.#told.delete(threadId);
    return [...this.#told.values()].flatMap(({ name, kinds }) => kinds.map((kind) => `${name} ${kind}`));
  }

  #take(data: Told | 'tell'): void {
    if (data === 'tell') return;
    this.#told.set(data.threadId, data);
    this.#asked.delete(data.threadId);
  }
}
