import { DynamoDbProxy } from './dynamoDbProxy.ts';
import { REFUSES, type StoreFault } from './storeFaults.ts';

export interface InflictOptions {
  /** The operation that meets the fault; every one unless given. */
  readonly on?: string;
  /** How many calls do; all unless given. */
  readonly times?: number;
  /** Whether the engine makes the call, so that only its answer is lost. */
  readonly isDone?: boolean;
}

/** A DynamoDB that can fail and recover: what stands between a client and a real engine. */
export interface FaultProxy extends Pick<DynamoDbProxy, 'endpoint' | 'requests' | 'of' | 'stop'> {
  readonly inflict: (fault: StoreFault, options?: InflictOptions) => void;
  readonly recover: () => Promise<void>;
}

/** Starts one in front of an engine. It passes everything on until a fault is inflicted. */
export async function startFaultProxy(endpoint: string): Promise<FaultProxy> {
  let meet: { fault: StoreFault; on: string | undefined; left: number; isDone: boolean } | undefined;
  const faultFor = (operation: string, isAnswered: boolean): StoreFault | undefined => {
    if (meet === undefined || meet.left === 0 || (meet.on ?? operation) !== operation) return undefined;
    if ((meet.isDone || meet.fault.needsAnswer === true) !== isAnswered) return undefined;
    meet.left--;
    return meet.fault;
  };
  const proxy: DynamoDbProxy = await DynamoDbProxy.start({
    endpoint,
    intercept: (operation, response) => {
      const fault = faultFor(operation, false);
      if (fault !== undefined) void fault.answer(response, Buffer.from('{}'));
      return fault !== undefined;
    },
    beforeAnswer: async (operation, response, body) => {
      // What is on its way when connections are refused is the last that is answered.
      if (meet?.fault === REFUSES && operation !== meet.on) proxy.refuse();
      await faultFor(operation, true)?.answer(response, body);
    },
  });
  return {
    endpoint: proxy.endpoint,
    requests: proxy.requests,
    of: (operation) => proxy.of(operation),
    stop: () => proxy.stop(),
    inflict: (fault, { on, times = Infinity, isDone = false } = {}) => {
      meet = { fault, on, left: times, isDone };
      if (fault === REFUSES && on === undefined) proxy.refuse();
    },
    recover: async () => {
      meet = undefined;
      await proxy.accept();
    },
  };
}
