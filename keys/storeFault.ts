import { LatchkeyError } from './errors.ts';

/** Makes any failure of the store a `STORE_UNAVAILABLE` with that failure as its cause. For the end of a promise. */
export function translateStoreFault(operation: string): (error: unknown) => never {
  return (error) => {
    if (error instanceof LatchkeyError) throw error;
    throw new LatchkeyError('STORE_UNAVAILABLE', `the ${operation} failed: ${storeErrorName(error)}`, { cause: error });
  };
}

/** The name that the SDK, the network or the engine gave a failure, such as `ResourceNotFoundException`. */
export function storeErrorName(error: unknown): string {
  if (!(error instanceof Error)) return 'UnknownError';
  const { code } = error as NodeJS.ErrnoException;
  return error.name === 'Error' && typeof code === 'string' ? code : error.name;
}

/** Runs the work with a bound of its own, whatever the work does with the signal; past it the result is dropped. */
export async function withinMs<T>(timeoutMs: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(Object.assign(new Error(`no answer within ${timeoutMs} ms`), { name: 'TimeoutError' }));
      controller.abort();
    }, timeoutMs);
  });
  try {
    return await Promise.race([work(controller.signal), late]);
  } finally {
    clearTimeout(timer);
  }
}
