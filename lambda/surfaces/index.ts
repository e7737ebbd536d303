import { LatchkeyError } from '../../keys/errors.ts';
import type { EventFields } from '../eventFields.ts';
import { appSync } from './appSync.ts';
import { httpApi } from './httpApi.ts';
import { httpApiV1 } from './httpApiV1.ts';
import { restRequest } from './restRequest.ts';
import { restToken } from './restToken.ts';
import type { Surface } from './surface.ts';
import { webSocket } from './webSocket.ts';

const SURFACES: readonly Surface[] = [restRequest, httpApi, restToken, httpApiV1, webSocket, appSync];

const MOST_NAMES_SHOWN = 20;

/** The event's fields by name, none where it has none. */
export function fieldsOf(event: unknown): EventFields {
  return typeof event === 'object' && event !== null ? (event as EventFields) : {};
}

/**
 * The surface of an event.
 *
 * @throws LatchkeyError `EVENT_UNKNOWN`, naming the fields that the event has and none of their values
 */
export function surfaceOf(fields: EventFields): Surface {
  for (const surface of SURFACES) if (surface.matches(fields)) return surface;
  const names = Object.keys(fields).filter((name) => /^\w{1,40}$/.test(name));
  const shown = names.slice(0, MOST_NAMES_SHOWN).join(', ') || 'no known fields';
  throw new LatchkeyError('EVENT_UNKNOWN', `not an event of a Lambda authorizer that Latchkey serves: it has ${shown}`);
}
