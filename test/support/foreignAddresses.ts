import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';

/** Timeout in milliseconds. It is long enough for a connection within one machine. */
const TIMEOUT_MS = 2000;

/**
 * Returns the addresses of this machine, other than 127.0.0.1, at which the port accepts a connection. The list is
 * empty for a server that listens only on 127.0.0.1. On Linux, all of 127.0.0.0/8 is loopback. A server on all
 * interfaces therefore accepts connections at 127.0.0.2, even without a network.
 */
export async function foreignAddressesOpenAt(port: number): Promise<readonly string[]> {
  const external = Object.values(networkInterfaces()).flatMap((addresses = []) =>
    // A connection to a link-local address needs a zone.
    addresses.filter(({ internal, address }) => !internal && !address.startsWith('fe80')),
  );
  const addresses = ['127.0.0.2', '::1', ...external.map(({ address }) => address)];
  const isOpen = await Promise.all(addresses.map((address) => accepts(address, port)));
  return addresses.filter((_, index) => isOpen[index]);
}

function accepts(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: TIMEOUT_MS });
    const end = (isOpen: boolean) => () => {
      socket.destroy();
      resolve(isOpen);
    };
    socket.once('connect', end(true)).once('error', end(false)).once('timeout', end(false));
  });
}
