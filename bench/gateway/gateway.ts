import { Agent, request, type IncomingMessage } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { startGateway } from '../../test/support/gateway.ts';
import { interleave, type BenchCase } from '../harness.ts';
import type { Measured } from '../results.ts';

const CONNECTIONS = 8;
const REQUESTS_PER_ROUND = 800;

/** Requests a second through the local gateway, with the authorizer's bundle and the sample behind it, on a key that is cached. */
export async function gateway({ rounds }: { readonly rounds: number }): Promise<Measured> {
  const running = await startGateway();
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  try {
    const cases = [
      requestCase('REST API', { agent, url: running.url, key: running.key }),
      requestCase('HTTP API', { agent, url: running.httpUrl, key: running.key }),
    ];
    return { groups: { throughput: { unit: 'requests/s', rounds: await interleave(cases, { rounds }) } } };
  } finally {
    agent.destroy();
    await running.stop();
  }
}

interface Target {
  readonly agent: Agent;
  readonly url: string;
  readonly key: string;
}

function requestCase(name: string, target: Target): BenchCase {
  const requestMany = async (count: number) => {
    await Promise.all(
      Array.from({ length: CONNECTIONS }, async () => {
        for (let at = 0; at < count / CONNECTIONS; at++) await requestOnce(target);
      }),
    );
  };
  return {
    name,
    check: async () => {
      const refused = await statusOf({ ...target, key: 'no key' });
      if (refused !== 403) throw new Error(`${name}: wanted 403 for what is no key, got ${refused}`);
      await requestMany(REQUESTS_PER_ROUND);
    },
    measure: async () => {
      const startedAt = process.hrtime.bigint();
      await requestMany(REQUESTS_PER_ROUND);
      return REQUESTS_PER_ROUND / (Number(process.hrtime.bigint() - startedAt) / 1e9);
    },
  };
}

async function requestOnce(target: Target): Promise<void> {
  const status = await statusOf(target);
  if (status !== 200) throw new Error(`wanted 200, got ${status}`);
}

async function statusOf({ agent, url, key }: Target): Promise<number | undefined> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    request(url, { agent, headers: { authorization: `Bearer ${key}` } }, resolve)
      .on('error', reject)
      .end();
  });
  await buffer(response);
  return response.statusCode;
}
