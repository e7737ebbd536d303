import { DynamoDbProxy } from './dynamoDbProxy.ts';
import { REFUSES, type StoreFault } from './storeFaults.ts';

/** The calls that a fault affects. */
export interface InflictOptions {
  /** The failing operation. All operations if absent. */
  readonly on?: string;
  /** The number of failing calls. All calls if absent. */
  readonly times?: number;
  /** `true` if the engine makes the call, and only its response is lost. */
  readonly isDone?: boolean;
}

/** A proxy between a client and a real DynamoDB engine that can fail and recover. */
export interface FaultProxy extends Pick<DynamoDbProxy, 'endpoint' | 'requests' | 'of' | 'stop'> {
  readonly inflict: (fault: StoreFault, options?: InflictOptions) => void;
  readonly recover: () => Promise<void>;
}

/** Starts a proxy in front of an engine. It forwards all calls until `inflict`. */
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
      // A call that is running when connections are refused still gets its response.
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
