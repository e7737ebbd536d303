import { describe, expect, test } from '@jest/globals';
import { callerAddress, type TrustedProxies } from '../../../lambda/callerAddress.ts';
import { IpList } from '../../../lambda/ipList.ts';
import type { EventFields } from '../../../lambda/requestValues.ts';
import {
  appSyncEvent,
  eventApiEvent,
  httpApiEvent,
  httpApiV1Event,
  restRequestEvent,
  restTokenEvent,
  webSocketEvent,
} from '../../../testing/authorizerEvents.ts';
import type { TestRequest } from '../../../testing/request.ts';

const CLIENT = '198.51.100.9';
const PROXY = '10.0.0.1';
const INNER = '10.0.0.2';
/** The address that the client pretends to have. */
const FAKE = '203.0.113.7';
const BLOCK = new IpList(['10.0.0.0/8']);

const read = (event: object, proxies?: TrustedProxies) => callerAddress(event as EventFields, proxies);

const EVENTS: Readonly<Record<string, (request: TestRequest) => object>> = {
  'a REST API': restRequestEvent,
  'an HTTP API in format 1.0': httpApiV1Event,
  'an HTTP API in format 2.0': httpApiEvent,
  'a WebSocket API': webSocketEvent,
};

describe.each(Object.entries(EVENTS))("the caller's address in an event of %s", (_, makeEvent) => {
  const requestWith = (sourceIp: string, ...forwarded: readonly string[]) =>
    makeEvent({ sourceIp, headers: forwarded.map((value) => ['X-Forwarded-For', value] as const) });

  test.each(['X-Forwarded-For', 'x-forwarded-for', 'Forwarded', 'X-Real-IP', 'True-Client-IP', 'CF-Connecting-IP'])(
    'is that of the connection, whatever the client sends as %s',
    (name) => {
      const headers = [[name, name === 'Forwarded' ? `for=${FAKE}` : FAKE] as const];
      expect(read(makeEvent({ sourceIp: CLIENT, headers }))).toBe(CLIENT);
    },
  );

  test.each<[string, TrustedProxies]>([
    ['one proxy', 1],
    ['the block of the proxy', BLOCK],
  ])('is what %s added, not what the client sent before it', (_name, proxies) => {
    expect(read(requestWith(PROXY, `${CLIENT}, ${PROXY}`), proxies)).toBe(CLIENT);
    expect(read(requestWith(PROXY, `${FAKE}, ${CLIENT}, ${PROXY}`), proxies)).toBe(CLIENT);
    expect(read(requestWith(PROXY, `${FAKE},${FAKE} ,  ${CLIENT},${PROXY}`), proxies)).toBe(CLIENT);
    expect(read(requestWith(PROXY, `${FAKE}, ${PROXY}, ${CLIENT}, ${PROXY}`), proxies)).toBe(CLIENT);
  });

  test.each<[string, TrustedProxies]>([
    ['two proxies', 2],
    ['the block of both', BLOCK],
  ])('is what the outer of %s added', (_name, proxies) => {
    expect(read(requestWith(PROXY, `${FAKE}, ${CLIENT}, ${INNER}, ${PROXY}`), proxies)).toBe(CLIENT);
  });

  test('is that of the connection if a client bypasses the proxies of a block', () => {
    expect(read(requestWith(CLIENT, `${FAKE}, ${CLIENT}`), BLOCK)).toBe(CLIENT);
    expect(read(requestWith(CLIENT, `${FAKE}, ${PROXY}, ${CLIENT}`), BLOCK)).toBe(CLIENT);
  });

  test.each<[string, readonly string[]]>([
    ['no header', []],
    ['an empty header', ['']],
    ['a header that does not end with the connection', [FAKE]],
    ['fewer entries than proxies', [PROXY]],
  ])('is unknown behind a proxy with %s', (_name, forwarded) => {
    expect(read(requestWith(PROXY, ...forwarded), 1)).toBeUndefined();
  });

  test('is nothing that a list contains if the proxy added something else', () => {
    for (const entry of ['unknown', `${CLIENT}:443`, '', '_hidden']) {
      const address = read(requestWith(PROXY, `${FAKE}, ${entry}, ${PROXY}`), 1) ?? '';
      expect(new IpList([FAKE, CLIENT, PROXY]).has(address)).toBe(false);
    }
  });
});

describe("the caller's address", () => {
  test('comes from the last of several headers', () => {
    const headers = [FAKE, `${CLIENT}, ${PROXY}`].map((value) => ['X-Forwarded-For', value] as const);
    for (const makeEvent of [restRequestEvent, httpApiEvent, webSocketEvent]) {
      expect(read(makeEvent({ sourceIp: PROXY, headers }), 1)).toBe(CLIENT);
    }
  });

  test('is unknown if a header in another spelling follows that of API Gateway', () => {
    const headers = [
      ['X-Forwarded-For', `${CLIENT}, ${PROXY}`],
      ['x-forwarded-for', FAKE],
    ] as const;
    expect(read(restRequestEvent({ sourceIp: PROXY, headers }), 1)).toBeUndefined();
  });

  test.each<[TrustedProxies | undefined]>([[undefined], [1], [BLOCK]])(
    'is unknown in TOKEN and AppSync events, with the proxies %p',
    (proxies) => {
      const request = { headers: [['X-Forwarded-For', `${CLIENT}, ${PROXY}, ${PROXY}`]] } as const;
      for (const event of [restTokenEvent(request), appSyncEvent(request), eventApiEvent(request)]) {
        expect(read(event, proxies)).toBeUndefined();
      }
      expect(callerAddress(undefined, proxies)).toBeUndefined();
      expect(read({}, proxies)).toBeUndefined();
      expect(read({ requestContext: { identity: { sourceIp: 7 } } }, proxies)).toBeUndefined();
    },
  );

  test("isn't read from a header behind a load balancer unless a number of proxies is trusted", () => {
    const event = { requestContext: { elb: {} }, headers: { 'x-forwarded-for': `${FAKE}, ${CLIENT}` } };
    expect(read(event)).toBeUndefined();
    expect(read(event, 1)).toBe(CLIENT);
    expect(BLOCK.has(read(event, BLOCK) ?? '')).toBe(false);
  });

  test("is what the proxy added behind a server's connection, which isn't in the header", () => {
    const event = { remoteAddress: PROXY, headers: { 'X-Forwarded-For': [FAKE, CLIENT] } };
    expect([read(event), read(event, 1), read(event, BLOCK)]).toEqual([PROXY, CLIENT, CLIENT]);
    expect(read({ ...event, remoteAddress: CLIENT }, BLOCK)).toBe(CLIENT);
  });

  test('is the farthest proxy if every hop is a trusted one', () => {
    expect(read({ remoteAddress: PROXY, headers: { 'X-Forwarded-For': INNER } }, BLOCK)).toBe(INNER);
  });
});
