import { readCloudAssembly } from '../../../local/cloudAssembly.ts';
import { FunctionEnvironment } from '../../../local/functionEnvironment.ts';
import type { Api, GatewayRequest, Header } from '../../../local/gatewayRequest.ts';
import { GatewayServer } from '../../../local/gatewayServer.ts';
import { createHttpApi } from '../../../local/httpApi.ts';
import { createRestApi } from '../../../local/restApi.ts';
import { createWebSocketApi } from '../../../local/webSocketApi.ts';
import { writeTemplateVariant, type TemplateJson } from '../../support/gateway.ts';
import { writeSampleStack, type SampleOptions } from './sampleStack.ts';

const stops: (() => Promise<void>)[] = [];

/** Stops the functions and servers that `serve` has started. Call it in `afterEach`. */
export async function stopServing(): Promise<void> {
  await Promise.all(stops.splice(0).map((stop) => stop()));
}

/** Serves the sample stack, or a variant, without an HTTP server. For a WebSocket API, start one with `listen`. */
export async function serve(options: SampleOptions = {}, change: (template: TemplateJson) => void = () => {}) {
  let log = '';
  let nowMs = 0;
  const invocations: { readonly name: string; readonly event: unknown }[] = [];
  const template = await writeTemplateVariant(change, await writeSampleStack(options));
  const { functions, restApis, httpApis, webSocketApis } = await readCloudAssembly(template);
  const environments = new Map(
    [...functions].map(([name, config]) => {
      const writeLog = (text: string | Uint8Array) => (log += String(text));
      return [name, new FunctionEnvironment(config, { dynamodbEndpoint: 'http://127.0.0.1:1', writeLog })];
    }),
  );
  for (const environment of environments.values()) stops.push(() => environment.stop());
  const deps = {
    invoke: async (name: string, event: object) => {
      invocations.push({ name, event });
      return environments.get(name)?.invoke(event);
    },
    now: () => nowMs,
    writeLog: (line: string) => (log += line),
  };
  const getEvents = (name: string) =>
    invocations.filter((invocation) => invocation.name === name).map(({ event }) => event);
  return {
    rest: createSender(restApis.map((api) => createRestApi(api, deps))[0]),
    http: createSender(httpApis.map((api) => createHttpApi(api, deps))[0]),
    /** Starts an HTTP server and returns the URL of the WebSocket API. */
    listen: async () => {
      const server = new GatewayServer({ ...deps, onServed: () => {} });
      stops.push(() => server.stop());
      const url = await server.listen(0);
      for (const api of httpApis) server.mount('http', createHttpApi(api, deps));
      for (const api of restApis) server.mount('rest', createRestApi(api, deps));
      for (const api of webSocketApis) server.mountWebSocket('ws', createWebSocketApi(api, deps));
      return `${url.replace('http:', 'ws:')}/ws/`;
    },
    log: () => log,
    advance: (ms: number) => (nowMs += ms),
    /** Returns the events of a function's invocations. */
    getEvents,
    countInvocations: (name: string) => getEvents(name).length,
  };
}

function createSender(api: Api | undefined) {
  return async (path: string, headers: readonly Header[] = [], other: Partial<GatewayRequest> = {}) => {
    const [pathOnly = '', rawQuery = ''] = path.split('?');
    const reply = await api?.({
      id: 'request-1',
      method: 'GET',
      path: pathOnly,
      sentPath: pathOnly,
      rawQuery,
      headers,
      body: Buffer.alloc(0),
      sourceIp: '127.0.0.1',
      protocol: 'HTTP/1.1',
      receivedMs: Date.UTC(2030, 0, 2, 3, 4, 5),
      ...other,
    });
    const text = String(reply?.body);
    return { status: reply?.statusCode, headers: reply?.headers, text, json: () => JSON.parse(text) };
  };
}

/** Returns the headers of a request with a token. */
export const bearer = (token: string): Header[] => [['Authorization', `Bearer ${token}`]];
