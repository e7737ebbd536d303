/** Returns whether a host name of a URL always means the same machine (RFC 6761, RFC 1122). */
export function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d+){3}$/.test(hostname);
}
