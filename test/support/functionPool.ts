import { startFunction, type RunningFunction } from './bundledFunction.ts';

/** Functions by endpoint and settings. Each starts on its first use. Later uses share it. */
export class FunctionPool {
  readonly #running = new Map<string, Promise<RunningFunction>>();

  get(endpoint: string, settings: Readonly<Record<string, string>> = {}): Promise<RunningFunction> {
    const key = JSON.stringify([endpoint, settings]);
    const running = this.#running.get(key) ?? startFunction(endpoint, settings);
    this.#running.set(key, running);
    return running;
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#running.values()].map(async (running) => (await running).stop()));
  }
}
