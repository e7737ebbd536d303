import {
  appSyncEvent,
  eventApiEvent,
  httpApiEvent,
  httpApiV1Event,
  restRequestEvent,
  restTokenEvent,
  webSocketEvent,
} from '../../testing/authorizerEvents.ts';
import type { TestRequest } from '../../testing/request.ts';
import type { SCOPES } from './responseMatrix.ts';

/** A column of the tables of docs/responses.md: one type of API. */
export interface Column {
  readonly makeEvent: (carried: TestRequest) => object;
  /** The stage in the policies of this API type. */
  readonly stage: string;
  readonly ends: Readonly<Record<keyof typeof SCOPES, readonly string[]>>;
  readonly isSimple?: true;
}

const METHOD_ENDS = { here: ['GET/whoami'], elsewhere: ['POST/admin'] };

const subscriptionEvent = (request: TestRequest) =>
  eventApiEvent(request, { operation: 'EVENT_SUBSCRIBE', channel: '/whoami' });

/** Every column of the tables by its heading. */
export const COLUMNS: Readonly<Record<string, Column>> = {
  'REST TOKEN': { makeEvent: restTokenEvent, stage: 'prod', ends: METHOD_ENDS },
  'REST REQUEST': { makeEvent: restRequestEvent, stage: 'prod', ends: METHOD_ENDS },
  'HTTP 1.0': { makeEvent: httpApiV1Event, stage: '$default', ends: METHOD_ENDS },
  'HTTP 2.0, policy': { makeEvent: httpApiEvent, stage: '$default', ends: METHOD_ENDS },
  'HTTP 2.0, simple': { makeEvent: httpApiEvent, stage: '$default', ends: METHOD_ENDS, isSimple: true },
  WebSocket: { makeEvent: webSocketEvent, stage: 'prod', ends: { here: ['$connect'], elsewhere: [] } },
  AppSync: { makeEvent: appSyncEvent, stage: '', ends: METHOD_ENDS },
  'AppSync Events': { makeEvent: subscriptionEvent, stage: '', ends: METHOD_ENDS },
};

/** The cell of an impossible combination. */
export const NOT_CARRIED = '—';
