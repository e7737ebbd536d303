import { LatchkeyError } from '../../keys/errors.ts';
import type { Api } from './createApi.ts';
import { type GatewayResult, toRequest, toResult } from './httpEvent.ts';
import type { RequestLog } from './requestLog.ts';

/**
 * Returns the Lambda function. It answers events of an HTTP API in payload format 2.0.
 *
 * @throws LatchkeyError `EVENT_UNKNOWN` for any other event
 */
export function createHandler(api: Api, log: RequestLog): (event: unknown) => Promise<GatewayResult> {
  return async (event) => {
    try {
      const { request, context } = toRequest(event);
      return await toResult(await api.fetch(request, { gateway: context }));
    } catch (error) {
      log.fault(error);
      // Lambda logs every thrown error, and an unexpected one may contain anything.
      if (error instanceof LatchkeyError) throw new LatchkeyError(error.code, error.message);
      throw new LatchkeyError('INTERNAL_ERROR', 'the request could not be answered');
    }
  };
}
