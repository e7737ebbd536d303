import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { setTimeout as sleepMs } from 'node:timers/promises';

/** A way in which a call to DynamoDB fails, and the resulting error. */
export interface StoreFault {
  /** DynamoDB's behaviour, in the words of `docs/reliability.md`. */
  readonly what: string;
  /** The name or code of the error that the SDK reports. Absent if the call succeeds, or if the SDK may report any error. */
  readonly cause?: string;
  /** A part of the message that a command prints. */
  readonly message?: string;
  /** Sends a response instead of the DynamoDB engine, or lets the engine respond. */
  readonly answer: (response: ServerResponse, body: Buffer) => Promise<void> | void;
  /** `true` if it changes the engine's response, so the engine makes the call. */
  readonly needsAnswer?: boolean;
  /** `true` if DynamoDB reports that it didn't make a change. */
  readonly isRefusal?: boolean;
  /** `true` if a client waits for the response until its own timeout. */
  readonly isWaitedFor?: boolean;
}

const JSON_TYPE = { 'content-type': 'application/x-amz-json-1.0' };
/** Delay in milliseconds. It is between the 300 ms of a last-used write and the 1.5 s of a read's attempt. */
const LATE_MS = 500;

const json = (status: number, body: string) => (response: ServerResponse) => {
  response.writeHead(status, JSON_TYPE).end(body);
};
const error = (status: number, name: string, namespace = 'com.amazonaws.dynamodb.v20120810') =>
  json(status, JSON.stringify({ __type: `${namespace}#${name}`, message: 'no' }));

const untilItLeaves = async (response: ServerResponse) => {
  if (!response.closed) await once(response, 'close');
};

async function trickle(response: ServerResponse): Promise<void> {
  response.writeHead(200, JSON_TYPE);
  const timer = setInterval(() => response.write(' '), 50);
  await untilItLeaves(response);
  clearInterval(timer);
}

async function hangInBody(response: ServerResponse, body: Buffer): Promise<void> {
  response.writeHead(200, { ...JSON_TYPE, 'content-length': 1000 }).write(body.subarray(0, 1));
  await untilItLeaves(response);
}

const UNREACHABLE = { cause: 'TimeoutError', message: 'cannot be reached' };
const UNREADABLE = { cause: 'SyntaxError', message: 'cannot be read' };

/** The faults that each part of Latchkey must survive, in the order of the page. */
export const STORE_FAULTS: readonly StoreFault[] = [
  { what: 'responds late', answer: () => sleepMs(LATE_MS), needsAnswer: true },
  { what: 'never responds', ...UNREACHABLE, answer: untilItLeaves, isWaitedFor: true },
  { what: 'sends one byte at a time', ...UNREACHABLE, answer: trickle, isWaitedFor: true },
  {
    what: 'stops in the middle of its answer',
    ...UNREACHABLE,
    answer: hangInBody,
    needsAnswer: true,
    isWaitedFor: true,
  },
  { what: 'closes the connection', ...UNREACHABLE, answer: (response) => void response.destroy() },
  { what: 'resets the connection', ...UNREACHABLE, answer: (response) => void response.socket?.resetAndDestroy() },
  {
    what: 'returns 500',
    cause: 'InternalServerError',
    message: 'the write failed',
    answer: error(500, 'InternalServerError'),
  },
  { what: 'returns 500 without JSON', ...UNREADABLE, answer: json(500, '<html>') },
  {
    what: 'returns 503',
    cause: 'ServiceUnavailable',
    message: 'the write failed',
    answer: error(503, 'ServiceUnavailable'),
  },
  {
    what: 'throttles',
    cause: 'ProvisionedThroughputExceededException',
    message: 'is throttling',
    answer: error(400, 'ProvisionedThroughputExceededException'),
    isRefusal: true,
  },
  {
    what: 'denies access',
    cause: 'AccessDeniedException',
    message: 'was denied',
    answer: error(400, 'AccessDeniedException', 'com.amazon.coral.service'),
    isRefusal: true,
  },
  {
    what: 'rejects expired credentials',
    cause: 'ExpiredTokenException',
    message: 'has expired',
    answer: error(400, 'ExpiredTokenException', 'com.amazon.coral.service'),
    isRefusal: true,
  },
  {
    what: 'returns half of its JSON',
    ...UNREADABLE,
    answer: (response, body) => json(200, body.toString().slice(0, Math.ceil(body.length / 2)))(response),
    needsAnswer: true,
  },
  { what: 'returns malformed JSON', ...UNREADABLE, answer: json(200, '{"Item":{"keyHash"}') },
  {
    what: 'returns a body without JSON',
    cause: 'UnreadableAnswer',
    message: 'cannot be read',
    answer: json(200, '<html>'),
  },
];

/** Refused connections. The proxy implements this fault itself. It also closes open connections during a call. */
export const REFUSES: StoreFault = {
  what: 'refuses connections',
  cause: 'ECONNREFUSED',
  message: 'cannot be reached',
  answer: (response) => void response.destroy(),
  isRefusal: true,
};

/** Responses with status 200 whose body is neither an item nor a missing item. */
export const NO_ANSWERS: readonly StoreFault[] = [
  { what: 'returns 204', cause: 'UnreadableAnswer', answer: json(204, '') },
  { what: 'returns 201', cause: 'UnreadableAnswer', answer: json(201, '{}') },
  { what: 'returns 206', cause: 'UnreadableAnswer', answer: json(206, '{}') },
  { what: 'returns an empty body', cause: 'UnreadableAnswer', answer: json(200, '') },
  { what: 'returns a list', cause: 'UnreadableAnswer', answer: json(200, '[]') },
  { what: 'returns null', cause: 'UnreadableAnswer', answer: json(200, 'null') },
];

/** Responses that are JSON objects. A read treats them as a missing item. */
export const NO_ITEMS: readonly StoreFault[] = [
  { what: 'returns JSON of another shape', answer: json(200, '{"Item":"x"}') },
  { what: 'returns an unknown type of value', answer: json(200, '{"Item":{"keyHash":{"X":"x"}}}') },
];
