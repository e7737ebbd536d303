// A process of its own, so that the CPU it takes is not counted: answers every request at once with the item that it is given,
// and sends its parent the port.
import { createServer } from 'node:http';
import { closeNow, listenOnLoopback } from '../../local/gatewayServer.ts';

const [item = '{}'] = process.argv.slice(2);
const reply = Buffer.from(JSON.stringify({ Item: JSON.parse(item) }));
const headers = { 'content-type': 'application/x-amz-json-1.0', 'content-length': String(reply.length) };

const server = createServer((message, response) => {
  message.resume().once('end', () => response.writeHead(200, headers).end(reply));
});
process.once('disconnect', () => void closeNow(server));
process.send?.(await listenOnLoopback(server, 0, 'the store'));
