import { connect } from 'node:net';
import { text as readText } from 'node:stream/consumers';
import type { TestRequest } from '../../testing/request.ts';

/** A server's response. */
export interface Reply {
  readonly status: number;
  /** The headers by name in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * Sends a request over a socket, because clients don't send two `Authorization` headers or a control character. HTTP
 * 1.0 ends the response with the connection.
 */
export async function sendRaw(port: number, request: TestRequest): Promise<Reply> {
  const { headers = [], query = [], method = 'GET', path = '/whoami' } = request;
  const target = query.length === 0 ? path : `${path}?${new URLSearchParams(query.map((pair) => [...pair]))}`;
  const lines = [`${method} ${target} HTTP/1.0`, 'Host: 127.0.0.1', ...headers.map((header) => header.join(': '))];
  const socket = connect(port, '127.0.0.1');
  // Without ending the socket, because a server may take that for a client that gave up.
  socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  const reply = await readText(socket);
  const [head = '', body = ''] = reply.split('\r\n\r\n', 2);
  const [statusLine = '', ...sent] = head.split('\r\n');
  const pairs = sent.map((line) => /^([^:]+): ?(.*)$/.exec(line) ?? []);
  return {
    status: Number(statusLine.split(' ')[1]),
    headers: Object.fromEntries(pairs.map(([, name = '', value = '']) => [name.toLowerCase(), value])),
    body,
  };
}
